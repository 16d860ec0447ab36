/**
 * How often requests call the wallet: over streams of requests of several members, each with two in flight, most costing
 * less in the end than they held, as real ones do. Counted is every call to the wallet and every recall by it.
 */
import { describe, expect, it } from 'vitest';
import { LIMITS, MINUTE_MS } from '../../src/limits.ts';
import { WalletWorld } from '../support/wallet-world.ts';

/** The mean hold. */
const HOLD = 1_000;

interface Stream {
  members: number;
  /** Mean holds: the balance at the start and where counting ends. */
  from: number;
  to: number;
  /** Of all members together. */
  requestsPerMinute: number;
  /** What a request costs on average, as a share of what it held. */
  cost: number;
}

/** Runs a stream until the balance has fallen to `to` mean holds, and tells requests per call. */
async function requestsPerCall({ members, from, to, requestsPerMinute, cost }: Stream): Promise<number> {
  const random = randomOf(7);
  const world = new WalletWorld(members);
  world.post('top_up', from * HOLD);
  let requests = 0;
  let spent = 0;
  while ((from - to) * HOLD > spent) {
    world.pass(Math.round(MINUTE_MS / requestsPerMinute));
    const member = world.member(Math.floor(random() * members));
    // Two in flight, then one ends.
    if (member.holds.length === 2) {
      const paid = Math.round((member.holds[0]?.amount ?? 0) * Math.min(1, 2 * cost * random()));
      member.pay(paid);
      spent += paid;
    }
    expect(await member.ask(Math.round(HOLD * (0.5 + random())))).toBe(true);
    requests += 1;
  }
  return requests / (world.syncs + world.recalls);
}

/** The same numbers in each run: a linear congruence, good enough to mix requests. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

describe('requests per call to or by the wallet, while the balance is above 50 mean holds', () => {
  it.each<Stream>([
    { members: 1, from: 2_000, to: 50, requestsPerMinute: 600, cost: 0.4 },
    { members: 1, from: 2_000, to: 50, requestsPerMinute: 0.1, cost: 0.4 },
    { members: 1, from: 2_000, to: 50, requestsPerMinute: 0.1, cost: 1 },
    { members: 1, from: 70, to: 50, requestsPerMinute: 60, cost: 0.4 },
    { members: 3, from: 2_000, to: 50, requestsPerMinute: 600, cost: 0.4 },
    { members: 3, from: 2_000, to: 50, requestsPerMinute: 1, cost: 0.4 },
    { members: 3, from: 200, to: 50, requestsPerMinute: 60, cost: 0.4 },
    { members: 6, from: 2_000, to: 50, requestsPerMinute: 3_000, cost: 0.4 },
    { members: 6, from: 2_000, to: 50, requestsPerMinute: 3_000, cost: 1 },
    // Of 50 mean holds so many members have not one each: there are 50 for each here.
    { members: 20, from: 10_000, to: 20 * 50, requestsPerMinute: 3_000, cost: 0.4 },
    { members: 64, from: 8_000, to: 64 * 50, requestsPerMinute: 20_000, cost: 0.4 },
    { members: 64, from: 8_000, to: 64 * 50, requestsPerMinute: 10, cost: 1 },
  ])(
    'are more than 20: $members members, from $from to $to, $requestsPerMinute a minute that cost $cost of their hold',
    async (stream) => {
      expect(await requestsPerCall(stream)).toBeGreaterThan(20);
    },
  );

  it('are more than 20 for one of a team whose others are silent and hold most of the money', async () => {
    const world = new WalletWorld(101);
    world.post('top_up', 1_000 * HOLD);
    for (const idle of world.members.slice(1)) expect(await idle.ask(HOLD)).toBe(true);
    for (const idle of world.members.slice(1)) idle.pay(HOLD / 2);
    expect(world.status().available).toBeLessThan(50 * HOLD);
    world.pass(LIMITS.leaseActiveMs + 1);
    Object.assign(world, { syncs: 0, recalls: 0 });
    for (let requests = 0; requests < 1_000; requests++) {
      expect(await world.member(0).ask(HOLD)).toBe(true);
      world.member(0).pay(HOLD / 2);
    }
    expect(1_000 / world.syncs).toBeGreaterThan(20);
    // What the silent ones hold is fetched once.
    expect(world.recalls).toBeLessThanOrEqual(100);
  });
});
