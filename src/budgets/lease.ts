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

export const NO_LEASE: Lease = { granted: ZERO, returned: ZERO, spent: ZERO, reversed: ZERO, ask: 0, balance: ZERO };

/** From the member to the wallet, which answers with its whole side of the lease. */
export interface SyncMessage extends LeaseTotals {
  memberId: string;
  /** A number higher than any that the wallet has answered asks for `want`, once. */
  ask: number;
  want: Nanos;
}

/** From the wallet to a member: give back what you do not hold. It answers with a SyncMessage. */
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

/** What to ask for so that `amount` can be set aside beside `held`; 0 where it can be already. */
export function wanting(lease: Lease, held: Nanos, amount: Nanos): Nanos {
  // The wallet covers what was overspent before it grants anything, so that is not asked for.
  return nanos(Math.max(0, amount + held - Math.max(0, unspent(lease))));
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

/**
 * What to tell the wallet; a `want` above 0 asks. The same number is asked with until it is answered, so that an ask whose
 * answer was lost grants nothing twice.
 */
export function syncMessage(lease: Lease, memberId: string, want: Nanos): SyncMessage {
  const { ask, spent, reversed, returned } = lease;
  return { memberId, ask: want > 0 ? ask + 1 : ask, want, spent, reversed, returned };
}

/**
 * The lease once the wallet has spoken. Also of the member's own totals the maximum is taken: an object that lost its
 * memory knows from the first answer what it had spent.
 */
export function hear(lease: Lease, said: Lease): Lease {
  return {
    granted: max(lease.granted, said.granted),
    returned: max(lease.returned, said.returned),
    spent: max(lease.spent, said.spent),
    reversed: max(lease.reversed, said.reversed),
    ask: Math.max(lease.ask, said.ask),
    balance: said.balance,
  };
}

/**
 * The lease after a settlement; a correction may take back (`cost` below 0), but never more than was spent from here: an
 * attempt of the time before the organization was metered was not.
 */
export function spend(lease: Lease, cost: Nanos): Lease {
  return cost >= 0
    ? { ...lease, spent: addNanos(lease.spent, cost) }
    : { ...lease, reversed: nanos(Math.min(lease.spent, lease.reversed - cost)) };
}

/** The lease after a recall: what the wallet tells is heard first, because a grant may have been lost on its way here. */
export function recalled(lease: Lease, held: Nanos, recall: Recall): Lease {
  return giveBack(hear(lease, recall), held, recall.returnTo);
}

/**
 * The lease after giving back what is not held, as far as the total `returnTo`. It must be durable before the wallet hears
 * of it.
 */
export function giveBack(lease: Lease, held: Nanos, returnTo: number = Number.POSITIVE_INFINITY): Lease {
  const given = Math.min(returnTo - lease.returned, available(lease, held));
  return { ...lease, returned: addNanos(lease.returned, nanos(Math.max(0, given))) };
}

function max(a: Nanos, b: Nanos): Nanos {
  return a > b ? a : b;
}
