import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LimitStatus, ScopeStatus } from '../../src/budgets/protocol.ts';
import type { UsageEvent } from '../../src/budgets/usage-event.ts';
import { type Nanos, nanos } from '../../src/money/nanos.ts';
import { type ShippedKeyStatus, shipEvents, ship as shipTelling } from '../../src/usage/shipping.ts';
import { seedOrganization } from '../support/seed.ts';
import {
  countLedgers,
  forgetUsage,
  type Member,
  mixed,
  NOON,
  owned,
  readLedgers,
  rows,
  usageEvent,
  usageEvents,
} from './events.ts';

const ANN: Member = { memberId: 'mem_ann', organizationId: 'org_a' };
const BEN: Member = { memberId: 'mem_ben', organizationId: 'org_a' };

const ship = (member: Member, events: readonly UsageEvent[]) => shipEvents(env.DB, member, events);

/** Which events D1 has of a member, in the order of their arrival. */
async function arrived({ memberId }: Member): Promise<number[]> {
  const found = await rows<{ n: number }>('SELECT n FROM usage_events WHERE member_id = ?1 ORDER BY seq', memberId);
  return found.map(({ n }) => n);
}

async function expectShipped(member: Member, last: number): Promise<void> {
  expect(await arrived(member)).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  expect(await readLedgers()).toEqual(countLedgers(owned(member, usageEvents(1, last, mixed))));
}

beforeEach(forgetUsage);

