/** Roles, projects, removal, leaving and handing over, by real people in real browsers. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import type { Role } from '../../src/teams/roles.ts';
import { type Answer, meOf, refused } from '../support/browser.ts';
import { chat, eventsIn, json, keyOf } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { seedTeam } from '../support/team.ts';
import { call, defaultPath, type Json, keysPath, type MemberBody, memberOf, refusal, setBudget } from './management.ts';

const pathOf = ({ organizationId }: Seeded, memberId: string) => `/orgs/${organizationId}/members/${memberId}`;
const messageOf = ({ body }: Answer) => (body.error as { message: string }).message;

async function newestEntry({ organizationId, masterKey }: Seeded): Promise<Json | undefined> {
  const { entries } = await json<{ entries: Json[] }>(
    await call('GET', `/orgs/${organizationId}/audit-log`, masterKey),
  );
  return entries[0];
}

async function insertProject({ organizationId }: Seeded): Promise<string> {
  const id = newId('prj');
  await env.DB.prepare('INSERT INTO projects (id, organization_id, name, created_at) VALUES (?, ?, ?, 0)')
    .bind(id, organizationId, 'Another')
    .run();
  return id;
}

describe('a changed role', () => {
  it('counts with the next request, and is told by one audit entry', async () => {
    const { seeded, people } = await seedTeam({ ada: 'owner', bob: 'basic' });
    const { ada, bob } = people;
    const health = () => bob.browser.get(`/orgs/${seeded.organizationId}/health?prove=stored`);
    expect(refused(await health())).toEqual([403, 'role_required', null]);
    const changed = await ada.browser.send('PATCH', pathOf(seeded, bob.memberId), { role: 'finance' });
    expect([changed.status, changed.body]).toEqual([200, expect.objectContaining({ role: 'finance', version: 2 })]);
    expect((await health()).status).toBe(200);
    expect(await newestEntry(seeded)).toMatchObject({
      action: 'member.updated',
      target: { id: bob.memberId },
      before: { role: 'basic' },
      after: { role: 'finance' },
    });
  });

  it('changes what is inherited: a developer made admin is under no default, and made developer again starts a cycle', async () => {
    const seeded = await seedOrganization();
    await call('PUT', defaultPath(seeded), seeded.masterKey, { usageLimit: '0.00003', usageLimitBasis: 'cycle' });
    const small = { demo: { outputTokens: 4 }, max_tokens: 4 };
    expect((await chat(seeded.apiKey, small)).status).toBe(200);
    expect((await memberOf(seeded)).status).toMatchObject({ budgetType: 'one-time', usage: '0.00001' });
    const turn = async (role: Role) => {
      const answer = await call('PATCH', pathOf(seeded, seeded.memberId), seeded.masterKey, { role });
      expect(answer.status).toBe(200);
      return json<MemberBody>(answer);
    };
    expect((await turn('admin')).status).toMatchObject({ budgetType: 'unlimited' });
    for (let i = 0; i < 3; i++) expect((await chat(seeded.apiKey, small)).status).toBe(200);
    expect((await turn('developer')).status).toMatchObject({
      budgetType: 'one-time',
      usage: '0',
      remaining: '0.00003',
    });
  });

  it('takes from a basic member the use of their keys, and gives it back with the role', async () => {
    const seeded = await seedOrganization();
    const turn = (role: Role) => call('PATCH', pathOf(seeded, seeded.memberId), seeded.masterKey, { role });
    expect((await turn('basic')).status).toBe(200);
    expect((await chat(seeded.apiKey)).status).toBe(403);
    expect((await turn('developer')).status).toBe(200);
    expect((await chat(seeded.apiKey)).status).toBe(200);
  });
});

describe('projects', () => {
  it('are exactly those picked, from the next request on', async () => {
    const seeded = await seedOrganization();
    const another = await insertProject(seeded);
    const patch = (projects: string[]) =>
      call('PATCH', pathOf(seeded, seeded.memberId), seeded.masterKey, { projects });
    expect(await json(await patch([another, another]))).toMatchObject({ projects: [another] });
    expect((await chat(seeded.apiKey)).status).toBe(403);
    expect((await patch([another, seeded.projectId])).status).toBe(200);
    expect((await chat(seeded.apiKey)).status).toBe(200);
    expect((await memberOf(seeded)).projects.toSorted()).toEqual([another, seeded.projectId].toSorted());
  });

  it.each<[string, (seeded: Seeded, foreign: Seeded) => Json, string]>([
    ['none for a developer', () => ({ projects: [] }), 'Developers need at least one project.'],
    ["another organization's", (_, foreign) => ({ projects: [foreign.projectId] }), 'There is no such project.'],
    ['one that never was', () => ({ projects: ['prj_0000000000000000'] }), 'There is no such project.'],
    ['no list', (seeded) => ({ projects: seeded.projectId }), 'projects must be a list of project ids.'],
  ])('are refused: %s', async (_, bodyOf, message) => {
    const [seeded, foreign] = [await seedOrganization(), await seedOrganization()];
    const answer = await call('PATCH', pathOf(seeded, seeded.memberId), seeded.masterKey, bodyOf(seeded, foreign));
    expect(await refusal(answer)).toEqual({ status: 400, code: 'invalid_request_error', param: 'projects', message });
    expect(await memberOf(seeded)).toMatchObject({ projects: [seeded.projectId], version: 1 });
  });

  it('are needed by developers of a plan that scopes them, and by no one else', async () => {
    for (const plan of ['enterprise', 'free'] as const) {
      const seeded = await seedOrganization({ plan, role: 'basic' });
      await env.DB.prepare('DELETE FROM project_grants WHERE member_id = ?').bind(seeded.memberId).run();
      const answer = await call('PATCH', pathOf(seeded, seeded.memberId), seeded.masterKey, { role: 'developer' });
      expect(answer.status).toBe(plan === 'enterprise' ? 400 : 200);
    }
  });
});

describe('rules', () => {
  it('of a member hold for every key of theirs, from the next request on', async () => {
    const seeded = await seedOrganization();
    const patch = (rules: Json) => call('PATCH', pathOf(seeded, seeded.memberId), seeded.masterKey, { rules });
    const answer = await patch({ models: { deny: ['demo/words'] } });
    expect(await json(answer)).toMatchObject({ rules: { models: { allow: null, deny: ['demo/words'] } } });
    expect((await chat(seeded.apiKey)).status).toBe(403);
    expect((await chat(seeded.apiKey, { model: 'demo/echo' })).status).toBe(200);
    expect(await newestEntry(seeded)).toMatchObject({ after: { rules: { models: { deny: ['demo/words'] } } } });
    expect((await patch({})).status).toBe(200);
    expect((await chat(seeded.apiKey)).status).toBe(200);
  });
});

describe('a change of members', () => {
  it.each<[string, Role, string, Json, number, string]>([
    ['admin demotes an owner', 'admin', 'owner', { role: 'admin' }, 403, 'Admins cannot modify owners.'],
    ['admin makes an owner', 'admin', 'basic', { role: 'owner' }, 403, 'Only owners can make owners.'],
    [
      'finance changes a role',
      'finance',
      'basic',
      { role: 'admin' },
      403,
      'Only owners and admins can change members.',
    ],
    [
      'developer makes itself admin',
      'developer',
      'self',
      { role: 'admin' },
      403,
      'Only owners and admins can change members.',
    ],
    ['the last owner demotes itself', 'owner', 'self', { role: 'admin' }, 400, 'An organization needs an owner.'],
    [
      'admin changes its own role',
      'admin',
      'self',
      { role: 'basic' },
      400,
      'You cannot change your own role. Ask another owner or admin, or hand over.',
    ],
    [
      'unknown role',
      'owner',
      'basic',
      { role: 'king' },
      400,
      'role must be one of owner, admin, finance, developer, basic, api.',
    ],
    ['a person made a program', 'owner', 'basic', { role: 'api' }, 400, 'The role api is for API-only members.'],
    ['unknown field', 'owner', 'basic', { role: 'admin', rule: 1 }, 400, 'Unknown field: rule.'],
    ['nothing', 'owner', 'basic', {}, 400, 'Name what to change: role, projects, rules.'],
    [
      'a version that is gone',
      'owner',
      'basic',
      { role: 'admin', version: 7 },
      409,
      'The member was changed meanwhile: it is not at version 7 any more.',
    ],
  ])('is refused where %s', async (_, role, target, body, status, message) => {
    const { seeded, people } = await seedTeam({ caller: role, owner: 'owner', basic: 'basic' });
    if (message.startsWith('An organization')) {
      await env.DB.prepare('UPDATE members SET removed_at = 1 WHERE id = ?').bind(people.owner.memberId).run();
    }
    const memberId = target === 'self' ? people.caller.memberId : people[target as 'owner' | 'basic'].memberId;
    const answer = await people.caller.browser.send('PATCH', pathOf(seeded, memberId), body);
    expect([answer.status, messageOf(answer)]).toEqual([status, message]);
    const before = await env.DB.prepare('SELECT member_version FROM members WHERE id = ?').bind(memberId).first();
    expect(before).toEqual({ member_version: 1 });
  });

  it('in a personal organization says what to do', async () => {
    const seeded = await seedOrganization();
    await env.DB.prepare("UPDATE organizations SET kind = 'personal' WHERE id = ?").bind(seeded.organizationId).run();
    const told = await refusal(
      await call('PATCH', pathOf(seeded, seeded.memberId), seeded.masterKey, { role: 'admin' }),
    );
    expect(told).toMatchObject({
      status: 403,
      code: 'team_required',
      message: expect.stringContaining('Convert this account'),
    });
  });

  it('made by two admins against each other at once is won by one', async () => {
    const { seeded, people } = await seedTeam({ ann: 'admin', bea: 'admin' });
    const { ann, bea } = people;
    const answers = await Promise.all([
      ann.browser.send('PATCH', pathOf(seeded, bea.memberId), { role: 'basic' }),
      bea.browser.send('PATCH', pathOf(seeded, ann.memberId), { role: 'basic' }),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403]);
    const { results } = await env.DB.prepare('SELECT role FROM members WHERE id IN (?, ?) ORDER BY role')
      .bind(ann.memberId, bea.memberId)
      .all();
    expect(results).toEqual([{ role: 'admin' }, { role: 'basic' }]);
  });

  it('made twice at once from one version is made once', async () => {
    const { seeded, people } = await seedTeam({ ann: 'admin', bea: 'admin', cal: 'basic' });
    const asked = (by: 'ann' | 'bea', role: Role) =>
      people[by].browser.send('PATCH', pathOf(seeded, people.cal.memberId), { role, version: 1 });
    const answers = await Promise.all([asked('ann', 'finance'), asked('bea', 'admin')]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  });

  it('never leaves an organization without an owner, whoever goes at once', async () => {
    const { seeded, people } = await seedTeam({ ann: 'owner', bea: 'owner', cal: 'owner' });
    const answers = await Promise.all(
      Object.values(people).map(({ browser, memberId }) => browser.send('DELETE', pathOf(seeded, memberId))),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 400]);
    expect(answers.filter(({ status }) => status === 400).map(messageOf)).toEqual(['An organization needs an owner.']);
  });
});

describe('handing over', () => {
  it('makes another the owner and the owner an admin, in one step', async () => {
    const { seeded, people } = await seedTeam({ ada: 'owner', bob: 'developer' });
    const { ada, bob } = people;
    const hand = () => ada.browser.send('PATCH', pathOf(seeded, bob.memberId), { role: 'owner', handOver: true });
    expect((await hand()).body).toMatchObject({ role: 'owner' });
    expect((await meOf(ada.browser)).memberships).toMatchObject([{ role: 'admin' }]);
    expect((await newestEntry(seeded))?.action).toBe('owner.handed_over');
    expect(messageOf(await hand())).toBe('Admins cannot modify owners.');
  });
});

describe('a removed member', () => {
  it('is out at once: keys, a running stream, the seat and the list, while its history stays', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    expect((await chat(seeded.apiKey)).status).toBe(200);
    const running = await chat(seeded.apiKey, {
      stream: true,
      max_tokens: 4_000,
      demo: { outputTokens: 4_000, tokensPerSecond: 1_000 },
    });
    expect((await call('DELETE', pathOf(seeded, seeded.memberId), seeded.masterKey)).status).toBe(200);
    expect((await chat(seeded.apiKey)).status).toBe(401);
    const events = eventsIn(await running.text());
    expect(events.at(-1)).toBe('[DONE]');
    expect(events.at(-2)).toMatchObject({ error: { code: 'invalid_api_key' } });
    expect(events.length).toBeLessThan(2_000);

    expect((await call('GET', pathOf(seeded, seeded.memberId), seeded.masterKey)).status).toBe(404);
    expect(await json(await call('GET', `/orgs/${seeded.organizationId}/members`, seeded.masterKey))).toMatchObject({
      members: [],
    });
    expect(await json(await call('GET', keysPath(seeded), seeded.masterKey))).toMatchObject({ keys: [] });
    await call('POST', `/orgs/${seeded.organizationId}/rollups`, seeded.masterKey);
    const path = `/analytics/activity?organizationId=${seeded.organizationId}&groupBy=model`;
    const { totals } = await json<{ totals: { requestCount: number } }>(await call('GET', path, seeded.masterKey));
    expect(totals.requestCount).toBeGreaterThanOrEqual(2);
    expect(await newestEntry(seeded)).toMatchObject({ action: 'member.removed', before: { role: 'developer' } });
    expect((await call('DELETE', pathOf(seeded, seeded.memberId), seeded.masterKey)).status).toBe(404);
  });

  it('stays signed in, and a member of other organizations', async () => {
    const { seeded, people } = await seedTeam({ ada: 'owner', bob: 'basic' });
    const other = await seedOrganization();
    const { userId } = await userOf(people.bob.memberId);
    await env.DB.prepare(
      `INSERT INTO members (id, organization_id, user_id, name, role, created_at, budget)
       SELECT ?, ?, user_id, name, 'finance', 0, budget FROM members WHERE id = ?`,
    )
      .bind(newId('mem'), other.organizationId, people.bob.memberId)
      .run();
    expect((await people.ada.browser.send('DELETE', pathOf(seeded, people.bob.memberId))).status).toBe(200);
    const me = await meOf(people.bob.browser);
    expect(me.user.id).toBe(userId);
    expect(me.memberships).toMatchObject([{ organizationId: other.organizationId, role: 'finance' }]);
    expect((await people.bob.browser.get(`/orgs/${other.organizationId}/members`)).status).toBe(200);
  });

  it.each<[string, Role, 'owner' | 'basic', string]>([
    ['an admin an owner', 'admin', 'owner', 'Admins cannot modify owners.'],
    ['finance anybody', 'finance', 'basic', 'Only owners and admins can remove members.'],
    ['a developer anybody', 'developer', 'basic', 'Only owners and admins can remove members.'],
  ])('is not removed by who may not: %s', async (_, role, target, message) => {
    const { seeded, people } = await seedTeam({ caller: role, owner: 'owner', basic: 'basic' });
    const answer = await people.caller.browser.send('DELETE', pathOf(seeded, people[target].memberId));
    expect([answer.status, messageOf(answer)]).toEqual([403, message]);
  });
});

async function userOf(memberId: string): Promise<{ userId: string }> {
  const row = await env.DB.prepare('SELECT user_id AS userId FROM members WHERE id = ?')
    .bind(memberId)
    .first<{ userId: string }>();
  if (!row) throw new Error(`no member ${memberId}`);
  return row;
}

describe('leaving', () => {
  it.each<Role>(['admin', 'finance', 'developer', 'basic'])('is for everyone: %s', async (role) => {
    const { seeded, people } = await seedTeam({ caller: role, owner: 'owner' });
    expect((await people.caller.browser.send('DELETE', pathOf(seeded, people.caller.memberId))).status).toBe(200);
    expect((await meOf(people.caller.browser)).memberships).toEqual([]);
    expect((await newestEntry(seeded))?.action).toBe('member.left');
  });
});

describe('members with a role below', () => {
  it.each<Role>(['developer', 'basic'])('see themselves and nobody else: %s', async (role) => {
    const { seeded, people } = await seedTeam({ caller: role, owner: 'owner' });
    const { caller, owner } = people;
    const me = await caller.browser.get(`/orgs/${seeded.organizationId}/members/me`);
    expect(me.body).toMatchObject({ id: caller.memberId, email: caller.email, role, status: { usage: '0' } });
    expect((await caller.browser.get(pathOf(seeded, caller.memberId))).body).toMatchObject({ id: caller.memberId });
    expect(refused(await caller.browser.get(pathOf(seeded, owner.memberId)))).toEqual([403, 'role_required', null]);
    const list = await caller.browser.get(`/orgs/${seeded.organizationId}/members?q=owner`);
    expect(list.body).toEqual({ members: [], nextCursor: null });
    const all = await caller.browser.get(`/orgs/${seeded.organizationId}/members`);
    expect(all.body.members).toMatchObject([{ id: caller.memberId }]);
    expect(caller.browser.told.join()).not.toContain(owner.email);
  });
});

describe('an API-only member', () => {
  it('has a budget and keys that others make, and no seat', async () => {
    const seeded = await seedOrganization();
    const { organizationId, projectId, masterKey } = seeded;
    const made = await call('POST', `/orgs/${organizationId}/members`, masterKey, {
      name: 'Nightly job',
      apiOnly: true,
      projects: [projectId],
      budget: { usageLimit: '0.00001' },
    });
    const member = await json<MemberBody>(made);
    expect([made.status, member]).toEqual([
      201,
      expect.objectContaining({ name: 'Nightly job', role: 'api', userId: null, projects: [projectId] }),
    ]);
    const { secret } = await json<{ secret: string }>(
      await call('POST', keysPath(seeded), masterKey, { projectId, memberId: member.id, name: 'Job' }),
    );
    expect((await chat(secret, { demo: { outputTokens: 4 }, max_tokens: 4 })).status).toBe(200);
    expect((await keyOf(secret)).member.status).toMatchObject({ usage: '0.00001', remaining: '0' });
    expect((await chat(secret)).status).toBe(403);
    await setBudget({ ...seeded, memberId: member.id }, { usageLimit: '5' });
    expect((await chat(secret)).status).toBe(200);
  });

  it.each<[string, Json, string]>([
    ['without a project', { name: 'Job', apiOnly: true }, 'projects'],
    ['that is a person', { name: 'Job', apiOnly: false, projects: [] }, 'apiOnly'],
    ['without a name', { apiOnly: true }, 'name'],
    ['with half a character in its name', { name: 'Job \ud83d', apiOnly: true }, 'name'],
    ['with a bad budget', { name: 'Job', apiOnly: true, budget: { usageLimit: -1 } }, 'budget.usageLimit'],
  ])('is not made %s', async (_, body, param) => {
    const { organizationId, masterKey } = await seedOrganization();
    const answer = await call('POST', `/orgs/${organizationId}/members`, masterKey, body);
    expect(await refusal(answer)).toMatchObject({ status: 400, param });
  });
});
