/** The books by way of the real Worker: requests to the demo provider, then the health of the books. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCron } from '../../src/app.ts';
import { LIMITS } from '../../src/limits.ts';
import { settledBudget } from '../../src/objects.ts';
import { proveBooks } from '../../src/usage/books.ts';
import { proveInTurns } from '../../src/usage/books-cron.ts';
import type { Finding } from '../../src/usage/books-findings.ts';
import type { Health } from '../../src/usage/books-health.ts';
import { get } from '../support/gateway.ts';
import {
  addMember,
  booksOf,
  health,
  rollUpNow,
  run,
  seedTeam,
  shipNow,
  spend,
  type Team,
  withBooks,
} from './books-world.ts';
import { rows, watermark } from './events.ts';

const AGREED = { ok: true, difference: '0', differing: 0, unproven: 0 };

/** Lines of the log since the test began, by event. */
const logged: Record<string, unknown>[] = [];
const linesOf = (event: string, memberId: string) =>
  logged.filter((line) => line.event === event && line.memberId === memberId);

beforeEach(() => {
  logged.length = 0;
  for (const method of ['error', 'warn'] as const) {
    vi.spyOn(console, method).mockImplementation((line: string) => void logged.push(JSON.parse(line)));
  }
});
afterEach(() => vi.restoreAllMocks());

const dayNow = () => new Date().toISOString().slice(0, 10);

