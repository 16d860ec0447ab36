/** An organization whose members go on calling is moved: nothing of what they were charged is lost or counted twice. */
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { DAY_MS } from '../../src/limits.ts';
import { formatUsd, parseUsd } from '../../src/money/nanos.ts';
import { settledBudget } from '../../src/objects.ts';
import { NO_KEY_LIMITS } from '../../src/teams/budget-body.ts';
import { makeKey } from '../../src/teams/keys.ts';
import { usageDatabase } from '../../src/usage/databases.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { chat, get, json } from '../support/gateway.ts';
import { insertMember, seedOrganization } from '../support/seed.ts';
import { booksOf, health, run, shipNow } from './books-world.ts';
import { forgetUsage, rows, usageEvents } from './events.ts';
import { moveTo, rowsIn } from './moved.ts';

const DAYS_AGO = 5;

const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

/** A second member with a key, of whom its object is told nothing: it opens from D1, when it is first called. */
async function addDeveloper(organizationId: string, projectId: string) {
  const memberId = await insertMember(organizationId, 'developer');
  const key = await makeKey('api', memberId, env.KEY_SECRET);
  await run('INSERT INTO project_grants (member_id, project_id) VALUES (?, ?)', memberId, projectId);
  await run(
    `INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at)
     VALUES (?, ?, ?, ?, 'Other', ?, ?, 'active', ?, 0)`,
    newId('key'),
    organizationId,
    projectId,
    memberId,
    key.hash,
    key.masked,
    JSON.stringify(NO_KEY_LIMITS),
  );
  return { memberId, apiKey: key.secret };
}

beforeEach(forgetUsage);

