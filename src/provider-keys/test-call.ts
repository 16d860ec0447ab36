/**
 * Whether a provider takes a key: one call that costs nothing there. What is wrong is said in our own words, never in the
 * provider's: those may quote the key, or be what somebody hoped to read who named a base URL.
 */
import { AwsV4Signer } from 'aws4fetch';
import { accessToken } from '../gateway/providers/google-token.ts';
import { sendUpstream, upstreamUrl } from '../gateway/providers/upstream.ts';
import { readBody } from '../gateway/request-body.ts';
import { LIMITS } from '../limits.ts';
import type { ProviderKeyKind } from './kinds.ts';

/** What it takes to try a key. */
interface Tried {
  provider: ProviderKeyKind;
  baseUrl: string | null;
  settings: Readonly<Record<string, string>>;
  key: string;
}

type FreeCall = (env: Env, tried: Tried, signal: AbortSignal) => Promise<Response>;

const FREE_CALLS: Record<ProviderKeyKind, FreeCall> = {
  openai: listOf('https://api.openai.com/v1', 'models', bearer),
  mistral: listOf('https://api.mistral.ai/v1', 'models', bearer),
  cerebras: listOf('https://api.cerebras.ai/v1', 'models', bearer),
  groq: listOf('https://api.groq.com/openai/v1', 'models', bearer),
  custom: listOf('', 'models', bearer),
  // Its models are for everybody to read, with any key.
  openrouter: listOf('https://openrouter.ai/api/v1', 'key', bearer),
  google: listOf('https://generativelanguage.googleapis.com', 'v1beta/models?pageSize=1', (key) => ({
    'x-goog-api-key': key,
  })),
  anthropic: listOf('https://api.anthropic.com', 'v1/models?limit=1', (key) => ({
    'x-api-key': key,
    'anthropic-version': '2023-06-01',
  })),
  azure: (env, tried, signal) => {
    const { apiVersion } = tried.settings;
    const path = apiVersion === undefined ? 'models' : `models?api-version=${apiVersion}`;
    return listOf('', path, (key) => ({ 'api-key': key }))(env, tried, signal);
  },
  // Whether the account is one: a token is given for nothing.
  vertex: async (env, { key }, signal) => {
    const granted = await accessToken(env, key, signal);
    return 'token' in granted ? Response.json({}) : new Response(null, { status: granted.status });
  },
  // Whose the key is: the one thing that every key of AWS may ask (docs.aws.amazon.com, STS, GetCallerIdentity).
  bedrock: async (env, { key, settings }, signal) => {
    const { accessKeyId = '', region = '' } = settings;
    const url = `https://sts.${region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15`;
    const signer = new AwsV4Signer({
      method: 'GET',
      url,
      headers: { accept: 'application/json' },
      service: 'sts',
      region,
      accessKeyId,
      secretAccessKey: key,
    });
    const { headers } = await signer.sign();
    return sendUpstream(env, url, { headers, signal });
  },
};

function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

/** `ofProvider`: its own base URL, where the key names none. */
function listOf(ofProvider: string, path: string, headersOf: (key: string) => Record<string, string>): FreeCall {
  return (env, { key, baseUrl }, signal) => {
    const url = upstreamUrl(env, baseUrl ?? ofProvider, path);
    return sendUpstream(env, url, { headers: { ...headersOf(key), accept: 'application/json' }, signal });
  };
}

/** What is wrong, for people; null: nothing. */
export async function problemOfCall(env: Env, tried: Tried): Promise<string | null> {
  let response: Response;
  try {
    response = await FREE_CALLS[tried.provider](env, tried, AbortSignal.timeout(LIMITS.providerTestMs));
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
