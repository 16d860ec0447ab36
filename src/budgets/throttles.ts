/**
 * The throttles of one member and its keys: requests and tokens of the last minute, and how many requests may be in
 * flight. They tell how fast, not how much, so they live in memory only: a restart may allow a minute's worth again.
 *
 * The ledger asks `check` before it admits, says `admitted` when it has, and `used` when tokens are settled. Every call
 * takes the ledger's own instant, which never goes back. A name that nothing was counted for in a minute is forgotten,
 * so memory is bounded by the keys in use.
 */
import { LIMITS, MINUTE_MS } from '../limits.ts';
import type { Throttles } from './policy.ts';
import type { LedgerRefusal, ThrottleName } from './refusals.ts';

export type ThrottleRefusal = Extract<LedgerRefusal, { kind: 'rate_limited' }>;

interface Counted {
  requests: LastMinute;
  tokens: LastMinute;
}

export class ThrottleCounts {
  /** Names counted since the last turn, and in the turn before it, which took at least a minute each. */
  #counted = new Map<string, Counted>();
  #before = new Map<string, Counted>();
  #turnedAtMs = Number.NEGATIVE_INFINITY;

  /**
   * Whether one more request is too fast for the member or key called `name`, of which `openNow` are in flight. Where
   * several throttles refuse, the one that does so longest is named: before `retryAfterMs` have passed no request can be
   * admitted here, and then one is. (When a request in flight ends nobody knows; nor does time lift a throttle of 0.)
   */
  check(
    limits: Throttles,
    of: ThrottleRefusal['of'],
    name: string,
    openNow: number,
    nowMs: number,
  ): ThrottleRefusal | null {
    const { requestsPerMinute, tokensPerMinute, concurrency } = limits;
    if (requestsPerMinute === null && tokensPerMinute === null && concurrency === null) return null;
    const counted = this.#find(name, nowMs);
    const waits: [ThrottleName, number | null, number][] = [
      ['requests_per_minute', requestsPerMinute, counted?.requests.belowAfterMs(requestsPerMinute, nowMs) ?? 0],
      ['tokens_per_minute', tokensPerMinute, counted?.tokens.belowAfterMs(tokensPerMinute, nowMs) ?? 0],
      ['concurrency', concurrency, concurrency !== null && openNow >= concurrency ? LIMITS.concurrencyRetryMs : 0],
    ];
    let refusal: ThrottleRefusal | null = null;
    for (const [throttle, limit, waitMs] of waits) {
      if (limit === null) continue;
      const retryAfterMs = limit === 0 ? MINUTE_MS : waitMs;
      if (retryAfterMs > (refusal?.retryAfterMs ?? 0))
        refusal = { kind: 'rate_limited', of, throttle, limit, retryAfterMs };
    }
    return refusal;
  }

  /** Counts a request that was admitted, under the member's name and its key's. */
  admitted(names: readonly string[], nowMs: number): void {
    for (const name of names) this.#make(name, nowMs).requests.add(1, nowMs);
  }

  /** Counts tokens when they are settled: before that nobody knows them. */
  used(names: readonly string[], tokens: number, nowMs: number): void {
    if (tokens <= 0) return;
    for (const name of names) this.#make(name, nowMs).tokens.add(tokens, nowMs);
  }

  /** How many names are remembered. */
  get size(): number {
    return this.#counted.size + this.#before.size;
  }

  #make(name: string, nowMs: number): Counted {
    let counted = this.#find(name, nowMs);
    if (!counted) {
      counted = { requests: new LastMinute(), tokens: new LastMinute() };
      this.#counted.set(name, counted);
    }
    return counted;
  }

  #find(name: string, nowMs: number): Counted | undefined {
    // What was not asked for in a whole turn was last counted more than a minute ago: no need to look into it.
    if (nowMs - this.#turnedAtMs >= MINUTE_MS) {
      this.#before = this.#counted;
      this.#counted = new Map();
      this.#turnedAtMs = nowMs;
    }
    const counted = this.#counted.get(name) ?? this.#before.get(name);
    if (counted && this.#before.delete(name)) this.#counted.set(name, counted);
    return counted;
  }
}

/**
 * A sum over the trailing minute, the 60,000 ms that end now. It is kept in parts of LIMITS.throttlePartMs, each of which
 * counts until its last addition has left: never less than the truth, and more only by what is at most a part too old.
 * So there are at most 61 parts, and every call is bounded by that.
 */
class LastMinute {
  /** By time; `amount` came from `firstMs` to `lastMs`. */
  readonly #parts: { firstMs: number; lastMs: number; amount: number }[] = [];
  #sum = 0;

  add(amount: number, nowMs: number): void {
    this.#forget(nowMs);
    this.#sum += amount;
    const newest = this.#parts.at(-1);
    if (newest && nowMs - newest.firstMs < LIMITS.throttlePartMs) {
      newest.lastMs = nowMs;
      newest.amount += amount;
    } else {
      this.#parts.push({ firstMs: nowMs, lastMs: nowMs, amount });
    }
  }

  /** In how many ms the sum will be below `limit` if nothing is added; 0 where it is, or where there is no limit. */
  belowAfterMs(limit: number | null, nowMs: number): number {
    this.#forget(nowMs);
    if (limit === null || this.#sum < limit) return 0;
    let left = this.#sum;
    for (const part of this.#parts) {
      left -= part.amount;
      if (left < limit) return part.lastMs + MINUTE_MS - nowMs;
    }
    return MINUTE_MS;
  }

  #forget(nowMs: number): void {
    for (let oldest = this.#parts[0]; oldest && oldest.lastMs <= nowMs - MINUTE_MS; oldest = this.#parts[0]) {
      this.#sum -= oldest.amount;
      this.#parts.shift();
    }
  }
}
