/** What oneself used in the range: figures, and what it was spent on. */
import { useQuery } from '@tanstack/react-query';
import { shareOf } from '../../parts/amounts.ts';
import { Ranking } from '../../parts/charts/ranking.tsx';
import type { RangeQuery } from '../../parts/date-range.tsx';
import { Money } from '../../parts/money.tsx';
import { formatCompact, formatCount, formatShare } from '../../parts/numbers.ts';
import { Figure, Section } from '../../parts/page.tsx';
import { Answered, Bone, Nothing } from '../../parts/state.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';

/** As many as one looks at; all others are one row. */
const MODELS_SHOWN = 8;

export function OwnUsage({ range }: { range: RangeQuery }) {
  const { organizationId } = useHere();
  const usage = useQuery(
    asking('GET /analytics/me', { query: { organizationId, ...range, groupBy: 'model', limit: MODELS_SHOWN } }),
  );
  return (
    <section className="flex flex-col gap-4">
      <h2 className="text-base font-semibold text-kumo-default">Your usage</h2>
      <Answered query={usage} skeleton={<Bone className="h-64 w-full" />}>
        {(answer) => {
          if (typeof answer === 'string') return null;
          const { summary, costByModel } = answer;
          const largest = costByModel[0]?.cost ?? '0';
          return (
            <>
              <dl className="grid grid-cols-2 gap-4 lg:grid-cols-4">
                <Figure label="Spend">
                  <Money amount={summary.cost} />
                </Figure>
                <Figure label="Requests">
                  <span title={formatCount(summary.requestCount)}>{formatCompact(summary.requestCount)}</span>
                </Figure>
                <Figure label="Tokens">
                  <span title={formatCount(summary.totalTokens)}>{formatCompact(summary.totalTokens)}</span>
                </Figure>
                <Figure label="Error rate">{formatShare(summary.errorRate)}</Figure>
              </dl>
              <Section title="Cost by model">
                {costByModel.length === 0 ? (
                  <Nothing title="Nothing was used in these days" />
                ) : (
                  <Ranking
                    title="Your cost by model"
                    rows={costByModel.map(({ key, label, cost }) => ({
                      key: key ?? 'others',
                      label,
                      share: largest === '0' ? 0 : shareOf(cost, largest),
                      value: <Money amount={cost} />,
                    }))}
                    total={<Money amount={summary.cost} />}
                  />
                )}
              </Section>
            </>
          );
        }}
      </Answered>
    </section>
  );
}
