/** Throttles: what is refused, when to come back, and any life of a member in which no minute ever has too many. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_THROTTLES, type Throttles } from '../../src/budgets/policy.ts';
import { ThrottleCounts } from '../../src/budgets/throttles.ts';
import { LIMITS, MINUTE_MS } from '../../src/limits.ts';

const NOW = Date.UTC(2026, 0, 5, 12);

/** One name with its throttles, and a clock. */
class Throttled {
  nowMs = NOW;
  readonly counts = new ThrottleCounts();
  limits: Throttles;

  constructor(limits: Throttles) {
    this.limits = limits;
  }

  check(openNow = 0) {
    return this.counts.check(this.limits, 'api_key', 'key_a', openNow, this.nowMs);
  }

  /** Asks, and counts the request where it is admitted. */
  request(openNow = 0): boolean {
    const admitted = this.check(openNow) === null;
    if (admitted) this.counts.admitted(['key_a'], this.nowMs);
    return admitted;
  }

  use(tokens: number): void {
    this.counts.used(['key_a'], tokens, this.nowMs);
  }
}

const only = (limits: Partial<Throttles>): Throttles => ({ ...NO_THROTTLES, ...limits });

describe('a throttle', () => {
  it('that is not set refuses nothing', () => {
    const throttled = new Throttled(NO_THROTTLES);
    for (let i = 0; i < 1_000; i++) expect(throttled.request(i)).toBe(true);
    throttled.use(1e12);
    expect(throttled.check(1e6)).toBeNull();
  });

  it.each<[keyof Throttles, string]>([
    ['requestsPerMinute', 'requests_per_minute'],
    ['tokensPerMinute', 'tokens_per_minute'],
    ['concurrency', 'concurrency'],
  ])('of 0 %s blocks, and says to look again in a minute', (field, throttle) => {
    const throttled = new Throttled(only({ [field]: 0 }));
    for (const nowMs of [NOW, NOW + MINUTE_MS, NOW + 100 * MINUTE_MS]) {
      throttled.nowMs = nowMs;
      const refusal = { kind: 'rate_limited', of: 'api_key', throttle, limit: 0, retryAfterMs: MINUTE_MS };
      expect(throttled.check()).toEqual(refusal);
    }
  });

  it('of requests admits so many and the next one when the first has left the minute', () => {
    const throttled = new Throttled(only({ requestsPerMinute: 3 }));
    for (const atMs of [0, 20_000, 59_999]) {
      throttled.nowMs = NOW + atMs;
      expect(throttled.request()).toBe(true);
    }
    const refusal = { kind: 'rate_limited', of: 'api_key', throttle: 'requests_per_minute', limit: 3, retryAfterMs: 1 };
    expect(throttled.check()).toEqual(refusal);
    throttled.nowMs = NOW + MINUTE_MS;
    expect([throttled.request(), throttled.request()]).toEqual([true, false]);
    expect(throttled.check()?.retryAfterMs).toBe(20_000);
  });

  it('of tokens counts what was settled: one request may pass it, the next one waits', () => {
    const throttled = new Throttled(only({ tokensPerMinute: 1_000 }));
    throttled.use(999);
    expect(throttled.check()).toBeNull();
    throttled.nowMs += 5_000;
    throttled.use(50_000);
    expect(throttled.check()).toMatchObject({ throttle: 'tokens_per_minute', limit: 1_000, retryAfterMs: MINUTE_MS });
    throttled.nowMs += MINUTE_MS - 1;
    expect(throttled.check()?.retryAfterMs).toBe(1);
    throttled.nowMs += 1;
    expect(throttled.check()).toBeNull();
  });

  it('of concurrency counts what is in flight', () => {
    const throttled = new Throttled(only({ concurrency: 2 }));
    expect(throttled.check(1)).toBeNull();
    for (const open of [2, 3]) {
      expect(throttled.check(open)).toMatchObject({
        throttle: 'concurrency',
        limit: 2,
        retryAfterMs: LIMITS.concurrencyRetryMs,
      });
    }
  });

  it('that was lowered counts what was admitted before; one that was raised admits at once', () => {
    const throttled = new Throttled(NO_THROTTLES);
    for (let i = 0; i < 10; i++, throttled.nowMs += 2_000) throttled.request();
    throttled.limits = only({ requestsPerMinute: 4 });
    // The seventh oldest must leave: it came 8 seconds ago.
    expect(throttled.check()?.retryAfterMs).toBe(MINUTE_MS - 8_000);
    throttled.limits = only({ requestsPerMinute: 11 });
    expect([throttled.request(), throttled.request()]).toEqual([true, false]);
  });

  it('is named where it refuses longest', () => {
    const throttled = new Throttled({ requestsPerMinute: 1, tokensPerMinute: 10, concurrency: 1 });
    throttled.use(10);
    throttled.nowMs += 30_000;
    throttled.counts.admitted(['key_a'], throttled.nowMs);
    expect(throttled.check(1)).toMatchObject({ throttle: 'requests_per_minute', retryAfterMs: MINUTE_MS });
    throttled.use(1);
    throttled.limits = { ...throttled.limits, requestsPerMinute: 2 };
    expect(throttled.check(1)).toMatchObject({ throttle: 'tokens_per_minute', retryAfterMs: 30_000 });
    throttled.limits = only({ concurrency: 1 });
    expect(throttled.check(1)).toMatchObject({ throttle: 'concurrency' });
  });

  it('of one name knows nothing of another', () => {
    const counts = new ThrottleCounts();
    const limits = only({ requestsPerMinute: 1 });
    counts.admitted(['member', 'key_a'], NOW);
    const of = (name: string) => counts.check(limits, name === 'member' ? 'member' : 'api_key', name, 0, NOW)?.of;
    expect([of('member'), of('key_a'), of('key_b')]).toEqual(['member', 'api_key', undefined]);
  });
});

