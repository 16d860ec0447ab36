/** What the audit logs are told of how people sign in. That each route tells is test/access/walk.worker.test.ts. */
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../src/ids.ts';
import { logOf, verdictOn } from '../audit/log.ts';
import { Browser, insertMember, insertUser, Outbox, PASSWORD, signedInBrowser } from '../support/browser.ts';
import { ORIGIN } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Somebody who is a member of two organizations, was one of a third, and owns a deleted one. */
async function memberOfTwo() {
  const email = `${newId('usr').slice(4)}@example.com`;
  const userId = await insertUser(email);
  const [one, two, left, deleted] = await Promise.all([1, 2, 3, 4].map(() => seedOrganization()));
  if (!one || !two || !left || !deleted) throw new Error('there are four');
  const memberIds = [
    await insertMember(one.organizationId, userId, 'owner'),
    await insertMember(two.organizationId, userId, 'basic'),
  ];
  const gone = await insertMember(left.organizationId, userId, 'admin');
  await insertMember(deleted.organizationId, userId, 'owner');
  await env.DB.batch([
    env.DB.prepare('UPDATE members SET removed_at = 1 WHERE id = ?').bind(gone),
    env.DB.prepare('UPDATE organizations SET deleted_at = ? WHERE id = ?').bind(Date.now(), deleted.organizationId),
  ]);
  return { email, userId, memberIds, one, two, left, deleted };
}

async function actionsOf(organizationId: string): Promise<string[]> {
  const { results } = await env.DB.prepare('SELECT action FROM audit_entries WHERE organization_id = ? ORDER BY n')
    .bind(organizationId)
    .all<{ action: string }>();
  return results.map(({ action }) => action);
}

describe('a changed name', () => {
  it('is one’s own and that of each membership, told to every organization but a former one, which keeps the old', async () => {
    const { email, userId, memberIds, one, two, left } = await memberOfTwo();
    const browser = await signedInBrowser(email);
    const namesNow = async () => {
      const { results } = await env.DB.prepare('SELECT id, organization_id, name FROM members WHERE user_id = ?')
        .bind(userId)
        .all<{ id: string; organization_id: string; name: string }>();
      return new Map(results.map((row) => [row.organization_id, row.name]));
    };
    const before = (await namesNow()).get(left.organizationId);
    expect((await browser.send('PATCH', '/me', { name: '  ' })).status).toBe(400);
    const answer = await browser.send('PATCH', '/me', { name: ' Ada King ' });
    expect([answer.status, answer.body]).toEqual([200, { name: 'Ada King' }]);
    expect((await browser.get('/me')).body).toMatchObject({ user: { id: userId, name: 'Ada King', email } });
    const names = await namesNow();
    expect([one, two, left].map(({ organizationId }) => names.get(organizationId))).toEqual([
      'Ada King',
      'Ada King',
      before,
    ]);
    for (const [i, seeded] of [one, two].entries()) {
      expect((await logOf(seeded)).entries).toEqual([
        expect.objectContaining({
          actor: expect.objectContaining({ id: userId, memberId: memberIds[i] }),
          action: 'user.name.changed',
          target: { kind: 'user', id: userId },
          before: { name: email },
          after: { name: 'Ada King' },
        }),
      ]);
    }
    expect(await actionsOf(left.organizationId)).toEqual([]);
  });
});

