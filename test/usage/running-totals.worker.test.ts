/** Running totals are the sums of the events, however these arrive: whatever a series used between two quarters of an hour. */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { UsageEvent } from '../../src/budgets/usage-event.ts';
import { goOnBackfilling, showBackfills } from '../../src/usage/backfill.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { forgetUsage, type Member, mixed, NOON, type Owned, owned, QUARTER_MS, rows, usageEvent } from './events.ts';
import { readFacts, readTotals, usedBy } from './totals.ts';

const MEMBERS: Member[] = [
  { memberId: 'mem_ann', organizationId: 'org_a' },
  { memberId: 'mem_bob', organizationId: 'org_a' },
  { memberId: 'mem_zoe', organizationId: 'org_z' },
];

const QUARTERS = 8;

const latency = fc.option(fc.oneof(fc.nat(30), fc.nat(2_000), fc.nat(900_000)));

/** Some cost so much that any two of them pass 2^53; corrections cost less than nothing. */
const cost = fc.oneof({ weight: 5, arbitrary: fc.nat(1_000) }, { weight: 1, arbitrary: fc.maxSafeNat() });

const anyEvent = fc
  .record({
    kind: fc.nat(7),
    settledAtMs: fc.nat(QUARTERS * QUARTER_MS - 1).map((ms) => NOON + ms),
    costNanos: cost,
    latencyMs: latency,
    firstTokenMs: latency,
  })
  .map(({ kind, ...over }): Partial<UsageEvent> => ({ ...over, ...mixed(kind) }));

/** How a member's events arrive: in the order of their numbers, and that is not the order of their instants. */
const arrivals = fc.array(
  fc.record({ member: fc.constantFrom(...MEMBERS), events: fc.array(anyEvent, { minLength: 1, maxLength: 12 }) }),
  { maxLength: 8 },
);

const runs = fc.array(fc.record({ rowsMax: fc.integer({ min: 1, max: 9 }), at: fc.nat(8) }), { maxLength: 6 });

const ranges = fc.array(fc.tuple(fc.nat(QUARTERS + 1), fc.nat(QUARTERS + 1)), { minLength: 6, maxLength: 6 });

async function expectAgreement(events: readonly Owned[], asked: readonly (readonly [number, number])[]) {
  const byEvents = usedBy(events);
  const byFacts = await readFacts();
  const byTotals = await readTotals();
  expect(byTotals.series.toSorted()).toEqual(byEvents.series);
  expect(byFacts.series).toEqual(byEvents.series);
  for (const series of byEvents.series) {
    for (const [a, b] of asked) {
      const from = NOON + Math.min(a, b) * QUARTER_MS;
      const until = NOON + Math.max(a, b) * QUARTER_MS;
      const wanted = byEvents.between(series, from, until);
      expect(byTotals.between(series, from, until), `totals of ${series}`).toEqual(wanted);
      expect(byFacts.between(series, from, until), `facts of ${series}`).toEqual(wanted);
    }
  }
}

beforeEach(forgetUsage);

