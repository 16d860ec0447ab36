/** PATCH, DELETE and POST .../roll of a key. That each is in force with the next request is test/access/next-request.worker.test.ts. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import type { Role } from '../../src/teams/roles.ts';
import { chat, type ErrorBody, eventsIn, get, json, keyOf } from '../support/gateway.ts';
import { grant, type Person, person } from '../support/people.ts';
import { insertMember, type Seeded, seedOrganization } from '../support/seed.ts';
import {
  call,
  callIn,
  type Json,
  type KeyBody,
  keysPath,
  policyState,
  refusal,
  request,
  setBudget,
  UNREACHABLE,
  withObjects,
} from './management.ts';

const pathOf = (seeded: Seeded, keyId = seeded.keyId) => `${keysPath(seeded)}/${keyId}`;

const patch = (seeded: Seeded, change: Json, keyId?: string) =>
  call('PATCH', pathOf(seeded, keyId), seeded.masterKey, change);

async function changed(response: Response): Promise<KeyBody> {
  const key = await json<KeyBody>(response);
  expect([response.status, key]).toEqual([200, expect.not.objectContaining({ pending: true })]);
  return key;
}

async function shownKey(seeded: Seeded, keyId?: string): Promise<KeyBody> {
  return changed(await call('GET', pathOf(seeded, keyId), seeded.masterKey));
}

async function gateway(apiKey: string): Promise<[number, string | null]> {
  const response = await chat(apiKey);
  return [response.status, response.ok ? null : (await json<ErrorBody>(response)).error.message];
}

async function lastEntry({ organizationId }: Seeded): Promise<{ action: string; before: Json | null; after: Json }> {
  const row = await env.DB.prepare(
    'SELECT action, before, after FROM audit_entries WHERE organization_id = ? ORDER BY n DESC LIMIT 1',
  )
    .bind(organizationId)
    .first<{ action: string; before: string; after: string }>();
  if (!row) throw new Error('nothing was written');
  return { action: row.action, before: JSON.parse(row.before), after: JSON.parse(row.after) };
}

describe('a rolled key', () => {
  it('has another secret and is the same in all else: id, usage, limits', async () => {
    const seeded = await seedOrganization({ keyLimits: { usageLimit: '5' } });
    await chat(seeded.apiKey);
    const { maskedKey, ...before } = await shownKey(seeded);
    const rolled = await call('POST', `${pathOf(seeded)}/roll`, seeded.masterKey);
    const { secret = '', maskedKey: masked, ...after } = await changed(rolled);
    expect(after).toEqual(before);
    expect(before.usage).not.toBe('0');
    expect(masked).toBe(`psr_…${secret.slice(-4)}`);
    expect(await keyOf(secret)).toMatchObject({ id: seeded.keyId, usage: before.usage, usageLimit: '5' });
    expect(await gateway(secret)).toEqual([200, null]);
    expect(await lastEntry(seeded)).toEqual({
      action: 'api_key.rolled',
      before: { maskedKey },
      after: { maskedKey: masked },
    });
  });

  it('runs its new secret’s streams to their end', async () => {
    const seeded = await seedOrganization();
    const { secret = '' } = await changed(await call('POST', `${pathOf(seeded)}/roll`, seeded.masterKey));
    const response = await chat(secret, { stream: true, demo: { outputTokens: 3_000 } });
    expect(eventsIn(await response.text()).at(-2)).not.toHaveProperty('error');
  });

  it('rolled twice at once has one secret that works', async () => {
    const seeded = await seedOrganization();
    const roll = async () =>
      (await changed(await call('POST', `${pathOf(seeded)}/roll`, seeded.masterKey))).secret ?? '';
    const secrets = await Promise.all([roll(), roll(), roll()]);
    const statuses = await Promise.all(secrets.map(async (secret) => (await gateway(secret))[0]));
    expect(statuses.toSorted()).toEqual([200, 401, 401]);
  });
});

describe('a deleted key', () => {
  it('leaves its usage where it was, and is a 404', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    await chat(seeded.apiKey);
    const { usage } = await shownKey(seeded);
    const response = await call('DELETE', pathOf(seeded), seeded.masterKey);
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(await refusal(await call('GET', pathOf(seeded), seeded.masterKey))).toMatchObject({ status: 404 });
    expect(await refusal(await call('DELETE', pathOf(seeded), seeded.masterKey))).toMatchObject({ status: 404 });
    expect((await json<{ keys: [] }>(await get(keysPath(seeded), seeded.masterKey))).keys).toEqual([]);
    const member = await json<{ status: Json }>(
      await get(`/orgs/${seeded.organizationId}/members/${seeded.memberId}`, seeded.masterKey),
    );
    expect(member.status).toMatchObject({ usage });
    await call('POST', `/orgs/${seeded.organizationId}/rollups`, seeded.masterKey);
    const activity = await json<{ totals: { cost: string } }>(
      await get(`/analytics/activity?organizationId=${seeded.organizationId}&groupBy=apiKey`, seeded.masterKey),
    );
    expect(activity.totals.cost).toBe(usage);
  });
});

describe('a changed key', () => {
  it('is disabled and enabled again', async () => {
    const seeded = await seedOrganization();
    expect(await changed(await patch(seeded, { status: 'disabled' }))).toMatchObject({ status: 'disabled' });
    expect((await gateway(seeded.apiKey))[0]).toBe(401);
    expect(await changed(await patch(seeded, { status: 'active' }))).toMatchObject({ status: 'active' });
    expect((await gateway(seeded.apiKey))[0]).toBe(200);
  });

  it('has its new name, limits and expiry, and the log what differs', async () => {
    const seeded = await seedOrganization({ keyLimits: { usageLimit: '5', requestsPerMinute: 7 } });
    await chat(seeded.apiKey);
    const expiresAt = '2999-01-01T00:00:00.000Z';
    const change = { name: 'Renamed', expiresAt, limits: { usageLimit: '0.50' } };
    const key = await changed(await patch(seeded, change));
    expect(key).toMatchObject({ name: 'Renamed', expiresAt, usageLimit: '0.50', requestsPerMinute: null });
    expect(await lastEntry(seeded)).toEqual({
      action: 'api_key.updated',
      before: { name: 'Key', expiresAt: null, usageLimit: '5', requestsPerMinute: 7 },
      after: { name: 'Renamed', expiresAt, usageLimit: '0.50', requestsPerMinute: null },
    });
    expect(await keyOf(seeded.apiKey)).toMatchObject({ name: 'Renamed', usageLimit: '0.50', expiresAt });
    expect(await changed(await patch(seeded, { limits: { usageLimit: '0' }, expiresAt: null }))).toMatchObject({
      expiresAt: null,
    });
    expect((await gateway(seeded.apiKey))[1]).toMatch(/total spend limit/);
  });

  it('that changes nothing writes nothing and pushes nothing', async () => {
    const seeded = await seedOrganization();
    await changed(await patch(seeded, { name: 'Key', status: 'active', limits: {}, expiresAt: null, rules: null }));
    expect(await policyState(seeded.memberId)).toEqual({ version: 1, waiting: 0 });
    await expect(lastEntry(seeded)).rejects.toThrow('nothing was written');
  });

  it('whose member cannot be told is a 202, and the cron goes on', async () => {
    const seeded = await seedOrganization();
    const unreachable = withObjects(() => ({ ...UNREACHABLE, keyStatuses: () => Promise.reject(new Error('away')) }));
    const asked = [
      request('PATCH', pathOf(seeded), seeded.masterKey, { status: 'disabled' }),
      request('POST', `${pathOf(seeded)}/roll`, seeded.masterKey),
      request('DELETE', pathOf(seeded), seeded.masterKey),
    ];
    for (const one of asked) {
      const response = await callIn(unreachable, one);
      expect([response.status, await json(response)]).toEqual([
        202,
        expect.objectContaining({ id: seeded.keyId, pending: true }),
      ]);
    }
    expect((await policyState(seeded.memberId))?.waiting).toBe(1);
  });

  it.each<[string, Json, string | null, RegExp]>([
    ['nothing', {}, null, /Name what to change/],
    ['an unknown field', { memberId: 'x' }, 'memberId', /Unknown field/],
    ['another project', { projectId: 'x' }, 'projectId', /Unknown field/],
    ['an unknown status', { status: 'deleted' }, 'status', /active/],
    ['a status of null', { status: null }, 'status', /active/],
    ['an empty name', { name: '' }, 'name', /empty/],
    ['a past expiry', { expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt', /future/],
    ['a date as expiry', { expiresAt: '2999-01-01' }, 'expiresAt', /ISO 8601/],
    ['limits of null', { limits: null }, 'limits', /./],
    ['a limit below zero', { limits: { usageLimit: '-1' } }, 'limits.usageLimit', /non-negative/],
    [
      'half a period',
      { limits: { periodUsageLimit: '1' } },
      'limits.periodUsageDurationValue',
      /A period spend limit requires both a duration value and unit\./,
    ],
    [
      'a limit above the budget',
      { limits: { usageLimit: '2' } },
      'limits.usageLimit',
      /The key's spend limit \(\$2\) must be at or below its member's budget \(\$1\)\./,
    ],
  ])('to %s is a 400 that names the field', async (_, change, param, message) => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const refused = await refusal(await patch(seeded, change));
    expect(refused).toMatchObject({ status: 400, param, message: expect.stringMatching(message) });
    expect((await policyState(seeded.memberId))?.version).toBe(1);
  });

  it('keeps a limit that its member’s budget has come below since', async () => {
    const seeded = await seedOrganization({ keyLimits: { usageLimit: '5' } });
    await setBudget(seeded, { usageLimit: '1' });
    expect(await changed(await patch(seeded, { name: 'Renamed' }))).toMatchObject({ usageLimit: '5' });
  });
});

describe('the cap on active keys', () => {
  it('stands before a key that becomes active again, by its status or its expiry', async () => {
    const seeded = await seedOrganization({ budget: { maxApiKeys: 1 } });
    await changed(await patch(seeded, { status: 'disabled' }));
    const body = { projectId: seeded.projectId, memberId: seeded.memberId, name: 'Second' };
    const { id } = await json<KeyBody>(await call('POST', keysPath(seeded), seeded.masterKey, body));
    const message = 'You have reached your limit of 1 active API keys set by an organization admin.';
    expect(await refusal(await patch(seeded, { status: 'active' }))).toMatchObject({ status: 400, message });
    // A disabled key may be renamed all the same, and its expiry changed.
    await changed(await patch(seeded, { name: 'Off', expiresAt: '2999-01-01T00:00:00Z' }));
    await env.DB.prepare("UPDATE api_keys SET status = 'active', expires_at = 1 WHERE id = ?").bind(seeded.keyId).run();
    expect(await refusal(await patch(seeded, { expiresAt: null }))).toMatchObject({ status: 400, message });
    await changed(await patch(seeded, { status: 'disabled' }, id));
    await changed(await patch(seeded, { expiresAt: null }));
  });

  it('gives its last place to one of those enabled at once', async () => {
    const seeded = await seedOrganization({ plan: 'free' });
    const disabled: string[] = [];
    for (let i = 0; i < 8; i++) {
      const id = newId('key');
      await env.DB.prepare(
        `INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at)
         SELECT ?2, organization_id, project_id, member_id, name, ?2, '', 'disabled', limits, 0 FROM api_keys WHERE id = ?1`,
      )
        .bind(seeded.keyId, id)
        .run();
      disabled.push(id);
    }
    const answers = await Promise.all(disabled.map((id) => patch(seeded, { status: 'active' }, id)));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, 200, 200, 200, 400, 400, 400, 400]);
    const refused = answers.find(({ status }) => status === 400);
    expect(refused && (await refusal(refused)).message).toBe(
      'API key limit reached. Maximum 5 active API keys on the Free plan.',
    );
  });
});

describe('when a key was last used', () => {
  it('is told at once by its object, and by D1 once its events are there', async () => {
    const seeded = await seedOrganization();
    expect(await shownKey(seeded)).toMatchObject({ lastUsedAt: null });
    const beforeMs = Date.now();
    await chat(seeded.apiKey);
    const { lastUsedAt } = await shownKey(seeded);
    expect(Date.parse(String(lastUsedAt))).toBeGreaterThanOrEqual(beforeMs);
    expect(Date.parse(String(lastUsedAt))).toBeLessThanOrEqual(Date.now());
    await call('POST', `/orgs/${seeded.organizationId}/rollups`, seeded.masterKey);
    const read = () =>
      env.DB.prepare('SELECT last_used_at FROM api_keys WHERE id = ?').bind(seeded.keyId).first<number>('last_used_at');
    expect(await read()).toBe(Date.parse(String(lastUsedAt)));
    // The same batch late, or one of older events, moves it nowhere.
    await env.DB.prepare('UPDATE api_keys SET last_used_at = 9e14 WHERE id = ?').bind(seeded.keyId).run();
    await chat(seeded.apiKey);
    await call('POST', `/orgs/${seeded.organizationId}/rollups`, seeded.masterKey);
    expect(await read()).toBe(9e14);
  });

  it('is told to its holder too, by D1 where the object has not seen it used', async () => {
    const [used, unused] = [await seedOrganization(), await seedOrganization()];
    expect(await keyOf(unused.apiKey)).toMatchObject({ lastUsedAt: null });
    await env.DB.prepare('UPDATE api_keys SET last_used_at = 1e12 WHERE id = ?').bind(used.keyId).run();
    expect(await keyOf(used.apiKey)).toMatchObject({ lastUsedAt: '2001-09-09T01:46:40.000Z' });
    await chat(used.apiKey);
    expect(await keyOf(used.apiKey)).toMatchObject({ lastUsedAt: (await shownKey(used)).lastUsedAt });
    expect(Date.parse(String((await shownKey(used)).lastUsedAt))).toBeGreaterThan(1e12);
  });
});

describe('of keys', () => {
  const ROLES: Role[] = ['owner', 'admin', 'finance', 'developer', 'basic'];
  let seeded: Seeded;
  let other: Seeded;
  const people = new Map<Role, Person>();
  beforeAll(async () => {
    seeded = await seedOrganization();
    other = await seedOrganization();
    for (const role of ROLES) {
      const one = await person(seeded.organizationId, role);
      await grant(one.memberId, seeded.projectId);
      people.set(role, one);
    }
  });

  it.each(ROLES)('%s makes, sees and changes what its role may', async (role) => {
    const who = people.get(role);
    if (!who) throw new Error(`nobody is ${role}`);
    const { projectId } = seeded;
    const own = await who.send('POST', keysPath(seeded), { projectId, name: 'Own' });
    const all = role === 'owner' || role === 'admin';
    if (!all && role !== 'developer') {
      const refused = { code: 'role_required', message: 'Only owners, admins and developers can have API keys.' };
      expect([own.status, own.body]).toEqual([403, { error: expect.objectContaining(refused) }]);
      for (const [method, path] of [
        ['GET', keysPath(seeded)],
        ['GET', pathOf(seeded)],
        ['PATCH', pathOf(seeded)],
        ['DELETE', pathOf(seeded)],
        ['POST', `${pathOf(seeded)}/roll`],
      ] as const) {
        expect((await who.send(method, path)).status).toBe(403);
      }
      return;
    }
    expect([own.status, own.body.memberId]).toEqual([201, who.memberId]);
    const keyId = String(own.body.id);
    const listed = (await who.send('GET', `${keysPath(seeded)}?limit=100`)).body.keys as KeyBody[];
    expect(listed.some(({ id }) => id === seeded.keyId)).toBe(all);
    expect(listed.some(({ id }) => id === keyId)).toBe(true);
    const mine = (await who.send('GET', `${keysPath(seeded)}?memberId=me`)).body.keys as KeyBody[];
    expect(mine.map(({ id }) => id)).toEqual([keyId]);
    const theirs = (await who.send('GET', `${keysPath(seeded)}?memberId=${seeded.memberId}`)).body.keys as KeyBody[];
    expect(theirs.some(({ id }) => id === seeded.keyId)).toBe(all);
    if (!all) expect(theirs).toEqual([]);

    const forOthers = { projectId, name: 'Theirs', memberId: seeded.memberId };
    expect((await who.send('POST', keysPath(seeded), forOthers)).status).toBe(all ? 201 : 403);
    const status = all ? 200 : 404;
    expect((await who.send('GET', pathOf(seeded))).status).toBe(status);
    expect((await who.send('PATCH', pathOf(seeded), { name: 'Key' })).status).toBe(status);
    if (!all) {
      expect((await who.send('POST', `${pathOf(seeded)}/roll`)).status).toBe(404);
      expect((await who.send('DELETE', pathOf(seeded))).status).toBe(404);
      expect((await chat(seeded.apiKey)).status).toBe(200);
    }
    // Nobody reaches a key of another organization, neither through its own path nor through theirs.
    for (const path of [pathOf(seeded, other.keyId), pathOf(other)]) {
      for (const method of ['GET', 'DELETE']) expect((await who.send(method, path)).status).toBe(404);
      expect((await who.send('PATCH', path, { name: 'Mine' })).status).toBe(404);
      expect((await who.send('POST', `${path}/roll`)).status).toBe(404);
    }

    const rolled = await who.send('POST', `${pathOf(seeded, keyId)}/roll`);
    expect([rolled.status, (await chat(String(rolled.body.secret))).status]).toEqual([200, 200]);
    expect((await who.send('PATCH', pathOf(seeded, keyId), { status: 'disabled' })).status).toBe(200);
    expect((await who.send('DELETE', pathOf(seeded, keyId))).status).toBe(204);
  });

  it('a developer makes none in a project that is not granted, and hears of none', async () => {
    const developer = people.get('developer');
    const projectId = newId('prj');
    await env.DB.prepare(`INSERT INTO projects (id, organization_id, name, created_at) VALUES (?, ?, 'Other', 0)`)
      .bind(projectId, seeded.organizationId)
      .run();
    for (const id of [projectId, other.projectId, newId('prj')]) {
      const answer = await developer?.send('POST', keysPath(seeded), { projectId: id, name: 'Own' });
      expect([answer?.status, answer?.body.error]).toEqual([
        400,
        expect.objectContaining({ param: 'projectId', message: 'There is no such project.' }),
      ]);
    }
  });

  it('a master key has none of its own', async () => {
    const answer = await refusal(await get(`${keysPath(seeded)}?memberId=me`, seeded.masterKey));
    expect(answer).toMatchObject({ status: 400, param: 'memberId' });
  });

  it('the list is sorted as asked', async () => {
    const crowd = await seedOrganization();
    const memberId = await insertMember(crowd.organizationId, 'admin');
    for (const name of ['b', 'C', 'a']) {
      await call('POST', keysPath(crowd), crowd.masterKey, { projectId: crowd.projectId, memberId, name });
    }
    const names = async (query: string) =>
      (await json<{ keys: KeyBody[] }>(await get(`${keysPath(crowd)}?${query}`, crowd.masterKey))).keys.map(
        ({ name }) => name,
      );
    expect(await names('sort=name')).toEqual(['a', 'b', 'C', 'Key']);
    expect(await names('sort=-name')).toEqual(['Key', 'C', 'b', 'a']);
    expect((await names('sort=createdAt'))[0]).toBe('Key');
    expect(await refusal(await get(`${keysPath(crowd)}?sort=secret`, crowd.masterKey))).toMatchObject({
      status: 400,
      param: 'sort',
    });
  });
});
