/**
 * Whether the organization's credit covers an attempt, as the member's lease tells. Reads only; the ledger asks in the same
 * synchronous block as every other limit.
 *
 * The lease as a limit: it is what the organization has not spent, and all of that counts as held but what this member may
 * set aside without asking. So credit that is out with others refuses as money in flight does, and only what the
 * organization really has not refuses for good. What people are told of it is no amount: those are the organization's.
 */
import { addNanos, type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { type Choice, choose, decideGrowth, scopeView } from './admission.ts';
import { available } from './lease.ts';
import { isWalletPaid, type State } from './ledger-state.ts';
import type { Fallback } from './protocol.ts';
import type { LedgerRefusal, ScopeView } from './refusals.ts';
import type { Hold } from './tables.ts';
import type { AttemptAbout } from './usage-event.ts';

/**
 * What the lease must cover: all that the member's attempts hold of it, with what a crash left. Of a ghost nobody knows what
 * the wallet pays for, so it counts whole: for that short time the member has less to spend than it might, never more.
 */
export function heldOfLease(state: State): Nanos {
  return addNanos(state.walletHeld, state.ghostsHeld);
}

function left(state: State): Nanos {
  return available(state.lease, heldOfLease(state));
}

/** What may be set aside of the organization's credit; `ask`: the wallet may have more, and has not been asked. */
export type Credit = Choice & { ask: boolean };

/** Whether an attempt is limited by the organization's credit. */
export function needsCredit(state: State, about: AttemptAbout): boolean {
  return state.policy.metered && isWalletPaid(about);
}

/** `wanted` is what all other limits allow, `otherwise` what would do. */
export function chooseCredit(state: State, about: AttemptAbout, wanted: Nanos, otherwise: Fallback | null): Credit {
  if (!needsCredit(state, about) || left(state) >= wanted) {
    return { refusal: null, amount: wanted, shortOfHeld: false, ask: false };
  }
  const chosen = choose([viewOf(state)], wanted, otherwise);
  if (chosen.refusal) return { ...chosen, refusal: refusalOf(state, chosen.refusal), ask: true };
  // The organization has less in all: what is not needed whole is not worth a call for each request.
  const never = otherwise?.kind === 'exactly' && wanted > state.lease.balance;
  return { ...chosen, ask: chosen.amount < wanted && !never };
}

/** Why the credit does not cover `more` for a hold; null where it does. */
export function refuseGrowth(state: State, { about, held }: Hold, more: Nanos): LedgerRefusal | null {
  if (!needsCredit(state, about) || left(state) >= more) return null;
  const refusal = decideGrowth([viewOf(state)], held, more);
  return refusal && refusalOf(state, refusal);
}

/** How much the organization had when the wallet last spoke; without end where an attempt does not spend it. */
export function creditHeadroom(state: State, about: AttemptAbout): number {
  return needsCredit(state, about) ? Math.max(0, state.lease.balance) : Number.POSITIVE_INFINITY;
}

function viewOf(state: State): ScopeView {
  const limit = nanos(Math.max(0, state.lease.balance, left(state)));
  return scopeView('wallet', limit, ZERO, nanos(limit - left(state)), null);
}

function refusalOf(state: State, refusal: LedgerRefusal): LedgerRefusal {
  const remaining = nanos(Math.max(0, left(state)));
  return { kind: refusal.kind === 'budget_in_flight' ? 'credits_in_flight' : 'insufficient_credits', remaining };
}
