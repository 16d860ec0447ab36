/**
 * A lease: the part of the organization's wallet that one member may spend without asking again. This is the member's
 * side, and what the two sides say to each other; the wallet's side is wallet.ts. Pure: the member's ledger keeps the
 * state as one row and writes it in its own transactions.
 *
 * All amounts are totals since ever. None ever falls, and who hears one takes the maximum of it and what it has. So every
 * message is a whole picture: a lost, repeated, delayed or reordered one leaves its hearer with an older picture, in
 * which the member has less to spend, never more. (Leases told as differences double with a repeated message and
 * vanish with a lost one.) Two rules keep it so:
 *
 * - The wallet raises `granted`, durably, before it says so.
 * - The member raises all others, durably, before it says so. Money that it gives back is gone from here first.
 */
import { LIMITS } from '../limits.ts';
import { addNanos, type Nanos, nanos, ZERO } from '../money/nanos.ts';

/** What a member tells of its lease. */
export interface LeaseTotals {
  /** The number of the newest ask that the wallet has answered. */
  ask: number;
  spent: Nanos;
  /** Of what was spent: charges that a later correction took back. A total of its own, because none may fall. */
  reversed: Nanos;
  returned: Nanos;
}

export interface Lease extends LeaseTotals {
  granted: Nanos;
  /** What the organization had not spent when the wallet last spoke: a hint, not a total. May be below zero. */
  balance: Nanos;
}

/** The member's own side. */
export interface MemberLease extends Lease {
  /**
   * Whether the wallet has ever spoken here. Until then a member that lost its memory (rebuilt from D1) does not know what
   * it had spent before: it tells nothing, and what it spends meanwhile comes on top of what the wallet will tell.
   */
  heard: boolean;
}

export const NO_LEASE: MemberLease = {
  granted: ZERO,
  returned: ZERO,
  spent: ZERO,
  reversed: ZERO,
  ask: 0,
  balance: ZERO,
  heard: false,
};

/** From the member to the wallet, which answers with its whole side of the lease. */
export interface SyncMessage extends LeaseTotals {
  memberId: string;
  /**
   * A number higher than any that the wallet has answered asks for `want`, once. Members ask with the instant, so that no
   * number comes twice, also where an object has forgotten what it asked and was never answered.
   */
  ask: number;
  /**
   * What the member needs to have unspent in all. Not what it lacks: the wallet reckons that itself, so that a grant whose
   * answer was lost is not made again, and what a recall took while the ask was on its way is.
   */
  want: Nanos;
}

/**
 * From the wallet to a member: give back what you do not hold. It answers with a SyncMessage. A recall of nothing (its
 * `returnTo` is what was returned before) asks for the totals.
 */
export interface Recall extends Lease {
  memberId: string;
  /** The total that `returned` may rise to: a total, so that a recall told twice takes once. */
  returnTo: Nanos;
}

/** What is neither spent nor given back: below zero after an overrun, until the wallet has covered that. */
export function unspent({ granted, returned, spent, reversed }: Omit<Lease, 'ask' | 'balance'>): Nanos {
  return nanos(granted - returned - spent + reversed);
}

/** What may still be set aside while `held` is. May be below zero. */
export function available(lease: Lease, held: Nanos): Nanos {
  return nanos(unspent(lease) - held);
}

/**
 * Whether to ask for more now, in the background, though the last request, of `amount`, was admitted: so that the next
 * ones need not wait. Not where the organization is nearly out of money: there a member takes no more than it needs.
 */
export function runsLow(lease: Lease, held: Nanos, amount: Nanos): boolean {
  return (
    amount > 0 &&
    available(lease, held) < LIMITS.leaseLowRequests * amount &&
    lease.balance >= LIMITS.leaseScarceRequests * amount
  );
}

/** What to tell the wallet. `ask`: the number to ask for `want` with; null: totals only. */
export function syncMessage(lease: MemberLease, memberId: string, ask: number | null, want: Nanos): SyncMessage {
  const { spent, reversed, returned } = lease.heard ? lease : NO_LEASE;
  return { memberId, ask: ask ?? lease.ask, want: ask === null ? ZERO : want, spent, reversed, returned };
}

/** The lease once the wallet has spoken. */
export function hear(lease: MemberLease, said: Lease): MemberLease {
  const known = lease.heard ? max : addNanos;
  return {
    granted: max(lease.granted, said.granted),
    returned: max(lease.returned, said.returned),
    spent: known(lease.spent, said.spent),
    reversed: known(lease.reversed, said.reversed),
    ask: Math.max(lease.ask, said.ask),
    balance: said.balance,
    heard: true,
  };
}

/**
 * The lease after a settlement; a correction may take back (`cost` below 0), but never more than was spent from here: an
 * attempt of the time before the organization was metered was not.
 */
export function spend(lease: MemberLease, cost: Nanos): MemberLease {
  return cost >= 0
    ? { ...lease, spent: addNanos(lease.spent, cost) }
    : { ...lease, reversed: nanos(Math.min(lease.spent, lease.reversed - cost)) };
}

/**
 * The lease after giving back what is not held, as far as the total `returnTo`. It must be durable before the wallet hears
 * of it.
 */
export function giveBack(lease: MemberLease, held: Nanos, returnTo: number = Number.POSITIVE_INFINITY): MemberLease {
  const given = Math.min(returnTo - lease.returned, available(lease, held));
  return given > 0 ? { ...lease, returned: addNanos(lease.returned, nanos(given)) } : lease;
}

function max(a: Nanos, b: Nanos): Nanos {
  return a > b ? a : b;
}
