/** What oneself used in the range: figures, and what it was spent on. */
import { useQuery } from '@tanstack/react-query';
import { shareOf } from '../../parts/amounts.ts';
import { Ranking } from '../../parts/charts/ranking.tsx';
import { Money } from '../../parts/money.tsx';
import { Section } from '../../parts/page.tsx';
import type { RangeQuery } from '../../parts/range.ts';
import { Answered, Bone, Nothing } from '../../parts/state.tsx';
import { UsageFigures } from '../../parts/usage-figures.tsx';
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
              <UsageFigures totals={summary} errors />
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
