/** The wallet and its leases, rule by rule; any life of them is wallet-model.test.ts. Amounts are nanodollars. */
import { describe, expect, it } from 'vitest';

import { NO_LEASE, type Recall, spend, syncMessage } from '../../src/budgets/lease.ts';
import { LIMITS, MINUTE_MS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';
import { WalletMember, WalletWorld } from '../support/wallet-world.ts';

function worldWith(credits: number, members = 2) {
  const world = new WalletWorld(members);
  if (credits > 0) world.post('top_up', credits);
  return { world, a: world.member(0), b: world.member(1) };
}

describe('a lease', () => {
  it('is what is lacking and something ahead, within a share of the balance', () => {
    const { world, a } = worldWith(1_000);
    expect(world.lend(a, 10)).toMatchObject({ granted: 10 + 10 * LIMITS.leaseRequests, ask: 1, balance: 1_000 });
    const { world: poor, a: member } = worldWith(100);
    expect(poor.lend(member, 10)).toMatchObject({ granted: 10 + 100 / LIMITS.leaseShare });
  });

  it('is exactly what is asked near zero, and never more than there is', async () => {
    const { world, a, b } = worldWith(10);
    expect(await a.ask(10)).toBe(true);
    expect(a.lease.granted).toBe(10);
    expect(await b.ask(1)).toBe(false);
    expect(world.status()).toEqual({ balance: 10, lent: 10, available: 0 });
  });

  it('of a member that spends fast lasts about a minute', async () => {
    const { world, a } = worldWith(10_000_000);
    for (let i = 0; i < 6_000; i++) {
      if (i === 3_000) world.syncs = 0;
      expect(await a.ask(10)).toBe(true);
      a.pay(10);
      world.pass(MINUTE_MS / 1_000);
    }
    // The second three minutes, once the wallet knows the pace.
    expect(world.syncs).toBeLessThanOrEqual(5);
  });

  it('shares with those who draw, not with those who are silent', async () => {
    const { world, a } = worldWith(1_000, 21);
    for (const idle of world.members.slice(1)) expect(await idle.ask(2)).toBe(true);
    world.pass(LIMITS.leaseActiveMs + 1);
    expect(await a.ask(world.status().available + 1)).toBe(true);
    // All that is the newcomer's alone: not a twentieth of it, for which it would have to ask again at once.
    expect(a.lease.granted).toBeGreaterThan(1_000 / LIMITS.leaseShare);
  });

  it('is granted once for one ask, however often and late that is told', () => {
    const { world, a } = worldWith(100_000);
    const first = a.message(10);
    const { granted } = world.wallet.sync(first);
    for (let i = 0; i < 3; i++) expect(world.wallet.sync(first).granted).toBe(granted);
    // The answer was lost: the member asks again with the same number, for more.
    expect(world.wallet.sync(a.message(500)).granted).toBe(granted);
    a.ledger.credit.hear(world.wallet.sync(a.message()));
    expect(world.lend(a, 500).granted).toBeGreaterThan(granted);
    const now = a.lease.granted;
    expect(world.wallet.sync(first).granted).toBe(now);
  });

  it('is not granted again where only the answer was lost, and is where a recall took what the ask counted on', () => {
    const { world, a, b } = worldWith(100);
    world.lend(a, 30);
    const enough = a.unspent;
    expect(world.lend(a, enough)).toMatchObject({ granted: enough });
    const ask = a.message(enough);
    world.lend(b, 100);
    expect(a.unspent).toBe(0);
    b.ledger.credit.giveBack(nanos(100));
    world.tell(b);
    const { granted, returned } = world.wallet.sync(ask);
    expect(returned).toBe(enough);
    expect(granted - returned).toBeGreaterThanOrEqual(enough);
  });

  it('does not end by time', () => {
    const { world, a, b } = worldWith(10);
    world.lend(a, 10);
    world.pass(365 * 24 * 60 * MINUTE_MS);
    expect(world.wallet.sync(b.message(5)).granted).toBe(0);
    expect(a.take(10)).toBe(true);
  });
});

describe('what a member asks for', () => {
  it('covers what it holds and what waits', () => {
    const { world, a } = worldWith(1_000);
    expect(a.ledger.credit.askFor(nanos(7)).want).toBe(7);
    world.lend(a, 3);
    a.take(2);
    expect(a.ledger.credit.askFor(nanos(7)).want).toBe(9);
  });

  it('is not what it overspent: that is covered before', async () => {
    const { a } = worldWith(1_000);
    expect(await a.ask(2)).toBe(true);
    a.pay(a.unspent + 40);
    expect(a.unspent).toBe(-40);
    expect(a.ledger.credit.askFor(nanos(5)).want).toBe(5);
    expect(await a.ask(5)).toBe(true);
  });

  it('ahead of need is nothing while it has room, or while the organization is nearly out of money', () => {
    const { world, a } = worldWith(10_000);
    world.lend(a, 10);
    expect(a.ledger.credit.askAhead(nanos(10))).toBeNull();
    while (a.available >= LIMITS.leaseLowRequests * 10) a.take(10);
    expect(a.ledger.credit.askAhead(nanos(10))).toMatchObject({ want: a.unspent + 10 });
    expect(a.ledger.credit.askAhead(nanos(0))).toBeNull();
    const { world: poor, a: last } = worldWith(10 * LIMITS.leaseScarceRequests - 1);
    poor.lend(last, 10);
    while (last.take(10));
    expect(last.ledger.credit.askAhead(nanos(10))).toBeNull();
  });

  it('ahead of need is asked once where there is nothing to be had, not with every request', async () => {
    const { world, a, b } = worldWith(2_000);
    world.lend(b, 2_000);
    expect(b.take(1_900)).toBe(true);
    b.ledger.credit.giveBack(nanos(100));
    world.tell(b);
    expect(await a.ask(20)).toBe(true);
    while (a.available >= 20) expect(await a.ask(20)).toBe(true);
    expect(world.syncs).toBe(2);
  });
});

describe('requests of one member that lack credit at once', () => {
  it('call the wallet once for all, and those that come meanwhile once more', async () => {
    const { world, a } = worldWith(1_000_000);
    const some = Array.from({ length: 40 }, () => a.ask(100));
    expect(await Promise.all(some)).not.toContain(false);
    expect(world.syncs).toBe(2);
  });

  it('are served as far as there is money, the rest refused at once', async () => {
    const { world, a } = worldWith(1_000);
    const granted = (await Promise.all(Array.from({ length: 40 }, () => a.ask(100)))).filter(Boolean);
    expect(granted.length).toBe(10);
    expect(world.syncs).toBe(2);
  });

  it('are not refused because others of them took what the wallet had counted on', async () => {
    const { world, a } = worldWith(100);
    world.lend(a, 100);
    world.post('top_up', 50);
    const carry = world.carry.bind(world);
    world.carry = async (message, from) => {
      // The wallet gives the 50 that are lacking beside the 100; of those another request takes some meanwhile.
      if (world.syncs === 0) expect(a.take(100)).toBe(true);
      const said = await carry(message, from);
      world.post('top_up', 100, 'once');
      return said;
    };
    expect(await a.ask(150)).toBe(true);
    expect(world.syncs).toBe(2);
  });
});

describe('recall', () => {
  it('makes the last nanodollar spendable by anyone', async () => {
    const { world } = worldWith(1_000, 5);
    for (const member of world.members) world.lend(member, 150);
    expect(world.status().available).toBeLessThan(300);
    for (const member of world.members) {
      expect(await member.ask(1_000)).toBe(true);
      expect(world.status()).toEqual({ balance: 1_000, lent: 1_000, available: 0 });
      member.letGo();
    }
    const last = world.member(3);
    expect(await last.ask(1_000)).toBe(true);
    last.pay(999);
    expect(await world.member(0).ask(1)).toBe(true);
    expect(await world.member(1).ask(1)).toBe(false);
  });

  it('takes the largest leases first, for as much as the whole new lease lacks, and never what is held', () => {
    const { world, a, b } = worldWith(1_000, 4);
    const c = world.member(2);
    world.wallet.sync(b.message(300));
    world.wallet.sync(c.message(100));
    const rest = world.status().available;
    const largest = world.walletSide(b).granted;
    const recalls = world.wallet.recallsFor(a.message(rest + largest + 1), new Map());
    expect(recalls.map(({ memberId }) => memberId)).toEqual([b.id, c.id]);
    expect(world.wallet.recallsFor(a.message(rest), new Map())).toEqual([]);
    expect(world.wallet.recallsFor(a.message(rest + 1), new Map([[b.id, nanos(1)]]))).toMatchObject([
      { memberId: c.id },
    ]);

    // b never heard of its lease: the recall tells it, so that nothing is stranded by an answer that was lost.
    const [fromB] = recalls;
    if (!fromB) throw new Error('nobody to ask');
    expect(b.lease).toEqual(NO_LEASE);
    b.ledger.credit.hear(fromB);
    b.take(b.available - 5);
    expect(b.returnLease(fromB).returned).toBe(5);
  });

  it('asks a member again for more, where the largest lease turns out to be held', () => {
    const { world, a, b } = worldWith(100, 3);
    for (const [member, amount] of [
      [a, 50],
      [b, 45],
    ] as const) {
      world.lend(member, amount);
      expect(member.take(amount)).toBe(true);
      member.ledger.credit.giveBack(nanos(1_000));
      world.tell(member);
      if (member === b) b.letGo();
    }
    const c = world.member(2);
    const [first, second] = world.wallet.recallsFor(c.message(40), new Map());
    expect([first?.memberId, second?.memberId]).toEqual([a.id, b.id]);
    expect(second?.returnTo).toBeLessThan(b.lease.returned + b.unspent);
    world.lend(c, 40);
    expect(c.available).toBeGreaterThanOrEqual(40);
  });

  it('asks nobody for an ask that was answered before', () => {
    const { world, a, b } = worldWith(100);
    world.lend(b, 100);
    const ask = a.message(50);
    world.wallet.sync(ask);
    expect(world.wallet.recallsFor(ask, new Map())).toEqual([]);
  });

  it('gives back durably first: told again it gives no more, and what it gave is not spendable here', () => {
    const { world, a, b } = worldWith(100);
    world.lend(a, 100);
    const [recall] = world.wallet.recallsFor(b.message(60), new Map());
    if (!recall) throw new Error('nobody to ask');
    const told = a.returnLease(recall);
    const given = told.returned;
    expect(given).toBeGreaterThanOrEqual(60);
    expect(a.available).toBe(100 - given);
    for (let i = 0; i < 2; i++) world.wallet.sync(told);
    expect(world.status()).toEqual({ balance: 100, lent: 100 - given, available: given });
    expect(a.returnLease(recall)).toEqual(told);
  });

  it('finds what waits for credit served first, so that it takes away nothing that was asked for', async () => {
    const { world, a, b } = worldWith(100);
    let recall: Recall | null = null;
    // The answer to a is overtaken by a recall for b.
    world.carry = async (message) => {
      world.wallet.sync(message);
      [recall = null] = world.wallet.recallsFor(b.message(100), new Map());
      if (recall) world.wallet.sync(a.returnLease(recall));
      throw new Error('lost');
    };
    expect(await a.ask(60)).toBe(true);
    expect(recall).not.toBeNull();
    expect(a.available).toBe(0);
    expect(world.status().available).toBe(40);
  });
});

describe('entries', () => {
  it('are posted once by their id, with the credits so far beside each', () => {
    const { world } = worldWith(0);
    expect(world.post('top_up', 500, 'x')).toBe('posted');
    expect(world.post('top_up', 500, 'x')).toBe('known');
    expect(world.post('top_up', 501, 'x')).toBe('conflict');
    expect(world.post('refund', 500, 'x')).toBe('conflict');
    expect(world.post('refund', 200, 'y')).toBe('posted');
    world.restart();
    expect(world.wallet.status()).toEqual({
      balance: 300,
      lent: 0,
      available: 300,
      entries: [
        { id: 'y', kind: 'refund', amount: -200, credits: 300n, atMs: world.nowMs },
        { id: 'x', kind: 'top_up', amount: 500, credits: 500n, atMs: world.nowMs },
      ],
    });
  });

  it('add up exactly beyond the largest safe number', async () => {
    const { world, a } = worldWith(0);
    const million = 1_000_000 * 1e9;
    for (let i = 0; i < 5; i++) world.post('top_up', million + 1);
    for (const member of world.members) {
      expect(await member.ask(2 * million)).toBe(true);
      member.pay(2 * million);
      world.tell(member);
    }
    for (let i = 0; i < 6; i++) world.post('top_up', million + 1);
    expect(world.wallet.status().entries[0]?.credits).toBe(11n * (BigInt(million) + 1n));
    expect(world.status().balance).toBe(7 * million + 11);
    expect(a.net).toBe(2 * million);
  });

  it('refuse what would make the balance larger than can be counted exactly, whole', () => {
    const { world } = worldWith(0);
    const million = 1_000_000 * 1e9;
    for (let i = 0; i < 9; i++) world.post('top_up', million);
    expect(world.post('top_up', million)).toBe('too_large');
    expect(world.status().balance).toBe(9 * million);
    expect(() => world.post('refund', 0)).toThrow(/amount 0/);
  });

  it('refunded below what is lent stop all lending until credits come back; no lease is broken', () => {
    const { world, a, b } = worldWith(1_000);
    world.lend(a, 400);
    const { lent } = world.status();
    world.post('refund', 900);
    expect(world.status()).toEqual({ balance: 100, lent, available: 0 });
    expect(world.wallet.sync(b.message(1)).granted).toBe(0);
    expect(a.take(lent)).toBe(true);
    world.post('top_up', lent - 100);
    expect(world.wallet.sync(b.message(1)).granted).toBe(0);
    world.post('top_up', 5);
    world.tell(b);
    expect(world.wallet.sync(b.message(5)).granted).toBe(5);
  });

  it('refunded below what is lent name the leases to recall, so that the debt shrinks', () => {
    const { world, a } = worldWith(1_000);
    world.lend(a, 400);
    const { lent } = world.status();
    world.post('refund', 900);
    const recalls = world.wallet.recallsForDebt(new Map());
    expect(recalls).toMatchObject([{ memberId: a.id, returnTo: lent - 100 }]);
    for (const recall of recalls) world.wallet.sync(a.returnLease(recall));
    expect(world.status()).toEqual({ balance: 100, lent: 100, available: 0 });
    expect(world.wallet.recallsForDebt(new Map())).toEqual([]);
  });
});

describe('an overrun', () => {
  it('beyond the lease is covered before anyone is lent anything', async () => {
    const { world, a, b } = worldWith(1_000);
    expect(await a.ask(10)).toBe(true);
    a.pay(a.unspent + 100);
    expect(a.available).toBe(-100);
    world.tell(a);
    expect(a.available).toBe(0);
    expect(await b.ask(world.status().available)).toBe(true);
    expect(world.status()).toEqual({ balance: 1_000 - a.net, lent: 1_000 - a.net, available: 0 });
  });

  it('beyond the credits is remembered, shown, and covered by the next top-up first', async () => {
    const { world, a, b } = worldWith(100);
    expect(await a.ask(100)).toBe(true);
    a.pay(130);
    world.tell(a);
    expect(world.status()).toEqual({ balance: -30, lent: 0, available: 0 });
    expect(await b.ask(1)).toBe(false);
    world.post('top_up', 20);
    expect(await b.ask(1)).toBe(false);
    expect(await a.ask(1)).toBe(false);
    world.post('top_up', 15);
    expect(await b.ask(6)).toBe(false);
    expect(await b.ask(5)).toBe(true);
    world.tell(a);
    expect(a.unspent).toBe(0);
  });

  it('taken back by a correction is spendable again, by anyone', async () => {
    const { world, a, b } = worldWith(100);
    expect(await a.ask(100)).toBe(true);
    // Its Worker is not heard of, so all of it is charged; then it comes back and knows better.
    world.pass(LIMITS.holdTtlMs + LIMITS.holdGraceMs);
    a.ledger.expireHolds();
    expect(a.net).toBe(100);
    world.tell(a);
    expect(await b.ask(40)).toBe(false);
    a.pay(60);
    expect(a.net).toBe(60);
    // The wallet learns of it with the next message, whatever that is about.
    world.tell(a);
    expect(await b.ask(40)).toBe(true);
    expect(world.status()).toEqual({ balance: 40, lent: 40, available: 0 });
  });
});

describe('a correction', () => {
  it('takes back no more than was spent from the wallet', () => {
    expect(spend({ ...NO_LEASE, spent: nanos(10) }, nanos(-25))).toMatchObject({ spent: 10, reversed: 10 });
  });
});

describe('a member object that lost its memory', () => {
  it('spends nothing until the wallet has told it what it had spent, and counts on from there', async () => {
    const { world, a } = worldWith(1_000);
    for (let i = 0; i < 3; i++) {
      expect(await a.ask(100)).toBe(true);
      a.pay(100);
    }
    world.tell(a);
    const rebuilt = new WalletMember(a.id, (message, from) => world.carry(message, from));
    expect(rebuilt.take(1)).toBe(false);
    // An attempt of its former life, of which it knows nothing, is charged all the same.
    rebuilt.settle(rebuilt.newId(), 7);
    world.tell(rebuilt);
    expect(rebuilt.lease).toEqual({ ...a.lease, spent: a.lease.spent + 7 });
    world.tell(rebuilt);
    expect(world.walletSide(a)).toMatchObject({ spent: 307 });
    expect(await rebuilt.ask(600)).toBe(true);
  });
});

describe('a member that had never heard of the wallet', () => {
  it('is charged once for what it spent before', async () => {
    const { world, a } = worldWith(1_000);
    a.change({ metered: false });
    const inFlight = a.hold(60);
    a.change({ metered: true });
    a.settle(inFlight, 60);
    for (let i = 0; i < 3; i++) expect(await a.ask(10)).toBe(true);
    world.tell(a);
    expect(a.net).toBe(60);
    expect(world.status().balance).toBe(940);
  });
});

describe('a message that cannot be', () => {
  it.each([
    ['returns more than was granted', { returned: nanos(1) }],
    ['has half a nanodollar', { spent: 0.5 as never }],
    ['wants less than nothing', { ask: 1, want: nanos(-1) }],
  ])('is a bug, and changes nothing: it %s', (_, changes) => {
    const { world, a } = worldWith(100);
    const before = world.status();
    expect(() => world.wallet.sync({ ...syncMessage(NO_LEASE, a.id, null, nanos(0)), ...changes })).toThrow();
    expect(world.status()).toEqual(before);
    expect(world.walletSide(a)).toMatchObject({ granted: 0, spent: 0, ask: 0 });
  });
});
