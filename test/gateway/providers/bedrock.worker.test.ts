/** Claude on Bedrock through the whole Worker, for clients of Messages and of chat, before an upstream that can misbehave. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../src/app.ts';
import type { Json } from '../../../src/gateway/protocol.ts';
import { bedrock } from '../../../src/gateway/providers/bedrock.ts';
import type { Mapping } from '../../../src/models/catalogue.ts';
import type { FakeAsk, Misdeed } from '../../support/fake-anthropic.ts';
import { FakeBedrock } from '../../support/fake-bedrock.ts';
import { eventsIn as chunksIn, wordsIn } from '../../support/gateway.ts';
import {
  costOf,
  eventsIn,
  INPUT_NANOS,
  OUTPUT_NANOS_PER_WORD,
  PLAIN,
  spentOf,
  textIn,
} from '../../support/messages.ts';
import { seedOrganization } from '../../support/seed.ts';

// What fails here is meant to, and logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

const CLAUDE: Mapping = {
  ...PLAIN,
  id: 'bedrock/global.anthropic.claude-plain-v1:0',
  provider: 'bedrock',
  upstreamModel: 'global.anthropic.claude-plain-v1:0',
};

const app = createApp({ mappings: [CLAUDE], providers: [bedrock], routers: [] });

async function ask(path: string, body: object, fake: FakeAsk = {}, betas = '', usageLimit = '1') {
  const seeded = await seedOrganization({ budget: { usageLimit } });
  const upstream = new FakeBedrock();
  const bindings = {
    ...env,
    EGRESS: { fetch: upstream.fetch } as unknown as Fetcher,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'us-east-1',
  };
  const ctx = createExecutionContext();
  const said = { model: 'claude-plain', max_tokens: 50, messages: [{ role: 'user', content: 'tell me all' }] };
  const request = new Request(`http://purser.test/v1/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${seeded.apiKey}`,
      'x-no-fallback': '1',
      ...(betas && { 'anthropic-beta': betas }),
    },
    body: JSON.stringify({ ...said, ...body, ...(path === 'messages' && { fake }) }),
  });
  const response = await app.fetch(request, bindings, ctx);
  const text = await response.text();
  await waitOnExecutionContext(ctx);
  return { ...seeded, upstream, response, text };
}

const STREAM = { stream: true };

const costIn = (event: Json | undefined) => Number((event?.usage as Json | undefined)?.cost);

describe('a message', () => {
  it('is served whole, and costs what Claude counted', async () => {
    const asked = await ask('messages', {}, { words: 5 });
    expect(asked.response.status).toBe(200);
    expect(JSON.parse(asked.text)).toMatchObject({ content: [{ text: 'word word word word word' }] });
    expect(Number(asked.response.headers.get('x-purser-cost'))).toBe(costOf(5));
    expect(await spentOf(asked)).toEqual({ usage: costOf(5), held: '0' });
    const [call] = asked.upstream.calls;
    expect(call?.url).toMatch(/us-east-1\.amazonaws\.com\/model\/global\.anthropic\.claude-plain-v1%3A0\/invoke$/);
    expect(call?.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//);
    expect(call?.body).toMatchObject({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 50 });
  });

  it('is streamed event by event, with tools, and tells its cost at its end', async () => {
    const asked = await ask('messages', STREAM, { words: 5, calls: true });
    const events = eventsIn(asked.text);
    expect(events.every(({ name, json }) => name === json.type)).toBe(true);
    expect(textIn(asked.text)).toBe('word word word word word');
    expect(asked.text).toContain('"partial_json":"{\\"at\\": \\"the"');
    const [end, stop] = events.slice(-2);
    expect(costIn(end?.json)).toBe(costOf(5));
    expect(stop?.json).toEqual({ type: 'message_stop' });
    expect(await spentOf(asked)).toEqual({ usage: costOf(5), held: '0' });
  });

  it('with the betas that Claude Code names is served', async () => {
    const betas = 'claude-code-20250219,interleaved-thinking-2025-05-14,prompt-caching-scope-2026-01-05';
    const { response, upstream } = await ask('messages', STREAM, { words: 2 }, betas);
    expect(response.status).toBe(200);
    expect(upstream.calls[0]?.body).toMatchObject({ anthropic_beta: ['interleaved-thinking-2025-05-14'] });
  });

  it('with a beta that Bedrock does not have is refused by its name, before anything is held or sent', async () => {
    for (const usageLimit of ['1', '0']) {
      const { response, text, upstream, ...seeded } = await ask('messages', {}, {}, 'files-api-2025-04-14', usageLimit);
      expect(response.status).toBe(400);
      expect(JSON.parse(text)).toMatchObject({
        type: 'error',
        error: {
          type: 'invalid_request_error',
          param: 'anthropic-beta',
          message: expect.stringContaining('files-api-2025-04-14'),
        },
      });
      expect(upstream.calls).toEqual([]);
      expect(await spentOf(seeded)).toEqual({ usage: 0, held: '0' });
    }
  });

  it('is refused with the status and words of AWS', async () => {
    const { response, text, upstream } = await ask('messages', STREAM, { misdeed: 429 });
    expect(response.status).toBe(429);
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'rate_limit_error', message: 'Too many requests.' } });
    expect(upstream.claude.made).toBe(0);
  });

  it.each<Misdeed>(['error midway', 'dies midway', 'garbage midway', 'ends early'])(
    'ends with an error where its provider fails: %s',
    async (misdeed) => {
      const asked = await ask('messages', STREAM, { words: 9, misdeed });
      expect(eventsIn(asked.text).slice(-2)).toMatchObject([{ name: 'error' }, { name: 'message_stop' }]);
      const { usage, held } = await spentOf(asked);
      // Two words were seen, and what was told of the input.
      expect(Math.round(usage * 1e9)).toBeGreaterThanOrEqual(INPUT_NANOS + 2 * OUTPUT_NANOS_PER_WORD);
      expect(usage).toBeLessThanOrEqual(costOf(9));
      expect(held).toBe('0');
    },
  );
});

describe('a client of chat', () => {
  it('is served by Claude on Bedrock, its cost on the usage that it asked for', async () => {
    const asked = await ask('chat/completions', { ...STREAM, stream_options: { include_usage: true } });
    expect(asked.response.status).toBe(200);
    const chunks = chunksIn(asked.text) as Json[];
    expect(chunks.at(-1)).toBe('[DONE]');
    const words = wordsIn(asked.text).length;
    expect(words).toBe(asked.upstream.claude.made);
    expect(chunks.at(-2)).toMatchObject({
      usage: { prompt_tokens: 1_310, prompt_tokens_details: { cached_tokens: 1_000, cache_write_tokens: 300 } },
    });
    expect(costIn(chunks.at(-2))).toBe(costOf(words));
    expect(await spentOf(asked)).toEqual({ usage: costOf(words), held: '0' });
  });

  it('is told by name what Claude has no counterpart for, before anything is sent', async () => {
    const { response, text, upstream, ...seeded } = await ask('chat/completions', { seed: 7 });
    expect(response.status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ error: { param: 'seed', type: 'invalid_request_error' } });
    expect(upstream.calls).toEqual([]);
    expect(await spentOf(seeded)).toEqual({ usage: 0, held: '0' });
  });
});
