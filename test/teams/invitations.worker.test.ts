/** Invitations from the mail to the member: links, seats, races, budgets, and many at once by CSV. */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { DAY_MS, LIMITS } from '../../src/limits.ts';
import { eraseDeleted } from '../../src/teams/organizations.ts';
import type { Plan, Role } from '../../src/teams/roles.ts';
import { type Answer, Browser, browserOf, insertUser, meOf, Outbox, PASSWORD, refused } from '../support/browser.ts';
import { chat, json } from '../support/gateway.ts';
import type { SeedOptions } from '../support/organization.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { seedTeam } from '../support/team.ts';
import { call, type Json, keysPath } from './management.ts';

const SUBJECT = /invited/;
const freshAddress = () => `${newId('usr').slice(4)}@example.com`;
const metadataOf = ({ body }: Answer) => (body.error as { metadata: Json }).metadata;
const messageOf = ({ body }: Answer) => (body.error as { message: string }).message;

/** A team with an owner and a mailbox. */
async function invitingTeam(options: SeedOptions = {}) {
  const outbox = new Outbox();
  const { seeded, people } = await seedTeam({ owner: 'owner', admin: 'admin' }, options, outbox.env);
  const path = `/orgs/${seeded.organizationId}/invitations`;
  const { browser } = people.owner;
  return {
    outbox,
    seeded,
    path,
    owner: browser,
    admin: people.admin.browser,
    invite: (email: string, more: Json = {}) => browser.post(path, { email, projects: [seeded.projectId], ...more }),
    /** A signed-in person with that address. */
    person: async (email: string) => browserOf(await insertUser(email), outbox.env),
    seats: async () => (await browser.get(`/orgs/${seeded.organizationId}/seats`)).body,
  };
}

/** Nine hold seats of five, as after the operator said fewer. */
async function overfullTeam() {
  const team = await invitingTeam({ plan: 'pro' });
  const { organizationId } = team.seeded;
  const say = (seats: number) =>
    env.DB.prepare('UPDATE organizations SET seats_bought = ? WHERE id = ?').bind(seats, organizationId).run();
  await say(6);
  const csv = ['email', ...Array.from({ length: 7 }, freshAddress)].join('\n');
  expect((await team.owner.post(team.path, { csv, role: 'basic' })).status).toBe(201);
  await say(2);
  return team;
}

async function actionsOf({ organizationId, masterKey }: Seeded): Promise<unknown[]> {
  const { entries } = await json<{ entries: Json[] }>(
    await call('GET', `/orgs/${organizationId}/audit-log`, masterKey),
  );
  return entries.map(({ action }) => action);
}

const expire = (id: unknown) => env.DB.prepare('UPDATE invitations SET expires_at = 1 WHERE id = ?').bind(id).run();

