/**
 * The ledger of one member: what is spent, what is held, and every decision about more.
 *
 * It owns the tables of tables.ts and is called by the member's object, one call at a time. Every public method is
 * synchronous and runs from its reads to its last write without an await: the single thread is what makes a check and
 * its act one step. All methods are idempotent by attempt id, because the runtime and the Worker may repeat any call.
 *
 * What is on disk is the truth; scopes and open holds are also kept in memory so that admission reads no table. Memory
 * changes inside the same transaction as the disk, and any throw drops it, to be read again as after a crash. Two things
 * are in memory only: holds of the last seconds, under a durable ceiling (young-holds.ts), and resolutions that wait to
 * be written together (`gather`): until then their holds count as held. Expected refusals are values; a throw is a bug or
 * a broken disk.
 */
import { attemptMadeAt } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { addNanos, type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { choose, decideGrowth, decideStanding, holdingMore, tightest } from './admission.ts';
import { chooseCredit, creditHeadroom, needsCredit, refuseGrowth } from './credit.ts';
import { Gathering, type Waiting } from './gathering.ts';
import { holdOf, ticketOf } from './hold-records.ts';
import {
  addHeld,
  adoptPolicy,
  type CheckedKey,
  keyByHash,
  keyOfTicket,
  MEMBER_SCOPE,
  openIn,
  readState,
  rulesOf,
  type State,
  scopeOf,
  scopesOf,
  windowOf,
} from './ledger-state.ts';
import { limitedKeys, statusOf, viewsOf, withoutGathered } from './ledger-views.ts';
import { MemberCredit } from './member-credit.ts';
import {
  isNewer,
  type KeyPolicy,
  type MemberPolicy,
  type Opening,
  type PolicyVersion,
  type Throttles,
} from './policy.ts';
import { Posting } from './posting.ts';
import {
  type Admission,
  type AuthorizeRequest,
  type CreditCheck,
  type ExtendRequest,
  type Extension,
  HOLD_TIMES,
  type HoldTimes,
  type LimitStatus,
  type Progress,
  type ReleaseRequest,
  type ScopeStatus,
  type Settlement,
  type SettleRequest,
  type Short,
  type Ticket,
} from './protocol.ts';
import { openingState, type Standing, standingOf, writeOpening } from './rebuilding.ts';
import { RefusalCounts } from './refusal-counts.ts';
import type { LedgerRefusal, ScopeView } from './refusals.ts';
import { expire, type Resolution, resolve } from './resolutions.ts';
import { bundleOf, type RoutingBundle, versionOf } from './routing.ts';
import { isOfOffer, type Rules, type Use } from './rules.ts';
import type { Clock, Store } from './store.ts';
import { type Hold, Tables } from './tables.ts';
import { ThrottleCounts, type ThrottleRefusal } from './throttles.ts';
import type { UsageEvent } from './usage-event.ts';
import { WINDOW_MS_MAX } from './windows.ts';
import {
  claim,
  dissolveGhosts,
  leaveYoung,
  lowerCeiling,
  mayBeYoung,
  openYoung,
  raiseGhost,
  writeAged,
} from './young-holds.ts';

/** Refusals that come after the limits of money were looked at, and name none of them. */
const NAMES_NO_LIMIT: ReadonlySet<LedgerRefusal['kind']> = new Set([
  'rate_limited',
  'price_unknown',
  'insufficient_credits',
  'credits_in_flight',
]);

export interface LedgerOptions {
  times?: HoldTimes;
  /** A name for each life of the object that none before it had. */
  newEpoch: () => string;
}

/** What an attempt is for, as rules ask it. */
function useOf({ about, facts }: AuthorizeRequest): Use {
  const { mapping, canonicalModel, provider, endpoint } = about;
  const { ip = null, inputPrice = null, outputPrice = null, otherNames = [] } = facts ?? {};
  return { model: { mapping, canonicalModel, otherNames, provider, inputPrice, outputPrice }, endpoint, ip };
}

export class Ledger {
  /** The member's side of the organization's wallet. */
  readonly credit: MemberCredit;
  readonly #tables: Tables;
  readonly #clock: Clock;
  readonly #times: HoldTimes;
  readonly #newEpoch: () => string;
  readonly #refusals = new RefusalCounts();
  readonly #throttles = new ThrottleCounts();
  /** By key: when it was last presented. D1 learns it with the events, so a restart forgets nothing but a refusal or two. */
  readonly #lastUsedMs = new Map<string, number>();
  readonly #gathering: Gathering;
  #state: State | null = null;
  #shippedAtMs = 0;

  constructor(store: Store, clock: Clock, options: LedgerOptions) {
    this.#tables = new Tables(store);
    this.#clock = clock;
    this.#times = options.times ?? HOLD_TIMES;
    this.#newEpoch = options.newEpoch;
    this.#gathering = new Gathering((resolutions) => this.#resolveAll(resolutions), options.newEpoch());
    this.credit = new MemberCredit({
      tables: this.#tables,
      state: () => this.#loaded(),
      now: () => this.#now(this.#loaded()),
      flush: () => this.flush(),
      write: (work) => this.#write(work),
    });
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
    this.#write(() => writeOpening(this.#tables, opening, openingState(opening, this.#clock())));
  }

  /** What is counted, and what would be counted by one that knew only what D1 does. */
  standing(opening: Opening): { before: Standing; after: Standing } {
    this.flush();
    const state = this.#loaded();
    const now = this.#now(state);
    const before = standingOf(state, this.#tables.outboxAbove(state.shipped).rows, now);
    return { before, after: standingOf(openingState(opening, now), 0, now) };
  }

  /**
   * Forgets what is counted and held, and begins again with what D1 knows. Tombstones stay, so that what was settled before
   * is not booked again when it is told again, and so does the lease: D1 knows nothing of its totals.
   */
  rebuild(opening: Opening): void {
    this.flush();
    const state = openingState(opening, this.#now(this.#loaded()));
    this.#write(() => {
      this.#tables.forgetCounts();
      writeOpening(this.#tables, opening, state);
    });
    // Read again as another life of the object: a ticket from before counts as one of nothing that is held.
    this.#state = null;
  }

  /** Takes a newer policy. An older or equal one changes nothing; the answer tells the version in force. */
  configure(policy: MemberPolicy): PolicyVersion {
    // What was settled before the change counts before it.
    this.flush();
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
      adoptPolicy(state, policy, now);
      if (!policy.metered) this.credit.end();
      for (const [scope, { window }] of state.scopes) this.#tables.writeWindow(scope, window.current);
    });
    return policy.version;
  }

  /** Whether this key may be used so now, whatever its budget, the rules that it is under, and its routing. */
  checkKey(keyHash: string, use: Use): CheckedKey & { rules: Rules[]; routing: RoutingBundle | null } {
    const state = this.#loaded();
    const checked = keyByHash(state, keyHash, this.#now(state), use);
    const rules = checked.key ? rulesOf(state.policy, checked.key).map((ofOne) => ofOne.rules) : [];
    return { ...checked, rules, routing: checked.key && bundleOf(state.policy, checked.key.projectId) };
  }

  /**
   * Sets money aside for one attempt in every scope that it counts in, or says why not. Where only the organization's credit
   * does not reach, and the wallet was not asked for more, it says what is lacking.
   */
  authorize(request: AuthorizeRequest): Admission | Short;
  authorize(request: AuthorizeRequest, wallet: 'asked'): Admission;
  authorize(request: AuthorizeRequest, wallet: CreditCheck): Admission | Short;
  authorize(request: AuthorizeRequest, wallet: CreditCheck = 'unasked'): Admission | Short {
    // A repeat that comes after its own settlement must find it.
    if (this.#gathering.waitsFor(request.attemptId)) this.flush();
    const state = this.#loaded();
    const now = this.#now(state);
    const checked = keyByHash(state, request.keyHash, now, useOf(request));
    if (checked.key) this.#lastUsedMs.set(checked.key.keyId, now);
    // Before all that depends on which provider was chosen. A repeat of what was granted is answered as it was.
    const routing = checked.key && this.#otherRouting(state, checked.key, request);
    if (routing) return { granted: false, refusal: { kind: 'too_late' }, ...routing };
    if (checked.refusal !== null) return this.#refuse(request, checked.key, checked.refusal);
    const { key } = checked;

    const known = state.open.get(request.attemptId) ?? this.#tables.readHold(request.attemptId);
    if (known?.state === 'open') {
      const views = viewsOf(state, key.keyId, now);
      return { granted: true, ticket: this.#ticket(state, known, key.hash), tightest: tightest(views) ?? null };
    }
    const madeAtMs = attemptMadeAt(request.attemptId);
    if (known || madeAtMs === null || Math.abs(now - madeAtMs) > LIMITS.authorizeAgeMsMax) {
      return { granted: false, refusal: { kind: 'too_late' } };
    }

    const decision = this.#decide(key.keyId, request);
    const refused = 'refusal' in decision ? decision.refusal : null;
    // In the order of the API's refusals: too fast comes after spent, then no credit, then held by others.
    if (refused && refused.kind !== 'budget_in_flight') {
      return this.#authorizeRest(request, refused, wallet) ?? this.#refuse(request, key, refused);
    }
    const throttled = this.#throttled(key);
    // In flight by what was only not written yet. That may change any check, so all are made again; so below.
    if (throttled?.throttle === 'concurrency' && this.flush()) return this.authorize(request, wallet);
    if (throttled) return this.#refuse(request, key, throttled);
    const wanted = 'refusal' in decision ? ((request.otherwise ?? request).amount ?? ZERO) : decision.amount;
    const credit = chooseCredit(this.#loaded(), request.about, wanted, request.otherwise);
    if (credit.shortOfHeld && this.flush()) return this.authorize(request, wallet);
    if (credit.ask && wallet === 'unasked') return { lacks: wanted };
    if (credit.refusal?.kind === 'insufficient_credits') {
      return this.#authorizeRest(request, credit.refusal, wallet) ?? this.#refuse(request, key, credit.refusal);
    }
    if ('refusal' in decision) return this.#refuse(request, key, decision.refusal);
    if (credit.refusal) return this.#refuse(request, key, credit.refusal);
    this.#throttles.admitted(scopesOf(key.keyId), now);
    return this.#grant(key, request, credit.amount, decision.views);
  }

  /** Renews a hold and, when asked for more than it has, grows it under the same check as admission; as authorize. */
  extend(request: ExtendRequest): Extension | Short;
  extend(request: ExtendRequest, wallet: 'asked'): Extension;
  extend(request: ExtendRequest, wallet: CreditCheck): Extension | Short;
  extend(request: ExtendRequest, wallet: CreditCheck = 'unasked'): Extension | Short {
    if (this.#gathering.waitsFor(request.ticket.attemptId)) this.flush();
    const state = this.#loaded();
    const now = this.#now(state);
    const { attemptId, keyId, keyHash } = request.ticket;
    const { refusal: keyRefusal } = keyOfTicket(state, request.ticket, now);
    if (keyRefusal) return { extended: false, refusal: keyRefusal };
    const hold = state.open.get(attemptId) ?? this.#claimed(state, request);
    if (!hold) return { extended: false, refusal: null };
    const more = nanos(Math.max(0, request.toAmount - hold.held));
    if (request.recheck) {
      const refusal = decideStanding(viewsOf(state, keyId, now), hold.held);
      if (refusal) return { extended: false, refusal };
    }
    if (more > 0) {
      const refusal = decideGrowth(viewsOf(state, keyId, now), hold.held, more);
      // Also one that stands: it tells what is spent and held once that is written, and so what is left to ask for.
      if (refusal && this.flush()) return this.extend(request, wallet);
      if (refusal) return { extended: false, refusal };
      const noCredit = refuseGrowth(state, hold, more);
      if (noCredit && this.flush()) return this.extend(request, wallet);
      if (noCredit) return wallet === 'unasked' ? { lacks: more } : { extended: false, refusal: noCredit };
    }
    this.#write(() => {
      // A hold that lives long enough to be renewed has a row from now on.
      leaveYoung(state, hold);
      hold.held = addNanos(hold.held, more);
      if (request.report > hold.reports) {
        hold.reports = request.report;
        hold.chargeAtExpiry = nanos(Math.min(hold.held, request.chargeAtExpiry));
      }
      hold.expiresAtMs = now + this.#times.ttlMs;
      this.#tables.writeHold(hold);
      addHeld(state, hold, more);
    });
    return { extended: true, ticket: this.#ticket(state, hold, keyHash) };
  }

  /**
   * Takes a resolution to be written together with others: at the next `flush`, which `beat` does in time, and every
   * call that needs to know. `done` is called once it is written, `failed` where it could not be.
   */
  gather(resolution: Resolution, done: Waiting['done'] = () => {}, failed: Waiting['failed'] = () => {}): void {
    this.#gathering.add({ resolution, done, failed }, this.#clock() + LIMITS.gatherMs);
  }

  /** Takes settlements that travelled with another call, and tells how far it is: `progressSince` that tells when they are written. */
  gatherCarried(requests: readonly SettleRequest[]): Progress {
    const dueAtMs = this.#clock() + LIMITS.gatherCarriedMs;
    for (const request of requests) {
      this.#gathering.add({ resolution: { kind: 'settle', request }, done: () => {}, failed: () => {} }, dueAtMs);
    }
    return this.progress();
  }

  /** How much of what was ever gathered is written. */
  progress(): Progress {
    return this.#gathering.progress;
  }

  /** The same as it was, but for what was written since; all as it was where something could not be. */
  progressSince(before: Progress): Progress {
    const { life, written } = this.progress();
    return life === before.life ? { ...before, written } : before;
  }

  /** Writes what was gathered, in one block that changes memory and disk together. False: there was nothing. */
  flush(): boolean {
    return this.#gathering.flush();
  }

  /** Gathers and flushes at once; throws where it cannot be written. */
  settle(request: SettleRequest): Settlement {
    return this.#resolveNow({ kind: 'settle', request });
  }

  release(request: ReleaseRequest): void {
    this.#resolveNow({ kind: 'release', request });
  }

  /** What is due between calls: writes what was gathered, and gives rows to holds that are young no more. */
  beat(): void {
    const state = this.#load();
    if (!state) return;
    this.flush();
    const agedUntilMs = this.#now(state) - LIMITS.youngHoldMsMax;
    if (this.#oldestYoungMs(state) <= agedUntilMs) {
      this.#write(() => writeAged(state, this.#tables, agedUntilMs));
    }
  }

  /** When `beat` is due (epoch ms); null while nothing waits. Until then the object must stay awake. */
  nextBeatAtMs(): number | null {
    const { dueAtMs } = this.#gathering;
    if (dueAtMs !== null) return dueAtMs;
    const oldest = this.#state ? this.#oldestYoungMs(this.#state) : Number.POSITIVE_INFINITY;
    return Number.isFinite(oldest) ? oldest + LIMITS.youngHoldMsMax : null;
  }

  /** Resolves what nobody will: holds whose Worker was silent past ttl and grace, and ghosts. Called by the alarm. */
  expireHolds(): void {
    this.flush();
    const state = this.#loaded();
    const now = this.#now(state);
    const silent = [...state.open.values()].filter((hold) => hold.expiresAtMs + this.#times.graceMs <= now);
    this.#post((posting) => {
      for (const hold of silent) expire(posting, hold);
      dissolveGhosts(posting);
    });
  }

  /** When the object must be woken next (epoch ms), or null while there is nothing to do. */
  nextWakeAtMs(): number | null {
    const state = this.#load();
    if (!state) return null;
    let next = Number.POSITIVE_INFINITY;
    for (const hold of state.open.values()) next = Math.min(next, hold.expiresAtMs + this.#times.graceMs);
    for (const ghost of state.ghosts.values()) {
      next = Math.min(next, ghost.dissolved ? ghost.untilMs + LIMITS.tombstoneMs : ghost.untilMs);
    }
    // A ceiling is lowered at the shipping's end, and turned into a ghost by the same alarm should this life end before.
    if (state.sequence > state.shipped || this.#refusals.pending || state.ceiling > 0 || this.credit.owesNews()) {
      next = Math.min(next, this.#shipsAtMs(state));
    }
    return Number.isFinite(next) ? next : null;
  }

  /** The oldest events that D1 has not confirmed, in sequence. Counted refusals become events first. */
  unshipped(eventsMax: number = LIMITS.shipRowsMax): UsageEvent[] {
    this.flush();
    if (this.#refusals.pending) {
      this.#post((posting) => {
        for (const event of this.#refusals.take(posting.nowMs)) posting.book(event);
      });
    }
    return this.#tables.readEvents(eventsMax);
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
      this.#shippedAtMs = now;
      lowerCeiling(state, this.#tables);
    });
    this.#archive(state, now);
  }

  /** Lowers what a crash would count as held to what is held. Called when nothing was there to ship. */
  settleDown(): void {
    const state = this.#loaded();
    if (state.ceiling > state.youngHeld) this.#write(() => lowerCeiling(state, this.#tables));
  }

  /** Puts what has left the windows into coarse buckets, kept as long as the longest window there is. */
  #archive(state: State, now: number): void {
    const archived = new Set<string>();
    this.#write(() => {
      for (const [scope, { window }] of state.scopes) {
        if (this.#tables.archiveBuckets(scope, window.horizon(now))) archived.add(scope);
        this.#tables.forgetBuckets(scope, Math.min(now - WINDOW_MS_MAX, window.horizon(now)));
      }
      if (archived.size === 0) return;
      // Only the windows are read again, as they are on disk now: what else is in memory may be nowhere else.
      const buckets = this.#tables.readBuckets();
      for (const name of archived) {
        const scope = scopeOf(state, name);
        scope.window = windowOf(state, name, buckets.get(name) ?? [], scope.window.current);
      }
    });
  }

  /** One side of invariant 4: at D1's shipped sequence `k`, D1's ledger must sum to `settledUpTo`. */
  books(k: number): { sequence: number; shipped: number; settledUpTo: Nanos; unshipped: number; held: Nanos } {
    this.flush();
    const state = this.#loaded();
    // A write that changes nothing: an instance whose place another has taken cannot make it, and so cannot tell books
    // that lack what was settled since.
    this.#write(() => this.#tables.writeShipped(state.shipped));
    const member = scopeOf(state, MEMBER_SCOPE);
    const above = this.#tables.outboxAbove(k);
    return {
      sequence: state.sequence,
      shipped: state.shipped,
      settledUpTo: nanos(member.total.lifetime - above.cost),
      unshipped: above.rows,
      held: addNanos(member.held, state.ghostsHeld),
    };
  }

  /** Everything that a status shows, for the member or one of its keys. */
  status(of: 'member' | { keyId: string }): ScopeStatus {
    this.flush();
    const state = this.#loaded();
    const name = of === 'member' ? MEMBER_SCOPE : of.keyId;
    return { ...statusOf(state, name, this.#now(state)), lastUsedAtMs: this.#lastUsedMs.get(name) ?? null };
  }

  /** Of some keys, those that have limits of their own: what is spent of them, by the keys' ids. */
  limitedKeys(keyIds: Iterable<string>): Record<string, LimitStatus> {
    this.flush();
    const state = this.#loaded();
    return limitedKeys(state, keyIds, this.#now(state));
  }

  #resolveNow(resolution: Resolution): Settlement {
    let settlement: Settlement = { booked: false };
    let failure: { error: unknown } | null = null;
    this.gather(
      resolution,
      (done) => {
        settlement = done;
      },
      (error) => {
        failure = { error };
      },
    );
    this.flush();
    if (failure) throw (failure as { error: unknown }).error;
    return settlement;
  }

  /** What may be set aside: what was asked, or its fallback, or why neither. */
  #decide(
    keyId: string,
    request: Pick<AuthorizeRequest, 'about' | 'amount' | 'otherwise'>,
  ): { amount: Nanos; views: ScopeView[] } | { refusal: LedgerRefusal } {
    const { amount, otherwise } = request;
    const state = this.#loaded();
    const views = viewsOf(state, keyId, state.lastMs);
    if (amount === null) {
      const limited = views.length > 0 || needsCredit(state, request.about);
      return limited ? { refusal: { kind: 'price_unknown' } } : { amount: ZERO, views };
    }
    const chosen = choose(views, amount, otherwise);
    // Held by what was only not written yet: it is written now, and counts for what it cost.
    if (chosen.shortOfHeld && this.flush()) return this.#decide(keyId, request);
    return chosen.refusal ? { refusal: chosen.refusal } : { amount: chosen.amount, views };
  }

  /** The routing of now, where a request was made by another; null where it was made by that. */
  #otherRouting(
    { policy, open }: State,
    { projectId }: KeyPolicy,
    { routingVersion, attemptId }: AuthorizeRequest,
  ): { routing: RoutingBundle | null } | null {
    if (versionOf(policy.routing, projectId) === (routingVersion ?? null) || open.has(attemptId)) return null;
    return { routing: bundleOf(policy, projectId) };
  }

  /** Whether the member or the key goes too fast. */
  #throttled(key: KeyPolicy): ThrottleRefusal | null {
    const state = this.#loaded();
    const { policy, lastMs } = state;
    const check = (limits: Throttles, of: 'member' | 'api_key', name: string) =>
      this.#throttles.check(limits, of, name, limits.concurrency === null ? 0 : openIn(state, name), lastMs);
    return check(policy.throttles, 'member', MEMBER_SCOPE) ?? check(key.throttles, 'api_key', key.keyId);
  }

  #resolveAll(resolutions: readonly Resolution[]): Settlement[] {
    const booked: SettleRequest[] = [];
    const settlements = this.#post((posting) =>
      resolutions.map((resolution) => {
        const { sequence } = posting.state;
        const settlement = resolve(posting, resolution);
        // One that is told again makes no event, and its tokens are no more.
        if (resolution.kind === 'settle' && posting.state.sequence > sequence) booked.push(resolution.request);
        return settlement;
      }),
    );
    const { lastMs } = this.#loaded();
    for (const { ticket, inputTokens, outputTokens } of booked) {
      this.#throttles.used(scopesOf(ticket.keyId), inputTokens + outputTokens, lastMs);
    }
    return settlements;
  }

  #grant(key: KeyPolicy, request: AuthorizeRequest, amount: Nanos, views: ScopeView[]): Admission {
    const state = this.#loaded();
    const hold = holdOf(request.attemptId, key, request.about, amount, state.lastMs, this.#times.ttlMs);
    const headroom = Math.min(
      tightest(views)?.remaining ?? Number.POSITIVE_INFINITY,
      creditHeadroom(state, hold.about),
    );
    const young = !request.asRow && mayBeYoung(amount, headroom);
    const open = () => {
      if (young) {
        openYoung(state, this.#tables, hold, headroom);
        return;
      }
      this.#tables.writeHold(hold);
      state.open.set(hold.id, hold);
      addHeld(state, hold, amount);
    };
    if (young && state.youngHeld + amount <= state.ceiling) open();
    else this.#write(open);
    // Every scope holds that much more now, so the tightest is the tightest still.
    const shown = tightest(withoutGathered(state, views, key.keyId, this.#gathering.waiting));
    const ticket = this.#ticket(state, hold, key.hash);
    return { granted: true, ticket, tightest: shown ? holdingMore(shown, amount) : null };
  }

  /** A hold that an earlier life granted, as its ticket tells; null where it is held no more. */
  #claimed(state: State, { ticket, about }: ExtendRequest): Hold | null {
    if (this.#tables.readHold(ticket.attemptId)) return null;
    return this.#post((posting) => {
      const claimed = claim(posting, ticket, about);
      if (!claimed?.covered) return null;
      this.#tables.writeHold(claimed.hold);
      return state.open.get(ticket.attemptId) ?? null;
    });
  }

  /** Soon after a silence; while requests keep coming, less often, so that more travel together. */
  #shipsAtMs({ lastMs, sequence, shipped }: State): number {
    const soon = lastMs + LIMITS.shipDelayMs;
    return sequence - shipped >= LIMITS.shipRowsMax ? soon : Math.max(soon, this.#shippedAtMs + LIMITS.shipEveryMs);
  }

  #oldestYoungMs(state: State): number {
    const [oldest] = state.young;
    const hold = oldest === undefined ? undefined : state.open.get(oldest);
    return hold ? hold.openedAtMs : Number.POSITIVE_INFINITY;
  }

  /** The last of a budget, where that may do after a refusal; else null. */
  #authorizeRest(request: AuthorizeRequest, refusal: LedgerRefusal, wallet: CreditCheck): Admission | Short | null {
    const { least, ...asked } = request;
    const left =
      refusal.kind === 'request_exceeds_budget'
        ? refusal.view.remaining
        : refusal.kind === 'insufficient_credits'
          ? refusal.remaining
          : null;
    if (least === undefined || left === null || left < least) return null;
    return this.authorize({ ...asked, otherwise: { kind: 'at_least', amount: least } }, wallet);
  }

  #refuse(request: AuthorizeRequest, key: KeyPolicy | null, refusal: LedgerRefusal): Admission {
    const goesOn = request.othersServe && refusal.kind === 'rule_denied' && isOfOffer(refusal.rule);
    if (key && !goesOn) this.#refusals.count(request.about, key, refusal, this.#loaded().lastMs);
    if (!key || !NAMES_NO_LIMIT.has(refusal.kind)) return { granted: false, refusal };
    const state = this.#loaded();
    const views = viewsOf(state, key.keyId, state.lastMs);
    const shown = tightest(withoutGathered(state, views, key.keyId, this.#gathering.waiting));
    return { granted: false, refusal, ...(shown && { tightest: shown }) };
  }

  #ticket(state: State, hold: Hold, keyHash: string | undefined): Ticket {
    return ticketOf(hold, state.epoch, this.#times.ttlMs, keyHash);
  }

  #post<T>(work: (posting: Posting) => T): T {
    const state = this.#loaded();
    const now = this.#now(state);
    return this.#write(() => {
      const posting = new Posting(state, this.#tables, now);
      const answer = work(posting);
      posting.write();
      return answer;
    });
  }

  /** Reads the clock once per call; it never goes back, not even over a restart. */
  #now(state: State): number {
    state.lastMs = Math.max(state.lastMs, this.#clock());
    return state.lastMs;
  }

  #write<T>(work: () => T): T {
    try {
      return this.#tables.transaction(work);
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
    const state = readState(this.#tables, policy, this.#newEpoch());
    const now = this.#now(state);
    this.#tables.transaction(() => raiseGhost(state, this.#tables, now, this.#times));
    this.#state = state;
    return state;
  }
}
