/** The books by way of the real Worker: requests to the demo provider, then the health of the books. */
import { env, exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { runCron } from '../../src/app.ts';
import { newId } from '../../src/ids.ts';
import { LIMITS } from '../../src/limits.ts';
import { memberBudget } from '../../src/objects.ts';
import { NO_BUDGET } from '../../src/teams/budget-body.ts';
import { type MemberBooks, proveBooks, reconcile } from '../../src/usage/books.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { type ChatBody, chat, get, json, ORIGIN } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { rows, watermark } from './events.ts';

interface Health {
  ok: boolean;
  difference: string;
  books: MemberBooks[];
  stale: string[];
}

const post = (path: string, key: string, body: object) =>
  exports.default.fetch(ORIGIN + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Two tokens in and `outputTokens` out: 2,000 + 2,000 x outputTokens nanodollars. Answers with the status. */
async function spend(key: string, outputTokens: number, over: ChatBody = {}, demo: object = {}): Promise<number> {
  const response = await chat(key, { ...over, demo: { outputTokens, ...demo } });
  await response.text();
  return response.status;
}

async function health({ organizationId, masterKey }: Seeded): Promise<Health> {
  const response = await get(`/orgs/${organizationId}/health`, masterKey);
  expect(response.status).toBe(200);
  return json<Health>(response);
}

async function rollUpNow({ organizationId, masterKey }: Seeded): Promise<void> {
  expect((await post(`/orgs/${organizationId}/rollups`, masterKey, {})).status).toBe(200);
}

const shipNow = (memberId: string) => memberBudget(env, memberId, (object) => object.ship({ memberId }));

const run = (sql: string, ...values: (string | number)[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run();

const booksOf = (told: Health, memberId: string) => {
  const books = told.books.find((member) => member.memberId === memberId);
  if (!books) throw new Error(`no books of ${memberId}`);
  return books;
};

interface Team extends Seeded {
  other: { memberId: string; apiKey: string };
}

/** The organization of seed.ts with a second member and key. */
async function seedTeam(): Promise<Team> {
  const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
  const { organizationId, projectId } = seeded;
  const memberId = newId('mem');
  await run(
    `INSERT INTO members (id, organization_id, name, role, created_at, budget) VALUES (?, ?, 'Other', 'developer', 1, ?)`,
    memberId,
    organizationId,
    JSON.stringify(NO_BUDGET),
  );
  await run('INSERT INTO project_grants (member_id, project_id) VALUES (?, ?)', memberId, projectId);
  const made = await post(`/orgs/${organizationId}/keys`, seeded.masterKey, { projectId, name: 'Other', memberId });
  expect(made.status).toBe(201);
  const { secret } = await json<{ secret: string }>(made);
  return { ...seeded, other: { memberId, apiKey: secret } };
}

describe('the books', () => {
  it('agree before shipping, after shipping and after rolling up, and sum to what was charged', async () => {
    const team = await seedTeam();
    expect(await health(team)).toMatchObject({ ok: true, difference: '0', stale: [] });

    for (const outputTokens of [1, 2, 3]) expect(await spend(team.apiKey, outputTokens)).toBe(200);
    expect(await spend(team.other.apiKey, 10)).toBe(200);
    expect(await spend(team.other.apiKey, 1, {}, { failStatus: 500 })).toBe(502);
    expect(await spend(team.apiKey, 1, { model: 'no/such' })).toBe(404);
    const before = await health(team);
    expect(before).toMatchObject({ ok: true, difference: '0', stale: [] });
    expect(booksOf(before, team.memberId)).toMatchObject({ shipped: 0, unshipped: 3, held: '0' });

    await shipNow(team.memberId);
    await shipNow(team.other.memberId);
    const shipped = await health(team);
    expect(shipped).toMatchObject({ ok: true, difference: '0' });
    expect(booksOf(shipped, team.memberId)).toMatchObject({ shipped: 3, unshipped: 0 });

    await rollUpNow(team);
    expect(await health(team)).toMatchObject({ ok: true, difference: '0' });
    expect(
      await rows('SELECT member_id, cost FROM member_ledgers WHERE organization_id = ?1', team.organizationId),
    ).toEqual(
      expect.arrayContaining([
        { member_id: team.memberId, cost: 18_000 },
        { member_id: team.other.memberId, cost: 22_000 },
      ]),
    );
  });

  /** The member's newest event, which no rollup has yet, is nobody's; and back. */
  const hideLast = (memberId: string) =>
    run(
      `UPDATE usage_events SET member_id = 'nobody'
       WHERE seq = (
         SELECT max(seq) FROM usage_events
         WHERE member_id = ? AND seq > (SELECT seq FROM rollup_watermark)
       )`,
      memberId,
    );
  const unhide = (memberId: string) =>
    run("UPDATE usage_events SET member_id = ? WHERE member_id = 'nobody'", memberId);

  const DIFFERENCES: {
    what: string;
    plant: (memberId: string) => Promise<unknown>;
    undo: (memberId: string) => Promise<unknown>;
    object: string;
    rollup: string;
  }[] = [
    {
      what: "a nanodollar too much in D1's ledger",
      plant: (id) => run('UPDATE member_ledgers SET cost = cost + 1 WHERE member_id = ?', id),
      undo: (id) => run('UPDATE member_ledgers SET cost = cost - 1 WHERE member_id = ?', id),
      object: '-1',
      rollup: '1',
    },
    {
      what: 'an event above the watermark that is gone',
      plant: hideLast,
      undo: unhide,
      object: '0',
      rollup: '16000',
    },
    {
      what: 'a shipped event that D1 has lost whole',
      plant: async (id) => {
        await hideLast(id);
        await run('UPDATE member_ledgers SET cost = cost - 16000, shipped = shipped - 1 WHERE member_id = ?', id);
      },
      undo: async (id) => {
        await unhide(id);
        await run('UPDATE member_ledgers SET cost = cost + 16000, shipped = shipped + 1 WHERE member_id = ?', id);
      },
      object: '16000',
      rollup: '0',
    },
    {
      what: 'a rollup that was changed',
      plant: (id) =>
        run(
          `UPDATE usage_rollups SET cost = cost + 5
           WHERE dimension_id IN (SELECT id FROM usage_dimensions WHERE member_id = ?)`,
          id,
        ),
      undo: (id) =>
        run(
          `UPDATE usage_rollups SET cost = cost - 5
           WHERE dimension_id IN (SELECT id FROM usage_dimensions WHERE member_id = ?)`,
          id,
        ),
      object: '0',
      rollup: '-5',
    },
  ];

  it.each(DIFFERENCES)('name $what, for that member only, and nothing may be proven then', async (planted) => {
    const team = await seedTeam();
    await spend(team.apiKey, 1);
    await spend(team.other.apiKey, 5);
    await rollUpNow(team);
    await spend(team.apiKey, 7);
    await spend(team.other.apiKey, 9);
    await shipNow(team.memberId);
    await shipNow(team.other.memberId);
    expect(await health(team)).toMatchObject({ ok: true, difference: '0' });

    await planted.plant(team.memberId);
    const told = await health(team);
    const difference = planted.object === '0' ? planted.rollup : planted.object;
    expect(told).toMatchObject({ ok: false, difference: difference.replace('-', ''), stale: [] });
    expect(booksOf(told, team.memberId)).toMatchObject({
      difference,
      objectDifference: planted.object,
      rollupDifference: planted.rollup,
    });
    expect(booksOf(told, team.other.memberId)).toMatchObject({
      difference: '0',
      objectDifference: '0',
      rollupDifference: '0',
    });

    const { proven_seq } = await watermark();
    expect(await reconcile(env, Date.now())).toEqual({ agreed: false });
    expect((await watermark()).proven_seq).toBe(proven_seq);
    expect(await health(team), 'a difference is never repaired').toEqual({ ...told, provenAt: expect.anything() });

    await planted.undo(team.memberId);
    await rollUp(env.DB, Date.now());
    expect(await reconcile(env, Date.now())).toEqual({ agreed: true });
    const { seq, proven_seq: provenNow } = await watermark();
    expect(provenNow).toBe(seq);
  });

  it('must agree before the hourly cron prunes, and agree after it has', async () => {
    const team = await seedTeam();
    await spend(team.apiKey, 2);
    await rollUpNow(team);
    const late = Date.now() + LIMITS.eventRetentionMs + 1;
    const events = 'SELECT n FROM usage_events WHERE member_id = ?1';

    await run('UPDATE member_ledgers SET cost = cost + 1 WHERE member_id = ?', team.memberId);
    await runCron('7 * * * *', env, late);
    expect(await rows(events, team.memberId)).toHaveLength(1);
    await run('UPDATE member_ledgers SET cost = cost - 1 WHERE member_id = ?', team.memberId);
    await runCron('7 * * * *', env, late);
    expect(await rows(events, team.memberId)).toEqual([]);
    await spend(team.apiKey, 2);
    await rollUpNow(team);
    expect(await health(team)).toMatchObject({ ok: true, difference: '0' });
  });

  it('raise no false alarm while requests, shipments and rollups are under way', async () => {
    const team = await seedTeam();
    const requests = Array.from({ length: 20 }, (_, i) =>
      spend(i % 2 === 0 ? team.apiKey : team.other.apiKey, i, { stream: i % 3 === 0 }, { delayMs: i * 4 }),
    );
    const told: Health[] = [];
    for (let i = 0; i < 20; i++) {
      const [now] = await Promise.all([health(team), ...(i % 3 === 0 ? [rollUpNow(team)] : [])]);
      told.push(now);
    }
    expect(await Promise.all(requests)).toEqual(requests.map(() => 200));
    expect(told.filter(({ ok }) => !ok)).toEqual([]);
    await rollUpNow(team);
    const settled = await health(team);
    expect(settled).toMatchObject({ ok: true, difference: '0' });
    expect(settled.books.map(({ unshipped }) => unshipped)).toEqual([0, 0]);
  });

  it('are read again for each member that ships between the two readings', async () => {
    const team = await seedTeam();
    for (const [key, outputTokens] of [
      [team.apiKey, 4],
      [team.other.apiKey, 6],
    ] as const) {
      await spend(key, outputTokens);
    }
    const objects = {
      idFromName: (name: string) => name,
      get: (memberId: string) => ({
        books: async (call: { memberId: string; k: number }) => {
          await shipNow(memberId);
          return memberBudget(env, memberId, (object) => object.books(call));
        },
      }),
    };
    const books = await proveBooks({ ...env, MEMBER_BUDGET: objects } as unknown as Env, team.organizationId);
    const right = { difference: '0', shipped: 1, unshipped: 0, stale: null };
    expect(books).toMatchObject([
      { memberId: team.memberId, ...right },
      { memberId: team.other.memberId, ...right },
    ]);
  });

  it('call a member stale, not wrong, whose object does not answer or ships faster than it can be read', async () => {
    const team = await seedTeam();
    await spend(team.apiKey, 3);
    await shipNow(team.memberId);
    const shipOneMore = async ({ k }: { k: number }) => {
      await run('UPDATE member_ledgers SET shipped = shipped + 1 WHERE member_id = ?', team.memberId);
      return { sequence: k + 1, shipped: k + 1, settledUpTo: 123, unshipped: 0, held: 0 };
    };
    for (const [why, books] of [
      ['away', () => Promise.reject(new Error('away'))],
      ['ships faster', shipOneMore],
    ] as const) {
      const objects = { idFromName: (name: string) => name, get: () => ({ books }) };
      const [told] = await proveBooks({ ...env, MEMBER_BUDGET: objects } as unknown as Env, team.organizationId);
      expect(told, why).toMatchObject({ memberId: team.memberId, difference: '0', objectDifference: null });
      expect(told?.stale, why).toContain(why);
    }
  });
});
