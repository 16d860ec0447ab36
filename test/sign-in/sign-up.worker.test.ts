/** From a set-up code, an invitation or open doors to an account: by mail and password, and in no other way. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { DAY_MS, LIMITS } from '../../src/limits.ts';
import { newSetUpCode } from '../../src/sign-in/set-up-code.ts';
import { NO_BUDGET } from '../../src/teams/budget-body.ts';
import {
  Browser,
  freshSetUpCode,
  insertUser,
  meOf,
  Outbox,
  PASSWORD,
  refused,
  signUpOwner,
} from '../support/browser.ts';
import { seedOrganization } from '../support/seed.ts';

const signUp = (email: string, more: object = {}) => ({ email, name: 'Ada', password: PASSWORD, ...more });

async function invite(email: string, expiresAt = Date.now() + DAY_MS): Promise<string> {
  const { organizationId } = await seedOrganization();
  const id = newId('inv');
  await env.DB.prepare(
    `INSERT INTO invitations (id, organization_id, email, role, project_ids, budget, created_at, expires_at)
     VALUES (?, ?, ?, 'developer', '[]', ?, 0, ?)`,
  )
    .bind(id, organizationId, email, JSON.stringify(NO_BUDGET), expiresAt)
    .run();
  return id;
}

function count(table: string, condition = 'TRUE'): Promise<number | null> {
  return env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${condition}`).first<number>('n');
}

describe('the first owner', () => {
  it('signs up with the set-up code, confirms by mail, and owns a team', async () => {
    const outbox = new Outbox();
    const browser = await signUpOwner(outbox, 'ada@example.com');
    const me = await meOf(browser);
    expect(me).toMatchObject({ user: { name: 'Ada', email: 'ada@example.com', secondFactor: false } });
    expect(me.memberships).toEqual([
      expect.objectContaining({ name: 'Engines', kind: 'team', plan: 'enterprise', role: 'owner', timeZone: 'UTC' }),
    ]);
    const [{ organizationId } = { organizationId: '' }] = me.memberships;
    expect(await count('projects', `organization_id = '${organizationId}'`)).toBe(1);
    expect(await count('organizations', `id = '${organizationId}' AND metered = 0`)).toBe(1);
    expect((await browser.get(`/orgs/${organizationId}/members`)).status).toBe(200);
  });

  it('uses the code up: neither it nor the link works twice, and no other code is made', async () => {
    const outbox = new Outbox();
    const setUpCode = await freshSetUpCode();
    const [first, second] = [new Browser(outbox.env), new Browser(outbox.env)];
    await first.post('/auth/sign-up', signUp('first@example.com', { setUpCode }));
    await second.post('/auth/sign-up', signUp('second@example.com', { setUpCode }));
    const token = await outbox.tokenTo('first@example.com', /confirm/i);
    const late = await outbox.tokenTo('second@example.com', /confirm/i);
    expect((await first.post('/auth/sign-up/confirm', { token, password: PASSWORD })).status).toBe(201);

    expect(refused(await first.post('/auth/sign-up/confirm', { token, password: PASSWORD }))).toEqual([
      400,
      'invalid_request_error',
      'token',
    ]);
    const refusal = [403, 'set_up_code_invalid', 'setUpCode'];
    expect(refused(await second.post('/auth/sign-up/confirm', { token: late, password: PASSWORD }))).toEqual(refusal);
    expect(refused(await second.post('/auth/sign-up', signUp('third@example.com', { setUpCode })))).toEqual(refusal);
    expect(await count('users', "email IN ('second@example.com', 'third@example.com')")).toBe(0);
    expect(await newSetUpCode(env.DB, Date.now())).toBeNull();
  });

  it('is one, however many confirm at once', async () => {
    const outbox = new Outbox();
    const setUpCode = await freshSetUpCode();
    const organizations = (await count('organizations')) ?? 0;
    const emails = ['a', 'b', 'c', 'd'].map((name) => `race-${name}@example.com`);
    const racers = await Promise.all(
      emails.map(async (email) => {
        const browser = new Browser(outbox.env);
        await browser.post('/auth/sign-up', signUp(email, { setUpCode }));
        return { browser, token: await outbox.tokenTo(email, /confirm/i) };
      }),
    );
    const answers = await Promise.all(
      racers.map(({ browser, token }) => browser.post('/auth/sign-up/confirm', { token, password: PASSWORD })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 403, 403, 403]);
    expect(await count('organizations')).toBe(organizations + 1);
    expect(await count('users', "email LIKE 'race-%'")).toBe(1);
  });

  it('types the code as it pleases them, and a new code ends the old one', async () => {
    const outbox = new Outbox();
    const old = await freshSetUpCode();
    const code = await freshSetUpCode();
    const browser = new Browser(outbox.env);
    expect(refused(await browser.post('/auth/sign-up', signUp('x@example.com', { setUpCode: old })))[0]).toBe(403);
    const typed = ` ${code.toUpperCase().replaceAll('-', ' ')}`;
    expect((await browser.post('/auth/sign-up', signUp('x@example.com', { setUpCode: typed }))).status).toBe(202);
  });

  it('is in at once where no mail can be sent, and nobody else is', async () => {
    const browser = new Browser(env);
    const setUpCode = await freshSetUpCode();
    const answer = await browser.post('/auth/sign-up', signUp('no-mail@example.com', { setUpCode }));
    expect(answer.status).toBe(201);
    expect((await meOf(browser)).memberships).toEqual([expect.objectContaining({ name: "Ada's team", role: 'owner' })]);
    await invite('also@example.com');
    const other = new Browser(env);
    expect(refused(await other.post('/auth/sign-up', signUp('also@example.com')))).toEqual([
      503,
      'mail_not_configured',
      null,
    ]);
  });
});

describe('whoever is invited', () => {
  it('has an account without an organization, until the invitation is accepted', async () => {
    const outbox = new Outbox();
    await invite('Invited@Example.com');
    const browser = new Browser(outbox.env);
    expect((await browser.post('/auth/sign-up', signUp('INVITED@example.com'))).status).toBe(202);
    const token = await outbox.tokenTo('invited@example.com', /confirm/i);
    expect((await browser.post('/auth/sign-up/confirm', { token, password: PASSWORD })).status).toBe(201);
    expect((await meOf(browser)).memberships).toEqual([]);
  });

  it('is turned away when the invitation was revoked or has ended in between', async () => {
    const outbox = new Outbox();
    const id = await invite('revoked@example.com');
    const browser = new Browser(outbox.env);
    await browser.post('/auth/sign-up', signUp('revoked@example.com'));
    const token = await outbox.tokenTo('revoked@example.com', /confirm/i);
    await env.DB.prepare('UPDATE invitations SET revoked_at = 1 WHERE id = ?').bind(id).run();
    const refusal = [403, 'sign_up_closed', null];
    expect(refused(await browser.post('/auth/sign-up/confirm', { token, password: PASSWORD }))).toEqual(refusal);
    await invite('ended@example.com', Date.now() - 1);
    expect(refused(await browser.post('/auth/sign-up', signUp('ended@example.com')))).toEqual(refusal);
    expect(await count('users', "email IN ('revoked@example.com', 'ended@example.com')")).toBe(0);
  });
});

describe('anybody', () => {
  it('is turned away, with nothing stored and nothing mailed', async () => {
    const outbox = new Outbox();
    const browser = new Browser(outbox.env);
    expect(refused(await browser.post('/auth/sign-up', signUp('anybody@example.com')))).toEqual([
      403,
      'sign_up_closed',
      null,
    ]);
    expect(await count('sign_ups', "email = 'anybody@example.com'")).toBe(0);
    expect(outbox.mails).toEqual([]);
  });

  it('has a personal organization with an empty wallet where sign-up is open, on the default plan', async () => {
    const outbox = new Outbox({ OPEN_SIGN_UP: '1', DEFAULT_PLAN: 'free' });
    const browser = new Browser(outbox.env);
    await browser.post('/auth/sign-up', signUp('open@example.com', { timeZone: 'Europe/Oslo' }));
    const token = await outbox.tokenTo('open@example.com', /confirm/i);
    await browser.post('/auth/sign-up/confirm', { token, password: PASSWORD });
    const [membership] = (await meOf(browser)).memberships;
    expect(membership).toMatchObject({ kind: 'personal', plan: 'free', role: 'owner', timeZone: 'Europe/Oslo' });
    expect(await count('organizations', `id = '${membership?.organizationId}' AND metered = 1`)).toBe(1);
  });
});

describe('a link', () => {
  it('makes no account without the password chosen with it, whose ever mail it came to', async () => {
    const outbox = new Outbox({ OPEN_SIGN_UP: '1' });
    const [attacker, victim] = [new Browser(outbox.env), new Browser(outbox.env)];
    await attacker.post('/auth/sign-up', signUp('victim@example.com', { password: 'the password of mallory' }));
    const token = await outbox.tokenTo('victim@example.com', /confirm/i);
    expect(refused(await victim.post('/auth/sign-up/confirm', { token, password: PASSWORD }))).toEqual([
      401,
      'sign_in_failed',
      'password',
    ]);
    expect(await count('users', "email = 'victim@example.com'")).toBe(0);

    // Their own sign-up goes on beside it, and ends the other for good.
    await victim.post('/auth/sign-up', signUp('victim@example.com'));
    const own = await outbox.tokenTo('victim@example.com', /confirm/i, 2);
    expect((await victim.post('/auth/sign-up/confirm', { token: own, password: PASSWORD })).status).toBe(201);
    const late = await attacker.post('/auth/sign-up/confirm', { token, password: 'the password of mallory' });
    expect(refused(late)).toEqual([409, 'already_signed_up', null]);
    const stolen = await attacker.post('/auth/sign-in', {
      email: 'victim@example.com',
      password: 'the password of mallory',
    });
    expect(refused(stolen)).toEqual([401, 'sign_in_failed', null]);
  });

  it('is dead after a day', async () => {
    const outbox = new Outbox({ OPEN_SIGN_UP: '1' });
    const browser = new Browser(outbox.env);
    await browser.post('/auth/sign-up', signUp('late@example.com'));
    const token = await outbox.tokenTo('late@example.com', /confirm/i);
    await env.DB.prepare("UPDATE sign_ups SET expires_at = expires_at - ? WHERE email = 'late@example.com'")
      .bind(LIMITS.signUpLinkMs)
      .run();
    expect(refused(await browser.post('/auth/sign-up/confirm', { token, password: PASSWORD }))).toEqual([
      400,
      'invalid_request_error',
      'token',
    ]);
  });
});

describe('an address that has an account', () => {
  it('hears so by mail only', async () => {
    const outbox = new Outbox({ OPEN_SIGN_UP: '1' });
    await insertUser('known@example.com');
    const browser = new Browser(outbox.env);
    const known = await browser.post('/auth/sign-up', signUp('known@example.com'));
    const unknown = await browser.post('/auth/sign-up', signUp('unknown@example.com'));
    expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
    await outbox.mailTo('known@example.com', /already/);
    await outbox.mailTo('unknown@example.com', /confirm/i);
    expect(await count('sign_ups', "email = 'known@example.com'")).toBe(0);
  });
});

describe('a bad sign-up', () => {
  it.each<[string, object, string | null]>([
    ['no e-mail address', { email: 'nobody' }, 'email'],
    ['an e-mail address with a line break', { email: 'a@example.com\nBcc: b@example.com' }, 'email'],
    ['a long e-mail address', { email: `${'a'.repeat(250)}@example.com` }, 'email'],
    ['no name', { name: ' ' }, 'name'],
    ['a name of two lines', { name: 'Ada\nWin at https://evil.test' }, 'name'],
    ['a short password', { password: 'short' }, 'password'],
    ['a very long password', { password: 'x'.repeat(LIMITS.passwordLengthMax + 1) }, 'password'],
    ['no password', { password: undefined }, 'password'],
    ['a number for a name', { name: 1 }, 'name'],
    ['an unknown zone', { timeZone: 'Mars/Olympus' }, 'timeZone'],
    ['an unknown field', { role: 'owner' }, 'role'],
    ['a field of the user', { emailVerified: true }, 'emailVerified'],
  ])('with %s names the field', async (_, wrong, param) => {
    const browser = new Browser(new Outbox({ OPEN_SIGN_UP: '1' }).env);
    const answer = await browser.post('/auth/sign-up', { ...signUp('bad@example.com'), ...wrong });
    expect(refused(answer)).toEqual([400, 'invalid_request_error', param]);
    // What was sent is not repeated.
    expect(JSON.stringify(answer.body)).not.toContain(PASSWORD);
  });
});
