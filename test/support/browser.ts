/** Browsers and mail for tests of what a signed-in person does. */
import { env } from 'cloudflare:workers';
import { hashPassword } from 'better-auth/crypto';
import { serializeSigned } from 'hono/utils/cookie';
import { expect } from 'vitest';
import { newId } from '../../src/ids.ts';
import { LIMITS } from '../../src/limits.ts';
import type { Mail } from '../../src/mail/mail.ts';
import { signInSecret } from '../../src/sign-in/session.ts';
import { newSetUpCode } from '../../src/sign-in/set-up-code.ts';
import { NO_BUDGET } from '../../src/teams/budget-body.ts';
import type { Role } from '../../src/teams/roles.ts';
import { callIn } from '../teams/management.ts';
import { ORIGIN, until } from './gateway.ts';

/** What the Worker mailed, in the place of the process that writes it to files. */
export class Outbox {
  readonly mails: Mail[] = [];
  /** The environment of a Worker that mails here. */
  readonly env: Env;

  constructor(bindings: Partial<Env> = {}) {
    const fetch = async (_url: string, init: RequestInit) => {
      this.mails.push(JSON.parse(String(init.body)) as Mail);
      return new Response();
    };
    this.env = { ...env, OUTBOX: { fetch } as unknown as Fetcher, ...bindings };
  }

  /** The nth mail to an address with this subject, once it is there. */
  mailTo(address: string, subject: RegExp, nth = 1): Promise<Mail> {
    const wanted = (mail: Mail) => mail.to === address && subject.test(mail.subject);
    return until(async () => this.mails.filter(wanted)[nth - 1] ?? null, `mail ${nth} to ${address}: ${subject}`);
  }

  /** The token of the link in that mail. */
  async tokenTo(address: string, subject: RegExp, nth = 1): Promise<string> {
    const { text } = await this.mailTo(address, subject, nth);
    const token = /#token=([\w.-]+)/.exec(text)?.[1];
    if (!token) throw new Error(`no token in: ${text}`);
    return token;
  }
}

export interface Answer {
  status: number;
  /** Empty where there was none, or it is no JSON. */
  body: Record<string, unknown>;
  headers: Headers;
}

/** Status, code and field of a refusal. */
export function refused({ status, body }: Answer): [status: number, code?: string, param?: string | null] {
  const error = body.error as { code: string; param: string | null } | undefined;
  return error ? [status, error.code, error.param] : [status];
}

let visitors = 0;

/** It keeps cookies as browsers do, names the page's site, and remembers all that it was told. */
export class Browser {
  readonly cookies = new Map<string, string>();
  /** Every Set-Cookie, as it came. */
  readonly setCookies: string[] = [];
  /** Every answer's text. */
  readonly told: string[] = [];
  /** Each browser is somewhere else, so that one test's tries are not another's. */
  address = `2001:db8:${(visitors++).toString(16)}::1`;

  readonly #env: Env;
  readonly origin: string;

