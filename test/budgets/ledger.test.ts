import { describe, expect, it } from 'vitest';
import type { WindowUnit } from '../../src/budgets/windows.ts';
import { DAY_MS, HOUR_MS, LIMITS, MINUTE_MS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';
import { settlementOf } from '../support/about.ts';
import { day, keyPolicy, LedgerWorld, limits } from '../support/ledger-world.ts';

const FULL_EXPIRY_MS = LIMITS.holdTtlMs + LIMITS.holdGraceMs;

describe('admission', () => {
  it('admits up to the limit exactly and not a nanodollar more', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    expect(world.refusal(60)).toBeNull();
    expect(world.refusal(41)).toBe('budget_in_flight member_total');
    expect(world.refusal(40)).toBeNull();
    expect(world.refusal(1)).toBe('budget_in_flight member_total');
    expect(world.member().held).toBe(100);
  });

  it('says budget_in_flight while money is only held, exhausted once it is spent', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    const id = world.hold(100);
    expect(world.refusal(10)).toBe('budget_in_flight member_total');
    world.settle(id, 100);
    expect(world.refusal(10)).toBe('exhausted member_total');
  });

  it('says request_exceeds_budget when even an idle budget would not do', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    world.spend(70);
    expect(world.refusal(31)).toBe('request_exceeds_budget member_total');
    expect(world.refusal(30)).toBeNull();
  });

  it.each([
    ['member total', { limits: limits(0) }, 'exhausted member_total'],
    ['member period', { limits: limits(null, day(0)) }, 'exhausted member_period'],
    ['key total', { keys: [keyPolicy({ limits: limits(0) })] }, 'exhausted api_key_total'],
    ['key period', { keys: [keyPolicy({ limits: limits(null, day(0)) })] }, 'exhausted api_key_period'],
  ])('blocks everything at a %s of 0, also what is free', (_, changes, refusal) => {
    expect(new LedgerWorld(changes).refusal(0)).toBe(refusal);
  });

  it('names the first exhausted scope and lists the others', () => {
    const world = new LedgerWorld({ limits: limits(10, day(10)), keys: [keyPolicy({ limits: limits(10) })] });
    world.spend(10);
    const admission = world.authorize(1);
    expect(admission).toMatchObject({
      granted: false,
      refusal: {
        kind: 'exhausted',
        view: { scope: 'member_total', limit: 10, spent: 10, held: 0, remaining: 0 },
        alsoExhausted: ['member_period', 'api_key_total'],
      },
    });
  });

  it('lets all keys of a member share its pool, and a key narrow it', () => {
    const keys = [keyPolicy({ limits: limits(50) }), keyPolicy({ keyId: 'key_b', hash: 'hash-b', limits: limits() })];
    const world = new LedgerWorld({ limits: limits(100), keys });
    world.spend(50);
    expect(world.refusal(1)).toBe('exhausted api_key_total');
    expect(world.refusal(51, { keyHash: 'hash-b' })).toBe('request_exceeds_budget member_total');
    expect(world.refusal(50, { keyHash: 'hash-b' })).toBeNull();
  });

  it.each([
    ['an unknown key', {}, { keyHash: 'forged' }, 'invalid_key'],
    ['a disabled key', { keys: [keyPolicy({ status: 'disabled' })] }, {}, 'invalid_key'],
    ['an expired key', { keys: [keyPolicy({ expiresAtMs: 1 })] }, {}, 'invalid_key'],
    ['a removed member', { active: false }, {}, 'invalid_key'],
    ['a project that is not granted', { keys: [keyPolicy({ projectGranted: false })] }, {}, 'project_not_granted'],
    ['an archived project', { keys: [keyPolicy({ projectArchived: true })] }, {}, 'project_archived'],
  ])('refuses %s before looking at money', (_, policy, request, refusal) => {
    expect(new LedgerWorld({ limits: limits(0), ...policy }).refusal(1, request)).toBe(refusal);
  });

  it('refuses an unknown price under any limit, and takes it where nothing is limited', () => {
    expect(new LedgerWorld({ limits: limits(100) }).refusal(null)).toBe('price_unknown');
    expect(new LedgerWorld().refusal(null)).toBeNull();
  });

  it('refuses an authorize that comes more than two minutes late', () => {
    const world = new LedgerWorld();
    const attemptId = world.newId();
    world.pass(LIMITS.authorizeAgeMsMax + 1);
    expect(world.refusal(1, { attemptId })).toBe('too_late');
  });
});

