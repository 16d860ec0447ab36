/** What rows of sums have to become so that they are what they are sums of. Pure; backfill.ts reads and writes them. */
import { addCounts, addLetters, type Counts, encodeCounts, noCounts } from './measures.ts';
import type { TotalsRow } from './running-totals.ts';
import { minus, plus, SUM_COLUMNS, type Sums, type Whole } from './sums.ts';

interface Level {
  values: Whole[];
  latencies: Counts;
  firstTokens: Counts;
}

/**
 * The running totals of a series that change so that, from one instant to another, they rise by what these quarters say, and
 * after that by what they rise now. `rows`: those of the series from the last one before `fromMs` on, in order.
 */
export function mended(
  rows: readonly TotalsRow[],
  quarters: ReadonlyMap<number, Sums>,
  fromMs: number,
  untilMs: number,
): TotalsRow[] {
  const before = rows.findLast(({ bucketAt }) => bucketAt < fromMs);
  const within = rows.filter(({ bucketAt }) => bucketAt >= fromMs && bucketAt < untilMs);
  const right = levelOf(before);
  const changed: TotalsRow[] = [];
  for (const bucketAt of [...new Set([...quarters.keys(), ...within.map((row) => row.bucketAt)])].sort(
    (a, b) => a - b,
  )) {
    const sums = quarters.get(bucketAt);
    if (sums) {
      right.values = right.values.map((value, i) => plus(value, sums.values[i] ?? 0));
      addLetters(right.latencies, sums.latencies);
      addLetters(right.firstTokens, sums.firstTokens);
    }
    const row = rowOf(bucketAt, right);
    if (
      !same(
        row,
        within.find((present) => present.bucketAt === bucketAt),
      )
    )
      changed.push(row);
  }
  const present = levelOf(within.at(-1) ?? before);
  const shift = difference(right, present);
  if (isNothing(shift)) return changed;
  const later = rows.filter(({ bucketAt }) => bucketAt >= untilMs);
  return [...changed, ...later.map((row) => rowOf(row.bucketAt, sum(levelOf(row), shift)))];
}

function levelOf(row: TotalsRow | undefined): Level {
  const level = { values: SUM_COLUMNS.map((): Whole => 0), latencies: noCounts(), firstTokens: noCounts() };
  if (!row) return level;
  addCounts(level.latencies, row.latencies);
  addCounts(level.firstTokens, row.firstTokens);
  return { ...level, values: [...row.values] };
}

function rowOf(bucketAt: number, { values, latencies, firstTokens }: Level): TotalsRow {
  // Below zero only in a later row that is wrong itself: it is made right when its turn comes.
  const encoded = (counts: Counts) => encodeCounts(counts.map((count) => Math.max(0, count)));
  return { bucketAt, values: [...values], latencies: encoded(latencies), firstTokens: encoded(firstTokens) };
}

function sum(a: Level, b: Level): Level {
  return {
    values: a.values.map((value, i) => plus(value, b.values[i] ?? 0)),
    latencies: a.latencies.map((count, bin) => count + (b.latencies[bin] ?? 0)),
    firstTokens: a.firstTokens.map((count, bin) => count + (b.firstTokens[bin] ?? 0)),
  };
}

function difference(a: Level, b: Level): Level {
  return {
    values: a.values.map((value, i) => minus(value, b.values[i] ?? 0)),
    latencies: a.latencies.map((count, bin) => count - (b.latencies[bin] ?? 0)),
    firstTokens: a.firstTokens.map((count, bin) => count - (b.firstTokens[bin] ?? 0)),
  };
}

function isNothing({ values, latencies, firstTokens }: Level): boolean {
  return [values, latencies, firstTokens].every((numbers) => numbers.every((number) => number === 0));
}

function same(a: TotalsRow, b: TotalsRow | undefined): boolean {
  return (
    b !== undefined &&
    a.latencies === b.latencies &&
    a.firstTokens === b.firstTokens &&
    a.values.every((value, i) => value === b.values[i])
  );
}

/** Whether two facts say the same: in which order their latencies came is of no matter. */
export function sameFact(a: Sums, b: Sums): boolean {
  const sorted = (letters: string) => [...letters].sort().join('');
  return (
    a.values.every((value, i) => value === b.values[i]) &&
    sorted(a.latencies) === sorted(b.latencies) &&
    sorted(a.firstTokens) === sorted(b.firstTokens)
  );
}