describe('any life', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('request' as const), times: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('use' as const), tokens: fc.nat(60) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('pass' as const),
        ms: fc.oneof(fc.nat(20), fc.nat(3_000), fc.nat(70_000), fc.constantFrom(59_999, 60_000, 60_001, 120_000)),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ do: 'wait' as const }) },
  );

  it('never has too many requests in a minute, refuses none for long, and tells exactly when to come back', () => {
    const seen = { admitted: 0, refused: 0, waited: 0 };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 300 }),
        fc.array(step, { minLength: 50, maxLength: 150 }),
        (requestsPerMinute, tokensPerMinute, life) => {
          const throttled = new Throttled(only({ requestsPerMinute, tokensPerMinute }));
          const requests: [number, number][] = [];
          const tokens: [number, number][] = [];
          const since = (past: [number, number][], ms: number) =>
            past.reduce((sum, [atMs, amount]) => sum + (atMs > throttled.nowMs - ms ? amount : 0), 0);
          for (const action of life) {
            if (action.do === 'pass') throttled.nowMs += action.ms;
            if (action.do === 'use') {
              throttled.use(action.tokens);
              tokens.push([throttled.nowMs, action.tokens]);
            }
            if (action.do === 'wait') {
              const refusal = throttled.check();
              if (!refusal) continue;
              throttled.nowMs += refusal.retryAfterMs - 1;
              expect(throttled.check()?.retryAfterMs).toBe(1);
              throttled.nowMs += 1;
              expect(throttled.check()).toBeNull();
              seen.waited += 1;
            }
            if (action.do !== 'request') continue;
            for (let i = 0; i < action.times; i++) {
              if (throttled.request()) {
                expect(since(tokens, MINUTE_MS)).toBeLessThan(tokensPerMinute);
                requests.push([throttled.nowMs, 1]);
                expect(since(requests, MINUTE_MS)).toBeLessThanOrEqual(requestsPerMinute);
                seen.admitted += 1;
              } else {
                const lately = MINUTE_MS + LIMITS.throttlePartMs;
                const reached = [
                  since(requests, lately) >= requestsPerMinute,
                  since(tokens, lately) >= tokensPerMinute,
                ];
                expect(reached).toContain(true);
                seen.refused += 1;
              }
            }
          }
        },
      ),
      { numRuns: 500 },
    );
    // Lives in which nothing is refused would prove nothing.
    expect(Math.min(seen.admitted, seen.refused, seen.waited)).toBeGreaterThan(1_000);
  });
});

describe('memory', () => {
  it('holds the names of the last minutes, not all there ever were', () => {
    const counts = new ThrottleCounts();
    let most = 0;
    for (let i = 0; i < 20_000; i++) {
      const nowMs = NOW + i * 100;
      counts.admitted(['member', `key_${i}`], nowMs);
      counts.used(['member', `key_${i}`], 5, nowMs);
      most = Math.max(most, counts.size);
    }
    expect(most).toBeGreaterThan(600);
    expect(most).toBeLessThanOrEqual(2 * 600 + 1);
  });

  it('grows by no name that is only asked about', () => {
    const counts = new ThrottleCounts();
    for (let i = 0; i < 100; i++) counts.check(only({ requestsPerMinute: 1 }), 'api_key', `key_${i}`, 0, NOW);
    expect(counts.size).toBe(0);
  });

  it('forgets no name before its minute has passed', () => {
    const limits = only({ requestsPerMinute: 1 });
    fc.assert(
      fc.property(fc.nat(MINUTE_MS), fc.array(fc.nat(20_000), { maxLength: 8 }), (offset, pauses) => {
        const counts = new ThrottleCounts();
        let nowMs = NOW + offset;
        counts.admitted(['other'], NOW);
        counts.admitted(['key_a'], nowMs);
        const leavesAtMs = nowMs + MINUTE_MS;
        for (const pause of pauses) {
          nowMs += pause;
          counts.admitted(['other'], nowMs);
        }
        expect(counts.check(limits, 'api_key', 'key_a', 0, nowMs) !== null).toBe(nowMs < leavesAtMs);
      }),
      { numRuns: 500 },
    );
  });
});