describe('a hold', () => {
  it('answers a repeated authorize with the same ticket and holds once', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    const attemptId = world.hold(60);
    expect(world.hold(60, { attemptId })).toBe(attemptId);
    expect(world.member().held).toBe(60);
  });

  it('is settled once, whatever is repeated or reordered', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    const id = world.hold(60);
    expect(world.settle(id, 50)).toEqual({ booked: true });
    expect(world.settle(id, 55)).toEqual({ booked: true });
    world.release(id);
    expect(world.refusal(1, { attemptId: id })).toBe('too_late');
    expect(world.member()).toMatchObject({ usage: 50, held: 0, lifetimeUsage: 50 });
    expect(world.ledger.unshipped()).toHaveLength(1);
  });

  it('is not settled after its release', () => {
    const world = new LedgerWorld();
    const id = world.hold(60);
    world.release(id);
    expect(world.settle(id, 50)).toEqual({ booked: false });
    expect(world.member()).toMatchObject({ usage: 0, held: 0 });
  });

  it('cannot come into being after its release', () => {
    const world = new LedgerWorld();
    const attemptId = world.newId();
    world.release(attemptId);
    expect(world.refusal(60, { attemptId })).toBe('too_late');
    expect(world.member().held).toBe(0);
  });

  it('books what a provider charged beyond it as an overrun', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    world.settle(world.hold(60), 70);
    expect(world.ledger.unshipped()[0]).toMatchObject({ costNanos: 70, overrunNanos: 10 });
    expect(world.member()).toMatchObject({ usage: 70, held: 0 });
  });

  it('grows to an absolute amount under the same check, and never shrinks', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    const attemptId = world.hold(60);
    const grow = (toAmount: number) => world.extend(attemptId, toAmount, toAmount);
    expect(grow(101)).toMatchObject({ extended: false, refusal: { kind: 'exhausted' } });
    const other = world.hold(20);
    expect(grow(90)).toMatchObject({ extended: false, refusal: { kind: 'budget_in_flight' } });
    world.release(other);
    expect(grow(100)).toMatchObject({ extended: true, ticket: { amount: 100 } });
    expect(grow(100)).toMatchObject({ extended: true, ticket: { amount: 100 } });
    expect(grow(10)).toMatchObject({ extended: true, ticket: { amount: 100 } });
    expect(world.member().held).toBe(100);
  });

  it.each([
    ['its key is disabled', { keys: [keyPolicy({ status: 'disabled' })] }, 'invalid_key'],
    ['its key is deleted', { keys: [] }, 'invalid_key'],
    ['its member is removed', { active: false }, 'invalid_key'],
    ['its project is taken away', { keys: [keyPolicy({ projectGranted: false })] }, 'project_not_granted'],
    ['its limit was lowered', { limits: limits(50) }, 'exhausted'],
  ])('is refused its next slice when %s', (_, change, kind) => {
    const world = new LedgerWorld({ limits: limits(100) });
    const attemptId = world.hold(60);
    world.change(change);
    const extension = world.extend(attemptId, 70, 60);
    expect(extension).toMatchObject({ extended: false, refusal: { kind } });
  });

  it('counts in both limits of its key and of its member', () => {
    const world = new LedgerWorld({
      limits: limits(100, day(100)),
      keys: [keyPolicy({ limits: limits(100, day(100)) })],
    });
    world.hold(60);
    world.restart();
    expect(world.refusal(41)).toBe('budget_in_flight member_total');
    expect(world.ledger.status({ keyId: 'key_a' })).toMatchObject({ held: 60, period: { held: 60, remaining: 40 } });
  });

  it('survives a restart, with everything that was settled', () => {
    const world = new LedgerWorld({ limits: limits(100, day(100)) });
    world.spend(30);
    const id = world.hold(50);
    world.restart();
    expect(world.member()).toMatchObject({ usage: 30, held: 50, remaining: 20, period: { usage: 30, remaining: 20 } });
    world.settle(id, 40);
    expect(world.ledger.unshipped().map((event) => event.n)).toEqual([1, 2]);
  });
});

