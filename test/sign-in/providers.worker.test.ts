/** Signing in with GitHub and Google: who may, as whom, and that nothing of theirs is kept. */
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../src/ids.ts';
import { DAY_MS } from '../../src/limits.ts';
import { NO_BUDGET } from '../../src/teams/budget-body.ts';
import { Browser, insertUser, meOf, Outbox, PASSWORD, refused } from '../support/browser.ts';
import { seedOrganization } from '../support/seed.ts';

const CLIENTS = {
  GITHUB_CLIENT_ID: 'github-id',
  GITHUB_CLIENT_SECRET: 'github-secret',
  GOOGLE_CLIENT_ID: 'google-id',
  GOOGLE_CLIENT_SECRET: 'google-secret',
};

interface Person {
  id: number;
  email: string;
  verified?: boolean;
  name?: string | null;
}

const PROVIDER_TOKEN = 'planted-provider-token';

/** Answers as both providers do for one person. */
function pretend({ id, email, verified = true, name = 'Grace' }: Person): void {
  const base64url = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '');
  const claims = {
    sub: `google-${id}`,
    email,
    email_verified: verified,
    name,
    iss: 'https://accounts.google.com',
    aud: 'google-id',
  };
  const answers: Record<string, unknown> = {
    'https://github.com/login/oauth/access_token': {
      access_token: PROVIDER_TOKEN,
      token_type: 'bearer',
      scope: 'user:email',
    },
    'https://api.github.com/user': { id, login: 'grace', name, email, avatar_url: 'https://example.com/grace.png' },
    'https://api.github.com/user/emails': [{ email, primary: true, verified, visibility: 'public' }],
    'https://oauth2.googleapis.com/token': {
      access_token: PROVIDER_TOKEN,
      refresh_token: PROVIDER_TOKEN,
      expires_in: 3_600,
      id_token: `${base64url({ alg: 'RS256' })}.${base64url(claims)}.AAAA`,
    },
  };
  vi.stubGlobal('fetch', async (input: RequestInfo | URL) => {
    const url = String(input instanceof Request ? input.url : input);
    return url in answers ? Response.json(answers[url]) : new Response('no such page', { status: 404 });
  });
}

afterEach(() => vi.unstubAllGlobals());

/** Goes to the provider and back; the path and query where the browser ends. */
async function signInWith(
  browser: Browser,
  provider: string,
  change: (url: URL) => void = () => undefined,
): Promise<string> {
  const begun = await browser.post(`/auth/sign-in/with/${provider}`, {});
  expect(begun.status).toBe(200);
  const there = new URL((begun.body as { url: string }).url);
  const back = new URL(there.searchParams.get('redirect_uri') ?? '');
  back.searchParams.set('code', 'a-code');
  back.searchParams.set('state', there.searchParams.get('state') ?? '');
  change(back);
  const answer = await browser.get(back.pathname + back.search);
  expect(answer.status).toBe(302);
  const end = new URL(answer.headers.get('location') ?? '', browser.origin);
  expect(end.origin).toBe(browser.origin);
  return end.pathname + end.search;
}

async function invite(email: string): Promise<void> {
  const { organizationId } = await seedOrganization();
  await env.DB.prepare(
    `INSERT INTO invitations (id, organization_id, email, role, project_ids, budget, created_at, expires_at)
     VALUES (?, ?, ?, 'developer', '[]', ?, 0, ?)`,
  )
    .bind(newId('inv'), organizationId, email, JSON.stringify(NO_BUDGET), Date.now() + DAY_MS)
    .run();
}