describe('a changed password', () => {
  it('is told to every organization of the person, who and from where, and to no former one', async () => {
    const { email, userId, memberIds, one, two, left, deleted } = await memberOfTwo();
    const browser = await signedInBrowser(email);
    const change = { password: PASSWORD, newPassword: 'planted new password' };
    expect((await browser.send('PUT', '/auth/password', change)).status).toBe(204);
    for (const [i, seeded] of [one, two].entries()) {
      const { entries } = await logOf(seeded);
      expect(entries).toEqual([
        expect.objectContaining({
          actor: {
            kind: 'user',
            id: userId,
            memberId: memberIds[i],
            sessionId: expect.stringMatching(/^ses_/),
            name: email,
          },
          action: 'user.password.changed',
          target: { kind: 'user', id: userId },
          before: null,
          after: null,
          from: expect.objectContaining({ ip: browser.address, userAgent: 'Test browser' }),
        }),
      ]);
      expect(JSON.stringify(entries)).not.toContain('planted');
      expect((await verdictOn(seeded)).ok).toBe(true);
    }
    // Its owner can have it back, with a log without a gap.
    expect(await actionsOf(deleted.organizationId)).toEqual(['user.password.changed']);
    expect(await actionsOf(left.organizationId)).toEqual([]);
  });

  it('is told of by nobody where it was not changed', async () => {
    const { email, one } = await memberOfTwo();
    const browser = await signedInBrowser(email);
    await browser.send('PUT', '/auth/password', { password: 'not the password', newPassword: 'another password' });
    await browser.send('DELETE', '/auth/sessions');
    await browser.send('DELETE', `/auth/sessions/${newId('ses')}`);
    await browser.post('/auth/second-factor/off', { password: PASSWORD });
    expect(await actionsOf(one.organizationId)).toEqual([]);
  });

  it('is changed also where a log cannot be written, which is logged as an error', async () => {
    const { email, one, two } = await memberOfTwo();
    const errors: string[] = [];
    vi.spyOn(console, 'error').mockImplementation((line: string) => void errors.push(line));
    await env.DB.prepare(
      `CREATE TRIGGER full BEFORE INSERT ON audit_entries WHEN new.organization_id = '${one.organizationId}'
       BEGIN SELECT raise(ABORT, 'disk is full'); END`,
    ).run();
    try {
      const browser = await signedInBrowser(email);
      const change = { password: PASSWORD, newPassword: 'planted new password' };
      expect((await browser.send('PUT', '/auth/password', change)).status).toBe(204);
    } finally {
      await env.DB.prepare('DROP TRIGGER full').run();
    }
    expect(await actionsOf(two.organizationId)).toEqual(['user.password.changed']);
    expect(errors.filter((line) => line.includes('audit_note_failed'))).toEqual([
      expect.stringContaining(one.organizationId),
    ]);
  });
});

describe('a password set anew by a mailed link', () => {
  it('is told without a session, and that the address is proven by it where it was not', async () => {
    const outbox = new Outbox();
    const { email, userId, one } = await memberOfTwo();
    await env.DB.prepare('UPDATE users SET email_verified = 0 WHERE id = ?').bind(userId).run();
    const browser = new Browser(outbox.env);
    await browser.post('/auth/password-reset', { email });
    const token = await outbox.tokenTo(email, /password/);
    const reset = await browser.post('/auth/password-reset/confirm', { token, password: 'planted new password' });
    expect(reset.status).toBe(204);
    const { entries } = await logOf(one);
    expect(entries).toEqual([
      expect.objectContaining({
        action: 'user.password.reset',
        actor: expect.objectContaining({ id: userId, sessionId: null }),
        before: { emailVerified: false },
        after: { emailVerified: true },
      }),
    ]);
    expect(JSON.stringify(entries)).not.toMatch(new RegExp(`planted|${token}`));
  });
});

describe('a provider', () => {
  it('that vouches for an account from now on is told', async () => {
    const outbox = new Outbox({ GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' });
    const { email, one } = await memberOfTwo();
    const answers: Record<string, unknown> = {
      'https://github.com/login/oauth/access_token': { access_token: 'planted', token_type: 'bearer' },
      'https://api.github.com/user': { id: 7, login: 'grace', name: 'Grace', email },
      'https://api.github.com/user/emails': [{ email, primary: true, verified: true }],
    };
    vi.stubGlobal('fetch', async (input: RequestInfo) => {
      return Response.json(answers[String(input instanceof Request ? input.url : input)] ?? null);
    });
    const browser = new Browser(outbox.env);
    // The second time there is nothing new to tell.
    for (let times = 0; times < 2; times++) {
      const { body } = await browser.post('/auth/sign-in/with/github', {});
      const state = new URL(String(body.url)).searchParams.get('state');
      const back = await browser.get(`/auth/callback/github?code=a-code&state=${state}`);
      expect(back.headers.get('location')).toBe(new URL('/dashboard', ORIGIN).pathname);
    }
    const { entries } = await logOf(one);
    expect(entries).toEqual([
      expect.objectContaining({ action: 'user.provider.linked', before: null, after: { provider: 'github' } }),
    ]);
    expect(JSON.stringify(entries)).not.toContain('planted');
  });
});