describe('the books', () => {
  it('agree before shipping, after shipping and after rolling up, and sum to what was charged', async () => {
    const team = await seedTeam();
    expect(await health(team)).toMatchObject(AGREED);

    for (const outputTokens of [1, 2, 3]) expect(await spend(team.apiKey, outputTokens)).toBe(200);
    expect(await spend(team.other.apiKey, 10)).toBe(200);
    expect(await spend(team.other.apiKey, 1, {}, { failStatus: 500 })).toBe(502);
    expect(await spend(team.apiKey, 1, { model: 'no/such' })).toBe(404);
    const before = await health(team);
    expect(before).toMatchObject(AGREED);
    expect(booksOf(before, team.memberId)).toMatchObject({ shipped: 0, unshipped: 3, held: '0' });

    await shipNow(team.memberId);
    await shipNow(team.other.memberId);
    const shipped = await health(team);
    expect(shipped).toMatchObject(AGREED);
    expect(booksOf(shipped, team.memberId)).toMatchObject({ shipped: 3, unshipped: 0 });

    await rollUpNow(team);
    expect(await health(team)).toMatchObject(AGREED);
    expect(
      await rows('SELECT member_id, cost FROM member_ledgers WHERE organization_id = ?1', team.organizationId),
    ).toEqual(
      expect.arrayContaining([
        { member_id: team.memberId, cost: 18_000 },
        { member_id: team.other.memberId, cost: 22_000 },
      ]),
    );
  });

  /** One of the member's events leaves its organization, as if it were deleted; and comes back. */
  const hide = (memberId: string, n: number) =>
    run(
      "UPDATE usage_events SET organization_id = 'gone', member_id = 'gone ' || ?1 WHERE member_id = ?1 AND n = ?2",
      memberId,
      n,
    );
  const unhide = (memberId: string) =>
    run(
      `UPDATE usage_events
       SET organization_id = (SELECT organization_id FROM members WHERE id = ?1), member_id = ?1
       WHERE member_id = 'gone ' || ?1`,
      memberId,
    );
  const changeRollups = (memberId: string, by: number) =>
    run(
      `UPDATE usage_rollups SET cost = cost + ?2
       WHERE dimension_id IN (SELECT id FROM usage_dimensions WHERE member_id = ?1)`,
      memberId,
      by,
    );
  const changeTotals = (memberId: string, by: number) =>
    run(
      `UPDATE usage_totals SET cost = cost + ?2
       WHERE series_id = (SELECT id FROM usage_series WHERE kind = 'member' AND value = ?1)`,
      memberId,
      by,
    );
  const changeObject = async (memberId: string, by: number) => {
    const stub = env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId));
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec("UPDATE totals SET lifetime = lifetime + ? WHERE scope = 'member'", by);
    });
    await evictDurableObject(stub);
  };

  // Each member has three events in the rollups (4,000 nanodollars each), then two above the watermark (16,000 each).
  const DIFFERENCES: {
    what: string;
    plant: (memberId: string) => Promise<unknown>;
    undo: (memberId: string) => Promise<unknown>;
    finding: Omit<Finding, 'day'> & { inDay?: true };
    object: string;
    rollup: string;
  }[] = [
    {
      what: "a nanodollar too much in D1's ledger",
      plant: (id) => run('UPDATE member_ledgers SET cost = cost + 1 WHERE member_id = ?', id),
      undo: (id) => run('UPDATE member_ledgers SET cost = cost - 1 WHERE member_id = ?', id),
      finding: { side: 'ledger', amount: '1', sequences: null },
      object: '-1',
      rollup: '1',
    },
    {
      what: "an object's total that was changed",
      plant: (id) => changeObject(id, 7),
      undo: (id) => changeObject(id, -7),
      finding: { side: 'object', amount: '7', sequences: null },
      object: '7',
      rollup: '0',
    },
    {
      what: 'the last event, above the watermark, that is gone',
      plant: (id) => hide(id, 5),
      undo: unhide,
      finding: { side: 'events', amount: '-16000', sequences: '5' },
      object: '0',
      rollup: '16000',
    },
    {
      what: 'an event above the watermark that is gone between others',
      plant: (id) => hide(id, 4),
      undo: unhide,
      finding: { side: 'events', amount: '-16000', sequences: '4' },
      object: '0',
      rollup: '16000',
    },
    {
      what: 'an event below the watermark that is gone',
      plant: (id) => hide(id, 2),
      undo: unhide,
      finding: { side: 'events', amount: '-4000', inDay: true, sequences: '2' },
      object: '0',
      rollup: '0',
    },
    {
      what: 'shipped events that D1 has lost whole',
      plant: async (id) => {
        await hide(id, 4);
        await hide(id, 5);
        await run('UPDATE member_ledgers SET cost = cost - 32000, shipped = shipped - 2 WHERE member_id = ?', id);
      },
      undo: async (id) => {
        await unhide(id);
        await run('UPDATE member_ledgers SET cost = cost + 32000, shipped = shipped + 2 WHERE member_id = ?', id);
      },
      finding: { side: 'ledger', amount: '-32000', sequences: '4-5' },
      object: '32000',
      rollup: '0',
    },
    {
      what: 'a rollup that was changed',
      plant: (id) => changeRollups(id, 5),
      undo: (id) => changeRollups(id, -5),
      finding: { side: 'rollups', amount: '5', inDay: true, sequences: null },
      object: '0',
      rollup: '-5',
    },
    {
      what: 'rollups that were put to the account of somebody who is no member',
      plant: (id) => run("UPDATE usage_dimensions SET member_id = 'nobody' || ?1 WHERE member_id = ?1", id),
      undo: (id) => run("UPDATE usage_dimensions SET member_id = ?1 WHERE member_id = 'nobody' || ?1", id),
      finding: { side: 'rollups', amount: '-12000', inDay: true, sequences: null },
      object: '0',
      rollup: '12000',
    },
    {
      what: 'a sum of the days that they are compared by',
      plant: (id) => run('UPDATE member_days SET cost = cost + 3 WHERE member_id = ?', id),
      undo: (id) => run('UPDATE member_days SET cost = cost - 3 WHERE member_id = ?', id),
      finding: { side: 'days', amount: '3', inDay: true, sequences: null },
      object: '0',
      rollup: '0',
    },
    {
      what: 'a running total that was changed',
      plant: (id) => changeTotals(id, 6),
      undo: (id) => changeTotals(id, -6),
      finding: { side: 'totals', amount: '6', sequences: null },
      object: '0',
      rollup: '0',
    },
  ];

  it.each(DIFFERENCES)('name $what, and log it once while it stays the same', async (planted) => {
    const team = await seedTeam();
    const { memberId } = team;
    for (const key of [team.apiKey, team.other.apiKey]) for (let i = 0; i < 3; i++) await spend(key, 1);
    await rollUpNow(team);
    for (const key of [team.apiKey, team.other.apiKey]) for (let i = 0; i < 2; i++) await spend(key, 7);
    await shipNow(memberId);
    await shipNow(team.other.memberId);
    expect(await health(team)).toMatchObject(AGREED);
    const nowMs = Date.now();
    await proveInTurns(env, nowMs);
    const { proven_seq } = await watermark();
    const day = dayNow();

    await planted.plant(memberId);
    const told = await health(team);
    expect(told).toMatchObject({ ok: false, unproven: 0 });
    const { inDay, ...finding } = planted.finding;
    expect(booksOf(told, memberId)).toMatchObject({
      difference: finding.amount.replace('-', ''),
      findings: [{ ...finding, day: inDay ? day : null }],
      objectDifference: planted.object,
      rollupDifference: planted.rollup,
    });
    expect(booksOf(told, team.other.memberId)).toMatchObject({ difference: '0', findings: [], rollupDifference: '0' });
    expect(linesOf('books_differ', memberId)).toEqual([
      expect.objectContaining({
        organizationId: team.organizationId,
        findings: [{ ...finding, day: inDay ? day : null }],
      }),
    ]);

    for (const again of [1, 2]) await proveInTurns(env, nowMs + again);
    expect(linesOf('books_differ', memberId)).toHaveLength(1);
    await proveInTurns(env, Date.now() + LIMITS.booksReminderMs);
    expect(linesOf('books_differ', memberId), 'a reminder a day').toHaveLength(2);
    expect((await watermark()).proven_seq, 'nothing is proven meanwhile').toBe(proven_seq);
    const later = await health(team);
    expect(booksOf(later, memberId), 'a difference is never repaired').toEqual({
      ...booksOf(told, memberId),
      provenAt: expect.any(String),
    });

    await planted.undo(memberId);
    expect(await health(team)).toMatchObject(AGREED);
    expect(linesOf('books_agree_again', memberId)).toHaveLength(1);
    await rollUpNow(team);
    await proveInTurns(env, Date.now());
    const { seq, proven_seq: provenNow } = await watermark();
    expect(provenNow).toBe(seq);
  });

  it('tell of usage that is put to the account of nobody, until that is undone', async () => {
    const team = await seedTeam();
    await spend(team.apiKey, 1);
    await rollUpNow(team);
    await run("UPDATE usage_dimensions SET member_id = 'nobody' WHERE member_id = ?1", team.memberId);
    const told = await health(team);
    expect(booksOf(told, 'nobody')).toMatchObject({ name: null, findings: [{ side: 'rollups', amount: '4000' }] });
    const row = await env.DB.prepare('SELECT name FROM members WHERE id = ?').bind(team.memberId).first();
    expect(booksOf(told, team.memberId).name).toBe(row?.name);
    await run("UPDATE usage_dimensions SET member_id = ?1 WHERE member_id = 'nobody'", team.memberId);
    const after = await health(team);
    expect(after).toMatchObject(AGREED);
    expect(after.books.map((books) => books.memberId)).not.toContain('nobody');
  });

  it('must agree before the hourly cron prunes, and agree after it has', async () => {
    const team = await seedTeam();
    await spend(team.apiKey, 2);
    await rollUpNow(team);
    const late = Date.now() + LIMITS.eventRetentionMs + 1;
    const events = 'SELECT n FROM usage_events WHERE member_id = ?1';

    await runCron('7 * * * *', env, late);
    expect(await rows(events, team.memberId), 'not proven yet').toHaveLength(1);
    await run('UPDATE member_ledgers SET cost = cost + 1 WHERE member_id = ?', team.memberId);
    for (const cron of ['*/15 * * * *', '7 * * * *']) await runCron(cron, env, late);
    expect(await rows(events, team.memberId), 'not while something differs').toHaveLength(1);
    await run('UPDATE member_ledgers SET cost = cost - 1 WHERE member_id = ?', team.memberId);
    for (const cron of ['*/15 * * * *', '7 * * * *']) await runCron(cron, env, late);
    expect(await rows(events, team.memberId)).toEqual([]);
    expect(await proveInTurns(env, late)).toMatchObject({ differing: 0, unproven: 0 });
  });

  it('raise no false alarm while requests, shipments and rollups are under way', async () => {
    const team = await seedTeam();
    const requests = Array.from({ length: 20 }, (_, i) =>
      spend(i % 2 === 0 ? team.apiKey : team.other.apiKey, i, { stream: i % 3 === 0 }, { delayMs: i * 4 }),
    );
    const told: Health[] = [];
    for (let i = 0; i < 20; i++) {
      const looks = [health(team), ...(i % 2 === 0 ? [health(team)] : [])];
      const [now] = await Promise.all([...looks, ...(i % 3 === 0 ? [rollUpNow(team)] : [])]);
      if (now) told.push(now);
    }
    expect(await Promise.all(requests)).toEqual(requests.map(() => 200));
    expect(told.filter(({ ok }) => !ok)).toEqual([]);
    await rollUpNow(team);
    const settled = await health(team);
    expect(settled).toMatchObject(AGREED);
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
    const shipFirst = withBooks(async (call) => {
      await shipNow(call.memberId);
      return settledBudget(env, call.memberId, (object) => object.books(call));
    });
    const proven = await proveBooks(shipFirst, team.organizationId, Date.now());
    expect(proven.map(({ memberId }) => memberId).toSorted()).toEqual([team.memberId, team.other.memberId].toSorted());
    for (const { unproven, proof } of proven) {
      expect([unproven, proof]).toMatchObject([null, { findings: [], shipped: 1, unshipped: 0 }]);
    }
  });
});

