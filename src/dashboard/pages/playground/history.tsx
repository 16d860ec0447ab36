/** What the playground has cost this person, request by request: the same rows that billing counts. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { Section } from '../../parts/page.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { APP } from './gateway.ts';

const SHOWN = 8;
/** Usage is shipped some seconds after an answer. */
const EVERY_MS = 10_000;

export function History() {
  const { organizationId: orgId, memberId } = useHere();
  const query = useQuery({
    ...asking('GET /orgs/{orgId}/requests', {
      path: { orgId },
      query: { app: APP, limit: SHOWN, ...(memberId && { memberId }) },
    }),
    refetchInterval: EVERY_MS,
  });
  return (
    <Section title="What it has cost">
      <Answered query={query} skeleton={<Bone className="h-24 w-full" />}>
        {(answer) =>
          typeof answer === 'string' ? null : answer.requests.length === 0 ? (
            <p className="text-kumo-subtle">Nothing yet. Answers are listed here within some seconds.</p>
          ) : (
            <ul aria-label="Requests of the playground" className="flex flex-col gap-3 text-sm">
              {answer.requests.map(
                ({ requestId, attemptId, at, model, outcome, refusal, cost, inputTokens, outputTokens }) => (
                  <li key={`${requestId} ${attemptId ?? at}`} className="flex items-baseline justify-between gap-3">
                    <div className="min-w-0">
                      <p className="truncate text-kumo-default">
                        <Link
                          to="/orgs/$orgId/requests/$requestId"
                          params={{ orgId, requestId }}
                          className="hover:underline"
                        >
                          {model || 'No model'}
                        </Link>
                      </p>
                      <p className="text-kumo-subtle">
                        <Moment at={at} /> ·{' '}
                        {outcome === 'refused'
                          ? `refused${refusal ? `: ${refusal.replaceAll('_', ' ')}` : ''}`
                          : `${formatCount(inputTokens)} in, ${formatCount(outputTokens)} out`}
                      </p>
                    </div>
                    <Money amount={cost} className="text-kumo-default" />
                  </li>
                ),
              )}
            </ul>
          )
        }
      </Answered>
    </Section>
  );
}