describe('an invitation', () => {
  it('is mailed, shows what it is to, and makes a member with role, projects and budget in force from the first key', async () => {
    const { outbox, seeded, path, owner, invite, person } = await invitingTeam();
    const email = freshAddress();
    const made = await invite(email.toUpperCase(), { budget: { usageLimit: '1' } });
    expect([made.status, made.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^inv_/),
        email,
        role: 'developer',
        projects: [seeded.projectId],
        budget: expect.objectContaining({ usageLimit: '1', version: 1 }),
        status: 'pending',
        createdAt: expect.any(String),
        expiresAt: expect.any(String),
      },
    ]);
    expect(Date.parse(String(made.body.expiresAt))).toBeCloseTo(Date.now() + 30 * DAY_MS, -5);
    const budget = await owner.send('PUT', `${path}/${made.body.id}/budget`, { usageLimit: '0.00001', version: 1 });
    expect(budget.body.budget).toMatchObject({ usageLimit: '0.00001', version: 2 });
    expect((await owner.get(path)).body.invitations).toMatchObject([{ id: made.body.id, email }]);

    const token = await outbox.tokenTo(email, SUBJECT);
    const guest = new Browser(outbox.env);
    expect((await guest.get(`/invitations/${token}`)).body).toEqual({
      organization: { id: seeded.organizationId, name: 'Test' },
      email,
      role: 'developer',
      expiresAt: made.body.expiresAt,
      hasAccount: false,
    });
    const browser = await person(email);
    const accepted = await browser.post(`/invitations/${token}/accept`);
    expect([accepted.status, accepted.body]).toEqual([
      201,
      expect.objectContaining({
        organizationId: seeded.organizationId,
        role: 'developer',
        projects: [seeded.projectId],
        email,
      }),
    ]);
    expect((await meOf(browser)).memberships).toMatchObject([
      { organizationId: seeded.organizationId, role: 'developer' },
    ]);
    expect((await owner.get(path)).body.invitations).toEqual([]);

    const { secret } = await json<{ secret: string }>(
      await call('POST', keysPath(seeded), seeded.masterKey, {
        projectId: seeded.projectId,
        memberId: accepted.body.id,
        name: 'First',
      }),
    );
    expect((await chat(secret, { demo: { outputTokens: 4 }, max_tokens: 4 })).status).toBe(200);
    expect((await chat(secret)).status).toBe(403);
    expect(await actionsOf(seeded)).toEqual([
      'api_key.created',
      'member.joined',
      'invitation.budget.updated',
      'invitation.created',
    ]);
  });

  it('lets its address sign up on the way, with no second mail, and nobody else', async () => {
    const { outbox, seeded, invite } = await invitingTeam();
    const email = freshAddress();
    await invite(email);
    const invitationToken = await outbox.tokenTo(email, SUBJECT);
    const signUp = { name: 'Ada', password: PASSWORD, invitationToken };
    const stranger = await new Browser(outbox.env).post('/auth/sign-up', { ...signUp, email: freshAddress() });
    expect(refused(stranger)).toEqual([403, 'invitation_invalid', 'invitationToken']);
    const browser = new Browser(outbox.env);
    expect((await browser.post('/auth/sign-up', { ...signUp, email })).status).toBe(201);
    expect(outbox.mails.filter(({ to }) => to === email)).toHaveLength(1);
    expect((await browser.post(`/invitations/${invitationToken}/accept`)).status).toBe(201);
    expect((await meOf(browser)).memberships).toMatchObject([{ organizationId: seeded.organizationId }]);
    const late = await new Browser(outbox.env).post('/auth/sign-up', { ...signUp, email });
    expect(refused(late)).toEqual([403, 'invitation_invalid', 'invitationToken']);
  });

  it('is for one address: whoever else has the link is told so', async () => {
    const { outbox, invite, person } = await invitingTeam();
    const email = freshAddress();
    await invite(email);
    const token = await outbox.tokenTo(email, SUBJECT);
    const other = await person(freshAddress());
    expect(refused(await other.post(`/invitations/${token}/accept`))).toEqual([403, 'other_address', null]);
    expect(refused(await new Browser(outbox.env).post(`/invitations/${token}/accept`))).toEqual([
      401,
      'unauthorized',
      null,
    ]);
  });

  it('is accepted once, however often at once', async () => {
    const { outbox, seeded, invite, person } = await invitingTeam();
    const email = freshAddress();
    await invite(email);
    const token = await outbox.tokenTo(email, SUBJECT);
    const browser = await person(email);
    const answers = await Promise.all([1, 2, 3].map(() => browser.post(`/invitations/${token}/accept`)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 400, 400]);
    expect(messageOf(await browser.post(`/invitations/${token}/accept`))).toBe('This invitation was accepted already.');
    const members = await env.DB.prepare(
      'SELECT count(*) AS n FROM members AS member JOIN users AS user ON user.id = member.user_id WHERE user.email = ? AND organization_id = ?',
    )
      .bind(email, seeded.organizationId)
      .first('n');
    expect(members).toBe(1);
  });

  it.each<[string, (team: Awaited<ReturnType<typeof invitingTeam>>, id: unknown) => Promise<unknown>]>([
    ['revoked', ({ owner, path }, id) => owner.send('DELETE', `${path}/${id}`)],
    ['resent', ({ owner, path }, id) => owner.post(`${path}/${id}/resend`)],
    ['expired', (_, id) => expire(id)],
    ['of a deleted organization', ({ owner, seeded }) => owner.send('DELETE', `/orgs/${seeded.organizationId}`)],
  ])('that is %s is good no more', async (what, end) => {
    const team = await invitingTeam();
    const email = freshAddress();
    const { body } = await team.invite(email);
    const token = await team.outbox.tokenTo(email, SUBJECT);
    const browser = await team.person(email);
    await end(team, body.id);
    const expected = what === 'resent' ? [404, 'not_found', null] : [400, 'invalid_request_error', 'token'];
    expect(refused(await browser.get(`/invitations/${token}`))).toEqual(expected);
    expect(refused(await browser.post(`/invitations/${token}/accept`))).toEqual(expected);
    if (what !== 'resent') return;
    const renewed = await team.outbox.tokenTo(email, SUBJECT, 2);
    expect((await browser.post(`/invitations/${renewed}/accept`)).status).toBe(201);
  });

  it('that expired frees its seat, and resent takes one again', async () => {
    const { path, owner, invite, seats } = await invitingTeam();
    const { body } = await invite(freshAddress());
    expect(await seats()).toMatchObject({ used: 2, pending: 1 });
    await expire(body.id);
    expect(await seats()).toMatchObject({ used: 2, pending: 0 });
    expect((await owner.get(path)).body.invitations).toMatchObject([{ status: 'expired' }]);
    expect((await owner.post(`${path}/${body.id}/resend`)).body).toMatchObject({ status: 'pending' });
    expect(await seats()).toMatchObject({ pending: 1 });
  });

  it('brings back who was removed as who they were, with no key of before and a budget that starts anew', async () => {
    const { outbox, seeded, owner, invite, person } = await invitingTeam();
    const email = freshAddress();
    const browser = await person(email);
    const budget = { usageLimit: '0.00001', usageLimitBasis: 'cycle' };
    await invite(email, { budget });
    const first = await browser.post(`/invitations/${await outbox.tokenTo(email, SUBJECT)}/accept`);
    const newKey = async () => {
      const asked = { projectId: seeded.projectId, memberId: first.body.id, name: 'Key' };
      return (await json<{ secret: string }>(await call('POST', keysPath(seeded), seeded.masterKey, asked))).secret;
    };
    const small = { demo: { outputTokens: 4 }, max_tokens: 4 };
    const old = await newKey();
    expect((await chat(old, small)).status).toBe(200);
    await owner.send('DELETE', `/orgs/${seeded.organizationId}/members/${first.body.id}`);
    expect((await meOf(browser)).memberships).toEqual([]);
    expect((await invite(email, { budget })).status).toBe(201);
    const again = await browser.post(`/invitations/${await outbox.tokenTo(email, SUBJECT, 2)}/accept`);
    expect(again.body).toMatchObject({ id: first.body.id, status: { usage: '0', lifetimeUsage: '0.00001' } });
    expect((await chat(old, small)).status).toBe(401);
    expect((await chat(await newKey(), small)).status).toBe(200);
  });

  it('brings nobody back under rules of before, and tells which those were', async () => {
    const { outbox, seeded, owner, invite, person } = await invitingTeam();
    const email = freshAddress();
    const browser = await person(email);
    await invite(email);
    const { body } = await browser.post(`/invitations/${await outbox.tokenTo(email, SUBJECT)}/accept`);
    const path = `/orgs/${seeded.organizationId}/members/${body.id}`;
    const rules = { models: { deny: ['demo/words'] } };
    expect((await owner.send('PATCH', path, { rules })).status).toBe(200);
    expect((await owner.send('DELETE', path)).status).toBe(200);
    await invite(email);
    expect((await browser.post(`/invitations/${await outbox.tokenTo(email, SUBJECT, 2)}/accept`)).status).toBe(201);
    expect((await owner.get(path)).body).toMatchObject({ rules: { models: { allow: null, deny: [] } } });
    const asked = { projectId: seeded.projectId, memberId: body.id, name: 'Key' };
    const made = await call('POST', keysPath(seeded), seeded.masterKey, asked);
    expect((await chat((await json<{ secret: string }>(made)).secret)).status).toBe(200);
    const log = (await owner.get(`/orgs/${seeded.organizationId}/audit-log`)).body;
    const joined = (log.entries as Json[]).filter(({ action }) => action === 'member.joined');
    expect(joined).toMatchObject([
      { before: { rules }, after: { role: 'developer', rules: { models: { deny: [] } } } },
      { before: null, after: { role: 'developer' } },
    ]);
    expect(joined[1]?.after).not.toHaveProperty('rules');
  });

  it.each<[string, 'owner' | 'admin', Json, number, string]>([
    ['no address', 'owner', {}, 400, 'email is required.'],
    ['a bad address', 'owner', { email: 'ada' }, 400, 'email must be an e-mail address.'],
    [
      'an unknown role',
      'owner',
      { email: 'x@example.com', role: 'king' },
      400,
      'role must be one of owner, admin, finance, developer, basic.',
    ],
    [
      'a program',
      'owner',
      { email: 'x@example.com', role: 'api' },
      400,
      'role must be one of owner, admin, finance, developer, basic.',
    ],
    [
      'a developer without a project',
      'owner',
      { email: 'x@example.com' },
      400,
      'Developers need at least one project.',
    ],
    [
      'a foreign project',
      'owner',
      { email: 'x@example.com', projects: ['prj_0000000000000000'] },
      400,
      'There is no such project.',
    ],
    [
      'a bad budget',
      'owner',
      { email: 'x@example.com', role: 'basic', budget: { usageLimit: '-1' } },
      400,
      'Spend limits must be non-negative numbers.',
    ],
    ['an unknown field', 'owner', { email: 'x@example.com', plan: 'pro' }, 400, 'Unknown field: plan.'],
    ['address and CSV', 'owner', { email: 'x@example.com', csv: 'email' }, 400, 'Send either email or csv.'],
    ['an owner by an admin', 'admin', { email: 'x@example.com', role: 'owner' }, 403, 'Only owners can make owners.'],
  ])('is refused with %s', async (_, by, body, status, message) => {
    const team = await invitingTeam();
    const answer = await team[by].post(team.path, body);
    expect([answer.status, messageOf(answer)]).toEqual([status, message]);
    expect(team.outbox.mails).toEqual([]);
  });

  it('is refused for who is a member or invited already', async () => {
    const { invite, seeded, outbox, path, owner } = await invitingTeam();
    const email = freshAddress();
    const both = await Promise.all([invite(email), invite(email)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    const own = await env.DB.prepare(
      "SELECT email FROM users WHERE id IN (SELECT user_id FROM members WHERE organization_id = ? AND role = 'admin')",
    )
      .bind(seeded.organizationId)
      .first<string>('email');
    expect(refused(await invite(own ?? ''))).toEqual([409, 'already_member', 'email']);
    await outbox.mailTo(email, SUBJECT);
    expect(outbox.mails.map(({ to }) => to)).toEqual([email]);
    expect(refused(await owner.send('DELETE', `${path}/inv_0000000000000000`))).toEqual([404, 'not_found', null]);
  });

  it('keeps no token: what D1 has opens nothing', async () => {
    const { outbox, invite, seeded } = await invitingTeam();
    const email = freshAddress();
    const made = await invite(email);
    const token = await outbox.tokenTo(email, SUBJECT);
    const rows = await env.DB.prepare('SELECT * FROM invitations WHERE organization_id = ?')
      .bind(seeded.organizationId)
      .all();
    const entries = await env.DB.prepare('SELECT * FROM audit_entries WHERE organization_id = ?')
      .bind(seeded.organizationId)
      .all();
    expect(JSON.stringify([rows.results, entries.results, made.body])).not.toContain(token);
  });

  it.each<Role>(['finance', 'developer', 'basic'])('is not for %s to see or make', async (role) => {
    const { seeded, people } = await seedTeam({ caller: role });
    const path = `/orgs/${seeded.organizationId}/invitations`;
    const { browser } = people.caller;
    for (const answer of [
      await browser.get(path),
      await browser.post(path, { email: 'x@example.com' }),
      await browser.post(`${path}/inv_1/resend`),
      await browser.send('PUT', `${path}/inv_1/budget`, {}),
      await browser.send('DELETE', `${path}/inv_1`),
    ]) {
      expect(refused(answer)).toEqual([403, 'role_required', null]);
    }
  });

  it('of an organization that was erased is gone', async () => {
    const { seeded, invite, owner } = await invitingTeam();
    await invite(freshAddress());
    await owner.send('DELETE', `/orgs/${seeded.organizationId}`);
    await eraseDeleted(env.DB, Date.now() + LIMITS.organizationUndoMs + 1);
    const left = await env.DB.prepare('SELECT count(*) AS n FROM invitations WHERE organization_id = ?')
      .bind(seeded.organizationId)
      .first('n');
    expect(left).toBe(0);
  });
});

