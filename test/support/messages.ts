/** Worker tests of Messages: the whole Worker, with an upstream of its own for each organization. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { createApp } from '../../src/app.ts';
import type { Json } from '../../src/gateway/protocol.ts';
import { anthropic } from '../../src/gateway/providers/anthropic.ts';
import { DEMO_MAPPINGS, demoProvider } from '../../src/local/demo-provider.ts';
import type { Mapping } from '../../src/models/catalogue.ts';
import { FakeAnthropic, type FakeAsk } from './fake-anthropic.ts';
import { keyOf } from './gateway.ts';
import type { SeedOptions } from './organization.ts';
import { type Seeded, seedOrganization } from './seed.ts';

/** $3, $0.30, $3.75, $6 and $15 per million. */
const RATES = {
  input: 3_000_000,
  cachedInput: 300_000,
  cacheWrite5m: 3_750_000,
  cacheWrite1h: 6_000_000,
  output: 15_000_000,
};

export const PLAIN: Mapping = {
  id: 'anthropic/claude-plain',
  provider: 'anthropic',
  upstreamModel: 'claude-plain-20260101',
  canonicalModel: 'claude-plain',
  contextTokens: 200_000,
  maxOutputTokens: 64_000,
  reasons: 'never',
  abilities: { tools: true, images: true, jsonSchema: true, reasoning: false },
  prices: [{ version: 'test@1', effectiveFrom: null, tiers: [{ aboveInputTokens: 0, rates: RATES }] }],
};

const app = createApp({ mappings: [PLAIN, ...DEMO_MAPPINGS], providers: [anthropic, demoProvider], routers: [] });

/** What the fake counts as input: 10 x $3 + 1,000 x $0.30 + 100 x $3.75 + 200 x $6 per million. */
export const INPUT_NANOS = 30_000 + 300_000 + 375_000 + 1_200_000;
export const OUTPUT_NANOS_PER_WORD = 15_000;

export const costOf = (words: number) => (INPUT_NANOS + words * OUTPUT_NANOS_PER_WORD) / 1e9;

export interface Call {
  fake?: FakeAsk;
  body?: Json;
  headers?: Record<string, string>;
  /** Behind /v1. */
  path?: string;
  method?: 'GET';
  signal?: AbortSignal;
}

export async function start(seed: SeedOptions = { budget: { usageLimit: '1' } }) {
  const seeded = await seedOrganization(seed);
  const upstream = new FakeAnthropic();
  const bindings = {
    ...env,
    EGRESS: { fetch: upstream.fetch } as unknown as Fetcher,
    ANTHROPIC_API_KEY: 'sk-ant-test',
    ANTHROPIC_BASE_URL: 'https://upstream.example',
  };
  const send = async ({ fake, body = {}, headers = {}, path = '/messages', method, signal }: Call = {}) => {
    const ctx = createExecutionContext();
    const request = new Request(`http://purser.test/v1${path}`, {
      method: method ?? 'POST',
      headers: {
        'x-api-key': seeded.apiKey,
        ...(path !== '/chat/completions' && { 'anthropic-version': '2023-06-01' }),
        ...headers,
      },
      ...(!method && { body: JSON.stringify({ ...BODY, ...(fake && { fake }), ...body }) }),
      ...(signal && { signal }),
    });
    const response = await app.fetch(request, bindings, ctx);
    return { response, ctx };
  };
  const ask = async (call: Call = {}) => {
    const { response, ctx } = await send(call);
    const text = await response.text();
    await waitOnExecutionContext(ctx);
    return { response, text, json: call.body?.stream && response.ok ? {} : (JSON.parse(text) as Json) };
  };
  return { ...seeded, upstream, send, ask };
}

export const BODY = { model: 'claude-plain', max_tokens: 50, messages: [{ role: 'user', content: 'tell me all' }] };

interface Sent {
  name: string;
  json: Json;
}

export function eventsIn(text: string): Sent[] {
  return text
    .split('\n\n')
    .filter((event) => event.trim() !== '')
    .map((event) => {
      const lines = event.split('\n').filter((line) => !line.startsWith(':'));
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
      return { name: field('event'), json: JSON.parse(field('data')) as Json };
    });
}

export const textIn = (text: string) =>
  eventsIn(text)
    .map(({ json }) => (json.delta as Json | undefined)?.text ?? '')
    .join('');

export async function spentOf({ apiKey }: Pick<Seeded, 'apiKey'>): Promise<{ usage: number; held: string }> {
  const { usage, member } = await keyOf(apiKey);
  return { usage: Number(usage), held: member.status.held };
}