describe('a member whose object cannot be read', () => {
  it.each([
    ['away', () => Promise.reject(new Error('away'))],
    [
      'ships faster',
      async ({ memberId, k }: { memberId: string; k: number }) => {
        await run(
          `INSERT INTO member_ledgers (member_id, organization_id, shipped, cost, requests, overrun, unresolved)
           VALUES (?, 'any', 1, 0, 0, 0, 0)
           ON CONFLICT DO UPDATE SET shipped = shipped + 1`,
          memberId,
        );
        return { sequence: k + 1, shipped: k + 1, settledUpTo: 123, unshipped: 0, held: 0 };
      },
    ],
  ] as const)('is unproven since then, not wrong and not right: %s', async (why, books) => {
    const team = await seedTeam();
    await spend(team.apiKey, 3);
    await shipNow(team.memberId);
    const firstMs = Date.now();
    for (const laterMs of [0, 1000]) await proveBooks(withBooks(books), team.organizationId, firstMs + laterMs);
    const told = await health(team, 'stored');
    expect(told).toMatchObject({ ok: false, difference: '0', differing: 0, unproven: 2, provenAt: null });
    expect(booksOf(told, team.memberId)).toMatchObject({
      findings: [],
      objectDifference: null,
      provenAt: null,
      unproven: { since: new Date(firstMs).toISOString(), why: expect.stringContaining(why) },
    });
    expect(told.stale).toContainEqual({
      part: 'member',
      memberId: team.memberId,
      since: new Date(firstMs).toISOString(),
    });
    expect(linesOf('books_unproven', team.memberId)).toHaveLength(1);
    const proven = 'SELECT proven_seq FROM member_books WHERE member_id = ?1';
    expect(await rows(proven, team.memberId)).toEqual([{ proven_seq: 0 }]);
  });

  it('keeps its last proof and any difference of its object until it answers', async () => {
    const team = await seedTeam();
    await spend(team.apiKey, 3);
    const wrong = withBooks(async (call) => {
      const side = await settledBudget(env, call.memberId, (object) => object.books(call));
      return call.memberId === team.memberId ? { ...side, settledUpTo: side.settledUpTo + 9 } : side;
    });
    const provenMs = Date.now();
    await proveBooks(wrong, team.organizationId, provenMs);
    const away = withBooks(() => Promise.reject(new Error('away')));
    await proveBooks(away, team.organizationId, provenMs + 1);
    expect(booksOf(await health(team, 'stored'), team.memberId)).toMatchObject({
      difference: '9',
      findings: [{ side: 'object', amount: '9' }],
      objectDifference: null,
      provenAt: new Date(provenMs).toISOString(),
      unproven: { since: new Date(provenMs + 1).toISOString() },
    });
    expect(linesOf('books_agree_again', team.memberId)).toEqual([]);
    expect(await health(team, 'now')).toMatchObject(AGREED);
    expect(linesOf('books_agree_again', team.memberId)).toHaveLength(1);
  });
});

