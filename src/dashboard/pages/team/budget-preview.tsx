/** What a budget would have refused, had it been in force for the last 30 days: the server's simulation, while it is edited. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { BudgetBody } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { rangeQuery } from '../../parts/range.ts';
import { Bone } from '../../parts/state.tsx';
import { asking, isRefusal, tellError } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';

/** A pause in typing after which is asked. */
const TYPING_MS = 400;

export function BudgetPreview({ memberId, body }: { memberId: string; body: BudgetBody }) {
  const { organizationId: orgId } = useHere();
  const asked = useSettled(JSON.stringify(queryOf(body)));
  const simulation = useQuery({
    ...asking('GET /orgs/{orgId}/budget-simulation', {
      path: { orgId },
      query: { memberId, ...rangeQuery({ range: '30d' }), ...(JSON.parse(asked) as Record<string, string>) },
    }),
    retry: false,
  });
  const { data, error, isPlaceholderData } = simulation;
  return (
    <section aria-label="Preview" aria-live="polite" className="rounded-lg bg-kumo-recessed p-3 text-sm">
      {error ? (
        <p className="text-kumo-default">
          {isRefusal(error, 400) ? `There is no preview: ${error.message}` : tellError(error)}
        </p>
      ) : data === undefined || isPlaceholderData ? (
        <Bone className="h-5 w-full" />
      ) : (
        <>
          <p className="text-kumo-default">
            {data.requests === 0 ? (
              'Nothing was asked for in the last 30 days, so there is nothing to try it on.'
            ) : data.refusedRequests === 0 ? (
              <>
                In the last 30 days it would have refused nothing of {formatCount(data.requests)} requests (
                <Money amount={data.cost} />
                ).
              </>
            ) : (
              <>
                In the last 30 days it would have refused {formatCount(data.refusedRequests)} of{' '}
                {formatCount(data.requests)} requests, <Money amount={data.refusedCost} /> of{' '}
                <Money amount={data.cost} />, the first one <Moment at={data.firstRefusalAt} as="date" />.
              </>
            )}
          </p>
          {data.refusedRequests > 0 && <Days days={data.days} />}
        </>
      )}
    </section>
  );
}

/** Each day as a bar: how much of its requests would have been refused. Said in the sentence above it, so it is read to nobody. */
function Days({ days }: { days: { date: string; requests: number; refusedRequests: number }[] }) {
  return (
    <div aria-hidden="true" className="mt-3 flex h-8 items-end gap-px">
      {days.map(({ date, requests, refusedRequests }) => {
        const share = requests === 0 ? 0 : refusedRequests / requests;
        return (
          <div
            key={date}
            title={`${date}: ${formatCount(refusedRequests)} of ${formatCount(requests)} refused`}
            className="flex h-full flex-1 flex-col justify-end overflow-hidden rounded-sm bg-kumo-fill"
          >
            <div className="bg-kumo-danger" style={{ height: `${share * 100}%` }} />
          </div>
        );
      })}
    </div>
  );
}

/** What only steers a change is not simulated, and what is inherited is left out. */
function queryOf({ newCycle: _, version: __, ...body }: BudgetBody): Record<string, string> {
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])),
  );
}

function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const pause = setTimeout(() => setSettled(value), TYPING_MS);
    return () => clearTimeout(pause);
  }, [value]);
  return settled;
}
