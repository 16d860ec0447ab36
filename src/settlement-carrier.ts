/**
 * Settlements that travel with the next request of their member instead of by a call of their own: a call to an object costs
 * more than all that this one would do there, and an object takes only so many calls a second.
 *
 * Only for a member that is asked for every moment; anyone else's settlement goes at once. A settlement that was handed over
 * is kept until the object says that it is *written*: what is only in the object's memory might be lost with it. One of the
 * member's requests, the *keeper*, stays for all of them: it sends what nobody took along in time, and what was taken along and
 * is not heard of again. Sending twice is harmless: a settlement is booked once.
 *
 * One for each isolate. The platform keeps the I/O of its requests apart, so what one hears for another is only noted here. Should
 * the isolate end, the holds expire, as they do for every request that is not over then.
 */
import type { Progress, Settlement, SettleRequest } from './budgets/protocol.ts';
import type { Deadlines } from './deadlines.ts';
import { LIMITS } from './limits.ts';

/** As the object takes it. */
export type SettleCall = SettleRequest & { memberId: string };

/** Sends one to its object, with all the patience that there is; null where it could not be reached. */
export type SendSettlement = (call: SettleCall) => Promise<Settlement | null>;

interface Carried {
  readonly call: SettleCall;
  /** When it began to wait, or was last sent. */
  sinceMs: number;
  /** How far the object was when it had been handed this; null while it waits or travels. */
  handedOver: Progress | null;
}

/** What a request takes along. */
export interface Load {
  /** Undefined where there is nothing to take and nothing to hear of. */
  settled: SettleCall[] | undefined;
  /** To be told what the object answered. */
  delivered(progress: Progress | undefined): void;
}

interface Route {
  askedAtMs: number;
  /** Whether it was asked for a moment before that, too. */
  busy: boolean;
  waiting: Set<Carried>;
  onTheWay: Set<Carried>;
  /** Until then there is a keeper. */
  keptUntilMs: number;
  /** By which it was last looked for what is written. */
  heard: Progress | null;
}

export class SettlementCarrier {
  readonly #routes = new Map<string, Route>();
  readonly #onOver: (call: SettleCall, written: boolean) => void;

  /** `onOver` is told of each settlement that was taken over, once it is known to be written, or given up. */
  constructor(onOver: (call: SettleCall, written: boolean) => void = () => {}) {
    this.#onOver = onOver;
  }

  /**
   * Takes a settlement over, or answers null: then the caller must send it by itself. Who is made the keeper, with its own
   * deadlines and way of sending, must wait for the promise; nobody else waits long. `sinceMs`: when the platform began to
   * count how long this request may still go on.
   */
  take(call: SettleCall, deadlines: Deadlines, send: SendSettlement, sinceMs: number): Promise<void> | null {
    const route = this.#routes.get(call.memberId);
    const nowMs = Date.now();
    if (!route?.busy || nowMs - route.askedAtMs > LIMITS.carryMs) return null;
    route.waiting.add({ call, sinceMs: nowMs, handedOver: null });
    if (nowMs < route.keptUntilMs) return Promise.resolve();
    // Early enough that its last sends, too, have time for all their patience.
    const untilMs = Math.min(nowMs + LIMITS.keepMs, sinceMs + LIMITS.settleGiveUpMs - LIMITS.keepMs);
    return this.#keep(route, untilMs, deadlines, send);
  }

  /** What a request for more may take along to the member's object. */
  load(memberId: string): Load {
    const route = this.#routeOf(memberId);
    const nowMs = Date.now();
    route.busy = nowMs - route.askedAtMs <= LIMITS.carryMs;
    route.askedAtMs = nowMs;
    const taken = [...route.waiting].slice(0, LIMITS.carriedMax);
    if (taken.length === 0 && route.onTheWay.size === 0) return { settled: undefined, delivered: () => {} };
    this.#depart(route, taken, nowMs);
    return {
      settled: taken.map(({ call }) => call),
      delivered: (progress) => this.#hear(route, taken, progress),
    };
  }

