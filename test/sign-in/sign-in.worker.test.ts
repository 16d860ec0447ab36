/** In, out, and in again with a new password: sessions, cookies, and what a stranger can learn. */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, LIMITS } from '../../src/limits.ts';
import { forgetExpired } from '../../src/sign-in/forget-expired.ts';
import { Browser, insertUser, meOf, Outbox, PASSWORD, refused, signedInBrowser } from '../support/browser.ts';
import { call } from '../teams/management.ts';

interface Session {
  id: string;
  current: boolean;
  ipAddress: string | null;
  userAgent: string | null;
}

async function sessionsOf(browser: Browser): Promise<Session[]> {
  return (await browser.get('/auth/sessions')).body.sessions as Session[];
}

describe('signing in', () => {
  it('sets one cookie that scripts cannot read and other sites do not send, Secure under https', async () => {
    await insertUser('cookie@example.com');
    for (const origin of ['https://purser.test', 'http://purser.test']) {
      const browser = new Browser(env, origin);
      await browser.post('/auth/sign-in', { email: 'Cookie@Example.com ', password: PASSWORD });
      const [cookie = '', ...more] = browser.setCookies;
      expect(more).toEqual([]);
      const [pair = '', ...attributes] = cookie.split('; ');
      const secure = origin.startsWith('https');
      expect(pair).toMatch(secure ? /^__Secure-purser\.session_token=/ : /^purser\.session_token=/);
      expect(attributes.toSorted()).toEqual(
        [
          `Max-Age=${LIMITS.sessionMs / 1_000}`,
          'Path=/',
          'HttpOnly',
          'SameSite=Lax',
          ...(secure ? ['Secure'] : []),
        ].toSorted(),
      );
      expect((await meOf(browser)).user.email).toBe('cookie@example.com');
      // What a page gets to read is not the token.
      expect(browser.told.join()).not.toContain(pair.split(/[=.]/)[2]);
    }
  });

  it('lasts as long as the browser runs where it shall not be remembered', async () => {
    await insertUser('short@example.com');
    const browser = new Browser(env);
    await browser.post('/auth/sign-in', { email: 'short@example.com', password: PASSWORD, remember: false });
    for (const cookie of browser.setCookies) expect(cookie).not.toMatch(/max-age|expires/i);
    await meOf(browser);
  });

  it('tells nobody whether there is such an account', async () => {
    await insertUser('there@example.com');
    const answers = [];
    for (const email of ['there@example.com', 'not-there@example.com']) {
      const { status, body } = await new Browser(env).post('/auth/sign-in', { email, password: 'not the password' });
      answers.push({ status, body });
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.status).toBe(401);
  });

  it.each([
    ['no password', { email: 'a@example.com' }, 'password'],
    ['no e-mail address', { password: PASSWORD }, 'email'],
    ['an empty password', { email: 'a@example.com', password: '' }, 'password'],
    ['a list for an address', { email: ['a@example.com'], password: PASSWORD }, 'email'],
    [
      'an unknown field',
      { email: 'a@example.com', password: PASSWORD, callbackURL: 'https://evil.test' },
      'callbackURL',
    ],
    ['no object', '"text"', null],
    ['no JSON', '{', null],
    ['nothing', '', null],
  ])('with %s is a 400 that names it', async (_, body, param) => {
    const answer = await new Browser(env).post('/auth/sign-in', body);
    expect(refused(answer)).toEqual([400, 'invalid_request_error', param]);
  });
});

