/** What a proof costs and reaches: long histories a few days at a time, many organizations by turns. */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../src/ids.ts';
import { DAY_MS, HOUR_MS, LIMITS } from '../../src/limits.ts';
import { type ProvenMember, proveBooks } from '../../src/usage/books.ts';
import { proveInTurns } from '../../src/usage/books-cron.ts';
import { readHealth } from '../../src/usage/books-health.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { addMember, run, withBooks } from './books-world.ts';
import { forgetUsage, rows, usageEvent } from './events.ts';

const NOW = Date.parse('2026-05-12T12:00:00.000Z');
const TODAY = Date.parse('2026-05-12');

async function organization(members: number): Promise<{ organizationId: string; memberIds: string[] }> {
  const organizationId = newId('org');
  await run(
    `INSERT INTO organizations (id, name, kind, plan, time_zone, created_at) VALUES (?, 'Old', 'team', 'pro', 'UTC', 0)`,
    organizationId,
  );
  const memberIds: string[] = [];
  for (let i = 0; i < members; i++) memberIds.push(await addMember(organizationId));
  return { organizationId, memberIds };
}

/** So many days of history with `perDay` buckets a day for each member, of which pruning has left no event. */
async function insertHistory(organizationId: string, memberIds: readonly string[], days: number, perDay: number) {
  for (const memberId of memberIds) {
    const events = Array.from({ length: days * perDay }, (_, i) => {
      const dayMs = TODAY - (1 + Math.floor(i / perDay)) * DAY_MS;
      return usageEvent(i + 1, { settledAtMs: dayMs + (i % perDay) * HOUR_MS });
    });
    for (let i = 0; i < events.length; i += 5_000) {
      await shipEvents(env.DB, { memberId, organizationId }, events.slice(i, i + 5_000));
    }
  }
  await rollUp(env.DB, NOW);
  await run('DELETE FROM usage_events WHERE settled_at < CAST(?1 AS INTEGER)', NOW - LIMITS.eventRetentionMs);
}

/** An environment that counts what D1 reads and asks, with objects that agree with D1's ledger. */
function counting() {
  const counts = { rowsRead: 0, calls: 0 };
  const count = <T>(result: D1Result<T>) => {
    counts.rowsRead += result.meta.rows_read;
    return result;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const bind = statement.bind.bind(statement);
    const all = statement.all.bind(statement);
    return Object.assign(statement, {
      bind: (...values: unknown[]) => wrap(bind(...values)),
      all: async () => {
        counts.calls += 1;
        return count(await all());
      },
      run: async () => {
        counts.calls += 1;
        return count(await all());
      },
      first: async () => {
        counts.calls += 1;
        return count(await all()).results[0] ?? null;
      },
    });
  };
  const database = {
    prepare: (sql: string) => wrap(env.DB.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      counts.calls += 1;
      return (await env.DB.batch(statements)).map(count);
    },
    withSession: () => database,
  };
  return { counts, env: { ...agreeing(), DB: database as unknown as D1Database } };
}

/** Objects that have settled what D1's ledger says. */
function agreeing(): Env {
  return withBooks(async ({ memberId, k }) => {
    const [ledger] = await rows<{ cost: number }>('SELECT cost FROM member_ledgers WHERE member_id = ?1', memberId);
    return { sequence: k, shipped: k, settledUpTo: ledger?.cost ?? 0, unshipped: 0, held: 0 };
  });
}

const findings = (proven: readonly ProvenMember[]) => proven.flatMap(({ proof }) => proof.findings);

