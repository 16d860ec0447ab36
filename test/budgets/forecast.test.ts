import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { periodRunsOutAt, totalRunsOutAt } from '../../src/budgets/forecast.ts';
import { Window, type WindowKind, type WindowSpec, type WindowUnit } from '../../src/budgets/windows.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';

// A Monday.
const NOON = Date.UTC(2026, 0, 5, 12);
const CENT = 10_000_000;

const spec = (kind: WindowKind, unit: WindowUnit, value = 1): WindowSpec => ({ kind, value, unit, timeZone: 'UTC' });

/** So long ago so many cents. */
type Past = [agoMs: number, cents: number][];

function spent(window: Window, past: Past): Window {
  for (const [agoMs, cents] of past.toSorted((a, b) => b[0] - a[0])) window.add(NOON - agoMs, nanos(cents * CENT));
  return window;
}

/** A cent each `everyMs` over the last `forMs`. */
const evenly = (everyMs: number, forMs: number): Past =>
  Array.from({ length: Math.floor(forMs / everyMs) }, (_, i) => [(i + 0.5) * everyMs, 1]);

describe('a total', () => {
  const total = (limit: number | null, cents: number, past: Past) =>
    totalRunsOutAt(
      limit === null ? null : nanos(limit * CENT),
      nanos(cents * CENT),
      spent(new Window(null), past),
      NOON,
    );

  it('runs out when what is left is spent at the pace of the last day', () => {
    // 24 cents a day, 48 left. Whole buckets are half hours, so the pace is at most one cent too high.
    const runsOutAt = total(100, 52, evenly(HOUR_MS, DAY_MS)) ?? 0;
    expect(runsOutAt).toBeLessThanOrEqual(NOON + 2 * DAY_MS);
    expect(runsOutAt).toBeGreaterThan(NOON + 1.9 * DAY_MS);
  });

  it('goes by the last week after a quiet day', () => {
    const quiet = evenly(HOUR_MS, 7 * DAY_MS).filter(([ago]) => ago > DAY_MS + HOUR_MS);
    const runsOutAt = total(1000, 1000 - quiet.length, quiet) ?? 0;
    expect(Math.abs(runsOutAt - (NOON + 7 * DAY_MS))).toBeLessThan(HOUR_MS);
  });

  it.each<{ what: string; limit: number | null; cents: number; past: Past; runsOut: number | null }>([
    { what: 'is unlimited', limit: null, cents: 5, past: [[HOUR_MS, 5]], runsOut: null },
    { what: 'has nothing left', limit: 5, cents: 5, past: [[HOUR_MS, 5]], runsOut: NOON },
    { what: 'was overrun', limit: 5, cents: 6, past: [], runsOut: NOON },
    { what: 'blocks all', limit: 0, cents: 0, past: [], runsOut: NOON },
    { what: 'was never spent from', limit: 5, cents: 0, past: [], runsOut: null },
    { what: 'was not spent from for a week', limit: 9, cents: 5, past: [[8 * DAY_MS, 5]], runsOut: null },
    { what: 'lasts longer than a year', limit: 1_000, cents: 1, past: [[HOUR_MS, 1]], runsOut: null },
  ])('that $what', ({ limit, cents, past, runsOut }) => {
    expect(total(limit, cents, past)).toBe(runsOut);
  });
});

