/**
 * Who calls: the API key in a request's headers, checked without waking anything. A forged or mistyped key ends here.
 */
import { checkKey, type PresentedKey } from '../teams/keys.ts';
import type { Refusal } from './refusals.ts';
import { noteCaller } from './request-log.ts';

const KEY_HEADERS = ['authorization', 'x-api-key', 'x-goog-api-key'] as const;
const KEY_PARAMETERS: ReadonlySet<string> = new Set([
  'key',
  'api_key',
  'api-key',
  'apikey',
  'x-api-key',
  'access_token',
]);

/** Where a caller may have put a key instead, or besides: what is named as one, and what is one whatever it is called. Most URLs have no query. */
function keysInUrl(url: string): string[] {
  if (!url.includes('?')) return [];
  const named = (name: string) => KEY_PARAMETERS.has(name.toLowerCase());
  return [...new URL(url).searchParams].flatMap(([name, value]) => (named(name) || isOurs(value) ? [value] : []));
}

function isOurs(value: string): boolean {
  return value.startsWith('psr_') || value.startsWith('psm_');
}

/** `apiKey` is the key itself, for what is derived from it (replay/seal.ts); it goes no further. */
export async function authenticate(
  request: Request,
  env: Env,
): Promise<{ caller: PresentedKey; apiKey: string } | { refusal: Refusal }> {
  const inUrl = keysInUrl(request.url);
  if (inUrl.some(isOurs)) return { refusal: { kind: 'no_key', reason: 'in_url' } };
  const presented = new Set<string>();
  for (const header of KEY_HEADERS) {
    const value = request.headers.get(header);
    if (value === null) continue;
    presented.add(header === 'authorization' ? value.replace(/^Bearer\s+/i, '').trim() : value.trim());
  }
  const [key, ...others] = presented;
  if (key === undefined) {
    return { refusal: { kind: 'no_key', reason: inUrl.length > 0 ? 'in_url' : 'missing' } };
  }
  if (others.length > 0) return { refusal: { kind: 'no_key', reason: 'several' } };
  const caller = await checkKey(key, env.KEY_SECRET);
  if (!caller) return { refusal: { kind: 'no_key', reason: 'malformed' } };
  if (caller.kind !== 'api') return { refusal: { kind: 'no_key', reason: 'not_a_gateway_key' } };
  noteCaller(request, caller);
  return { caller, apiKey: key };
}
