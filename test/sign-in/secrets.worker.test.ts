/** What must be told to nobody: passwords, tokens, codes, hashes. A whole life of an account, with failures, is grepped. */
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Browser, freshSetUpCode, insertUser, Outbox, PASSWORD } from '../support/browser.ts';

/** Everything that is logged from now on. */
function logged(): string[] {
  const lines: string[] = [];
  for (const level of ['debug', 'log', 'info', 'warn', 'error', 'trace'] as const) {
    vi.spyOn(console, level).mockImplementation((...values) => {
      lines.push(values.map((value) => (value instanceof Error ? `${value.stack}` : JSON.stringify(value))).join(' '));
    });
  }
  return lines;
}

afterEach(() => vi.restoreAllMocks());

/** A database in which statements that match fail. */
function failing(pattern: RegExp): D1Database {
  const fail = () => Promise.reject(new Error('D1_ERROR: disk is full'));
  const broken = { bind: () => broken, run: fail, all: fail, raw: fail, first: fail };
  const wrap = <T extends object>(db: T): T =>
    new Proxy(db, {
      get(target, name) {
        if (name === 'prepare') {
          return (sql: string) => (pattern.test(sql) ? broken : (target as unknown as D1Database).prepare(sql));
        }
        if (name === 'withSession')
          return (bookmark: string) => wrap((target as unknown as D1Database).withSession(bookmark));
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  return wrap(env.DB);
}

describe('no secret', () => {
  it('is in an answer or in the log, whatever happens to an account', async () => {
    const lines = logged();
    const outbox = new Outbox();
    const browser = new Browser(outbox.env);
    const planted = { password: 'planted-password-1', next: 'planted-password-2', wrong: 'planted-password-3' };
    const secrets: string[] = Object.values(planted);
    const email = 'secret@example.com';

    const setUpCode = await freshSetUpCode();
    secrets.push(setUpCode);
    await browser.post('/auth/sign-up', { email, name: 'S', password: planted.password, setUpCode });
    const token = await outbox.tokenTo(email, /confirm/i);
    secrets.push(token);
    await browser.post('/auth/sign-up/confirm', { token, password: planted.wrong });
    await browser.post('/auth/sign-up/confirm', { token, password: planted.password });
    const keep = () =>
      secrets.push(...[...browser.cookies.values()].map((value) => decodeURIComponent(value).split('.')[0] ?? ''));
    keep();
    await browser.get('/me');
    await browser.get('/auth/sessions');
    await browser.post('/auth/sign-in', { email, password: planted.wrong });
    await browser.post('/auth/sign-in', { email, password: planted.wrong, extra: planted.wrong });
    await browser.post('/auth/password-reset', { email });
    const reset = await outbox.tokenTo(email, /password/);
    secrets.push(reset);
    await browser.post('/auth/password-reset/confirm', { token: reset, password: planted.next });
    await browser.post('/auth/password-reset/confirm', { token: reset, password: planted.next });
    await browser.post('/auth/sign-in', { email, password: planted.next });
    keep();
    await browser.post('/auth/second-factor', { password: planted.wrong });
    const begun = await browser.post('/auth/second-factor', { password: planted.next });
    // These are shown, once, to whom they belong: not again, and not in the log.
    const shown = (begun.body as { backupCodes: string[] }).backupCodes;
    browser.told.pop();
    await browser.post('/auth/second-factor/confirm', { code: '000000' });
    await browser.get('/me');
    const { results } = await env.DB.prepare('SELECT password FROM accounts').all<{ password: string }>();
    secrets.push(...results.map(({ password }) => password), ...shown);

    const told = [...browser.told, ...lines].join('\n');
    expect(secrets.filter((secret) => secret.length < 10)).toEqual([]);
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
    // The mails hold the links, and nothing else of it.
    const mails = JSON.stringify(outbox.mails);
    expect(secrets.filter((secret) => mails.includes(secret)).toSorted()).toEqual([token, reset].toSorted());
  });

  it('is in what is said of a database that fails', async () => {
    await insertUser('failing@example.com');
    const lines = logged();
    const outbox = new Outbox({
      DB: failing(/insert into "(sessions|verifications)"|INSERT INTO sign_ups/),
      OPEN_SIGN_UP: '1',
    });
    const browser = new Browser(outbox.env);
    const answer = await browser.post('/auth/sign-in', { email: 'failing@example.com', password: PASSWORD });
    expect([answer.status, answer.body]).toEqual([
      500,
      { error: expect.objectContaining({ code: 'internal_error', metadata: { requestId: expect.any(String) } }) },
    ]);
    await browser.post('/auth/password-reset', { email: 'failing@example.com' });
    await browser.post('/auth/sign-up', { email: 'fresh@example.com', name: 'F', password: PASSWORD });
    await vi.waitFor(() => expect(lines.filter((line) => line.includes('sign_in_mail_failed'))).toHaveLength(2));
    expect(lines.join('\n')).toContain('disk is full');
    expect(lines.join('\n')).not.toMatch(/params|usr_|[0-9a-f]{32}:/i);
    expect([...lines, ...browser.told].join('\n')).not.toContain(PASSWORD);
  });

  it('is kept as it is: tokens of mails and codes are hashed, second factors encrypted', async () => {
    const outbox = new Outbox({ OPEN_SIGN_UP: '1' });
    await insertUser('kept@example.com');
    const browser = new Browser(outbox.env);
    await browser.post('/auth/password-reset', { email: 'kept@example.com' });
    await browser.post('/auth/sign-up', { email: 'keep@example.com', name: 'K', password: PASSWORD });
    const setUpCode = (await freshSetUpCode()).replaceAll('-', '');
    const planted = [
      await outbox.tokenTo('kept@example.com', /password/),
      await outbox.tokenTo('keep@example.com', /confirm/i),
      setUpCode,
      PASSWORD,
    ];
    await browser.post('/auth/sign-in', { email: 'kept@example.com', password: PASSWORD });
    const begun = await browser.post('/auth/second-factor', { password: PASSWORD });
    planted.push(...(begun.body as { backupCodes: string[] }).backupCodes);
    for (const table of ['users', 'accounts', 'sessions', 'verifications', 'sign_ups', 'set_up_codes', 'two_factors']) {
      const { results } = await env.DB.prepare(`SELECT * FROM ${table}`).all();
      expect(results.length).toBeGreaterThan(0);
      for (const secret of planted) expect(JSON.stringify(results)).not.toContain(secret);
    }
  });
});
