/** POST /v1/messages through the whole Worker, against an upstream that speaks Anthropic's wire and can misbehave. */
import { waitOnExecutionContext } from 'cloudflare:test';
import { describe, expect, it, vi } from 'vitest';
import type { Json } from '../../../src/gateway/protocol.ts';
import type { Misdeed } from '../../support/fake-anthropic.ts';
import { until } from '../../support/gateway.ts';
import {
  BODY,
  type Call,
  costOf,
  eventsIn,
  INPUT_NANOS,
  OUTPUT_NANOS_PER_WORD,
  spentOf,
  start,
  textIn,
} from '../../support/messages.ts';
import type { SeedOptions } from '../../support/organization.ts';

// What fails here is meant to, and logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

const STREAM = { stream: true };

describe('a message that is served', () => {
  it('whole, passes as it came, and costs what the upstream counted', async () => {
    const world = await start();
    const { response, json } = await world.ask({
      fake: { words: 5 },
      body: { model: 'anthropic/claude-plain', top_k: 5, metadata: { user_id: 'u' } },
    });
    expect(response.status).toBe(200);
    expect(json).toMatchObject({
      model: 'claude-fake-20260101',
      content: [{ type: 'text', text: 'word word word word word' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 10, service_tier: 'standard' },
    });
    expect(Number(response.headers.get('x-purser-cost'))).toBe(costOf(5));
    expect(await spentOf(world)).toEqual({ usage: costOf(5), held: '0' });
    expect(world.upstream.calls).toMatchObject([
      {
        path: '/v1/messages',
        headers: { 'x-api-key': 'sk-ant-test', 'anthropic-version': '2023-06-01' },
        body: { ...BODY, model: 'claude-plain-20260101', top_k: 5, metadata: { user_id: 'u' } },
      },
    ]);
  });

  it('as a stream, passes as it came, and tells the cost at its end', async () => {
    const world = await start();
    const { response, text } = await world.ask({ fake: { words: 5, calls: true }, body: STREAM });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = eventsIn(text);
    expect(events.every(({ name, json }) => name === json.type)).toBe(true);
    expect(events[0]?.json).toMatchObject({ type: 'message_start', message: { model: 'claude-fake-20260101' } });
    expect(textIn(text)).toBe('word word word word word');
    expect(text).toContain('"partial_json":"{\\"at\\": \\"the"');
    const [end, stop] = events.slice(-2);
    expect(end?.json).toMatchObject({
      type: 'message_delta',
      delta: { stop_reason: 'tool_use' },
      usage: { output_tokens: 5 },
    });
    expect(Number(((end?.json.usage ?? {}) as Json).cost)).toBe(costOf(5));
    expect(stop?.json).toEqual({ type: 'message_stop' });
    expect(await spentOf(world)).toEqual({ usage: costOf(5), held: '0' });
  });

  it('only fills the cache where it may make nothing', async () => {
    const world = await start();
    const { text } = await world.ask({ body: { ...STREAM, max_tokens: 0 } });
    expect(eventsIn(text).at(-1)).toMatchObject({ name: 'message_stop' });
    expect((await world.ask({ body: { max_tokens: 0 } })).response.headers.get('x-purser-cost')).toBe(
      String(costOf(0)),
    );
    expect(await spentOf(world)).toEqual({ usage: 2 * costOf(0), held: '0' });
  });

  it('thinks within what the budget covers', async () => {
    // Left for output: 2,000 tokens and some.
    const world = await start({ budget: { usageLimit: '0.05' } });
    const { response } = await world.ask({
      fake: { words: 10, thinking: 100 },
      body: { max_tokens: 8_000, thinking: { type: 'enabled', budget_tokens: 6_000 } },
    });
    const cap = Number(response.headers.get('x-purser-max-output'));
    expect(cap).toBeGreaterThan(1_024);
    expect(cap).toBeLessThan(3_400);
    expect(world.upstream.calls[0]?.body).toMatchObject({
      max_tokens: cap,
      thinking: { type: 'enabled', budget_tokens: cap - 1 },
    });
    expect(await spentOf(world)).toEqual({ usage: costOf(110), held: '0' });
  });

  it('is refused before it is sent where no thinking fits what remains', async () => {
    const world = await start({ budget: { usageLimit: '0.018' } });
    const thinking = { type: 'enabled', budget_tokens: 6_000 };
    const { response, json } = await world.ask({ body: { max_tokens: 8_000, thinking } });
    expect(response.status).toBe(403);
    expect(json).toMatchObject({ type: 'error', error: { type: 'permission_error', code: 'request_exceeds_budget' } });
    expect(world.upstream.calls).toEqual([]);
    // Without a budget for it a smaller cap will do.
    expect((await world.ask({ body: { max_tokens: 8_000, thinking: { type: 'adaptive' } } })).response.status).toBe(
      200,
    );
  });
});

describe('a limit that is met on the way', () => {
  const LITTLE = { budget: { usageLimit: '0.02' } };

  it('ends a stream with the refusal and the terminal event', async () => {
    const world = await start(LITTLE);
    const { response, text } = await world.ask({ fake: { words: 5_000 }, body: { ...STREAM, max_tokens: 10_000 } });
    expect(response.status).toBe(200);
    const [error, stop] = eventsIn(text).slice(-2);
    expect(error).toMatchObject({
      name: 'error',
      json: {
        type: 'error',
        error: { type: 'permission_error', code: expect.stringMatching(/budget/) },
        metadata: { scope: 'member_total' },
      },
    });
    expect(stop).toMatchObject({ name: 'message_stop', json: { type: 'message_stop' } });
    const { usage, held } = await spentOf(world);
    expect(held).toBe('0');
    expect(usage).toBeLessThanOrEqual(0.02);
    // All that the client got is charged.
    expect(usage).toBeGreaterThanOrEqual((INPUT_NANOS + textIn(text).split(' ').length * OUTPUT_NANOS_PER_WORD) / 1e9);
  });

  it('ends a whole answer as at a cap, with what was paid for', async () => {
    const world = await start(LITTLE);
    const { response, json } = await world.ask({ fake: { words: 5_000 }, body: { max_tokens: 10_000 } });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-purser-cut')).toBe('member_total');
    expect(world.upstream.calls[0]?.body).toMatchObject({ stream: true, max_tokens: 10_000 });
    const { content, stop_reason, usage } = json as { content: { text: string }[]; stop_reason: string; usage: Json };
    expect(stop_reason).toBe('max_tokens');
    expect(content[0]?.text.split(' ').length).toBeGreaterThan(16);
    expect(usage).toMatchObject({ input_tokens: 10, cache_creation: { ephemeral_1h_input_tokens: 200 } });
    const spent = await spentOf(world);
    expect(Number(usage.cost)).toBe(spent.usage);
    expect(spent).toMatchObject({ held: '0' });
  });

  it('gathers a whole answer that fits after all, as it would have come', async () => {
    const world = await start(LITTLE);
    const whole = await world.ask({ fake: { words: 7, calls: true }, body: { max_tokens: 50 } });
    const gathered = await world.ask({ fake: { words: 7, calls: true }, body: { max_tokens: 10_000 } });
    expect(world.upstream.calls.map(({ body }) => body.stream)).toEqual([undefined, true]);
    const { usage: _, ...message } = gathered.json;
    expect(whole.json).toMatchObject(message);
  });
});

describe('a client that hangs up', () => {
  it('pays for what was made, and no more', async () => {
    const world = await start();
    const leaving = new AbortController();
    const { response, ctx } = await world.send({
      fake: { words: 10_000, paceMs: 1 },
      body: { ...STREAM, max_tokens: 20_000 },
      signal: leaving.signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (reader && text.split('text_delta').length <= 20) text += (await reader.read()).value ?? '';
    leaving.abort();
    await reader?.cancel().catch(() => undefined);
    await waitOnExecutionContext(ctx);
    const received = text.split('text_delta').length - 1;
    const { usage } = await until(async () => {
      const spent = await spentOf(world);
      return spent.held === '0' ? spent : null;
    }, 'the settlement');
    const charged = Math.round((usage * 1e9 - INPUT_NANOS) / OUTPUT_NANOS_PER_WORD);
    expect(charged).toBeGreaterThanOrEqual(received);
    expect(charged).toBeLessThanOrEqual(world.upstream.made);
    expect(world.upstream.made).toBeLessThan(10_000);
  });
});

describe('an upstream that fails', () => {
  const UPSTREAM = { error: { type: 'api_error', code: 'upstream_error' } };

  it.each<[Misdeed, number, Json]>([
    [529, 502, UPSTREAM],
    [500, 502, UPSTREAM],
    [401, 502, UPSTREAM],
    ['unreachable', 502, UPSTREAM],
    ['html', 502, UPSTREAM],
    ['garbage', 502, UPSTREAM],
    [400, 400, { error: { type: 'invalid_request_error', message: 'The fake refuses with 400.' } }],
    [413, 413, { error: { type: 'request_too_large' } }],
    [429, 429, { error: { type: 'rate_limit_error', message: 'The fake refuses with 429.' } }],
  ])('(%s) before it has made anything is told by its status, and costs nothing', async (misdeed, status, error) => {
    for (const body of [{}, STREAM]) {
      const world = await start();
      const { response, json } = await world.ask({ fake: { misdeed }, body });
      expect(response.status).toBe(status);
      expect(json).toMatchObject({ type: 'error', ...error });
      expect(response.headers.get('retry-after')).toBe(misdeed === 429 ? '7' : null);
      expect(JSON.stringify(json)).not.toContain('sk-ant-test');
      expect(await spentOf(world)).toEqual({ usage: 0, held: '0' });
    }
  });

  it('with an error in a 200 is told as one, and costs nothing', async () => {
    for (const [misdeed, body] of [
      ['error in 200', {}],
      ['error first', STREAM],
    ] as const) {
      const world = await start();
      const { response, json } = await world.ask({ fake: { misdeed }, body });
      expect([response.status, json]).toMatchObject([502, UPSTREAM]);
      expect(await spentOf(world)).toEqual({ usage: 0, held: '0' });
    }
  });

  it.each<Misdeed>(['error midway', 'dies midway', 'ends early', 'garbage midway'])(
    '(%s) ends the stream with an error and the terminal event, and what came is charged',
    async (misdeed) => {
      const world = await start();
      const { response, text } = await world.ask({ fake: { words: 9, misdeed }, body: STREAM });
      expect(response.status).toBe(200);
      expect(textIn(text)).toBe('word word');
      expect(eventsIn(text).slice(-2)).toMatchObject([
        { name: 'error', json: { ...UPSTREAM, metadata: { requestId: expect.any(String) } } },
        { name: 'message_stop' },
      ]);
      expect(await spentOf(world)).toEqual({ usage: costOf(2), held: '0' });
    },
  );
});

describe('refused in Anthropic’s envelope, before the upstream is called, is', () => {
  it.each<[string, SeedOptions, Call, number, string, string | null]>([
    ['an unknown key', {}, { headers: { 'x-api-key': 'psr_x' } }, 401, 'authentication_error', null],
    ['an unknown model', {}, { body: { model: 'claude-0' } }, 404, 'not_found_error', 'model'],
    ['a body that is none', {}, { body: { messages: 'x' } }, 400, 'invalid_request_error', 'messages'],
    ['too high a cap', {}, { body: { max_tokens: 64_001 } }, 400, 'invalid_request_error', 'max_tokens'],
    [
      'a tool that is billed apart',
      {},
      { body: { tools: [{ type: 'web_search_20260318', name: 'web_search' }] } },
      400,
      'invalid_request_error',
      'tools.web_search_20260318',
    ],
    ['a member without budget', { budget: { usageLimit: '0' } }, {}, 403, 'permission_error', null],
    ['what is not there', {}, { path: '/messages/batches' }, 404, 'not_found_error', null],
  ])('%s', async (_, seed, call, status, type, param) => {
    const world = await start(seed);
    const { response, json } = await world.ask(call);
    expect(response.status).toBe(status);
    expect(json).toMatchObject({
      type: 'error',
      error: { type, param },
      request_id: response.headers.get('x-request-id'),
    });
    expect(world.upstream.calls).toEqual([]);
  });
});
