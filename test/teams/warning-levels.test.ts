/** When a member is warned: thresholds, windows, and limits that change. */
import { describe, expect, it } from 'vitest';
import type { LimitStatus, ScopeStatus } from '../../src/budgets/protocol.ts';
import { DAY_MS, HOUR_MS } from '../../src/limits.ts';
import { type Level, levelsOf, nextWarning, type Told } from '../../src/teams/warning-levels.ts';
import { day, keyPolicy, LedgerWorld, limits } from '../support/ledger-world.ts';

const USUAL = [50, 80, 100];

/** A member of a real ledger, and what was told of it so far. */
class Warned {
  readonly world: LedgerWorld;
  readonly #told = new Map<string, Told>();
  constructor(changes: ConstructorParameters<typeof LedgerWorld>[0]) {
    this.world = new LedgerWorld(changes);
  }

  /** What is mailed of the status of now, as "limit percent". */
  look(thresholds = USUAL): string[] {
    this.world.pass(1);
    return this.levels().flatMap((level) => {
      const next = nextWarning(this.#told.get(level.limit) ?? null, level, thresholds);
      if (!next) return [];
      this.#told.set(level.limit, { ...level, percent: next.percent });
      return next.mailed ? [`${level.limit} ${next.percent}`] : [];
    });
  }

  levels(): Level[] {
    return levelsOf({ atMs: this.world.nowMs, status: this.world.member() as ScopeStatus });
  }
}

describe('a warning', () => {
  it('comes at each threshold, to the nanodollar, once', () => {
    const member = new Warned({ limits: limits(1_000) });
    const told = (cost: number) => {
      member.world.spend(cost);
      return member.look();
    };
    expect([told(499), told(1), told(1), told(298), told(1), told(199), told(1)]).toEqual([
      [],
      ['total 50'],
      [],
      [],
      ['total 80'],
      [],
      ['total 100'],
    ]);
    expect(member.look()).toEqual([]);
  });

  it('is one for all thresholds that are passed at once: the highest', () => {
    const member = new Warned({ limits: limits(100, day(100)) });
    member.world.spend(90);
    expect(member.look()).toEqual(['total 80', 'period 80']);
  });

  it('comes at thresholds of one’s own, and at none where there are none', () => {
    const member = new Warned({ limits: limits(100) });
    member.world.spend(33);
    expect(member.look([])).toEqual([]);
    expect(member.look([33, ...USUAL])).toEqual(['total 33']);
  });

  it('is not of a limit of 0, nor where there is none', () => {
    expect(new Warned({ limits: limits(0, day(0)) }).levels()).toEqual([]);
    expect(new Warned({}).levels()).toEqual([]);
  });

  it.each([
    ['calendar', 12 * HOUR_MS],
    ['first-use', DAY_MS],
    ['rolling', DAY_MS],
  ] as const)('comes again in the next window, and not in the same one: %s', (kind, windowMs) => {
    const period = { ...day(100), window: { ...day(100).window, kind } };
    const member = new Warned({ limits: limits(null, period) });
    member.world.spend(60);
    expect(member.look()).toEqual(['period 50']);
    member.world.pass(windowMs - 1_000);
    member.world.spend(1);
    expect(member.look()).toEqual([]);
    member.world.pass(60_000 + 1_000);
    member.world.spend(60);
    expect(member.look()).toEqual(['period 50']);
  });

  it('comes again where a rolling window has become another one, not where it stays', () => {
    const rolling = (value: number) => {
      const period = day(100);
      return limits(null, { ...period, window: { ...period.window, kind: 'rolling', value } });
    };
    const member = new Warned({ limits: rolling(30) });
    member.world.spend(100);
    expect(member.look()).toEqual(['period 100']);
    member.world.change({ limits: rolling(1) });
    member.world.pass(2 * DAY_MS);
    expect(member.look()).toEqual([]);
    member.world.spend(60);
    expect(member.look()).toEqual(['period 50']);
    expect(member.look()).toEqual([]);
  });

  it('comes again in the next cycle', () => {
    const member = new Warned({ limits: limits(100), totalBasis: 'cycle' });
    member.world.change({ cycle: 1 });
    member.world.spend(60);
    expect(member.look()).toEqual(['total 50']);
    member.world.pass(DAY_MS);
    member.world.change({ cycle: 2 });
    expect(member.look()).toEqual([]);
    member.world.spend(60);
    expect(member.look()).toEqual(['total 50']);
  });

  it('comes anew as a raised limit is used up in turn, and says nothing while it is raised', () => {
    const member = new Warned({ limits: limits(100) });
    member.world.spend(100);
    expect(member.look()).toEqual(['total 100']);
    member.world.change({ limits: limits(200) });
    expect(member.look()).toEqual([]);
    member.world.spend(60);
    expect(member.look()).toEqual(['total 80']);
    // Lowered to what it was: used up once more, by what was not told yet.
    member.world.change({ limits: limits(100) });
    expect(member.look()).toEqual(['total 100']);
    expect(member.look()).toEqual([]);
  });

  it('comes of a raised limit also where that is used up before anybody has looked, once', () => {
    const member = new Warned({ limits: limits(100) });
    member.world.spend(100);
    expect(member.look()).toEqual(['total 100']);
    member.world.change({ limits: limits(110) });
    member.world.spend(10);
    expect(member.look()).toEqual(['total 100']);
    expect(member.look()).toEqual([]);
  });

  it('comes where a limit is lowered below what is spent', () => {
    const member = new Warned({ limits: limits(1_000) });
    member.world.spend(100);
    expect(member.look()).toEqual([]);
    member.world.change({ limits: limits(120) });
    expect(member.look()).toEqual(['total 80']);
  });

  it('goes by what was granted, while it lasts', () => {
    const member = new Warned({ limits: limits(100) });
    member.world.spend(100);
    expect(member.look()).toEqual(['total 100']);
    const untilMs = member.world.nowMs + HOUR_MS;
    member.world.change({ extras: [{ limit: 'total', amount: limits(100).total as never, untilMs }] });
    expect(member.look()).toEqual([]);
    member.world.spend(60);
    expect(member.look()).toEqual(['total 80']);
    member.world.pass(HOUR_MS);
    expect(member.look()).toEqual(['total 100']);
  });

  it('never comes of a status older than the last', () => {
    const member = new Warned({ limits: limits(100) });
    member.world.spend(60);
    const [old] = member.levels();
    member.world.pass(1);
    member.world.spend(30);
    const [now] = member.levels();
    if (!old || !now) throw new Error('there is a limit');
    expect(nextWarning({ ...now, percent: 0 }, { ...old, spent: now.spent }, USUAL)).toBeNull();
    expect(nextWarning({ ...now, percent: 0 }, now, USUAL)).toBeNull();
  });
});

describe('a key', () => {
  const key = (name: string, of = limits()) => keyPolicy({ keyId: `key_${name}`, hash: `hash-${name}`, limits: of });

  it('is warned of by limits of its own and what it spent of them itself; a key without any is not', () => {
    const keys = [key('a', limits(100, day(50))), key('b', limits(null, day(90))), key('c')];
    const world = new LedgerWorld({ limits: limits(1_000), keys });
    world.spend(30);
    for (const name of ['b', 'c']) {
      const attempt = world.hold(9, { keyHash: `hash-${name}` });
      world.settle(attempt, 9);
    }
    const told = world.ledger.limitedKeys(['key_a', 'key_b', 'key_c', 'key_deleted']);
    expect(Object.keys(told)).toEqual(['key_a', 'key_b']);
    const levels = Object.values(told).flatMap((status) => levelsOf({ atMs: world.nowMs, status }));
    expect(levels.map(({ limit, spent, limitAmount }) => [limit, spent, limitAmount])).toEqual([
      ['total', 30, 100],
      ['period', 30, 50],
      ['period', 9, 90],
    ]);
    expect(Object.keys(world.ledger.limitedKeys(['key_b']))).toEqual(['key_b']);
  });

  it('is not taken to begin anew with its member’s cycle', () => {
    const world = new LedgerWorld({ totalBasis: 'cycle', limits: limits(1_000), keys: [key('a', limits(100))] });
    const level = () =>
      levelsOf({ atMs: world.nowMs, status: world.ledger.limitedKeys(['key_a']).key_a as LimitStatus });
    world.change({ cycle: 1 });
    world.spend(60);
    const [before] = level();
    world.pass(DAY_MS);
    world.change({ cycle: 2 });
    expect([before?.spent, level()[0]?.spent]).toEqual([60, 60]);
    expect(level()[0]?.windowStart).toBe(before?.windowStart);
  });
});

describe('a limit in a warning', () => {
  it.each([
    [557_225_743_550, '$557.22'],
    [40_100_000_000, '$40.10'],
    [8_000_000_001, '$8'],
    [10_000_000, '$0.01'],
    [9_999_999, '$0.009999999'],
  ])('of which %s nanodollars are spent says %s', (spent, words) => {
    const member = new Warned({ limits: limits(1_000_000_000_000) });
    member.world.spend(spent);
    expect(member.levels().map(({ about }) => about.spent)).toEqual([words]);
  });

  it.each([
    ['calendar', 1, 'month', '$0.0000001 a calendar month'],
    ['calendar', 2, 'week', '$0.0000001 every 2 weeks'],
    ['rolling', 1, 'day', '$0.0000001 in any day'],
    ['rolling', 30, 'day', '$0.0000001 in any 30 days'],
    ['first-use', 3, 'hour', '$0.0000001 in the 3 hours from its first use'],
  ] as const)('%s of %s %s reads as people say it', (kind, value, unit, words) => {
    const member = new Warned({
      limits: limits(null, { ...day(100), window: { kind, value, unit, timeZone: 'UTC' } }),
    });
    expect(member.levels().map(({ about }) => about.limit)).toEqual([words]);
  });
});
