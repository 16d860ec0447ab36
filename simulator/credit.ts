/**
 * Invariant 7: the wallet never lends what it does not have, and both sides of every lease agree.
 *
 * What is lent of the wallet for good (granted less returned, on its disk) never passes the credits, unless these were
 * lowered by a refund below it. What members were granted and spent never passes what is lent. And whatever is on its
 * way, no side's disk ever tells more money than the other's: the wallet knows of every grant that a member has, the
 * member of everything that the wallet has heard.
 */
import type { Disk } from './disk.ts';
import { type Limited, liability } from './limits.ts';
import type { Host } from './platform.ts';
import type { Member } from './truth.ts';
import type { Witness } from './witness.ts';

interface Totals {
  granted: number;
  returned: number;
  spent: number;
  reversed: number;
}

const NOTHING: Totals = { granted: 0, returned: 0, spent: 0, reversed: 0 };

const ALL_OF_MEMBER: Limited = { scope: 'member', kind: 'credit', limit: 0, window: null };

export class Credit {
  readonly host: Host;
  readonly #witness: Witness;
  /** Both sides as they are durable. */
  #accounts = new Map<string, Totals>();
  readonly #leases = new Map<string, Totals>();
  #lent = 0;
  #credits = 0;
  /** The last entry that is durable. */
  #entries = 0;
  readonly #history: { atMs: number; credits: number }[] = [];

  constructor(witness: Witness, host: Host) {
    this.#witness = witness;
    this.host = host;
  }

  /** The wallet's disk is durable as it is. */
  walletCommitted(): void {
    const { disk } = this.host;
    const before = { lent: this.#lent, credits: this.#credits };
    const rows = disk.exec<{ memberId: string } & { [Key in keyof Totals]: number }>(
      'SELECT member_id AS memberId, granted, returned, spent, reversed FROM accounts',
    );
    this.#accounts = new Map(rows.map((row) => [row.memberId, row]));
    this.#lent = rows.reduce((sum, { granted, returned }) => sum + granted - returned, 0);
    const entries = disk.exec<{ n: number; credits: number }>(
      'SELECT n, credits FROM entries WHERE n > ?',
      this.#entries,
    );
    this.#entries = entries.at(-1)?.n ?? this.#entries;
    this.#credits = entries.at(-1)?.credits ?? this.#credits;
    this.#history.push({ atMs: this.#witness.simulation.nowMs, credits: this.#credits });
    // Between two commits money may have come, been lent, and been taken out again.
    if (this.#lent > Math.max(before.lent, before.credits, ...entries.map(({ credits }) => credits))) {
      this.#report(`${this.#lent} is lent of ${this.#credits}`);
    }
    for (const member of this.#witness.members.values()) {
      member.touched = true;
      this.#compare(member);
    }
  }

  memberCommitted(member: Member): void {
    const lease = member.host && readLease(member.host.disk);
    if (lease) this.#leases.set(member.id, lease);
    this.#compare(member);
    const { spent, reversed } = this.#leaseOf(member);
    if (this.#witness.profile.metering === 'changes') return;
    const booked = member.walletPaid.reduce((sum, { costNanos }) => sum + costNanos, 0);
    if (spent - reversed !== booked)
      this.#report(`${member.id} spent ${spent} - ${reversed} of its lease, not ${booked}`);
  }

  /** After every step in which anything changed. */
  check(): void {
    const { simulation, profile, fair, members } = this.#witness;
    // What was in flight or spent while the organization was not metered is nobody's credit.
    if (profile.metering === 'changes') return;
    let sum = 0;
    for (const member of members.values()) {
      sum += liability(member, ALL_OF_MEMBER, simulation.nowMs, profile.clockErrorMsMax, fair);
    }
    if (sum > this.#lent) this.#report(`${sum} is spent and granted, ${this.#lent} is lent`);
  }

  /** Whose provider bills the organization itself is refused for no want of credit. */
  checkOwn(attemptId: string): void {
    this.#report(`${attemptId} is made with a key of the organization's own, and refused for its credit`);
  }

  /** Nobody is told that the credits are spent who would not be told so by the truth of that time, `sinceMs` or later. */
  checkRefusal(needed: number, sinceMs: number): void {
    if (this.#witness.profile.metering === 'changes') return;
    const before = this.#history.findLast(({ atMs }) => atMs <= sinceMs)?.credits ?? 0;
    const least = this.#history.reduce(
      (min, { atMs, credits }) => (atMs > sinceMs ? Math.min(min, credits) : min),
      before,
    );
    let spent = 0;
    for (const member of this.#witness.members.values()) {
      for (const { costNanos } of member.walletPaid) spent += Math.max(0, costNanos);
    }
    if (needed > 0 && spent + needed <= least)
      this.#report(`refused for good: ${needed}, ${spent} of ${least} is spent`);
  }

  /** Nothing is on its way any more, and the wallet has asked whoever it thinks has something left. */
  checkEnd(): void {
    for (const member of this.#witness.members.values()) {
      const lease = { ...this.#leaseOf(member) };
      const account = this.#accounts.get(member.id) ?? NOTHING;
      const told = (totals: Totals) => JSON.stringify([totals.granted, totals.returned, totals.spent, totals.reversed]);
      // What was overspent the wallet covers when it can, and says so when it is next asked: until then the member is poorer.
      const left = account.granted - account.returned - account.spent + account.reversed;
      if (left === 0) lease.granted = account.granted;
      if (told(lease) !== told(account)) this.#report(`${member.id} has ${told(lease)}, the wallet ${told(account)}`);
    }
  }

  #compare(member: Member): void {
    const lease = this.#leaseOf(member);
    const account = this.#accounts.get(member.id) ?? NOTHING;
    for (const [total, more, less] of [
      ['granted', account.granted, lease.granted],
      ['returned', lease.returned, account.returned],
      ['spent', lease.spent, account.spent],
      ['reversed', lease.reversed, account.reversed],
    ] as const) {
      if (less > more) this.#report(`${total} of ${member.id}: the one has ${more}, the other ${less} already`);
    }
  }

  #leaseOf(member: Member): Totals {
    return this.#leases.get(member.id) ?? NOTHING;
  }

  #report(what: string): void {
    this.#witness.report('7: the wallet lends what it has', what);
  }
}

function readLease(disk: Disk): Totals | null {
  const [row] = disk.exec<{ [Key in keyof Totals]: number }>('SELECT granted, returned, spent, reversed FROM lease');
  return row ?? null;
}