describe('a session', () => {
  it('is listed with the others, and ended by another', async () => {
    await insertUser('many@example.com');
    const [one, two, three] = [
      await signedInBrowser('many@example.com'),
      await signedInBrowser('many@example.com'),
      await signedInBrowser('many@example.com'),
    ];
    const listed = await sessionsOf(one);
    expect(listed).toHaveLength(3);
    const [current] = listed.filter((session) => session.current);
    expect(current).toMatchObject({ id: (await meOf(one)).session.id, userAgent: 'Test browser' });
    expect(current?.ipAddress).toMatch(/^2001:0?db8:/);

    const { session } = await meOf(two);
    expect((await one.send('DELETE', `/auth/sessions/${session.id}`)).status).toBe(204);
    expect(refused(await two.get('/me'))).toEqual([401, 'unauthorized', null]);
    expect((await one.send('DELETE', '/auth/sessions')).status).toBe(204);
    expect(refused(await three.get('/auth/sessions'))).toEqual([401, 'unauthorized', null]);
    expect(await sessionsOf(one)).toHaveLength(1);
  });

  it('of somebody else is not there', async () => {
    await insertUser('mine@example.com');
    await insertUser('theirs@example.com');
    const [mine, theirs] = [await signedInBrowser('mine@example.com'), await signedInBrowser('theirs@example.com')];
    const { session } = await meOf(theirs);
    const foreign = await mine.send('DELETE', `/auth/sessions/${session.id}`);
    const unknown = await mine.send('DELETE', '/auth/sessions/ses_0000000000000000');
    expect(refused(foreign)).toEqual([404, 'not_found', null]);
    expect(foreign.body).toEqual(unknown.body);
    await meOf(theirs);
  });

  it('ends with signing out, for a copy of its cookie too', async () => {
    await insertUser('out@example.com');
    const browser = await signedInBrowser('out@example.com');
    const copy = new Browser(env);
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    expect((await browser.post('/auth/sign-out')).status).toBe(204);
    expect(browser.cookies.size).toBe(0);
    expect(refused(await copy.get('/me'))).toEqual([401, 'unauthorized', null]);
    // Who is signed out already is told the same.
    expect((await browser.post('/auth/sign-out')).status).toBe(204);
  });

  it('ends when nobody comes back, is put off by whoever does, and is then forgotten', async () => {
    await insertUser('back@example.com');
    const browser = await signedInBrowser('back@example.com');
    const { session } = await meOf(browser);
    const expiresIn = (ms: number) =>
      env.DB.prepare('UPDATE sessions SET expires_at = ? WHERE id = ?')
        .bind(Date.now() + ms, session.id)
        .run();
    await expiresIn(LIMITS.sessionMs - LIMITS.sessionRefreshMs - 1_000);
    browser.setCookies.length = 0;
    const later = Date.parse((await meOf(browser)).session.expiresAt);
    expect(later).toBeGreaterThan(Date.now() + LIMITS.sessionMs - 60_000);
    expect(browser.setCookies.join()).toContain(`Max-Age=${LIMITS.sessionMs / 1_000}`);
    await expiresIn(-1);
    expect(refused(await browser.get('/auth/sessions'))).toEqual([401, 'unauthorized', null]);
    expect(refused(await browser.get('/me'))).toEqual([401, 'unauthorized', null]);
    await forgetExpired(env.DB, Date.now());
    expect(await env.DB.prepare('SELECT 1 FROM sessions WHERE id = ?').bind(session.id).first()).toBeNull();
  });

  it('is nobody with a cookie that was not signed here', async () => {
    await insertUser('forged@example.com');
    const browser = await signedInBrowser('forged@example.com');
    const [[name, value] = ['', '']] = browser.cookies;
    const [token, signature] = decodeURIComponent(value).split('.');
    const forgeries = [
      token,
      `${token}.`,
      `${token}.${'A'.repeat(43)}=`,
      `${token?.slice(1)}x.${signature}`,
      `.${signature}`,
      '%FF',
      '',
    ];
    for (const forgery of forgeries) {
      const thief = new Browser(env);
      thief.cookies.set(name, encodeURIComponent(forgery ?? ''));
      expect(refused(await thief.get('/me'))).toEqual([401, 'unauthorized', null]);
      expect(refused(await thief.get('/auth/sessions'))).toEqual([401, 'unauthorized', null]);
    }
  });
});

describe('who is not signed in', () => {
  it.each([
    ['GET', '/me'],
    ['GET', '/auth/sessions'],
    ['DELETE', '/auth/sessions'],
    ['DELETE', '/auth/sessions/ses_0000000000000000'],
    ['PUT', '/auth/password'],
    ['POST', '/auth/second-factor'],
    ['POST', '/auth/second-factor/confirm'],
    ['POST', '/auth/second-factor/backup-codes'],
    ['POST', '/auth/second-factor/off'],
    ['GET', '/auth/passkeys'],
    ['POST', '/auth/passkeys'],
    ['POST', '/auth/passkeys/options'],
    ['DELETE', '/auth/passkeys/pky_0000000000000000'],
  ])('hears so before anything is read: %s %s', async (method, path) => {
    const body = method === 'GET' ? undefined : '{"nonsense":';
    expect(refused(await new Browser(env).send(method, path, body))).toEqual([401, 'unauthorized', null]);
    expect((await call(method, path, 'psm_nonsense', body)).status).toBe(401);
  });
});

