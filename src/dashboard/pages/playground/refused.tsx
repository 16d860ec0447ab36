/** Why an answer was refused or cut, in words: what the gateway said, what is left, and what can be done. */
import { Banner } from '@cloudflare/kumo/components/banner';
import { Link } from '@tanstack/react-router';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { isRefusal, tellError } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';

const text = (value: unknown) => (typeof value === 'string' ? value : null);

/** What to do about it, by the refusal's code. */
const ADVICE: Record<string, string> = {
  request_exceeds_budget: 'A smaller answer may fit: set a bound of output tokens, or choose a cheaper model.',
  permission_denied: 'The rules of your membership or of the project say so. Owners and admins set them.',
  insufficient_credits: 'Whoever pays for the organization can top it up under Billing.',
  budget_in_flight: 'Other requests of yours hold what is left. Ask again once they are done.',
  rate_limited: 'Wait a moment and ask again.',
  budget_unavailable: 'Nothing was sent. Try again in a moment.',
  model_not_found: 'Choose another model.',
  price_unknown: 'Your spend is limited, and what this model costs is not known. Choose another model.',
};

export function Refused({ error, began }: { error: unknown; began: boolean }) {
  const here = useHere();
  const { code = '', metadata = {}, retryAfter = null } = isRefusal(error) ? error : {};
  const [limit, spent, remaining, resetsAt] = ['limit', 'spent', 'remaining', 'resetsAt'].map((name) =>
    text(metadata[name]),
  );
  const facts = [
    limit && { name: 'Limit', value: <Money amount={limit} /> },
    spent && { name: 'Spent', value: <Money amount={spent} /> },
    remaining && { name: 'Left', value: <Money amount={remaining} /> },
    resetsAt && { name: 'Resets', value: <Moment at={resetsAt} /> },
    retryAfter !== null && { name: 'Try again after', value: `${retryAfter} s` },
  ].filter((fact) => typeof fact === 'object' && fact !== null);
  const mayAsk = /^member_.*budget_exhausted$|^request_exceeds_budget$/.test(code) && here.may('budgets.ask');
  return (
    <div role="alert">
      <Banner
        variant="error"
        title={began ? 'The answer was cut here' : 'Not answered'}
        description={
          <div className="flex flex-col gap-2">
            <p>{tellError(error)}</p>
            {ADVICE[code] && <p>{ADVICE[code]}</p>}
            {facts.length > 0 && (
              <dl className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
                {facts.map(({ name, value }) => (
                  <div key={name} className="flex gap-1.5">
                    <dt>{name}</dt>
                    <dd className="font-medium">{value}</dd>
                  </div>
                ))}
              </dl>
            )}
            {mayAsk && (
              <Link
                to="/orgs/$orgId"
                params={{ orgId: here.organizationId }}
                search={{ ask: true }}
                className="self-start underline"
              >
                Ask for more
              </Link>
            )}
          </div>
        }
      />
    </div>
  );
}
