/**
 * Usage between instants, from running totals (usage_totals): the difference of two rows, each found by a seek. So a year
 * costs what a day costs, whatever the volume; it grows only with the series and the instants that are asked for.
 *
 * What is asked of the whole organization is read from the series of one kind. What is filtered (a project by model, a
 * member by app) is read from the series of the combinations of dimensions that match, and added up.
 */
import { addCounts, BETWEEN_COLUMNS, COMBINED, noCounts, SERIES, type SeriesKind } from './measures.ts';
import { addUsed, copyOf, nothingUsed, parseSums, sumsText, takeAway, type Usage, type Used } from './used.ts';

/** What an answer can be broken down by. */
export type GroupBy = Exclude<SeriesKind, 'organization' | 'combination'>;

export const GROUP_NAMES = Object.keys(SERIES).filter((kind) => kind !== 'organization' && kind !== 'combination') as [
  GroupBy,
  ...GroupBy[],
];

/** What usage is of; all of the organization where nothing is said. */
export interface Filter {
  projectId?: string | undefined;
  apiKeyId?: string | undefined;
  memberId?: string | undefined;
}

export interface UsageAsked extends Filter {
  organizationId: string;
  /** One dimension, or several: then a group's key is their values, put together by `BETWEEN`. */
  groupBy: GroupBy | readonly GroupBy[];
  /** Where the first span begins, and where each ends; ascending, epoch ms on quarters of an hour. */
  instants: readonly number[];
  /** The dearest so many groups are told; more may be. */
  limit: number;
}

/** SQL: when the last row before an instant is of the usage_series that is called `series`: all that it had used by then. */
export const lastBefore = (instant: string) =>
  `(SELECT max(bucket_at) FROM usage_totals WHERE series_id = series.id AND bucket_at < ${instant})`;

const INSTANTS = `
  instants AS MATERIALIZED (SELECT key AS i, value ->> 0 AS at, value ->> 1 AS before FROM json_each(?2))`;

/** The series of a kind that had usage in the range, dearest first. ?1 organization, ?3 from, ?4 until, ?5 kind. */
const RANKED = `
  SELECT series.id, series.value
  FROM usage_series AS series
  CROSS JOIN usage_totals AS until
    ON until.series_id = series.id AND until.bucket_at = ${lastBefore('CAST(?4 AS INTEGER)')}
  LEFT JOIN usage_totals AS since
    ON since.series_id = series.id AND since.bucket_at = ${lastBefore('CAST(?3 AS INTEGER)')}
  WHERE series.organization_id = ?1 AND series.kind = ?5 AND until.bucket_at >= CAST(?3 AS INTEGER)
  ORDER BY
    until.cost - coalesce(since.cost, 0) DESC,
    until.requests - coalesce(since.requests, 0) DESC,
    series.value`;

/**
 * What the dearest ?6 of them, and all of the organization (whose key is null), had used by each instant. ?2 the instants,
 * each with the one before it: what was idle in between is not told again. The CROSS JOINs make the order of the loops, and
 * so that of the rows: a series after the other, each in the order of time.
 */
const READ_SERIES = `
  WITH ${INSTANTS},
  series AS MATERIALIZED (
    SELECT id, value FROM (${RANKED} LIMIT CAST(?6 AS INTEGER))
    UNION ALL
    SELECT id, NULL FROM usage_series WHERE organization_id = ?1 AND kind = 'organization'
  )
  SELECT
    series.value AS "key",
    instants.i,
    ${sumsText((column) => `total.${column}`)} AS sums,
    total.latencies,
    total.first_tokens
  FROM series
  CROSS JOIN instants
  CROSS JOIN usage_totals AS total
    ON total.series_id = series.id
    AND total.bucket_at = ${lastBefore('instants.at')}
    AND total.bucket_at >= instants.before`;

const COUNT_SERIES = `
  SELECT count(*) AS groups
  FROM usage_series AS series
  WHERE organization_id = ?1 AND kind = ?2 AND ${lastBefore('CAST(?4 AS INTEGER)')} >= CAST(?3 AS INTEGER)`;

/**
 * The same of the combinations that match, added up by some of their dimensions: ?3 project, ?4 key, ?5 member, each or null.
 * Each instant is told of every combination, or the sums would lack those that were idle.
 */
