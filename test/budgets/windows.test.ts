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

const ZONES = ['Europe/Stockholm', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
const UNITS = ['hour', 'day', 'week', 'month'] as const;

describe('a first-use window', () => {
  const spec: WindowSpec = { kind: 'first-use', value: 1, unit: 'month', timeZone: 'Europe/Stockholm' };

  it('opens with the first settlement, closes a duration later to the millisecond, and opens with the next', () => {
    const window = new Window(spec);
    expect([window.startedAt(NOON), window.resetsAt(NOON, nanos(5))]).toEqual([null, null]);
    const first = Date.parse('2026-01-31T10:00:00.123Z');
    window.add(first, nanos(5));
    const end = Date.parse('2026-02-28T10:00:00.123Z');
    expect([window.startedAt(first), window.resetsAt(first, nanos(5))]).toEqual([first, end]);
    window.add(end - 1, nanos(2));
    expect([window.spentAt(end - 1), window.spentAt(end), window.startedAt(end)]).toEqual([7, 0, null]);
    window.add(end + DAY_MS, nanos(1));
    expect([window.startedAt(end + DAY_MS), window.spentAt(end + DAY_MS)]).toEqual([end + DAY_MS, 1]);
  });

  it('of a limit of 0 never resets: no money that comes back would lift it', () => {
    const window = new Window(spec);
    window.add(NOON, nanos(1));
    expect(window.resetsAt(NOON, nanos(0))).toBeNull();
  });
});

describe('a calendar window', () => {
  it.each([
    ['Europe/Stockholm', '2026-03-29T12:00Z', '2026-03-29T22:00Z'],
    ['Europe/Stockholm', '2026-10-25T00:30Z', '2026-10-25T23:00Z'],
    ['America/New_York', '2026-03-08T06:59Z', '2026-03-09T04:00Z'],
    ['America/New_York', '2026-11-01T06:30Z', '2026-11-02T05:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T15:10Z', '2026-04-05T13:30Z'],
    ['Australia/Lord_Howe', '2026-10-03T15:30Z', '2026-10-04T13:00Z'],
    ['Asia/Kathmandu', '2026-01-04T18:15Z', '2026-01-05T18:15Z'],
  ])('of a day in %s around %s gives all money back at %s, not a millisecond before', (timeZone, at, end) => {
    const window = new Window({ kind: 'calendar', value: 1, unit: 'day', timeZone });
    const [now, endMs] = [Date.parse(at), Date.parse(end)];
    window.add(now, nanos(5));
    window.add(endMs - 1, nanos(2));
    expect(window.resetsAt(endMs - 1, nanos(7))).toBe(endMs);
    expect([window.spentAt(endMs - 1), window.spentAt(endMs)]).toEqual([7, 0]);
    window.add(endMs, nanos(3));
    expect([window.spentAt(endMs), window.startedAt(endMs)]).toEqual([3, endMs]);
  });
});

describe('a window that is set newly', () => {
  const WEEK: WindowSpec = { kind: 'first-use', value: 1, unit: 'week', timeZone: 'UTC' };

  it.each<[kind: string, spec: WindowSpec, spent: number]>([
    ['rolling', { ...WEEK, kind: 'rolling' }, 6],
    // Monday noon.
    ['calendar', { ...WEEK, kind: 'calendar' }, 4],
    ['first-use', WEEK, 6],
  ])('and is %s counts the past as if it had always been there', (_, spec, spent) => {
    const before = { ...DAY, kind: 'first-use' } as const;
    for (const unlimited of [true, false]) {
      const window = new Window(unlimited ? null : before);
      window.add(NOON - 8 * DAY_MS, nanos(1));
      window.add(NOON - 3 * DAY_MS, nanos(2));
      window.add(NOON - HOUR_MS, nanos(4));
      expect(window.respecify(spec, NOON).spentAt(NOON)).toBe(spent);
    }
  });
});

describe('a window of any kind', () => {
  const specs = fc.record({
    kind: fc.constantFrom('rolling', 'first-use', 'calendar'),
    value: fc.constantFrom(1, 2, 3, 12),
    unit: fc.constantFrom(...UNITS),
    timeZone: fc.constantFrom(...ZONES),
  }) satisfies fc.Arbitrary<WindowSpec>;
  /** What a restart finds: the buckets that were written, and `current`. */
  const reloaded = (spec: WindowSpec | null, written: Map<string, Bucket>, { current }: Window) =>
    new Window(spec, { buckets: [...written.values()].map((bucket) => ({ ...bucket })), current });
  const write = (written: Map<string, Bucket>, bucket: Bucket) =>
    written.set(`${bucket.startMs} ${bucket.endMs}`, { ...bucket });
  const lengthMs = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS };
  const walk = fc.array(
    fc.record({ wait: fc.integer({ min: 0, max: 1_000 }), amount: fc.integer({ min: 1, max: 9 }) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  );

  it('that has a start counts just what was settled since, however it is reloaded', () => {
    fc.assert(
      fc.property(specs, walk, (spec, steps) => {
        fc.pre(spec.kind !== 'rolling');
        let now = Date.parse('2026-03-01T00:00Z');
        let window = new Window(spec);
        const written = new Map<string, Bucket>();
        const spends: { at: number; amount: number }[] = [];
        for (const { wait, amount } of steps) {
          now += Math.floor((wait / 2_000) * spec.value * lengthMs[spec.unit]);
          window = reloaded(spec, written, window);
          write(written, window.add(now, nanos(amount)));
          spends.push({ at: now, amount });
          const since = window.startedAt(now) ?? Number.POSITIVE_INFINITY;
          expect(since).toBeLessThanOrEqual(now);
          expect(window.resetsAt(now, nanos(1))).toBeGreaterThan(now);
          const expected = spends.filter(({ at }) => at >= since).reduce((sum, { amount: spent }) => sum + spent, 0);
          expect(window.spentAt(now)).toBe(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('frees no money by a change of its kind, length or zone, nor by no limit in between', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.option(specs), walk), { minLength: 2, maxLength: 4 }), (lives) => {
        let now = Date.parse('2026-03-01T00:00Z');
        let spec: WindowSpec | null = null;
        let window = new Window(spec);
        const written = new Map<string, Bucket>();
        for (const [next, steps] of lives) {
          const counted = window.spentAt(now);
          expect(window.respecify(null, now).respecify(spec, now).spentAt(now)).toBeGreaterThanOrEqual(counted);
          window = window.respecify(next, now);
          spec = next;
          if (next) expect(window.spentAt(now)).toBeGreaterThanOrEqual(counted);
          if (next) expect(reloaded(next, written, window).spentAt(now)).toBe(window.spentAt(now));
          for (const { wait, amount } of steps) {
            now += wait * MINUTE_MS;
            write(written, window.add(now, nanos(amount)));
          }
          window = reloaded(spec, written, window);
        }
      }),
      { numRuns: 300 },
    );
  });
});
