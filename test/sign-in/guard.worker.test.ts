/** The guard for people: who is signed in acts as the member that they are now, from our own pages only. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../src/teams/roles.ts';
import { abilitiesOf, roleMay } from '../../src/teams/roles.ts';
import { Browser, insertMember, insertUser, meOf, refused, signedInBrowser } from '../support/browser.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { budgetPath, defaultPath, keysPath } from '../teams/management.ts';

const ROLES: Role[] = ['owner', 'admin', 'finance', 'developer', 'basic', 'api'];

let own: Seeded;
let other: Seeded;
const browsers = new Map<Role, Browser>();
beforeAll(async () => {
  own = await seedOrganization();
  other = await seedOrganization();
  for (const role of ROLES) {
    await insertMember(own.organizationId, await insertUser(`${role}@example.com`), role);
    browsers.set(role, await signedInBrowser(`${role}@example.com`));
  }
});

function as(role: Role): Browser {
  const browser = browsers.get(role);
  if (!browser) throw new Error(`nobody is ${role}`);
  return browser;
}

describe.each(ROLES)('a signed-in %s', (role) => {
  it.each([
    ['members.read', 'GET', (of: Seeded) => `/orgs/${of.organizationId}/members/${of.memberId}`, undefined],
    ['budgets.read', 'GET', defaultPath, undefined],
    ['budgets.write', 'PUT', budgetPath, { usageLimit: '5' }],
    ['keys.own', 'GET', keysPath, undefined],
    ['projects.read', 'GET', (of: Seeded) => `/orgs/${of.organizationId}/projects`, undefined],
    ['health.read', 'GET', (of: Seeded) => `/orgs/${of.organizationId}/health?prove=stored`, undefined],
    [
      'analytics.organization',
      'GET',
      (of: Seeded) => `/analytics/activity?organizationId=${of.organizationId}`,
      undefined,
    ],
    ['rollups.run', 'POST', (of: Seeded) => `/orgs/${of.organizationId}/rollups`, undefined],
  ] as const)('may do what its role may: %s', async (ability, method, path, body) => {
    const answer = await as(role).send(method, path(own), body);
    if (roleMay(role, ability)) expect(answer.status).toBe(200);
    else expect(refused(answer)).toEqual([403, 'role_required', null]);
    // In another organization they are strangers, whatever they may here.
    expect(refused(await as(role).send(method, path(other), body))).toEqual([404, 'not_found', null]);
  });

  it('is told by /me what it may', async () => {
    const me = await meOf(as(role));
    expect(me.memberships).toEqual([
      expect.objectContaining({
        organizationId: own.organizationId,
        role,
        plan: 'enterprise',
        abilities: abilitiesOf(role),
        features: expect.arrayContaining(['analytics.organization']),
      }),
    ]);
  });
});

describe('somebody signed in', () => {
  it('is a stranger from the moment they are removed, and another once their role has changed', async () => {
    const memberId = await insertMember(own.organizationId, await insertUser('leaving@example.com'), 'admin');
    const browser = await signedInBrowser('leaving@example.com');
    const members = () => browser.get(`/orgs/${own.organizationId}/members/${own.memberId}`);
    expect((await members()).status).toBe(200);
    await env.DB.prepare("UPDATE members SET role = 'developer' WHERE id = ?").bind(memberId).run();
    expect(refused(await members())).toEqual([403, 'role_required', null]);
    await env.DB.prepare("UPDATE members SET role = 'admin', removed_at = 1 WHERE id = ?").bind(memberId).run();
    const gone = await members();
    const never = await browser.get(`/orgs/org_0000000000000000/members/${own.memberId}`);
    expect([gone.status, gone.body]).toEqual([404, never.body]);
    expect((await meOf(browser)).memberships).toEqual([]);
  });

  it('has a role of its own in each of several organizations', async () => {
    const userId = await insertUser('both@example.com');
    await insertMember(own.organizationId, userId, 'owner');
    await insertMember(other.organizationId, userId, 'developer');
    const browser = await signedInBrowser('both@example.com');
    expect((await browser.get(`/orgs/${own.organizationId}/members`)).status).toBe(200);
    expect(refused(await browser.get(`/orgs/${other.organizationId}/members/${other.memberId}`))).toEqual([
      403,
      'role_required',
      null,
    ]);
    const roles = (await meOf(browser)).memberships.map(({ role }) => role);
    expect(roles.toSorted()).toEqual(['developer', 'owner']);
  });

  it('changes nothing from another site, and reads nothing of another session', async () => {
    for (const origin of ['https://evil.test', 'null', '']) {
      const answer = await as('owner').send('PUT', budgetPath(own), { usageLimit: '0' }, { origin });
      expect(refused(answer)).toEqual([403, 'cross_origin', null]);
    }
    expect((await as('owner').send('PUT', budgetPath(own), { usageLimit: '7' })).status).toBe(200);
    // A header counts before a cookie, also a bad one.
    const headers = { authorization: 'Bearer psm_nonsense' };
    expect(refused(await as('owner').send('GET', budgetPath(own), undefined, headers))[0]).toBeOneOf([401, 404]);
    const listed = await as('owner').send('GET', keysPath(own), undefined, headers);
    expect(refused(listed)).toEqual([401, 'unauthorized', null]);
  });

  it('is not asked for a site where a master key is sent', async () => {
    const browser = new Browser(env);
    const headers = { authorization: `Bearer ${own.masterKey}`, origin: 'https://tool.test' };
    expect((await browser.send('PUT', budgetPath(own), { usageLimit: '9' }, headers)).status).toBe(200);
  });

  it('hears 401 once the session has ended, before anything else', async () => {
    const userId = await insertUser('ended@example.com');
    await insertMember(own.organizationId, userId, 'owner');
    const browser = await signedInBrowser('ended@example.com');
    await env.DB.prepare('UPDATE sessions SET expires_at = ? WHERE user_id = ?').bind(Date.now(), userId).run();
    const answer = await browser.send('PUT', budgetPath(own), '{"nonsense', { origin: 'https://evil.test' });
    expect(refused(answer)).toEqual([401, 'unauthorized', null]);
    expect(refused(await browser.get('/analytics/activity'))).toEqual([401, 'unauthorized', null]);
  });

  it('has to say of which organization', async () => {
    expect(refused(await as('owner').get('/analytics/activity'))).toEqual([
      400,
      'invalid_request_error',
      'organizationId',
    ]);
  });
});
