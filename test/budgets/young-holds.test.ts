/** Holds of the last seconds: in memory, under a durable ceiling; what a crash makes of them, and how tickets bring them back. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';
import { ABOUT } from '../support/about.ts';
import { day, keyPolicy, LedgerWorld, limits } from '../support/ledger-world.ts';

const FULL_EXPIRY_MS = LIMITS.holdTtlMs + LIMITS.holdGraceMs;
const LIMIT = 10_000;
/** Small enough for memory while most of the limit is left. */
const SMALL = 100;

function world() {
  return new LedgerWorld({
    limits: limits(LIMIT, day(LIMIT)),
    keys: [
      keyPolicy({ limits: limits(LIMIT) }),
      keyPolicy({ keyId: 'key_b', hash: 'hash-b', limits: limits(LIMIT, day(LIMIT)) }),
    ],
  });
}

const rowsOf = ({ store }: LedgerWorld) => store.exec("SELECT id, held FROM holds WHERE state = 'open' ORDER BY id");
const ceilingOf = ({ store }: LedgerWorld) =>
  store.exec<{ ceiling: number }>('SELECT ceiling FROM young_holds')[0]?.ceiling ?? 0;
const ghostsOf = ({ store }: LedgerWorld) => store.exec('SELECT amount, until_at AS untilMs FROM ghosts');

/** Writes that `work` makes. */
function writesOf({ store }: LedgerWorld, work: () => void): number {
  const { exec } = store;
  let writes = 0;
  store.exec = ((sql: string, ...bindings: never[]) => {
    if (!/^\s*SELECT/.test(sql)) writes += 1;
    return exec.call(store, sql, ...bindings);
  }) as typeof exec;
  work();
  store.exec = exec;
  return writes;
}

describe('a young hold', () => {
  it('has no row, counts as held, and lies under a durable ceiling with room for the next few', () => {
    const member = world();
    member.hold(SMALL);
    expect(rowsOf(member)).toEqual([]);
    expect(member.member().held).toBe(SMALL);
    const ceiling = ceilingOf(member);
    expect(ceiling).toBeGreaterThanOrEqual(2 * SMALL);
    const more = Math.floor(ceiling / SMALL) - 1;
    expect(
      writesOf(member, () => {
        for (let i = 0; i < more; i++) member.hold(SMALL);
      }),
    ).toBe(0);
    member.hold(SMALL);
    expect(ceilingOf(member)).toBeGreaterThanOrEqual((more + 2) * SMALL);
  });

  it('is none where a job asks for it: that is a row from its start', () => {
    const member = world();
    const id = member.hold(SMALL, { asRow: true });
    expect(rowsOf(member)).toEqual([{ id, held: SMALL }]);
    expect(ceilingOf(member)).toBe(0);
  });

  it('keeps no more of what is left under its ceiling than one hold may take', () => {
    const member = world();
    member.hold(SMALL);
    expect(ceilingOf(member)).toBeLessThanOrEqual(SMALL + LIMIT * LIMITS.youngHoldShareMax);
  });

  it.each([
    ['a big one', () => world(), LIMIT * LIMITS.youngHoldShareMax + 1],
    [
      'a small one with little left',
      () => {
        const member = world();
        member.spend(LIMIT - SMALL);
        return member;
      },
      SMALL / 2,
    ],
  ])('is none: %s is a row at once', (_, made, amount) => {
    const member = made();
    const id = member.hold(amount);
    expect(rowsOf(member)).toEqual([{ id, held: amount }]);
  });

  it('gets a row when it is young no more, and keeps the object awake until then', () => {
    const member = world();
    const old = member.hold(SMALL);
    member.pass(1_000);
    member.hold(SMALL);
    expect(member.ledger.nextBeatAtMs()).toBe(member.nowMs - 1_000 + LIMITS.youngHoldMsMax);
    member.pass(LIMITS.youngHoldMsMax - 1_000);
    member.ledger.beat();
    expect(rowsOf(member)).toEqual([{ id: old, held: SMALL }]);
    expect(member.ledger.nextBeatAtMs()).toBe(member.nowMs + 1_000);
    expect(member.member().held).toBe(2 * SMALL);
  });

  it('gets a row when it is renewed', () => {
    const member = world();
    const id = member.hold(SMALL);
    member.extend(id, 2 * SMALL, SMALL);
    expect(rowsOf(member)).toEqual([{ id, held: 2 * SMALL }]);
    expect(member.member().held).toBe(2 * SMALL);
  });

  it('is charged like any other when its Worker falls silent', () => {
    const member = world();
    member.hold(SMALL);
    member.pass(FULL_EXPIRY_MS);
    member.ledger.expireHolds();
    expect(member.ledger.unshipped()).toMatchObject([{ outcome: 'expired', costNanos: SMALL }]);
    expect(member.member()).toMatchObject({ usage: SMALL, held: 0 });
  });

  it('lets the ceiling down once it is over: with a shipment, or when there is nothing to ship', () => {
    const member = world();
    member.spend(SMALL);
    expect(ceilingOf(member)).toBeGreaterThan(0);
    member.ledger.confirmShipped(member.ledger.unshipped().at(-1)?.n ?? 0);
    expect(ceilingOf(member)).toBe(0);
    member.release(member.hold(SMALL));
    member.hold(SMALL);
    expect(member.ledger.unshipped()).toEqual([]);
    member.ledger.settleDown();
    expect(ceilingOf(member)).toBe(SMALL);
  });
});

