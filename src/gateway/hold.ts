/**
 * The Worker's side of one hold: renewed while the attempt runs, grown slice by slice, resolved once at its end.
 *
 * The fence: the hold's life is measured from when the last *confirmed* renewal was *sent*, so it never ends later here
 * than in the object. When it is about to end unconfirmed, `onLost` must cancel the upstream.
 */
import type { ExtendRequest, Settlement, SettleRequest, Ticket } from '../budgets/protocol.ts';
import type { AttemptAbout } from '../budgets/usage-event.ts';
import { type Deadline, Deadlines } from '../deadlines.ts';
import { LIMITS } from '../limits.ts';
import type { Nanos } from '../money/nanos.ts';
import { insist, memberBudget } from '../objects.ts';
import { type SettleCall, type SettlementCarrier, settlementCarrier } from '../settlement-carrier.ts';
import type { Refusal } from './refusals.ts';
import type { Resolved } from './request-log.ts';

/** A renewal every quarter of the ttl: see LIMITS.holdRenewMs. */
const RENEWALS_PER_TTL = LIMITS.holdTtlMs / LIMITS.holdRenewMs;

export interface Grown {
  grown: boolean;
  /** Why not; null where the object could not be asked. */
  refusal: Refusal | null;
}

export class Hold {
  /** Told how it is resolved, once; absent: nobody wants to know. */
  onResolved: ((resolved: Resolved) => void) | undefined;
  readonly #env: Env;
  readonly #memberId: string;
  readonly #about: AttemptAbout;
  /** As the object last confirmed it. Goes with every call: the object may have forgotten the hold. */
  #ticket: Ticket;
  #confirmedSentAtMs: number;
  readonly #deadlines: Deadlines;
  readonly #carrier: SettlementCarrier;
  #renewal: Deadline | undefined;
  #resolved: Promise<boolean> | undefined;
  /** Numbers what is reported, so that a delayed report does not replace a newer one. */
  #reports = 0;

  /** `deadlines`: the request's, which are over once the hold is resolved. */
  constructor(
    env: Env,
    memberId: string,
    about: AttemptAbout,
    ticket: Ticket,
    sentAtMs: number,
    deadlines: Deadlines = new Deadlines(),
    carrier: SettlementCarrier = settlementCarrier,
  ) {
    this.#env = env;
    this.#memberId = memberId;
    this.#about = about;
    this.#ticket = ticket;
    this.#confirmedSentAtMs = sentAtMs;
    this.#deadlines = deadlines;
    this.#carrier = carrier;
  }

  get amount(): Nanos {
    return this.#ticket.amount;
  }

  /** The end of its resolution, once that was begun. */
  get resolved(): Promise<boolean> | undefined {
    return this.#resolved;
  }

