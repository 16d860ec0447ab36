/** A second factor: turned on with a first code, asked at every sign-in by password, and not to be guessed. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { codeOf } from '../support/authenticator-app.ts';
import { Browser, insertUser, meOf, PASSWORD, refused, signedInBrowser } from '../support/browser.ts';

/** A code that is not that of now, nor of a step before or after. */
async function wrongCode(totpUri: string): Promise<string> {
  return String((Number(await codeOf(totpUri)) + 500_000) % 1_000_000).padStart(6, '0');
}

interface Begun {
  totpUri: string;
  backupCodes: string[];
}

async function withSecondFactor(email: string): Promise<{ browser: Browser } & Begun> {
  await insertUser(email);
  const browser = await signedInBrowser(email);
  const begun = await browser.post('/auth/second-factor', { password: PASSWORD });
  expect(begun.status).toBe(201);
  const { totpUri, backupCodes } = begun.body as unknown as Begun;
  expect((await browser.post('/auth/second-factor/confirm', { code: await codeOf(totpUri) })).status).toBe(204);
  return { browser, totpUri, backupCodes };
}

async function firstStep(email: string, browser = new Browser(env)): Promise<Browser> {
  const answer = await browser.post('/auth/sign-in', { email, password: PASSWORD });
  expect([answer.status, answer.body]).toEqual([200, { next: 'second_factor' }]);
  return browser;
}

describe('a second factor', () => {
  it('takes the password to begin and a code to be in force; then the password alone opens nothing', async () => {
    await insertUser('two@example.com');
    const browser = await signedInBrowser('two@example.com');
    const begin = (password: string) => browser.post('/auth/second-factor', { password });
    expect(refused(await begin('not the password'))).toEqual([403, 'wrong_password', 'password']);
    const { totpUri, backupCodes } = (await begin(PASSWORD)).body as unknown as Begun;
    expect(totpUri).toMatch(/^otpauth:\/\/totp\/Purser:two%40example\.com\?secret=[A-Z2-7]+&issuer=Purser/);
    expect(new Set(backupCodes).size).toBe(10);
    // Not confirmed: a password is still enough.
    await signedInBrowser('two@example.com');
    const confirm = (code: string) => browser.post('/auth/second-factor/confirm', { code });
    expect(refused(await confirm(await wrongCode(totpUri)))).toEqual([401, 'wrong_code', 'code']);
    expect((await confirm(await codeOf(totpUri))).status).toBe(204);
    expect((await meOf(browser)).user.secondFactor).toBe(true);
    expect(refused(await begin(PASSWORD))).toEqual([409, 'second_factor_on', null]);

    const again = await firstStep('two@example.com');
    expect(refused(await again.get('/me'))).toEqual([401, 'unauthorized', null]);
    expect(refused(await again.get('/auth/sessions'))).toEqual([401, 'unauthorized', null]);
    const second = (code: string) => again.post('/auth/sign-in/second-factor', { code });
    expect(refused(await second(await wrongCode(totpUri)))).toEqual([401, 'wrong_code', 'code']);
    expect((await second(await codeOf(totpUri))).status).toBe(200);
    expect((await meOf(again)).user.email).toBe('two@example.com');
  });

  it('can be replaced by each backup code once', async () => {
    const { browser, backupCodes } = await withSecondFactor('backup@example.com');
    const use = async (code: string) =>
      (await firstStep('backup@example.com')).post('/auth/sign-in/second-factor', { code, kind: 'backup' });
    expect((await use(backupCodes[0] ?? '')).status).toBe(200);
    expect(refused(await use(backupCodes[0] ?? ''))).toEqual([401, 'wrong_code', 'code']);
    const renewed = await browser.post('/auth/second-factor/backup-codes', { password: PASSWORD });
    expect(renewed.status).toBe(201);
    expect(refused(await use(backupCodes[1] ?? ''))).toEqual([401, 'wrong_code', 'code']);
    expect((await use((renewed.body as unknown as Begun).backupCodes[1] ?? '')).status).toBe(200);
  });

  it('is turned off by the password', async () => {
    const { browser } = await withSecondFactor('off@example.com');
    const off = (password: string) => browser.post('/auth/second-factor/off', { password });
    expect(refused(await off('not the password'))).toEqual([403, 'wrong_password', 'password']);
    expect((await off(PASSWORD)).status).toBe(204);
    expect((await meOf(browser)).user.secondFactor).toBe(false);
    await signedInBrowser('off@example.com');
  });

  it('cannot be taken as the first', async () => {
    const { totpUri } = await withSecondFactor('order@example.com');
    const stranger = new Browser(env);
    const code = await codeOf(totpUri);
    expect(refused(await stranger.post('/auth/sign-in/second-factor', { code }))).toEqual([401, 'unauthorized', null]);
  });

  it('is asked of the one whose password it was, whoever is signed in besides', async () => {
    const { totpUri } = await withSecondFactor('other@example.com');
    await insertUser('first@example.com');
    const browser = await firstStep('other@example.com', await signedInBrowser('first@example.com'));
    const answer = await browser.post('/auth/sign-in/second-factor', { code: await codeOf(totpUri) });
    expect(answer.body).toMatchObject({ user: { email: 'other@example.com' } });
    expect((await meOf(browser)).user.email).toBe('other@example.com');
  });

  it('is locked after too many wrong codes, over all tries to sign in, even for the right one', async () => {
    const { totpUri } = await withSecondFactor('guess@example.com');
    let wrong = 0;
    while (wrong < LIMITS.secondFactorTriesMax) {
      const browser = await firstStep('guess@example.com');
      for (let i = 0; i < 5 && wrong < LIMITS.secondFactorTriesMax; i++, wrong++) {
        const answer = await browser.post('/auth/sign-in/second-factor', { code: await wrongCode(totpUri) });
        expect(refused(answer)).toEqual([401, 'wrong_code', 'code']);
      }
    }
    const browser = await firstStep('guess@example.com');
    const locked = await browser.post('/auth/sign-in/second-factor', { code: await codeOf(totpUri) });
    expect(refused(locked)).toEqual([429, 'rate_limited', null]);
    expect(Number(locked.headers.get('retry-after'))).toBe(LIMITS.secondFactorLockMs / 1_000);
  });

  it.each([
    ['a short code', { code: '12' }, 'code'],
    ['no code', {}, 'code'],
    ['a number', { code: 123456 }, 'code'],
    ['another kind', { code: '123456', kind: 'sms' }, 'kind'],
    ['more than it takes', { code: '123456', trustDevice: true }, 'trustDevice'],
  ])('with %s is a 400 that names it', async (_, body, param) => {
    expect(refused(await new Browser(env).post('/auth/sign-in/second-factor', body))).toEqual([
      400,
      'invalid_request_error',
      param,
    ]);
  });
});
