/**
 * Analytics: local days (or hours) of usage from rollups only, broken down by one dimension. The sums leave SQL as text,
 * because a year of a large organization passes 2^53 nanodollars.
 */
import { formatUsd } from '../money/nanos.ts';
import type { Span } from './time-zones.ts';

/** Which column a breakdown is by. */
export const GROUPS = {
  model: 'canonical_model',
  mapping: 'mapping',
  project: 'project_id',
  apiKey: 'key_id',
  member: 'member_id',
  provider: 'provider',
  app: 'app',
} as const;

export type GroupBy = keyof typeof GROUPS;

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
const MONEY: ReadonlySet<Measure> = new Set(['cost', 'inputCost', 'outputCost']);

export interface ActivityQuery {
  organizationId: string;
  spans: readonly Span[];
  groupBy: GroupBy;
  projectId?: string | undefined;
  apiKeyId?: string | undefined;
}

/** Every span is present, also without usage; rows sum to the totals exactly. */
export async function activity(db: D1Database, query: ActivityQuery): Promise<Record<string, unknown>> {
  const { organizationId, spans, groupBy, projectId, apiKeyId } = query;
  const column = GROUPS[groupBy];
  const labels = LABELS[groupBy];
  const statement = `
    SELECT
      span.key AS span,
      dimension.${column} AS group_key,
      ${labels ? `(SELECT name FROM ${labels} WHERE id = dimension.${column})` : `dimension.${column}`} AS label,
      ${MEASURE_NAMES.map((name) => `CAST(sum(rollup.${MEASURES[name]}) AS TEXT) AS ${name}`).join(',\n      ')}
    FROM json_each(?1) AS span
    CROSS JOIN usage_rollups AS rollup
      ON rollup.organization_id = ?2
      AND rollup.bucket_at >= span.value ->> 0
      AND rollup.bucket_at < span.value ->> 1
    JOIN usage_dimensions AS dimension ON dimension.id = rollup.dimension_id
    WHERE (?3 IS NULL OR dimension.project_id = ?3)
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
    breakdown: [] as Record<string, unknown>[],
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

function show(sums: Sums): Record<string, string | number | null> {
  const shown: Record<string, string | number | null> = {};
  for (const name of MEASURE_NAMES) shown[name] = MONEY.has(name) ? formatUsd(sums[name]) : Number(sums[name]);
  shown.totalTokens = Number(sums.inputTokens + sums.outputTokens);
  const answered = Number(sums.requestCount - sums.clientErrorCount - sums.refusedCount);
  shown.errorRate = answered > 0 ? Number(sums.errorCount) / answered : null;
  return shown;
}