describe('seats', () => {
  it('are held by pending invitations; the last goes to one of two', async () => {
    const { invite, seats } = await invitingTeam({ plan: 'free' });
    const answers = await Promise.all([invite(freshAddress()), invite(freshAddress()), invite(freshAddress())]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 402, 402]);
    expect(await seats()).toMatchObject({ included: 3, used: 2, pending: 1, left: 0 });
    const full = await invite(freshAddress(), { acceptSeatCost: '10' });
    expect(refused(full)).toEqual([402, 'seats_exhausted', 'acceptSeatCost']);
    expect(full.body.error).toMatchObject({ type: 'billing_error', metadata: { seatCost: null } });
  });

  it('that are refused use up no mails of the address; those that are sent do', async () => {
    const { owner, path, invite } = await invitingTeam({ plan: 'free' });
    const expired = (await invite(freshAddress())).body.id;
    await expire(expired);
    const email = freshAddress();
    const last = (await invite(freshAddress())).body.id;
    for (let n = 0; n <= LIMITS.signInMailsPerHour; n++) {
      expect(refused(await invite(email))).toEqual([402, 'seats_exhausted', 'acceptSeatCost']);
      expect(refused(await owner.post(`${path}/${expired}/resend`))[0]).toBe(402);
    }
    await owner.send('DELETE', `${path}/${last}`);
    const { id } = (await invite(email)).body;
    for (let n = 1; n < LIMITS.signInMailsPerHour; n++) {
      expect((await owner.post(`${path}/${id}/resend`)).status).toBe(200);
    }
    expect(refused(await owner.post(`${path}/${id}/resend`))[0]).toBe(429);
  });

  it('past those of the plan take exactly the quoted price', async () => {
    const { invite, seats, path, admin, seeded } = await invitingTeam({ plan: 'pro' });
    await invite(freshAddress());
    const full = await invite(freshAddress());
    const { metadata } = full.body.error as { metadata: { seatCost: string; seats: Json } };
    expect([full.status, metadata.seats]).toEqual([402, await seats()]);
    expect(metadata.seatCost).toBe(metadata.seats.proratedCost);
    for (const wrong of ['0', '0.01', '10.01']) {
      expect(refused(await invite(freshAddress(), { acceptSeatCost: wrong }))[1]).toBe('seats_exhausted');
    }
    const asAdmin = { email: freshAddress(), role: 'basic', acceptSeatCost: metadata.seatCost };
    expect(messageOf(await admin.post(path, asAdmin))).toBe('Only owners and finance admins can buy seats.');
    expect(await seats()).toMatchObject({ bought: 0 });
    // Two who accept the price of one seat.
    const two = await Promise.all([1, 2].map(() => invite(freshAddress(), { acceptSeatCost: metadata.seatCost })));
    expect(two.map(({ status }) => status)).toEqual([201, 201]);
    expect(await seats()).toMatchObject({ bought: 2, pending: 3, left: 0 });
    const entry = await env.DB.prepare(
      'SELECT "after" FROM audit_entries WHERE organization_id = ? ORDER BY n DESC LIMIT 1',
    )
      .bind(seeded.organizationId)
      .first<string>('after');
    expect(JSON.parse(entry ?? '')).toMatchObject({ seatsBought: 1, seatCost: metadata.seatCost });
  });

  it('held beyond those there are come with the next one: its price covers them, and leaves nobody over', async () => {
    const { invite, seats } = await overfullTeam();
    const full = await invite(freshAddress());
    expect([full.status, messageOf(full)]).toEqual([402, expect.stringMatching(/^9 seats are held of 5. 5 more cost/)]);
    const { seatCost, seatsNeeded, seats: told } = metadataOf(full) as { seats: Json } & Json;
    expect(seatsNeeded).toBe(5);
    const ofOne = { acceptSeatCost: told.proratedCost };
    expect(refused(await invite(freshAddress(), ofOne))).toEqual([402, 'seats_exhausted', 'acceptSeatCost']);
    expect((await invite(freshAddress(), { acceptSeatCost: seatCost })).status).toBe(201);
    expect(await seats()).toMatchObject({ included: 3, bought: 7, used: 2, pending: 8, left: 0 });
  });
});

