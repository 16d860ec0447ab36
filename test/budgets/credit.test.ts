/** The organization's credit as a limit of the member's ledger: when it is asked for, when it refuses, what counts in it. */
import { describe, expect, it } from 'vitest';
import { CreditLine } from '../../src/budgets/credit-line.ts';
import { type MemberLease, NO_LEASE, type SyncMessage } from '../../src/budgets/lease.ts';
import type { MemberPolicy } from '../../src/budgets/policy.ts';
import type { AuthorizeRequest } from '../../src/budgets/protocol.ts';
import { LIMITS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';
import { ABOUT } from '../support/about.ts';
import { keyPolicy, LedgerWorld, limits } from '../support/ledger-world.ts';

/** A metered member whose wallet has granted `granted` of a `balance`. */
function metered(granted: number, balance = granted, changes: Partial<MemberPolicy> = {}): LedgerWorld {
  const world = new LedgerWorld({ metered: true, ...changes });
  say(world, { granted, balance });
  return world;
}

/** The wallet speaks. */
function say(world: LedgerWorld, { granted, balance }: { granted: number; balance: number }): void {
  const { heard: _, ...lease }: MemberLease = world.ledger.credit.lease();
  world.ledger.credit.hear({ ...lease, granted: nanos(granted), balance: nanos(balance) });
}

/** What an authorize answers while the wallet has not been asked: what is lacking, or the refusal, or null. */
function first(world: LedgerWorld, amount: number | null, changes: Partial<AuthorizeRequest> = {}) {
  const answer = world.ledger.authorize(world.request(amount, changes));
  if ('lacks' in answer) return answer.lacks;
  return answer.granted ? null : answer.refusal.kind;
}

describe('credit', () => {
  it('admits as far as the lease reaches, without a word to the wallet, and asks beyond', () => {
    const world = metered(100);
    world.hold(60);
    world.hold(40);
    expect(first(world, 1)).toBe(1);
  });

  it('is not asked for where the organization is not metered', () => {
    const world = new LedgerWorld();
    expect(first(world, 1_000_000)).toBeNull();
    world.settle(world.hold(10), 10);
    expect(world.ledger.credit.lease()).toBe(NO_LEASE);
    expect(world.ledger.credit.owesNews()).toBe(false);
    expect(world.ledger.credit.askAhead(nanos(1))).toBeNull();
  });

  it('refuses for good what the organization has not, and for now what others hold', () => {
    const world = metered(100, 500);
    world.hold(70);
    expect(world.authorize(501)).toEqual({ granted: false, refusal: { kind: 'insufficient_credits', remaining: 30 } });
    expect(world.authorize(31)).toEqual({ granted: false, refusal: { kind: 'credits_in_flight', remaining: 30 } });
    expect(world.refusal(30)).toBeNull();
  });

  it('that is gone refuses for good, also with money in flight', () => {
    const world = metered(100);
    world.settle(world.hold(100), 100);
    say(world, { granted: 100, balance: 0 });
    expect(world.refusal(1)).toBe('insufficient_credits');
    expect(world.refusal(0)).toBeNull();
  });

  it('refuses what has no price', () => {
    expect(first(metered(100), null)).toBe('price_unknown');
  });

  it('is what was settled, not what was only gathered', () => {
    const world = metered(100);
    const id = world.hold(100);
    world.ledger.gather({ kind: 'release', request: { attemptId: id, ticket: world.ticket(id) } });
    expect(first(world, 100)).toBeNull();
  });

  it.each<['exactly' | 'at_least', number | null, number]>([
    // What is not needed whole: the lease may have less, and asks only for what the organization may have.
    ['exactly', null, 501],
    ['exactly', 500, 500],
    ['at_least', 501, 501],
  ])('does with a fallback (%s): asks for %s of %s', (kind, asked, amount) => {
    const world = metered(100, 500);
    const otherwise = { kind, amount: nanos(50) };
    expect(first(world, amount, { otherwise })).toBe(asked);
    const { granted, ticket } = world.authorize(amount, { otherwise }) as { granted: true; ticket: { amount: number } };
    expect(granted).toBe(true);
    if (asked !== null) expect(ticket.amount).toBe(kind === 'exactly' ? 50 : 100);
  });
});

describe('the order of refusals', () => {
  const all = (changes: Partial<MemberPolicy>, balance = 0) => metered(0, balance, changes);
  const slow = keyPolicy({ throttles: { requestsPerMinute: 0, tokensPerMinute: null, concurrency: null } });

  it.each<[string, LedgerWorld, string]>([
    ['a limit that is reached', all({ limits: limits(0), keys: [slow] }), 'exhausted member_total'],
    ['a limit too small', all({ limits: limits(5), keys: [slow] }), 'request_exceeds_budget member_total'],
    ['a rate', all({ keys: [slow] }), 'rate_limited'],
    ['no credit', all({}), 'insufficient_credits'],
  ])('names %s first', (_, world, refusal) => {
    expect(world.refusal(10)).toBe(refusal);
  });

  it('names no credit before money held by others, and that before credit held by others', () => {
    const world = metered(10, 10, { limits: limits(10) });
    world.hold(10);
    say(world, { granted: 10, balance: 5 });
    expect(world.refusal(10)).toBe('insufficient_credits');
    say(world, { granted: 10, balance: 10 });
    expect(world.refusal(10)).toBe('budget_in_flight member_total');
  });
});

describe('a running attempt', () => {
  it('grows within the lease, asks beyond it, and is refused by what there is', () => {
    const world = metered(100, 300);
    const id = world.hold(60);
    expect(world.extend(id, 100, 0).extended).toBe(true);
    const more = {
      ticket: world.ticket(id),
      about: world.request(1).about,
      toAmount: nanos(150),
      chargeAtExpiry: nanos(0),
      report: 9,
    };
    expect(world.ledger.extend(more)).toEqual({ lacks: 50 });
    // Held by others: the attempt's own 100 are as good as spent.
    expect(world.extend(id, 150, 0)).toEqual({
      extended: false,
      refusal: { kind: 'credits_in_flight', remaining: 0 },
    });
    expect(world.extend(id, 301, 0)).toMatchObject({ refusal: { kind: 'insufficient_credits' } });
    say(world, { granted: 150, balance: 300 });
    expect(world.extend(id, 150, 0).extended).toBe(true);
  });
});

describe('a running attempt beside another that was only not written yet', () => {
  it('may grow by what that frees', () => {
    const world = metered(100);
    const other = world.hold(50);
    const id = world.hold(50);
    world.ledger.gather({ kind: 'release', request: { attemptId: other, ticket: world.ticket(other) } });
    expect(world.extend(id, 100, 0).extended).toBe(true);
  });
});

describe("an attempt with a provider key of the organization's own", () => {
  const about = { ...ABOUT, providerKeyId: 'pvk_a' };
  const own = { about };

  /** What is spent, given back and free of the lease. */
  const lease = (world: LedgerWorld) => {
    const { spent, reversed } = world.ledger.credit.lease();
    return { spent, reversed };
  };

  it('spends nothing of the wallet and needs nothing there, while budgets and keys count it', () => {
    const world = metered(0, 0, { limits: limits(100), keys: [keyPolicy({ limits: limits(80) })] });
    expect(world.refusal(1)).toBe('insufficient_credits');
    world.settle(world.hold(60, own), 50);
    expect(lease(world)).toEqual({ spent: 0, reversed: 0 });
    expect([world.member().usage, world.ledger.status({ keyId: 'key_a' }).usage]).toEqual([50, 50]);
    expect(world.refusal(31, own)).toBe('request_exceeds_budget api_key_total');
    expect(world.ledger.unshipped()[0]).toMatchObject({ costNanos: 50, providerKeyId: 'pvk_a' });
    expect(world.ledger.credit.owesNews()).toBe(false);
  });

  it('holds nothing of the lease: others may have all of it, and what is free can be given back', () => {
    const world = metered(100);
    world.hold(1_000, own);
    expect(world.refusal(101)).toBe('insufficient_credits');
    expect(world.refusal(100)).toBeNull();
    const other = metered(100);
    other.hold(1_000, own);
    other.hold(40);
    expect(other.ledger.credit.giveBack(nanos(1_000)).returned).toBe(60);
    expect(other.ledger.credit.askFor(nanos(7)).want).toBe(47);
  });

  it('grows, ends, expires and is corrected without the wallet, as a hold that it pays for does not', () => {
    const world = metered(100);
    const id = world.hold(50, own);
    expect(world.extend(id, 500, 400).extended).toBe(true);
    world.release(world.hold(70, own));
    world.pass(LIMITS.holdTtlMs + LIMITS.holdGraceMs);
    world.ledger.expireHolds();
    expect([world.member().usage, lease(world)]).toEqual([400, { spent: 0, reversed: 0 }]);
    world.settle(id, 30, { about });
    expect([world.member().usage, lease(world)]).toEqual([30, { spent: 0, reversed: 0 }]);
    // Nothing of the lease came or went with it.
    expect(world.refusal(101)).toBe('insufficient_credits');
    world.settle(world.hold(100), 100);
    expect(lease(world)).toEqual({ spent: 100, reversed: 0 });
  });

  it('is asked for a price by limits only', () => {
    expect(metered(0, 0).refusal(null, own)).toBeNull();
    expect(metered(0, 0, { limits: limits(1) }).refusal(null, own)).toBe('price_unknown');
  });

  it.each([
    ['from its row', 5_000],
    ['from what a crash left of it', 0],
  ])('is still its own after the object has begun again, %s', (_, ageMs) => {
    const world = metered(1_000);
    const id = world.hold(10, own);
    const paid = world.hold(10);
    if (ageMs > 0) {
      world.pass(ageMs);
      world.ledger.beat();
    }
    world.restart();
    world.settle(id, 8, { about });
    world.settle(paid, 9);
    expect([world.member().usage, lease(world)]).toEqual([17, { spent: 9, reversed: 0 }]);
    world.pass(LIMITS.holdTtlMs + LIMITS.holdGraceMs);
    world.ledger.expireHolds();
    expect(world.ledger.credit.giveBack(nanos(1_000)).returned).toBe(991);
  });

  it('goes on as it began when the organization becomes metered, or is no more', () => {
    const world = new LedgerWorld();
    const id = world.hold(50, own);
    world.change({ metered: true });
    say(world, { granted: 10, balance: 10 });
    expect(world.extend(id, 90, 0).extended).toBe(true);
    world.settle(id, 90, { about });
    expect([world.member().usage, lease(world)]).toEqual([90, { spent: 0, reversed: 0 }]);
    const other = world.hold(20, own);
    world.change({ metered: false });
    world.settle(other, 20, { about });
    expect([world.member().usage, lease(world)]).toEqual([110, { spent: 0, reversed: 0 }]);
  });

  it('asks for nothing ahead of need', async () => {
    const asked: SyncMessage[] = [];
    const world = metered(5, 1_000_000);
    const line = new CreditLine(
      world.ledger,
      async (message) => {
        asked.push(message);
        return world.ledger.credit.lease();
      },
      () => world.nowMs,
    );
    line.lookAhead(nanos(5), about);
    expect(asked).toEqual([]);
    line.lookAhead(nanos(5), ABOUT);
    expect(asked).toHaveLength(1);
  });
});

describe('a lease', () => {
  it('is spent by settlements, expiries and their corrections', () => {
    const world = metered(1_000);
    world.settle(world.hold(100), 80);
    const id = world.hold(100);
    world.pass(LIMITS.holdTtlMs + LIMITS.holdGraceMs);
    world.ledger.expireHolds();
    expect(world.ledger.credit.lease()).toMatchObject({ spent: 180, reversed: 0 });
    world.settle(id, 30);
    expect(world.ledger.credit.lease()).toMatchObject({ spent: 180, reversed: 70 });
    world.restart();
    expect(world.ledger.credit.lease()).toMatchObject({ granted: 1_000, spent: 180, reversed: 70, heard: true });
  });

  it('counts as held what a crash left of young holds, until nobody can claim it', () => {
    const world = metered(1_000);
    world.hold(10);
    world.restart();
    const held = world.member().held;
    expect(held).toBeGreaterThanOrEqual(10);
    expect(world.ledger.credit.giveBack(nanos(1_000)).returned).toBe(1_000 - held);
    expect(world.refusal(1)).toBe('credits_in_flight');
    world.pass(LIMITS.holdTtlMs + LIMITS.holdGraceMs);
    world.ledger.expireHolds();
    expect(world.refusal(held)).toBeNull();
  });

  it('gives back nothing that is held, and nothing twice', () => {
    const world = metered(100);
    world.hold(60);
    expect(world.ledger.credit.giveBack(nanos(10)).returned).toBe(10);
    expect(world.ledger.credit.giveBack(nanos(10)).returned).toBe(10);
    expect(world.ledger.credit.giveBack(nanos(100)).returned).toBe(40);
    world.restart();
    expect(world.ledger.credit.tell().returned).toBe(40);
  });

  it('is given back whole when the organization is metered no more, and the wallet is told', () => {
    const world = metered(100);
    const id = world.hold(60);
    world.change({ metered: false });
    expect(world.ledger.credit.lease()).toMatchObject({ granted: 100, returned: 100, spent: 0 });
    world.settle(id, 60);
    expect(world.ledger.credit.lease().spent).toBe(0);
    expect(world.ledger.credit.owesNews()).toBe(true);
    expect(world.ledger.nextWakeAtMs()).not.toBeNull();
    // Also what the wallet grants only now, and also after a restart.
    say(world, { granted: 150, balance: 500 });
    expect(world.ledger.credit.lease().returned).toBe(150);
    world.restart();
    expect(world.ledger.credit.owesNews()).toBe(true);
    say(world, { granted: 150, balance: 500 });
    expect(world.ledger.credit.owesNews()).toBe(false);
  });

  it('covers what was in flight when the organization became metered', () => {
    const world = new LedgerWorld();
    world.hold(60);
    world.change({ metered: true });
    expect(first(world, 40)).toBe(40);
    expect(world.ledger.credit.askFor(nanos(40)).want).toBe(100);
    say(world, { granted: 100, balance: 100 });
    expect(first(world, 41)).toBe(41);
    expect(first(world, 40)).toBeNull();
  });

  it('that was overspent is told the wallet unasked, once', () => {
    const world = metered(100);
    world.settle(world.hold(100), 99);
    expect(world.ledger.credit.owesNews()).toBe(false);
    world.settle(world.hold(1), 51);
    expect(world.ledger.credit.owesNews()).toBe(true);
    expect(world.ledger.credit.tell()).toMatchObject({ spent: 150, want: 0 });
    // Also where the wallet has nothing to cover it with.
    say(world, { granted: 100, balance: -50 });
    expect(world.ledger.credit.owesNews()).toBe(false);
  });

  it('that a correction lowered is told unasked, once: a wallet that takes all of it for spent would never ask', () => {
    const world = metered(100);
    const id = world.hold(100);
    world.pass(LIMITS.holdTtlMs + LIMITS.holdGraceMs);
    world.ledger.expireHolds();
    say(world, { granted: 100, balance: 0 });
    expect(world.ledger.credit.owesNews()).toBe(false);
    world.settle(id, 30);
    expect(world.ledger.credit.owesNews()).toBe(true);
    expect(world.ledger.nextWakeAtMs()).toBeLessThanOrEqual(world.nowMs + LIMITS.shipDelayMs);
    expect(world.ledger.credit.tell()).toMatchObject({ spent: 100, reversed: 70 });
    say(world, { granted: 100, balance: 70 });
    expect(world.ledger.credit.owesNews()).toBe(false);
  });

  it('that is metered no more tells what was spent of it until then, also where nothing comes back', () => {
    const world = metered(100);
    const { heard: _, ...before } = world.ledger.credit.lease();
    world.settle(world.hold(100), 100);
    world.change({ metered: false });
    expect(world.ledger.credit.owesNews()).toBe(true);
    // The answer to something it was told earlier.
    world.ledger.credit.hear(before);
    expect(world.ledger.credit.owesNews()).toBe(true);
    say(world, { granted: 100, balance: 0 });
    expect(world.ledger.credit.owesNews()).toBe(false);
  });

  it('that was overspent is asked ahead for what comes, not for less than nothing', () => {
    const world = metered(100, 10_000);
    const open = world.request(1);
    world.ledger.authorize(open);
    world.settle(world.hold(50), 150);
    expect(world.ledger.credit.askAhead(nanos(1))?.want).toBe(1);
  });

  it('asks with a number that was never used, whatever became of the ones before', () => {
    const world = metered(100);
    const numbers = [1, 2].map(() => world.ledger.credit.askFor(nanos(1)).ask);
    world.pass(2);
    world.restart();
    numbers.push(world.ledger.credit.askFor(nanos(1)).ask);
    expect(new Set(numbers).size).toBe(3);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });
});
