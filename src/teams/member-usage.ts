/** What members used within some days, as lists of members show it: one statement, however many they are. */
import { z } from '@hono/zod-openapi';
import { formatUsd } from '../money/nanos.ts';
import { count, usd } from '../reference/fields.ts';
import { usageDatabase } from '../usage/databases.ts';
import { type DateRange, spansOf } from '../usage/date-range.ts';
import { lastBefore } from '../usage/from-totals.ts';
import type { Caller } from './guard.ts';
import { planHas } from './roles.ts';

/** Spread into a member as the API shows it. */
export const MemberUsage = z.object({
  usage: z
    .object({ cost: usd('12.34'), tokens: count(49_240), requests: count(120) })
    .nullable()
    .openapi({ description: 'In the range; null where the plan does not have it' }),
  planRequired: z.literal('enterprise').optional().openapi({ description: 'The plan that has it' }),
});

type ShownUsage = z.infer<typeof MemberUsage>;

const NOTHING: ShownUsage = { usage: { cost: '0', tokens: 0, requests: 0 } };

/**
 * Running totals only, so a request is in it some minutes later. Two rows are sought for each member, however much it used.
 * The cost leaves SQL as text: a large organization's passes 2^53.
 */
const USED = `
  SELECT
    series.value AS memberId,
    CAST(until.cost - coalesce(since.cost, 0) AS TEXT) AS cost,
    until.input_tokens + until.output_tokens - coalesce(since.input_tokens + since.output_tokens, 0) AS tokens,
    until.requests - coalesce(since.requests, 0) AS requests
  FROM json_each(?4) AS asked
  CROSS JOIN usage_series AS series
    ON series.organization_id = ?1 AND series.kind = 'member' AND series.value = asked.value
  CROSS JOIN usage_totals AS until
    ON until.series_id = series.id AND until.bucket_at = ${lastBefore('CAST(?3 AS INTEGER)')}
  LEFT JOIN usage_totals AS since
    ON since.series_id = series.id AND since.bucket_at = ${lastBefore('CAST(?2 AS INTEGER)')}`;

/** Tells what each of these members used in the range; of a plan without it, which one has it. */
export async function usageOf(
  env: Env,
  { organizationId, plan }: Caller,
  members: readonly { id: string }[],
  range: DateRange,
): Promise<(memberId: string) => ShownUsage> {
  const days = spansOf(range, 'day');
  if (!planHas(plan, 'analytics.members')) return () => ({ usage: null, planRequired: 'enterprise' });
  const db = await usageDatabase(env, organizationId);
  const { results } = await db
    .withSession('first-unconstrained')
    .prepare(USED)
    .bind(organizationId, days[0]?.startMs, days.at(-1)?.endMs, JSON.stringify(members.map(({ id }) => id)))
    .all<{ memberId: string; cost: string; tokens: number; requests: number }>();
  const shown = new Map(
    results.map(({ memberId, cost, ...rest }): [string, ShownUsage] => [
      memberId,
      { usage: { cost: formatUsd(BigInt(cost)), ...rest } },
    ]),
  );
  return (memberId) => shown.get(memberId) ?? NOTHING;
}
