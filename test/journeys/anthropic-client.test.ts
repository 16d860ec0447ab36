/** The official Anthropic client, unmodified but for base URL and key, against the demo provider and Anthropic's wire. */
import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeAsk } from '../support/fake-anthropic.ts';
import { type FakeAnthropicServer, startFakeAnthropic } from '../support/fake-anthropic-server.ts';
import { api, startEmpty, until } from '../support/purser.ts';

type Body = Anthropic.MessageCreateParamsNonStreaming;

const ASKED: Body = { model: 'claude-sonnet-5', max_tokens: 100, messages: [{ role: 'user', content: 'tell me all' }] };

/** What the client sends though its types do not know it. */
const steered = (body: object, base: Body = ASKED): Body => ({ ...base, ...body });
const fake = (ask: FakeAsk) => steered({ fake: ask });

describe('the official anthropic client', () => {
  let upstream: FakeAnthropicServer;
  let purser: Awaited<ReturnType<typeof startEmpty>>;

  beforeAll(async () => {
    upstream = await startFakeAnthropic();
    purser = await startEmpty({ ANTHROPIC_API_KEY: 'sk-ant-upstream', ANTHROPIC_BASE_URL: upstream.baseUrl });
  });

  afterAll(async () => {
    await purser?.stop();
    await upstream?.stop();
  });

  async function start(usageLimit = '1') {
    const seeded = await purser.seed({ budget: { usageLimit } });
    const client = new Anthropic({ baseURL: purser.server.url, apiKey: seeded.apiKey, maxRetries: 0 });
    return { client, ...api(purser.server, seeded) };
  }

  it.each([
    ['demo/words', { demo: { outputTokens: 3 } }, 'word1 word2 word3'],
    ['anthropic/claude-sonnet-5', { fake: { words: 3 } }, 'word word word'],
    ['claude-sonnet-5', { fake: { words: 3 } }, 'word word word'],
  ])('talks to %s, whole and streamed', async (model, extra, text) => {
    const { client, status, health, rollUp, activity } = await start();
    const body = steered({ model, ...extra });

    const { data: whole, response } = await client.messages.create(body).withResponse();
    expect(whole.content).toMatchObject([{ type: 'text', text }]);
    expect(whole.stop_reason).toBe('end_turn');

    const stream = client.messages.stream(body);
    let streamed = '';
    stream.on('text', (delta) => {
      streamed += delta;
    });
    const final = await stream.finalMessage();
    expect(streamed).toBe(text);
    expect(final.content).toMatchObject([{ type: 'text', text }]);
    expect(final.usage.output_tokens).toBe(3);

    await until(async () => (await status()).held === '0', 'the settlement');
    const { usage: spent } = await status();
    expect(Number(spent)).toBeCloseTo(2 * Number(response.headers.get('x-purser-cost')), 9);
    await rollUp();
    expect((await activity()).totals).toMatchObject({ cost: spent, requestCount: 2 });
    expect(await health()).toMatchObject({ ok: true, difference: '0' });
  });

  it('thinks and calls tools, whole and streamed alike', async () => {
    const { client } = await start();
    const body = steered({
      fake: { words: 2, thinking: 20, calls: true },
      thinking: { type: 'adaptive' },
      tools: [{ name: 'look', input_schema: { type: 'object', properties: { at: { type: 'string' } } } }],
    });
    const whole = await client.messages.create(body);
    const streamed = await client.messages.stream(body).finalMessage();
    expect(whole).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'Let me', signature: 'EqQBCgIY' },
        { type: 'text', text: 'word word' },
        { type: 'tool_use', name: 'look', input: { at: 'the chart' } },
      ],
      stop_reason: 'tool_use',
    });
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.usage.output_tokens_details).toEqual({ thinking_tokens: 20 });
    // The version that this client speaks is the one that the upstream is spoken to in.
    expect(upstream.upstream.calls.at(-1)?.headers['anthropic-version']).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it('asks for an answer after a schema', async () => {
    const { client } = await start();
    const schema = {
      type: 'object',
      properties: { ship: { type: 'string' } },
      required: ['ship'],
      additionalProperties: false,
    };
    const output_config = { format: { type: 'json_schema' as const, schema } };
    await client.messages.create(steered({ output_config }));
    expect(upstream.upstream.calls.at(-1)?.body.output_config).toEqual(output_config);
  });

  it('counts tokens and lists models', async () => {
    const { client, status } = await start('0');
    const { model, messages } = ASKED;
    expect(await client.messages.countTokens({ model, messages })).toEqual({ input_tokens: 1_310 });
    const ids: string[] = [];
    for await (const each of client.models.list()) ids.push(each.id);
    expect(ids).toContain('anthropic/claude-sonnet-5');
    expect(await client.models.retrieve('claude-sonnet-5')).toMatchObject({ type: 'model', max_tokens: 128_000 });
    expect(await status()).toMatchObject({ usage: '0' });
  });

  it('leaves a stream when it has enough, and pays for what was made all the same', async () => {
    const { client, status } = await start();
    const body = { ...fake({ words: 300, paceMs: 2 }), max_tokens: 1_000 };
    const stream = client.messages.stream(body);
    let received = 0;
    stream.on('text', () => {
      received += 1;
      if (received === 10) stream.abort();
    });
    await expect(stream.done()).rejects.toThrow(/abort/i);
    // What a model thinks is billed and not shown: its end is waited for, as only that tells.
    await until(async () => (await status()).held === '0', 'the settlement');
    const { usage } = await status();
    const { response } = await (await start()).client.messages.create(body).withResponse();
    expect(usage).toBe(response.headers.get('x-purser-cost'));
  });

  describe('meets an error', () => {
    type ErrorClass = new (...args: never[]) => APIError;

    it.each<[string, ErrorClass, Body, string, number]>([
      ['of an unknown model', NotFoundError, steered({ model: 'claude-0' }), 'not_found_error', 404],
      ['in its body', BadRequestError, steered({ messages: [] }), 'invalid_request_error', 400],
      ['of the upstream, which is its own', BadRequestError, fake({ misdeed: 400 }), 'invalid_request_error', 400],
      ['of the upstream’s limits', RateLimitError, fake({ misdeed: 429 }), 'rate_limit_error', 429],
      ['of an overloaded upstream', APIError, fake({ misdeed: 529 }), 'api_error', 502],
    ])('%s', async (_, kind, body, type, status) => {
      const { client } = await start();
      for (const call of [() => client.messages.create(body), () => client.messages.stream(body).finalMessage()]) {
        const error = await call().then(
          () => null,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(kind);
        expect(error).toMatchObject({ status, type });
      }
    });

    it('of its key, and of its budget', async () => {
      const stranger = new Anthropic({ baseURL: purser.server.url, apiKey: 'psr_x', maxRetries: 0 });
      await expect(stranger.messages.create(ASKED)).rejects.toBeInstanceOf(AuthenticationError);
      const { client } = await start('0');
      const refused = await client.messages.create(ASKED).catch((thrown: unknown) => thrown);
      expect(refused).toBeInstanceOf(PermissionDeniedError);
      expect(refused).toMatchObject({
        type: 'permission_error',
        error: { error: { code: 'member_budget_exhausted' }, metadata: { scope: 'member_total' } },
      });
    });

    it('in the middle of a stream', async () => {
      const { client } = await start();
      const stream = client.messages.stream(fake({ words: 9, misdeed: 'error midway' }));
      let text = '';
      stream.on('text', (delta) => {
        text += delta;
      });
      const error = await stream.finalMessage().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(APIError);
      expect(error).toMatchObject({ type: 'api_error', error: { error: { code: 'upstream_error' } } });
      expect(text).toBe('word word');
    });
  });
});
