/**
 * Random lives of a member: whatever order calls come in, however often they are repeated, wherever the object is
 * restarted, the invariants of design.md hold after every step. The truth is a list of what each attempt cost.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, LIMITS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';
import { keyPolicy, LedgerWorld, limits } from '../support/ledger-world.ts';

const LIMIT = 1_000;
const KEY_LIMIT = 700;
const HOUR_LIMIT = 800;

type Step =
  | { do: 'authorize'; amount: number; key: 0 | 1 }
  | { do: 'extend' | 'settle' | 'release' | 'repeat'; pick: number; amount: number }
  | { do: 'restart' }
  | { do: 'expire' }
  | { do: 'ship'; rows: number; lost: boolean }
  | { do: 'pass'; ms: number };

const pick = fc.nat(1_000);
const amount = fc.nat(300);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('authorize' as const),
      amount,
      key: fc.constantFrom(0 as const, 1 as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('extend' as const, 'settle' as const, 'release' as const, 'repeat' as const),
      pick,
      amount,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'expire' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('ship' as const),
      rows: fc.integer({ min: 1, max: 5 }),
      lost: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(10 * 60_000) }) },
);

describe('any life of a member', () => {
  it('keeps spent + held within every limit plus overruns, resolves each hold once, and loses no event', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (life) => {
        const world = new LedgerWorld({
          limits: limits(LIMIT, {
            limit: nanos(HOUR_LIMIT),
            window: { kind: 'rolling', value: 1, unit: 'hour', timeZone: 'UTC' },
          }),
          keys: [keyPolicy({ limits: limits(KEY_LIMIT) }), keyPolicy({ keyId: 'key_b', hash: 'hash-b' })],
        });
        const attempts: { id: string; keyHash: string; asked: number }[] = [];
        const resolved = new Set<string>();
        /** What D1 would have: by sequence number, guarded as shipping guards it. */
        const d1 = { shipped: 0, cost: 0, overrun: 0, byAttempt: new Map<string, number>() };

        for (const action of life) {
          switch (action.do) {
            case 'authorize': {
              const attempt = { id: world.newId(), keyHash: action.key ? 'hash-b' : 'hash-a', asked: action.amount };
              const admission = world.authorize(attempt.asked, { attemptId: attempt.id, keyHash: attempt.keyHash });
              if (admission.granted) attempts.push(attempt);
              break;
            }
            case 'repeat': {
              const attempt = attempts[action.pick % Math.max(1, attempts.length)];
              if (!attempt) break;
              const again = world.authorize(attempt.asked, { attemptId: attempt.id, keyHash: attempt.keyHash });
              if (resolved.has(attempt.id)) expect(again.granted).toBe(false);
              break;
            }
            case 'extend':
            case 'settle':
            case 'release': {
              const attempt = attempts[action.pick % Math.max(1, attempts.length)];
              if (!attempt) break;
              if (action.do === 'extend') {
                world.extend(attempt.id, attempt.asked + action.amount, action.amount);
              } else {
                if (action.do === 'settle') world.settle(attempt.id, action.amount);
                else world.release(attempt.id);
                resolved.add(attempt.id);
              }
              break;
            }
            case 'restart':
              world.restart();
              break;
            case 'expire':
              world.ledger.expireHolds();
              break;
            case 'pass':
              world.pass(action.ms);
              break;
            case 'ship': {
              const events = world.ledger.unshipped(action.rows);
              for (const event of events) {
                if (event.n <= d1.shipped) continue;
                expect(event.n).toBe(d1.shipped + 1);
                d1.shipped = event.n;
                d1.cost += event.costNanos;
                d1.overrun += event.overrunNanos;
                if (event.outcome === 'refused') continue;
                d1.byAttempt.set(event.attemptId, (d1.byAttempt.get(event.attemptId) ?? 0) + event.requests);
              }
              if (!action.lost) world.ledger.confirmShipped(d1.shipped);
              break;
            }
          }

          const waiting = world.ledger.unshipped(10_000).filter((event) => event.n > d1.shipped);
          const overruns = waiting.reduce((sum, event) => sum + event.overrunNanos, d1.overrun);
          const member = world.member();
          const key = world.ledger.status({ keyId: 'key_a' });
          const b = world.ledger.status({ keyId: 'key_b' });
          expect(member.usage).toBeLessThanOrEqual(LIMIT + overruns);
          expect(key.usage).toBeLessThanOrEqual(KEY_LIMIT + overruns);
          const { period } = member;
          expect(period?.usage ?? 0).toBeLessThanOrEqual(HOUR_LIMIT + overruns);
          expect(key.lifetimeUsage + b.lifetimeUsage).toBe(member.lifetimeUsage);
          expect(world.ledger.books(d1.shipped).settledUpTo).toBe(d1.cost);
          const all = waiting.reduce((sum, event) => sum + event.costNanos, d1.cost);
          expect(member.lifetimeUsage).toBe(all);
          for (const count of d1.byAttempt.values()) expect(count).toBeLessThanOrEqual(1);
        }

        world.pass(LIMITS.holdTtlMs + LIMITS.holdGraceMs);
        world.ledger.expireHolds();
        expect(world.member().held).toBe(0);
        world.pass(2 * HOUR_MS);
        expect(world.member().period?.usage).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
