/**
 * The object of one member: hosts the ledger (src/budgets/ledger.ts) on the object's SQLite, wakes it by alarm, ships
 * its usage events to D1. Called by the Worker through src/objects.ts. It decides nothing itself.
 *
 * Every method takes one object, ignores fields it does not know (Worker and objects are never deployed at one
 * instant), and is idempotent, because the runtime may repeat it. An object without a policy reads it from D1 first;
 * failing that it throws, which the caller turns into a refusal.
 */
import { DurableObject } from 'cloudflare:workers';
import { CreditLine } from '../src/budgets/credit-line.ts';
import type { Lease, Recall, SyncMessage } from '../src/budgets/lease.ts';
import { Ledger } from '../src/budgets/ledger.ts';
import type { KeyPolicy, MemberPolicy, PolicyVersion } from '../src/budgets/policy.ts';
import {
  type Admission,
  type AuthorizeRequest,
  type ExtendRequest,
  type Extension,
  HOLD_TIMES,
  type ReleaseRequest,
  type ScopeStatus,
  type Settlement,
  type SettleRequest,
} from '../src/budgets/protocol.ts';
import { type Standing, wouldLose } from '../src/budgets/rebuilding.ts';
import type { LedgerRefusal } from '../src/budgets/refusals.ts';
import type { Resolution } from '../src/budgets/resolutions.ts';
import type { RoutingBundle } from '../src/budgets/routing.ts';
import type { ModelUse, Rules, Use } from '../src/budgets/rules.ts';
import { randomText } from '../src/ids.ts';
import { LIMITS, MINUTE_MS } from '../src/limits.ts';
import { nanos } from '../src/money/nanos.ts';
import { orgWallet } from '../src/objects.ts';
import { readOpening } from '../src/usage/opening.ts';
import { ship } from '../src/usage/shipping.ts';
import { storeOf } from './object-store.ts';

/** Every call names the member: an object cannot tell its own name before it has a policy. */
export interface MemberCall {
  memberId: string;
}

/** A key as it was presented. Who does not tell the caller's address is one whose address is not known. */
interface KeyCall extends MemberCall {
  keyHash: string;
  ip?: string | null;
  endpoint?: string | undefined;
  model?: ModelUse | undefined;
}

function useOf({ ip = null, endpoint, model }: KeyCall): Use {
  return { ip, ...(endpoint !== undefined && { endpoint }), ...(model && { model }) };
}

export interface KeyStanding {
  refusal: LedgerRefusal | null;
  replay: boolean;
  /** The member's and the key's. */
  rules: Rules[];
  /** What concerns the key of the choice among providers. Absent from an object older than routings. */
  routing?: RoutingBundle | null;
}

export interface KeyStatus {
  key: KeyPolicy;
  keyStatus: ScopeStatus;
  memberStatus: ScopeStatus;
}

export interface Rebuilding {
  before: Standing;
  after: Standing;
  /** Whether the object knows of something that D1 does not. */
  loses: boolean;
  rebuilt: boolean;
}

/** 60 random bits: no two lives of one object share a name. */
const EPOCH_LENGTH = 12;

const UNKNOWN_KEY: LedgerRefusal = { kind: 'invalid_key', reason: 'unknown' };

