/**
 * What the ledger keeps in memory: a copy of its tables, by scope, and the young holds that are nowhere else. The copy
 * changes only in the transaction that changes the tables.
 */
import { addNanos, type Nanos, ZERO } from '../money/nanos.ts';
import type { Period } from './calendar.ts';
import type { LimitStep } from './forecast.ts';
import { type LeaseTotals, type MemberLease, NO_LEASE } from './lease.ts';
import {
  type KeyPolicy,
  limitsAt,
  type MemberPolicy,
  NO_THROTTLES,
  type ScopeLimits,
  type Throttles,
} from './policy.ts';
import type { Ticket } from './protocol.ts';
import type { LedgerRefusal } from './refusals.ts';
import { brokenRule, type Rules, type Use } from './rules.ts';
import type { Ghost, Hold, Tables, Total } from './tables.ts';
import type { AttemptAbout } from './usage-event.ts';
import { type Bucket, Window, type WindowSpec } from './windows.ts';

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
  /** Every open hold: those with a row, and the young ones. */
  open: Map<string, Hold>;
  /** This life of the object; see young-holds.ts. */
  epoch: string;
  /** The open holds without a row. */
  young: Set<string>;
  youngHeld: Nanos;
  /** What is durable about them: their sum never passes it. */
  ceiling: Nanos;
  /** By epoch. */
  ghosts: Map<string, Ghost>;
  /** What those still in force hold: in every scope, because nobody knows any more in which. */
  ghostsHeld: Nanos;
  /** What open holds have set aside of the wallet: all but those of the organization's own provider keys. */
  walletHeld: Nanos;
  /** The part of the organization's wallet that this member may spend. */
  lease: MemberLease;
  /** What of it the wallet is known to know. */
  told: LeaseTotals;
  /** The number of the last ask. */
  asked: number;
  shipped: number;
  /** The last sequence number given. */
  sequence: number;
  /** The clock never goes back below this. */
  lastMs: number;
}

export const MEMBER_SCOPE = 'member';

const NO_LIMITS: ScopeLimits = { total: null, period: null };

export function newState(policy: MemberPolicy, shipped: number, epoch: string): State {
  const state: State = {
    policy,
    keysByHash: new Map(),
    keysById: new Map(),
    scopes: new Map(),
    open: new Map(),
    epoch,
    young: new Set(),
    youngHeld: ZERO,
    ceiling: ZERO,
    ghosts: new Map(),
    ghostsHeld: ZERO,
    walletHeld: ZERO,
    lease: NO_LEASE,
    told: NO_LEASE,
    asked: 0,
    shipped,
    sequence: shipped,
    lastMs: 0,
  };
  adoptPolicy(state, policy, state.lastMs);
  return state;
}

/** The state as the tables have it. What was only in memory is gone; see young-holds.ts for what it leaves. */
export function readState(tables: Tables, policy: MemberPolicy, epoch: string): State {
  const shipped = tables.readShipped();
  const state = newState(policy, shipped, epoch);
  state.sequence = tables.outboxAbove(shipped).newest ?? shipped;
  state.lastMs = tables.readLastInstant();
  state.lease = tables.readLease();
  const buckets = tables.readBuckets();
  const current = tables.readWindows();
  const totals = tables.readTotals();
  for (const name of new Set([...totals.keys(), ...buckets.keys()])) {
    const scope = scopeOf(state, name);
    scope.window = windowOf(state, name, buckets.get(name) ?? [], current.get(name) ?? null);
    scope.total = totals.get(name) ?? scope.total;
  }
  for (const hold of tables.readOpenHolds()) {
    state.open.set(hold.id, hold);
    addHeld(state, hold, hold.held);
  }
  return state;
}

export function adoptPolicy(state: State, policy: MemberPolicy, now: number): void {
  state.policy = policy;
  state.keysByHash = new Map(policy.keys.map((key) => [key.hash, key]));
  state.keysById = new Map(policy.keys.map((key) => [key.keyId, key]));
  for (const [name, scope] of state.scopes) {
    scope.window = scope.window.respecify(windowSpecOf(state, name), now);
  }
}

/** A scope's window as its policy has it now. */
export function windowOf(state: State, name: string, buckets: readonly Bucket[], current: Period | null): Window {
  return new Window(windowSpecOf(state, name), { buckets, current });
}

/** A scope's limits at an instant, with the extras that the member has until then. */
export function limitsOf(state: State, name: string, now: number): ScopeLimits {
  const { limits, extras } = state.policy;
  return name === MEMBER_SCOPE ? limitsAt(limits, extras, now) : ofKey(state, name);
}

/** The same from now on, as it changes while extras lapse. */
export function limitSteps(state: State, name: string, now: number): LimitStep[] {
  const extras = name === MEMBER_SCOPE ? (state.policy.extras ?? []) : [];
  const lapses = extras.map(({ untilMs }) => untilMs).filter((untilMs) => untilMs > now);
  const froms = [now, ...new Set(lapses.toSorted((a, b) => a - b))];
  return froms.map((fromMs) => ({ fromMs, limits: limitsOf(state, name, fromMs) }));
}