describe('a shipment', () => {
  it.each<{ what: string; batches: [number, number][]; has: number }>([
    { what: 'the first batch', batches: [[1, 4]], has: 4 },
    {
      what: 'batches one after the other',
      batches: [
        [1, 4],
        [5, 9],
      ],
      has: 9,
    },
    {
      what: 'a batch twice',
      batches: [
        [1, 4],
        [1, 4],
      ],
      has: 4,
    },
    {
      what: 'an old batch again after later ones',
      batches: [
        [1, 4],
        [5, 9],
        [1, 4],
      ],
      has: 9,
    },
    {
      what: 'a longer batch that overlaps',
      batches: [
        [1, 4],
        [1, 7],
      ],
      has: 7,
    },
    {
      what: 'an overlapping batch that begins later',
      batches: [
        [1, 4],
        [3, 6],
      ],
      has: 6,
    },
    {
      what: 'a shorter batch inside the last',
      batches: [
        [1, 9],
        [3, 5],
      ],
      has: 9,
    },
    { what: 'a single event', batches: [[1, 1]], has: 1 },
  ])('of $what leaves each event once and the ledger at their sum', async ({ batches, has }) => {
    for (const [first, last] of batches) await ship(ANN, usageEvents(first, last, mixed));
    await expectShipped(ANN, has);
  });

  it.each<{ what: string; before: number; batch: [number, number] }>([
    { what: 'the first event of a member that D1 does not know', before: 0, batch: [2, 3] },
    { what: 'one event', before: 4, batch: [6, 9] },
    { what: 'many events', before: 4, batch: [40, 40] },
  ])('that misses $what throws, adds nothing, and is taken once the gap is filled', async ({ before, batch }) => {
    if (before > 0) await ship(ANN, usageEvents(1, before, mixed));
    await expect(ship(ANN, usageEvents(...batch, mixed))).rejects.toThrow(`up to ${before}, cannot take ${batch[0]}`);
    expect(await arrived(ANN)).toHaveLength(before);
    expect(await rows('SELECT shipped FROM member_ledgers')).toEqual([{ shipped: before }]);

    await ship(ANN, usageEvents(before + 1, batch[0] - 1, mixed));
    await ship(ANN, usageEvents(...batch, mixed));
    await expectShipped(ANN, batch[1]);
  });

  it('of nothing does nothing', async () => {
    await ship(ANN, []);
    expect(await readLedgers()).toEqual([]);
  });

  it('of two members interleaved keeps two sequences and two ledgers', async () => {
    await ship(ANN, usageEvents(1, 3, mixed));
    await ship(BEN, usageEvents(1, 2));
    await ship(ANN, usageEvents(2, 6, mixed));
    await expect(ship(BEN, usageEvents(4, 6))).rejects.toThrow('up to 2');
    await ship(BEN, usageEvents(3, 5));
    expect(await arrived(ANN)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await arrived(BEN)).toEqual([1, 2, 3, 4, 5]);
    expect(await readLedgers()).toEqual(
      countLedgers([...owned(ANN, usageEvents(1, 6, mixed)), ...owned(BEN, usageEvents(1, 5))]),
    );
  });

  it('of a correction lowers the ledger and may take it below an earlier sum', async () => {
    await ship(ANN, [usageEvent(1, { costNanos: 100, unresolvedNanos: nanos(50) })]);
    const correction = { outcome: 'correction', requests: 0, costNanos: -70, unresolvedNanos: nanos(-50) } as const;
    await ship(ANN, [usageEvent(2, correction)]);
    expect(await readLedgers()).toMatchObject([{ cost: 30, requests: 1, unresolved: 0, shipped: 2 }]);
  });

  it('adds up what is new of it beyond 2^53 without losing a nanodollar', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    const costs = [5, most, 2, most, 1, -7];
    const events = costs.map((costNanos, i) => usageEvent(i + 1, { costNanos }));
    await ship(ANN, events.slice(0, 1));
    await ship(ANN, events.slice(0, 3));
    await ship(ANN, events);
    const [ledger] = await rows('SELECT CAST(cost AS TEXT) AS cost, requests, shipped FROM member_ledgers');
    expect(ledger).toEqual({ cost: String(2n * BigInt(most) + 1n), requests: 6, shipped: 6 });
  });

  it('keeps apart what some of its events have alike and others have not, in their order', async () => {
    const kinds = [
      {},
      { outcome: 'cut' },
      { app: 'b' },
      {},
      { requests: 0 },
      { outcome: 'cut' },
      { streamed: true },
    ] as const;
    const events = kinds.map((kind, i) => usageEvent(i + 1, { streamed: false, ...kind }));
    await ship(ANN, events);
    const { app } = usageEvent(1);
    expect(await rows('SELECT n, app, outcome, requests, streamed FROM usage_events ORDER BY seq')).toEqual(
      kinds.map((kind, i) => ({
        n: i + 1,
        ...{ app, outcome: 'completed', requests: 1, ...kind },
        streamed: 'streamed' in kind ? 1 : 0,
      })),
    );
  });

  it('tells of a key that it used by the same guard: an old batch brings back no old news', async () => {
    const { organizationId, memberId, keyId } = await seedOrganization();
    const news = async () => {
      const [row] = await rows<{ news: string | null }>(
        'SELECT status_news AS news FROM api_keys WHERE id = ?1',
        keyId,
      );
      return row?.news ? (JSON.parse(row.news) as ShippedKeyStatus).status.usage : null;
    };
    const told = (n: number, usage: number | null) => {
      const limits = { total: nanos(10), period: null };
      const status = { limits, usage: nanos(usage ?? 0), cycleStartedAtMs: null, period: null };
      const keys = usage === null ? {} : { [keyId]: status };
      const telling = { atMs: NOON + n, member: status as unknown as ScopeStatus, keys };
      return shipTelling(env, { organizationId, memberId }, [usageEvent(n, { keyId })], telling);
    };
    await told(1, 3);
    expect(await news()).toBe(3);
    await told(2, 5);
    await told(1, 3);
    expect(await news()).toBe(5);
    await expect(told(4, 9)).rejects.toThrow();
    expect(await news()).toBe(5);
    // Looked at, it is no news, also for the batch that comes again.
    await env.DB.prepare('UPDATE api_keys SET status_news = NULL WHERE id = ?').bind(keyId).run();
    await told(2, 5);
    expect(await news()).toBeNull();
    await told(3, 7);
    // Its limits were taken away: what was told of them is over.
    await told(4, null);
    expect(await news()).toBeNull();
  });

  it('is news for warnings where there is a limit to warn of, and else writes no row for them', async () => {
    const { organizationId, memberId, keyId } = await seedOrganization();
    const told = async (n: number, total: Nanos | null, ofKey: Nanos | null = null) => {
      const status = (limit: Nanos | null) =>
        ({
          limits: { total: limit, period: null },
          usage: nanos(3),
          cycleStartedAtMs: null,
          period: null,
        }) as LimitStatus;
      const telling = { atMs: NOON + n, member: status(total) as ScopeStatus, keys: { [keyId]: status(ofKey) } };
      await shipTelling(env, { organizationId, memberId }, [usageEvent(n, { keyId })], telling);
      const [row] = await rows<{ news: number; atMs: number }>(
        "SELECT status_is_news AS news, status ->> 'atMs' AS atMs FROM member_ledgers WHERE member_id = ?1",
        memberId,
      );
      await env.DB.prepare('UPDATE member_ledgers SET status_is_news = 0 WHERE member_id = ?').bind(memberId).run();
      return [row?.news, (row?.atMs ?? 0) - NOON];
    };
    expect(await told(1, null)).toEqual([0, 1]);
    expect(await told(2, nanos(10))).toEqual([1, 2]);
    expect(await told(3, null, nanos(10))).toEqual([1, 3]);
    // That blocks, and is not used up.
    expect(await told(4, nanos(0))).toEqual([0, 4]);
  });

  it('keeps every field of an event', async () => {
    const refused = usageEvent(2, { outcome: 'refused', refusal: 'member_total', estimated: true, latencyMs: 12 });
    await ship(ANN, [usageEvent(1, { firstTokenMs: 3, overrunNanos: nanos(7) }), refused]);
    const [first, second] = await rows('SELECT * FROM usage_events ORDER BY seq');
    expect(first).toMatchObject({
      organization_id: 'org_a',
      member_id: 'mem_ann',
      n: 1,
      attempt_id: 'att_1',
      request_id: 'req_1',
      project_id: 'prj_a',
      key_id: 'key_a',
      endpoint: '/v1/chat/completions',
      mapping: 'demo/words',
      canonical_model: 'demo-words',
      provider: 'demo',
      app: 'Unknown',
      outcome: 'completed',
      refusal: null,
      requests: 1,
      opened_at: usageEvent(1).openedAtMs,
      settled_at: usageEvent(1).settledAtMs,
      input_tokens: 11,
      cached_tokens: 1,
      output_tokens: 21,
      reasoning_tokens: 1,
      cost: 2,
      input_cost: 0,
      output_cost: 2,
      overrun: 7,
      unresolved: 0,
      price_version: 'demo@0',
      estimated: 0,
      streamed: 0,
      latency_ms: null,
      first_token_ms: 3,
    });
    expect(second).toMatchObject({ refusal: 'member_total', estimated: 1, streamed: 1, latency_ms: 12 });
  });

  it('of the same batch ten times at once adds it once', async () => {
    await Promise.all(Array.from({ length: 10 }, () => ship(ANN, usageEvents(1, 50, mixed))));
    await expectShipped(ANN, 50);
  });

  it('in any order, overlap and company leaves what a list of the longest prefix would', async () => {
    const batch = fc.record({
      member: fc.constantFrom(ANN, BEN),
      first: fc.integer({ min: 1, max: 12 }),
      length: fc.integer({ min: 1, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 12 }), async (batches) => {
        await forgetUsage();
        const shipped = new Map([
          [ANN, 0],
          [BEN, 0],
        ]);
        for (const { member, first, length } of batches) {
          const before = shipped.get(member) ?? 0;
          const last = first + length - 1;
          const taken = ship(member, usageEvents(first, last, mixed));
          if (first > before + 1) await expect(taken).rejects.toThrow();
          else {
            await taken;
            shipped.set(member, Math.max(before, last));
          }
        }
        const all = [...shipped].flatMap(([member, last]) => owned(member, usageEvents(1, last, mixed)));
        const ledgers = (await readLedgers()).filter((row) => row.shipped !== 0);
        expect(ledgers).toEqual(countLedgers(all));
        expect(await rows('SELECT count(*) AS n FROM usage_events')).toEqual([{ n: all.length }]);
      }),
      { numRuns: 20 },
    );
  });
});
