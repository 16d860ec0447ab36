/** D1's running totals and facts as tests ask for them: what each series used between two instants, counted in three ways. */
import {
  addCounts,
  addLetters,
  type Counts,
  letterOf,
  noCounts,
  SERIES,
  type SeriesKind,
  seriesValue,
} from '../../src/usage/measures.ts';
import { type Dimensions, SUM_COLUMNS } from '../../src/usage/sums.ts';
import { MEASURES, type Owned, QUARTER_MS, rows } from './events.ts';

interface Used {
  sums: bigint[];
  latencies: Counts;
  firstTokens: Counts;
}

interface Part {
  /** Kind, organization and value, as text. */
  series: string;
  bucketAt: number;
}

function nothing(): Used {
  return { sums: SUM_COLUMNS.map(() => 0n), latencies: noCounts(), firstTokens: noCounts() };
}

const nameOf = (kind: string, organizationId: string, value: string) => `${kind} ${organizationId} ${value}`;

const KINDS = Object.keys(SERIES) as SeriesKind[];

/** What lies in `usage_totals`, and what was used of each series from one instant up to another, by it. */
export async function readTotals() {
  const found = await rows<{
    series: string;
    bucket_at: number;
    sums: string;
    latencies: string;
    first_tokens: string;
  }>(
    `SELECT kind || ' ' || organization_id || ' ' || value AS series, bucket_at, ${asText('total')}, latencies, first_tokens
     FROM usage_totals AS total JOIN usage_series AS series ON series.id = total.series_id
     ORDER BY series, bucket_at`,
  );
  const bySeries = Map.groupBy(found, ({ series }) => series);
  const upTo = (series: string, instant: number): Used => {
    const used = nothing();
    const row = bySeries.get(series)?.findLast(({ bucket_at }) => bucket_at < instant);
    if (!row) return used;
    used.sums = row.sums.split(' ').map(BigInt);
    addCounts(used.latencies, row.latencies);
    addCounts(used.firstTokens, row.first_tokens);
    return used;
  };
  return {
    series: [...bySeries.keys()],
    rows: found.length,
    between(series: string, from: number, until: number): Used {
      const before = upTo(series, from);
      const after = upTo(series, until);
      return {
        sums: after.sums.map((sum, i) => sum - (before.sums[i] ?? 0n)),
        latencies: after.latencies.map((count, bin) => count - (before.latencies[bin] ?? 0)),
        firstTokens: after.firstTokens.map((count, bin) => count - (before.firstTokens[bin] ?? 0)),
      };
    },
  };
}

/** All rows of it, in a fixed order; the numbers of series are of no matter. */
export async function readTotalsRows() {
  return rows(
    `SELECT kind, organization_id, value, bucket_at, ${asText('total')}, latencies, first_tokens
     FROM usage_totals AS total JOIN usage_series AS series ON series.id = total.series_id
     ORDER BY kind, organization_id, value, bucket_at`,
  );
}

/** The same of `usage_rollups`. */
export async function readFacts() {
  const found = await rows<{ bucket_at: number; sums: string; latencies: string; first_tokens: string }>(
    `SELECT dimension.*, bucket_at, ${asText('fact')}, latencies, first_tokens
     FROM usage_rollups AS fact JOIN usage_dimensions AS dimension ON dimension.id = fact.dimension_id`,
  );
  return added(found, (fact, used) => {
    for (const [i, sum] of fact.sums.split(' ').entries()) used.sums[i] = (used.sums[i] ?? 0n) + BigInt(sum);
    addLetters(used.latencies, fact.latencies);
    addLetters(used.firstTokens, fact.first_tokens);
  });
}

/** The same of the events themselves. */
export function usedBy(events: readonly Owned[]) {
  const found = events.map((event) => ({
    event,
    bucket_at: event.settledAtMs - (event.settledAtMs % QUARTER_MS),
    organization_id: event.organizationId,
    project_id: event.projectId,
    key_id: event.keyId,
    member_id: event.memberId,
    mapping: event.mapping,
    canonical_model: event.canonicalModel,
    provider: event.provider,
    app: event.app,
  }));
  return added(found, ({ event }, used) => {
    for (const [i, column] of SUM_COLUMNS.entries()) {
      used.sums[i] = (used.sums[i] ?? 0n) + BigInt(MEASURES[column](event));
    }
    if (event.latencyMs !== null) addLetters(used.latencies, letterOf(event.latencyMs));
    if (event.firstTokenMs !== null) addLetters(used.firstTokens, letterOf(event.firstTokenMs));
  });
}

function added<T extends { bucket_at: number }>(found: readonly T[], add: (one: T, used: Used) => void) {
  const parts = found.flatMap((one) =>
    KINDS.map((kind): Part & { one: T } => {
      const dimensions = one as unknown as Dimensions;
      const value = seriesValue(kind, dimensions);
      return { one, bucketAt: one.bucket_at, series: nameOf(kind, dimensions.organization_id, value) };
    }),
  );
  const bySeries = Map.groupBy(parts, ({ series }) => series);
  return {
    series: [...bySeries.keys()].toSorted(),
    between(series: string, from: number, until: number): Used {
      const used = nothing();
      for (const { one, bucketAt } of bySeries.get(series) ?? []) {
        if (bucketAt >= from && bucketAt < until) add(one, used);
      }
      return used;
    },
  };
}

function asText(table: string): string {
  return `${SUM_COLUMNS.map((column) => `${table}.${column}`).join(" || ' ' || ")} AS sums`;
}