/** How a scope's period limit counts, which no extra changes. Null: there is none. */
export function windowSpecOf(state: State, name: string): WindowSpec | null {
  return (name === MEMBER_SCOPE ? state.policy.limits : ofKey(state, name)).period?.window ?? null;
}

function ofKey(state: State, keyId: string): ScopeLimits {
  return state.keysById.get(keyId)?.limits ?? NO_LIMITS;
}

export function throttlesOf(state: State, name: string): Throttles {
  return name === MEMBER_SCOPE ? state.policy.throttles : (state.keysById.get(name)?.throttles ?? NO_THROTTLES);
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
      window: new Window(windowSpecOf(state, name)),
      held: ZERO,
    };
    state.scopes.set(name, scope);
  }
  return scope;
}

/** The scopes that an attempt with this key counts in. */
export function scopesOf(keyId: string): readonly [string, string] {
  return [MEMBER_SCOPE, keyId];
}

/** How many attempts of the member or of one key are in flight. */
export function openIn(state: State, name: string): number {
  if (name === MEMBER_SCOPE) return state.open.size;
  let open = 0;
  for (const hold of state.open.values()) if (hold.keyId === name) open += 1;
  return open;
}

/** Raises (or with a negative amount lowers) what the member and the key hold, and what the lease must cover of it. */
export function addHeld(state: State, { keyId, about }: Pick<Hold, 'keyId' | 'about'>, amount: Nanos): void {
  for (const name of scopesOf(keyId)) {
    const scope = scopeOf(state, name);
    scope.held = addNanos(scope.held, amount);
    if (scope.held < 0) throw new Error(`held below zero in ${name}: ${scope.held}`);
  }
  if (!isWalletPaid(about)) return;
  state.walletHeld = addNanos(state.walletHeld, amount);
  if (state.walletHeld < 0) throw new Error(`held below zero of the wallet: ${state.walletHeld}`);
}

/**
 * Whether a metered organization's wallet pays for an attempt: not where its provider bills the organization itself. Limits
 * and windows count it all the same.
 */
export function isWalletPaid({ providerKeyId }: AttemptAbout): boolean {
  return providerKeyId === undefined;
}

/** The rules that a key is under, the member's first. */
export function rulesOf(policy: MemberPolicy, key: KeyPolicy): { of: 'member' | 'api_key'; rules: Rules }[] {
  const both = [
    { of: 'member', rules: policy.rules },
    { of: 'api_key', rules: key.rules },
  ] as const;
  return both.flatMap(({ of, rules }) => (rules ? [{ of, rules }] : []));
}

function refuseUse(policy: MemberPolicy, key: KeyPolicy, use: Use): LedgerRefusal | null {
  for (const { of, rules } of rulesOf(policy, key)) {
    const rule = brokenRule(rules, use);
    if (rule) return { kind: 'rule_denied', of, rule };
  }
  return null;
}

/** Why a key may not be used now, in the order of the API's refusals; `denied` is what rules say. */
export function refuseKey(key: KeyPolicy, now: number, denied: LedgerRefusal | null = null): LedgerRefusal | null {
  if (key.status === 'disabled') return { kind: 'invalid_key', reason: 'disabled' };
  if (key.expiresAtMs !== null && key.expiresAtMs <= now) return { kind: 'invalid_key', reason: 'expired' };
  if (!key.projectGranted) return { kind: 'project_not_granted' };
  if (denied) return denied;
  if (key.projectArchived) return { kind: 'project_archived' };
  return null;
}

/** A key that may be used now, or why not; the key is null where there is none. */
export type CheckedKey = { key: KeyPolicy; refusal: null } | { key: KeyPolicy | null; refusal: LedgerRefusal };

/** The key that was presented, for this use. */
export function keyByHash(state: State, hash: string, now: number, use: Use): CheckedKey {
  return checkedKey(state, state.keysByHash.get(hash), now, use);
}

/** The key of a running attempt. Rules are asked when an attempt begins, not again while it runs. */
export function keyOfTicket(state: State, { keyId, keyHash }: Ticket, now: number): CheckedKey {
  const key = state.keysById.get(keyId);
  // Rolled since, the key has another secret: what was begun under the old one ends.
  const rolled = keyHash !== undefined && key?.hash !== keyHash;
  return checkedKey(state, rolled ? undefined : key, now, {});
}

function checkedKey(state: State, key: KeyPolicy | undefined, now: number, use: Use): CheckedKey {
  if (!key || !state.policy.active) return { key: null, refusal: { kind: 'invalid_key', reason: 'unknown' } };
  const refusal = refuseKey(key, now, refuseUse(state.policy, key, use));
  return refusal ? { key, refusal } : { key, refusal: null };
}
