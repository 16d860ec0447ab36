/** An organization's usage is moved from one database to another: all of it, once, whatever fails and whoever goes on. */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ScopeStatus } from '../../src/budgets/protocol.ts';
import { LIMITS } from '../../src/limits.ts';
import { SeededRandom } from '../../src/local/demo-random.ts';
import { noteUsageDatabase } from '../../src/usage/databases.ts';
import { goOn, startMove } from '../../src/usage/moving/move.ts';
import { deleteRows, writeRows } from '../../src/usage/moving/rows.ts';
import { MOVED_TABLES } from '../../src/usage/moving/tables.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { ship, shipEvents } from '../../src/usage/shipping.ts';
import { insertMember, seedOrganization } from '../support/seed.ts';
import { forgetUsage, mixed, NOON, rows, usageEvents } from './events.ts';
import { type Fault, failingD1 } from './failing-d1.ts';
import { figuresIn, moveTo, operatorTrail, rowsIn } from './moved.ts';

const other = () => {
  const db = env.USAGE_DB_1;
  if (!db) throw new Error('no second database');
  return db;
};

/** An organization with usage in the main database: some rolled up, some not yet; books; and another beside it. */
async function usedOrganization(events = 40) {
  const { organizationId, memberId } = await seedOrganization();
  const second = await insertMember(organizationId, 'developer');
  const stranger = await seedOrganization();
  const add = async (who: { organizationId: string; memberId: string }, last: number, first = 1) => {
    for (let n = first; n <= last; n += 5_000) {
      const some = usageEvents(n, Math.min(last, n + 4_999), (i) => ({
        ...mixed(i),
        latencyMs: i % 900,
        firstTokenMs: i % 90,
      }));
      expect(await shipEvents(env.DB, who, some)).toBeNull();
    }
  };
  await add(stranger, 7);
  await add({ organizationId, memberId }, events);
  await add({ organizationId, memberId: second }, 9);
  await rollUp(env.DB, NOON);
  await add({ organizationId, memberId }, events + 6, events + 1);
  await env.DB.prepare(
    `INSERT INTO member_books (member_id, organization_id, looked_at, proven_at, proven_seq, differs, proof)
     VALUES (?1, ?2, 5, 5, 3, 0, '{}')`,
  )
    .bind(memberId, organizationId)
    .run();
  return { organizationId, memberId, second, stranger };
}

const placeOf = async (organizationId: string) =>
  (
    await rows<{ place: string | null }>(
      'SELECT usage_database AS place FROM organizations WHERE id = ?1',
      organizationId,
    )
  )[0]?.place;

const inOther = async <T>(sql: string, ...values: string[]) =>
  (
    await other()
      .prepare(sql)
      .bind(...values)
      .all<T>()
  ).results;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeEach(forgetUsage);

