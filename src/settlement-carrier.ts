/**
 * Settlements that travel with the next request of their member instead of by a call of their own: a call to an object costs
 * more than all that this one would do there, and an object takes only so many calls a second.
 *
 * Only for a member that is asked for every moment; anyone else's settlement goes at once. Who settles hears that it is
 * *written*: what was only handed over might still be lost with the object's memory. What nobody carries in time, or is not
 * heard of again, its own request sends by itself, which is harmless: a settlement is booked once.
 *
 * One for each isolate. Requests may end at any moment and must not wake each other (the platform keeps their I/O apart), so
 * what one hears for another is only noted here, and each looks at its own deadline what became of its settlement.
 */
import type { Progress, SettleRequest } from './budgets/protocol.ts';
import type { Deadline, Deadlines } from './deadlines.ts';
import { LIMITS } from './limits.ts';

/** As the object takes it. */
export type SettleCall = SettleRequest & { memberId: string };

interface Carried {
  readonly call: SettleCall;
  readonly deadlines: Deadlines;
  readonly deadline: Deadline;
  /** How far the object was when it had been handed this. */
  handedOver: Progress | null;
  written: boolean;
}

/** What a request takes along. */
export interface Load {
  /** Undefined where there is nothing to take and nothing to hear of. */
  settled: SettleCall[] | undefined;
  /** To be told what the object answered; nothing where it did not. */
  delivered(progress: Progress | undefined): void;
}

interface Route {
  askedAtMs: number;
  /** Whether it was asked for a moment before that, too. */
  busy: boolean;
  waiting: Set<Carried>;
  onTheWay: Set<Carried>;
}

export class SettlementCarrier {
  readonly #routes = new Map<string, Route>();

  /** Waits until the object has written it. False: the caller must send it by itself. `deadlines`: the caller's own. */
  carry(call: SettleCall, deadlines: Deadlines): Promise<boolean> {
    const route = this.#routes.get(call.memberId);
    if (!route?.busy || Date.now() - route.askedAtMs > LIMITS.carryMs) return Promise.resolve(false);
    return new Promise((resolve) => {
      const deadline = deadlines.set(LIMITS.carryMs, () => {
        route.waiting.delete(carried);
        route.onTheWay.delete(carried);
        resolve(carried.written);
      });
      const carried: Carried = { call, deadlines, deadline, handedOver: null, written: false };
      route.waiting.add(carried);
    });
  }

  /** What a request for more may take along to the member's object. */
  load(memberId: string): Load {
    const route = this.#routeOf(memberId);
    const nowMs = Date.now();
    route.busy = nowMs - route.askedAtMs <= LIMITS.carryMs;
    route.askedAtMs = nowMs;
    const taken = this.#take(route);
    if (taken.length === 0 && route.onTheWay.size === 0) return { settled: undefined, delivered: () => {} };
    return {
      settled: taken.map(({ call }) => call),
      delivered: (progress) => {
        if (!progress) return;
        for (const carried of taken) carried.handedOver = progress;
        for (const carried of route.onTheWay) {
          const { life, taken } = carried.handedOver ?? {};
          if (life === progress.life && taken !== undefined && taken <= progress.written) carried.written = true;
        }
      },
    };
  }

  /** Sends what waits ahead of a call that wants to see it counted. */
  sendAhead(memberId: string, send: (call: SettleCall) => Promise<unknown>): void {
    const route = this.#routes.get(memberId);
    if (!route) return;
    for (const carried of this.#take(route)) {
      const written = () => {
        carried.written = true;
      };
      // Where it fails, its own request sends it again.
      send(carried.call).then(written, () => undefined);
    }
  }

  #take(route: Route): Carried[] {
    const taken = [...route.waiting].slice(0, LIMITS.carriedMax);
    for (const carried of taken) {
      route.waiting.delete(carried);
      route.onTheWay.add(carried);
      carried.deadlines.postpone(carried.deadline, LIMITS.carryConfirmMs);
    }
    return taken;
  }

  #routeOf(memberId: string): Route {
    const known = this.#routes.get(memberId);
    if (known) return known;
    if (this.#routes.size >= LIMITS.carrierMembersMax) this.#forgetIdle();
    const route: Route = { askedAtMs: 0, busy: false, waiting: new Set(), onTheWay: new Set() };
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
