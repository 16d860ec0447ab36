/**
 * Usage between instants, from running totals (usage_totals): the difference of two rows, each found by a seek. So a year
 * costs what a day costs, whatever the volume; it grows only with the series and the instants that are asked for.
 *
 * What is asked of the whole organization is read from the series of one kind. What is filtered (a project by model, a
 * member by app) is added up of the series of keys, where all that a key was used for is of one group, and else of
 * combinations of dimensions.
 */
import { BETWEEN_COLUMNS, COMBINED, SERIES, type SeriesKind } from './measures.ts';
import { differences, toldText } from './told-totals.ts';
import type { Usage } from './used.ts';

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

/** SQL: when the last row before an instant is of a series of usage_totals: all that it had used by then. */
export const lastBefore = (instant: string, seriesId = 'series.id') =>
  `(SELECT max(bucket_at) FROM usage_totals WHERE series_id = ${seriesId} AND bucket_at < ${instant})`;

/** The series of one kind: each value is a group. ?1 organization, ?6 kind. */
const SERIES_OF_KIND = `
  series AS MATERIALIZED (SELECT id, value FROM usage_series WHERE organization_id = ?1 AND kind = ?6)`;

/** ?6 project, ?7 key, ?8 member, each or null. */
const MATCHES = `(
  (?6 IS NULL OR project_id = ?6) AND (?7 IS NULL OR key_id = ?7) AND (?8 IS NULL OR member_id = ?8)
)`;

/**
 * The series that make up what matches, each with the group (columns of usage_dimensions) that it counts in. A key that was
 * never used otherwise is its own series: most are of one project and one member for good. Of all others it is the
 * combinations that match, of which a key may have dozens.
 */
const matchingSeries = (columns: readonly string[]) => `
  combinations AS MATERIALIZED (
    SELECT
      key_id,
      ${together(columns)} AS value,
      ${together(COMBINED)} AS name,
      ${MATCHES} AS matches
    FROM usage_dimensions
    WHERE organization_id = ?1 AND (?7 IS NULL OR key_id = ?7)
  ),
  keys AS MATERIALIZED (
    SELECT key_id, min(value) AS value, min(matches) AND min(value) = max(value) AS is_whole
    FROM combinations
    GROUP BY key_id
    HAVING max(matches)
  ),
  series AS MATERIALIZED (
    SELECT series.id, keys.value
    FROM keys
    CROSS JOIN usage_series AS series
      ON series.organization_id = ?1 AND series.kind = 'apiKey' AND series.value = keys.key_id
    WHERE keys.is_whole
    UNION ALL
    SELECT series.id, combinations.value
    FROM combinations
    CROSS JOIN usage_series AS series
      ON series.organization_id = ?1 AND series.kind = 'combination' AND series.value = combinations.name
    WHERE combinations.matches AND combinations.key_id IN (SELECT key_id FROM keys WHERE NOT is_whole)
  )`;

/**
 * The dearest ?5 groups that had usage from ?3 until ?4, with the series of each that had, and how many groups there are.
 * ?2 the instants, each with the one before it.
 */
const RANKED = `
  instants AS MATERIALIZED (SELECT key AS i, value ->> 0 AS at, value ->> 1 AS before FROM json_each(?2)),
  ranked AS MATERIALIZED (
    SELECT series.value, json_group_array(series.id) AS ids, count(*) OVER () AS groups
    FROM series
    CROSS JOIN usage_totals AS until
      ON until.series_id = series.id
      AND until.bucket_at = ${lastBefore('CAST(?4 AS INTEGER)')}
      AND until.bucket_at >= CAST(?3 AS INTEGER)
    LEFT JOIN usage_totals AS since
      ON since.series_id = series.id AND since.bucket_at = ${lastBefore('CAST(?3 AS INTEGER)')}
    GROUP BY series.value
    ORDER BY
      sum(until.cost) - coalesce(sum(since.cost), 0) DESC,
      sum(until.requests) - coalesce(sum(since.requests), 0) DESC,
      series.value
    LIMIT CAST(?5 AS INTEGER)
  )`;

/**
 * What the dearest groups, and all of them together (whose key is null), had used by each instant: told-totals.ts. A row for
 * each series, as each is a group by itself; what was idle in between two instants is not told again. The CROSS JOIN makes the
 * order of the loops, and so that of time.
 */