describe('a hold whose Worker died', () => {
  it('is charged in full when nothing was ever reported, and not before ttl and grace', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    world.hold(60);
    world.pass(FULL_EXPIRY_MS - 1);
    world.ledger.expireHolds();
    expect(world.member()).toMatchObject({ usage: 0, held: 60 });
    world.pass(1);
    world.ledger.expireHolds();
    world.ledger.expireHolds();
    expect(world.member()).toMatchObject({ usage: 60, held: 0 });
    expect(world.ledger.unshipped()).toMatchObject([
      { outcome: 'expired', costNanos: 60, unresolvedNanos: 0, estimated: true },
    ]);
  });

  it('is charged what it last reported, and the rest is named as unresolved', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    const attemptId = world.hold(60);
    world.extend(attemptId, 60, 25);
    world.pass(FULL_EXPIRY_MS);
    world.restart();
    expect(world.ledger.nextWakeAtMs()).toBeLessThanOrEqual(world.nowMs);
    world.ledger.expireHolds();
    expect(world.ledger.unshipped()).toMatchObject([{ costNanos: 25, unresolvedNanos: 35 }]);
  });

  it('is corrected once when the Worker comes back, down as well as up', () => {
    for (const [cost, unresolved] of [
      [10, -35],
      [40, -35],
    ] as const) {
      const world = new LedgerWorld({ limits: limits(100, day(100)) });
      const attemptId = world.hold(60);
      world.extend(attemptId, 60, 25);
      world.pass(FULL_EXPIRY_MS);
      world.ledger.expireHolds();
      world.settle(attemptId, cost);
      world.settle(attemptId, cost);
      expect(world.member()).toMatchObject({ usage: cost, lifetimeUsage: cost, period: { usage: cost } });
      expect(world.ledger.unshipped()[1]).toMatchObject({
        outcome: 'correction',
        costNanos: cost - 25,
        requests: 0,
        unresolvedNanos: unresolved,
      });
    }
  });

  it('is refused an extension after it expired', () => {
    const world = new LedgerWorld();
    const attemptId = world.hold(60);
    world.pass(FULL_EXPIRY_MS);
    world.ledger.expireHolds();
    expect(world.extend(attemptId, 90, 90)).toEqual({
      extended: false,
      refusal: null,
    });
  });
});

describe('tombstones', () => {
  it('stay until they are shipped and fifteen minutes old', () => {
    const world = new LedgerWorld();
    const id = world.hold(60);
    world.settle(id, 60);
    world.pass(LIMITS.tombstoneMs + MINUTE_MS);
    world.spend(1);
    expect(world.settle(id, 60)).toEqual({ booked: true });
    world.ledger.confirmShipped(2);
    expect(world.settle(id, 60)).toEqual({ booked: false });
    expect(world.member().usage).toBe(61);
  });
});

describe('shipping from the ledger', () => {
  it('hands out events in a gapless sequence and forgets only what was confirmed', () => {
    const world = new LedgerWorld();
    for (const amount of [1, 2, 3]) world.spend(amount);
    expect(world.ledger.unshipped(2).map((event) => event.costNanos)).toEqual([1, 2]);
    world.ledger.confirmShipped(2);
    world.ledger.confirmShipped(1);
    world.restart();
    world.spend(4);
    expect(world.ledger.unshipped().map(({ n, costNanos }) => [n, costNanos])).toEqual([
      [3, 3],
      [4, 4],
    ]);
    expect(world.ledger.books(2)).toMatchObject({ settledUpTo: 3, unshipped: 2, sequence: 4 });
    expect(() => world.ledger.confirmShipped(5)).toThrow(/only 4/);
  });

  it('goes on counting after everything was shipped and the object restarted', () => {
    const world = new LedgerWorld();
    world.spend(1);
    world.ledger.confirmShipped(1);
    world.restart();
    world.spend(2);
    expect(world.ledger.unshipped().map((event) => event.n)).toEqual([2]);
  });

  it('counts refusals in one event a kind', () => {
    const world = new LedgerWorld({ limits: limits(0) });
    for (let i = 0; i < 5; i++) world.refusal(1);
    expect(world.ledger.nextWakeAtMs()).not.toBeNull();
    expect(world.ledger.unshipped()).toMatchObject([
      { outcome: 'refused', refusal: 'exhausted', requests: 5, costNanos: 0 },
    ]);
    expect(world.ledger.unshipped()).toHaveLength(1);
  });
});