  /** Sends what waits ahead of a call that wants to see it counted. */
  sendAhead(memberId: string, send: SendSettlement): void {
    const route = this.#routes.get(memberId);
    if (!route) return;
    const taken = [...route.waiting];
    this.#depart(route, taken, Date.now());
    // Where it fails, the keeper sends it again.
    for (const carried of taken) this.#confirm(route, carried, send(carried.call)).catch(() => undefined);
  }

  #keep(route: Route, untilMs: number, deadlines: Deadlines, send: SendSettlement): Promise<void> {
    route.keptUntilMs = untilMs;
    return new Promise((resolve) => {
      const look = async () => {
        const nowMs = Date.now();
        const leaves = nowMs >= untilMs;
        // From now on another may be made the keeper; what is here already is still this one's.
        if (leaves) route.keptUntilMs = 0;
        const overdue = this.#overdue(route, leaves ? Number.POSITIVE_INFINITY : nowMs);
        this.#depart(route, overdue, nowMs);
        await Promise.all(overdue.map((carried) => this.#confirm(route, carried, send(carried.call))));
        const isKept = leaves && Date.now() < route.keptUntilMs;
        if (route.waiting.size + route.onTheWay.size > 0 && !isKept) {
          deadlines.set(LIMITS.carryMs, look);
          return;
        }
        if (!leaves) route.keptUntilMs = 0;
        resolve();
      };
      deadlines.set(LIMITS.carryMs, look);
    });
  }

  /** What nobody took along in time; what was taken by a request that was not answered; and one of those that were handed over. */
  #overdue(route: Route, nowMs: number): Carried[] {
    const waiting = [...route.waiting].filter(({ sinceMs }) => nowMs - sinceMs >= LIMITS.carryMs);
    const silent = [...route.onTheWay].filter(({ sinceMs }) => nowMs - sinceMs >= LIMITS.carryConfirmMs);
    // One is enough: its answer tells of all that the same life of the object was handed.
    const oneOfMany = silent.find(({ handedOver }) => handedOver);
    return [...waiting, ...silent.filter((carried) => !carried.handedOver || carried === oneOfMany)];
  }

  #depart(route: Route, some: readonly Carried[], nowMs: number): void {
    for (const carried of some) {
      route.waiting.delete(carried);
      route.onTheWay.add(carried);
      carried.sinceMs = nowMs;
    }
  }

  async #confirm(route: Route, carried: Carried, sent: Promise<Settlement | null>): Promise<void> {
    const answer = await sent;
    // Else the object could not be reached for as long as there was time: its alarm charges the hold.
    this.#end(route, carried, answer !== null);
    this.#hear(route, [], answer?.progress);
  }

  #hear(route: Route, handedOver: readonly Carried[], progress: Progress | undefined): void {
    if (!progress) return;
    for (const carried of handedOver) carried.handedOver = progress;
    const { heard } = route;
    const isNews = progress.life !== heard?.life || progress.written !== heard.written;
    // Most answers only tell again what is not written yet: then nothing that is on its way has changed.
    if (!isNews && progress.taken > progress.written) return;
    route.heard = progress;
    for (const carried of route.onTheWay) {
      if (!carried.handedOver) continue;
      const { life, taken } = carried.handedOver;
      if (life === progress.life && taken <= progress.written) this.#end(route, carried, true);
      if (life === progress.life) continue;
      // That life of the object is over: whether it had written this, nobody can tell.
      carried.handedOver = null;
      route.onTheWay.delete(carried);
      route.waiting.add(carried);
    }
  }

  #end(route: Route, carried: Carried, written: boolean): void {
    if (route.onTheWay.delete(carried)) this.#onOver(carried.call, written);
  }

  #routeOf(memberId: string): Route {
    const known = this.#routes.get(memberId);
    if (known) return known;
    if (this.#routes.size >= LIMITS.carrierMembersMax) this.#forgetIdle();
    const route: Route = {
      askedAtMs: 0,
      busy: false,
      waiting: new Set(),
      onTheWay: new Set(),
      keptUntilMs: 0,
      heard: null,
    };
    this.#routes.set(memberId, route);
    return route;
  }

  #forgetIdle(): void {
    for (const [memberId, { waiting, onTheWay }] of this.#routes) {
      if (waiting.size + onTheWay.size === 0) this.#routes.delete(memberId);
    }
  }
}

/** This isolate's. */
export const settlementCarrier = new SettlementCarrier();
