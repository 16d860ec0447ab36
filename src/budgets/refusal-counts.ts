/**
 * Refused requests, counted in memory and turned into one usage event each kind when events are shipped.
 *
 * A blocked coding agent may retry ten times a second: a row for each would cost more than the refusal saves. So that one
 * can be looked at all the same, an event carries the last few that it counts, each with what refused it. What is lost with
 * the object's memory is a count of refusals, never money.
 */
import { LIMITS } from '../limits.ts';
import { ZERO } from '../money/nanos.ts';
import type { KeyPolicy } from './policy.ts';
import type { LedgerRefusal } from './refusals.ts';
import { type AttemptAbout, NO_TOKENS, type RefusedRequest, type UsageEvent } from './usage-event.ts';

interface Counted {
  about: AttemptAbout;
  key: KeyPolicy;
  refusal: LedgerRefusal['kind'];
  requests: number;
  /** Oldest first. */
  last: RefusedRequest[];
}

export class RefusalCounts {
  #counts = new Map<string, Counted>();

  get pending(): boolean {
    return this.#counts.size > 0;
  }

  count(about: AttemptAbout, key: KeyPolicy, refusal: LedgerRefusal, nowMs: number): void {
    const name = [key.keyId, about.endpoint, about.mapping, about.app, refusal.kind].join('\n');
    const one: RefusedRequest = { requestId: about.requestId, atMs: nowMs, refusal };
    const counted = this.#counts.get(name);
    if (counted) {
      counted.requests += 1;
      counted.last.push(one);
      if (counted.last.length > LIMITS.refusalsKeptMax) counted.last.shift();
      return;
    }
    // A caller that invents a new app with every request must not fill the memory.
    if (this.#counts.size >= LIMITS.refusalKindsMax) return;
    this.#counts.set(name, { about, key, refusal: refusal.kind, requests: 1, last: [one] });
  }

  /** Hands over what was counted, as events without a number, and starts again. */
  take(nowMs: number): Omit<UsageEvent, 'n'>[] {
    const counted = [...this.#counts.values()];
    this.#counts = new Map();
    return counted.map(({ about, key, refusal, requests, last }) => ({
      ...about,
      ...NO_TOKENS,
      attemptId: '',
      keyId: key.keyId,
      projectId: key.projectId,
      outcome: 'refused',
      refusal,
      refused: last,
      requests,
      openedAtMs: nowMs,
      settledAtMs: nowMs,
      costNanos: 0,
      inputCostNanos: 0,
      outputCostNanos: 0,
      overrunNanos: ZERO,
      unresolvedNanos: ZERO,
      estimated: false,
      latencyMs: null,
      firstTokenMs: null,
    }));
  }
}