describe('a policy', () => {
  it('is never replaced by an older one', () => {
    const world = new LedgerWorld();
    const old = world.policy;
    world.change({ limits: limits(5) });
    expect(world.ledger.configure(old)).toEqual({ generation: 1, n: 2 });
    expect(world.member().limits.total).toBe(5);
    expect(world.ledger.configure({ ...old, version: { generation: 2, n: 1 } })).toEqual({ generation: 2, n: 1 });
  });

  it('keeps what was spent when only the amount changes, and starts at zero with a new cycle', () => {
    const world = new LedgerWorld({ limits: limits(100), totalBasis: 'cycle', cycle: 1 });
    world.spend(60);
    world.change({ limits: limits(50) });
    expect(world.refusal(1)).toBe('exhausted member_total');
    world.change({ cycle: 2 });
    expect(world.member()).toMatchObject({ usage: 0, lifetimeUsage: 60, remaining: 50 });
    world.restart();
    expect(world.refusal(50)).toBeNull();
  });

  it('counts money that was spent before a period limit was set', () => {
    const world = new LedgerWorld();
    world.spend(60);
    world.change({ limits: limits(null, day(100)) });
    expect(world.member().period).toMatchObject({ usage: 60, remaining: 40 });
    world.pass(2 * DAY_MS);
    expect(world.member().period?.usage).toBe(0);
  });
});

describe('a changed period', () => {
  const period = (value: number, unit: WindowUnit) => ({
    limits: limits(null, { limit: nanos(100), window: { kind: 'rolling' as const, value, unit, timeZone: 'UTC' } }),
  });
  const ship = (world: LedgerWorld) => {
    const last = world.ledger.unshipped().at(-1);
    if (last) world.ledger.confirmShipped(last.n);
  };

  it.each([
    ['a month, an hour, and a month again', 1, 'month', 20, 1, 'hour'],
    ['a year, nothing, and a year again', 12, 'month', 200, null, 'hour'],
    ['nine weeks, a day, and nine weeks again', 9, 'week', 60, 1, 'day'],
  ] as const)('frees no money on the way of %s', (_, value, unit, ageDays, other, otherUnit) => {
    const world = new LedgerWorld(period(value, unit));
    world.spend(100);
    world.pass(ageDays * DAY_MS);
    world.change(other === null ? { limits: limits() } : period(other, otherUnit));
    if (other !== null) {
      // What counted at the change counts for one more of the new duration.
      expect(world.refusal(1)).toBe('exhausted member_period');
      world.pass({ hour: HOUR_MS, day: DAY_MS }[otherUnit]);
    }
    for (let i = 0; i < 3; i++) {
      world.spend(1);
      ship(world);
      world.restart();
      world.pass(MINUTE_MS);
    }
    expect(world.store.exec('SELECT sum(spent) AS spent FROM buckets WHERE scope = ?', 'member')).toEqual([
      { spent: 103 },
    ]);
    world.change(period(value, unit));
    expect(world.refusal(1)).toBe('exhausted member_period');
    // The archive's grain is six hours and five minutes: money comes back that much late at most.
    world.pass(({ month: 30, week: 7 }[unit] * value - ageDays) * DAY_MS + 7 * 3_600_000);
    expect(world.refusal(1)).toBeNull();
  });
});

describe('what arrives out of order', () => {
  it('(an older report) does not lower what an expiry charges', () => {
    const world = new LedgerWorld();
    const attemptId = world.hold(60);
    world.extend(attemptId, 60, 40, 2);
    world.extend(attemptId, 60, 10, 1);
    world.pass(FULL_EXPIRY_MS);
    world.ledger.expireHolds();
    expect(world.ledger.unshipped()).toMatchObject([{ costNanos: 40, unresolvedNanos: 20 }]);
  });

  it('(a correction after a new cycle) takes nothing from it, in whatever millisecond it began', () => {
    const world = new LedgerWorld({ limits: limits(1_000), totalBasis: 'cycle', cycle: 1 });
    const attemptId = world.hold(900);
    world.pass(FULL_EXPIRY_MS);
    world.ledger.expireHolds();
    world.change({ cycle: 2 });
    world.settle(attemptId, 100);
    expect(world.member()).toMatchObject({ usage: 0, lifetimeUsage: 100 });
  });

  it('(an authorize from the future) is refused like one from the past', () => {
    const world = new LedgerWorld();
    world.pass(LIMITS.authorizeAgeMsMax + 1);
    const attemptId = world.newId();
    world.pass(-LIMITS.authorizeAgeMsMax - 1);
    expect(world.refusal(1, { attemptId })).toBe('too_late');
  });
});

