/**
 * Running totals: what a series' rows become when usage is added to it. Pure but for the SQL that reads and writes them.
 *
 * A row says how much there was up to the end of its quarter. What is new is nearly always of the newest quarter: one row,
 * that of before it and the sums. What comes late (a quarter before the newest row) raises every later row as well.
 */
import { eachRow } from '../database/json-rows.ts';
import { addCounts, addLetters, type Counts, encodeCounts, noCounts } from './measures.ts';
import { plus, type Series, SUM_COLUMNS, type Sums, type Whole, wholeOf } from './sums.ts';

/** A row of usage_totals; `values` in the order of SUM_COLUMNS, latencies encoded. */
export interface TotalsRow {
  bucketAt: number;
  values: Whole[];
  latencies: string;
  firstTokens: string;
}

/**
 * The rows that change or come to be when these quarters are added. `rows`: those of the series from the last one before the
 * first of the quarters on, in order; none but that one is left out where it does not exist.
 */
export function raised(rows: readonly TotalsRow[], quarters: ReadonlyMap<number, Sums>): TotalsRow[] {
  const instants = new Set([...quarters.keys(), ...rows.map(({ bucketAt }) => bucketAt)]);
  const added = { values: SUM_COLUMNS.map((): Whole => 0), latencies: noCounts(), firstTokens: noCounts() };
  const base = { values: SUM_COLUMNS.map((): Whole => 0), latencies: noCounts(), firstTokens: noCounts() };
  const changed: TotalsRow[] = [];
  let next = 0;
  let isRaised = false;
  for (const bucketAt of [...instants].sort((a, b) => a - b)) {
    const row = rows[next];
    if (row?.bucketAt === bucketAt) {
      next++;
      base.values = row.values;
      base.latencies = countsOf(row.latencies);
      base.firstTokens = countsOf(row.firstTokens);
    }
    const sums = quarters.get(bucketAt);
    if (sums) {
      isRaised = true;
      added.values = added.values.map((value, i) => plus(value, sums.values[i] ?? 0));
      addLetters(added.latencies, sums.latencies);
      addLetters(added.firstTokens, sums.firstTokens);
    }
    if (!isRaised) continue;
    changed.push({
      bucketAt,
      values: base.values.map((value, i) => plus(value, added.values[i] ?? 0)),
      latencies: encodeCounts(together(base.latencies, added.latencies)),
      firstTokens: encodeCounts(together(base.firstTokens, added.firstTokens)),
    });
  }
  return changed;
}

function countsOf(text: string): Counts {
  const counts = noCounts();
  addCounts(counts, text);
  return counts;
}

function together(a: Counts, b: Counts): Counts {
  return a.map((count, bin) => count + (b[bin] ?? 0));
}

/** Rows that name each series: organization, kind, value, the instant from which its rows are asked for, and its place in the list. */
export function seriesRows(series: readonly Series[], fromMs: (series: Series) => number): unknown[][] {
  return series.map((each, place) => [each.organizationId, each.kind, each.value, fromMs(each), place]);
}

/** ?1 rows of series. */
export const ADD_SERIES = `
  INSERT INTO usage_series (organization_id, kind, value)
  SELECT value ->> 0, value ->> 1, value ->> 2
  FROM ${eachRow('?1')}
  WHERE true
  ON CONFLICT DO NOTHING`;

/**
 * The series asked for, each with its last row before the instant asked for and all later ones. ?1 rows of series; ?2 how many
 * rows at most. Sums as one text, because a double would not hold them.
 */
export const FIND_TOTALS = `
  SELECT
    asked.value ->> 4 AS place,
    series.id,
    total.bucket_at,
    ${SUM_COLUMNS.map((column) => `total.${column}`).join(" || ' ' || ")} AS sums,
    total.latencies,
    total.first_tokens
  FROM ${eachRow('?1')} AS asked
  CROSS JOIN usage_series AS series
    ON series.organization_id = asked.value ->> 0
    AND series.kind = asked.value ->> 1
    AND series.value = asked.value ->> 2
  LEFT JOIN usage_totals AS total
    ON total.series_id = series.id
    AND total.bucket_at >= coalesce(
      (SELECT max(bucket_at) FROM usage_totals WHERE series_id = series.id AND bucket_at < asked.value ->> 3),
      asked.value ->> 3
    )
  ORDER BY place, total.bucket_at
  LIMIT CAST(?2 AS INTEGER)`;

export interface FoundTotals {
  place: number;
  id: number;
  bucket_at: number | null;
  sums: string;
  latencies: string;
  first_tokens: string;
}

/** Each series with its id and the rows found of it, in the order of the list that was asked for. */
export function totalsFound(
  series: readonly Series[],
  found: Iterable<FoundTotals>,
): { series: Series; id: number; rows: TotalsRow[] }[] {
  const all = series.map((each) => ({ series: each, id: 0, rows: [] as TotalsRow[] }));
  for (const { place, id, bucket_at: bucketAt, sums, latencies, first_tokens: firstTokens } of found) {
    const one = all[place];
    if (!one) throw new Error(`running totals that nobody asked for: ${place}`);
    one.id = id;
    if (bucketAt !== null) one.rows.push({ bucketAt, values: sums.split(' ').map(wholeOf), latencies, firstTokens });
  }
  return all;
}

const COLUMNS = ['series_id', 'bucket_at', ...SUM_COLUMNS, 'latencies', 'first_tokens'];

/**
 * ?1 rows as `totalsValues` makes them, ?2 the version of the sums that they were made of. REPLACE, because a row is written whole and
 * has no other index: so SQLite puts it in its place without looking first for what is there.
 */
export const WRITE_TOTALS = `
  INSERT OR REPLACE INTO usage_totals (${COLUMNS.join(', ')})
  SELECT ${COLUMNS.map((_, i) => `value ->> ${i}`).join(', ')}
  FROM ${eachRow('?1')}
  WHERE (SELECT version FROM rollup_watermark) = CAST(?2 AS INTEGER)`;

export function totalsValues(id: number, { bucketAt, values, latencies, firstTokens }: TotalsRow): unknown[] {
  return [id, bucketAt, ...values.map(forJson), latencies, firstTokens];
}

/** A bigint travels as text: the column makes an integer of it. */
export function forJson(value: Whole): number | string {
  return typeof value === 'number' ? value : value.toString();
}