describe('seats bought before they are needed', () => {
  const buy = (browser: Browser, { organizationId }: Seeded, body: Json) =>
    browser.post(`/orgs/${organizationId}/seats`, body);

  it('cost exactly what the refusal said, and are told by the log', async () => {
    const { owner, admin, seeded, seats } = await invitingTeam({ plan: 'pro' });
    const quoted = await buy(owner, seeded, { seats: 2 });
    expect(refused(quoted)).toEqual([402, 'seat_cost_not_accepted', 'acceptSeatCost']);
    const { seatCost } = (quoted.body.error as { metadata: { seatCost: string } }).metadata;
    expect(refused(await buy(owner, seeded, { seats: 1, acceptSeatCost: seatCost }))[0]).toBe(402);
    expect(refused(await buy(admin, seeded, { seats: 2, acceptSeatCost: seatCost }))).toEqual([
      403,
      'role_required',
      null,
    ]);
    expect([await seats(), await actionsOf(seeded)]).toEqual([expect.objectContaining({ bought: 0 }), []]);
    const bought = await buy(owner, seeded, { seats: 2, acceptSeatCost: seatCost });
    expect([bought.status, bought.body]).toEqual([201, await seats()]);
    expect(bought.body).toMatchObject({ included: 3, bought: 2, left: 3 });
    expect(await actionsOf(seeded)).toEqual(['organization.seats.updated']);
  });

  it('are not fewer than are held beyond those there are', async () => {
    const { owner, seeded, seats, invite } = await overfullTeam();
    const few = await buy(owner, seeded, { seats: 3 });
    expect([...refused(few), messageOf(few)]).toEqual([
      400,
      'invalid_request_error',
      'seats',
      '9 seats are held of 5: buy at least 4.',
    ]);
    const { seatCost: acceptSeatCost } = metadataOf(await buy(owner, seeded, { seats: 5 }));
    expect((await buy(owner, seeded, { seats: 5, acceptSeatCost })).status).toBe(201);
    expect(await seats()).toMatchObject({ bought: 7, left: 1 });
    expect((await invite(freshAddress())).status).toBe(201);
  });

  it.each<[Plan, Json, [number, string, string | null]]>([
    ['free', { seats: 1, acceptSeatCost: '0' }, [403, 'plan_required', null]],
    ['enterprise', { seats: 1 }, [403, 'seats_by_contract', null]],
    ['pro', { seats: 0 }, [400, 'invalid_request_error', 'seats']],
    ['pro', { seats: LIMITS.membersPerOrganizationMax }, [400, 'invalid_request_error', 'seats']],
    ['pro', { seats: 1, acceptSeatCost: 'much' }, [400, 'invalid_request_error', 'acceptSeatCost']],
  ])('of the %s plan are refused for %j', async (plan, body, expected) => {
    const { owner, seeded } = await invitingTeam({ plan });
    expect(refused(await buy(owner, seeded, body))).toEqual(expected);
  });
});

