/**
 * Usage events for tests, what D1 has made of them, and the same figures counted by hand in plain JavaScript.
 */
import { env } from 'cloudflare:workers';
import type { Outcome, UsageEvent } from '../../src/budgets/usage-event.ts';
import { DAY_MS } from '../../src/limits.ts';
import { nanos, ZERO } from '../../src/money/nanos.ts';

export const QUARTER_MS = 900_000;

/** An instant in the past at the start of a quarter of an hour. */
export const NOON = Date.parse('2026-05-12T12:00:00.000Z');

export interface Member {
  memberId: string;
  organizationId: string;
}

/** An event of 1 + n nanodollars, so that every event's cost is its own; `over` says what matters in a test. */
export function usageEvent(n: number, over: Partial<UsageEvent> = {}): UsageEvent {
  const costNanos = over.costNanos ?? 1 + n;
  return {
    n,
    attemptId: `att_${n}`,
    requestId: `req_${n}`,
    keyId: 'key_a',
    projectId: 'prj_a',
    endpoint: '/v1/chat/completions',
    mapping: 'demo/words',
    canonicalModel: 'demo-words',
    provider: 'demo',
    app: 'Unknown',
    streamed: n % 2 === 0,
    priceVersion: 'demo@0',
    outcome: 'completed',
    refusal: null,
    requests: 1,
    openedAtMs: NOON + n * 60_000 - 500,
    settledAtMs: NOON + n * 60_000,
    inputTokens: 10 + n,
    cachedTokens: n % 3,
    outputTokens: 20 + n,
    reasoningTokens: n % 5,
    costNanos,
    inputCostNanos: Math.floor(costNanos / 3),
    outputCostNanos: costNanos - Math.floor(costNanos / 3),
    overrunNanos: ZERO,
    unresolvedNanos: ZERO,
    estimated: false,
    latencyMs: null,
    firstTokenMs: null,
    ...over,
  };
}

export function usageEvents(first: number, last: number, over: (n: number) => Partial<UsageEvent> = () => ({})) {
  return Array.from({ length: last - first + 1 }, (_, i) => usageEvent(first + i, over(first + i)));
}

/** Kinds of event that are counted differently, by turns. */
export function mixed(n: number): Partial<UsageEvent> {
  const kinds: Partial<UsageEvent>[] = [
    {},
    { outcome: 'refused', refusal: 'member_total', requests: 1 + n, costNanos: 0, inputTokens: 0, outputTokens: 0 },
    { outcome: 'upstream_error', provider: 'other', mapping: 'other/words' },
    { outcome: 'client_error', costNanos: 0, app: 'curl' },
    { outcome: 'expired', overrunNanos: nanos(n), unresolvedNanos: nanos(2 * n), keyId: 'key_b' },
    { outcome: 'correction', requests: 0, costNanos: -n, unresolvedNanos: nanos(-n), keyId: 'key_b' },
    { outcome: 'cut', projectId: 'prj_b' },
    { outcome: 'client_gone', canonicalModel: 'demo-thinker', mapping: 'demo/thinker' },
  ];
  return kinds[n % kinds.length] ?? {};
}

export type Owned = UsageEvent & Member;

export function owned(member: Member, events: readonly UsageEvent[]): Owned[] {
  return events.map((event) => ({ ...event, ...member }));
}

type Row = Record<string, string | number | null>;

export async function rows<T extends Row>(sql: string, ...values: (string | number)[]): Promise<T[]> {
  const { results } = await env.DB.prepare(sql)
    .bind(...values)
    .all<T>();
  return results;
}

/** Starts over: no usage, a watermark at the last sequence number that was ever given, nothing proven. */
export async function forgetUsage(): Promise<void> {
  await env.DB.batch(
    [
      `UPDATE rollup_watermark
       SET seq = max(seq, coalesce((SELECT max(seq) FROM usage_events), 0)), rolled_up_to = 0, proven_seq = 0`,
      'DELETE FROM usage_events',
      'DELETE FROM usage_rollups',
      'DELETE FROM usage_dimensions',
      'DELETE FROM usage_totals',
      'DELETE FROM usage_series',
      'DELETE FROM usage_backfills',
      'DELETE FROM member_ledgers',
      'DELETE FROM member_days',
      'DELETE FROM member_books',
      'DELETE FROM day_differences',
      'DELETE FROM books_turns',
    ].map((sql) => env.DB.prepare(sql)),
  );
}

