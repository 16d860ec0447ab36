/**
 * Who is signed in, by the cookie alone and without the sign-in library: what the guard asks for every management
 * request. The cookie is `<token>.<HMAC of it>`, as the library sets it.
 */
import { createMiddleware } from 'hono/factory';
import { parseSigned } from 'hono/utils/cookie';
import type { ApiEnv } from '../api.ts';
import { tells } from '../reference/route.ts';
import { ApiError } from '../teams/api-error.ts';

/** What all cookies of sign-in begin with. */
export const COOKIE_PREFIX = 'purser';

const SESSION_COOKIE = `${COOKIE_PREFIX}.session_token`;

export interface Session {
  id: string;
  userId: string;
}

/** The token of a well-signed session cookie, or null. Whether the session still is one D1 knows. */
export async function sessionTokenOf(request: Request, env: Env): Promise<string | null> {
  const cookies = request.headers.get('cookie');
  if (cookies === null) return null;
  // Over https only the cookie that nobody can have set over http.
  const name = new URL(request.url).protocol === 'https:' ? `__Secure-${SESSION_COOKIE}` : SESSION_COOKIE;
  if (!cookies.includes(name)) return null;
  const signed = await parseSigned(cookies, await signInSecret(env.KEY_SECRET), name);
  return signed[name] || null;
}

/**
 * Throws where a page of another site may have made the request: a browser then names that site, and adds our cookie
 * without being asked. Who sends no cookie and names no site is no browser.
 */
export function refuseOtherSites(request: Request): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const origin = request.headers.get('origin');
  if (origin === null ? !request.headers.has('cookie') : origin === new URL(request.url).origin) return;
  const message = 'This request came from another site: the header Origin must name the one that it is sent to.';
  throw new ApiError(403, 'cross_origin', message);
}

/** The middleware of routes for whoever is not signed in yet. */
export const ownSite = tells(
  createMiddleware<ApiEnv>(async (c, next) => {
    refuseOtherSites(c.req.raw);
    // Answers set cookies.
    c.header('cache-control', 'no-store');
    await next();
  }),
  { refuses: [], refusesChanges: [403], lets: ['anonymous'] },
);

/** The session of a request that is signed in, or null. */
export async function sessionOf(env: Env, request: Request): Promise<Session | null> {
  const token = await sessionTokenOf(request, env);
  if (token === null) return null;
  return env.DB.withSession('first-primary')
    .prepare('SELECT id, user_id AS userId FROM sessions WHERE token = ?1 AND expires_at > ?2')
    .bind(token, Date.now())
    .first<Session>();
}

/** The middleware of what a signed-in person has for themselves, in whatever organization. */
export const signedIn = tells(
  createMiddleware<ApiEnv & { Variables: { session: Session } }>(async (c, next) => {
    const session = await sessionOf(c.env, c.req.raw);
    if (!session) throw new ApiError(401, 'unauthorized', 'Sign in first.');
    refuseOtherSites(c.req.raw);
    c.header('cache-control', 'no-store');
    c.set('session', session);
    await next();
  }),
  { refuses: [401], refusesChanges: [403], lets: ['session'] },
);

let derived: { from: string; secret: Promise<string> } | null = null;

/** What cookies and mailed links are signed with: of the deployment's one secret, but telling nothing about it. */
export function signInSecret(keySecret: string): Promise<string> {
  if (keySecret === '') throw new Error('KEY_SECRET is empty: nobody can sign in');
  if (derived?.from !== keySecret) derived = { from: keySecret, secret: derive(keySecret) };
  return derived.secret;
}

async function derive(keySecret: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(keySecret), algorithm, false, ['sign']);
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode('sign-in')));
  return Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