const READ_SERIES = `
  WITH ${SERIES_OF_KIND}, ${RANKED},
  chosen AS MATERIALIZED (
    SELECT ids ->> 0 AS id, value, groups FROM ranked
    UNION ALL
    SELECT id, NULL, 0 FROM usage_series WHERE organization_id = ?1 AND kind = 'organization'
  )
  SELECT
    chosen.value AS "key",
    chosen.groups,
    (
      SELECT group_concat(${toldText(
        'instants.i',
        (column) => `total.${column}`,
        (column) => `total.${column}`,
      )}, char(10))
      FROM instants
      CROSS JOIN usage_totals AS total
        ON total.series_id = chosen.id
        AND total.bucket_at = ${lastBefore('instants.at', 'chosen.id')}
        AND total.bucket_at >= instants.before
    ) AS told
  FROM chosen`;

/**
 * The same of groups of several series: a row for each group and instant, in order. An instant is told of every series, or the
 * sums would lack those that were idle; it is not told where all were.
 */
const readMatching = (of: readonly string[], whole: string) => `
  WITH ${matchingSeries(of)}, ${RANKED},
  chosen AS MATERIALIZED (
    SELECT one.value AS id, ranked.value, ranked.groups FROM ranked CROSS JOIN json_each(ranked.ids) AS one
    UNION ALL
    SELECT id, NULL, 0 FROM ${whole}
  )
  SELECT
    chosen.value AS "key",
    chosen.groups,
    ${toldText(
      'instants.i',
      (column) => `sum(total.${column})`,
      (column) => `group_concat(total.${column}, ' ')`,
    )} AS told
  FROM chosen
  CROSS JOIN instants
  CROSS JOIN usage_totals AS total
    ON total.series_id = chosen.id
    AND total.bucket_at = ${lastBefore('instants.at', 'chosen.id')}
  GROUP BY chosen.value, instants.i
  HAVING max(total.bucket_at) >= instants.before`;

/** All that matches, where one thing is asked for (?9 kind, ?10 value) and where several are. */
const WHOLE = {
  one: 'usage_series WHERE organization_id = ?1 AND kind = ?9 AND value = ?10',
  several: 'series',
};

interface Row {
  key: string | null;
  groups: number;
  told: string | null;
}

function together(columns: readonly string[]): string {
  return columns.join(` || ${BETWEEN_COLUMNS} || `);
}

/** `usageIn` reads its answer. */
export function usageStatement(db: Pick<D1Database, 'prepare'>, asked: UsageAsked): D1PreparedStatement {
  const { organizationId, projectId, apiKeyId, memberId, groupBy, instants, limit } = asked;
  const steps = JSON.stringify(instants.map((at, i) => [at, instants[i - 1] ?? 0]));
  // SQL has no limit where it is below zero.
  const rows = Number.isFinite(limit) ? limit : -1;
  const common = [organizationId, steps, instants[0], instants.at(-1), rows];
  const filters = Object.entries({ project: projectId, apiKey: apiKeyId, member: memberId });
  const [one, ...others] = filters.filter(([, id]) => id !== undefined);
  if (!one && typeof groupBy === 'string') return db.prepare(READ_SERIES).bind(...common, groupBy);
  const ids = filters.map(([, id]) => id ?? null);
  const of = [groupBy].flat().flatMap((kind) => SERIES[kind]);
  if (!one || others.length > 0) return db.prepare(readMatching(of, WHOLE.several)).bind(...common, ...ids);
  return db.prepare(readMatching(of, WHOLE.one)).bind(...common, ...ids, ...one);
}

export function usageIn(read: D1Result, { instants }: UsageAsked): Usage {
  const spans = instants.length - 1;
  const rows = Map.groupBy(read.results as Row[], ({ key }) => key);
  const of = (some: readonly Row[]) =>
    differences(
      some.flatMap(({ told }) => told ?? []),
      spans,
    );
  const total = of(rows.get(null) ?? []);
  rows.delete(null);
  const groups = new Map([...rows].map(([key, some]) => [key ?? '', of(some)]));
  return { total, groups, groupCount: rows.values().next().value?.[0]?.groups ?? 0 };
}