describe('after a crash', () => {
  it('the whole ceiling counts as held, in every scope, from the first call on', () => {
    const member = world();
    member.hold(SMALL);
    const ceiling = ceilingOf(member);
    member.restart();
    expect(member.member()).toMatchObject({ held: ceiling, period: { held: ceiling } });
    expect(member.ledger.status({ keyId: 'key_a' }).held).toBe(ceiling);
    expect(member.ledger.status({ keyId: 'key_b' })).toMatchObject({ held: ceiling, period: { held: ceiling } });
    expect(member.refusal(LIMIT - ceiling + 1)).toBe('budget_in_flight member_total');
    expect(member.refusal(LIMIT - ceiling + 1, { keyHash: 'hash-b' })).toBe('budget_in_flight member_total');
    expect(member.refusal(LIMIT - ceiling)).toBeNull();
  });

  it('there is one ghost, with one end, however often the object starts', () => {
    const member = world();
    member.hold(SMALL);
    member.restart();
    member.member();
    const ghosts = ghostsOf(member);
    expect(ghosts).toEqual([{ amount: expect.any(Number), untilMs: member.nowMs + FULL_EXPIRY_MS }]);
    for (let i = 0; i < 3; i++) {
      member.pass(1_000);
      member.restart();
      member.member();
    }
    expect(ghostsOf(member)).toEqual(ghosts);
  });

  it('a renewal with the ticket takes its amount out of the ghost into a row, once', () => {
    const member = world();
    const id = member.hold(SMALL);
    const ticket = member.ticket(id);
    member.restart();
    const { held } = member.member();
    for (let i = 0; i < 2; i++) {
      expect(member.extend(id, SMALL, SMALL)).toMatchObject({ extended: true, ticket: { amount: SMALL } });
      expect(member.member().held).toBe(held);
    }
    expect(rowsOf(member)).toEqual([{ id, held: SMALL }]);
    expect(ghostsOf(member)).toMatchObject([{ amount: held - SMALL }]);
    member.settle(id, SMALL);
    // Late, with the ticket of the first life: its hold is over.
    const late = {
      ticket,
      about: ABOUT,
      toAmount: nanos(SMALL),
      chargeAtExpiry: nanos(0),
    };
    expect(member.ledger.extend({ ...late, report: 9 })).toEqual({ extended: false, refusal: null });
    expect(member.member()).toMatchObject({ usage: SMALL, held: held - SMALL });
  });

  it('a settlement with the ticket is booked once and frees its part of the ghost', () => {
    const member = world();
    const id = member.hold(SMALL);
    member.restart();
    const { held } = member.member();
    for (let i = 0; i < 3; i++) expect(member.settle(id, SMALL / 2)).toEqual({ booked: true });
    expect(member.member()).toMatchObject({ usage: SMALL / 2, held: held - SMALL });
    expect(member.ledger.unshipped()).toMatchObject([{ costNanos: SMALL / 2, overrunNanos: 0 }]);
  });

  it('a release with the ticket frees its part of the ghost, and nothing can be booked after it', () => {
    const member = world();
    const id = member.hold(SMALL);
    member.restart();
    const { held } = member.member();
    member.release(id);
    member.release(id);
    expect(member.member().held).toBe(held - SMALL);
    expect(member.settle(id, SMALL)).toEqual({ booked: false });
  });

  it('what nobody claims is reported as unresolved when no Worker can hold a ticket any more, and held no longer', () => {
    const member = world();
    member.hold(SMALL);
    member.restart();
    const { held } = member.member();
    expect(member.ledger.nextWakeAtMs()).toBe(member.nowMs + FULL_EXPIRY_MS);
    member.pass(FULL_EXPIRY_MS - 1);
    member.ledger.expireHolds();
    expect(member.member().held).toBe(held);
    member.pass(1);
    member.ledger.expireHolds();
    member.ledger.expireHolds();
    expect(member.member()).toMatchObject({ usage: 0, held: 0 });
    expect(member.ledger.unshipped()).toMatchObject([
      { outcome: 'expired', attemptId: '', requests: 0, costNanos: 0, unresolvedNanos: held },
    ]);
  });

  it('who comes after that is booked: as an overrun, for nothing was held, and no longer as unresolved', () => {
    const member = world();
    const id = member.hold(SMALL);
    member.restart();
    const { held } = member.member();
    member.pass(FULL_EXPIRY_MS);
    member.ledger.expireHolds();
    for (let i = 0; i < 2; i++) expect(member.settle(id, SMALL / 2)).toEqual({ booked: true });
    const events = member.ledger.unshipped();
    expect(events[1]).toMatchObject({ costNanos: SMALL / 2, overrunNanos: SMALL / 2 });
    expect(events.reduce((sum, event) => sum + event.unresolvedNanos, 0)).toBe(held - SMALL);
    expect(member.member().usage).toBe(SMALL / 2);
  });

  it('a ticket is honoured no longer than its tombstone would be remembered', () => {
    const member = world();
    const id = member.hold(SMALL);
    member.restart();
    member.pass(LIMITS.claimAgeMsMax + 1);
    expect(member.settle(id, SMALL)).toEqual({ booked: false });
    expect(LIMITS.claimAgeMsMax).toBeLessThan(LIMITS.tombstoneMs);
  });
});

describe('what is gathered', () => {
  it('frees nothing before it is written', () => {
    const member = world();
    const id = member.hold(LIMIT);
    member.ledger.gather({ kind: 'release', request: { attemptId: id, ticket: member.ticket(id) } });
    member.restart();
    expect(member.refusal(1)).toBe('budget_in_flight member_total');
  });

  it('is written first by whoever is short of what it holds', () => {
    const member = world();
    const id = member.hold(LIMIT);
    let written = false;
    member.ledger.gather({ kind: 'release', request: { attemptId: id, ticket: member.ticket(id) } }, () => {
      written = true;
    });
    expect(written).toBe(false);
    expect(member.refusal(LIMIT)).toBeNull();
    expect(written).toBe(true);
  });
});