beforeEach(async () => {
  await forgetUsage();
  // Only the organizations of one test take turns in it.
  for (const table of ['project_grants', 'api_keys', 'master_keys', 'projects', 'members', 'organizations']) {
    await run(`DELETE FROM ${table}`);
  }
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

describe('a turn', () => {
  it('reads a few days of a long history, not the whole of it', async () => {
    const { organizationId, memberIds } = await organization(4);
    await insertHistory(organizationId, memberIds, 200, 5);
    const [history] = await rows<{ n: number }>('SELECT count(*) AS n FROM usage_rollups');
    expect(history?.n).toBe(4_000);
    for (let turn = 0; turn < 3; turn++) {
      const { counts, env: counted } = counting();
      expect(findings(await proveBooks(counted, organizationId, NOW))).toEqual([]);
      // The sums of the days (800 rows) are the larger part.
      expect(counts.rowsRead).toBeLessThan(1_500);
      expect(counts.calls).toBeLessThan(10);
    }
  });

  it.each([
    ['rollups', '9', 'UPDATE usage_rollups SET cost = cost + 9 WHERE bucket_at = CAST(?1 AS INTEGER)'],
    ['days', '4', 'UPDATE member_days SET cost = cost + 4 WHERE day_at = CAST(?1 AS INTEGER)'],
    ['rollups', '-1', 'DELETE FROM usage_rollups WHERE bucket_at = CAST(?1 AS INTEGER)'],
  ])('comes to every day within a round, long after its events are gone: %s %s', async (side, amount, plant) => {
    const { organizationId, memberIds } = await organization(1);
    await insertHistory(organizationId, memberIds, 100, 1);
    // Also the oldest day of all, which nothing else tells of once its rollup is deleted.
    const dayMs = TODAY - 100 * DAY_MS;
    await run(plant, dayMs);
    const turns = Math.ceil(100 / LIMITS.booksDaysPerTurn) + 1;
    let proven: ProvenMember[] = [];
    for (let turn = 0; turn < turns; turn++) {
      proven = await proveBooks(agreeing(), organizationId, NOW + turn);
      if (findings(proven).some(({ day }) => day !== null)) break;
    }
    const day = new Date(dayMs).toISOString().slice(0, 10);
    const expected = amount === '-1' ? `-${usageEvent(100).costNanos}` : amount;
    expect(findings(proven)).toEqual([{ side, amount: expected, day, sequences: null }]);
  });

  it('tells since when every day was compared, once a round is complete', async () => {
    const { organizationId, memberIds } = await organization(1);
    await insertHistory(organizationId, memberIds, 10, 1);
    const since: (string | null)[] = [];
    for (let turn = 0; turn < 7; turn++) {
      await proveBooks(agreeing(), organizationId, NOW + turn);
      since.push((await readHealth(env, organizationId, NOW)).daysComparedSince);
    }
    const at = (ms: number) => new Date(ms).toISOString();
    // Ten days, four a turn: a round is three turns.
    expect(since).toEqual([null, null, at(NOW), at(NOW), at(NOW), at(NOW + 2), at(NOW + 2)]);
  });

  it('raises no alarm over events that come very late', async () => {
    const { organizationId, memberIds } = await organization(1);
    await insertHistory(organizationId, memberIds, 20, 1);
    const [memberId = ''] = memberIds;
    await proveBooks(agreeing(), organizationId, NOW);
    const late = [200, 90, 30, 5].map((days, i) => usageEvent(21 + i, { settledAtMs: NOW - days * DAY_MS }));
    await shipEvents(env.DB, { memberId, organizationId }, late);
    for (let turn = 0; turn < 10; turn++) {
      expect(findings(await proveBooks(agreeing(), organizationId, NOW + turn))).toEqual([]);
      if (turn === 2) await rollUp(env.DB, NOW);
    }
  });
});

describe('the turns of a run', () => {
  const lookedAt = (organizationId: string, nowMs: number) =>
    rows<{ n: number }>(
      'SELECT count(*) AS n FROM member_books WHERE organization_id = ?1 AND looked_at = CAST(?2 AS INTEGER)',
      organizationId,
      nowMs,
    ).then(([row]) => row?.n);

  it('go to whoever has waited longest, and no organization takes the whole run', async () => {
    const large = await organization(5);
    const small = [await organization(1), await organization(1)];
    const all = [large, ...small].toSorted((a, b) => (a.organizationId < b.organizationId ? -1 : 1));
    const seen: Record<string, number> = {};
    for (let i = 0; i < 6; i++) {
      expect(await proveInTurns(agreeing(), NOW + i, 3, 2)).toMatchObject({ differing: 0, unproven: 0 });
      for (const { organizationId } of all) {
        const looks = (await lookedAt(organizationId, NOW + i)) ?? 0;
        expect(looks).toBeLessThanOrEqual(2);
        if (looks > 0) seen[organizationId] = (seen[organizationId] ?? 0) + 1;
      }
    }
    for (const { organizationId } of small) expect(seen[organizationId]).toBeGreaterThanOrEqual(3);
    const unseen = 'SELECT id FROM members WHERE id NOT IN (SELECT member_id FROM member_books)';
    expect(await rows(unseen), 'six runs of three reach all seven').toEqual([]);
  });

  it('come to the same when two runs are at once, and one that fails costs the others nothing', async () => {
    const organizations = [await organization(2), await organization(2), await organization(2)];
    const [broken] = organizations;
    const { env: counted } = counting();
    const failing = {
      ...counted,
      DB: {
        ...counted.DB,
        withSession: () => ({
          prepare: (sql: string) => {
            const statement = env.DB.prepare(sql);
            const bind = statement.bind.bind(statement);
            return Object.assign(statement, {
              bind: (...values: unknown[]) => {
                if (values[0] === broken?.organizationId) throw new Error('D1 is away');
                return bind(...values);
              },
            });
          },
          batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
        }),
      } as unknown as D1Database,
    };
    expect(await proveInTurns(failing, NOW)).toEqual({ proven: 4, differing: 0, unproven: 0 });
    const runs = await Promise.all([proveInTurns(agreeing(), NOW + 1), proveInTurns(agreeing(), NOW + 1)]);
    expect(runs).toEqual([
      { proven: 6, differing: 0, unproven: 0 },
      { proven: 6, differing: 0, unproven: 0 },
    ]);
    expect(await rows('SELECT count(*) AS n FROM member_books WHERE differs = 0')).toEqual([{ n: 6 }]);
  });
});
