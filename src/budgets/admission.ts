/**
 * The decision itself: may `ask` more be set aside, given every limited scope as it stands? Pure; the ledger calls it
 * in the same synchronous block as the write that follows.
 */
import { type Nanos, nanos } from '../money/nanos.ts';
import type { Fallback } from './protocol.ts';
import type { LedgerRefusal, ScopeName, ScopeView } from './refusals.ts';

/**
 * Invariant 1 stands here: null (admit) only where spent + held + ask <= limit in every scope, and nowhere spent >= limit.
 * Scopes are taken in the order of the API's refusals; the first that refuses is named.
 */
function decide(scopes: readonly ScopeView[], ask: Nanos): LedgerRefusal | null {
  const exhausted = scopes.filter((view) => view.spent >= view.limit);
  const [first, ...others] = exhausted;
  if (first) return { kind: 'exhausted', view: first, alsoExhausted: others.map((view) => view.scope) };

  const tooSmall = tightest(scopes.filter((view) => view.spent + ask > view.limit));
  if (tooSmall) return { kind: 'request_exceeds_budget', view: tooSmall, needed: ask };

  const occupied = tightest(scopes.filter((view) => view.spent + view.held + ask > view.limit));
  if (occupied) return { kind: 'budget_in_flight', view: occupied, needed: ask };
  return null;
}

/** What may be set aside: what was asked, or its fallback, or why neither. */
export type Choice =
  | { refusal: null; amount: Nanos; shortOfHeld: boolean }
  | { refusal: LedgerRefusal; shortOfHeld: boolean };

/** `shortOfHeld`: less than asked, or nothing, because others hold it: once they let go there may be more. */
export function choose(scopes: readonly ScopeView[], ask: Nanos, otherwise: Fallback | null): Choice {
  const refusal = decide(scopes, ask);
  if (!refusal) return { refusal, amount: ask, shortOfHeld: false };
  const shortOfHeld = scopes.some((view) => view.held > 0);
  if (refusal.kind === 'exhausted' || !otherwise) return { refusal, shortOfHeld };
  const less = decide(scopes, otherwise.amount);
  if (less) return { refusal: less, shortOfHeld };
  const left = tightest(scopes)?.remaining ?? ask;
  return { refusal: null, amount: otherwise.kind === 'exactly' ? otherwise.amount : left, shortOfHeld };
}

/**
 * The same for a running attempt that holds `held` already and asks for `more`. What it holds itself is as good as
 * spent: where that alone reaches the limit, the limit is what refuses, not the money held by others.
 */
export function decideGrowth(scopes: readonly ScopeView[], held: Nanos, more: Nanos): LedgerRefusal | null {
  return decideStanding(scopes, nanos(held + more)) ?? decide(scopes, more);
}

/** Whether a running attempt may go on to hold `held`: not where that with what is spent passes a limit, as one that was lowered. */
export function decideStanding(scopes: readonly ScopeView[], held: Nanos): LedgerRefusal | null {
  const [first, ...others] = scopes.filter((view) => view.spent + held > view.limit);
  return first ? { kind: 'exhausted', view: first, alsoExhausted: others.map((view) => view.scope) } : null;
}

export function scopeView(
  scope: ScopeName,
  limit: Nanos,
  spent: Nanos,
  held: Nanos,
  resetsAtMs: number | null,
): ScopeView {
  return { scope, limit, spent, held, remaining: headroom(limit, spent, held), resetsAtMs };
}

function headroom(limit: Nanos, spent: Nanos, held: Nanos): Nanos {
  return nanos(Math.max(0, limit - spent - held));
}

/** The same scope with so much spent and held instead. */
export function changedView(view: ScopeView, spent: Nanos, held: Nanos): ScopeView {
  return { ...view, spent, held, remaining: headroom(view.limit, spent, held) };
}

/** The same scope with `more` set aside. */
export function holdingMore(view: ScopeView, more: Nanos): ScopeView {
  return changedView(view, view.spent, nanos(view.held + more));
}

/** The scope with the least left, the first of equals; undefined where nothing is limited. */
export function tightest(scopes: readonly ScopeView[]): ScopeView | undefined {
  return scopes.reduce<ScopeView | undefined>(
    (least, view) => (least && least.remaining <= view.remaining ? least : view),
    undefined,
  );
}