describe('a move', () => {
  it('takes everything to the other database, and leaves nothing and nobody else behind', async () => {
    const { organizationId, stranger } = await usedOrganization();
    const strangers = await figuresIn(env.DB, stranger.organizationId);
    let before: unknown;
    await moveTo(organizationId, 'USAGE_DB_1', {
      after: async ({ phase }) => {
        // Rolled up by the move, so as of then.
        if (phase === 'switched') before = await figuresIn(env.DB, organizationId);
      },
    });
    const after = await figuresIn(other(), organizationId);
    expect(after).toEqual(before);
    expect(after.usage_events).toHaveLength(55);
    for (const name of [
      'member_ledgers',
      'usage_dimensions',
      'usage_rollups',
      'usage_series',
      'usage_totals',
      'member_days',
      'member_books',
    ]) {
      expect(after[name]?.length, name).toBeGreaterThan(0);
    }
    expect(await rowsIn(env.DB, organizationId)).toBe(0);
    expect(await placeOf(organizationId)).toBe('USAGE_DB_1');
    expect(await figuresIn(env.DB, stranger.organizationId)).toEqual(strangers);
    // In the sums already: the next rollups there take none of it again.
    await rollUp(other(), NOON + 1);
    expect(await figuresIn(other(), organizationId)).toEqual(after);
  });

  it('goes back the same way, and again', async () => {
    const { organizationId } = await usedOrganization();
    await moveTo(organizationId, 'USAGE_DB_1');
    const there = await figuresIn(other(), organizationId);
    await moveTo(organizationId, 'DB');
    expect(await figuresIn(env.DB, organizationId)).toEqual(there);
    expect(await rowsIn(other(), organizationId)).toBe(0);
    expect(await placeOf(organizationId)).toBeNull();
    await moveTo(organizationId, 'USAGE_DB_1');
    expect(await figuresIn(other(), organizationId)).toEqual(there);
  });

  it('of some thousand rows goes by pieces, each of them once', async () => {
    const { organizationId } = await usedOrganization(2_500);
    const seen: number[] = [];
    await moveTo(organizationId, 'USAGE_DB_1', {
      piecesPerCall: 1,
      after: async ({ copied }) => void seen.push(copied),
    });
    const after = await figuresIn(other(), organizationId);
    expect(after.usage_events).toHaveLength(2_515);
    expect(after.usage_totals?.length).toBeGreaterThan(LIMITS.moveRowsMax);
    expect(await rowsIn(env.DB, organizationId)).toBe(0);
    const steps = seen.slice(1).map((copied, i) => copied - (seen[i] ?? 0));
    // Whole instants and whole quarter-hours only: nothing but the books is copied twice.
    expect(Math.max(...steps)).toBeLessThanOrEqual(LIMITS.moveRowsMax);
  });

  it('keeps sums above 2^53 to the last nanodollar, and texts as they are', async () => {
    const { organizationId } = await usedOrganization();
    const big = '9223372036854775807';
    const text = 'a "quoted" \\ é 🦊';
    await env.DB.prepare(
      `UPDATE usage_totals SET cost = ${big}
       WHERE series_id = (SELECT id FROM usage_series WHERE organization_id = ?1 AND kind = 'organization')`,
    )
      .bind(organizationId)
      .run();
    await env.DB.prepare('UPDATE usage_events SET app = ?2 WHERE organization_id = ?1 AND n = 1')
      .bind(organizationId, text)
      .run();
    await moveTo(organizationId, 'USAGE_DB_1');
    const found = await other()
      .prepare(
        `SELECT CAST(total.cost AS TEXT) AS cost, typeof(total.cost) AS type
         FROM usage_totals AS total JOIN usage_series AS series ON series.id = total.series_id
         WHERE series.organization_id = ?1 AND series.kind = 'organization'`,
      )
      .bind(organizationId)
      .first();
    expect(found).toEqual({ cost: big, type: 'integer' });
    const apps = await inOther(
      'SELECT DISTINCT app FROM usage_events WHERE organization_id = ?1 AND n = 1',
      organizationId,
    );
    expect(apps).toEqual([{ app: text }]);
  });

  it('tells what it does: one entry of the audit log, as it switches', async () => {
    const { organizationId } = await usedOrganization();
    await moveTo(organizationId, 'USAGE_DB_1', { piecesPerCall: 3 });
    const entries = await rows(
      'SELECT action, actor_kind, before, after FROM audit_entries WHERE organization_id = ?1',
      organizationId,
    );
    expect(entries).toEqual([
      {
        action: 'organization.usage.moved',
        actor_kind: 'operator',
        before: '{"usageDatabase":"DB"}',
        after: '{"usageDatabase":"USAGE_DB_1"}',
      },
    ]);
  });
});

