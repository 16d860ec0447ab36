/**
 * Analytics: local days (or hours) of usage from rollups only, broken down by one dimension. The sums leave SQL as text,
 * because a year of a large organization passes 2^53 nanodollars.
 */
import { z } from '@hono/zod-openapi';
import { formatUsd } from '../money/nanos.ts';
import { count, DAY, instant, like, usd } from '../reference/fields.ts';
import type { Span } from './time-zones.ts';

/** Which column a breakdown is by. */
const GROUPS = {
  model: 'canonical_model',
  mapping: 'mapping',
  project: 'project_id',
  apiKey: 'key_id',
  member: 'member_id',
  provider: 'provider',
  app: 'app',
} as const;

export type GroupBy = keyof typeof GROUPS;

export const GROUP_NAMES = Object.keys(GROUPS) as [GroupBy, ...GroupBy[]];

/** Where a group's name comes from, when it is an id. */
const LABELS: Partial<Record<GroupBy, string>> = { project: 'projects', apiKey: 'api_keys', member: 'members' };

/** The measures in the order of the API, each summed on its own. */
const MEASURES = {
  cost: 'cost',
  inputCost: 'input_cost',
  outputCost: 'output_cost',
  requestCount: 'requests',
  errorCount: 'upstream_errors',
  clientErrorCount: 'client_errors',
  refusedCount: 'refused',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  cachedTokens: 'cached_tokens',
  reasoningTokens: 'reasoning_tokens',
} as const;

type Measure = keyof typeof MEASURES;
type Sums = Record<Measure, bigint>;

const MEASURE_NAMES = Object.keys(MEASURES) as Measure[];

const Measures = z
  .object({
    cost: usd('12.34'),
    inputCost: usd('4.10'),
    outputCost: usd('8.24'),
    requestCount: count(120),
    errorCount: count(1, 'Failed at the provider'),
    clientErrorCount: count(2, 'The request was wrong'),
    refusedCount: count(3, 'Refused by a limit or a rule'),
    inputTokens: count(41_000),
    outputTokens: count(8_240),
    cachedTokens: count(0),
    reasoningTokens: count(0),
    totalTokens: count(49_240),
    errorRate: z
      .number()
      .nullable()
      .openapi({ description: 'Of those that were neither refused nor wrong', example: 0.0087 }),
  } satisfies Record<Measure, z.ZodType> & z.ZodRawShape)
  .openapi('Usage');

type Measures = z.infer<typeof Measures>;

const Breakdown = z.object({ key: like('openai/gpt-5.5'), label: like('openai/gpt-5.5'), ...Measures.shape });

export const Activity = z
  .object({
    activity: z.array(
      z.object({
        date: DAY.or(like('2026-11-21T09:00:00+01:00')).openapi({
          description: 'The local day, or when the hour begins',
        }),
        ...Measures.shape,
        breakdown: z.array(Breakdown),
      }),
    ),
    totals: Measures,
    groupBy: z.enum(GROUP_NAMES),
    rolledUpTo: instant().openapi({ description: 'Usage that had arrived by then is in it' }),
  })
  .openapi('Activity');

export interface ActivityQuery {
  organizationId: string;
  spans: readonly Span[];
  groupBy: GroupBy;
  projectId?: string | undefined;
  apiKeyId?: string | undefined;
}

/** Every span is present, also without usage; rows sum to the totals exactly. */
export async function activity(db: D1Database, query: ActivityQuery): Promise<z.infer<typeof Activity>> {
  const { organizationId, spans, groupBy, projectId, apiKeyId } = query;
  const column = GROUPS[groupBy];
  const labels = LABELS[groupBy];
  const statement = `
    SELECT
      span.key AS span,
      dimension.${column} AS group_key,
      ${labels ? `(SELECT name FROM ${labels} WHERE id = dimension.${column})` : `dimension.${column}`} AS label,
      ${MEASURE_NAMES.map((name) => `CAST(sum(rollup.${MEASURES[name]}) AS TEXT) AS ${name}`).join(',\n      ')}
    FROM usage_dimensions AS dimension
    CROSS JOIN json_each(?1) AS span
    CROSS JOIN usage_rollups AS rollup
      ON rollup.dimension_id = dimension.id
      AND rollup.bucket_at >= span.value ->> 0
      AND rollup.bucket_at < span.value ->> 1
    WHERE dimension.organization_id = ?2
      AND (?3 IS NULL OR dimension.project_id = ?3)
      AND (?4 IS NULL OR dimension.key_id = ?4)
    GROUP BY span.key, dimension.${column}
    ORDER BY span.key, sum(rollup.cost) DESC, dimension.${column}`;
  const bounds = JSON.stringify(spans.map((span) => [span.startMs, span.endMs]));
  const session = db.withSession('first-unconstrained');
  const [rows, watermark] = (await session.batch([
    session.prepare(statement).bind(bounds, organizationId, projectId ?? null, apiKeyId ?? null),
    session.prepare('SELECT rolled_up_to FROM rollup_watermark'),
  ])) as [D1Result<ActivityRow>, D1Result<{ rolled_up_to: number }>];

  const totals = noSums();
  const bySpan = spans.map((span) => ({
    date: span.label,
    sums: noSums(),
    breakdown: [] as z.infer<typeof Breakdown>[],
  }));
  for (const row of rows.results) {
    const span = bySpan[row.span];
    if (!span) throw new Error(`usage outside the asked spans: ${row.span}`);
    const sums = sumsOf(row);
    add(span.sums, sums);
    add(totals, sums);
    span.breakdown.push({ key: row.group_key, label: row.label ?? row.group_key, ...show(sums) });
  }
  return {
    activity: bySpan.map(({ date, sums, breakdown }) => ({ date, ...show(sums), breakdown })),
    totals: show(totals),
    groupBy,
    rolledUpTo: new Date(watermark.results[0]?.rolled_up_to ?? 0).toISOString(),
  };
}

type ActivityRow = { span: number; group_key: string; label: string | null } & Record<Measure, string>;

function noSums(): Sums {
  return Object.fromEntries(MEASURE_NAMES.map((name) => [name, 0n])) as Sums;
}

function sumsOf(row: ActivityRow): Sums {
  return Object.fromEntries(MEASURE_NAMES.map((name) => [name, BigInt(row[name])])) as Sums;
}

function add(into: Sums, sums: Sums): void {
  for (const name of MEASURE_NAMES) into[name] += sums[name];
}

function show({ cost, inputCost, outputCost, ...counts }: Sums): Measures {
  const answered = Number(counts.requestCount - counts.clientErrorCount - counts.refusedCount);
  return {
    cost: formatUsd(cost),
    inputCost: formatUsd(inputCost),
    outputCost: formatUsd(outputCost),
    requestCount: Number(counts.requestCount),
    errorCount: Number(counts.errorCount),
    clientErrorCount: Number(counts.clientErrorCount),
    refusedCount: Number(counts.refusedCount),
    inputTokens: Number(counts.inputTokens),
    outputTokens: Number(counts.outputTokens),
    cachedTokens: Number(counts.cachedTokens),
    reasoningTokens: Number(counts.reasoningTokens),
    totalTokens: Number(counts.inputTokens + counts.outputTokens),
    errorRate: answered > 0 ? Number(counts.errorCount) / answered : null,
  };
}