describe('a page of another site', () => {
  it.each([
    ['POST', '/auth/sign-out', undefined],
    ['DELETE', '/auth/sessions', undefined],
    ['PUT', '/auth/password', { password: PASSWORD, newPassword: 'another password' }],
    ['POST', '/auth/second-factor', { password: PASSWORD }],
    ['POST', '/auth/passkeys/options', undefined],
  ])('cannot do in my name: %s %s', async (method, path, body) => {
    const email = `csrf-${method}-${path.replaceAll('/', '-')}@example.com`.toLowerCase();
    await insertUser(email);
    const browser = await signedInBrowser(email);
    for (const origin of ['https://evil.test', 'http://evil.purser.test', 'https://purser.test', 'null', '']) {
      const answer = await browser.send(method, path, body, { origin });
      expect([origin, ...refused(answer)]).toEqual([origin, 403, 'cross_origin', null]);
    }
    expect(await sessionsOf(browser)).toHaveLength(1);
  });

  it('cannot sign me in as somebody else', async () => {
    await insertUser('mallory@example.com');
    const browser = new Browser(env);
    const asked = { email: 'mallory@example.com', password: PASSWORD };
    const answer = await browser.post('/auth/sign-in', asked, { origin: 'https://evil.test' });
    expect(refused(answer)).toEqual([403, 'cross_origin', null]);
    expect(browser.cookies.size).toBe(0);
  });
});

describe('a forgotten password', () => {
  it('is set anew by the mailed link, once; all sessions end, and the address is proven', async () => {
    const outbox = new Outbox();
    const userId = await insertUser('forgot@example.com');
    await env.DB.prepare('UPDATE users SET email_verified = 0 WHERE id = ?').bind(userId).run();
    const stranger = new Browser(outbox.env);
    const unproven = await stranger.post('/auth/sign-in', { email: 'forgot@example.com', password: PASSWORD });
    expect(refused(unproven)).toEqual([403, 'email_not_verified', null]);
    await env.DB.prepare('UPDATE users SET email_verified = 1 WHERE id = ?').bind(userId).run();
    const browser = await signedInBrowser('forgot@example.com', outbox.env);
    await env.DB.prepare('UPDATE users SET email_verified = 0 WHERE id = ?').bind(userId).run();

    const asked = await stranger.post('/auth/password-reset', { email: 'forgot@example.com' });
    expect([asked.status, asked.body]).toEqual([202, { next: 'email' }]);
    const token = await outbox.tokenTo('forgot@example.com', /new password/);
    const confirm = (password: string) => stranger.post('/auth/password-reset/confirm', { token, password });
    expect(refused(await confirm('short'))).toEqual([400, 'invalid_request_error', 'password']);
    expect((await confirm('a better password')).status).toBe(204);
    expect(refused(await confirm('yet another one'))).toEqual([400, 'invalid_request_error', 'token']);

    expect(refused(await browser.get('/me'))).toEqual([401, 'unauthorized', null]);
    const signIn = (password: string) => stranger.post('/auth/sign-in', { email: 'forgot@example.com', password });
    expect((await signIn(PASSWORD)).status).toBe(401);
    expect((await signIn('a better password')).status).toBe(200);
  });

  it('of nobody is answered the same, and nothing is mailed', async () => {
    const outbox = new Outbox();
    await insertUser('somebody@example.com');
    const browser = new Browser(outbox.env);
    const nobody = await browser.post('/auth/password-reset', { email: 'nobody@example.com' });
    const somebody = await browser.post('/auth/password-reset', { email: 'somebody@example.com' });
    expect([nobody.status, nobody.body]).toEqual([somebody.status, somebody.body]);
    await outbox.mailTo('somebody@example.com', /password/);
    expect(outbox.mails).toHaveLength(1);
  });

  it('is a first password for whoever has none', async () => {
    const outbox = new Outbox();
    const userId = await insertUser('none@example.com');
    await env.DB.prepare('DELETE FROM accounts WHERE user_id = ?').bind(userId).run();
    const browser = new Browser(outbox.env);
    await browser.post('/auth/password-reset', { email: 'none@example.com' });
    const token = await outbox.tokenTo('none@example.com', /password/);
    expect((await browser.post('/auth/password-reset/confirm', { token, password: PASSWORD })).status).toBe(204);
    await signedInBrowser('none@example.com');
  });

  it('has no link that is older than an hour, made up, or of another kind', async () => {
    const outbox = new Outbox({ OPEN_SIGN_UP: '1' });
    await insertUser('old@example.com');
    const browser = new Browser(outbox.env);
    await browser.post('/auth/password-reset', { email: 'old@example.com' });
    const old = await outbox.tokenTo('old@example.com', /password/);
    await env.DB.prepare('UPDATE verifications SET expires_at = expires_at - ?').bind(HOUR_MS).run();
    await browser.post('/auth/sign-up', { email: 'new@example.com', name: 'New', password: PASSWORD });
    const ofSignUp = await outbox.tokenTo('new@example.com', /confirm/i);
    for (const token of [old, ofSignUp, 'nonsense', '__proto__', '\u0000', ' ']) {
      const answer = await browser.post('/auth/password-reset/confirm', { token, password: PASSWORD });
      expect([token, ...refused(answer)]).toEqual([token, 400, 'invalid_request_error', 'token']);
    }
  });

  it('cannot be mailed about where no mail can be sent, whoever asks', async () => {
    await insertUser('deaf@example.com');
    for (const email of ['deaf@example.com', 'nobody@example.com']) {
      const answer = await new Browser(env).post('/auth/password-reset', { email });
      expect(refused(answer)).toEqual([503, 'mail_not_configured', null]);
    }
  });
});