  /**
   * Renews the hold until it is resolved. `chargeAtExpiry` tells what to charge should this Worker die; `onLost` is
   * called when the hold is refused, gone, or about to end unconfirmed.
   */
  keepAlive(chargeAtExpiry: () => Nanos, onLost: (refusal: Refusal) => void): void {
    const { ttlMs } = this.#ticket;
    const everyMs = ttlMs / RENEWALS_PER_TTL;
    const renew = async () => {
      this.#renewal = this.#deadlines.set(everyMs, renew);
      // The next renewal comes too late to cancel in time: this one must.
      if (Date.now() + everyMs >= this.#confirmedSentAtMs + ttlMs) {
        onLost({ kind: 'budget_unavailable' });
        return;
      }
      const renewed = await this.#extend({ toAmount: this.amount, chargeAtExpiry: chargeAtExpiry() });
      if (!renewed.grown && renewed.refusal && !this.#resolved) onLost(renewed.refusal);
    };
    this.#renewal = this.#deadlines.set(everyMs, renew);
  }

  /** Asks to cover `toAmount` in all. */
  async grow(toAmount: Nanos, chargeAtExpiry: Nanos): Promise<Grown> {
    return this.#extend({ toAmount, chargeAtExpiry });
  }

  /**
   * Books what the attempt cost; the first call decides, later ones wait for it. True once the object confirmed, or once the
   * carrier looks after it; false where the object could not be reached for as long as the platform lets us try, counted from
   * `sinceMs` (the hang-up): then its alarm charges the hold.
   */
  settle(request: Omit<SettleRequest, 'ticket' | 'about'>, sinceMs: number): Promise<boolean> {
    if (!this.#resolved) this.onResolved?.(request);
    this.#resolved ??= this.#settle({ ...request, ...this.claim }, sinceMs);
    return this.#resolved;
  }

  /** Frees the hold: nothing was sent under it. */
  release(): Promise<boolean> {
    const { attemptId } = this.#ticket;
    this.#deadlines.cancel(this.#renewal);
    if (!this.#resolved) this.onResolved?.('released');
    this.#resolved ??= this.#insist(
      attemptId,
      (object) => object.release({ attemptId, ...this.claim }),
      Date.now(),
    ).finally(() => this.#deadlines.end());
    return this.#resolved;
  }

  /** Ends its renewal here: from now on it is another's to renew and to resolve. */
  handOver(): void {
    this.#deadlines.cancel(this.#renewal);
    if (!this.#resolved) this.onResolved?.('handed_over');
    this.#resolved ??= Promise.resolve(true);
    this.#deadlines.end();
  }

  /** What whoever takes it over has to know. */
  get claim(): { memberId: string; ticket: Ticket; about: AttemptAbout } {
    return { memberId: this.#memberId, ticket: this.#ticket, about: this.#about };
  }

  async #extend(asked: Pick<ExtendRequest, 'toAmount' | 'chargeAtExpiry'>): Promise<Grown> {
    if (this.#resolved) return { grown: false, refusal: null };
    const sentAtMs = Date.now();
    this.#reports += 1;
    const request = { ...this.claim, ...asked, report: this.#reports };
    try {
      const answer = await this.#call((object) => object.extend(request));
      if (!answer.extended) return { grown: false, refusal: answer.refusal ?? { kind: 'budget_unavailable' } };
      // Answers may overtake each other, and a hold never shrinks.
      if (answer.ticket.amount >= this.amount) this.#ticket = answer.ticket;
      this.#confirmedSentAtMs = Math.max(this.#confirmedSentAtMs, sentAtMs);
      return { grown: true, refusal: null };
    } catch (error) {
      console.warn(JSON.stringify({ event: 'extend_failed', attemptId: this.#ticket.attemptId, error: String(error) }));
      return { grown: false, refusal: null };
    }
  }

  /** With the member's next request, should one come in a moment; else by a call of its own. */
  async #settle(call: SettleCall, sinceMs: number): Promise<boolean> {
    this.#deadlines.cancel(this.#renewal);
    const taken = this.#carrier.take(call, this.#deadlines, (carried) => this.#send(carried, sinceMs), sinceMs);
    const done = taken ? taken.then(() => true) : this.#send(call, sinceMs).then((answer) => answer !== null);
    return done.finally(() => this.#deadlines.end());
  }

  async #send(call: SettleCall, sinceMs: number): Promise<Settlement | null> {
    let answer: Settlement | null = null;
    const settle = async (object: MemberObject) => {
      answer = await object.settle(call);
    };
    // A keeper sends others' too: the log names the attempt that is lost, not the one that looked after it.
    await this.#insist(call.ticket.attemptId, settle, sinceMs);
    return answer;
  }

  #insist(attemptId: string, call: (object: MemberObject) => Promise<unknown>, sinceMs: number): Promise<boolean> {
    return insist(() => this.#call(call), sinceMs, { event: 'settle_failed', attemptId });
  }

  #call<T>(call: (object: MemberObject) => Promise<T>): Promise<T> {
    return memberBudget(this.#env, this.#memberId, call, LIMITS.admissionTimeoutMs, this.#deadlines);
  }
}

type MemberObject = Parameters<Parameters<typeof memberBudget>[2]>[0];
