/**
 * Who calls: the API key in a request's headers, checked without waking anything. A forged or mistyped key ends here.
 */
import { checkKey, type PresentedKey } from '../teams/keys.ts';
import type { Refusal } from './refusals.ts';
import { noteCaller } from './request-log.ts';

const KEY_HEADERS = ['authorization', 'x-api-key', 'x-goog-api-key'] as const;
const KEY_PARAMETERS = ['key', 'api_key', 'api-key', 'access_token'] as const;

/** Where a caller may have put a key instead; most URLs have no query at all, and are not parsed. */
function keysInUrl(url: string): string[] {
  if (!url.includes('?')) return [];
  const { searchParams } = new URL(url);
  return KEY_PARAMETERS.map((name) => searchParams.get(name)).filter((value) => value !== null);
}

/** `apiKey` is the key itself, for what is derived from it (replay/seal.ts); it goes no further. */
export async function authenticate(
  request: Request,
  env: Env,
): Promise<{ caller: PresentedKey; apiKey: string } | { refusal: Refusal }> {
  const inUrl = keysInUrl(request.url);
  if (inUrl.some((value) => value.startsWith('psr_'))) return { refusal: { kind: 'no_key', reason: 'in_url' } };
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
