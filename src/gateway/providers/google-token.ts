/**
 * Access tokens of a Google service account: a JWT signed with the account's key, traded for a token of an hour (RFC 7523;
 * https://developers.google.com/identity/protocols/oauth2/service-account). An isolate keeps a token until shortly before its
 * end. It keeps values, not promises: workerd lets no request wait for what another one has begun.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { jsonObjectIn } from '../reported.ts';
import { readBody } from '../request-body.ts';
import { hostOf, isLoopbackHost } from './ssrf.ts';
import { sendUpstream, upstreamUrl } from './upstream.ts';

const TOKEN_URL = 'https://oauth2.googleapis.com/token';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** The longest that Google gives. */
const LIFE_SECONDS = 3_600;

const ServiceAccount = z.looseObject({
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  project_id: z.string().optional(),
  token_uri: z.string().optional(),
});

type Account = z.infer<typeof ServiceAccount>;

const Granted = z.looseObject({ access_token: z.string().min(1), expires_in: z.number().positive() });

/** By the whole account, key included: two that only say the same name must not share a token. */
const kept = new Map<string, { token: string; untilMs: number; before: string | null }>();

/** The token, or the status that says why there is none: 401 where the account is of no use, else the token endpoint's own. */
export type TokenAnswer = { token: string } | { status: number };

/** `json` is the account's key file. Rejects where the token endpoint could not be reached. */
export async function accessToken(env: Env, json: string, signal: AbortSignal): Promise<TokenAnswer> {
  const known = kept.get(json);
  if (known && known.untilMs > Date.now()) return { token: known.token };
  const account = serviceAccountIn(json);
  const assertion = account && (await signed(account).catch(() => null));
  if (!account || assertion === null) return refused('the service account is none, or its key is', 401);
  const body = new URLSearchParams({ grant_type: GRANT, assertion }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const asked = { method: 'POST', headers, body, signal };
  const response = await sendUpstream(env, tokenUrl(env, account), asked);
  const bytes = await readBody(response, LIMITS.upstreamErrorBytesMax);
  const answer = bytes && jsonObjectIn(new TextDecoder().decode(bytes));
  const granted = response.status === 200 ? Granted.safeParse(answer) : null;
  if (!granted?.success) return refused(answer?.error, response.status >= 500 ? response.status : 401);
  const { access_token: token, expires_in: seconds } = granted.data;
  keep(json, token, Date.now() + seconds * 1_000 - LIMITS.accessTokenSpareMs);
  return { token };
}

/** The provider has refused it before its time. It stays known for what it was: a secret. */
export function forgetToken(json: string): void {
  const known = kept.get(json);
  if (known) known.untilMs = 0;
}

/** What the account was traded for of late, the one before included: a stream may have begun with that. */
export function tokensFor(json: string): string[] {
  const { token, before } = kept.get(json) ?? {};
  return [token, before].filter((secret) => typeof secret === 'string');
}

export function serviceAccountIn(json: string): Account | null {
  return ServiceAccount.safeParse(jsonObjectIn(json)).data ?? null;
}

function keep(json: string, token: string, untilMs: number): void {
  const [oldest] = kept.has(json) ? [] : kept.keys();
  if (kept.size >= LIMITS.accessTokensMax && oldest !== undefined) kept.delete(oldest);
  kept.set(json, { token, untilMs, before: kept.get(json)?.token ?? null });
}

/** For whoever operates this. What Google says is one word, as in `invalid_grant`; the account itself is never told. */
function refused(reason: unknown, status: number): { status: number } {
  const said = typeof reason === 'string' ? reason.slice(0, 100) : 'no token';
  console.warn(JSON.stringify({ event: 'google_token_refused', reason: said, status }));
  return { status };
}

/** Google's own, whatever the key file says: it may be any organization's. Only a fake on this machine is followed. */
function tokenUrl(env: Env, { token_uri: uri }: Account): string {
  const url = uri === undefined ? null : URL.parse(uri);
  if (!url || !isLoopbackHost(hostOf(url))) return TOKEN_URL;
  return upstreamUrl(env, url.origin, url.pathname.slice(1));
}

async function signed({ client_email: iss, private_key: pem, private_key_id: kid }: Account): Promise<string> {
  const iat = Math.floor(Date.now() / 1_000);
  const header = base64Url(JSON.stringify({ alg: 'RS256', typ: 'JWT', ...(kid !== undefined && { kid }) }));
  const claims = base64Url(JSON.stringify({ iss, scope: SCOPE, aud: TOKEN_URL, iat, exp: iat + LIFE_SECONDS }));
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('pkcs8', derOf(pem), algorithm, false, ['sign']);
  const signature = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(`${header}.${claims}`));
  return `${header}.${claims}.${base64Url(String.fromCharCode(...new Uint8Array(signature)))}`;
}

function derOf(pem: string): Uint8Array<ArrayBuffer> {
  const body = pem.replace(/-----[A-Z ]+-----/g, '').replace(/\s+/g, '');
  return Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
}

/** Of a text whose characters are bytes. */
function base64Url(bytes: string): string {
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
