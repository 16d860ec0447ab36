/** Requests for more that wait for a decision, over the team that they are of. Nothing where none waits. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { Section } from '../../parts/page.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { Decisions } from '../budgets/decisions.tsx';

/** The rest is on the page Budgets. */
const SHOWN = 5;

export function OpenRequests() {
  const { organizationId: orgId } = useHere();
  const { data } = useQuery(
    asking('GET /orgs/{orgId}/budget-requests', { path: { orgId }, query: { status: 'open', limit: SHOWN } }),
  );
  if (!data || data.budgetRequests.length === 0) return null;
  return (
    <Section
      title="Requests for more"
      actions={
        <Link to="/orgs/$orgId/budgets" params={{ orgId }} className="text-kumo-link underline">
          All of them
        </Link>
      }
    >
      <ul className="flex flex-col divide-y divide-kumo-hairline">
        {data.budgetRequests.map((request) => (
          <li
            key={request.id}
            className="flex flex-wrap items-center justify-between gap-3 py-2.5 first:pt-0 last:pb-0"
          >
            <p className="min-w-0 text-kumo-default">
              <Link
                to="/orgs/$orgId/team/$memberId"
                params={{ orgId, memberId: request.memberId }}
                className="font-medium hover:underline"
              >
                {request.memberName}
              </Link>{' '}
              asks for <Money amount={request.amount} none="more" className="text-kumo-default" />{' '}
              {request.limit === 'usageLimit' ? 'in total' : 'in this period'}{' '}
              <span className="text-kumo-subtle">
                <Moment at={request.createdAt} />
              </span>
              {request.note && <q className="block text-sm text-kumo-subtle">{request.note}</q>}
            </p>
            <Decisions request={request} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
