/** One's own requests for more: what is open, and what was last decided. */
import { useQuery } from '@tanstack/react-query';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';

/** Older decisions are of no use any more. */
const SHOWN = 3;

export function OwnRequests() {
  const { organizationId: orgId, memberId } = useHere();
  const { data } = useQuery(asking('GET /orgs/{orgId}/budget-requests', { path: { orgId }, query: { limit: SHOWN } }));
  // Who may decide gets everybody's.
  const own = data?.budgetRequests.filter((request) => request.memberId === memberId) ?? [];
  if (own.length === 0) return null;
  return (
    <ul aria-label="Your requests for more" className="flex flex-col gap-1 border-t border-kumo-hairline pt-4 text-sm">
      {own.map(({ id, status, amount, grant, createdAt, decisionNote }) => (
        <li key={id} className="flex flex-wrap gap-x-2 text-kumo-subtle">
          <span className="text-kumo-default">
            Asked for <Money amount={amount} none="more" /> <Moment at={createdAt} />:
          </span>
          {status === 'granted' && grant ? (
            <span>
              granted <Money amount={grant.amount} /> until <Moment at={grant.until} as="date" none="further notice" />
            </span>
          ) : (
            <span>{status === 'open' ? 'waits for a decision' : 'declined'}</span>
          )}
          {decisionNote && <q>{decisionNote}</q>}
        </li>
      ))}
    </ul>
  );
}