describe('a password', () => {
  it('is changed by whoever knows it, which ends the other sessions', async () => {
    await insertUser('change@example.com');
    const [browser, other] = [await signedInBrowser('change@example.com'), await signedInBrowser('change@example.com')];
    const change = (password: string, newPassword: string) =>
      browser.send('PUT', '/auth/password', { password, newPassword });
    expect(refused(await change('not the password', 'a better password'))).toEqual([403, 'wrong_password', 'password']);
    expect(refused(await change(PASSWORD, 'short'))).toEqual([400, 'invalid_request_error', 'newPassword']);
    expect((await change(PASSWORD, 'a better password')).status).toBe(204);
    expect(refused(await other.get('/me'))).toEqual([401, 'unauthorized', null]);
    await meOf(browser);
    expect((await change(PASSWORD, 'a better password')).status).toBe(403);
  });
});

describe('the ways to sign in', () => {
  it('are those that are configured', async () => {
    const plain = await new Browser(env).get('/auth/methods');
    expect(plain.body).toMatchObject({ password: true, passkey: true, providers: [], signUp: 'invited' });
    const github = {
      GITHUB_CLIENT_ID: 'id',
      GITHUB_CLIENT_SECRET: 'secret',
      GOOGLE_CLIENT_ID: 'half',
      OPEN_SIGN_UP: '1',
    };
    const more = await new Browser(new Outbox(github).env).get('/auth/methods');
    expect(more.body).toMatchObject({ providers: ['github'], signUp: 'open' });
  });
});

describe('any request at all', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', '\u0000', '\ud800', '.'),
  );
  const value = fc.oneof(fc.jsonValue(), text, fc.constantFrom(null, 0, 2 ** 53, '123456', PASSWORD, 'a@example.com'));
  const fields = [
    'email',
    'password',
    'name',
    'token',
    'code',
    'kind',
    'response',
    'setUpCode',
    'timeZone',
    'returnTo',
  ];
  const body = fc.oneof(
    fc.dictionary(
      fc.oneof({ arbitrary: fc.constantFrom(...fields), weight: 9 }, { arbitrary: text, weight: 1 }),
      value,
    ),
    fc.jsonValue(),
  );
  const likely = fc.record(
    { email: fc.emailAddress(), password: text, name: text, token: text, code: text },
    { requiredKeys: [] },
  );

  it.each([
    ['POST', '/auth/sign-up'],
    ['POST', '/auth/sign-up/confirm'],
    ['POST', '/auth/sign-in'],
    ['POST', '/auth/sign-in/second-factor'],
    ['POST', '/auth/sign-in/passkey'],
    ['POST', '/auth/sign-in/with/github'],
    ['POST', '/auth/password-reset'],
    ['POST', '/auth/password-reset/confirm'],
    ['PUT', '/auth/password'],
    ['POST', '/auth/second-factor'],
    ['POST', '/auth/second-factor/confirm'],
    ['POST', '/auth/passkeys'],
  ])('is answered or refused: %s %s', async (method, path) => {
    const outbox = new Outbox({ OPEN_SIGN_UP: '1', GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' });
    const email = `fuzz${path.replaceAll('/', '-')}@example.com`;
    await insertUser(email);
    const signedIn = await signedInBrowser(email, outbox.env);
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, likely), async (sent) => {
        for (const browser of [new Browser(outbox.env), signedIn]) {
          const { status } = await browser.send(method, path, JSON.stringify(sent));
          expect(status).toBeLessThan(500);
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each(['/auth/sessions/', '/auth/passkeys/'])('with any id is refused: DELETE %s', async (path) => {
    await insertUser(`ids${path.replaceAll('/', '-')}@example.com`);
    const browser = await signedInBrowser(`ids${path.replaceAll('/', '-')}@example.com`);
    const id = text.map((given) => encodeURIComponent(given.toWellFormed()).replaceAll('.', '%2E'));
    await fc.assert(
      fc.asyncProperty(id, async (given) => {
        // An empty id is the list itself, whose end is everybody else's.
        if (given === '') return;
        expect((await browser.send('DELETE', path + given)).status).toBe(404);
      }),
      { numRuns: 25 },
    );
  });
});
