/** A database of the first migration is brought up to date with all that is in it, and the Worker of now serves its organization. */
import { applyD1Migrations } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { goOnBackfilling } from '../../src/usage/backfill.ts';
import { chat, get, json } from '../support/gateway.ts';
import { call, type Json } from '../teams/management.ts';
import stored from './first-organization.sql?raw';

/** Of the stored organization; they open nothing elsewhere. */
const BOBS_KEY = 'psr_0000000000000b0b1n2pstk6jdsdznfwbgzgsb56e8efqy1qzt92yvxsx6fpj2w2';
const MASTER_KEY = 'psm_00000000000000ax25rf0kq8k5x8ccpmdw604jj3qnjdgpecqsa7xj3q2aykxwz5';
const ORGANIZATION = '/orgs/org_00000000000000ax';
/** The days of its usage. */
const RANGE = 'from=2026-09-01&to=2026-09-30';

type Rows = Record<string, unknown>[];

async function tables(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master
     WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' AND substr(name, 1, 4) <> '_cf_'
     ORDER BY rowid DESC`,
  ).all<{ name: string }>();
  return results.map(({ name }) => name);
}

const read = async (sql: string) => (await env.DB.prepare(sql).all<Record<string, unknown>>()).results;

/** Facts are found by their dimensions now, which say whose they are. */
const MOVED: ReadonlySet<string> = new Set(['usage_rollups.organization_id']);

/** Every row of every table, as the first migration's columns have it. */
const before = new Map<string, Rows>();

beforeAll(async () => {
  // What every test file is given is of now.
  for (const name of await tables()) await env.DB.prepare(`DROP TABLE "${name}"`).run();
  const [first, ...later] = env.TEST_MIGRATIONS;
  if (!first || later.length === 0) throw new Error('there are no migrations');
  await applyD1Migrations(env.DB, [first]);
  for (const statement of stored.replace(/^--.*$/gm, '').split(/;\n/)) {
    if (statement.trim() !== '') await env.DB.prepare(statement).run();
  }
  for (const name of await tables()) {
    if (name !== 'd1_migrations') before.set(name, await read(`SELECT * FROM "${name}" ORDER BY 1, 2`));
  }
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

describe('a database of the first migration', () => {
  it('has every row that it had, in every column that it had', async () => {
    expect(before.size).toBe(14);
    for (const [name, rows] of before) {
      expect(rows.length, name).toBeGreaterThan(0);
      const columns = Object.keys(rows[0] ?? {}).filter((column) => !MOVED.has(`${name}.${column}`));
      const kept = rows.map((row) => JSON.stringify(columns.map((column) => row[column])));
      const now = await read(`SELECT ${columns.map((column) => `"${column}"`).join(', ')} FROM "${name}"`);
      expect(now.map((row) => JSON.stringify(columns.map((column) => row[column]))).sort(), name).toEqual(kept.sort());
    }
    expect(await read('PRAGMA foreign_key_check')).toEqual([]);
  });

  it('has its organization served: members, keys, invitations, a request, analytics and books that agree', async () => {
    const answer = async (path: string) => {
      const response = await get(path, MASTER_KEY);
      const body = await json<Json>(response);
      expect([path, response.status, body]).toEqual([path, 200, expect.anything()]);
      return body;
    };
    expect(await answer(`${ORGANIZATION}/members?${RANGE}`)).toMatchObject({
      members: [
        { name: 'Ada', email: 'ada@example.com', role: 'owner', effectiveBudget: { usageLimit: null } },
        {
          name: 'Bob',
          role: 'developer',
          budget: { usageLimit: '1', maxApiKeys: 2, version: 3 },
          status: { usage: '0.005507', remaining: '0.994493', activeApiKeys: 1 },
          statusAt: null,
        },
        { name: 'Nightly job', userId: null, status: { remaining: '0' } },
      ],
      nextCursor: null,
    });
    expect(await answer(`${ORGANIZATION}/keys`)).toMatchObject({
      keys: [
        {
          name: 'Laptop',
          usageLimit: '0.50',
          usage: '0.005007',
          lastUsedAt: null,
          rules: { models: { allow: null, deny: [] } },
        },
        { name: 'Desk', status: 'disabled', usage: '0.00005' },
      ],
    });
    expect(await answer(`${ORGANIZATION}/invitations`)).toMatchObject({ invitations: [{ email: 'cal@example.com' }] });

    const admitted = await chat(BOBS_KEY, { demo: { outputTokens: 4 }, max_tokens: 4 });
    await admitted.text();
    expect([admitted.status, admitted.headers.get('x-purser-cost')]).toEqual([200, '0.00001']);
    // The key's own limit is the tightest, and counts what was spent before.
    expect(admitted.headers.get('x-purser-budget-remaining')).toBe('0.494983');
    expect((await call('POST', `${ORGANIZATION}/rollups`, MASTER_KEY)).status).toBe(200);

    // What the cron does after the migration: running totals of what was there before.
    while ((await goOnBackfilling(env.DB, Date.now())).more);
    const then = await answer(`/analytics/activity?organizationId=org_00000000000000ax&${RANGE}&groupBy=member`);
    expect(then).toMatchObject({
      totals: { cost: '0.005557', requestCount: 4, errorCount: 1 },
      timezone: 'Europe/London',
    });
    const now = await answer('/analytics/activity?organizationId=org_00000000000000ax');
    expect(now).toMatchObject({ totals: { cost: '0.00001', requestCount: 1 } });
    expect(await answer(`${ORGANIZATION}/health?prove=now`)).toMatchObject({ ok: true });
    expect(await answer(`${ORGANIZATION}/audit-log/verify`)).toMatchObject({ ok: true, checked: 0 });
  });
});