it('what members were charged before, while and after is in their ledgers, events, sums and books, once', async () => {
  const team = { ...(await seedOrganization()), other: { memberId: '', apiKey: '' } };
  const { organizationId, memberId, projectId, masterKey } = team;
  team.other = await addDeveloper(organizationId, projectId);
  const other = env.USAGE_DB_1;
  if (!other) throw new Error('no second database');
  // A past that their objects have yet to hear of: one opens before the move, one in the middle of it.
  const settledAtMs = Date.now() - DAYS_AGO * DAY_MS;
  const history = usageEvents(1, 300, (n) => ({
    settledAtMs: settledAtMs + n * 1_000,
    openedAtMs: settledAtMs,
    costNanos: 5_000 + n,
  }));
  const past = history.reduce((sum, { costNanos }) => sum + costNanos, 0);
  for (const who of [memberId, team.other.memberId]) {
    const own = history.map((event) => ({
      ...event,
      attemptId: `${who}_${event.n}`,
      requestId: `req_${who}_${event.n}`,
    }));
    await shipEvents(env.DB, { memberId: who, organizationId }, own);
  }
  await rollUp(env.DB, Date.now());

  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const analytics = async () => {
    const range = `from=${day(settledAtMs - DAY_MS)}&to=${day(settledAtMs + DAY_MS)}`;
    const answers = [];
    for (const groupBy of ['model', 'member', 'project', 'apiKey']) {
      const asked = `organizationId=${organizationId}&groupBy=${groupBy}&${range}`;
      const { rolledUpTo: _, ...answer } = await json(await get(`/analytics/activity?${asked}`, masterKey));
      answers.push(answer);
    }
    const asked = `memberId=${memberId}&usageLimit=0.001&${range}`;
    answers.push(await json(await get(`/orgs/${organizationId}/budget-simulation?${asked}`, masterKey)));
    return answers;
  };
  const before = await analytics();

  const charged = { [memberId]: 0n, [team.other.memberId]: 0n };
  const answered = { [memberId]: 0, [team.other.memberId]: 0 };
  const request = async (who: string, apiKey: string) => {
    const response = await chat(apiKey, { demo: { outputTokens: 3 } });
    expect(response.status).toBe(200);
    const cost = parseUsd(response.headers.get('x-purser-cost') ?? '');
    if (cost === null) throw new Error('no cost');
    await response.text();
    charged[who] = (charged[who] ?? 0n) + BigInt(cost);
    answered[who] = (answered[who] ?? 0) + 1;
  };
  let isMoving = true;
  let otherStarts = () => {};
  const started = new Promise<void>((resolve) => {
    otherStarts = resolve;
  });
  const calling = [
    [memberId, team.apiKey, Promise.resolve()] as const,
    [memberId, team.apiKey, Promise.resolve()] as const,
    [team.other.memberId, team.other.apiKey, started] as const,
  ].map(async ([who, apiKey, from]) => {
    await from;
    while (isMoving) {
      await request(who, apiKey);
      // As its alarm does, which would come seconds later. While the place is closed the events wait in the object.
      await shipNow(who).catch((error) => expect(String(error)).toContain('is being moved'));
      // Calls within one workerd leave it no moment for a timer.
      await pause();
    }
  });
  const phases = new Set<string>();
  try {
    await moveTo(organizationId, 'USAGE_DB_1', {
      piecesPerCall: 3,
      after: async ({ phase }) => {
        phases.add(phase);
        if (phase === 'closing') otherStarts();
        if (phase === 'switched') expect(await analytics()).toEqual(before);
        await pause();
      },
    });
  } finally {
    isMoving = false;
    otherStarts();
    await Promise.all(calling);
  }
  expect([...phases]).toEqual(expect.arrayContaining(['copying', 'closing', 'switched', 'done']));
  expect(answered[memberId]).toBeGreaterThan(10);
  expect(answered[team.other.memberId]).toBeGreaterThan(3);

  expect(await usageDatabase(env, organizationId, 0)).toBe(other);
  expect(await rowsIn(env.DB, organizationId)).toBe(0);
  expect(await rows('SELECT count(*) AS n FROM usage_events')).toEqual([{ n: 0 }]);
  for (const who of [memberId, team.other.memberId]) {
    await shipNow(who);
    const sums = await other
      .prepare(
        `SELECT ledger.shipped, CAST(ledger.cost AS TEXT) AS cost, count(*) AS events, count(DISTINCT event.n) AS numbers,
           max(event.n) AS last, CAST(sum(event.cost) AS TEXT) AS summed
         FROM member_ledgers AS ledger JOIN usage_events AS event ON event.member_id = ledger.member_id
         WHERE ledger.member_id = ?1`,
      )
      .bind(who)
      .first();
    const n = history.length + (answered[who] ?? 0);
    const cost = String(BigInt(past) + (charged[who] ?? 0n));
    expect(sums).toEqual({ shipped: n, cost, events: n, numbers: n, last: n, summed: cost });
    // Also what the object opened with, in whichever place.
    const status = await settledBudget(env, who, (object) => object.status({ memberId: who }));
    expect(formatUsd(BigInt(status.lifetimeUsage))).toBe(formatUsd(BigInt(cost)));
  }
  await rollUp(other, Date.now());
  expect(await analytics()).toEqual(before);
  // Page by page, over those that were moved and those that came after.
  const listed: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const path: string = `/orgs/${organizationId}/requests?limit=100${cursor && `&cursor=${cursor}`}`;
    const page: { requests: { id: string }[]; nextCursor: string | null } = await json(await get(path, masterKey));
    listed.push(...page.requests.map((request) => JSON.stringify(request)));
    cursor = page.nextCursor;
  }
  const all = 2 * history.length + (answered[memberId] ?? 0) + (answered[team.other.memberId] ?? 0);
  expect([listed.length, new Set(listed).size]).toEqual([all, all]);
  const books = await health(team);
  expect(books).toMatchObject({ ok: true, difference: '0', differing: 0, unproven: 0 });
  for (const who of [memberId, team.other.memberId]) {
    expect(booksOf(books, who)).toMatchObject({ difference: '0', findings: [], unproven: null });
  }
  const members = await json<{ members: { id: string; status: { lifetimeUsage: string } }[] }>(
    await get(`/orgs/${organizationId}/members?sort=-lifetimeUsage`, masterKey),
  );
  expect(members.members.map(({ id }) => id)).toEqual([memberId, team.other.memberId]);
}, 120_000);