describe.each(['github', 'google'])('%s', (provider) => {
  const email = (name: string) => `${name}-${provider}@example.com`;

  it('signs in whoever is invited, and the same person again', async () => {
    const outbox = new Outbox(CLIENTS);
    await invite(email('invited'));
    pretend({ id: 1, email: email('Invited') });
    const browser = new Browser(outbox.env);
    expect(await signInWith(browser, provider)).toBe('/dashboard');
    const first = await meOf(browser);
    expect(first.user).toMatchObject({ email: email('invited'), name: 'Grace' });
    const again = new Browser(outbox.env);
    expect(await signInWith(again, provider)).toBe('/dashboard');
    expect((await meOf(again)).user.id).toBe(first.user.id);
    expect(first.user.id).toMatch(/^usr_[0-9a-z]{16}$/);
  });

  it('signs in nobody who may not sign up, or whose address it does not vouch for', async () => {
    const outbox = new Outbox(CLIENTS);
    pretend({ id: 2, email: email('stranger') });
    const browser = new Browser(outbox.env);
    expect(await signInWith(browser, provider)).toMatch(/^\/dashboard\/sign-in\?error=sign_up_closed/);
    await invite(email('unproven'));
    pretend({ id: 3, email: email('unproven'), verified: false });
    expect(await signInWith(browser, provider)).toMatch(/^\/dashboard\/sign-in\?error=email_not_verified/);
    expect(refused(await browser.get('/me'))[0]).toBe(401);
    const made = await env.DB.prepare('SELECT count(*) AS n FROM users WHERE email IN (?, ?)')
      .bind(email('stranger'), email('unproven'))
      .first('n');
    expect(made).toBe(0);
  });

  it('signs in as the account with that address, if both sides have proven it', async () => {
    const outbox = new Outbox(CLIENTS);
    const userId = await insertUser(email('known'));
    pretend({ id: 4, email: email('known') });
    const browser = new Browser(outbox.env);
    expect(await signInWith(browser, provider)).toBe('/dashboard');
    expect((await meOf(browser)).user.id).toBe(userId);

    const unproven = await insertUser(email('squatted'));
    await env.DB.prepare('UPDATE users SET email_verified = 0 WHERE id = ?').bind(unproven).run();
    pretend({ id: 5, email: email('squatted') });
    expect(await signInWith(new Browser(outbox.env), provider)).toMatch(/error=account_not_linked/);
  });

  it('gives a stranger a personal organization where sign-up is open, named by the address at least', async () => {
    const outbox = new Outbox({ ...CLIENTS, OPEN_SIGN_UP: '1' });
    pretend({ id: 6, email: email('open'), name: null });
    const browser = new Browser(outbox.env);
    expect(await signInWith(browser, provider)).toBe('/dashboard');
    const me = await meOf(browser);
    expect(me.user.name).not.toBe('');
    expect(me.memberships).toEqual([expect.objectContaining({ kind: 'personal', role: 'owner' })]);
  });

  it('is not believed for another browser, another state, or without a code', async () => {
    const outbox = new Outbox({ ...CLIENTS, OPEN_SIGN_UP: '1' });
    pretend({ id: 7, email: email('state') });
    const browser = new Browser(outbox.env);
    for (const change of [
      (url: URL) => url.searchParams.set('state', 'made-up'),
      (url: URL) => url.searchParams.delete('state'),
      (url: URL) => url.searchParams.delete('code'),
    ]) {
      expect(await signInWith(browser, provider, change)).toMatch(/^\/dashboard\/sign-in\?error=/);
    }
    const begun = await browser.post(`/auth/sign-in/with/${provider}`, {});
    const state = new URL((begun.body as { url: string }).url).searchParams.get('state');
    const victim = new Browser(outbox.env);
    const answer = await victim.get(`/auth/callback/${provider}?code=a-code&state=${state}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, expect.stringContaining('error=')]);
    for (const one of [browser, victim]) expect(refused(await one.get('/me'))[0]).toBe(401);
  });
});

describe('a provider', () => {
  it('leaves no token behind', async () => {
    const { results } = await env.DB.prepare('SELECT * FROM accounts').all();
    expect(results.length).toBeGreaterThan(0);
    expect(JSON.stringify(results)).not.toContain(PROVIDER_TOKEN);
  });

  it('that is not configured, or not known, is not there', async () => {
    const browser = new Browser(env);
    expect(refused(await browser.post('/auth/sign-in/with/github', {}))).toEqual([404, 'not_found', null]);
    expect(refused(await browser.post('/auth/sign-in/with/facebook', {}))[0]).toBe(400);
    expect((await browser.get('/auth/callback/facebook')).status).toBe(400);
    expect((await browser.get('/auth/callback/github?code=x&state=y')).status).toBe(302);
  });

  it.each(['https://evil.test', '//evil.test', '/dashboard/../orgs', '/me', 'javascript:alert(1)'])(
    'does not send the browser on to %s',
    async (returnTo) => {
      const answer = await new Browser(new Outbox(CLIENTS).env).post('/auth/sign-in/with/github', { returnTo });
      expect(refused(answer)).toEqual([400, 'invalid_request_error', 'returnTo']);
    },
  );
});

describe('the rest of the library', () => {
  it.each([
    ['POST', '/auth/sign-up/email'],
    ['POST', '/auth/sign-in/email'],
    ['POST', '/auth/update-user'],
    ['GET', '/auth/get-session'],
    ['GET', '/auth/list-sessions'],
    ['POST', '/auth/delete-user'],
    ['GET', '/auth/ok'],
    ['GET', '/auth/error'],
    ['GET', '/auth/reset-password/token'],
    ['POST', '/auth/two-factor/enable'],
  ])('is not reachable: %s %s', async (method, path) => {
    const answer = await new Browser(env).send(
      method,
      path,
      method === 'GET' ? undefined : { email: 'a@example.com', password: PASSWORD },
    );
    expect(refused(answer)).toEqual([404, 'not_found', null]);
  });
});
