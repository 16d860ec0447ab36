import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { pruneEvents } from '../../src/usage/pruning.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import {
  countRollups,
  forgetUsage,
  type Member,
  mixed,
  NOON,
  type Owned,
  owned,
  QUARTER_MS,
  readRollups,
  rows,
  usageEvent,
  usageEvents,
  watermark,
} from './events.ts';
import { readTotals, usedBy } from './totals.ts';

const ANN: Member = { memberId: 'mem_ann', organizationId: 'org_a' };
const ZOE: Member = { memberId: 'mem_zoe', organizationId: 'org_z' };

/** Long enough after every event of these tests that all of them may go. */
const LATE = NOON + LIMITS.eventRetentionMs + 1_000 * QUARTER_MS;

async function ship(member: Member, first: number, last: number): Promise<Owned[]> {
  const events = usageEvents(first, last, mixed);
  await shipEvents(env.DB, member, events);
  return owned(member, events);
}

const waitingEvents = async () =>
  (
    await rows<{ n: number }>('SELECT count(*) AS n FROM usage_events WHERE seq > (SELECT seq FROM rollup_watermark)')
  )[0]?.n;

const eventCount = async () => (await rows<{ n: number }>('SELECT count(*) AS n FROM usage_events'))[0]?.n;

async function expectTotals(events: readonly Owned[]) {
  const [totals, wanted] = [await readTotals(), usedBy(events)];
  expect(totals.series.toSorted()).toEqual(wanted.series);
  for (const series of wanted.series) {
    for (const until of [1, 2, 3].map((quarters) => NOON + quarters * QUARTER_MS)) {
      expect(totals.between(series, NOON, until), series).toEqual(wanted.between(series, NOON, until));
    }
  }
}

beforeEach(forgetUsage);

