import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bucket, Window, type WindowSpec } from '../../src/budgets/windows.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';

const HOUR: WindowSpec = { kind: 'rolling', value: 1, unit: 'hour', timeZone: 'UTC' };
const DAY: WindowSpec = { kind: 'rolling', value: 1, unit: 'day', timeZone: 'UTC' };
const MONTH: WindowSpec = { kind: 'rolling', value: 1, unit: 'month', timeZone: 'UTC' };
const NOON = Date.UTC(2026, 0, 5, 12);

describe('a rolling window', () => {
  it('gives money back when the bucket it was spent in has left, not a millisecond before', () => {
    const window = new Window(HOUR);
    window.add(NOON + 1, nanos(5));
    const back = NOON + MINUTE_MS + HOUR_MS;
    expect(window.resetsAt(NOON + 1, nanos(5))).toBe(back);
    expect(window.spentAt(back - 1)).toBe(5);
    expect(window.spentAt(back)).toBe(0);
    expect(window.resetsAt(back, nanos(5))).toBeNull();
  });

  it('resets, when exhausted, at the first instant with spent below the limit', () => {
    const window = new Window(HOUR);
    window.add(NOON, nanos(3));
    window.add(NOON + 10 * MINUTE_MS, nanos(4));
    window.add(NOON + 20 * MINUTE_MS, nanos(3));
    const now = NOON + 30 * MINUTE_MS;
    expect(window.resetsAt(now, nanos(7))).toBe(NOON + 11 * MINUTE_MS + HOUR_MS);
    expect(window.resetsAt(now, nanos(100))).toBe(NOON + MINUTE_MS + HOUR_MS);
    expect(window.resetsAt(now, nanos(0))).toBeNull();
  });

  it('counts months as 30 days in 1,440 buckets of 30 minutes', () => {
    const window = new Window(MONTH);
    expect(window.add(NOON + 1, nanos(1))).toEqual({ startMs: NOON, endMs: NOON + 30 * MINUTE_MS, spent: 1 });
    expect(window.spentAt(NOON + 30 * MINUTE_MS + 30 * DAY_MS - 1)).toBe(1);
    expect(window.spentAt(NOON + 30 * MINUTE_MS + 30 * DAY_MS)).toBe(0);
  });

  it('frees no money when its spec changes, and counts it once', () => {
    const window = new Window(MONTH);
    window.add(NOON, nanos(5));
    const shorter = window.respecify(DAY, NOON);
    shorter.add(NOON + HOUR_MS, nanos(2));
    expect(shorter.spentAt(NOON + HOUR_MS)).toBe(7);
    expect(shorter.respecify(MONTH, NOON + HOUR_MS).spentAt(NOON + HOUR_MS)).toBe(7);
  });

  it('takes a correction back only from where it was charged', () => {
    const window = new Window(HOUR);
    window.add(NOON, nanos(5));
    expect(window.takeBack(NOON + MINUTE_MS, NOON + 2 * MINUTE_MS, nanos(2))).toBeNull();
    expect(window.takeBack(NOON + MINUTE_MS, NOON, nanos(2))).toMatchObject({ spent: 3 });
    expect(window.spentAt(NOON + MINUTE_MS)).toBe(3);
  });

  it('never lets a trailing window sum above the limit, whatever is spent when and however it is reloaded', () => {
    const limit = nanos(100);
    const steps = fc.array(fc.record({ wait: fc.nat(20 * MINUTE_MS), want: fc.nat(60), reload: fc.boolean() }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, fc.nat(HOUR_MS), (walk, offset) => {
        let now = NOON + offset;
        const written = new Map<number, Bucket>();
        let window = new Window(HOUR);
        const spends: { at: number; amount: number }[] = [];
        for (const { wait, want, reload } of walk) {
          now += wait;
          if (reload)
            window = new Window(HOUR, {
              buckets: [...written.values()].map((bucket) => ({ ...bucket })),
              current: null,
            });
          const amount = Math.min(want, limit - window.spentAt(now));
          if (amount <= 0) continue;
          const bucket = window.add(now, nanos(amount));
          written.set(bucket.startMs, { ...bucket });
          spends.push({ at: now, amount });
          const trailing = spends.filter(({ at }) => at >= now - HOUR_MS).reduce((sum, spend) => sum + spend.amount, 0);
          expect(trailing).toBeLessThanOrEqual(limit);
          const reset = window.resetsAt(now, limit);
          if (window.spentAt(now) >= limit && reset !== null) {
            const later = new Window(HOUR, { buckets: [...written.values()], current: null });
            expect(later.spentAt(reset - 1)).toBeGreaterThanOrEqual(limit);
            expect(later.spentAt(reset)).toBeLessThan(limit);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
