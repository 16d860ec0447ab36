/** What members used within some days, as lists of members show it: one statement, however many they are. */
import { z } from '@hono/zod-openapi';
import { formatUsd } from '../money/nanos.ts';
import { count, usd } from '../reference/fields.ts';
import { type DateRange, spansOf } from '../usage/date-range.ts';
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
 * Rollups only, so a request is in it some minutes later. Whose they are is known before they are read, so that none
 * of others' is read. The cost leaves SQL as text: many members' pass 2^53.
 */
const SUM = `
  SELECT
    dimension.member_id AS memberId,
    CAST(sum(rollup.cost) AS TEXT) AS cost,
    sum(rollup.input_tokens + rollup.output_tokens) AS tokens,
    sum(rollup.requests) AS requests
  FROM usage_dimensions AS dimension
  JOIN usage_rollups AS rollup ON rollup.dimension_id = dimension.id
  WHERE dimension.organization_id = ?1
    AND dimension.member_id IN (SELECT value FROM json_each(?4))
    AND rollup.bucket_at >= CAST(?2 AS INTEGER)
    AND rollup.bucket_at < CAST(?3 AS INTEGER)
  GROUP BY dimension.member_id`;

/** Tells what each of these members used in the range; of a plan without it, which one has it. */
export async function usageOf(
  env: Env,
  { organizationId, plan }: Caller,
  members: readonly { id: string }[],
  range: DateRange,
): Promise<(memberId: string) => ShownUsage> {
  const days = spansOf(range, 'day');
  if (!planHas(plan, 'analytics.members')) return () => ({ usage: null, planRequired: 'enterprise' });
  const { results } = await env.DB.withSession('first-unconstrained')
    .prepare(SUM)
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