export class MemberBudget extends DurableObject<Env> {
  readonly #ledger: Ledger;
  readonly #credit: CreditLine;
  /** The alarm that is set, as far as this instance knows. */
  #alarmAtMs: number | null = null;
  #failedShipments = 0;
  #beat: ReturnType<typeof setTimeout> | undefined;
  #beatAtMs = Number.POSITIVE_INFINITY;
  #shipping: Promise<void> | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const ttlMs = Number(env.HOLD_TTL_MS ?? HOLD_TIMES.ttlMs);
    const graceMs = Math.min(HOLD_TIMES.graceMs, ttlMs);
    this.#ledger = new Ledger(storeOf(ctx.storage), Date.now, {
      times: { ttlMs, graceMs },
      newEpoch: () => randomText(EPOCH_LENGTH),
    });
    this.#credit = new CreditLine(this.#ledger, (message) => this.#syncWallet(message), Date.now);
    ctx.blockConcurrencyWhile(async () => {
      this.#alarmAtMs = await ctx.storage.getAlarm();
    });
  }

  async authorize(call: MemberCall & AuthorizeRequest): Promise<Admission> {
    if (!(await this.#isMember(call))) return { granted: false, refusal: UNKNOWN_KEY };
    const handedOver = call.settled && this.#ledger.gatherCarried(call.settled);
    // No await between the ledger's check and its write: authorize() is synchronous, that is what makes it atomic.
    let admission = this.#ledger.authorize(call);
    if ('lacks' in admission) {
      admission = await this.#credit.wait(admission.lacks, (wallet) => this.#ledger.authorize(call, wallet));
    }
    if (admission.granted) this.#credit.lookAhead(admission.ticket.amount, call.about);
    return this.#done(handedOver ? { ...admission, progress: this.#ledger.progressSince(handedOver) } : admission);
  }

  async extend(call: MemberCall & ExtendRequest): Promise<Extension> {
    await this.#ready(call);
    let extension = this.#ledger.extend(call);
    if ('lacks' in extension) {
      extension = await this.#credit.wait(extension.lacks, (wallet) => this.#ledger.extend(call, wallet));
    }
    if (extension.extended) this.#credit.lookAhead(nanos(Math.max(0, call.toAmount - call.ticket.amount)), call.about);
    return this.#done(extension);
  }

  /** Answers once the settlement is durable, which may be a moment later: it is written together with others. */
  async settle(call: MemberCall & SettleRequest): Promise<Settlement> {
    await this.#ready(call);
    const settlement = await this.#gather({ kind: 'settle', request: call });
    return { ...settlement, progress: this.#ledger.progress() };
  }

  async release(call: MemberCall & ReleaseRequest): Promise<Settlement> {
    await this.#ready(call);
    return this.#gather({ kind: 'release', request: call });
  }

  async configure(call: { policy: MemberPolicy }): Promise<PolicyVersion> {
    await this.#ready(call.policy);
    return this.#done(this.#ledger.configure(call.policy));
  }

  /** Whether a key may be used at all, without setting anything aside, its rules, and whether its answers may be recorded. */
  async checkKey(call: KeyCall): Promise<KeyStanding> {
    if (!(await this.#isMember(call))) return { refusal: UNKNOWN_KEY, replay: false, rules: [] };
    const { refusal, rules, routing } = this.#ledger.checkKey(call.keyHash, useOf(call));
    return { refusal, replay: this.#ledger.replays(), rules, routing };
  }

  async status(call: MemberCall): Promise<ScopeStatus> {
    await this.#ready(call);
    return this.#ledger.status('member');
  }

  async keyStatus(call: KeyCall): Promise<KeyStatus | { refusal: LedgerRefusal }> {
    if (!(await this.#isMember(call))) return { refusal: UNKNOWN_KEY };
    const { key, refusal } = this.#ledger.checkKey(call.keyHash, useOf(call));
    if (refusal) return { refusal };
    return {
      key,
      keyStatus: this.#ledger.status({ keyId: key.keyId }),
      memberStatus: this.#ledger.status('member'),
    };
  }

  /** The state of some of the member's keys, in the order asked. */
  async keyStatuses(call: MemberCall & { keyIds: string[] }): Promise<ScopeStatus[]> {
    await this.#ready(call);
    return call.keyIds.map((keyId) => this.#ledger.status({ keyId }));
  }

  async books(call: MemberCall & { k: number }): Promise<ReturnType<Ledger['books']>> {
    await this.#ready(call);
    return this.#ledger.books(call.k);
  }

  /** The wallet asks for what this member does not hold. It waits for the answer, so nothing here may wait for the wallet. */
  async returnLease(call: Recall): Promise<SyncMessage> {
    await this.#ready(call);
    return this.#done(this.#credit.returnLease(call));
  }

  /** Ships everything now instead of by alarm. Throws where D1 does not answer. */
  async ship(call: MemberCall): Promise<void> {
    await this.#ready(call);
    await this.#shipAll();
  }

  /**
   * Has the ledger forget what it counts and begin again with what D1 knows; without `apply` it only tells what that would
   * change. What D1 does not know is shipped first; what cannot be, or is held, is lost only with `force`.
   */
  async rebuild(call: MemberCall & { apply: boolean; force: boolean }): Promise<Rebuilding> {
    await this.#ready(call);
    await this.#shipAll().catch((error) => {
      console.warn(JSON.stringify({ event: 'shipping_failed', memberId: call.memberId, error: String(error) }));
    });
    const opening = await readOpening(this.env, call.memberId, Date.now());
    if (!opening) throw new Error(`no member ${call.memberId}`);
    // No await from here on: what was settled while D1 was asked is seen as what D1 does not know.
    const { before, after } = this.#ledger.standing(opening);
    const loses = wouldLose(before, after);
    const rebuilt = call.apply && (call.force || !loses);
    if (rebuilt) this.#ledger.rebuild(opening);
    return this.#done({ before, after, loses, rebuilt });
  }

  /** Runs at least once for every set alarm; what is due is read from the tables, never from the alarm. */
  override async alarm(): Promise<void> {
    this.#alarmAtMs = null;
    if (!this.#ledger.version()) return;
    this.#ledger.expireHolds();
    try {
      await this.#shipAll();
      this.#failedShipments = 0;
    } catch (error) {
      // Not thrown on: the platform gives an alarm six retries and then drops it, and events may wait longer than that.
      this.#failedShipments += 1;
      console.error(
        JSON.stringify({ event: 'shipping_failed', failures: this.#failedShipments, error: String(error) }),
      );
    }
    // What the wallet does not hear now, and was logged, the next alarm tells it.
    await this.#credit.tell().catch(() => undefined);
    this.#wake();
  }

  /** Two shipments at once would be harmless (D1 refuses the second) but wasteful: later callers join the first. */
  async #shipAll(): Promise<void> {
    while (this.#shipping) await this.#shipping;
    this.#shipping = this.#shipUntilEmpty().finally(() => {
      this.#shipping = null;
    });
    await this.#shipping;
  }

  async #shipUntilEmpty(): Promise<void> {
    for (;;) {
      const events = this.#ledger.unshipped();
      const last = events.at(-1);
      if (!last) return this.#ledger.settleDown();
      const status = {
        atMs: Date.now(),
        member: this.#ledger.status('member'),
        keys: this.#ledger.limitedKeys(new Set(events.map(({ keyId }) => keyId))),
      };
      await ship(this.env, this.#ledger.member(), events, status);
      this.#ledger.confirmShipped(last.n);
      if (events.length < LIMITS.shipRowsMax) return;
    }
  }

  /** Makes the ledger ready; throws where it cannot be, or where D1 knows no such member. */
  async #ready(call: MemberCall): Promise<void> {
    if (!(await this.#isMember(call))) throw new Error(`no member ${call.memberId}`);
  }

  /** Whether there is such a member, with its ledger ready. Throws where D1 cannot be asked: then nobody may decide. */
  async #isMember({ memberId }: MemberCall): Promise<boolean> {
    if (this.#ledger.version()) return true;
    const opening = await readOpening(this.env, memberId, Date.now());
    if (opening) this.#ledger.open(opening);
    return opening !== null;
  }

  /** Carries a message to the organization's wallet. Throws where that does not answer: then nobody may spend its credit. */
  async #syncWallet(message: SyncMessage): Promise<Lease> {
    const { organizationId } = this.#ledger.member();
    try {
      return await orgWallet(this.env, organizationId, (object) => object.sync(message));
    } catch (error) {
      console.warn(JSON.stringify({ event: 'wallet_unreachable', organizationId, error: String(error) }));
      // Not as it came: who called us must not take it for a failure of this object, and repeat the call.
      throw new Error('the wallet does not answer');
    }
  }

  #gather(resolution: Resolution): Promise<Settlement> {
    return new Promise((resolve, reject) => {
      this.#ledger.gather(resolution, resolve, reject);
      this.#beatInTime();
    });
  }

  #done<T>(answer: T): T {
    this.#wake();
    this.#beatInTime();
    return answer;
  }

  /** Sets the timer for what is due between calls. It also keeps the object in memory while anything is only there. */
  #beatInTime(): void {
    const dueMs = this.#ledger.nextBeatAtMs();
    if (dueMs === null || dueMs >= this.#beatAtMs) return;
    // What comes now may be due sooner: a settlement does not wait for the row of a young hold.
    clearTimeout(this.#beat);
    this.#beatAtMs = dueMs;
    this.#beat = setTimeout(
      () => {
        this.#beatAtMs = Number.POSITIVE_INFINITY;
        this.#ledger.beat();
        this.#done(undefined);
      },
      Math.max(0, dueMs - Date.now()),
    );
  }

  /** Sets the alarm where none is set that comes soon enough. An alarm that comes too early does no harm. */
  #wake(): void {
    const now = Date.now();
    // The platform drops an alarm whose handler failed too often: one long overdue is not coming any more.
    if (this.#alarmAtMs !== null && this.#alarmAtMs < now - MINUTE_MS) this.#alarmAtMs = null;
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= now + LIMITS.shipDelayMs) return;
    const due = this.#ledger.nextWakeAtMs();
    if (due === null) return;
    const backoffMs = this.#failedShipments === 0 ? 0 : LIMITS.shipDelayMs * 2 ** Math.min(this.#failedShipments, 16);
    const atMs = Math.max(due, now + Math.min(backoffMs, LIMITS.shipRetryMsMax));
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    // Not awaited: a write like any other, the output gate keeps the answer until it is durable.
    void this.ctx.storage.setAlarm(atMs);
  }
}
