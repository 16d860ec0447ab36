/**
 * What the ledger keeps in memory: a copy of its tables, by scope. It changes only in the transaction that changes them.
 */
import { type Nanos, ZERO } from '../money/nanos.ts';
import type { KeyPolicy, MemberPolicy, ScopeLimits } from './policy.ts';
import type { LedgerRefusal } from './refusals.ts';
import type { Hold, Total } from './tables.ts';
import { Window } from './windows.ts';

export interface Scope {
  total: Total;
  window: Window;
  held: Nanos;
}

export interface State {
  policy: MemberPolicy;
  keysByHash: Map<string, KeyPolicy>;
  keysById: Map<string, KeyPolicy>;
  scopes: Map<string, Scope>;
  open: Map<string, Hold>;
  shipped: number;
  /** The last sequence number given. */
  sequence: number;
  /** The clock never goes back below this. */
  lastMs: number;
}

export const MEMBER_SCOPE = 'member';

const NO_LIMITS: ScopeLimits = { total: null, period: null };

export function newState(policy: MemberPolicy, shipped: number): State {
  const state: State = {
    policy,
    keysByHash: new Map(),
    keysById: new Map(),
    scopes: new Map(),
    open: new Map(),
    shipped,
    sequence: shipped,
    lastMs: 0,
  };
  adoptPolicy(state, policy, state.lastMs);
  return state;
}

export function adoptPolicy(state: State, policy: MemberPolicy, now: number): void {
  state.policy = policy;
  state.keysByHash = new Map(policy.keys.map((key) => [key.hash, key]));
  state.keysById = new Map(policy.keys.map((key) => [key.keyId, key]));
  for (const [name, scope] of state.scopes) {
    scope.window = scope.window.respecify(limitsOf(state, name).period?.window ?? null, now);
  }
}

export function limitsOf(state: State, name: string): ScopeLimits {
  return name === MEMBER_SCOPE ? state.policy.limits : (state.keysById.get(name)?.limits ?? NO_LIMITS);
}

/** What counts against a scope's total: the member's cycle for a one-time budget, else everything ever. */
export function spentOf(state: State, name: string, total: Total): Nanos {
  return name === MEMBER_SCOPE && state.policy.totalBasis === 'cycle' ? total.spent : total.lifetime;
}

export function scopeOf(state: State, name: string): Scope {
  let scope = state.scopes.get(name);
  if (!scope) {
    scope = {
      total: {
        cycle: name === MEMBER_SCOPE ? state.policy.cycle : 0,
        cycleStartedAtMs: null,
        spent: ZERO,
        lifetime: ZERO,
      },
      window: new Window(limitsOf(state, name).period?.window ?? null),
      held: ZERO,
    };
    state.scopes.set(name, scope);
  }
  return scope;
}

export function refuseKey(key: KeyPolicy, now: number): LedgerRefusal | null {
  if (key.status === 'disabled') return { kind: 'invalid_key', reason: 'disabled' };
  if (key.expiresAtMs !== null && key.expiresAtMs <= now) return { kind: 'invalid_key', reason: 'expired' };
  if (!key.projectGranted) return { kind: 'project_not_granted' };
  if (key.projectArchived) return { kind: 'project_archived' };
  return null;
}

/** A key that may be used now, or why not; the key is null where there is none. */
export type CheckedKey = { key: KeyPolicy; refusal: null } | { key: KeyPolicy | null; refusal: LedgerRefusal };

export function keyByHash(state: State, hash: string, now: number): CheckedKey {
  return checkedKey(state, state.keysByHash.get(hash), now);
}

export function checkedKey(state: State, key: KeyPolicy | undefined, now: number): CheckedKey {
  if (!key || !state.policy.active) return { key: null, refusal: { kind: 'invalid_key', reason: 'unknown' } };
  const refusal = refuseKey(key, now);
  return refusal ? { key, refusal } : { key, refusal: null };
}