describe('running totals', () => {
  it('are the sums of the events and of the facts, of every series, however late and in whatever portions they come', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, runs, ranges, async (shipments, crons, asked) => {
        await forgetUsage();
        const shipped = new Map(MEMBERS.map(({ memberId }) => [memberId, 0]));
        const all: Owned[] = [];
        for (const [i, { member, events }] of shipments.entries()) {
          const first = (shipped.get(member.memberId) ?? 0) + 1;
          const numbered = events.map((over, k) => usageEvent(first + k, over));
          shipped.set(member.memberId, first + events.length - 1);
          all.push(...owned(member, numbered));
          await shipEvents(env.DB, member, numbered);
          // Two at once, each in portions of its own.
          const now = crons.filter(({ at }) => at === i);
          await Promise.all(
            now.flatMap(({ rowsMax }) => [rowsMax, 10 - rowsMax].map((n) => rollUp(env.DB, NOON, n, 2))),
          );
        }
        await Promise.all([rollUp(env.DB, NOON, 7), rollUp(env.DB, NOON, 11)]);
        expect(await rollUp(env.DB, NOON)).toEqual({ waiting: 0 });
        await expectAgreement(all, asked);
      }),
      { numRuns: 30 },
    );
  });

  it('have one row for a quarter in which the series had usage, and none for others', async () => {
    const [ann] = MEMBERS;
    if (!ann) throw new Error('nobody');
    const instants = [0, 0, 3, 3, 7].map((quarter) => NOON + quarter * QUARTER_MS);
    await shipEvents(
      env.DB,
      ann,
      instants.map((settledAtMs, i) => usageEvent(i + 1, { settledAtMs })),
    );
    await rollUp(env.DB, NOON);
    expect(
      await rows(
        "SELECT bucket_at, requests FROM usage_totals JOIN usage_series ON id = series_id WHERE kind = 'organization'",
      ),
    ).toEqual([
      { bucket_at: NOON, requests: 2 },
      { bucket_at: NOON + 3 * QUARTER_MS, requests: 4 },
      { bucket_at: NOON + 7 * QUARTER_MS, requests: 5 },
    ]);
  });

  it('pass 2^53 without losing a nanodollar', async () => {
    const [ann] = MEMBERS;
    if (!ann) throw new Error('nobody');
    // In the same step too: two to the 53rd and one is the first that no double holds.
    const costs = [Number.MAX_SAFE_INTEGER, 2, 1, 1, Number.MAX_SAFE_INTEGER, 2];
    for (const [i, costNanos] of costs.entries()) {
      await shipEvents(env.DB, ann, [usageEvent(i + 1, { costNanos, settledAtMs: NOON })]);
      if (i % 2 === 1) await rollUp(env.DB, NOON);
    }
    const exact = { cost: '18014398509481988' };
    for (const table of ['usage_rollups', 'usage_totals', 'member_days', 'member_ledgers']) {
      expect(await rows(`SELECT DISTINCT CAST(cost AS TEXT) AS cost FROM ${table}`), table).toEqual([exact]);
    }
  });

  const EVERY_QUARTER = Array.from({ length: 41 }, (_, quarter): [number, number] => [quarter - 1, 41 - quarter]);

  it('raise every later row for what comes late, a few events at a time where these are too many', async () => {
    const [ann, bob] = MEMBERS;
    if (!ann || !bob) throw new Error('nobody');
    const events = Array.from({ length: 40 }, (_, i) => usageEvent(i + 1, { settledAtMs: NOON + i * QUARTER_MS }));
    await shipEvents(env.DB, ann, events);
    await rollUp(env.DB, NOON);
    // Each of a key, model and app of its own, which are rows as well: 20 of them and the 160 that they raise are too many.
    const late = events.map((event) => ({
      ...event,
      ...{ keyId: `key_${event.n}`, canonicalModel: `model_${event.n}`, app: `app_${event.n}` },
      settledAtMs: event.settledAtMs - QUARTER_MS / 2,
    }));
    await shipEvents(env.DB, bob, late);
    let calls = 0;
    while ((await rollUp(env.DB, NOON, 20, 1, 200)).waiting > 0) calls += 1;
    expect(calls).toBeGreaterThan(2);
    expect(await showBackfills(env.DB)).toEqual([]);
    await expectAgreement([...owned(ann, events), ...owned(bob, late)], EVERY_QUARTER);
  });

  it('leave to a backfill what comes so late that one event alone would raise too many, and roll up what follows', async () => {
    const [ann, bob, zoe] = MEMBERS;
    if (!ann || !bob || !zoe) throw new Error('nobody');
    const events = Array.from({ length: 40 }, (_, i) => usageEvent(i + 1, { settledAtMs: NOON + i * QUARTER_MS }));
    await shipEvents(env.DB, ann, events);
    await rollUp(env.DB, NOON);
    const late = [30, 4, 12].map((quarter, i) => usageEvent(i + 1, { settledAtMs: NOON + quarter * QUARTER_MS + 7 }));
    await shipEvents(env.DB, bob, late);
    const after = [usageEvent(1, { settledAtMs: NOON + 39 * QUARTER_MS })];
    await shipEvents(env.DB, zoe, after);
    expect(await rollUp(env.DB, NOON, 20, 50, 60)).toEqual({ waiting: 0 });
    expect(await showBackfills(env.DB)).toMatchObject([
      { organizationId: ann.organizationId, nextAt: NOON + 4 * QUARTER_MS, finishedAt: null },
    ]);
    while ((await goOnBackfilling(env.DB, NOON, 0)).more);
    const all = [...owned(ann, events), ...owned(bob, late), ...owned(zoe, after)];
    await expectAgreement(all, EVERY_QUARTER);
    // Once it has ended, the next one begins with its own.
    const later = [usageEvent(4, { settledAtMs: NOON + 20 * QUARTER_MS })];
    await shipEvents(env.DB, bob, later);
    await rollUp(env.DB, NOON, 20, 50, 60);
    expect(await showBackfills(env.DB)).toMatchObject([
      { nextAt: NOON + 20 * QUARTER_MS, finishedAt: null, totalsChanged: 0 },
    ]);
    while ((await goOnBackfilling(env.DB, NOON, 0)).more);
    await expectAgreement([...all, ...owned(bob, later)], EVERY_QUARTER);
  });
});

describe('the tables of usage', () => {
  it('hold whole numbers and texts only', async () => {
    const [ann] = MEMBERS;
    if (!ann) throw new Error('nobody');
    const costs = [3, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, -7];
    await shipEvents(
      env.DB,
      ann,
      costs.map((costNanos, i) => usageEvent(i + 1, { costNanos, latencyMs: 70 * i, firstTokenMs: null })),
    );
    await rollUp(env.DB, NOON);
    const tables = await rows<{ name: string }>(
      `SELECT name FROM sqlite_schema
       WHERE type = 'table'
         AND (name LIKE 'usage_%' OR name LIKE 'member_%' OR name IN ('rollup_watermark', 'day_differences', 'books_turns'))`,
    );
    expect(tables.length).toBeGreaterThan(9);
    for (const { name } of tables) {
      const columns = await rows<{ name: string; type: string }>(`SELECT name, type FROM pragma_table_info('${name}')`);
      for (const column of columns) {
        expect(column.type.toUpperCase(), `${name}.${column.name}`).toMatch(/^(INTEGER|TEXT)$/);
        expect(await rows(`SELECT 1 FROM ${name} WHERE typeof("${column.name}") IN ('real', 'blob') LIMIT 1`)).toEqual(
          [],
        );
        if (column.type.toUpperCase() !== 'INTEGER') continue;
        expect(await rows(`SELECT 1 FROM ${name} WHERE typeof("${column.name}") = 'text' LIMIT 1`)).toEqual([]);
      }
    }
  });
});