describe('a period', () => {
  const period = (window: WindowSpec, limit: number, past: Past) =>
    periodRunsOutAt({ limit: nanos(limit * CENT), window }, spent(new Window(window), past), NOON);

  it.each<{
    what: string;
    window: WindowSpec;
    limit: number;
    past: Past;
    runsOut: [fromMs: number, toMs: number] | null;
  }>([
    { what: 'has nothing left', window: spec('rolling', 'day'), limit: 9, past: [[HOUR_MS, 9]], runsOut: [0, 0] },
    {
      what: 'was not spent from in it',
      window: spec('rolling', 'hour'),
      limit: 9,
      past: [[2 * HOUR_MS, 9]],
      runsOut: null,
    },
    {
      what: 'loses as much as it gains',
      window: spec('rolling', 'day'),
      limit: 30,
      past: evenly(HOUR_MS, DAY_MS),
      runsOut: null,
    },
    {
      what: 'gains faster than it loses',
      window: spec('rolling', 'day'),
      // 20 cents in three hours.
      limit: 40,
      past: evenly(9 * MINUTE_MS, 3 * HOUR_MS),
      runsOut: [2.5 * HOUR_MS, 3.5 * HOUR_MS],
    },
    {
      what: 'is lightened in time by money that leaves',
      window: spec('rolling', 'day'),
      limit: 40,
      // The day's pace would need ten hours; within one all but a few cents have left.
      past: [
        [23.5 * HOUR_MS, 25],
        [2 * HOUR_MS, 2],
      ],
      runsOut: null,
    },
    {
      what: 'ends first',
      window: spec('calendar', 'day'),
      limit: 30,
      past: evenly(HOUR_MS, 12 * HOUR_MS),
      runsOut: null,
    },
    {
      what: 'runs out before it ends',
      window: spec('calendar', 'day'),
      limit: 16,
      past: evenly(HOUR_MS, 12 * HOUR_MS),
      runsOut: [3 * HOUR_MS, 5 * HOUR_MS],
    },
    {
      what: 'opened with its first use and runs out before it closes',
      window: spec('first-use', 'day'),
      limit: 16,
      past: evenly(HOUR_MS, 12 * HOUR_MS),
      runsOut: [3 * HOUR_MS, 5 * HOUR_MS],
    },
    {
      what: 'closed before now and is not open',
      window: spec('first-use', 'hour'),
      limit: 16,
      past: [[2 * HOUR_MS, 5]],
      runsOut: null,
    },
  ])('that $what', ({ window, limit, past, runsOut }) => {
    const runsOutAt = period(window, limit, past);
    if (!runsOut) return expect(runsOutAt).toBeNull();
    expect(runsOutAt).not.toBeNull();
    expect((runsOutAt ?? 0) - NOON).toBeGreaterThanOrEqual(runsOut[0]);
    expect((runsOutAt ?? 0) - NOON).toBeLessThanOrEqual(runsOut[1]);
  });

  it('runs out when it says, within a bucket, should the pace be kept', () => {
    const kinds = fc.constantFrom<WindowKind>('rolling', 'calendar', 'first-use');
    const units = fc.constantFrom<WindowUnit>('hour', 'day', 'week');
    const sized = fc.array(fc.tuple(fc.double({ min: 0.01, max: 1.5, noNaN: true }), fc.integer({ min: 1, max: 50 })), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(kinds, units, sized, fc.integer({ min: 2, max: 400 }), (kind, unit, sizes, limitCents) => {
        const of = spec(kind, unit);
        const lengthMs = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 0 }[unit];
        const past: Past = sizes.map(([share, cents]) => [Math.round(share * lengthMs), cents]);
        const limit = nanos(limitCents * CENT);
        const forecast = periodRunsOutAt({ limit, window: of }, spent(new Window(of), past), NOON);

        // The faster pace, counted from the spendings themselves; what is known in buckets may be a bucket faster.
        const bucketMs = Math.max(MINUTE_MS, lengthMs / 1440);
        const within = (ms: number) => past.reduce((sum, [ago, cents]) => sum + (ago <= ms ? cents : 0), 0);
        const pace = Math.max(...[lengthMs, Math.floor(lengthMs / 7)].map((ms) => within(ms) / ms));
        const fast = Math.max(...[lengthMs, Math.floor(lengthMs / 7)].map((ms) => within(ms + bucketMs) / ms));

        /** When a window that is really spent from at this pace reaches the limit. */
        const reached = (centsPerMs: number): number | null => {
          const window = spent(new Window(of), past);
          if (window.spentAt(NOON) >= limit) return NOON;
          const endMs = kind === 'rolling' ? NOON + lengthMs : (window.resetsAt(NOON, limit) ?? NOON);
          const tickMs = lengthMs / 2_000;
          for (let atMs = NOON + tickMs; atMs < endMs; atMs += tickMs) {
            const amount = Math.round(centsPerMs * tickMs * CENT);
            if (amount > 0) window.add(Math.round(atMs), nanos(amount));
            if (window.spentAt(Math.round(atMs)) >= limit) return atMs;
          }
          return null;
        };
        const latest = reached(pace);
        const step = bucketMs + lengthMs / 1_000;
        if (latest !== null) expect(forecast).not.toBeNull();
        if (forecast === null) return;
        if (latest !== null) expect(forecast).toBeLessThanOrEqual(latest + step);
        // Never forecast where even the faster pace comes nowhere near. Where money leaves at the
        // very moment that the limit is reached, a hair's breadth of pace decides between now and hours.
        const near = reached(fast * 1.1);
        if (near === null) expect(kind).toBe('rolling');
        else expect(forecast).toBeGreaterThanOrEqual(near - step);
      }),
      { numRuns: 300 },
    );
  });
});
