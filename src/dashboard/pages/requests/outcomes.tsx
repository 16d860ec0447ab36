/** How requests end, in words. */
import { Badge } from '@cloudflare/kumo/components/badge';
import type { AttemptedRequest } from '../../../../client/index.ts';

type Outcome = AttemptedRequest['outcome'];

export const OUTCOME_NAMES: Record<Outcome, string> = {
  completed: 'Completed',
  cut: 'Cut at a limit',
  client_gone: 'Client left',
  upstream_error: 'Provider failed',
  client_error: 'Client error',
  expired: 'Expired',
  correction: 'Correction',
  refused: 'Refused',
};

/** What is not plain from the name. */
export const OUTCOME_NOTES: Partial<Record<Outcome, string>> = {
  cut: 'The answer ended because a limit was reached.',
  client_gone: 'The client left before the end; what had come until then is charged.',
  client_error: 'The provider did not accept the request.',
  expired: 'Nobody could know what it cost, so it is charged at the most it could have.',
  correction: 'The difference to what was charged before, once it was known.',
  refused: 'Nothing was sent to a provider, and nothing is charged.',
};

const VARIANTS: Partial<Record<Outcome, 'success' | 'warning' | 'error'>> = {
  completed: 'success',
  cut: 'warning',
  refused: 'warning',
  upstream_error: 'error',
  expired: 'error',
};

export function OutcomeBadge({ outcome }: { outcome: Outcome }) {
  return (
    <span title={OUTCOME_NOTES[outcome]} className="whitespace-nowrap">
      <Badge variant={VARIANTS[outcome] ?? 'outline'}>{OUTCOME_NAMES[outcome]}</Badge>
    </span>
  );
}
