/** Passkeys: made while signed in, then a way in of their own, for the right site and the right person only. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { Authenticator } from '../support/authenticator.ts';
import { Browser, insertUser, meOf, refused, signedInBrowser } from '../support/browser.ts';
import { ORIGIN } from '../support/gateway.ts';

type CreateOptions = Parameters<Authenticator['create']>[0];
type GetOptions = Parameters<Authenticator['get']>[0];

async function addPasskey(browser: Browser, authenticator: Authenticator, name = 'Notebook') {
  const options = await browser.post('/auth/passkeys/options');
  expect(options.status).toBe(200);
  const response = await authenticator.create(options.body as unknown as CreateOptions);
  return browser.post('/auth/passkeys', { name, response });
}

async function optionsOf(browser: Browser): Promise<GetOptions> {
  const { status, body } = await browser.post('/auth/sign-in/passkey/options');
  expect(status).toBe(200);
  return body as unknown as GetOptions;
}

async function withPasskey(email: string): Promise<{ browser: Browser; authenticator: Authenticator }> {
  await insertUser(email);
  const browser = await signedInBrowser(email);
  const authenticator = new Authenticator(ORIGIN);
  expect((await addPasskey(browser, authenticator)).status).toBe(201);
  return { browser, authenticator };
}

describe('a passkey', () => {
  it('is made, listed, signs in, and is removed', async () => {
    await insertUser('key@example.com');
    const browser = await signedInBrowser('key@example.com');
    const authenticator = new Authenticator(ORIGIN);
    const made = await addPasskey(browser, authenticator);
    expect([made.status, made.body]).toEqual([201, expect.objectContaining({ name: 'Notebook', backedUp: false })]);
    expect((await browser.get('/auth/passkeys')).body).toEqual({ passkeys: [made.body], nextCursor: null });

    const elsewhere = new Browser(env);
    const response = await authenticator.get(await optionsOf(elsewhere));
    const answer = await elsewhere.post('/auth/sign-in/passkey', { response });
    expect(answer.body).toEqual({ user: expect.objectContaining({ email: 'key@example.com' }) });
    expect((await meOf(elsewhere)).user.email).toBe('key@example.com');

    const { id } = made.body as { id: string };
    expect((await browser.send('DELETE', `/auth/passkeys/${id}`)).status).toBe(204);
    expect(refused(await browser.send('DELETE', `/auth/passkeys/${id}`))).toEqual([404, 'not_found', null]);
    const late = await authenticator.get(await optionsOf(elsewhere));
    expect(refused(await elsewhere.post('/auth/sign-in/passkey', { response: late }))).toEqual([
      401,
      'passkey_failed',
      null,
    ]);
  });

  it('signs in with each challenge once, and not without one', async () => {
    const { authenticator } = await withPasskey('once@example.com');
    const browser = new Browser(env);
    const response = await authenticator.get(await optionsOf(browser));
    expect((await browser.post('/auth/sign-in/passkey', { response })).status).toBe(200);
    const refusal = [400, 'passkey_failed', null];
    expect(refused(await browser.post('/auth/sign-in/passkey', { response }))).toEqual(refusal);
    expect(refused(await new Browser(env).post('/auth/sign-in/passkey', { response }))).toEqual(refusal);
  });

  it('is refused for another site, an unverified person, or a signature of another', async () => {
    const { authenticator } = await withPasskey('strict@example.com');
    const browser = new Browser(env);
    const attempts = [
      async () => authenticator.get({ ...(await optionsOf(browser)), rpId: 'evil.test' }),
      async () => authenticator.get(await optionsOf(browser), { verified: false }),
      async () => {
        const [mine, theirs] = [await authenticator.get(await optionsOf(browser)), new Authenticator(ORIGIN)];
        const { signature } = (await theirs.get(await optionsOf(browser))).response;
        return { ...mine, response: { ...mine.response, signature } };
      },
    ];
    for (const attempt of attempts) {
      const answer = await browser.post('/auth/sign-in/passkey', { response: await attempt() });
      expect(refused(answer)).toEqual([401, 'passkey_failed', null]);
    }
    const phished = new Authenticator('https://evil.test');
    const asked = await browser.post('/auth/sign-in/passkey', {
      response: await phished.get(await optionsOf(browser)),
    });
    expect(asked.status).toBe(401);
    expect(refused(await browser.get('/me'))[0]).toBe(401);
  });

  it('cannot be made for another site or twice, nor from a browser that signed in long ago', async () => {
    const { browser, authenticator } = await withPasskey('make@example.com');
    expect(refused(await addPasskey(browser, new Authenticator('https://evil.test')))).toEqual([
      400,
      'passkey_failed',
      'response',
    ]);
    expect(refused(await addPasskey(browser, authenticator))[0]).toBe(400);
    await env.DB.prepare(
      "UPDATE sessions SET created_at = 0 WHERE user_id = (SELECT id FROM users WHERE email = 'make@example.com')",
    ).run();
    expect(refused(await browser.post('/auth/passkeys/options'))).toEqual([403, 'sign_in_again', null]);
  });

  it('past the limit is not kept, also where its options were asked for before', async () => {
    const { browser } = await withPasskey('many-keys@example.com');
    const options = await browser.post('/auth/passkeys/options');
    await env.DB.prepare(
      `WITH RECURSIVE many(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM many WHERE n < ?2)
       INSERT INTO passkeys (id, user_id, name, public_key, credential_id, counter, device_type, backed_up, created_at)
       SELECT users.id || many.n, users.id, 'Other', 'x', users.id || many.n, 0, 'singleDevice', 0, 0
       FROM users JOIN many WHERE users.email = ?1`,
    )
      .bind('many-keys@example.com', LIMITS.passkeysMax)
      .run();
    const response = await new Authenticator(ORIGIN).create(options.body as unknown as CreateOptions);
    const late = await browser.post('/auth/passkeys', { name: 'One more', response });
    expect(refused(late)).toEqual([400, 'invalid_request_error', null]);
    const { passkeys } = (await browser.get('/auth/passkeys')).body as { passkeys: unknown[] };
    expect(passkeys).toHaveLength(LIMITS.passkeysMax);
  });

  it('of somebody else cannot be removed', async () => {
    const { browser } = await withPasskey('owner-of-key@example.com');
    const { passkeys } = (await browser.get('/auth/passkeys')).body as { passkeys: { id: string }[] };
    await insertUser('thief@example.com');
    const thief = await signedInBrowser('thief@example.com');
    expect(refused(await thief.send('DELETE', `/auth/passkeys/${passkeys[0]?.id}`))).toEqual([404, 'not_found', null]);
    expect((await thief.get('/auth/passkeys')).body).toEqual({ passkeys: [], nextCursor: null });
  });

  it('takes a name: a number has no passkeys', async () => {
    await insertUser('number@example.com');
    const browser = new Browser(env, 'http://127.0.0.1:8787');
    await browser.post('/auth/sign-in', { email: 'number@example.com', password: 'correct horse battery' });
    const answer = await browser.post('/auth/passkeys/options');
    expect(refused(answer)).toEqual([400, 'invalid_request_error', null]);
    expect(JSON.stringify(answer.body)).toContain('localhost');
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'response'],
    ['no signature', { id: 'AA', rawId: 'AA', type: 'public-key', response: { clientDataJSON: 'AA' } }],
    ['an object for an id', { id: {}, rawId: 'AA', type: 'public-key', response: {} }],
  ])('that is %s is a 400', async (_, response) => {
    const browser = new Browser(env);
    await optionsOf(browser);
    const answer = await browser.post('/auth/sign-in/passkey', { response });
    expect([answer.status, String(refused(answer)[2])]).toEqual([400, expect.stringMatching(/^response/)]);
  });

  it('that is garbage in the right shape is refused', async () => {
    const { browser, authenticator } = await withPasskey('garbage@example.com');
    const { id } = await authenticator.get(await optionsOf(new Browser(env)));
    const parts = { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA', attestationObject: 'AAAA' };
    for (const known of [id, 'AAAA']) {
      const response = { id: known, rawId: known, type: 'public-key', response: parts };
      const stranger = new Browser(env);
      await optionsOf(stranger);
      expect((await stranger.post('/auth/sign-in/passkey', { response })).status).toBe(401);
      await browser.post('/auth/passkeys/options');
      expect((await browser.post('/auth/passkeys', { name: 'x', response })).status).toBe(400);
    }
  });
});
