/** .../projects: who sees which, and an archived one is closed at the gateway with the next request. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { LIMITS } from '../../src/limits.ts';
import type { Role } from '../../src/teams/roles.ts';
import { chat, type ErrorBody, get, json, keyOf } from '../support/gateway.ts';
import { grant, type Person, person } from '../support/people.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, callIn, type Json, policyState, refusal, request, UNREACHABLE, withObjects } from './management.ts';

const pathOf = ({ organizationId }: Seeded, projectId?: string) =>
  `/orgs/${organizationId}/projects${projectId === undefined ? '' : `/${projectId}`}`;

async function create(seeded: Seeded, name: string): Promise<string> {
  const response = await call('POST', pathOf(seeded), seeded.masterKey, { name });
  const { id, ...project } = await json<{ id: string }>(response);
  expect([response.status, project]).toEqual([
    201,
    { name, archived: false, createdAt: expect.stringMatching(/Z$/), archivedAt: null },
  ]);
  return id;
}

async function namesFor(who: { send: Person['send'] }, seeded: Seeded, query = ''): Promise<string[]> {
  const { status, body } = await who.send('GET', pathOf(seeded) + query);
  expect(status).toBe(200);
  return (body.projects as { name: string }[]).map(({ name }) => name);
}

async function gateway(apiKey: string): Promise<[number, string | null]> {
  const response = await chat(apiKey);
  return [response.status, response.ok ? null : (await json<ErrorBody>(response)).error.code];
}

async function entriesOf({ organizationId }: Seeded): Promise<{ action: string; before: Json; after: Json }[]> {
  const { results } = await env.DB.prepare(
    'SELECT action, before, after FROM audit_entries WHERE organization_id = ? ORDER BY n',
  )
    .bind(organizationId)
    .all<{ action: string; before: string; after: string }>();
  return results.map(({ action, before, after }) => ({ action, before: JSON.parse(before), after: JSON.parse(after) }));
}

describe('an archived project', () => {
  it.each(['DELETE', 'PATCH'])('refuses its keys with the next request, and takes them again: %s', async (method) => {
    const seeded = await seedOrganization();
    // The object has a policy: what changes must reach it by push.
    expect(await gateway(seeded.apiKey)).toEqual([200, null]);
    const change = method === 'PATCH' ? { archived: true } : undefined;
    const archived = await call(method, pathOf(seeded, seeded.projectId), seeded.masterKey, change);
    expect([archived.status, await json(archived)]).toEqual([
      200,
      expect.objectContaining({ archived: true, archivedAt: expect.any(String), applied: 1, pending: 0 }),
    ]);
    expect(await gateway(seeded.apiKey)).toEqual([410, 'project_archived']);
    const back = await call('PATCH', pathOf(seeded, seeded.projectId), seeded.masterKey, { archived: false });
    expect(await json(back)).toMatchObject({ archived: false, archivedAt: null, applied: 1 });
    expect(await gateway(seeded.apiKey)).toEqual([200, null]);
    expect((await entriesOf(seeded)).map(({ action }) => action)).toEqual(['project.archived', 'project.restored']);
  });

  it('keeps its usage', async () => {
    const seeded = await seedOrganization();
    await chat(seeded.apiKey);
    const { usage } = await keyOf(seeded.apiKey);
    await call('DELETE', pathOf(seeded, seeded.projectId), seeded.masterKey);
    await call('POST', `/orgs/${seeded.organizationId}/rollups`, seeded.masterKey);
    const query = `organizationId=${seeded.organizationId}&projectId=${seeded.projectId}`;
    const activity = await json<{ totals: { cost: string } }>(
      await get(`/analytics/activity?${query}`, seeded.masterKey),
    );
    expect(activity.totals.cost).toBe(usage);
    expect(usage).not.toBe('0');
  });

  it('leaves the keys of other projects alone, and archived twice is written once', async () => {
    const seeded = await seedOrganization();
    const other = await create(seeded, 'Other');
    const version = (await policyState(seeded.memberId))?.version;
    for (let times = 0; times < 2; times++) {
      const response = await call('DELETE', pathOf(seeded, other), seeded.masterKey);
      expect([response.status, await json(response)]).toEqual([
        200,
        expect.objectContaining({ archived: true, applied: 0, pending: 0 }),
      ]);
    }
    expect((await entriesOf(seeded)).map(({ action }) => action)).toEqual(['project.created', 'project.archived']);
    expect(await gateway(seeded.apiKey)).toEqual([200, null]);
    expect((await policyState(seeded.memberId))?.version).toBe(version);
  });

  it('whose members cannot be told is a 202 that says how many, and the cron goes on', async () => {
    const seeded = await seedOrganization();
    const archive = request('DELETE', pathOf(seeded, seeded.projectId), seeded.masterKey);
    const response = await callIn(
      withObjects(() => UNREACHABLE),
      archive,
    );
    expect([response.status, await json(response)]).toEqual([
      202,
      expect.objectContaining({ archived: true, applied: 0, pending: 1 }),
    ]);
    expect((await policyState(seeded.memberId))?.waiting).toBe(1);
  });
});

describe('a project', () => {
  it('is renamed, and the log tells only that', async () => {
    const seeded = await seedOrganization();
    const response = await call('PATCH', pathOf(seeded, seeded.projectId), seeded.masterKey, { name: ' New name ' });
    expect([response.status, await json(response)]).toEqual([200, expect.objectContaining({ name: 'New name' })]);
    const [entry, ...others] = await entriesOf(seeded);
    expect(entry).toEqual({ action: 'project.updated', before: { name: 'Project' }, after: { name: 'New name' } });
    expect(others).toEqual([]);
  });

  it.each<[string, string, unknown, string | null]>([
    ['POST', '', {}, 'name'],
    ['POST', '', { name: '  ' }, 'name'],
    ['POST', '', { name: 'x'.repeat(101) }, 'name'],
    ['POST', '', { name: 5 }, 'name'],
    ['POST', '', { name: 'a\u0000b' }, 'name'],
    ['POST', '', { name: 'two\nlines' }, 'name'],
    ['POST', '', '{"name":"half a pair: \\ud83d"}', 'name'],
    ['POST', '', { name: 'x', owner: 'me' }, 'owner'],
    ['POST', '', '{"name":', null],
    ['PATCH', 'own', {}, null],
    ['PATCH', 'own', { archived: 'yes' }, 'archived'],
    ['PATCH', 'own', { archivedAt: null }, 'archivedAt'],
    ['GET', '?sort=price', undefined, 'sort'],
    ['GET', '?archived=maybe', undefined, 'archived'],
    ['GET', '?limit=0', undefined, 'limit'],
    ['GET', '?nope=1', undefined, 'nope'],
  ])('asked for badly is a 400 that names the field: %s %s %j', async (method, which, body, param) => {
    const seeded = await seedOrganization();
    const path = which === 'own' ? pathOf(seeded, seeded.projectId) : pathOf(seeded) + which;
    expect(await refusal(await call(method, path, seeded.masterKey, body))).toMatchObject({ status: 400, param });
    expect(await entriesOf(seeded)).toEqual([]);
  });

  it('is one of at most so many', async () => {
    const seeded = await seedOrganization();
    await env.DB.prepare(
      `WITH RECURSIVE count(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM count WHERE i < ?2)
       INSERT INTO projects (id, organization_id, name, created_at) SELECT 'prj_' || ?1 || i, ?1, 'Many', 0 FROM count`,
    )
      .bind(seeded.organizationId, LIMITS.projectsMax)
      .run();
    const refused = await refusal(await call('POST', pathOf(seeded), seeded.masterKey, { name: 'One more' }));
    expect(refused).toMatchObject({ status: 400, message: 'An organization has at most 1000 projects.' });
  });

  it('is listed in pages by name, by age and by whether it is archived', async () => {
    const seeded = await seedOrganization();
    for (const name of ['alpha', 'Beta', 'gamma']) await create(seeded, name);
    const away = await create(seeded, 'away');
    await call('DELETE', pathOf(seeded, away), seeded.masterKey);
    const list = async (query: string) => {
      const answer = await json<{ projects: { name: string }[]; nextCursor: string | null }>(
        await call('GET', pathOf(seeded) + query, seeded.masterKey),
      );
      return { names: answer.projects.map(({ name }) => name), nextCursor: answer.nextCursor };
    };
    expect((await list('')).names).toEqual(['alpha', 'away', 'Beta', 'gamma', 'Project']);
    expect((await list('?sort=-name&archived=false')).names).toEqual(['Project', 'gamma', 'Beta', 'alpha']);
    expect((await list('?archived=true')).names).toEqual(['away']);
    expect((await list('?q=A&sort=createdAt')).names.toSorted()).toEqual(['Beta', 'alpha', 'away', 'gamma'].toSorted());
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await list(`?limit=2&sort=-name${cursor}`);
      seen.push(...page.names);
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(seen).toEqual(['Project', 'gamma', 'Beta', 'away', 'alpha']);
  });
});

describe('of projects', () => {
  const ROLES: Role[] = ['owner', 'admin', 'finance', 'developer', 'basic'];
  let seeded: Seeded;
  let other: Seeded;
  let second: string;
  const people = new Map<Role, Person>();
  beforeAll(async () => {
    seeded = await seedOrganization();
    other = await seedOrganization();
    second = await create(seeded, 'Second');
    for (const role of ROLES) people.set(role, await person(seeded.organizationId, role));
    await grant(people.get('developer')?.memberId ?? '', second);
  });

  it.each(ROLES)('%s sees and changes what its role may', async (role) => {
    const who = people.get(role);
    if (!who) throw new Error(`nobody is ${role}`);
    const seesAll = role === 'owner' || role === 'admin' || role === 'finance';
    const seen = seesAll ? ['Project', 'Second'] : role === 'developer' ? ['Second'] : [];
    expect(await namesFor(who, seeded)).toEqual(seen);
    const statuses = await Promise.all(
      [seeded.projectId, second, other.projectId, newId('prj')].map(
        async (id) => (await who.send('GET', pathOf(seeded, id))).status,
      ),
    );
    expect(statuses).toEqual([seen.includes('Project') ? 200 : 404, seen.includes('Second') ? 200 : 404, 404, 404]);
    const changes = role === 'owner' || role === 'admin';
    const renamed = await who.send('PATCH', pathOf(seeded, second), { name: 'Second' });
    expect(renamed.status).toBe(changes ? 200 : 403);
    expect((await who.send('DELETE', pathOf(seeded, other.projectId))).status).toBe(changes ? 404 : 403);
    expect((await who.send('GET', pathOf(other))).status).toBe(404);
    expect((await who.send('POST', pathOf(other), { name: 'Mine' })).status).toBe(404);
    if (changes) return;
    expect((await who.send('POST', pathOf(seeded), { name: 'Mine' })).body).toMatchObject({
      error: { code: 'role_required', message: 'Only owners and admins can manage projects.' },
    });
  });

  it('a developer sees all where the plan scopes none', async () => {
    const pro = await seedOrganization({ plan: 'pro' });
    expect(await namesFor(await person(pro.organizationId, 'developer'), pro)).toEqual(['Project']);
  });

  it('a grant is seen, and its end is, with the next request', async () => {
    const { memberId, send } = await person(seeded.organizationId, 'developer');
    expect(await namesFor({ send }, seeded)).toEqual([]);
    await grant(memberId, second);
    expect(await namesFor({ send }, seeded)).toEqual(['Second']);
    await env.DB.prepare('DELETE FROM project_grants WHERE member_id = ?').bind(memberId).run();
    expect((await send('GET', pathOf(seeded, second))).status).toBe(404);
  });
});
