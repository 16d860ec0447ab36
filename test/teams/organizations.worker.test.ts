/** Making, converting, deleting and having back organizations; their settings by role; seats and plans by the operator. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { runCron } from '../../src/app.ts';
import { newId } from '../../src/ids.ts';
import { DAY_MS, LIMITS } from '../../src/limits.ts';
import { eraseDeleted } from '../../src/teams/organizations.ts';
import type { Plan, Role } from '../../src/teams/roles.ts';
import { Browser, browserOf, insertUser, meOf, refused } from '../support/browser.ts';
import { chat, json } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { seedTeam } from '../support/team.ts';
import { call, callIn, type Json, organizationPath, refusal, request } from './management.ts';

const newPerson = async () => {
  const email = `${newId('usr').slice(4)}@example.com`;
  const userId = await insertUser(email);
  return { email, userId, browser: await browserOf(userId) };
};

/** So many organizations of which this user is owner. */
async function giveOrganizations(userId: string, n: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < ?2)
     INSERT INTO organizations (id, name, kind, plan, time_zone, created_at)
     SELECT ?1 || n, 'Many', 'team', 'free', 'UTC', 0 FROM many`,
  )
    .bind(`${userId}-`, n)
    .run();
  await env.DB.prepare(
    `INSERT INTO members (id, organization_id, user_id, name, role, created_at, budget)
     SELECT id || 'm', id, ?1, 'Me', 'owner', 0, '{}' FROM organizations WHERE id LIKE ?1 || '-%'`,
  )
    .bind(userId)
    .run();
}

describe('making an organization', () => {
  it('gives its maker a team with a project, and an entry that tells so', async () => {
    const { browser } = await newPerson();
    const made = await browser.post('/orgs', { name: 'Looms', timeZone: 'Europe/London' });
    expect([made.status, made.body]).toEqual([
      201,
      expect.objectContaining({ name: 'Looms', kind: 'team', timeZone: 'Europe/London', plan: 'enterprise' }),
    ]);
    const id = String(made.body.id);
    expect((await meOf(browser)).memberships).toMatchObject([{ organizationId: id, role: 'owner' }]);
    expect((await browser.get('/orgs')).body).toMatchObject({
      organizations: [{ id, role: 'owner' }],
      nextCursor: null,
    });
    const { body } = await browser.get(`/orgs/${id}/audit-log`);
    expect(body.entries).toMatchObject([
      { n: 1, action: 'organization.created', after: { name: 'Looms', metered: true } },
    ]);
    expect((await browser.get(`/orgs/${id}/audit-log/verify`)).body).toMatchObject({ ok: true });
  });

  it('meters it, unless its maker owns one that is not: nobody gets out of a budget by making one', async () => {
    const metered = (id: unknown) =>
      env.DB.prepare('SELECT metered FROM organizations WHERE id = ?').bind(id).first('metered');
    const { people } = await seedTeam({ owner: 'owner', developer: 'developer', admin: 'admin' });
    for (const name of ['owner', 'developer', 'admin'] as const) {
      const made = await people[name].browser.post('/orgs', { name: 'Own', kind: 'personal' });
      expect([name, await metered(made.body.id)]).toEqual([name, name === 'owner' ? 0 : 1]);
    }
  });

  it('ends at a number, and takes a person', async () => {
    const { userId, browser } = await newPerson();
    const seeded = await seedOrganization();
    await giveOrganizations(userId, LIMITS.organizationsOwnedMax);
    expect(refused(await browser.post('/orgs', { name: 'One more' }))).toEqual([400, 'invalid_request_error', null]);
    expect(await refusal(await call('POST', '/orgs', seeded.masterKey, { name: 'X' }))).toMatchObject({ status: 401 });
    expect(refused(await new Browser(env).get('/orgs'))).toEqual([401, 'unauthorized', null]);
    expect(refused(await browser.post('/orgs', { name: '' }))).toEqual([400, 'invalid_request_error', 'name']);
    expect(refused(await browser.post('/orgs', { name: 'X', timeZone: 'Mars' }))).toEqual([
      400,
      'invalid_request_error',
      'timeZone',
    ]);
  });

  it('ends at that number however many ask at once, and leaves nothing of those refused', async () => {
    const { userId, browser } = await newPerson();
    await giveOrganizations(userId, LIMITS.organizationsOwnedMax - 2);
    const rows = () =>
      env.DB.prepare(
        'SELECT (SELECT count(*) FROM organizations) AS made, (SELECT count(*) FROM projects) AS projects',
      ).first<{ made: number; projects: number }>();
    const before = await rows();
    const answers = await Promise.all(Array.from({ length: 8 }, () => browser.post('/orgs', { name: 'At once' })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 400, 400, 400, 400, 400, 400]);
    expect(await rows()).toEqual({ made: (before?.made ?? 0) + 2, projects: (before?.projects ?? 0) + 2 });
    const owned = await env.DB.prepare('SELECT count(*) AS n FROM members WHERE user_id = ?').bind(userId).first('n');
    expect(owned).toBe(LIMITS.organizationsOwnedMax);
  });

  it('is told to a master key as the one organization it opens', async () => {
    const { organizationId: id, masterKey, apiKey } = await seedOrganization();
    expect(await json(await call('GET', '/orgs', masterKey))).toMatchObject({ organizations: [{ id, role: 'admin' }] });
    expect(await refusal(await call('GET', '/orgs', apiKey))).toMatchObject({ status: 401 });
  });
});

describe('settings', () => {
  const DETAILS = { name: 'Engines Ltd', email: 'bills@example.com', address: '1 Row', country: 'UK', taxId: 'GB1' };

  it.each<[Role, Json, boolean]>([
    ['owner', { billingDetails: DETAILS, name: 'New' }, true],
    ['finance', { billingDetails: DETAILS }, true],
    ['finance', { billingDetails: DETAILS, name: 'New' }, false],
    ['admin', { name: 'New', timeZone: 'Asia/Kolkata' }, true],
    ['admin', { billingDetails: DETAILS }, false],
    ['developer', { name: 'New' }, false],
    ['basic', { billingDetails: null }, false],
  ])('are changed by who may: %s, %j', async (role, body, may) => {
    const { seeded, people } = await seedTeam({ caller: role });
    const answer = await people.caller.browser.send('PATCH', organizationPath(seeded), body);
    if (may) expect([answer.status, answer.body]).toEqual([200, expect.objectContaining(body)]);
    else expect(refused(answer)).toEqual([403, 'role_required', null]);
  });

  it('of billing are shown to who deals with money only', async () => {
    const { seeded, people } = await seedTeam({
      owner: 'owner',
      admin: 'admin',
      finance: 'finance',
      developer: 'developer',
    });
    await people.owner.browser.send('PATCH', organizationPath(seeded), { billingDetails: DETAILS });
    for (const name of ['owner', 'admin', 'finance'] as const) {
      expect((await people[name].browser.get(organizationPath(seeded))).body.billingDetails).toEqual(DETAILS);
    }
    expect(await people.developer.browser.get(organizationPath(seeded))).not.toHaveProperty('body.billingDetails');
  });

  it('that no object enforces push nothing', async () => {
    const seeded = await seedOrganization();
    const answer = await call('PATCH', organizationPath(seeded), seeded.masterKey, { name: 'Renamed' });
    expect(await json(answer)).toMatchObject({ name: 'Renamed', applied: 0, pending: 0 });
    const zone = await call('PATCH', organizationPath(seeded), seeded.masterKey, { timeZone: 'Asia/Kolkata' });
    expect(await json(zone)).toMatchObject({ name: 'Renamed', timeZone: 'Asia/Kolkata', applied: 1 });
  });
});

describe('converting', () => {
  it('makes a team of a personal organization, once', async () => {
    const { browser } = await newPerson();
    const made = await browser.post('/orgs', { name: 'Ada', kind: 'personal' });
    const path = `/orgs/${made.body.id}`;
    expect(refused(await browser.post(`${path}/invitations`, { email: 'x@example.com' }))).toEqual([
      403,
      'team_required',
      null,
    ]);
    expect((await browser.post(`${path}/convert`, { name: 'Engines' })).body).toMatchObject({
      kind: 'team',
      name: 'Engines',
    });
    expect(refused(await browser.post(`${path}/convert`, {}))).toEqual([400, 'invalid_request_error', null]);
  });
});

describe('a deleted organization', () => {
  it('is gone for all but its owners, who can have it back as it was', async () => {
    const { seeded, people } = await seedTeam({ owner: 'owner', admin: 'admin' });
    const path = organizationPath(seeded);
    expect((await chat(seeded.apiKey)).status).toBe(200);
    expect(refused(await people.admin.browser.send('DELETE', path))).toEqual([403, 'role_required', null]);
    const deleted = await people.owner.browser.send('DELETE', path);
    expect([deleted.status, Date.parse(String(deleted.body.undoUntil))]).toEqual([
      200,
      expect.closeTo(Date.now() + 30 * DAY_MS, -5),
    ]);

    expect((await chat(seeded.apiKey)).status).toBe(401);
    expect(await refusal(await call('GET', path, seeded.masterKey))).toMatchObject({ status: 404 });
    expect(await refusal(await call('GET', '/orgs', seeded.masterKey))).toMatchObject({ status: 401 });
    for (const { browser } of Object.values(people)) expect((await browser.get(path)).status).toBe(404);
    expect((await meOf(people.admin.browser)).memberships).toEqual([]);
    expect((await people.owner.browser.get('/orgs')).body).toMatchObject({
      organizations: [{ id: seeded.organizationId, deletedAt: expect.any(String) }],
    });

    expect(refused(await people.admin.browser.post(`${path}/restore`))).toEqual([403, 'role_required', null]);
    expect((await people.owner.browser.post(`${path}/restore`)).status).toBe(200);
    expect((await chat(seeded.apiKey)).status).toBe(200);
    expect((await people.admin.browser.get(path)).body).toMatchObject({ deletedAt: null });
    expect(refused(await people.owner.browser.post(`${path}/restore`))).toEqual([409, 'not_deleted', null]);
  });

  it('is erased after thirty days, and only then: what was spent stays', async () => {
    const { seeded, people } = await seedTeam({ owner: 'owner' });
    const path = organizationPath(seeded);
    await chat(seeded.apiKey);
    await call('POST', `${path}/rollups`, seeded.masterKey);
    await people.owner.browser.send('PATCH', path, { billingDetails: { name: 'Engines Ltd' } });
    await people.owner.browser.send('DELETE', path);
    const state = () =>
      env.DB.prepare(
        `SELECT billing_details AS billing, erased_at IS NOT NULL AS erased,
                (SELECT count(*) FROM members WHERE organization_id = ?1 AND removed_at IS NULL) AS members,
                (SELECT count(*) FROM api_keys WHERE organization_id = ?1 AND deleted_at IS NULL) AS keys,
                (SELECT count(*) FROM usage_events WHERE organization_id = ?1) AS events,
                (SELECT count(*) FROM audit_entries WHERE organization_id = ?1) AS entries
         FROM organizations WHERE id = ?1`,
      )
        .bind(seeded.organizationId)
        .first();
    await eraseDeleted(env.DB, Date.now() + 29 * DAY_MS);
    expect(await state()).toMatchObject({ erased: 0, members: 2, keys: 1, events: 1, billing: expect.any(String) });
    await env.DB.prepare('UPDATE organizations SET deleted_at = deleted_at - ? WHERE id = ?')
      .bind(30 * DAY_MS, seeded.organizationId)
      .run();
    expect((await people.owner.browser.post(`${path}/restore`)).status).toBe(404);
    await runCron('7 * * * *', env, Date.now());
    expect(await state()).toEqual({ erased: 1, members: 0, keys: 0, events: 1, billing: null, entries: 2 });
    expect((await people.owner.browser.get('/orgs')).body).toMatchObject({ organizations: [] });
  });
});

describe("the operator's plan, seats and set-up code", () => {
  const SECRET = 'the-operator-of-these-tests-and-nobody-else';
  const operated = { ...env, OPERATOR_SECRET: SECRET } as Env;
  const operate = (method: string, path: string, body?: unknown, secret = SECRET) =>
    callIn(operated, request(method, `/operator${path}`, secret, body));
  const seatsOf = async (seeded: Seeded) =>
    json(await call('GET', `${organizationPath(seeded)}/seats`, seeded.masterKey));

  it.each<[Plan, number | null, Json]>([
    ['free', null, { included: 3, bought: 0, left: 3, pricePerSeat: null, proratedCost: null }],
    ['free', 5, { included: 3, bought: 0, left: 3, pricePerSeat: null }],
    ['pro', null, { included: 3, bought: 0, left: 3, pricePerSeat: '10' }],
    ['pro', 5, { included: 3, bought: 5, left: 8 }],
    ['enterprise', null, { included: null, bought: 0, left: null, pricePerSeat: null }],
    ['enterprise', 5, { included: 5, bought: 0, left: 5 }],
  ])('%s with %j seats', async (plan, seats, shown) => {
    const seeded = await seedOrganization();
    expect((await operate('PUT', `${organizationPath(seeded)}/plan`, { plan })).status).toBe(200);
    expect(await json(await operate('PUT', `${organizationPath(seeded)}/seats`, { seats }))).toMatchObject(shown);
    expect(await seatsOf(seeded)).toMatchObject({ ...shown, used: 0, pending: 0 });
    const { entries } = await json<{ entries: Json[] }>(
      await call('GET', `${organizationPath(seeded)}/audit-log`, seeded.masterKey),
    );
    expect(entries.map(({ action }) => action)).toEqual(['organization.seats.updated', 'organization.plan.updated']);
  });

  it('that changes forgets the seats said for the one before, and tells so; the same one again keeps them', async () => {
    const seeded = await seedOrganization({ plan: 'pro' });
    await operate('PUT', `${organizationPath(seeded)}/seats`, { seats: 3 });
    await operate('PUT', `${organizationPath(seeded)}/plan`, { plan: 'pro' });
    expect(await seatsOf(seeded)).toMatchObject({ included: 3, bought: 3, left: 6 });
    await operate('PUT', `${organizationPath(seeded)}/plan`, { plan: 'enterprise' });
    expect(await seatsOf(seeded)).toMatchObject({ included: null, bought: 0, left: null });
    const entry = await env.DB.prepare(
      'SELECT "before", "after" FROM audit_entries WHERE organization_id = ? ORDER BY n DESC LIMIT 1',
    )
      .bind(seeded.organizationId)
      .first<{ before: string; after: string }>();
    expect([JSON.parse(entry?.before ?? ''), JSON.parse(entry?.after ?? '')]).toEqual([
      { plan: 'pro', seats: 3 },
      { plan: 'enterprise', seats: null },
    ]);
  });

  it('that changes whether projects are scoped reaches the keys at once', async () => {
    const seeded = await seedOrganization({ plan: 'pro' });
    await env.DB.prepare('DELETE FROM project_grants WHERE member_id = ?').bind(seeded.memberId).run();
    expect((await chat(seeded.apiKey)).status).toBe(200);
    await operate('PUT', `${organizationPath(seeded)}/plan`, { plan: 'enterprise' });
    expect((await chat(seeded.apiKey)).status).toBe(403);
  });

  it.each([
    ['plan', { plan: 'gold' }],
    ['seats', { seats: -1 }],
    ['seats', { seats: 1.5 }],
    ['seats', {}],
  ])('is refused where it is none: %s %j', async (what, body) => {
    const seeded = await seedOrganization();
    const answer = await operate('PUT', `${organizationPath(seeded)}/${what}`, body);
    expect(await refusal(answer)).toMatchObject({ status: 400, param: what });
  });

  it('gives a set-up code only where there is no owner, told by a log of the deployment', async () => {
    const { people } = await seedTeam({ owner: 'owner' });
    expect(await refusal(await operate('POST', '/set-up-code'))).toMatchObject({ status: 409, code: 'already_set_up' });
    await env.DB.prepare("UPDATE members SET role = 'admin' WHERE role = 'owner' AND user_id IS NOT NULL").run();
    const made = await operate('POST', '/set-up-code');
    expect([made.status, await json(made)]).toEqual([201, { setUpCode: expect.stringMatching(/^(\w{4}-){3}\w{4}$/) }]);
    const entry = await env.DB.prepare(
      "SELECT action, actor_kind FROM audit_entries WHERE organization_id = 'deployment'",
    ).first();
    expect(entry).toEqual({ action: 'set_up_code.created', actor_kind: 'operator' });
    expect(await refusal(await operate('POST', '/set-up-code', undefined, 'wrong'))).toMatchObject({ status: 401 });
    expect(people.owner.memberId).toMatch(/^mem_/);
  });
});
