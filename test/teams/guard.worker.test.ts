/** Who may call the management routes at all: every route by every credential, before anything of the request is read. */
import { env, exports } from 'cloudflare:workers';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '../../src/teams/keys.ts';
import { ORIGIN } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { budgetPath, call, defaultPath, keysPath, memberOf, organizationPath, refusal } from './management.ts';

type Route = [method: string, path: (of: Seeded) => string, body?: (of: Seeded) => unknown];

const ROUTES: Route[] = [
  ['GET', organizationPath],
  ['PATCH', organizationPath, () => ({ replay: false })],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/members`],
  ['GET', ({ organizationId, memberId }) => `/orgs/${organizationId}/members/${memberId}`],
  [
    'POST',
    ({ organizationId }) => `/orgs/${organizationId}/members`,
    ({ projectId }) => ({ name: 'Job', apiOnly: true, projects: [projectId] }),
  ],
  ['PATCH', ({ organizationId, memberId }) => `/orgs/${organizationId}/members/${memberId}`, () => ({ role: 'basic' })],
  ['DELETE', ({ organizationId, memberId }) => `/orgs/${organizationId}/members/${memberId}`],
  ['PUT', budgetPath, () => ({ usageLimit: '0' })],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/seats`],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/invitations`],
  ['GET', defaultPath],
  ['PUT', defaultPath, () => ({ usageLimit: '0' })],
  ['GET', keysPath],
  ['GET', (of) => `${keysPath(of)}/${of.keyId}`],
  ['PATCH', (of) => `${keysPath(of)}/${of.keyId}`, () => ({ status: 'disabled' })],
  ['DELETE', (of) => `${keysPath(of)}/${of.keyId}`],
  ['POST', (of) => `${keysPath(of)}/${of.keyId}/roll`],
  ['POST', keysPath, ({ memberId, projectId }) => ({ memberId, projectId, name: 'Not mine' })],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/projects`],
  ['POST', ({ organizationId }) => `/orgs/${organizationId}/projects`, () => ({ name: 'Not mine' })],
  ['GET', ({ organizationId, projectId }) => `/orgs/${organizationId}/projects/${projectId}`],
  ['PATCH', ({ organizationId, projectId }) => `/orgs/${organizationId}/projects/${projectId}`, () => ({ name: 'x' })],
  ['DELETE', ({ organizationId, projectId }) => `/orgs/${organizationId}/projects/${projectId}`],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/master-keys`],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/health`],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/wallet`],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/audit-log`],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/audit-log?format=jsonl`],
  ['GET', ({ organizationId }) => `/orgs/${organizationId}/audit-log/verify`],
  ['GET', ({ organizationId }) => `/analytics/activity?organizationId=${organizationId}`],
  ['GET', (of) => `/analytics/activity?organizationId=${of.organizationId}&projectId=${of.projectId}`],
  ['POST', ({ organizationId }) => `/orgs/${organizationId}/rollups`],
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

describe('what only people have', () => {
  it.each<[string, (of: Seeded) => string, unknown?]>([
    ['DELETE', organizationPath],
    ['POST', (of) => `${organizationPath(of)}/restore`],
    ['POST', (of) => `${organizationPath(of)}/convert`, {}],
  ])('is refused to a master key, and told to nobody else: %s', async (method, path, body) => {
    expect(await refusal(await call(method, path(own), own.masterKey, body))).toMatchObject({
      status: 403,
      code: 'role_required',
    });
    expect(await refusal(await call(method, path(own), other.masterKey, body))).toMatchObject({ status: 404 });
    expect(await refusal(await call(method, path(own), own.apiKey, body))).toMatchObject({ status: 401 });
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

describe('any request at all', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', '\u0000', '\ud800', '-1', '1e308', 'null'),
  );
  const value = fc.oneof(
    fc.jsonValue(),
    text,
    fc.double(),
    fc.constantFrom(null, 0, -1, 1.5, 2 ** 53, '5', 'unlimited', 'hour', 'cycle', true),
  );
  const json = (body: unknown) => JSON.stringify(body);
  const anyOf = (...fields: string[]) =>
    fc
      .dictionary(fc.oneof({ arbitrary: fc.constantFrom(...fields), weight: 9 }, { arbitrary: text, weight: 1 }), value)
      .map(json);
  const raw = fc.oneof(fc.json(), text, fc.uint8Array({ maxLength: 64 }));

  /** Answered or refused in the envelope, and never by a failure of ours. */
  async function sound(response: Response): Promise<number> {
    if (response.ok) await response.text();
    else await refusal(response);
    return response.status;
  }

  /** Statuses seen, so that a test can tell that it was not all refusals. */
  async function below500(response: Response, seen = new Set<number>()): Promise<void> {
    const status = await sound(response);
    seen.add(status);
    expect(status).toBeLessThan(500);
  }

  it('to set a budget is taken or refused', async () => {
    const fields = [
      'maxApiKeys',
      'usageLimit',
      'usageLimitBasis',
      'newCycle',
      'periodUsageLimit',
      'periodUsageDurationValue',
      'periodUsageDurationUnit',
      'periodAlignment',
      'requestsPerMinute',
      'tokensPerMinute',
      'concurrency',
      'version',
    ];
    const seeded = await seedOrganization();
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyOf(...fields), raw), async (body) => {
        await below500(await call('PUT', budgetPath(seeded), seeded.masterKey, body), seen);
        await below500(await call('PUT', defaultPath(seeded), seeded.masterKey, body), seen);
      }),
      { numRuns: 100 },
    );
    expect([...seen]).toEqual(expect.arrayContaining([200, 400]));
  });

  it('to make a key is taken or refused', async () => {
    const seeded = await seedOrganization();
    const seen = new Set<number>();
    const { projectId, memberId } = seeded;
    const mostly = <T>(good: fc.Arbitrary<T>) =>
      fc.oneof({ arbitrary: good, weight: 5 }, { arbitrary: value, weight: 1 });
    const likely = fc
      .record({
        projectId: mostly(fc.constant(projectId)),
        memberId: mostly(fc.constant(memberId)),
        name: mostly(text),
        expiresAt: mostly(fc.constantFrom(null, '2999-01-01T00:00Z', '2999-01-01T00:00:00.123456789Z')),
        limits: mostly(
          fc.dictionary(fc.constantFrom('usageLimit', 'periodUsageLimit'), fc.constantFrom(null, '0', '5')),
        ),
      })
      .map(json);
    await fc.assert(
      fc.asyncProperty(fc.oneof({ arbitrary: likely, weight: 4 }, { arbitrary: raw, weight: 1 }), async (body) => {
        await below500(await call('POST', keysPath(seeded), seeded.masterKey, body), seen);
      }),
      { numRuns: 100 },
    );
    expect([...seen]).toEqual(expect.arrayContaining([201, 400]));
  });

  it.each<[string, (of: Seeded) => string, string[]]>([
    ['members', ({ organizationId }) => `/orgs/${organizationId}/members?`, ['limit', 'cursor', 'q', 'sort']],
    ['keys', (of) => `${keysPath(of)}?`, ['limit', 'cursor', 'q', 'memberId']],
    [
      'activity',
      ({ organizationId }) => `/analytics/activity?organizationId=${organizationId}&`,
      ['from', 'to', 'timezone', 'groupBy', 'granularity', 'projectId', 'apiKeyId', 'organizationId'],
    ],
  ])('to read %s is answered or refused', async (_, path, names) => {
    const query = fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(text, fc.nat(200).map(String))), {
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(query, async (pairs) => {
        await below500(await call('GET', path(own) + new URLSearchParams(pairs), own.masterKey));
      }),
      { numRuns: 60 },
    );
  });

  it('with any path is answered or refused', async () => {
    const segment = text.map((given) => encodeURIComponent(given.toWellFormed()).replaceAll('.', '%2E'));
    await fc.assert(
      fc.asyncProperty(segment, segment, async (org, member) => {
        await below500(await call('GET', `/orgs/${org}/members/${member}`, own.masterKey));
        await below500(await call('GET', `/orgs/${own.organizationId}/members/${member}`, own.masterKey));
      }),
      { numRuns: 40 },
    );
  });
});
