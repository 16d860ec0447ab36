/**
 * The sums that D1 keeps of the demo's events: ledgers of all of them, rollups of those past the retention, which D1
 * never sees. Both are what shipping and rollUp would have made; the books and a test prove it.
 */
import { addNanos, type Nanos, ZERO } from '../money/nanos.ts';
import { forJson, raised } from '../usage/running-totals.ts';
import { type EventRow, SUM_COLUMNS, UsageSums, type Whole } from '../usage/sums.ts';
import type { DemoEvent } from './demo-usage.ts';

interface LedgerSums {
  memberId: string;
  organizationId: string;
  shipped: number;
  cost: Nanos;
  requests: number;
}

/** What shipping would have left in each member's ledger. */
export function ledgersOf(events: readonly DemoEvent[]): LedgerSums[] {
  const ledgers = new Map<string, LedgerSums>();
  for (const { memberId, organizationId, n, costNanos, requests } of events) {
    const sums = ledgers.get(memberId) ?? { memberId, organizationId, shipped: 0, cost: ZERO, requests: 0 };
    sums.shipped = n;
    sums.cost = addNanos(sums.cost, costNanos as Nanos);
    sums.requests += requests;
    ledgers.set(memberId, sums);
  }
  return [...ledgers.values()];
}

type Values = Record<string, string | number>;

/** What rollUp would have left of these events, as rows of each table, in an empty D1: for events that it never sees. */
export function rollupsOf(
  events: Iterable<EventRow>,
): Record<'dimensions' | 'facts' | 'series' | 'totals' | 'days', Values[]> {
  const sums = UsageSums.ofEvents(events);
  const combinations = [...sums.combinations.values()];
  const series = [...sums.series.values()];
  return {
    dimensions: combinations.map(({ dimensions }, i) => ({ id: i + 1, ...dimensions })),
    facts: combinations.flatMap(({ facts }, i) =>
      [...facts].map(([bucketAt, { values, latencies, firstTokens }]) => ({
        dimension_id: i + 1,
        bucket_at: bucketAt,
        ...named(values),
        latencies,
        first_tokens: firstTokens,
      })),
    ),
    series: series.map(({ organizationId, kind, value }, i) => ({
      id: i + 1,
      organization_id: organizationId,
      kind,
      value,
    })),
    totals: series.flatMap(({ quarters }, i) =>
      raised([], quarters).map(({ bucketAt, values, latencies, firstTokens }) => ({
        series_id: i + 1,
        bucket_at: bucketAt,
        ...named(values),
        latencies,
        first_tokens: firstTokens,
      })),
    ),
    days: [...sums.days.values()].map(({ memberId, dayAt, cost }) => ({
      member_id: memberId,
      day_at: dayAt,
      cost: forJson(cost),
    })),
  };
}

function named(values: readonly Whole[]): Values {
  return Object.fromEntries(SUM_COLUMNS.map((column, i) => [column, forJson(values[i] ?? 0)]));
}