export async function watermark() {
  const [row] = await rows<{ seq: number; rolled_up_to: number; proven_seq: number }>(
    'SELECT seq, rolled_up_to, proven_seq FROM rollup_watermark',
  );
  if (!row) throw new Error('no watermark');
  return row;
}

const DIMENSIONS = {
  organization_id: (event: Owned) => event.organizationId,
  project_id: (event: Owned) => event.projectId,
  key_id: (event: Owned) => event.keyId,
  member_id: (event: Owned) => event.memberId,
  mapping: (event: Owned) => event.mapping,
  canonical_model: (event: Owned) => event.canonicalModel,
  provider: (event: Owned) => event.provider,
  app: (event: Owned) => event.app,
};

const counted =
  (...outcomes: Outcome[]) =>
  (event: Owned) =>
    outcomes.includes(event.outcome) ? event.requests : 0;

export const MEASURES = {
  requests: (event: Owned) => event.requests,
  upstream_errors: counted('upstream_error', 'expired'),
  client_errors: counted('client_error'),
  refused: counted('refused'),
  input_tokens: (event: Owned) => event.inputTokens,
  cached_tokens: (event: Owned) => event.cachedTokens,
  output_tokens: (event: Owned) => event.outputTokens,
  reasoning_tokens: (event: Owned) => event.reasoningTokens,
  cost: (event: Owned) => event.costNanos,
  input_cost: (event: Owned) => event.inputCostNanos,
  output_cost: (event: Owned) => event.outputCostNanos,
  events: () => 1,
};

/** D1's rollups, one row for each quarter of an hour and dimensions, and each member's days, in a fixed order. */
export async function readRollups(): Promise<Row[]> {
  const days = await rows('SELECT member_id, day_at, cost FROM member_days');
  const found = await rows(
    `SELECT bucket_at, ${Object.keys(DIMENSIONS).map((name) => `dimension.${name}`)}, ${Object.keys(MEASURES)}
     FROM usage_rollups AS rollup JOIN usage_dimensions AS dimension ON dimension.id = rollup.dimension_id`,
  );
  return inOrder([...found, ...days]);
}

/** What the rollups and days of these events must be. */
export function countRollups(events: readonly Owned[]): Row[] {
  const buckets = new Map<string, Record<string, string | number>>();
  const days = new Map<string, { member_id: string; day_at: number; cost: number }>();
  for (const event of events) {
    const key: Record<string, string | number> = { bucket_at: Math.floor(event.settledAtMs / QUARTER_MS) * QUARTER_MS };
    for (const [name, of] of Object.entries(DIMENSIONS)) key[name] = of(event);
    const id = JSON.stringify(key);
    const row = buckets.get(id) ?? key;
    for (const [name, of] of Object.entries(MEASURES)) row[name] = Number(row[name] ?? 0) + of(event);
    buckets.set(id, row);
    const { memberId, settledAtMs, costNanos } = event;
    const dayAt = settledAtMs - (settledAtMs % DAY_MS);
    const day = days.get(`${memberId} ${dayAt}`) ?? { member_id: memberId, day_at: dayAt, cost: 0 };
    days.set(`${memberId} ${dayAt}`, { ...day, cost: day.cost + costNanos });
  }
  return inOrder([...buckets.values(), ...days.values()]);
}

/** D1's ledgers, and below what they must be of these events. */
export async function readLedgers(): Promise<Row[]> {
  return inOrder(
    await rows('SELECT member_id, organization_id, shipped, cost, requests, overrun, unresolved FROM member_ledgers'),
  );
}

export function countLedgers(events: readonly Owned[]): Row[] {
  const ledgers = new Map<string, Record<string, string | number>>();
  for (const event of events) {
    const row = ledgers.get(event.memberId) ?? {
      member_id: event.memberId,
      organization_id: event.organizationId,
      shipped: 0,
      cost: 0,
      requests: 0,
      overrun: 0,
      unresolved: 0,
    };
    row.shipped = Math.max(Number(row.shipped), event.n);
    row.cost = Number(row.cost) + event.costNanos;
    row.requests = Number(row.requests) + event.requests;
    row.overrun = Number(row.overrun) + event.overrunNanos;
    row.unresolved = Number(row.unresolved) + event.unresolvedNanos;
    ledgers.set(event.memberId, row);
  }
  return inOrder([...ledgers.values()]);
}

function inOrder(unordered: readonly Row[]): Row[] {
  const text = (row: Row) => JSON.stringify(Object.entries(row).toSorted());
  return unordered.toSorted((a, b) => text(a).localeCompare(text(b)));
}