describe('while it is moved', () => {
  it('what is shipped goes in until the last look, waits for the switch, and goes to the new place by itself', async () => {
    const { organizationId, memberId } = await usedOrganization();
    const who = { organizationId, memberId };
    const telling = { atMs: NOON, member: { limits: { total: null, period: null } } as ScopeStatus, keys: {} };
    let n = 46;
    const outcomes = new Set<string>();
    await moveTo(organizationId, 'USAGE_DB_1', {
      piecesPerCall: 1,
      after: async ({ phase }) => {
        const went = await ship(env, who, usageEvents(n + 1, n + 2, mixed), telling).then(
          () => true,
          (error) => {
            expect(String(error)).toContain('is being moved');
            return false;
          },
        );
        if (went) n += 2;
        outcomes.add(`${phase} ${went}`);
      },
    });
    expect([...outcomes]).toEqual([
      'clearing true',
      'copying true',
      // The last call of the copying says so, but nothing is closed yet.
      'closing true',
      'closing false',
      'switched false',
      'emptying true',
      'done true',
    ]);
    await rollUp(other(), NOON);
    const { usage_events: events, member_ledgers: ledgers } = await figuresIn(other(), organizationId);
    const ofMember = (events ?? []).map((row) => JSON.parse(String(row))).filter((row) => row.member_id === memberId);
    expect(ofMember.map((row) => row.n).toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i + 1));
    const ledger = (ledgers ?? []).map((row) => JSON.parse(String(row))).find((row) => row.member_id === memberId);
    expect(ledger).toMatchObject({ shipped: n, cost: ofMember.reduce((sum, row) => sum + row.cost, 0) });
    expect(await rowsIn(env.DB, organizationId)).toBe(0);
  });

  it('a shipment that knows only the old place is refused there, and finds the new one', async () => {
    const { organizationId, memberId } = await usedOrganization();
    await moveTo(organizationId, 'USAGE_DB_1');
    const who = { organizationId, memberId };
    noteUsageDatabase(organizationId, null);
    expect(await shipEvents(env.DB, who, usageEvents(47, 48, mixed))).toBe('gone');
    await ship(env, who, usageEvents(47, 48, mixed), {
      atMs: NOON,
      member: { limits: { total: null, period: null } } as ScopeStatus,
      keys: {},
    });
    expect(await rowsIn(env.DB, organizationId)).toBe(0);
    const [ledger] = await inOther<{ shipped: number }>(
      'SELECT shipped FROM member_ledgers WHERE member_id = ?1',
      memberId,
    );
    expect(ledger?.shipped).toBe(48);
  });

  it('whoever was taken over from can neither write, nor delete, nor switch', async () => {
    const { organizationId } = await usedOrganization();
    for (const phase of ['copying', 'closing', 'emptying'] as const) {
      await moveTo(organizationId, 'USAGE_DB_1', { piecesPerCall: 1, until: phase });
      const late = await startMove(env, organizationId, 'USAGE_DB_1', Date.now());
      const next = await startMove(env, organizationId, 'USAGE_DB_1', Date.now());
      if ('refused' in late || 'refused' in next) throw new Error('refused');
      const laterMs = Date.now() + 2 * LIMITS.moveRestMs;
      await goOn(env, operatorTrail(organizationId), next.move, laterMs, 2);
      const state = async () => [await figuresIn(env.DB, organizationId), await figuresIn(other(), organizationId)];
      const before = await state();
      await expect(goOn(env, operatorTrail(organizationId), late.move, laterMs), phase).rejects.toThrow('taken over');
      expect(await state(), phase).toEqual(before);
    }
  });

  it('what an earlier call still sends to a database has no effect there', async () => {
    const { organizationId } = await usedOrganization();
    await moveTo(organizationId, 'USAGE_DB_1', { piecesPerCall: 1, until: 'closing' });
    const before = await figuresIn(other(), organizationId);
    const [fence] = await inOther<{ turn: number }>(
      'SELECT turn FROM usage_fences WHERE organization_id = ?1',
      organizationId,
    );
    const turn = fence?.turn ?? 0;
    for (const table of MOVED_TABLES) {
      await writeRows(other(), organizationId, { table, after: null, upTo: null }, ['[]'], turn - 1);
      expect(await deleteRows(other(), organizationId, table, turn - 1)).toBe(0);
    }
    expect(await figuresIn(other(), organizationId)).toEqual(before);
    for (const table of MOVED_TABLES.toReversed()) await deleteRows(other(), organizationId, table, turn);
    expect(await rowsIn(other(), organizationId)).toBe(0);
  });

  it('it is called off by a move to where it is, which leaves all of it there and nothing in the other place', async () => {
    const { organizationId, memberId } = await usedOrganization();
    const before = await figuresIn(env.DB, organizationId);
    for (const phase of ['copying', 'closing'] as const) {
      await moveTo(organizationId, 'USAGE_DB_1', { piecesPerCall: 1, until: phase });
      await moveTo(organizationId, 'DB');
      expect(await rowsIn(other(), organizationId)).toBe(0);
      expect(await placeOf(organizationId)).toBeNull();
    }
    expect((await figuresIn(env.DB, organizationId)).usage_events).toEqual(before.usage_events);
    expect(await shipEvents(env.DB, { organizationId, memberId }, usageEvents(47, 48, mixed))).toBeNull();
    await moveTo(organizationId, 'USAGE_DB_1');
    expect(await rowsIn(env.DB, organizationId)).toBe(0);
  });
});

