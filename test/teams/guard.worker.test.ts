/** The guard by each credential there is, before anything of the request is read. Each route by each role: test/access/. */
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '../../src/teams/keys.ts';
import { ORIGIN } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { budgetPath, call, defaultPath, keysPath, memberOf, organizationPath, refusal } from './management.ts';

type Route = [method: string, path: (of: Seeded) => string, body?: (of: Seeded) => unknown];

/** One of each kind: by the path's organization and by the query's, with a body and without. Every route is test/access/'s. */
const ROUTES: Route[] = [
  ['GET', organizationPath],
  ['PUT', budgetPath, () => ({ usageLimit: '0' })],
  ['POST', (of) => `${keysPath(of)}/${of.keyId}/roll`],
  ['POST', keysPath, ({ memberId, projectId }) => ({ memberId, projectId, name: 'Not mine' })],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/audit-log?format=jsonl`],
  ['GET', ({ organizationId }) => `/analytics/activity?organizationId=${organizationId}`],
];

type Named = [name: string, method: string, path: Route[1], body: ((of: Seeded) => unknown) | undefined];

const NAMED = ROUTES.map(([method, path, body]): Named => [`${method} ${path(placeholders())}`, method, path, body]);

function placeholders(): Seeded {
  const id = (name: string) => `{${name}}`;
  return {
    organizationId: id('orgId'),
    memberId: id('memberId'),
    projectId: id('projectId'),
    keyId: id('keyId'),
    apiKey: '',
    masterKey: '',
  };
}

let own: Seeded;
let other: Seeded;
beforeAll(async () => {
  own = await seedOrganization();
  other = await seedOrganization();
});

async function untouched(seeded: Seeded) {
  const { budget } = await memberOf(seeded);
  const { organizationId } = seeded;
  const keys = await env.DB.prepare('SELECT count(*) AS n FROM api_keys WHERE organization_id = ?')
    .bind(organizationId)
    .first('n');
  const replay = await env.DB.prepare('SELECT replay FROM organizations WHERE id = ?')
    .bind(organizationId)
    .first('replay');
  expect([budget.version, keys, replay]).toEqual([1, 1, 1]);
}

describe.each(NAMED)('%s', (_, method, path, body) => {
  it('is answered for a master key of the organization', async () => {
    const seeded = await seedOrganization();
    expect((await call(method, path(seeded), seeded.masterKey, body?.(seeded))).ok).toBe(true);
  });

  it.each<[string, () => Promise<Record<string, string>>]>([
    ['no credential', async () => ({})],
    ['an empty one', async () => ({ authorization: 'Bearer ' })],
    ['another scheme', async () => ({ authorization: `Basic ${own.masterKey}` })],
    ['no scheme', async () => ({ authorization: own.masterKey })],
    [
      'a forged key',
      async () => ({ authorization: `Bearer ${own.masterKey.slice(0, -1)}${own.masterKey.endsWith('0') ? '1' : '0'}` }),
    ],
    ['two keys', async () => ({ authorization: `Bearer ${own.masterKey}, Bearer ${own.masterKey}` })],
    ['a master key in a header of the gateway', async () => ({ 'x-api-key': own.masterKey })],
    ['an API key', async () => ({ authorization: `Bearer ${own.apiKey}` })],
    [
      'a well-made master key that was never stored',
      async () => ({ authorization: `Bearer ${(await makeKey('master', own.organizationId, env.KEY_SECRET)).secret}` }),
    ],
    [
      'a deleted master key',
      async () => {
        const { secret, hash } = await makeKey('master', own.organizationId, env.KEY_SECRET);
        await env.DB.prepare(
          `INSERT INTO master_keys (id, organization_id, name, hash, masked, created_at, deleted_at) VALUES (?, ?, 'Old', ?, '', 0, 1)`,
        )
          .bind(`mky_${hash.slice(0, 16)}`, own.organizationId, hash)
          .run();
        return { authorization: `Bearer ${secret}` };
      },
    ],
    [
      'a master key of this organization stored for another',
      async () => {
        const { secret, hash } = await makeKey('master', own.organizationId, env.KEY_SECRET);
        await env.DB.prepare(
          `INSERT INTO master_keys (id, organization_id, name, hash, masked, created_at) VALUES (?, ?, 'Stray', ?, '', 0)`,
        )
          .bind(`mky_${hash.slice(0, 16)}`, other.organizationId, hash)
          .run();
        return { authorization: `Bearer ${secret}` };
      },
    ],
  ])('with %s is a 401', async (_case, headersOf) => {
    const headers = await headersOf();
    const sent = body && { body: JSON.stringify(body(own)) };
    const response = await exports.default.fetch(ORIGIN + path(own), {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...sent,
    });
    expect(await refusal(response)).toMatchObject({ status: 401, code: 'unauthorized', param: null });
    await untouched(own);
  });

  it('with a master key of another organization is the 404 of one that never was', async () => {
    const foreign = await refusal(await call(method, path(own), other.masterKey, body?.(own)));
    const nowhere = { ...own, organizationId: 'org_0000000000000000' };
    const unknown = await refusal(await call(method, path(nowhere), other.masterKey, body?.(own)));
    expect(foreign).toEqual({ status: 404, code: 'not_found', param: null, message: 'There is no such organization.' });
    expect(unknown).toEqual(foreign);
    await untouched(own);
  });
});

describe('a stranger', () => {
  it.each([
    ['PUT', budgetPath, '{"usageLimit":'],
    ['PUT', budgetPath, ''],
    ['PUT', budgetPath, 'x'.repeat(100_000)],
    ['POST', keysPath, ''],
    ['PUT', budgetPath, { usageLimit: -1 }],
    ['POST', keysPath, {}],
    ['PATCH', (of: Seeded) => `/orgs/${of.organizationId}/members/${of.memberId}`, { role: 'king' }],
    ['DELETE', (of: Seeded) => `/orgs/${of.organizationId}/members/nobody`, undefined],
    ['POST', (of: Seeded) => `/orgs/${of.organizationId}/invitations`, { email: 1 }],
    ['PUT', (of: Seeded) => `/orgs/${of.organizationId}/invitations/nobody/budget`, '{'],
    ['POST', keysPath, 'x'.repeat(100_000)],
    ['GET', (of: Seeded) => `${keysPath(of)}?limit=0`, undefined],
    ['GET', (of: Seeded) => `/analytics/activity?organizationId=${of.organizationId}&from=x&nope=1`, undefined],
  ])('hears nothing of what is wrong with a request: %s', async (method, path, body) => {
    expect(await refusal(await call(method, path(own), own.apiKey, body))).toMatchObject({ status: 401 });
    expect(await refusal(await call(method, path(own), other.masterKey, body))).toMatchObject({ status: 404 });
  });
});

describe('a master key', () => {
  it('acts as an admin: it cannot set the budget of an owner', async () => {
    const seeded = await seedOrganization({ role: 'owner' });
    expect(await refusal(await call('PUT', budgetPath(seeded), seeded.masterKey, { usageLimit: '0' }))).toEqual({
      status: 403,
      code: 'role_required',
      param: null,
      message: 'Admins cannot modify owners.',
    });
    expect((await memberOf(seeded)).budget.version).toBe(1);
  });

  it.each(['admin', 'finance', 'developer', 'basic', 'api'] as const)(
    'sets the budget of a member who is %s',
    async (role) => {
      const seeded = await seedOrganization({ role });
      expect((await call('PUT', budgetPath(seeded), seeded.masterKey, { usageLimit: '0' })).status).toBe(200);
    },
  );

  it('of an organization without the plan hears which plan it takes, after its own 404s', async () => {
    const seeded = await seedOrganization({ plan: 'pro' });
    const path = `/analytics/activity?organizationId=${seeded.organizationId}`;
    expect(await refusal(await call('GET', path, seeded.masterKey))).toMatchObject({
      status: 403,
      code: 'plan_required',
    });
    expect(await refusal(await call('GET', path, other.masterKey))).toMatchObject({ status: 404 });
    expect((await call('GET', `${path}&projectId=${seeded.projectId}`, seeded.masterKey)).status).toBe(200);
  });
});

describe('a personal organization', () => {
  it.each<[string, (of: Seeded) => string]>([
    ['PUT', budgetPath],
    ['GET', defaultPath],
    ['PUT', defaultPath],
  ])('has no member budgets: %s %s', async (method, path) => {
    const seeded = await seedOrganization();
    await env.DB.prepare("UPDATE organizations SET kind = 'personal' WHERE id = ?").bind(seeded.organizationId).run();
    const body = method === 'PUT' ? { usageLimit: -1 } : undefined;
    expect(await refusal(await call(method, path(seeded), seeded.masterKey, body))).toEqual({
      status: 403,
      code: 'team_required',
      param: null,
      message: 'Member budgets are for team accounts. Convert this account or join a team.',
    });
    expect(await refusal(await call(method, path(seeded), other.masterKey, body))).toMatchObject({ status: 404 });
    expect((await memberOf(seeded)).budget.version).toBe(1);
  });
});

describe('what is not there', () => {
  it.each<[string, (of: Seeded) => string]>([
    ['GET', () => '/'],
    ['GET', () => '/analytics/nothing'],
    ['PUT', organizationPath],
    ['GET', ({ organizationId }) => `/orgs/${organizationId}/nothing`],
    ['GET', (of) => `${keysPath(of)}/`],
    ['GET', () => '/orgs/%FF%FE/nothing'],
    ['GET', budgetPath],
    ['DELETE', budgetPath],
    ['PATCH', keysPath],
    ['PUT', ({ organizationId }) => `/orgs/${organizationId}/members`],
    ['GET', ({ organizationId }) => `/orgs/${organizationId}/members/me`],
    ['DELETE', () => '/analytics/activity'],
    ['GET', ({ organizationId }) => `/orgs/${organizationId}/rollups`],
    ['POST', () => '/health'],
  ])('is a 404 in the same envelope: %s %s', async (method, path) => {
    expect(await refusal(await call(method, path(own), own.masterKey))).toMatchObject({
      status: 404,
      code: 'not_found',
    });
  });
});