describe('the health of the books', () => {
  it('of a small organization is proven on the spot, or told as it was when that is asked', async () => {
    const team = await seedTeam();
    const fresh = await health(team, 'stored');
    expect(fresh).toMatchObject({ ok: false, unproven: 2, provenAt: null });
    expect(booksOf(fresh, team.memberId).unproven).toEqual({ since: null, why: 'not looked at yet' });
    const proven = await health(team);
    expect(proven).toMatchObject(AGREED);
    await run('UPDATE member_ledgers SET cost = 1 WHERE member_id = ?', team.memberId);
    expect(await health(team, 'stored')).toEqual(proven);
  });

  it('of a large one is told as it was, and proven when that is asked', async () => {
    const team: Team = await seedTeam();
    for (let i = 2; i <= LIMITS.booksOnDemandMembersMax; i++) await addMember(team.organizationId);
    const members = LIMITS.booksOnDemandMembersMax + 1;
    expect(await health(team)).toMatchObject({ ok: false, members, unproven: members });
    expect(await health(team, 'now')).toMatchObject({ ...AGREED, members });
    expect(await health(team)).toMatchObject({ ...AGREED, members });
  });

  it('sums what is unresolved and overrun, and names the rollups when they are long in coming', async () => {
    const team = await seedTeam();
    for (const memberId of [team.memberId, team.other.memberId]) {
      await run(
        `INSERT INTO member_ledgers (member_id, organization_id, shipped, cost, requests, overrun, unresolved)
         VALUES (?, ?, 0, 0, 0, 2000, 30000)`,
        memberId,
        team.organizationId,
      );
    }
    expect((await health(team)).stale).toEqual([]);
    await run('UPDATE organizations SET created_at = 0 WHERE id = ?', team.organizationId);
    await run(
      'UPDATE rollup_watermark SET rolled_up_to = CAST(?1 AS INTEGER)',
      Date.now() - LIMITS.booksStaleMs - 1000,
    );
    const told = await health(team);
    expect(told).toMatchObject({ ...AGREED, overrun: '0.000004', unresolved: '0.00006' });
    expect(told.stale).toEqual([{ part: 'rollups', since: told.rolledUpTo }]);
    await rollUpNow(team);
    expect((await health(team)).stale).toEqual([]);
  });

  it('refuses another way of proving', async () => {
    const { organizationId, masterKey } = await seedTeam();
    const response = await get(`/orgs/${organizationId}/health?prove=maybe`, masterKey);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'prove', message: 'prove must be now or stored.' } });
  });
});
