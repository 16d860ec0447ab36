/** POST and GET .../keys: a key works at once, its secret is told once and stored nowhere, and no cap is passed. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { LIMITS } from '../../src/limits.ts';
import { settledBudget } from '../../src/objects.ts';
import { readPolicy } from '../../src/teams/policy.ts';
import type { Role } from '../../src/teams/roles.ts';
import { chat, type ErrorBody, get, json, keyOf, until } from '../support/gateway.ts';
import { insertMember, type Seeded, seedOrganization } from '../support/seed.ts';
import { call, type Json, type KeyBody, keysPath, refusal, setBudget } from './management.ts';

const HOURS = { periodUsageLimit: '0.10', periodUsageDurationValue: 1, periodUsageDurationUnit: 'hour' };

const SECRET = /^psr_[0-9a-hjkmnp-tv-z]{64}$/;

const post = (seeded: Seeded, body: Json = {}) =>
  call('POST', keysPath(seeded), seeded.masterKey, {
    projectId: seeded.projectId,
    memberId: seeded.memberId,
    name: 'New',
    ...body,
  });

async function create(seeded: Seeded, body: Json = {}): Promise<KeyBody & { secret: string }> {
  const response = await post(seeded, body);
  const created = await json<KeyBody & { secret: string }>(response);
  expect([response.status, created]).toEqual([201, expect.objectContaining({ secret: expect.stringMatching(SECRET) })]);
  return created;
}

interface Page {
  keys: KeyBody[];
  nextCursor: string | null;
}

async function list(seeded: Seeded, query: Record<string, string> = {}): Promise<Page> {
  const response = await get(`${keysPath(seeded)}?${new URLSearchParams(query)}`, seeded.masterKey);
  expect(response.status).toBe(200);
  return json<Page>(response);
}

async function insertProject(organizationId: string, archivedAt: number | null = null): Promise<string> {
  const id = newId('prj');
  await env.DB.prepare(
    `INSERT INTO projects (id, organization_id, name, created_at, archived_at) VALUES (?, ?, 'Another', 0, ?)`,
  )
    .bind(id, organizationId, archivedAt)
    .run();
  return id;
}

async function countKeys({ organizationId }: Seeded): Promise<number> {
  const row = await env.DB.prepare('SELECT count(*) AS n FROM api_keys WHERE organization_id = ?')
    .bind(organizationId)
    .first<{ n: number }>();
  return row?.n ?? 0;
}

describe('a created key', () => {
  it('works at the gateway at once, as its member, in its project', async () => {
    const seeded = await seedOrganization();
    // The object knows the member already: the key must reach it by push, not by its first read of D1.
    await keyOf(seeded.apiKey);
    const { secret, ...created } = await create(seeded, { name: '  Mine ', expiresAt: '2999-01-01T00:00:00Z' });
    expect(created).toMatchObject({
      projectId: seeded.projectId,
      memberId: seeded.memberId,
      name: 'Mine',
      maskedKey: `psr_…${secret.slice(-4)}`,
      status: 'active',
      expiresAt: '2999-01-01T00:00:00.000Z',
      usageLimit: null,
    });
    expect((await chat(secret)).status).toBe(200);
    expect(await keyOf(secret)).toMatchObject({ id: created.id, memberId: seeded.memberId, name: 'Mine' });
  });

  it('is narrowed by limits of its own', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '5' } });
    const period = { periodUsageLimit: '5', periodUsageDurationValue: 2, periodUsageDurationUnit: 'day' };
    const created = await create(seeded, { limits: { usageLimit: '0', ...period } });
    expect(created).toMatchObject({ usageLimit: '0', ...period, periodAlignment: 'rolling' });
    const response = await chat(created.secret);
    expect([response.status, (await json<ErrorBody>(response)).error.code]).toEqual([403, 'api_key_budget_exhausted']);
    expect((await chat(seeded.apiKey)).status).toBe(200);
  });

  it.each<[string, Json]>([
    ['throttles', { requestsPerMinute: 5, tokensPerMinute: 0, concurrency: LIMITS.concurrencyMax }],
    ['throttles above those of its member, which only narrow it', { requestsPerMinute: 50 }],
    ['a calendar period', { ...HOURS, periodUsageDurationValue: 8, periodAlignment: 'calendar' }],
    ['a period from its first use', { ...HOURS, periodAlignment: 'first-use' }],
  ])('may have %s of its own, and the object knows', async (_, limits) => {
    const seeded = await seedOrganization({ budget: { requestsPerMinute: 10 } });
    const { id, ...created } = await create(seeded, { limits });
    expect(created).toMatchObject(limits);
    expect((await list(seeded)).keys.find((key) => key.id === id)).toMatchObject(limits);
    const policy = await readPolicy(env.DB, seeded.memberId);
    expect(policy?.throttles).toEqual({ requestsPerMinute: 10, tokensPerMinute: null, concurrency: null });
    const { hash } = policy?.keys.find((key) => key.keyId === id) ?? {};
    const inForce = await settledBudget(env, seeded.memberId, (object) =>
      object.keyStatus({ memberId: seeded.memberId, keyHash: hash ?? '' }),
    );
    if ('refusal' in inForce) throw new Error(inForce.refusal.kind);
    const { requestsPerMinute = null, tokensPerMinute = null, concurrency = null } = limits;
    expect(inForce.key.throttles).toEqual({ requestsPerMinute, tokensPerMinute, concurrency });
    expect(inForce.key.limits.period?.window.kind ?? null).toBe(limits.periodAlignment ?? null);
  });

  it('ends when it expires', async () => {
    const seeded = await seedOrganization();
    const { secret } = await create(seeded, { expiresAt: new Date(Date.now() + 3_000).toISOString() });
    expect((await chat(secret)).status).toBe(200);
    const refused = await until(async () => {
      const response = await chat(secret);
      return response.status === 200 ? null : response;
    }, 'the key to expire');
    const { error } = await json<ErrorBody>(refused);
    expect([refused.status, error.message]).toEqual([401, 'The API key has expired.']);
  });

  it('shows its secret once: no list, no table and no refusal has it again', async () => {
    const seeded = await seedOrganization();
    const { id, secret } = await create(seeded);
    const tables = await env.DB.prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'`,
    ).all<{ name: string }>();
    const rows = await env.DB.batch(tables.results.map(({ name }) => env.DB.prepare(`SELECT * FROM ${name}`)));
    const dump = JSON.stringify(rows.map(({ results }) => results));
    const shown = JSON.stringify([await list(seeded), await keyOf(secret)]);
    for (const text of [dump, shown]) {
      expect(text).toContain(id);
      // Any eight characters in a row of what is secret; the first twenty only name the member.
      for (let from = 20; from + 8 <= secret.length; from++) expect(text).not.toContain(secret.slice(from, from + 8));
    }
    expect(dump).toContain(seeded.memberId);
    expect(shown).not.toMatch(/hash/i);
  });
});

describe('a key that is refused', () => {
  let seeded: Seeded;
  let other: Seeded;
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    seeded = await seedOrganization({
      budget: {
        usageLimit: '1',
        periodUsageLimit: '0.50',
        periodUsageDurationValue: 1,
        periodUsageDurationUnit: 'day',
      },
    });
    other = await seedOrganization();
    Object.assign(ids, {
      archived: await insertProject(seeded.organizationId, 1),
      ungranted: await insertProject(seeded.organizationId),
      finance: await insertMember(seeded.organizationId, 'finance'),
      basic: await insertMember(seeded.organizationId, 'basic'),
      scoped: await insertMember(seeded.organizationId, 'api'),
    });
  });

  const UNKNOWN_PROJECT = 'There is no such project.';
  const UNKNOWN_MEMBER = 'There is no such member.';

  it.each<[string, () => Json, string, string | RegExp]>([
    ['an unknown project', () => ({ projectId: newId('prj') }), 'projectId', UNKNOWN_PROJECT],
    ['a project of another organization', () => ({ projectId: other.projectId }), 'projectId', UNKNOWN_PROJECT],
    ['an archived project', () => ({ projectId: ids.archived }), 'projectId', /archived/],
    ['a project not granted to a developer', () => ({ projectId: ids.ungranted }), 'projectId', /not granted/],
    ['a project not granted to an API-only member', () => ({ memberId: ids.scoped }), 'projectId', /not granted/],
    ['no project', () => ({ projectId: undefined }), 'projectId', /required/],
    ['an unknown member', () => ({ memberId: newId('mem') }), 'memberId', UNKNOWN_MEMBER],
    ['a member of another organization', () => ({ memberId: other.memberId }), 'memberId', UNKNOWN_MEMBER],
    [
      'another organization in all',
      () => ({ memberId: other.memberId, projectId: other.projectId }),
      'memberId',
      UNKNOWN_MEMBER,
    ],
    ['no member', () => ({ memberId: undefined }), 'memberId', /required/],
    ['a finance admin', () => ({ memberId: ids.finance }), 'memberId', /finance cannot own/],
    ['a basic member', () => ({ memberId: ids.basic }), 'memberId', /basic cannot own/],
    ['no name', () => ({ name: undefined }), 'name', /required/],
    ['an empty name', () => ({ name: '' }), 'name', /empty/],
    ['a blank name', () => ({ name: ' \t ' }), 'name', /empty/],
    ['a name of 101 characters', () => ({ name: 'x'.repeat(101) }), 'name', /100/],
    ['a past expiry', () => ({ expiresAt: '2020-01-01T00:00:00Z' }), 'expiresAt', /future/],
    ['a date as expiry', () => ({ expiresAt: '2999-01-01' }), 'expiresAt', /ISO 8601/],
    ['an expiry in another zone', () => ({ expiresAt: '2999-01-01T00:00:00+01:00' }), 'expiresAt', /UTC/],
    ['a day that is none', () => ({ expiresAt: '2999-02-30T00:00:00Z' }), 'expiresAt', /ISO 8601/],
    ['a number as expiry', () => ({ expiresAt: 1e13 }), 'expiresAt', /ISO 8601/],
    [
      'a total above the budget',
      () => ({ limits: { usageLimit: '1.000000001' } }),
      'limits.usageLimit',
      "The key's spend limit ($1.000000001) must be at or below its member's budget ($1).",
    ],
    [
      'a period limit above the budget',
      () => ({ limits: { periodUsageLimit: '0.6', periodUsageDurationValue: 1, periodUsageDurationUnit: 'day' } }),
      'limits.periodUsageLimit',
      "The key's spend limit ($0.60) must be at or below its member's budget ($0.50).",
    ],
    ['an unlimited limit', () => ({ limits: { usageLimit: 'unlimited' } }), 'limits.usageLimit', /non-negative/],
    ['limits of null', () => ({ limits: null }), 'limits', /./],
    ['an unknown field', () => ({ rulez: {} }), 'rulez', 'Unknown field: rulez.'],
    ['a secret of its own', () => ({ secret: 'mine' }), 'secret', 'Unknown field: secret.'],
  ])('for %s is a 400 that names the field, and none is made', async (_, body, param, message) => {
    const refused = await refusal(await post(seeded, body()));
    expect(refused).toMatchObject({ status: 400, code: 'invalid_request_error', param });
    if (typeof message === 'string') expect(refused.message).toBe(message);
    else expect(refused.message).toMatch(message);
    expect([await countKeys(seeded), await countKeys(other)]).toEqual([1, 1]);
  });
});

describe('a project', () => {
  it.each<[string, { plan?: 'free' | 'pro'; role?: Role }]>([
    ['an owner', { role: 'owner' }],
    ['an admin', { role: 'admin' }],
    ['a developer, where the plan scopes none', { plan: 'pro' }],
  ])('need not be granted to %s', async (_, options) => {
    const seeded = await seedOrganization(options);
    const projectId = await insertProject(seeded.organizationId);
    const { secret } = await create(seeded, { projectId });
    expect((await chat(secret)).status).toBe(200);
  });
});

describe('the cap on active keys', () => {
  const MEMBER_CAP = (keys: number) =>
    `You have reached your limit of ${keys} active API keys set by an organization admin.`;
  const PLAN_CAP = (keys: number, plan: string) =>
    `API key limit reached. Maximum ${keys} active API keys on the ${plan} plan.`;

  const retire = (column: 'expires_at = 1' | "status = 'disabled'" | 'deleted_at = 1', { keyId }: Seeded) =>
    env.DB.prepare(`UPDATE api_keys SET ${column} WHERE id = ?`).bind(keyId).run();

  it('of a member is told by its number, and the next one is refused', async () => {
    const seeded = await seedOrganization({ budget: { maxApiKeys: 2 } });
    await create(seeded);
    expect(await refusal(await post(seeded))).toMatchObject({ status: 400, param: 'memberId', message: MEMBER_CAP(2) });
    await setBudget(seeded, { maxApiKeys: 3 });
    await create(seeded);
    await setBudget(seeded, { maxApiKeys: 0 });
    expect(await refusal(await post(seeded))).toMatchObject({ message: MEMBER_CAP(0) });
  });

  it.each(['expires_at = 1', "status = 'disabled'", 'deleted_at = 1'] as const)(
    'does not count a key with %s',
    async (column) => {
      const seeded = await seedOrganization({ budget: { maxApiKeys: 1 } });
      await retire(column, seeded);
      await create(seeded);
      expect(await refusal(await post(seeded))).toMatchObject({ message: MEMBER_CAP(1) });
    },
  );

  it('counts them apart from all that a member has, which fit into one policy', async () => {
    const seeded = await seedOrganization();
    await env.DB.prepare(
      `WITH RECURSIVE more (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM more WHERE n < ?2)
       INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at)
       SELECT id || n, organization_id, project_id, member_id, name, hash || n, masked, 'disabled', limits, created_at
       FROM api_keys, more WHERE id = ?1`,
    )
      .bind(seeded.keyId, LIMITS.apiKeysKeptPerMemberMax - 1)
      .run();
    await create(seeded);
    expect(await refusal(await post(seeded))).toMatchObject({
      status: 400,
      param: 'memberId',
      message: 'A member has at most 600 API keys, disabled and expired ones included. Delete some first.',
    });
  });

  it('of a plan counts the keys of all members, and stands above a larger one of the member', async () => {
    const seeded = await seedOrganization({ plan: 'free', budget: { maxApiKeys: 100 } });
    const memberId = await insertMember(seeded.organizationId, 'admin');
    for (let keys = 1; keys < 5; keys++) await create(seeded, keys % 2 === 0 ? {} : { memberId });
    const refused = { status: 400, param: null, message: PLAN_CAP(5, 'Free') };
    expect(await refusal(await post(seeded))).toMatchObject(refused);
    expect(await refusal(await post(seeded, { memberId }))).toMatchObject(refused);
  });

  it.each([
    ['pro', 20, 'Pro'],
    ['enterprise', 500, 'Enterprise'],
  ] as const)('of the plan %s is %i', async (plan, keys, name) => {
    const seeded = await seedOrganization({ plan });
    await env.DB.prepare(
      `WITH RECURSIVE count(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM count WHERE i < CAST(?2 AS INTEGER))
       INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at)
       SELECT 'key_' || ?3 || i, organization_id, project_id, member_id, name, 'hash ' || i, masked, status, limits, 0
       FROM api_keys, count WHERE api_keys.id = ?1`,
    )
      .bind(seeded.keyId, keys, seeded.keyId.slice(4))
      .run();
    expect(await refusal(await post(seeded))).toMatchObject({ status: 400, message: PLAN_CAP(keys, name) });
  });

  it.each([
    ['of a member', { budget: { maxApiKeys: 3 } }, 3, MEMBER_CAP(3)],
    ['of a plan', { plan: 'free' as const }, 5, PLAN_CAP(5, 'Free')],
  ])('%s is reached exactly by twenty at once', async (_, options, cap, message) => {
    const seeded = await seedOrganization(options);
    await retire('expires_at = 1', seeded);
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(seeded)));
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(cap);
    for (const response of answers.filter((answer) => !made.includes(answer))) {
      expect(await refusal(response)).toMatchObject({ status: 400, message });
    }
    expect(await countKeys(seeded)).toBe(cap + 1);
    for (const response of made) {
      const { secret = '' } = await json<KeyBody>(response);
      expect((await get('/v1/key', secret)).status).toBe(200);
    }
  });
});

describe('the list of keys', () => {
  let seeded: Seeded;
  let newestFirst: string[];
  let anotherMember: string;
  beforeAll(async () => {
    seeded = await seedOrganization();
    anotherMember = await insertMember(seeded.organizationId, 'admin');
    const created = [seeded.keyId];
    for (const name of ['One', 'Two', 'Three 100%', 'Four_', 'FIVE']) created.push((await create(seeded, { name })).id);
    created.push((await create(seeded, { memberId: anotherMember, name: 'Six' })).id);
    // Apart by a millisecond each, as keys made by hand are: so the order is told by the time alone.
    await env.DB.batch(
      created.map((id, at) => env.DB.prepare('UPDATE api_keys SET created_at = ? WHERE id = ?').bind(at, id)),
    );
    newestFirst = created.toReversed();
  });

  it.each([1, 2, 3, 6, 7, 8])('in pages of %i has every key once, newest first', async (limit) => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await list(seeded, { limit: `${limit}`, ...(cursor === null ? {} : { cursor }) });
      expect(page.keys.length).toBeLessThanOrEqual(limit);
      seen.push(...page.keys.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null && seen.length <= newestFirst.length);
    expect(seen).toEqual(newestFirst);
  });

  it('has each key once also where all were made at one instant', async () => {
    const crowded = await seedOrganization();
    const made = [crowded.keyId];
    for (let keys = 0; keys < 4; keys++) made.push((await create(crowded)).id);
    await env.DB.prepare('UPDATE api_keys SET created_at = 5 WHERE organization_id = ?')
      .bind(crowded.organizationId)
      .run();
    const first = await list(crowded, { limit: '2' });
    const second = await list(crowded, { limit: '2', cursor: first.nextCursor ?? '' });
    const third = await list(crowded, { limit: '2', cursor: second.nextCursor ?? '' });
    expect(third.nextCursor).toBeNull();
    expect([first, second, third].flatMap(({ keys }) => keys.map(({ id }) => id)).toSorted()).toEqual(made.toSorted());
  });

  it('goes on after a key that was deleted since', async () => {
    const first = await list(seeded, { limit: '2' });
    const cursor = first.nextCursor ?? '';
    await env.DB.prepare('UPDATE api_keys SET deleted_at = 1 WHERE id = ?').bind(cursor).run();
    const rest = await list(seeded, { cursor });
    expect(rest.keys.map(({ id }) => id)).toEqual(newestFirst.slice(2));
    expect((await list(seeded)).keys.map(({ id }) => id)).not.toContain(cursor);
    await env.DB.prepare('UPDATE api_keys SET deleted_at = NULL WHERE id = ?').bind(cursor).run();
  });

  it.each([
    ['five', ['FIVE']],
    ['%', ['Three 100%']],
    ['_', ['Four_']],
    ['t', ['Three 100%', 'Two']],
    ['nothing like it', []],
  ])('finds %j in names, as letters only', async (q, names) => {
    expect((await list(seeded, { q })).keys.map(({ name }) => name)).toEqual(names);
  });

  it('of one member has that one only; of a foreign member or cursor nothing', async () => {
    expect((await list(seeded, { memberId: anotherMember })).keys).toHaveLength(1);
    const other = await seedOrganization();
    expect(await list(seeded, { memberId: other.memberId })).toEqual({ keys: [], nextCursor: null });
    expect(await list(seeded, { cursor: other.keyId })).toEqual({ keys: [], nextCursor: null });
  });

  it.each(['0', '101', 'x', '', '-1', '1.5', 'NaN'])('with limit=%s is a 400', async (limit) => {
    for (const path of [keysPath(seeded), `/orgs/${seeded.organizationId}/members`]) {
      const response = await get(`${path}?limit=${limit}`, seeded.masterKey);
      expect(await refusal(response)).toMatchObject({ status: 400, code: 'invalid_request_error', param: 'limit' });
    }
  });

  it('with limit=100 is taken, the most there is', async () => {
    expect((await list(seeded, { limit: '100' })).keys).toHaveLength(newestFirst.length);
  });
});