it('a Worker that comes back and cannot tell leaves its own bound unresolved, not that of the expiry', () => {
  const world = new LedgerWorld();
  const attemptId = world.hold(60);
  world.extend(attemptId, 60, 25);
  world.pass(FULL_EXPIRY_MS);
  world.ledger.expireHolds();
  world.settle(attemptId, 10, { unresolved: nanos(50) });
  const unresolved = world.ledger.unshipped().reduce((sum, event) => sum + event.unresolvedNanos, 0);
  expect(unresolved).toBe(50);
});

it('tokens of a settlement that is told twice count once against those of a minute', () => {
  const throttles = { requestsPerMinute: null, tokensPerMinute: 1_000, concurrency: null };
  const world = new LedgerWorld({ limits: limits(100), throttles });
  const id = world.hold(10);
  for (let told = 0; told < 2; told++) world.settle(id, 5, { inputTokens: 600 });
  expect(world.refusal(10)).toBeNull();
  world.settle(world.hold(10), 5, { inputTokens: 600 });
  expect(world.refusal(10)).toContain('rate_limited');
});

it('the tightest limit is told as it stands with the hold', () => {
  const world = new LedgerWorld({ limits: limits(100, day(80)), keys: [keyPolicy({ limits: limits(90) })] });
  expect(world.authorize(30)).toMatchObject({ tightest: { scope: 'member_period', held: 30, remaining: 50 } });
});

describe('a broken disk', () => {
  it('changes nothing in memory when a write fails', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    const id = world.hold(60);
    const { exec } = world.store;
    world.store.exec = ((sql: string, ...bindings: never[]) => {
      if (sql.includes('INSERT INTO outbox')) throw new Error('disk full');
      return exec.call(world.store, sql, ...bindings);
    }) as typeof exec;
    expect(() => world.settle(id, 50)).toThrow('disk full');
    world.store.exec = exec;
    expect(world.member()).toMatchObject({ usage: 0, held: 60 });
    world.settle(id, 50);
    expect(world.member()).toMatchObject({ usage: 50, held: 0 });
    expect(world.ledger.unshipped().map((event) => event.n)).toEqual([1]);
  });

  it('tells of no carried settlement that it is written when it could not be, nor because later ones are', () => {
    const world = new LedgerWorld({ limits: limits(100) });
    const id = world.hold(60);
    const { exec } = world.store;
    const handedOver = world.ledger.gatherCarried([settlementOf(world.ticket(id), 50)]);
    expect(handedOver).toMatchObject({ taken: 1, written: 0 });
    world.store.exec = ((sql: string, ...bindings: never[]) => {
      if (sql.includes('INSERT INTO outbox')) throw new Error('disk full');
      return exec.call(world.store, sql, ...bindings);
    }) as typeof exec;
    world.ledger.flush();
    expect(world.ledger.progressSince(handedOver)).toEqual(handedOver);
    world.store.exec = exec;
    const again = world.ledger.gatherCarried([settlementOf(world.ticket(id), 50)]);
    world.ledger.flush();
    expect(again.life).not.toBe(handedOver.life);
    expect(world.ledger.progressSince(again)).toEqual({ ...again, written: again.taken });
    expect(world.ledger.progressSince(handedOver)).toEqual(handedOver);
    expect(world.member()).toMatchObject({ usage: 50, held: 0 });
  });

  it('keeps its books to itself: an instance whose place another took may not know all that was settled', () => {
    const world = new LedgerWorld();
    world.spend(60);
    const { exec } = world.store;
    world.store.exec = ((sql: string, ...bindings: never[]) => {
      if (!/^\s*SELECT/.test(sql)) throw new Error('another instance has taken over');
      return exec.call(world.store, sql, ...bindings);
    }) as typeof exec;
    expect(() => world.ledger.books(0)).toThrow('taken over');
    world.store.exec = exec;
    expect(world.ledger.books(0)).toMatchObject({ unshipped: 1, settledUpTo: 0 });
  });
});