  constructor(environment: Env, origin: string = ORIGIN) {
    this.#env = environment;
    this.origin = origin;
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  /** `headers` with an empty value are left out. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const all = {
      'cf-connecting-ip': this.address,
      'user-agent': 'Test browser',
      cookie,
      ...(method === 'GET' ? {} : { origin: this.origin }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    };
    const request = new Request(this.origin + path, {
      method,
      headers: Object.entries(all).filter(([, value]) => value !== ''),
      redirect: 'manual',
      ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
    });
    const response = await callIn(this.#env, request);
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    // Not text(), which workerd warns of where the type is no text's (JSON lines).
    const text = new TextDecoder().decode(await response.arrayBuffer());
    this.told.push(text);
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : {}, headers: response.headers };
  }

  #keep(line: string): void {
    this.setCookies.push(line);
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split(/=(.*)/);
    if (value === '' || attributes.some((attribute) => /^max-age=0$/i.test(attribute))) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** What is sent as it is. */
function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' || body instanceof Uint8Array;
}

export const PASSWORD = 'correct horse battery';

/** Signs up an owner of an organization of their own, by the set-up code and the mail, and leaves them signed in. */
export async function signUpOwner(outbox: Outbox, email: string, browser = new Browser(outbox.env)): Promise<Browser> {
  const setUpCode = await freshSetUpCode();
  const signUp = { email, name: 'Ada', password: PASSWORD, setUpCode, organizationName: 'Engines' };
  expect((await browser.post('/auth/sign-up', signUp)).status).toBe(202);
  const token = await outbox.tokenTo(email, /confirm/i);
  const confirmed = await browser.post('/auth/sign-up/confirm', { token, password: PASSWORD });
  expect([confirmed.status, confirmed.body]).toEqual([201, { user: expect.objectContaining({ email }) }]);
  return browser;
}

/** A code as the operator gets it, also where tests have made owners before. */
export async function freshSetUpCode(): Promise<string> {
  await env.DB.prepare("UPDATE members SET role = 'admin' WHERE role = 'owner' AND user_id IS NOT NULL").run();
  const code = await newSetUpCode(env.DB, Date.now());
  if (code === null) throw new Error('there is an owner');
  return code;
}

let hash: Promise<string> | null = null;

/** A user with PASSWORD, without the way of signing up. */
export async function insertUser(email: string): Promise<string> {
  hash ??= hashPassword(PASSWORD);
  const id = newId('usr');
  await env.DB.batch([
    env.DB.prepare(
      'INSERT INTO users (id, name, email, email_verified, created_at, updated_at) VALUES (?1, ?2, ?2, 1, 0, 0)',
    ).bind(id, email),
    env.DB.prepare(
      `INSERT INTO accounts (id, user_id, provider_id, account_id, password, created_at, updated_at)
       VALUES (?1, ?2, 'credential', ?2, ?3, 0, 0)`,
    ).bind(newId('acc'), id, await hash),
  ]);
  return id;
}

export async function insertMember(organizationId: string, userId: string, role: Role): Promise<string> {
  const id = newId('mem');
  await env.DB.prepare(
    'INSERT INTO members (id, organization_id, user_id, name, role, created_at, budget) VALUES (?, ?, ?, ?, ?, 0, ?)',
  )
    .bind(id, organizationId, userId, role, role, JSON.stringify(NO_BUDGET))
    .run();
  return id;
}

/** A browser in which that user is signed in. */
export async function signedInBrowser(email: string, environment: Env = env): Promise<Browser> {
  const browser = new Browser(environment);
  const answer = await browser.post('/auth/sign-in', { email, password: PASSWORD });
  expect([answer.status, answer.body]).toEqual([200, { user: expect.objectContaining({ email }) }]);
  return browser;
}

/**
 * The same without signing in, for tests of what comes after: to check a password takes a tenth of a second.
 */
export async function browserOf(userId: string, environment: Env = env): Promise<Browser> {
  const token = newId('ses');
  const nowMs = Date.now();
  await env.DB.prepare(
    'INSERT INTO sessions (id, user_id, token, created_at, updated_at, expires_at) VALUES (?1, ?2, ?1, ?3, ?3, ?4)',
  )
    .bind(token, userId, nowMs, nowMs + LIMITS.sessionMs)
    .run();
  const browser = new Browser(environment);
  browser.cookies.set(SESSION_COOKIE, await sessionCookie(token));
  return browser;
}

export const SESSION_COOKIE = 'purser.session_token';

/** What a browser keeps of the session with this token. */
export async function sessionCookie(token: string): Promise<string> {
  const cookie = await serializeSigned(SESSION_COOKIE, token, await signInSecret(env.KEY_SECRET));
  return (cookie.split(';')[0] ?? '').slice(SESSION_COOKIE.length + 1);
}

export interface Me {
  user: { id: string; name: string; email: string; secondFactor: boolean };
  session: { id: string; expiresAt: string };
  memberships: { organizationId: string; memberId: string; role: Role; abilities: string[]; features: string[] }[];
}

export async function meOf(browser: Browser): Promise<Me> {
  const { status, body } = await browser.get('/me');
  expect([status, body]).toEqual([200, expect.anything()]);
  return body as unknown as Me;
}