describe('members, programs and invitations', () => {
  it('are together as many as an organization may have', async () => {
    const { invite, owner, seeded } = await invitingTeam({ plan: 'enterprise' });
    const { organizationId, projectId } = seeded;
    await env.DB.prepare(
      `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${LIMITS.membersPerOrganizationMax})
       INSERT INTO members (id, organization_id, name, role, created_at, budget)
       SELECT 'mem_' || ?1 || n, ?1, 'Job', 'api', 0, '{}' FROM n
       WHERE n < ${LIMITS.membersPerOrganizationMax} - (SELECT count(*) FROM members WHERE organization_id = ?1)`,
    )
      .bind(organizationId)
      .run();
    const program = () =>
      owner.post(`/orgs/${organizationId}/members`, { name: 'Nightly job', apiOnly: true, projects: [projectId] });
    expect((await invite(freshAddress())).status).toBe(201);
    const full = 'An organization has at most 10000 members.';
    expect([await invite(freshAddress()), await program()].map(messageOf)).toEqual([full, full]);
  });
});

describe('the list of invitations', () => {
  it('is sorted as asked, and every page goes on where the last one ended', async () => {
    const { invite, owner, path } = await invitingTeam();
    for (const name of ['b', 'a', 'c'])
      await invite(`${name}-${freshAddress()}`, { role: name === 'c' ? 'admin' : 'basic' });
    const inPages = async (sort: string) => {
      const seen: string[] = [];
      for (let cursor: unknown = ''; cursor !== null; ) {
        const { body } = await owner.get(`${path}?limit=1&sort=${sort}${cursor === '' ? '' : `&cursor=${cursor}`}`);
        seen.push(...(body.invitations as { email: string }[]).map(({ email }) => email.slice(0, 1)));
        cursor = body.nextCursor;
      }
      return seen.join('');
    };
    expect([await inPages('email'), await inPages('-email')]).toEqual(['abc', 'cba']);
    expect((await inPages('role')).slice(0, 1)).toBe('c');
    expect([...(await inPages('-expiresAt'))].toSorted().join('')).toBe('abc');
    expect(refused(await owner.get(`${path}?sort=budget`))).toEqual([400, 'invalid_request_error', 'sort']);
  });
});

