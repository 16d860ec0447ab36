/**
 * The numbers of a month's ledger entries, counted from sums alone, against the entries themselves: those that a real ledger
 * makes, of settlements, releases, expiries, corrections, refusals and ghosts, under a clock that goes back while it lives.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequenceOf } from '../../../src/billing/statements/sequence.ts';
import type { UsageEvent } from '../../../src/budgets/usage-event.ts';
import { LIMITS, MINUTE_MS } from '../../../src/limits.ts';
import { QUARTER_MS } from '../../../src/usage/measures.ts';
import { raised } from '../../../src/usage/running-totals.ts';
import { type EventRow, SUM_COLUMNS, UsageSums } from '../../../src/usage/sums.ts';
import { LedgerWorld, limits } from '../../support/ledger-world.ts';

const step = fc.oneof(
  fc.record({
    do: fc.constant('authorize' as const),
    amount: fc.integer({ min: 1, max: 3_000 }),
    times: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ do: fc.constant('settle' as const), which: fc.nat(20), cost: fc.nat(3_000) }),
  fc.record({ do: fc.constant('release' as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: -10 * MINUTE_MS, max: 20 * MINUTE_MS }) }),
  fc.record({ do: fc.constant('expire' as const) }),
  fc.record({ do: fc.constant('restart' as const) }),
  fc.record({ do: fc.constant('ship' as const), keeps: fc.nat(3) }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** All entries that a ledger makes of these steps. */
function entriesOf(steps: readonly Step[]): UsageEvent[] {
  const world = new LedgerWorld({ limits: limits(6_000) });
  const attempts: string[] = [];
  const entries: UsageEvent[] = [];
  let latestMs = world.nowMs;
  const ship = (keeps: number) => {
    // What was written together stays until all of it is shipped; D1 takes each number once.
    const events = world.ledger.unshipped().filter(({ n }) => n > (entries.at(-1)?.n ?? 0));
    const some = events.slice(0, Math.max(0, events.length - keeps));
    entries.push(...some);
    const last = some.at(-1);
    if (last) world.ledger.confirmShipped(last.n);
  };
  for (const one of steps) {
    const attemptId = 'which' in one ? attempts[attempts.length - 1 - one.which] : undefined;
    if (one.do === 'authorize') {
      for (let i = 0; i < one.times; i++) {
        const admission = world.authorize(one.amount);
        if (admission.granted) attempts.push(admission.ticket.attemptId);
      }
    } else if (one.do === 'settle' && attemptId) world.settle(attemptId, one.cost);
    else if (one.do === 'release' && attemptId) world.release(attemptId);
    else if (one.do === 'pass') {
      world.pass(one.ms);
      latestMs = Math.max(latestMs, world.nowMs);
    } else if (one.do === 'expire') world.ledger.expireHolds();
    else if (one.do === 'restart') {
      // A new life remembers the instants of holds, and not those of corrections, ghosts and refusals: no machine is behind here.
      world.pass(latestMs - world.nowMs);
      world.restart();
    } else if (one.do === 'ship') ship(one.keeps);
  }
  world.pass(LIMITS.holdTtlMs + LIMITS.holdGraceMs + MINUTE_MS);
  world.ledger.expireHolds();
  ship(0);
  return entries;
}

function rowOf(event: UsageEvent): EventRow {
  return {
    organization_id: 'org_a',
    project_id: event.projectId,
    key_id: event.keyId,
    member_id: 'mem_a',
    mapping: event.mapping,
    canonical_model: event.canonicalModel,
    provider: event.provider,
    app: event.app,
    outcome: event.outcome,
    requests: event.requests,
    settled_at: event.settledAtMs,
    input_tokens: event.inputTokens,
    cached_tokens: event.cachedTokens,
    output_tokens: event.outputTokens,
    reasoning_tokens: event.reasoningTokens,
    cost: event.costNanos,
    input_cost: event.inputCostNanos,
    output_cost: event.outputCostNanos,
    latency_ms: event.latencyMs,
    first_token_ms: event.firstTokenMs,
  };
}

/** How many entries the member's running totals know of before an instant. */
function counter(entries: readonly UsageEvent[]): (instant: number) => number {
  const sums = UsageSums.ofEvents(entries.map(rowOf));
  const rows = raised([], sums.addSeries('org_a', 'member', 'mem_a').quarters);
  const events = SUM_COLUMNS.indexOf('events');
  return (instant) => Number(rows.findLast(({ bucketAt }) => bucketAt < instant)?.values[events] ?? 0);
}

const seen = new Set<string>();

describe('the numbers of the entries between two instants', () => {
  it('are those that the ledger gave them, whatever it booked', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), fc.nat(12), fc.nat(12), (steps, a, b) => {
        const entries = entriesOf(steps);
        const instants = entries.map(({ settledAtMs }) => settledAtMs);
        expect(instants).toEqual(instants.toSorted((a, b) => a - b));
        for (const { outcome, requests, unresolvedNanos, attemptId } of entries) {
          seen.add(outcome);
          if (requests > 1) seen.add('many requests');
          if (unresolvedNanos !== 0) seen.add('unresolved');
          if (attemptId === '' && outcome === 'expired') seen.add('ghost');
        }
        const start = new LedgerWorld().nowMs - QUARTER_MS;
        const [from, until] = [start + Math.min(a, b) * QUARTER_MS, start + Math.max(a, b) * QUARTER_MS];
        const countBefore = counter(entries);
        const newest = entries.at(-1)?.n ?? 0;
        const [earlier, upToEnd] = [countBefore(from), countBefore(until)];
        const counted = { before: earlier, during: upToEnd - earlier, after: entries.length - upToEnd };
        const within = entries.filter(({ settledAtMs }) => settledAtMs >= from && settledAtMs < until);
        const [first, last] = [within[0], within.at(-1)];
        expect(sequenceOf(counted, newest)).toEqual(first && last ? { first: first.n, last: last.n } : null);
        if (first && last) expect(within).toHaveLength(last.n - first.n + 1);
      }),
      { numRuns: 300 },
    );
    // Else it would say nothing of them.
    for (const kind of ['completed', 'expired', 'correction', 'refused', 'many requests', 'unresolved', 'ghost'])
      expect(seen, kind).toContain(kind);
  });

  it.each([
    ['all were counted, and more came after', { before: 10, during: 5, after: 7 }, 22, { first: 11, last: 15 }],
    ['it is the first that was used', { before: 0, during: 5, after: 7 }, 12, { first: 1, last: 5 }],
    ['older ones were not counted', { before: 2, during: 5, after: 7 }, 114, { first: 103, last: 107 }],
  ])('are known where %s', (_, counted, newest, expected) => {
    expect(sequenceOf(counted, newest)).toEqual(expected);
  });

  it.each([
    ['nothing was booked', { before: 3, during: 0, after: 2 }, 5],
    ['some of the month may not have been counted', { before: 0, during: 5, after: 7 }, 13],
  ])('are not told where %s', (_, counted, newest) => {
    expect(sequenceOf(counted, newest)).toBeNull();
  });
});
