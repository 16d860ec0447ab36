/**
 * Whether a provider takes a key: one call that costs nothing there. What is wrong is said in our own words, never in the
 * provider's: those may quote the key, or be what somebody hoped to read who named a base URL.
 */
import { sendUpstream, upstreamUrl } from '../gateway/providers/upstream.ts';
import { readBody } from '../gateway/request-body.ts';
import { LIMITS } from '../limits.ts';
import type { ProviderKeyKind } from './kinds.ts';

/** What it takes to try a key. */
export interface Tried {
  provider: ProviderKeyKind;
  baseUrl: string | null;
  settings: Readonly<Record<string, string>>;
  key: string;
}

interface FreeCall {
  /** The provider's own, where the key has none. */
  baseUrl: string;
  path: (settings: Tried['settings']) => string;
  headers: (key: string) => Record<string, string>;
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const listModels = (baseUrl: string): FreeCall => ({ baseUrl, path: () => 'models', headers: bearer });

/** Null: all that the provider has is signed in a way of its own, and is tried by using it. */
const FREE_CALLS: Record<ProviderKeyKind, FreeCall | null> = {
  openai: listModels('https://api.openai.com/v1'),
  mistral: listModels('https://api.mistral.ai/v1'),
  cerebras: listModels('https://api.cerebras.ai/v1'),
  groq: listModels('https://api.groq.com/openai/v1'),
  custom: listModels(''),
  // Its models are for everybody to read, with any key.
  openrouter: { ...listModels('https://openrouter.ai/api/v1'), path: () => 'key' },
  anthropic: {
    baseUrl: 'https://api.anthropic.com',
    path: () => 'v1/models?limit=1',
    headers: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
  },
  google: {
    baseUrl: 'https://generativelanguage.googleapis.com',
    path: () => 'v1beta/models?pageSize=1',
    headers: (key) => ({ 'x-goog-api-key': key }),
  },
  azure: {
    baseUrl: '',
    path: ({ apiVersion }) => (apiVersion === undefined ? 'models' : `models?api-version=${apiVersion}`),
    headers: (key) => ({ 'api-key': key }),
  },
  vertex: null,
  bedrock: null,
};

export function isTestable(provider: ProviderKeyKind): boolean {
  return FREE_CALLS[provider] !== null;
}

/** What is wrong, for people; null: nothing. */
export async function problemOfCall(env: Env, { provider, baseUrl, settings, key }: Tried): Promise<string | null> {
  const call = FREE_CALLS[provider];
  if (!call) throw new Error(`there is no free call at ${provider}`);
  const url = upstreamUrl(env, baseUrl ?? call.baseUrl, call.path(settings));
  const signal = AbortSignal.timeout(LIMITS.providerTestMs);
  const headers = { ...call.headers(key), accept: 'application/json' };
  let response: Response;
  try {
    response = await sendUpstream(env, url, { headers, signal });
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    return isLate
      ? `The provider did not answer within ${LIMITS.providerTestMs / 1000} seconds.`
      : 'The provider could not be reached. Is the base URL right?';
  }
  const { status } = response;
  if (status !== 200) await response.body?.cancel().catch(() => undefined);
  if (status === 200) return (await isJson(response)) ? null : 'What answered is no provider. Is the base URL right?';
  if (status === 401 || status === 403) return `The provider refuses the key (${status}).`;
  if (status === 404) return 'The provider has no list of models there (404). Is the base URL right, with its version?';
  if (status === 429) return 'The provider says that there were too many requests (429). Try again later.';
  if (status >= 300 && status < 400) return `The base URL redirects (${status}). Give the one to which it leads.`;
  return `The provider answered with ${status}.`;
}

async function isJson(response: Response): Promise<boolean> {
  try {
    const bytes = await readBody(response, LIMITS.answerBytesMax);
    return bytes !== null && typeof JSON.parse(new TextDecoder().decode(bytes)) === 'object';
  } catch {
    return false;
  }
}
