/** All that a page about one member or one key shows: its days, what it used most, and its costs by model, provider, app. */
import { z } from '@hono/zod-openapi';
import { like } from '../reference/fields.ts';
import { Activity, type ActivityQuery, activities, Breakdown, type Databases } from './analytics.ts';
import type { GroupBy } from './from-totals.ts';
import { Measures } from './used.ts';

const most = like('openai/gpt-5.5').nullable();

export const DETAIL = {
  summary: Measures,
  mostUsed: z
    .object({ model: most, provider: most, app: most })
    .openapi({ description: 'By requests; null where nothing was used' }),
  costByModel: Breakdown,
  topProviders: Breakdown,
  topApps: Breakdown,
  ...Activity.omit({ totals: true }).shape,
};

type Detail = z.infer<z.ZodObject<typeof DETAIL>>;

/** All of it as of one instant, so that the parts are those of the summary. */
export async function detail(databases: Databases, query: ActivityQuery): Promise<Detail> {
  const { spans } = query;
  const whole = { label: '', startMs: spans[0]?.startMs ?? 0, endMs: spans.at(-1)?.endMs ?? 0 };
  const by = (groupBy: GroupBy) => ({ ...query, groupBy, spans: [whole] });
  const [days, model, provider, app] = await activities(databases, [query, by('model'), by('provider'), by('app')]);
  const { totals, ...rest } = days.told;
  const { breakdown: _, ...summary } = totals;
  return {
    summary,
    mostUsed: { model: model.mostUsed, provider: provider.mostUsed, app: app.mostUsed },
    costByModel: model.told.totals.breakdown,
    topProviders: provider.told.totals.breakdown,
    topApps: app.told.totals.breakdown,
    ...rest,
  };
}