describe('the rollups', () => {
  it.each<{ what: string; run: () => Promise<unknown> }>([
    { what: 'in one run', run: () => rollUp(env.DB, NOON) },
    {
      what: 'by a cron that comes twice',
      run: async () => {
        await rollUp(env.DB, NOON);
        await rollUp(env.DB, NOON);
      },
    },
    { what: 'by five crons at once', run: () => Promise.all(Array.from({ length: 5 }, () => rollUp(env.DB, NOON))) },
    { what: 'three events at a time', run: () => rollUp(env.DB, NOON, 3) },
    {
      what: 'three events at a time by five crons at once',
      run: () => Promise.all(Array.from({ length: 5 }, () => rollUp(env.DB, NOON, 3))),
    },
    { what: 'one event at a time', run: () => rollUp(env.DB, NOON, 1) },
  ])('are the sums of the events when made $what', async ({ run }) => {
    const events = [...(await ship(ANN, 1, 30)), ...(await ship(ZOE, 1, 11))];
    await run();
    expect(await readRollups()).toEqual(countRollups(events));
    await expectTotals(events);
    expect(await waitingEvents()).toBe(0);
  });

  it('write nothing of what a run has read before others went on', async () => {
    const events = await ship(ANN, 1, 10);
    let batches = 0;
    const late = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: async (statements: D1PreparedStatement[]) => {
        batches += 1;
        // The third writes what the first two have read.
        if (batches === 3) await rollUp(env.DB, NOON, 4);
        return env.DB.batch(statements);
      },
    } as unknown as D1Database;
    await rollUp(late, NOON, 3);
    expect(batches).toBeGreaterThan(3);
    expect(await readRollups()).toEqual(countRollups(events));
    await expectTotals(events);
  });

  it('take in what comes later, into buckets that already are', async () => {
    const early = await ship(ANN, 1, 10);
    await rollUp(env.DB, NOON);
    const late = [...(await ship(ZOE, 1, 10)), ...(await ship(ANN, 11, 20))];
    const same = usageEvents(21, 30, (n) => ({ ...mixed(n - 20), settledAtMs: NOON + (n - 20) * 60_000 }));
    await shipEvents(env.DB, ANN, same);
    await rollUp(env.DB, NOON);
    expect(await readRollups()).toEqual(countRollups([...early, ...late, ...owned(ANN, same)]));
  });

  it('put an event at the quarter into the quarter it begins, and one a millisecond before into the last', async () => {
    const quarter = NOON + QUARTER_MS;
    const instants = [quarter - 1, quarter, quarter + QUARTER_MS - 1, quarter + QUARTER_MS];
    await shipEvents(
      env.DB,
      ANN,
      instants.map((settledAtMs, i) => usageEvent(i + 1, { settledAtMs, costNanos: 10 ** i })),
    );
    await rollUp(env.DB, NOON);
    expect(await rows('SELECT bucket_at, cost FROM usage_rollups ORDER BY bucket_at')).toEqual([
      { bucket_at: NOON, cost: 1 },
      { bucket_at: quarter, cost: 110 },
      { bucket_at: quarter + QUARTER_MS, cost: 1000 },
    ]);
  });

  it.each<{ what: string; events: Parameters<typeof usageEvent>[1][]; sums: object }>([
    {
      what: 'refusals by how many one event stands for',
      events: [
        { outcome: 'refused', requests: 7, costNanos: 0 },
        { outcome: 'refused', requests: 3, costNanos: 0 },
        {},
      ],
      sums: { requests: 11, refused: 10, client_errors: 0, upstream_errors: 0 },
    },
    {
      what: "the provider's failures apart from the caller's",
      events: [{ outcome: 'upstream_error' }, { outcome: 'client_error' }, { outcome: 'client_error' }, {}],
      sums: { requests: 4, upstream_errors: 1, client_errors: 2, refused: 0 },
    },
    {
      what: 'an expired attempt as a failure, and its correction as no request at all',
      events: [
        { outcome: 'expired', costNanos: 90 },
        { outcome: 'correction', requests: 0, costNanos: -60 },
      ],
      sums: { requests: 1, upstream_errors: 1, client_errors: 0, cost: 30 },
    },
    {
      what: 'what was cut or left by its caller as a plain request',
      events: [{ outcome: 'cut' }, { outcome: 'client_gone' }],
      sums: { requests: 2, upstream_errors: 0, client_errors: 0, refused: 0 },
    },
  ])('count $what', async ({ events, sums }) => {
    await shipEvents(
      env.DB,
      ANN,
      events.map((over, i) => usageEvent(i + 1, { ...over, settledAtMs: NOON })),
    );
    await rollUp(env.DB, NOON);
    expect(await rows('SELECT * FROM usage_rollups')).toMatchObject([sums]);
  });

  it('say that they are complete up to now only once nothing is left behind', async () => {
    await ship(ANN, 1, 10);
    expect(await rollUp(env.DB, NOON, 3, 2)).toEqual({ waiting: 4 });
    expect((await watermark()).rolled_up_to).toBe(0);
    expect(await rollUp(env.DB, NOON + 1, 3, 1)).toEqual({ waiting: 1 });
    expect((await watermark()).rolled_up_to).toBe(0);
    expect(await rollUp(env.DB, NOON + 2, 3, 1)).toEqual({ waiting: 0 });
    expect((await watermark()).rolled_up_to).toBe(NOON + 2);
  });

  it('begin no further step when their time is over, and take one at least', async () => {
    await ship(ANN, 1, 10);
    expect(await rollUp(env.DB, NOON, 3, 50, LIMITS.rollupTotalsMax, 0)).toEqual({ waiting: 7 });
    expect(await rollUp(env.DB, NOON, 3, 50, LIMITS.rollupTotalsMax, 60_000)).toEqual({ waiting: 0 });
  });

  it('say so too where there is nothing to do, and never go back', async () => {
    await rollUp(env.DB, NOON);
    expect((await watermark()).rolled_up_to).toBe(NOON);
    await rollUp(env.DB, NOON - 1);
    expect((await watermark()).rolled_up_to).toBe(NOON);
  });

  it.each([1, 3, 4])('step over gaps in the sequence longer than a statement takes (%i rows)', async (rowsMax) => {
    const events = await ship(ANN, 1, 20);
    await env.DB.prepare('DELETE FROM usage_events WHERE n BETWEEN 1 AND 6 OR n BETWEEN 9 AND 15 OR n = 20').run();
    expect(await rollUp(env.DB, NOON, rowsMax)).toEqual({ waiting: 0 });
    const left = events.filter(({ n }) => n === 7 || n === 8 || (n >= 16 && n < 20));
    expect(await readRollups()).toEqual(countRollups(left));
    expect((await watermark()).rolled_up_to).toBe(NOON);
  });

  it('read what waits, not what was rolled up before', async () => {
    await ship(ANN, 1, 1_000);
    await rollUp(env.DB, NOON);
    await ship(ANN, 1_001, 1_010);
    let read = 0;
    const counting = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: async (statements: D1PreparedStatement[]) => {
        const results = await env.DB.batch(statements);
        read += results.reduce((sum, { meta }) => sum + meta.rows_read, 0);
        return results;
      },
    } as unknown as D1Database;
    await rollUp(counting, NOON);
    expect(read).toBeLessThan(300);
  });

  it('count events once that come after everything was pruned', async () => {
    const first = await ship(ANN, 1, 10);
    await rollUp(env.DB, NOON);
    const { seq } = await watermark();
    await env.DB.prepare('UPDATE rollup_watermark SET proven_seq = seq').run();
    expect(await pruneEvents(env.DB, LATE)).toEqual({ pruned: 10 });
    expect(await rollUp(env.DB, NOON)).toEqual({ waiting: 0 });
    expect((await watermark()).seq).toBe(seq);

    const second = await ship(ANN, 11, 15);
    expect(await rows('SELECT min(seq) AS next FROM usage_events')).toEqual([{ next: seq + 1 }]);
    await rollUp(env.DB, NOON);
    await rollUp(env.DB, NOON);
    expect(await readRollups()).toEqual(countRollups([...first, ...second]));
  });
});

