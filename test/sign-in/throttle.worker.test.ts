/** Guessing: so many tries a minute from one address and against one account, and no more mails than a person needs. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { SignInThrottle } from '../../durable-objects/sign-in-throttle.ts';
import { LIMITS, MINUTE_MS } from '../../src/limits.ts';
import { sha256Hex } from '../../src/teams/keys.ts';
import { Browser, insertUser, Outbox, PASSWORD, refused } from '../support/browser.ts';
import { seedTeam } from '../support/team.ts';

const MAX = LIMITS.signInTriesPerMinute;

const wrong = (browser: Browser, email: string) =>
  browser.post('/auth/sign-in', { email, password: 'not the password' });

async function useUp(tries: () => Promise<Parameters<typeof refused>[0]>): Promise<void> {
  for (let i = 0; i < MAX; i++) expect((await tries()).status).toBe(401);
}

describe('an address', () => {
  it('is out of tries after ten, for every account, and hears when to come back', async () => {
    await insertUser('target@example.com');
    const browser = new Browser(env);
    let account = 0;
    await useUp(() => wrong(browser, `somebody-${account++}@example.com`));
    for (const email of ['target@example.com', 'nobody@example.com']) {
      const answer = await browser.post('/auth/sign-in', { email, password: PASSWORD });
      expect(refused(answer)).toEqual([429, 'rate_limited', null]);
      const wait = Number(answer.headers.get('retry-after'));
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(60);
    }
    expect(
      (await new Browser(env).post('/auth/sign-in', { email: 'target@example.com', password: PASSWORD })).status,
    ).toBe(200);
  });

  it.each([
    ['/auth/sign-up/confirm', { token: 'nonsense', password: PASSWORD }],
    ['/auth/password-reset/confirm', { token: 'nonsense', password: PASSWORD }],
    ['/auth/sign-in/second-factor', { code: '123456' }],
    ['/auth/sign-up', { email: 'x@example.com', name: 'X', password: PASSWORD, setUpCode: 'guess' }],
  ])('is so at %s', async (path, body) => {
    const browser = new Browser(env);
    for (let i = 0; i < MAX; i++) expect((await browser.post(path, body)).status).toBeOneOf([400, 401, 403]);
    expect(refused(await browser.post(path, body))).toEqual([429, 'rate_limited', null]);
  });

  it('is a whole IPv6 network of one customer, however it is written', async () => {
    const addresses = ['2001:db8:ffff:1::1', '2001:db8:ffff:1:1:2:3:4', '2001:db8:ffff:1::'];
    const browser = new Browser(env);
    let tries = 0;
    await useUp(() => {
      browser.address = addresses[tries++ % addresses.length] ?? '';
      return wrong(browser, `net-${tries}@example.com`);
    });
    browser.address = '2001:db8:ffff:1:ffff::1';
    expect((await wrong(browser, 'net@example.com')).status).toBe(429);
    browser.address = '2001:db8:ffff:2::1';
    expect((await wrong(browser, 'net@example.com')).status).toBe(401);
  });
});

describe('an account', () => {
  it('is out of tries after ten, from wherever, whether it exists or not', async () => {
    await insertUser('wanted@example.com');
    const answers = [];
    for (const email of ['wanted@example.com', 'unwanted@example.com']) {
      await useUp(() => wrong(new Browser(env), email));
      const answer = await new Browser(env).post('/auth/sign-in', { email: email.toUpperCase(), password: PASSWORD });
      expect(refused(answer)).toEqual([429, 'rate_limited', null]);
      answers.push(Object.keys(answer.body.error as object));
    }
    expect(answers[0]).toEqual(answers[1]);
    // Another account is not touched by it.
    expect((await wrong(new Browser(env), 'third@example.com')).status).toBe(401);
  });

  it('loses no tries to an address that has none left', async () => {
    const browser = new Browser(env);
    await useUp(() => wrong(browser, 'burnt@example.com'));
    await insertUser('spared@example.com');
    for (let i = 0; i < MAX; i++) expect((await wrong(browser, 'spared@example.com')).status).toBe(429);
    const answer = await new Browser(env).post('/auth/sign-in', { email: 'spared@example.com', password: PASSWORD });
    expect(answer.status).toBe(200);
  });

  it('lets who signs in do so as often as they like', async () => {
    await insertUser('often@example.com');
    const browser = new Browser(env);
    for (let i = 0; i < MAX + 2; i++) {
      expect((await browser.post('/auth/sign-in', { email: 'often@example.com', password: PASSWORD })).status).toBe(
        200,
      );
    }
  });

  it('has one more try when the oldest is a minute old, and is forgotten then', async () => {
    const email = 'patient@example.com';
    await useUp(() => wrong(new Browser(env), email));
    const name = `account:${await sha256Hex(email)}`;
    const stub = env.SIGN_IN_THROTTLE.get(env.SIGN_IN_THROTTLE.idFromName(name));
    await runInDurableObject(stub, (instance) => {
      const object = instance as unknown as SignInThrottle;
      object.tries = object.tries.map((atMs, i) => (i === 0 ? atMs - MINUTE_MS : atMs));
    });
    expect((await wrong(new Browser(env), email)).status).toBe(401);
    expect((await wrong(new Browser(env), email)).status).toBe(429);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    await runInDurableObject(stub, async (instance, state) => {
      expect((instance as unknown as SignInThrottle).tries).toEqual([]);
      expect((await state.storage.list()).size).toBe(0);
    });
  });

  it('takes ten at once and no more', async () => {
    const answers = await Promise.all(
      Array.from({ length: MAX + 5 }, () => wrong(new Browser(env), 'burst@example.com')),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(MAX);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(5);
  });
});

describe('mail to an address', () => {
  it('is sent so often and no more, whoever asks, and nobody learns whether there is such an account', async () => {
    const outbox = new Outbox();
    await insertUser('flood@example.com');
    for (const email of ['flood@example.com', 'nobody-there@example.com']) {
      for (let i = 0; i < LIMITS.signInMailsPerHour; i++) {
        expect((await new Browser(outbox.env).post('/auth/password-reset', { email })).status).toBe(202);
      }
      const answer = await new Browser(outbox.env).post('/auth/password-reset', { email });
      expect(refused(answer)).toEqual([429, 'rate_limited', null]);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(60);
    }
    await outbox.mailTo('flood@example.com', /password/, LIMITS.signInMailsPerHour);
    expect(outbox.mails).toHaveLength(LIMITS.signInMailsPerHour);
  });
});

describe('a throttle that cannot be asked', () => {
  const away = {
    idFromName: () => 'x',
    get: () => ({ fetch: () => Promise.reject(new Error('object unreachable')) }),
  };
  const throttled = (to: Env): Env => ({ ...to, SIGN_IN_THROTTLE: away as unknown as DurableObjectNamespace });

  it('lets nobody try', async () => {
    await insertUser('closed@example.com');
    const answer = await new Browser(throttled(env)).post('/auth/sign-in', {
      email: 'closed@example.com',
      password: PASSWORD,
    });
    expect(refused(answer)).toEqual([503, 'unavailable', null]);
    expect(answer.headers.get('retry-after')).toBe('5');
  });

  it('is not told of as a fault in a line of a CSV', async () => {
    const { seeded, people } = await seedTeam({ owner: 'owner' }, {}, throttled(new Outbox().env));
    const { browser } = people.owner;
    const path = `/orgs/${seeded.organizationId}/invitations`;
    const answer = await browser.post(path, { csv: 'email\nnew@example.com', role: 'basic' });
    expect(refused(answer)).toEqual([503, 'unavailable', null]);
  });
});
