/** A backfill makes every sum what it is a sum of, from whatever is still known, and nothing else. */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, LIMITS } from '../../src/limits.ts';
import { goOnBackfilling, showBackfills, startBackfill } from '../../src/usage/backfill.ts';
import { pruneEvents } from '../../src/usage/pruning.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { forgetUsage, type Member, mixed, NOON, type Owned, owned, QUARTER_MS, rows, usageEvent } from './events.ts';
import { readFacts, readTotals, usedBy } from './totals.ts';

const ANN: Member = { memberId: 'mem_ann', organizationId: 'org_a' };
const ZOE: Member = { memberId: 'mem_zoe', organizationId: 'org_z' };

/** Half a day apart, some of each kind; the last of them half a day before NOW. */
const COUNT = 20;
const NOW = NOON + (COUNT + 1) * (DAY_MS / 2);

async function history(member: Member, first = 1, last = COUNT): Promise<Owned[]> {
  const events = Array.from({ length: last - first + 1 }, (_, i) =>
    usageEvent(first + i, {
      ...mixed(i),
      settledAtMs: NOON + (first + i) * (DAY_MS / 2) + (i % 5) * QUARTER_MS,
      latencyMs: i % 3 === 0 ? null : 100 * i,
      firstTokenMs: i % 4 === 0 ? null : 40 * i,
    }),
  );
  await shipEvents(env.DB, member, events);
  await rollUp(env.DB, NOON);
  return owned(member, events);
}

async function backfill(organizationId: string | null = null, nowMs = NOW) {
  await startBackfill(env.DB, organizationId, nowMs);
  while ((await goOnBackfilling(env.DB, nowMs, 0)).more);
  return (await showBackfills(env.DB)).map(({ organizationId, factsChanged, totalsChanged }) => [
    organizationId,
    factsChanged,
    totalsChanged,
  ]);
}

const run = (sql: string, ...values: (string | number)[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run();

async function expectRight(events: readonly Owned[]) {
  const wanted = usedBy(events);
  const facts = await readFacts();
  const totals = await readTotals();
  for (const series of wanted.series) {
    for (let day = -1; day < COUNT / 2 + 2; day++) {
      const [from, until] = [NOON + day * DAY_MS, NOON + (day + 1) * DAY_MS];
      const used = wanted.between(series, from, until);
      expect(facts.between(series, from, until), series).toEqual(used);
      expect(totals.between(series, from, until), series).toEqual(used);
    }
  }
}

beforeEach(forgetUsage);

describe('a backfill', () => {
  it('changes nothing where everything is right', async () => {
    const events = [...(await history(ANN)), ...(await history(ZOE))];
    expect(await backfill()).toEqual([
      ['org_a', 0, 0],
      ['org_z', 0, 0],
    ]);
    await expectRight(events);
  });

  it('makes the running totals of an old database, whose usage goes on meanwhile', async () => {
    const early = await history(ANN, 1, 12);
    await run('DELETE FROM usage_totals');
    await run('DELETE FROM usage_series');
    await startBackfill(env.DB, null, NOW);
    await goOnBackfilling(env.DB, NOW, 0);
    const late = await history(ANN, 13, COUNT);
    await goOnBackfilling(env.DB, NOW, 0);
    const others = await history(ZOE);
    while ((await goOnBackfilling(env.DB, NOW, 0)).more);
    await expectRight([...early, ...late, ...others]);
  });

  it.each([
    ['a fact that is too high', 'UPDATE usage_rollups SET cost = cost + 5 WHERE rowid_of = 1'],
    ['facts that are gone', 'DELETE FROM usage_rollups WHERE rowid_of < 4'],
    [
      'facts without latencies, from before they were kept',
      "UPDATE usage_rollups SET latencies = '', first_tokens = ''",
    ],
    ['all facts', 'DELETE FROM usage_rollups'],
    ['a running total that is too high', 'UPDATE usage_totals SET cost = cost + 5 WHERE rowid_of = 7'],
    ['running totals that are gone', 'DELETE FROM usage_totals WHERE rowid_of % 3 = 0'],
    ['a row that nothing was used in', 'UPDATE usage_totals SET bucket_at = bucket_at + 900000 WHERE rowid_of = 3'],
    ['all running totals', 'DELETE FROM usage_totals'],
    ['latencies that are wrong', "UPDATE usage_totals SET latencies = '&%' WHERE rowid_of % 2 = 0"],
  ])('makes right: %s', async (_, plant) => {
    const events = [...(await history(ANN)), ...(await history(ZOE))];
    const table = /usage_\w+/.exec(plant)?.[0] ?? '';
    const key = table === 'usage_rollups' ? 'dimension_id' : 'series_id';
    const sql = plant.replace(
      'rowid_of',
      `(SELECT count(*) FROM ${table} AS other WHERE (other.${key}, other.bucket_at) < (${table}.${key}, ${table}.bucket_at))`,
    );
    expect((await run(sql)).meta.changes).toBeGreaterThan(0);
    const changed = await backfill();
    expect(changed.some(([, facts, totals]) => Number(facts) + Number(totals) > 0)).toBe(true);
    await expectRight(events);
    expect(await backfill()).toEqual([
      ['org_a', 0, 0],
      ['org_z', 0, 0],
    ]);
  });

  it('takes nothing from facts whose events were pruned, and makes the totals of them', async () => {
    const events = await history(ANN);
    await run('UPDATE rollup_watermark SET proven_seq = seq');
    const late = NOW + LIMITS.eventRetentionMs;
    await pruneEvents(env.DB, late, 8);
    await run('DELETE FROM usage_totals');
    // Also where it is not the retention that says that they are gone.
    expect(await backfill(null, NOW)).toMatchObject([['org_a', 0, expect.any(Number)]]);
    await expectRight(events);
    await run('DELETE FROM usage_totals');
    expect(await backfill(null, late)).toMatchObject([['org_a', 0, expect.any(Number)]]);
    await expectRight(events);
  });

  it('is of one organization where it is asked for that', async () => {
    await history(ANN);
    await history(ZOE);
    await run('DELETE FROM usage_totals');
    await backfill('org_a');
    const { series } = await readTotals();
    expect(series.filter((name) => name.includes('org_a'))).not.toEqual([]);
    expect(series.filter((name) => name.includes('org_z'))).toEqual([]);
  });

  it('leaves the books of the sums as they are where a rollup comes between its reading and its writing', async () => {
    const events = await history(ANN, 1, 12);
    await run('DELETE FROM usage_totals');
    await startBackfill(env.DB, null, NOW);
    const more: Owned[] = [];
    let n = 13;
    // Before each write of the backfill something new is rolled up, three times.
    const busy = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: async (statements: D1PreparedStatement[]) => {
        if (n < 16) more.push(...(await history(ANN, n, n++)));
        return env.DB.batch(statements);
      },
    } as unknown as D1Database;
    while ((await goOnBackfilling(busy, NOW, 0)).more);
    expect(more).toHaveLength(3);
    await expectRight([...events, ...more]);
    expect(await rows('SELECT finished_at FROM usage_backfills')).toEqual([{ finished_at: NOW }]);
  });
});