describe('pruning', () => {
  const prove = (back = 0) => env.DB.prepare('UPDATE rollup_watermark SET proven_seq = seq - ?1').bind(back).run();

  it('takes nothing that is not rolled up', async () => {
    await ship(ANN, 1, 5);
    await env.DB.prepare('UPDATE rollup_watermark SET proven_seq = seq + 1000').run();
    expect(await pruneEvents(env.DB, LATE)).toEqual({ pruned: 0 });
    await rollUp(env.DB, NOON, 2, 1);
    expect(await pruneEvents(env.DB, LATE)).toEqual({ pruned: 2 });
    expect(await rows('SELECT n FROM usage_events ORDER BY seq')).toEqual([{ n: 3 }, { n: 4 }, { n: 5 }]);
  });

  it('takes nothing that no reconciliation has proven', async () => {
    await ship(ANN, 1, 5);
    await rollUp(env.DB, NOON);
    expect(await pruneEvents(env.DB, LATE)).toEqual({ pruned: 0 });
    await prove(2);
    expect(await pruneEvents(env.DB, LATE)).toEqual({ pruned: 3 });
    expect(await rows('SELECT n FROM usage_events ORDER BY seq')).toEqual([{ n: 4 }, { n: 5 }]);
  });

  it('takes only what is past the retention, whatever the order of arrival', async () => {
    const ages = [0, -1, 1, -QUARTER_MS, QUARTER_MS];
    const horizon = LATE - LIMITS.eventRetentionMs;
    await shipEvents(
      env.DB,
      ANN,
      ages.map((age, i) => usageEvent(i + 1, { settledAtMs: horizon + age })),
    );
    await rollUp(env.DB, NOON);
    await prove();
    expect(await pruneEvents(env.DB, LATE)).toEqual({ pruned: 2 });
    expect(await rows('SELECT n FROM usage_events ORDER BY seq')).toEqual([{ n: 1 }, { n: 3 }, { n: 5 }]);
  });

  it('takes the oldest first, so many at a time, and leaves the rollups as they are', async () => {
    const events = await ship(ANN, 1, 10);
    await rollUp(env.DB, NOON);
    await prove();
    for (const left of [6, 2, 0, 0]) {
      await pruneEvents(env.DB, LATE, 4);
      expect(await eventCount()).toBe(left);
    }
    expect(await readRollups()).toEqual(countRollups(events));
  });
});