const readCombinations = (columns: readonly string[]) => `
  WITH ${INSTANTS},
  series AS MATERIALIZED (
    SELECT series.id, ${together(columns)} AS value
    FROM usage_dimensions AS dimension
    CROSS JOIN usage_series AS series
      ON series.organization_id = ?1
      AND series.kind = 'combination'
      AND series.value = ${together(COMBINED)}
    WHERE dimension.organization_id = ?1
      AND (?3 IS NULL OR dimension.project_id = ?3)
      AND (?4 IS NULL OR dimension.key_id = ?4)
      AND (?5 IS NULL OR dimension.member_id = ?5)
  )
  SELECT
    series.value AS "key",
    instants.i,
    ${sumsText((name) => `sum(total.${name})`)} AS sums,
    group_concat(total.latencies, ' ') AS latencies,
    group_concat(total.first_tokens, ' ') AS first_tokens
  FROM series
  CROSS JOIN instants
  CROSS JOIN usage_totals AS total
    ON total.series_id = series.id
    AND total.bucket_at = ${lastBefore('instants.at')}
  GROUP BY series.value, instants.i`;

function together(columns: readonly string[]): string {
  return columns.map((name) => `dimension.${name}`).join(` || ${BETWEEN_COLUMNS} || `);
}

interface Row {
  key: string | null;
  i: number;
  sums: string;
  latencies: string;
  first_tokens: string;
}

/** To be run in one transaction, so that parts and whole are of one instant. */
export function usageStatements(db: Pick<D1Database, 'prepare'>, asked: UsageAsked): D1PreparedStatement[] {
  const { organizationId, projectId, apiKeyId, memberId, groupBy, instants, limit } = asked;
  const steps = JSON.stringify(instants.map((at, i) => [at, instants[i - 1] ?? 0]));
  if (isOfCombinations(asked)) {
    const filter = [projectId ?? null, apiKeyId ?? null, memberId ?? null];
    const columns = [groupBy].flat().flatMap((kind) => SERIES[kind]);
    return [db.prepare(readCombinations(columns)).bind(organizationId, steps, ...filter)];
  }
  const range = [instants[0], instants.at(-1)];
  // SQL has no limit where it is below zero.
  const rows = Number.isFinite(limit) ? limit : -1;
  return [
    db.prepare(READ_SERIES).bind(organizationId, steps, ...range, groupBy, rows),
    db.prepare(COUNT_SERIES).bind(organizationId, groupBy, ...range),
  ];
}

/** Of the answers to `usageStatements`. */
export function usageIn([read, counted]: D1Result[], asked: UsageAsked): Usage {
  const spans = asked.instants.length - 1;
  const rows = Map.groupBy((read?.results ?? []) as Row[], ({ key }) => key);
  const whole = rows.get(null) ?? [];
  rows.delete(null);
  const groups = new Map([...rows].map(([key, of]) => [key ?? '', differences(of, spans)]));
  if (isOfCombinations(asked)) return { total: addedUp([...groups.values()], spans), groups, groupCount: groups.size };
  const [count] = (counted?.results ?? []) as { groups: number }[];
  return { total: differences(whole, spans), groups, groupCount: count?.groups ?? 0 };
}

function isOfCombinations({ groupBy, projectId, apiKeyId, memberId }: UsageAsked): boolean {
  return typeof groupBy !== 'string' || [projectId, apiKeyId, memberId].some((id) => id !== undefined);
}

/** What was used in each span, of what had been used by each instant; undefined where nothing was. */
function differences(rows: readonly Row[], spans: number): (Used | undefined)[] {
  const used = Array.from({ length: spans }, (): Used | undefined => undefined);
  let before = { row: null as Row | null, used: nothingUsed() };
  for (const row of rows) {
    if (isSame(row, before.row)) continue;
    const now = { row, used: usedBy(row) };
    if (row.i > 0) {
      const since = copyOf(now.used);
      takeAway(since, before.used);
      used[row.i - 1] = since;
    }
    before = now;
  }
  return used;
}
function isSame(row: Row, before: Row | null): boolean {
  return row.sums === before?.sums && row.latencies === before.latencies && row.first_tokens === before.first_tokens;
}

/** Added up, the counts of several series are told one after the other. */
function usedBy({ sums, latencies, first_tokens: firstTokens }: Row): Used {
  const used = { values: parseSums(sums), latencies: noCounts(), firstTokens: noCounts() };
  for (const text of latencies.split(' ')) addCounts(used.latencies, text);
  for (const text of firstTokens.split(' ')) addCounts(used.firstTokens, text);
  return used;
}

function addedUp(groups: readonly (Used | undefined)[][], spans: number): (Used | undefined)[] {
  return Array.from({ length: spans }, (_, i) => {
    const some = groups.flatMap((group) => group[i] ?? []);
    if (some.length === 0) return undefined;
    const sum = nothingUsed();
    for (const used of some) addUsed(sum, used);
    return sum;
  });
}