describe('a CSV of invitations', () => {
  const lines = (...all: string[]) => all.join('\n');

  it('may be the body itself, with the other fields in the query', async () => {
    const { owner, path, seeded } = await invitingTeam();
    const [ada, bob] = [freshAddress(), freshAddress()];
    const asCsv = (query: string, csv: string) =>
      owner.post(path + query, csv, { 'content-type': 'text/csv; charset=utf-8' });
    const answer = await asCsv(
      `?role=basic&projects=${seeded.projectId}&skipBad=true`,
      lines('email,role', `"${ada}",`, `${bob},admin`, 'nobody,'),
    );
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        invitations: [
          expect.objectContaining({ email: ada, role: 'basic', projects: [seeded.projectId] }),
          expect.objectContaining({ email: bob, role: 'admin' }),
        ],
        errors: [expect.objectContaining({ line: 4, param: 'email' })],
      },
    ]);
    expect(refused(await asCsv('?skipBad=perhaps', 'email'))).toEqual([400, 'invalid_request_error', 'skipBad']);
    expect(refused(await asCsv('?salary=5', 'email'))).toEqual([400, 'invalid_request_error', 'salary']);
    expect(refused(await asCsv('', ''))).toEqual([400, 'invalid_request_error', 'csv']);
    expect(refused(await asCsv('', 'x'.repeat(LIMITS.apiBodyBytesMax + 1)))[0]).toBe(413);
  });

  it('invites everybody in it, each as its line says, in one entry', async () => {
    const { outbox, owner, path, seeded } = await invitingTeam();
    const [ada, bob, cal] = [freshAddress(), freshAddress(), freshAddress()];
    const csv = lines(
      '\uFEFFemail,role,projects,usageLimit,requestsPerMinute',
      `${ada},,"Project",5,60`,
      `"${bob}",admin,,,`,
      '',
      `${cal},developer,${seeded.projectId};Project,,\r`,
    );
    const answer = await owner.post(path, { csv, projects: [seeded.projectId], budget: { usageLimit: '1' } });
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        errors: [],
        invitations: [
          expect.objectContaining({
            email: ada,
            role: 'developer',
            projects: [seeded.projectId],
            budget: expect.objectContaining({ usageLimit: '5', requestsPerMinute: 60 }),
          }),
          expect.objectContaining({ email: bob, role: 'admin', budget: expect.objectContaining({ usageLimit: '1' }) }),
          expect.objectContaining({ email: cal, projects: [seeded.projectId] }),
        ],
      },
    ]);
    for (const email of [ada, bob, cal]) await outbox.mailTo(email, SUBJECT);
    expect(await actionsOf(seeded)).toEqual(['invitation.imported']);
  });

  it('with bad lines tells all of them and sends nothing, unless asked to skip them', async () => {
    const { outbox, admin, path, seeded } = await invitingTeam();
    const good = freshAddress();
    const csv = lines(
      'email,role,projects,usageLimit',
      'nobody,,,',
      `${good},basic,,`,
      `${good},basic,,`,
      `${freshAddress()},owner,,`,
      `${freshAddress()},king,,`,
      `${freshAddress()},developer,Nowhere,`,
      `${freshAddress()},basic,,-5`,
    );
    const refusedAnswer = await admin.post(path, { csv, projects: [seeded.projectId] });
    expect(refused(refusedAnswer)).toEqual([400, 'invalid_request_error', 'csv']);
    const { errors } = (refusedAnswer.body.error as { metadata: { errors: Json[] } }).metadata;
    expect(errors.map(({ line, param }) => [line, param])).toEqual([
      [2, 'email'],
      [4, 'email'],
      [5, null],
      [6, 'role'],
      [7, 'projects'],
      [7, 'projects'],
      [8, 'usageLimit'],
    ]);
    expect([outbox.mails, await actionsOf(seeded)]).toEqual([[], []]);
    const skipped = await admin.post(path, { csv, projects: [seeded.projectId], skipBad: true });
    expect([skipped.status, skipped.body]).toEqual([
      201,
      { invitations: [expect.objectContaining({ email: good })], errors: expect.arrayContaining(errors) },
    ]);
  });

  it('takes an address as used by good lines before only', async () => {
    const { owner, path } = await invitingTeam();
    const ada = freshAddress();
    const csv = lines('email,role', 'nobody,', 'somebody,', `${ada},king`, `${ada},`, `${ada},`);
    const answer = await owner.post(path, { csv, role: 'basic', skipBad: true });
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        invitations: [expect.objectContaining({ email: ada, role: 'basic' })],
        errors: [
          { line: 2, param: 'email', message: 'email must be an e-mail address.' },
          { line: 3, param: 'email', message: 'email must be an e-mail address.' },
          { line: 4, param: 'role', message: expect.any(String) },
          { line: 6, param: 'email', message: 'This address is in a line before.' },
        ],
      },
    ]);
  });

  it('takes no name that two projects share, only the id of one', async () => {
    const { owner, path, seeded } = await invitingTeam();
    const make = () => call('POST', `/orgs/${seeded.organizationId}/projects`, seeded.masterKey, { name: 'Twin' });
    const [first] = [await json<{ id: string }>(await make()), await json<{ id: string }>(await make())];
    const csv = lines('email,projects', `${freshAddress()},Project;Twin`, `${freshAddress()},${first.id}`);
    const answer = await owner.post(path, { csv, skipBad: true });
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        invitations: [expect.objectContaining({ projects: [first.id] })],
        errors: [{ line: 2, param: 'projects', message: 'Several projects are called Twin: give the id.' }],
      },
    ]);
  });

  it('uses up no mails of its addresses where nobody is invited', async () => {
    const { owner, path, invite, seats } = await invitingTeam({ plan: 'free' });
    const [flooded, fresh, other] = [freshAddress(), freshAddress(), freshAddress()];
    const { body } = await invite(flooded);
    for (let n = 1; n < LIMITS.signInMailsPerHour; n++) await owner.post(`${path}/${body.id}/resend`);
    await expire(body.id);
    const withFlooded = { csv: lines('email', fresh, flooded), role: 'basic' };
    const withNoSeat = { csv: lines('email', fresh, other), role: 'basic' };
    for (let n = 0; n < LIMITS.signInMailsPerHour; n++) {
      const answer = await owner.post(path, withFlooded);
      expect(metadataOf(answer).errors).toMatchObject([
        { line: 3, message: expect.stringContaining('Too many tries') },
      ]);
      expect(refused(await owner.post(path, withNoSeat))).toEqual([402, 'seats_exhausted', 'acceptSeatCost']);
    }
    expect((await owner.post(path, { ...withFlooded, skipBad: true })).status).toBe(201);
    expect(await seats()).toMatchObject({ pending: 1, left: 0 });
  });

  it.each([
    ['nothing', ''],
    ['no column of addresses', 'role\nbasic'],
    ['an unknown column', 'email,salary\nx@example.com,5'],
    ['no line', 'email\n\n'],
    ['quotes that do not fit', 'email\n"x@example.com'],
    [
      'too many lines',
      ['email', ...Array.from({ length: LIMITS.invitationsAtOnceMax + 1 }, (_, i) => `a${i}@example.com`)].join('\n'),
    ],
  ])('is refused with %s', async (_, csv) => {
    const { owner, path } = await invitingTeam();
    expect(refused(await owner.post(path, { csv, role: 'basic' }))).toEqual([400, 'invalid_request_error', 'csv']);
  });

  it("is refused with another organization's project for all lines", async () => {
    const [{ owner, path }, other] = [await invitingTeam(), await seedOrganization()];
    const answer = await owner.post(path, { csv: 'email\nx@example.com', projects: [other.projectId] });
    expect(refused(answer)).toEqual([400, 'invalid_request_error', 'projects']);
  });

  it('takes all of its seats or none', async () => {
    const { owner, path, seats } = await invitingTeam({ plan: 'pro' });
    const csv = lines('email', freshAddress(), freshAddress(), freshAddress());
    const full = await owner.post(path, { csv, role: 'basic' });
    const { seatCost, seatsNeeded } = (full.body.error as { metadata: Json }).metadata as {
      seatCost: string;
      seatsNeeded: number;
    };
    expect([full.status, seatsNeeded]).toEqual([402, 2]);
    expect(await seats()).toMatchObject({ pending: 0 });
    expect((await owner.post(path, { csv, role: 'basic', acceptSeatCost: seatCost })).status).toBe(201);
    expect(await seats()).toMatchObject({ pending: 3, bought: 2, left: 0 });
  });
});

