/**
 * The sums that D1 keeps of the demo's events: ledgers of all of them, rollups of those past the retention, which D1
 * never sees. Both are what shipping and rollUp would have made; the books and a test prove it.
 */
import { addNanos, type Nanos, ZERO } from '../money/nanos.ts';
import { QUARTER_MS } from '../usage/measures.ts';
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

const DIMENSIONS = [
  'organizationId',
  'projectId',
  'keyId',
  'memberId',
  'mapping',
  'canonicalModel',
  'provider',
  'app',
] as const;

type Dimensions = { id: number } & Record<(typeof DIMENSIONS)[number], string>;

interface RollupSums {
  organizationId: string;
  bucketAtMs: number;
  dimensionId: number;
  requests: number;
  upstreamErrors: number;
  clientErrors: number;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  cost: Nanos;
  inputCost: Nanos;
  outputCost: Nanos;
}

/** The same sums as rollUp makes in SQL (src/usage/rollups.ts): for events that D1 never sees. */
export function rollupsOf(events: readonly DemoEvent[]): { dimensions: Dimensions[]; rollups: RollupSums[] } {
  const dimensions = new Map<string, Dimensions>();
  const rollups = new Map<string, RollupSums>();
  for (const event of events) {
    const name = DIMENSIONS.map((dimension) => event[dimension]).join('\n');
    const dimension = dimensions.get(name) ?? { id: dimensions.size + 1, ...pickDimensions(event) };
    dimensions.set(name, dimension);
    const bucketAtMs = event.settledAtMs - (event.settledAtMs % QUARTER_MS);
    const place = `${bucketAtMs} ${dimension.id}`;
    const sums = rollups.get(place) ?? emptySums(event.organizationId, bucketAtMs, dimension.id);
    rollups.set(place, sums);
    sums.requests += event.requests;
    if (event.outcome === 'upstream_error') sums.upstreamErrors += event.requests;
    if (event.outcome === 'client_error') sums.clientErrors += event.requests;
    sums.inputTokens += event.inputTokens;
    sums.cachedTokens += event.cachedTokens;
    sums.outputTokens += event.outputTokens;
    sums.reasoningTokens += event.reasoningTokens;
    sums.cost = addNanos(sums.cost, event.costNanos as Nanos);
    sums.inputCost = addNanos(sums.inputCost, event.inputCostNanos as Nanos);
    sums.outputCost = addNanos(sums.outputCost, event.outputCostNanos as Nanos);
  }
  return { dimensions: [...dimensions.values()], rollups: [...rollups.values()] };
}

function pickDimensions(event: DemoEvent): Omit<Dimensions, 'id'> {
  const { organizationId, projectId, keyId, memberId, mapping, canonicalModel, provider, app } = event;
  return { organizationId, projectId, keyId, memberId, mapping, canonicalModel, provider, app };
}

function emptySums(organizationId: string, bucketAtMs: number, dimensionId: number): RollupSums {
  return {
    organizationId,
    bucketAtMs,
    dimensionId,
    requests: 0,
    upstreamErrors: 0,
    clientErrors: 0,
    inputTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    cost: ZERO,
    inputCost: ZERO,
    outputCost: ZERO,
  };
}
