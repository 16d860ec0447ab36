import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PeriodLimit } from '../../src/budgets/policy.ts';
import type { WindowKind, WindowUnit } from '../../src/budgets/windows.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/limits.ts';
import { nanos, ZERO } from '../../src/money/nanos.ts';
import { type PastEvent, SimulatedBudget } from '../../src/usage/simulated-budget.ts';
import { LedgerWorld, limits } from '../support/ledger-world.ts';

const START = Date.UTC(2026, 0, 5, 12);
const NOTHING = { spent: ZERO, buckets: [] };

const event = (settledAtMs: number, costNanos: number, over: Partial<PastEvent> = {}): PastEvent => ({
  settledAtMs,
  costNanos,
  outcome: 'completed',
  requests: 1,
  attemptId: '',
  ...over,
});

const period = (limit: number, kind: WindowKind, unit: WindowUnit, value = 1): PeriodLimit => ({
  limit: nanos(limit),
  window: { kind, unit, value, timeZone: 'UTC' },
});

/** Requests of some nanodollars, each some time after the one before. */
const traffic = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.integer({ min: 0, max: MINUTE_MS }), fc.integer({ min: 0, max: 10 * HOUR_MS })),
    cost: fc.integer({ min: 0, max: 20 }),
  }),
  { minLength: 1, maxLength: 60 },
);

const budget = fc.record({
  total: fc.option(fc.integer({ min: 0, max: 400 })),
  period: fc.option(
    fc.record({
      limit: fc.integer({ min: 0, max: 80 }),
      kind: fc.constantFrom<WindowKind>('rolling', 'calendar', 'first-use'),
      unit: fc.constantFrom<WindowUnit>('hour', 'day', 'week'),
    }),
  ),
});

describe('a simulated budget', () => {
  it('admits and refuses what plain sums over the requests say', () => {
    const LENGTH: Record<WindowUnit, number> = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 0 };
    const MONDAY = Date.UTC(2026, 0, 5);
    fc.assert(
      fc.property(traffic, budget, (requests, { total, period: asked }) => {
        const simulated = new SimulatedBudget(
          limits(total, asked && period(asked.limit, asked.kind, asked.unit)),
          NOTHING,
          START,
        );
        const admitted: { atMs: number; cost: number }[] = [];
        let openedMs = Number.NEGATIVE_INFINITY;
        /** Whether what was spent at `atMs` counts at `nowMs`, told without any window. */
        const counts = (atMs: number, nowMs: number): boolean => {
          if (!asked) return false;
          const lengthMs = LENGTH[asked.unit];
          if (asked.kind === 'calendar') {
            return Math.floor((atMs - MONDAY) / lengthMs) === Math.floor((nowMs - MONDAY) / lengthMs);
          }
          if (asked.kind === 'first-use') return nowMs < openedMs + lengthMs && atMs >= openedMs;
          const bucketMs = Math.max(MINUTE_MS, lengthMs / 1440);
          return (Math.floor(atMs / bucketMs) + 1) * bucketMs > nowMs - lengthMs;
        };
        let nowMs = START;
        for (const { gapMs, cost } of requests) {
          nowMs += gapMs;
          const ever = admitted.reduce((sum, past) => sum + past.cost, 0);
          const lately = admitted.reduce((sum, past) => sum + (counts(past.atMs, nowMs) ? past.cost : 0), 0);
          const fits = (limit: number | null | undefined, spent: number) =>
            limit === null || limit === undefined || (spent < limit && spent + cost <= limit);
          const expected = fits(total, ever) && fits(asked?.limit, lately);
          const fate = simulated.next(event(nowMs, cost));
          expect(fate.admitted).toBe(expected);
          if (expected) {
            admitted.push({ atMs: nowMs, cost });
            if (asked && cost > 0 && nowMs >= openedMs + LENGTH[asked.unit]) openedMs = nowMs;
          } else {
            const spent = fate.refusal?.view.scope === 'member_total' ? ever : lately;
            expect(fate.refusal).toMatchObject({ cost, view: { spent } });
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('admits and refuses what the ledger does when the limits are really set', () => {
    fc.assert(
      fc.property(traffic, budget, (requests, { total, period: asked }) => {
        const set = limits(total, asked && period(asked.limit, asked.kind, asked.unit));
        const real = new LedgerWorld({ limits: set });
        const free = new LedgerWorld();
        const told: string[] = [];
        for (const { gapMs, cost } of requests) {
          for (const world of [real, free]) world.pass(gapMs);
          free.spend(cost);
          const admission = real.authorize(cost);
          told.push(admission.granted ? 'admitted' : 'view' in admission.refusal ? admission.refusal.view.scope : '');
          if (admission.granted) real.settle(admission.ticket.attemptId, cost);
        }
        const simulated = new SimulatedBudget(set, NOTHING, START);
        const events = free.ledger.unshipped();
        expect(events).toHaveLength(requests.length);
        const fates = events.map((shipped) => simulated.next(shipped));
        expect(fates.map((fate) => fate.refusal?.view.scope ?? 'admitted')).toEqual(told);
        const kept = events.reduce((sum, { costNanos }, i) => sum + (fates[i]?.admitted ? costNanos : 0), 0);
        expect(kept).toBe(real.member().lifetimeUsage);
      }),
      { numRuns: 100 },
    );
  });

  it('counts what was spent before, as a limit that is set newly does', () => {
    const past = {
      spent: nanos(7),
      buckets: [{ startMs: START - HOUR_MS, endMs: START - 45 * MINUTE_MS, spent: nanos(7) }],
    };
    const day = new SimulatedBudget(limits(null, period(10, 'rolling', 'day')), past, START);
    expect(day.next(event(START, 4)).refusal).toMatchObject({
      view: { scope: 'member_period', spent: 7, resetsAtMs: START - 45 * MINUTE_MS + DAY_MS },
    });
    expect(day.next(event(START, 3)).admitted).toBe(true);
    expect(day.next(event(START - 45 * MINUTE_MS + DAY_MS, 7)).admitted).toBe(true);
    const total = new SimulatedBudget(limits(10), past, START);
    expect([4, 3, 0].map((cost) => total.next(event(START, cost)).admitted)).toEqual([false, true, false]);
  });

  it('lets a correction share the fate of the expiry that it corrects', () => {
    const expired = (attemptId: string, atMs: number, cost: number) =>
      event(atMs, cost, { outcome: 'expired', attemptId });
    const correction = (attemptId: string, atMs: number, cost: number) =>
      event(atMs, cost, { outcome: 'correction', attemptId, requests: 0 });
    const simulated = new SimulatedBudget(limits(10, period(10, 'rolling', 'hour')), NOTHING, START);
    expect(simulated.next(expired('a', START, 8)).admitted).toBe(true);
    expect(simulated.next(expired('b', START + 1, 5)).admitted, 'refused with 8 of 10 spent').toBe(false);
    expect(simulated.next(correction('b', START + 2, -2)).admitted).toBe(false);
    expect(simulated.next(correction('a', START + 3, -6)).admitted).toBe(true);
    // 2 are spent in both scopes now.
    expect(simulated.next(event(START + 4, 9)).admitted).toBe(false);
    expect(simulated.next(event(START + 5, 8)).admitted).toBe(true);
  });
});
