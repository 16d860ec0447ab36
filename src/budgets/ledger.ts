/**
 * The ledger of one member: what is spent, what is held, and every decision about more.
 *
 * It owns the tables of tables.ts and is called by the member's object, one call at a time. Every public method is
 * synchronous and runs from its reads to its last write without an await: the single thread is what makes a check and
 * its act one step. All methods are idempotent by attempt id, because the runtime and the Worker may repeat any call.
 *
 * What is on disk is the truth; scopes and open holds are also kept in memory so that admission reads no table. Memory
 * changes inside the same transaction as the disk, and any throw drops it, to be read again. Expected refusals are
 * values; a throw is a bug or a broken disk.
 */
import { attemptMadeAt } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { addNanos, type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { decide, decideGrowth, holdingMore, tightest } from './admission.ts';
import { eventOf, unknownHold } from './hold-records.ts';
import {
  adoptPolicy,
  type CheckedKey,
  checkedKey,
  keyByHash,
  limitsOf,
  MEMBER_SCOPE,
  newState,
  type State,
  scopeOf,
} from './ledger-state.ts';
import { statusOf, viewsOf } from './ledger-views.ts';
import { isNewer, type KeyPolicy, type MemberPolicy, type Opening, type PolicyVersion } from './policy.ts';
import {
  type Admission,
  type AuthorizeRequest,
  type ExtendRequest,
  type Extension,
  HOLD_TIMES,
  type HoldTimes,
  type ScopeStatus,
  type Settlement,
  type SettleRequest,
  type Ticket,
} from './protocol.ts';
import { RefusalCounts } from './refusal-counts.ts';
import type { LedgerRefusal } from './refusals.ts';
import type { Clock, Store } from './store.ts';
import { type Hold, Tables } from './tables.ts';
import { NO_TOKENS, type UsageEvent } from './usage-event.ts';
import { WINDOW_MS_MAX, Window } from './windows.ts';

export class Ledger {
  readonly #tables: Tables;
  readonly #clock: Clock;
  readonly #times: HoldTimes;
  readonly #refusals = new RefusalCounts();
  #state: State | null = null;

  constructor(store: Store, clock: Clock, times: HoldTimes = HOLD_TIMES) {
    this.#tables = new Tables(store);
    this.#clock = clock;
    this.#times = times;
  }

  /** The policy's version, or null for an object that has not learned who it is. */
  version(): PolicyVersion | null {
    return this.#load()?.policy.version ?? null;
  }

  member(): { memberId: string; organizationId: string } {
    const { memberId, organizationId } = this.#loaded().policy;
    return { memberId, organizationId };
  }

  /** Whether the member's answers may be recorded for repeats. */
  replays(): boolean {
    return this.#loaded().policy.replay ?? true;
  }

  /** Starts from what D1 knows. Does nothing where the ledger already has a policy as new: then it knows better. */
  open(opening: Opening): void {
    const known = this.#load();
    if (known && !isNewer(opening.policy.version, known.policy.version)) return;
    if (known) {
      this.configure(opening.policy);
      return;
    }
    const state = newState(opening.policy, opening.sequence);
    for (const { scope, spent } of opening.lifetime) {
      scopeOf(state, scope).total = { cycle: 0, cycleStartedAtMs: null, spent, lifetime: spent };
    }
    const member = scopeOf(state, MEMBER_SCOPE).total;
    member.cycle = opening.policy.cycle;
    this.#write(() => {
      this.#tables.writePolicy(opening.policy);
      this.#tables.writeShipped(opening.sequence);
      for (const [scope, { total }] of state.scopes) this.#tables.writeTotal(scope, total);
      for (const { scope, ...bucket } of opening.recent) this.#tables.writeBucket(scope, bucket);
    });
    this.#state = null;
  }

  /** Takes a newer policy. An older or equal one changes nothing; the answer tells the version in force. */
  configure(policy: MemberPolicy): PolicyVersion {
    const state = this.#loaded();
    if (!isNewer(policy.version, state.policy.version)) return state.policy.version;
    const now = this.#now(state);
    this.#write(() => {
      this.#tables.writePolicy(policy);
      const { total } = scopeOf(state, MEMBER_SCOPE);
      if (policy.cycle > total.cycle) {
        Object.assign(total, { cycle: policy.cycle, cycleStartedAtMs: now, spent: ZERO });
        this.#tables.writeTotal(MEMBER_SCOPE, total);
      }
      adoptPolicy(state, policy);
    });
    return policy.version;
  }

  /** Whether this key may be used at all now, whatever its budget. */
  checkKey(keyHash: string): CheckedKey {
    const state = this.#loaded();
    return keyByHash(state, keyHash, this.#now(state));
  }

  /** Sets money aside for one attempt in every scope that it counts in, or says why not. */
  authorize(request: AuthorizeRequest): Admission {
    const state = this.#loaded();
    const now = this.#now(state);
    const checked = keyByHash(state, request.keyHash, now);
    if (checked.refusal !== null) return this.#refuse(request, checked.key, checked.refusal);
    const { key } = checked;

    const madeAtMs = attemptMadeAt(request.attemptId);
    const known = state.open.get(request.attemptId) ?? this.#tables.readHold(request.attemptId);
    const views = viewsOf(state, key.keyId, now);
    if (known?.state === 'open') {
      return { granted: true, ticket: this.#ticket(known), tightest: tightest(views) ?? null };
    }
    if (known || madeAtMs === null || Math.abs(now - madeAtMs) > LIMITS.authorizeAgeMsMax) {
      return { granted: false, refusal: { kind: 'too_late' } };
    }

    const limited = views.length > 0;
    if (request.amount === null && limited) return this.#refuse(request, key, { kind: 'price_unknown' });
    const amount = request.amount ?? ZERO;
    const refusal = decide(views, amount);
    if (refusal) return this.#refuse(request, key, refusal);

    const hold: Hold = {
      id: request.attemptId,
      keyId: key.keyId,
      projectId: key.projectId,
      about: request.about,
      openedAtMs: now,
      state: 'open',
      held: amount,
      chargeAtExpiry: amount,
      expiresAtMs: now + this.#times.ttlMs,
      resolvedAtMs: null,
      charged: null,
      n: null,
      reports: 0,
      cycle: 0,
    };
    this.#write(() => {
      this.#tables.writeHold(hold);
      state.open.set(hold.id, hold);
      this.#addHeld(state, hold.keyId, amount);
    });
    // Every scope holds that much more now, so the tightest is the tightest still.
    const before = tightest(views);
    return { granted: true, ticket: this.#ticket(hold), tightest: before ? holdingMore(before, amount) : null };
  }

  /** Renews a hold and, when asked for more than it has, grows it under the same check as admission. */
  extend(request: ExtendRequest): Extension {
    const state = this.#loaded();
    const now = this.#now(state);
    const hold = state.open.get(request.attemptId);
    if (!hold) return { extended: false, refusal: null };
    const { refusal: keyRefusal } = checkedKey(state, state.keysById.get(hold.keyId), now);
    if (keyRefusal) return { extended: false, refusal: keyRefusal };
    const more = nanos(Math.max(0, request.toAmount - hold.held));
    if (more > 0) {
      const refusal = decideGrowth(viewsOf(state, hold.keyId, now), hold.held, more);
      if (refusal) return { extended: false, refusal };
    }
    this.#write(() => {
      hold.held = addNanos(hold.held, more);
      if (request.report > hold.reports) {
        hold.reports = request.report;
        hold.chargeAtExpiry = nanos(Math.min(hold.held, request.chargeAtExpiry));
      }
      hold.expiresAtMs = now + this.#times.ttlMs;
      this.#tables.writeHold(hold);
      this.#addHeld(state, hold.keyId, more);
    });
    return { extended: true, ticket: this.#ticket(hold) };
  }

  /** Replaces a hold by what the attempt cost. After an expiry it books the difference, once. */
  settle(request: SettleRequest): Settlement {
    const state = this.#loaded();
    const now = this.#now(state);
    const hold = state.open.get(request.attemptId) ?? this.#tables.readHold(request.attemptId);
    if (!hold || hold.state === 'released') return { booked: false };
    if (hold.state === 'settled') return { booked: true };
    if (hold.state === 'expired') this.#correct(state, hold, request, now);
    else this.#resolve(state, hold, request, now);
    return { booked: true };
  }

  /** Frees a hold under which nothing was sent. Of an unknown attempt it leaves a tombstone, should its authorize still come. */
  release(attemptId: string): void {
    const state = this.#loaded();
    const now = this.#now(state);
    const madeAtMs = attemptMadeAt(attemptId);
    const known = state.open.get(attemptId) ?? this.#tables.readHold(attemptId);
    if (known ? known.state !== 'open' : madeAtMs === null || now - madeAtMs > LIMITS.authorizeAgeMsMax) return;
    const freed = known?.held ?? ZERO;
    const tombstone: Hold = {
      ...(known ?? unknownHold(attemptId, now, madeAtMs ?? now)),
      state: 'released',
      held: ZERO,
      resolvedAtMs: now,
      charged: ZERO,
    };
    this.#write(() => {
      this.#tables.writeHold(tombstone);
      state.open.delete(attemptId);
      if (known) this.#addHeld(state, known.keyId, nanos(-freed));
    });
  }

  /** Resolves every hold whose Worker was silent past ttl and grace, at what it may have spent. Called by the alarm. */
  expireHolds(): void {
    const state = this.#loaded();
    const now = this.#now(state);
    for (const hold of [...state.open.values()]) {
      if (hold.expiresAtMs + this.#times.graceMs > now) continue;
      const cost = hold.chargeAtExpiry;
      const request: SettleRequest = {
        ...NO_TOKENS,
        attemptId: hold.id,
        cost,
        inputCost: ZERO,
        outputCost: cost,
        outcome: 'expired',
        unresolved: nanos(hold.held - cost),
        estimated: true,
        latencyMs: null,
        firstTokenMs: null,
      };
      this.#resolve(state, hold, request, now);
    }
  }

  /** When the object must be woken next (epoch ms), or null while there is nothing to do. */
  nextWakeAtMs(): number | null {
    const state = this.#load();
    if (!state) return null;
    let next = Number.POSITIVE_INFINITY;
    for (const hold of state.open.values()) next = Math.min(next, hold.expiresAtMs + this.#times.graceMs);
    if (state.sequence > state.shipped || this.#refusals.pending)
      next = Math.min(next, state.lastMs + LIMITS.shipDelayMs);
    return Number.isFinite(next) ? next : null;
  }

  /** The oldest events that D1 has not confirmed, in sequence. Counted refusals become events first. */
  unshipped(rowsMax: number = LIMITS.shipRowsMax): UsageEvent[] {
    const state = this.#loaded();
    const now = this.#now(state);
    if (this.#refusals.pending) {
      this.#write(() => {
        for (const event of this.#refusals.take(now)) this.#book(state, event);
      });
    }
    return this.#tables.readEvents(rowsMax);
  }

  /** D1 has everything up to `n`: those events and old tombstones may go. */
  confirmShipped(n: number): void {
    const state = this.#loaded();
    const now = this.#now(state);
    if (n > state.sequence) throw new Error(`D1 confirms event ${n}, but only ${state.sequence} were made`);
    if (n <= state.shipped) return;
    this.#write(() => {
      this.#tables.writeShipped(n);
      this.#tables.forgetTombstones(now - LIMITS.tombstoneMs, n);
      state.shipped = n;
    });
    // Memory is read again with the archive as it is on disk now.
    if (this.#archive(state, now)) this.#state = null;
  }

  /** Puts what has left the windows into coarse buckets, kept as long as the longest window there is. */
  #archive(state: State, now: number): boolean {
    let archived = false;
    this.#write(() => {
      for (const [scope, { window }] of state.scopes) {
        archived = this.#tables.archiveBuckets(scope, window.horizon(now)) || archived;
        this.#tables.forgetBuckets(scope, now - WINDOW_MS_MAX);
      }
    });
    return archived;
  }

  /** One side of invariant 4: at D1's shipped sequence `k`, D1's ledger must sum to `settledUpTo`. */
  books(k: number): { sequence: number; shipped: number; settledUpTo: Nanos; unshipped: number; held: Nanos } {
    const state = this.#loaded();
    const member = scopeOf(state, MEMBER_SCOPE);
    const above = this.#tables.outboxAbove(k);
    return {
      sequence: state.sequence,
      shipped: state.shipped,
      settledUpTo: nanos(member.total.lifetime - above.cost),
      unshipped: above.rows,
      held: member.held,
    };
  }

  /** Everything that a status shows, for the member or one of its keys. */
  status(of: 'member' | { keyId: string }): ScopeStatus {
    const state = this.#loaded();
    return statusOf(state, of === 'member' ? MEMBER_SCOPE : of.keyId, this.#now(state));
  }

  #resolve(state: State, hold: Hold, request: SettleRequest, now: number): void {
    const freed = hold.held;
    const n = state.sequence + 1;
    const resolved: Hold = {
      ...hold,
      state: request.outcome === 'expired' ? 'expired' : 'settled',
      // An expired hold keeps its amount in the tombstone: the bound of what is still unknown, should the Worker return.
      held: request.outcome === 'expired' ? freed : ZERO,
      resolvedAtMs: now,
      charged: request.cost,
      n,
      cycle: scopeOf(state, MEMBER_SCOPE).total.cycle,
    };
    const beyondHold = nanos(Math.max(0, request.cost - freed));
    // Invariant 3: tombstone, event with its number, and every counter are one transaction.
    this.#write(() => {
      this.#tables.writeHold(resolved);
      this.#book(state, {
        ...eventOf(hold, request, now),
        requests: 1,
        overrunNanos: beyondHold,
        unresolvedNanos: request.unresolved,
      });
      for (const scope of [MEMBER_SCOPE, hold.keyId]) this.#spend(state, scope, request.cost, now);
      state.open.delete(hold.id);
      this.#addHeld(state, hold.keyId, nanos(-freed));
    });
  }

  #correct(state: State, hold: Hold, request: SettleRequest, now: number): void {
    const charged = hold.charged ?? ZERO;
    const difference = nanos(request.cost - charged);
    this.#write(() => {
      this.#tables.writeHold({ ...hold, state: 'settled', held: ZERO, charged: request.cost, n: state.sequence + 1 });
      this.#book(state, {
        ...eventOf(hold, request, now),
        outcome: 'correction',
        costNanos: difference,
        // The expiry booked its charge as output and no input at all.
        outputCostNanos: request.outputCost - charged,
        requests: 0,
        overrunNanos: nanos(Math.max(0, difference)),
        // What the expiry reported as its bound is taken back for what is unknown now.
        unresolvedNanos: nanos(request.unresolved + charged - hold.held),
      });
      for (const scope of [MEMBER_SCOPE, hold.keyId]) {
        if (difference >= 0) this.#spend(state, scope, difference, now);
        else this.#giveBack(state, scope, nanos(-difference), hold, now);
      }
    });
  }

  /** Gives the event its number and puts it into the outbox. Inside a transaction. */
  #book(state: State, event: Omit<UsageEvent, 'n'>): void {
    this.#tables.writeEvent({ ...event, n: state.sequence + 1 });
    state.sequence += 1;
  }

  #spend(state: State, name: string, amount: Nanos, now: number): void {
    const { total, window } = scopeOf(state, name);
    total.spent = addNanos(total.spent, amount);
    total.lifetime = addNanos(total.lifetime, amount);
    this.#tables.writeTotal(name, total);
    if (amount > 0) this.#tables.writeBucket(name, window.add(now, amount));
  }

  /** Takes a charge back: from the cycle and the window it was charged in, where those still run. */
  #giveBack(state: State, name: string, amount: Nanos, hold: Hold, now: number): void {
    const { total, window } = scopeOf(state, name);
    // Only the member's total has cycles.
    if (name !== MEMBER_SCOPE || total.cycle === hold.cycle) total.spent = nanos(total.spent - amount);
    total.lifetime = nanos(total.lifetime - amount);
    this.#tables.writeTotal(name, total);
    const bucket = window.takeBack(now, hold.resolvedAtMs ?? now, amount);
    if (bucket) this.#tables.writeBucket(name, bucket);
  }

  #addHeld(state: State, keyId: string, amount: Nanos): void {
    for (const name of [MEMBER_SCOPE, keyId]) {
      const scope = scopeOf(state, name);
      scope.held = addNanos(scope.held, amount);
      if (scope.held < 0) throw new Error(`held below zero in ${name}: ${scope.held}`);
    }
  }

  #refuse(request: AuthorizeRequest, key: KeyPolicy | null, refusal: LedgerRefusal): Admission {
    if (key) this.#refusals.count(request.about, key, refusal.kind);
    return { granted: false, refusal };
  }

  #ticket(hold: Hold): Ticket {
    return { attemptId: hold.id, amount: hold.held, ttlMs: this.#times.ttlMs };
  }

  /** Reads the clock once per call; it never goes back, not even over a restart. */
  #now(state: State): number {
    state.lastMs = Math.max(state.lastMs, this.#clock());
    return state.lastMs;
  }

  #write(work: () => void): void {
    try {
      this.#tables.transaction(work);
    } catch (error) {
      // The disk was rolled back, memory was not: read it again.
      this.#state = null;
      throw error;
    }
  }

  #loaded(): State {
    const state = this.#load();
    if (!state) throw new Error('the ledger has no policy yet');
    return state;
  }

  #load(): State | null {
    if (this.#state) return this.#state;
    const policy = this.#tables.readPolicy();
    if (!policy) return null;
    const shipped = this.#tables.readShipped();
    const state = newState(policy, shipped);
    state.sequence = this.#tables.outboxAbove(shipped).newest ?? shipped;
    state.lastMs = this.#tables.readLastInstant();
    const buckets = this.#tables.readBuckets();
    const totals = this.#tables.readTotals();
    for (const name of new Set([...totals.keys(), ...buckets.keys()])) {
      const scope = scopeOf(state, name);
      scope.window = new Window(limitsOf(state, name).period?.window ?? null, buckets.get(name) ?? []);
      scope.total = totals.get(name) ?? scope.total;
    }
    for (const hold of this.#tables.readOpenHolds()) {
      state.open.set(hold.id, hold);
      this.#addHeld(state, hold.keyId, hold.held);
    }
    this.#state = state;
    return state;
  }
}