describe('any request at all', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '\u0000', '\ud800'));
  const value = fc.oneof(fc.jsonValue(), text, fc.constantFrom(null, 0, -1, 2 ** 53, 'owner', 'admin', true, []));

  it('to invite, to add, to change or to make is taken or refused in the envelope', async () => {
    const { owner, path, seeded, outbox } = await invitingTeam();
    const org = `/orgs/${seeded.organizationId}`;
    const routes: [string, string, string[]][] = [
      ['POST', path, ['email', 'role', 'projects', 'budget', 'csv', 'skipBad', 'acceptSeatCost']],
      ['POST', `${org}/members`, ['name', 'apiOnly', 'projects', 'budget']],
      ['PATCH', `${org}/members/${seeded.memberId}`, ['role', 'projects', 'handOver', 'version']],
      ['PATCH', org, ['name', 'timeZone', 'billingDetails', 'replay']],
      ['POST', '/orgs', ['name', 'kind', 'timeZone']],
      ['POST', `${org}/convert`, ['name']],
    ];
    const asked = fc
      .constantFrom(...routes)
      .chain(([method, at, fields]) =>
        fc.tuple(
          fc.constant(method),
          fc.constant(at),
          fc.oneof(fc.dictionary(fc.constantFrom(...fields, 'other'), value, { maxKeys: 4 }), fc.json(), value),
        ),
      );
    await fc.assert(
      fc.asyncProperty(asked, async ([method, at, body]) => {
        const answer = await owner.send(method, at, typeof body === 'string' ? body : JSON.stringify(body));
        expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500);
      }),
      { numRuns: 150 },
    );
    const token = fc.oneof(text, fc.constant('x'.repeat(300))).map((given) => encodeURIComponent(given.toWellFormed()));
    await fc.assert(
      fc.asyncProperty(token, async (given) => {
        const answer = await new Browser(outbox.env).get(`/invitations/${given.replaceAll('.', '%2E')}`);
        expect([400, 404]).toContain(answer.status);
      }),
      { numRuns: 30 },
    );
  });
});
