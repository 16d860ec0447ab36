/** Short words for worker tests that call the gateway. */
import { exports } from 'cloudflare:workers';
import { documented } from './documented.ts';

export const ORIGIN = 'http://purser.test';

export interface ChatBody {
  [field: string]: unknown;
}

export const HELLO = [{ role: 'user', content: 'one two' }];

/** `signal`: what it aborts hangs up. */
export function post(
  apiKey: string,
  body: BodyInit,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  const asked = { method: 'POST', headers: { authorization: `Bearer ${apiKey}`, ...headers }, body, signal };
  return exports.default.fetch(new Request(`${ORIGIN}/v1/chat/completions`, asked));
}

export function chat(
  apiKey: string,
  body: ChatBody = {},
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  return post(apiKey, JSON.stringify({ model: 'demo/words', messages: HELLO, ...body }), headers, signal);
}

export async function get(path: string, key: string): Promise<Response> {
  const url = ORIGIN + path;
  return documented('GET', url, await exports.default.fetch(url, { headers: { authorization: `Bearer ${key}` } }));
}

export async function json<T = Record<string, unknown>>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

export interface ErrorBody {
  error: { message: string; type: string; code: string; param: string | null; metadata: Record<string, unknown> };
}

export interface KeyBody {
  usage: string;
  member: { budgetType: string; status: { usage: string; held: string; remaining: string | null } };
  [field: string]: unknown;
}

export async function keyOf(apiKey: string): Promise<KeyBody> {
  return json<KeyBody>(await get('/v1/key', apiKey));
}

/** The data of each event of a stream, parsed; '[DONE]' as it is. */
export function eventsIn(text: string): unknown[] {
  return text
    .split('\n\n')
    .map((event) => event.replace(/^(: .*\n)*/, ''))
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)));
}

/** The words of a stream's deltas. */
export function wordsIn(text: string): string[] {
  return eventsIn(text)
    .filter((event): event is { choices?: { delta?: { content?: string } }[] } => typeof event === 'object')
    .map((event) => event.choices?.[0]?.delta?.content ?? '')
    .join('')
    .split(' ')
    .filter((word) => word !== '');
}

/** Polls until `probe` answers with something other than null; throws after five seconds. */
export async function until<T>(probe: () => Promise<T | null>, what: string): Promise<T> {
  for (let tries = 0; tries < 250; tries++) {
    const found = await probe();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain for ${what}`);
}
