/** What was granted beside a member's limits: it counts everywhere until its instant, and nowhere from then on. */
import { describe, expect, it } from 'vitest';
import type { Extra } from '../../src/budgets/policy.ts';
import { HOUR_MS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';
import { day, keyPolicy, LedgerWorld, limits } from '../support/ledger-world.ts';

const LIMITS_OF_BOTH = limits(100, day(100));

/** A member with $100 in all and a day, who has spent it, and these extras for an hour. */
function spentOut(extras: (Pick<Extra, 'limit'> & { amount: number })[], changes = {}) {
  const world = new LedgerWorld({ limits: LIMITS_OF_BOTH, ...changes });
  world.spend(100);
  const untilMs = world.nowMs + HOUR_MS;
  world.change({ extras: extras.map(({ limit, amount }) => ({ limit, amount: nanos(amount), untilMs })) });
  return world;
}

const BOTH = [
  { limit: 'total', amount: 20 },
  { limit: 'period', amount: 20 },
] as const;

describe('an extra', () => {
  it('admits its amount and not a nanodollar more, on its own limit only', () => {
    const world = spentOut([{ limit: 'period', amount: 20 }]);
    expect(world.refusal(1)).toBe('exhausted member_total');
    world.change({
      extras: [...(world.policy.extras ?? []), { limit: 'total', amount: nanos(20), untilMs: world.nowMs + HOUR_MS }],
    });
    expect(world.refusal(21)).toBe('request_exceeds_budget member_total');
    expect(world.refusal(20)).toBeNull();
    expect(world.refusal(1)).toBe('budget_in_flight member_total');
  });

  it('counts until the millisecond before its instant, and at it no longer', () => {
    const world = spentOut([...BOTH]);
    world.pass(HOUR_MS - 1);
    expect(world.refusal(5)).toBeNull();
    world.pass(1);
    expect(world.refusal(1)).toBe('exhausted member_total');
  });

  it('lapses in an object that was restarted meanwhile, with nobody telling it', () => {
    const world = spentOut([...BOTH]);
    world.restart();
    expect(world.refusal(5)).toBeNull();
    world.pass(HOUR_MS);
    world.restart();
    expect(world.refusal(1)).toBe('exhausted member_total');
  });

  it('lapsing refuses the next slice of what runs, and leaves what was granted', () => {
    const world = spentOut([...BOTH]);
    const attemptId = world.hold(5);
    expect(world.extend(attemptId, 8, 8)).toMatchObject({ extended: true });
    // A renewal in time, as of any stream that runs for an hour.
    world.pass(HOUR_MS - 60_000);
    expect(world.extend(attemptId, 8, 8)).toMatchObject({ extended: true });
    world.pass(60_000);
    expect(world.extend(attemptId, 9, 9)).toMatchObject({
      extended: false,
      refusal: { kind: 'exhausted', view: { scope: 'member_total', limit: 100 } },
    });
    expect(world.settle(attemptId, 8)).toEqual({ booked: true });
    expect(world.member()).toMatchObject({ usage: 108, remaining: 0 });
  });

  it('adds to others on the same limit, each for its own time', () => {
    const world = spentOut([...BOTH]);
    const [total, period] = world.policy.extras ?? [];
    if (!total || !period) throw new Error('there are two');
    const later = { untilMs: total.untilMs + HOUR_MS, amount: nanos(3) };
    world.change({ extras: [total, period, { ...total, ...later }, { ...period, ...later }] });
    expect(world.member()).toMatchObject({ limits: { total: 123 }, remaining: 23 });
    world.pass(HOUR_MS);
    expect(world.member()).toMatchObject({ limits: { total: 103, period: { limit: 103 } }, remaining: 3 });
  });

  it('is shown in what is left, and taken back from there when it lapses', () => {
    const world = spentOut([...BOTH]);
    const shown = world.authorize(5);
    expect(shown).toMatchObject({ granted: true, tightest: { limit: 120, remaining: 15 } });
    expect(world.member()).toMatchObject({
      limits: { total: 120, period: { limit: 120 } },
      remaining: 15,
      period: { remaining: 15, usage: 100 },
    });
    world.pass(HOUR_MS);
    expect(world.member()).toMatchObject({ limits: LIMITS_OF_BOTH, remaining: 0, runsOutAtMs: world.nowMs });
  });

  it('is in the forecast for as long as it lasts: then the limit runs out that is left', () => {
    const world = spentOut([{ limit: 'total', amount: 1_000_000 }], { limits: limits(100) });
    const lapsesAtMs = world.nowMs + HOUR_MS;
    expect(world.member().runsOutAtMs, 'at this pace only in years').toBe(lapsesAtMs);
    world.change({ limits: limits(120) });
    const later = world.member().runsOutAtMs ?? 0;
    expect(later, 'not used up when it lapses').toBeGreaterThan(lapsesAtMs);
    world.change({ extras: [] });
    expect(world.member().runsOutAtMs).toBe(later);
    world.change({ limits: limits(100) });
    expect(world.member().runsOutAtMs).toBe(world.nowMs);
  });

  it.each([
    ['before the window ends', 10 * HOUR_MS, 10 * HOUR_MS],
    ['with it', 12 * HOUR_MS, null],
    ['after it', 13 * HOUR_MS, null],
  ])('that lapses %s lets its limit run out then, if at all', (_, lastsMs, runsOutInMs) => {
    const calendar = { ...day(100), window: { ...day(100).window, kind: 'calendar' } } as const;
    const world = new LedgerWorld({ limits: limits(null, calendar) });
    world.spend(100);
    const untilMs = world.nowMs + lastsMs;
    world.change({ extras: [{ limit: 'period', amount: nanos(1_000_000), untilMs }] });
    expect(world.member().period).toMatchObject({
      resetAtMs: world.nowMs + 12 * HOUR_MS,
      runsOutAtMs: runsOutInMs === null ? null : world.nowMs + runsOutInMs,
    });
  });

  it('is no limit where there is none, and widens no limit of a key', () => {
    const unlimited = new LedgerWorld();
    unlimited.change({ extras: [{ limit: 'total', amount: nanos(5), untilMs: unlimited.nowMs + HOUR_MS }] });
    expect(unlimited.refusal(1_000)).toBeNull();
    const world = spentOut([...BOTH], { keys: [keyPolicy({ limits: limits(100) })] });
    expect(world.refusal(1)).toBe('exhausted api_key_total');
  });

  it('changes no window: money comes back when it would have', () => {
    const [plain, extra] = [spentOut([]), spentOut([...BOTH])];
    const windowOf = (world: LedgerWorld) => {
      const { period } = world.member();
      return [period?.startedAtMs, period?.usage];
    };
    expect(windowOf(extra)).toEqual(windowOf(plain));
    for (const world of [plain, extra]) world.pass(24 * HOUR_MS + 60_000);
    expect([plain.member().period?.usage, extra.member().period?.usage]).toEqual([0, 0]);
  });
});
