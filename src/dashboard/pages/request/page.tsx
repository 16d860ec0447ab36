/** One request: what became of it, its cost by part, each attempt at a provider, and where it was refused, why. */
import { Banner } from '@cloudflare/kumo/components/banner';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Request } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { formatCount, formatMs } from '../../parts/numbers.ts';
import { Figure, Page, Section } from '../../parts/page.tsx';
import { CopyButton } from '../../parts/secret.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { OUTCOME_NOTES, OutcomeBadge } from '../requests/outcomes.tsx';
import { Attempt } from './attempt.tsx';
import { requestRoute } from './route.ts';

export function RequestPage() {
  const { organizationId: orgId } = useHere();
  const { requestId } = requestRoute.useParams();
  const request = useQuery(asking('GET /orgs/{orgId}/requests/{requestId}', { path: { orgId, requestId } }));
  if (request.error) throw request.error;
  return (
    <Page
      title="Request"
      description={<span className="font-mono text-sm break-all">{requestId}</span>}
      actions={<CopyButton text={requestId} label="Copy id" />}
    >
      <Answered query={request} skeleton={<Bone className="h-96 w-full" />}>
        {(shown) => (
          <>
            <Summary request={shown} />
            {shown.attempts.map((attempt, i) => (
              <Section
                key={`${attempt.attemptId} ${attempt.at} ${attempt.outcome}`}
                title={titleOf(shown, i)}
                actions={<OutcomeBadge outcome={attempt.outcome} />}
              >
                <Attempt attempt={attempt} />
              </Section>
            ))}
            {shown.moreAttempts && (
              <Banner
                description={
                  <>
                    There are older attempts under this id.{' '}
                    <Link to="/orgs/$orgId/requests" params={{ orgId }} search={{ requestId }} className="underline">
                      Show all of them
                    </Link>
                  </>
                }
              />
            )}
          </>
        )}
      </Answered>
    </Page>
  );
}

function titleOf({ attempts }: Request, i: number): string {
  if (attempts[i]?.outcome === 'refused') return 'Refused';
  return attempts.length === 1 ? 'Attempt' : `Attempt ${i + 1} of ${attempts.length}`;
}

function Summary({ request }: { request: Request }) {
  const { outcome, cost, inputCost, outputCost, startedAt, at, requestCount, attempts } = request;
  const last = attempts.at(-1);
  return (
    <>
      <dl className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        <Figure label="Cost" note={requestCount > 1 ? `of ${formatCount(requestCount)} requests` : undefined}>
          <Money amount={cost} />
        </Figure>
        <Figure label="In">
          <Money amount={inputCost} />
        </Figure>
        <Figure label="Out">
          <Money amount={outputCost} />
        </Figure>
        <Figure label="Took">{formatMs(last?.latencyMs ?? null)}</Figure>
      </dl>
      <p className="text-kumo-subtle">
        Began <Moment at={startedAt} as="date" />, counted <Moment at={at} as="date" />. {OUTCOME_NOTES[outcome]}
      </p>
    </>
  );
}