describe('a move in which every statement fails when it is first asked', () => {
  // What is refused does what is broken off does: nothing. Both come by chance below.
  it.each<Fault>(['answer lost', 'broken off'])(
    'ends as one in which none does: %s',
    async (fault) => {
      const { organizationId, memberId } = await usedOrganization();
      const seen = new Set<string>();
      const choose = (database: string) => (sql: string) => {
        if (seen.has(database + sql)) return null;
        seen.add(database + sql);
        return fault;
      };
      const through = {
        ...env,
        DB: failingD1(env.DB, choose('DB')),
        USAGE_DB_1: failingD1(other(), choose('USAGE_DB_1')),
      };
      let n = 46;
      let before: unknown;
      const failures = await moveTo(organizationId, 'USAGE_DB_1', {
        through,
        after: async ({ phase }) => {
          if (phase === 'copying') {
            await shipEvents(env.DB, { organizationId, memberId }, usageEvents(n + 1, n + 1, mixed));
            n += 1;
          }
          if (phase === 'switched') before = await figuresIn(env.DB, organizationId);
        },
      });
      expect(failures).toBeGreaterThan(60);
      // Each call that failed was called again: so often did every one of them end well.
      expect(await rowsIn(env.DB, organizationId)).toBe(0);
      const after = await figuresIn(other(), organizationId);
      if (before) expect(after).toEqual(before);
      expect(after.usage_events).toHaveLength(n + 9);
      await rollUp(other(), NOON);
      expect(await figuresIn(other(), organizationId)).toEqual(after);
      const moves = await rows(
        "SELECT n FROM audit_entries WHERE organization_id = ?1 AND action = 'organization.usage.moved'",
        organizationId,
      );
      expect(moves).toHaveLength(1);
    },
    120_000,
  );

  it('so it ends when calls fail at random, somebody else goes on as well, and events come all the time', async () => {
    const seed = Number(env.FUZZ_SEED) || 1 + Math.floor(Math.random() * 2 ** 31);
    console.log(`seed ${seed} (FUZZ_SEED=${seed} repeats it)`);
    const chance = new SeededRandom(String(seed));
    const random = () => chance.fraction();
    const { organizationId, memberId } = await usedOrganization();
    const faults: (Fault | null)[] = ['refused', 'answer lost', 'broken off'];
    // Others go on by what the move has asked meanwhile, not by the clock: on a slow machine it would come to nothing else.
    let asked = 0;
    const choose = () => {
      asked += 1;
      return random() < 0.05 ? (faults[Math.floor(random() * faults.length)] ?? null) : null;
    };
    const afterMore = async (questions: number) => {
      for (const until = asked + questions; isMoving && asked < until; ) await pause(1);
    };
    const through = { ...env, DB: failingD1(env.DB, choose), USAGE_DB_1: failingD1(other(), choose) };
    const who = { organizationId, memberId };
    const telling = { atMs: NOON, member: { limits: { total: null, period: null } } as ScopeStatus, keys: {} };
    let n = 46;
    let isMoving = true;
    const load = async () => {
      while (isMoving) {
        const count = 1 + Math.floor(random() * 4);
        const events = usageEvents(n + 1, n + count, mixed);
        // Again and again the same until it went, as an object does.
        while (isMoving) {
          const went = await ship(random() < 0.5 ? through : env, who, events, telling).then(
            () => true,
            () => false,
          );
          await afterMore(2);
          if (!went) continue;
          n += count;
          break;
        }
        if (random() < 0.2) await Promise.all([rollUp(env.DB, NOON), rollUp(other(), NOON)]);
      }
    };
    // Somebody else who calls the same command now and then, and so takes it over.
    const rival = async () => {
      while (isMoving) {
        await afterMore(25 + Math.floor(random() * 50));
        if (!isMoving) break;
        const started = await startMove(env, organizationId, 'USAGE_DB_1', Date.now()).catch(() => null);
        if (!started || 'refused' in started) continue;
        await goOn(through, operatorTrail(organizationId), started.move, Date.now(), 3).catch(() => null);
      }
    };
    const loading = Promise.all([load(), rival()]);
    try {
      await moveTo(organizationId, 'USAGE_DB_1', { through, piecesPerCall: 30 });
    } finally {
      isMoving = false;
      await loading;
    }
    // What was on its way when the load ended: D1 may have it, or not.
    const last =
      (await inOther<{ shipped: number }>('SELECT shipped FROM member_ledgers WHERE member_id = ?1', memberId))[0]
        ?.shipped ?? 0;
    await ship(env, who, usageEvents(n + 1, Math.max(last, n + 4), mixed), telling);
    n = Math.max(last, n + 4);
    await rollUp(other(), NOON + 1);
    expect(await rowsIn(env.DB, organizationId)).toBe(0);
    const { usage_events: events } = await figuresIn(other(), organizationId);
    const all = (events ?? []).map((row) => JSON.parse(String(row)) as { member_id: string; n: number; cost: number });
    const ofMember = all.filter((row) => row.member_id === memberId);
    expect(ofMember.map((row) => row.n).toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i + 1));
    const cost = all.reduce((sum, row) => sum + row.cost, 0);
    const sums = [
      'SELECT sum(cost) AS cost FROM member_ledgers WHERE organization_id = ?1',
      `SELECT sum(rollup.cost) AS cost FROM usage_rollups AS rollup
       JOIN usage_dimensions AS dimension ON dimension.id = rollup.dimension_id WHERE dimension.organization_id = ?1`,
      `SELECT sum(day.cost) AS cost FROM member_days AS day
       JOIN member_ledgers AS ledger ON ledger.member_id = day.member_id WHERE ledger.organization_id = ?1`,
      `SELECT total.cost FROM usage_totals AS total JOIN usage_series AS series ON series.id = total.series_id
       WHERE series.organization_id = ?1 AND series.kind = 'organization' ORDER BY total.bucket_at DESC LIMIT 1`,
    ];
    for (const sql of sums) expect(await inOther(sql, organizationId), sql).toEqual([{ cost }]);
  }, 120_000);
});
