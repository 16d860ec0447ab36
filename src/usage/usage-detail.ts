/** All that a page about one member or one key shows: its days, what it used most, and its costs by model, provider, app. */
import { z } from '@hono/zod-openapi';
import { like } from '../reference/fields.ts';
import { Activity, type ActivityQuery, activity, Breakdown, type Databases } from './analytics.ts';
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

export async function detail(databases: Databases, query: ActivityQuery): Promise<Detail> {
  const { spans } = query;
  const whole = { label: '', startMs: spans[0]?.startMs ?? 0, endMs: spans.at(-1)?.endMs ?? 0 };
  const by = async (groupBy: GroupBy) =>
    (await activity(databases, { ...query, groupBy, spans: [whole] })).totals.breakdown;
  const [days, costByModel, topProviders, topApps] = await Promise.all([
    activity(databases, query),
    by('model'),
    by('provider'),
    by('app'),
  ]);
  const { totals, ...rest } = days;
  const { breakdown: _, ...summary } = totals;
  const mostUsed = { model: mostOf(costByModel), provider: mostOf(topProviders), app: mostOf(topApps) };
  return { summary, mostUsed, costByModel, topProviders, topApps, ...rest };
}

function mostOf(rows: z.infer<typeof Breakdown>): string | null {
  const named = rows.filter(({ key }) => key !== null).toSorted((a, b) => b.requestCount - a.requestCount);
  return named[0]?.key ?? null;
}
