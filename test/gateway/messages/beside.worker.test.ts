/** What clients of Messages find beside them: counting, the list of models, and models of providers that speak otherwise. */
import { env, exports } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { AnthropicModel, AnthropicModelList } from '../../../src/gateway/messages/models-route.ts';
import type { Json } from '../../../src/gateway/protocol.ts';
import { DEMO_MAPPINGS } from '../../../src/local/demo-provider.ts';
import { storedRules } from '../../../src/teams/rules-body.ts';
import { FAKE_COUNT } from '../../support/fake-anthropic.ts';
import { ORIGIN } from '../../support/gateway.ts';
import { BODY, eventsIn, spentOf, start, textIn } from '../../support/messages.ts';

// What fails here is meant to, and logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

const COUNT = { path: '/messages/count_tokens', body: { max_tokens: undefined } };

/** An organization whose key has rules from the start. */
async function startRuled(rules: Json) {
  const world = await start();
  const stored = JSON.stringify({ ...storedRules(null), ...rules });
  await env.DB.prepare('UPDATE api_keys SET rules = ? WHERE id = ?').bind(stored, world.keyId).run();
  return world;
}

describe('counting tokens', () => {
  it('is its provider’s affair, free of charge', async () => {
    const world = await start();
    const headers = { 'anthropic-beta': 'token-counting-2024-11-01' };
    const { response, json } = await world.ask({ ...COUNT, headers });
    expect([response.status, json]).toEqual([200, { input_tokens: FAKE_COUNT }]);
    expect(response.headers.get('x-purser-estimated')).toBeNull();
    expect(world.upstream.calls).toMatchObject([
      {
        path: '/v1/messages/count_tokens',
        headers: { 'x-api-key': 'sk-ant-test', 'anthropic-beta': 'token-counting-2024-11-01' },
        body: { model: 'claude-plain-20260101', messages: BODY.messages },
      },
    ]);
    expect(world.upstream.calls[0]?.body).not.toHaveProperty('max_tokens');
    expect(await spentOf(world)).toEqual({ usage: 0, held: '0' });
  });

  it('is an estimate where the provider does not count, and says so', async () => {
    const world = await start();
    const { response, json } = await world.ask({ ...COUNT, body: { ...COUNT.body, model: 'demo/words' } });
    expect([response.status, json]).toEqual([200, { input_tokens: 3 }]);
    expect(response.headers.get('x-purser-estimated')).toBe('true');
  });

  it('goes on where the budget is at its end, and not for a key that may not use the model', async () => {
    const spent = await start({ budget: { usageLimit: '0' } });
    expect((await spent.ask(COUNT)).response.status).toBe(200);
    for (const rules of [{ models: { allow: ['demo/*'], deny: [] } }, { endpoints: { allow: ['chat/completions'] } }]) {
      const world = await startRuled(rules);
      const { response, json } = await world.ask(COUNT);
      expect([response.status, json]).toMatchObject([
        403,
        { error: { type: 'permission_error', code: 'permission_denied' } },
      ]);
      expect(world.upstream.calls).toEqual([]);
    }
  });

  it.each<[string, object, number, string]>([
    ['an unknown model', { body: { model: 'claude-0' } }, 404, 'not_found_error'],
    ['a body that is none', { body: { messages: 1 } }, 400, 'invalid_request_error'],
    ['an unknown key', { headers: { 'x-api-key': 'psr_x' } }, 401, 'authentication_error'],
    ['an upstream that is busy', { fake: { misdeed: 529 } }, 502, 'api_error'],
    ['an upstream that refuses', { fake: { misdeed: 400 } }, 400, 'invalid_request_error'],
    ['an upstream that is none', { fake: { misdeed: 'html' } }, 502, 'api_error'],
    ['an upstream that is gone', { fake: { misdeed: 'unreachable' } }, 502, 'api_error'],
  ])('tells of %s', async (_, call, status, type) => {
    const { response, json } = await (await start()).ask({ ...COUNT, ...call });
    expect([response.status, json]).toMatchObject([status, { type: 'error', error: { type } }]);
  });
});

describe('the list of models', () => {
  it('is Anthropic’s for who names a version of its API, and OpenAI’s for others', async () => {
    const world = await start();
    const { json } = await world.ask({ method: 'GET', path: '/models' });
    expect(AnthropicModelList.strict().parse(json)).toEqual(json);
    expect(json).toMatchObject({
      has_more: false,
      first_id: 'anthropic/claude-plain',
      last_id: DEMO_MAPPINGS.at(-1)?.id,
    });
    expect((json.data as Json[])[0]).toMatchObject({ type: 'model', id: 'anthropic/claude-plain', max_tokens: 64_000 });
    const one = await world.ask({ method: 'GET', path: '/models/claude-plain' });
    expect(AnthropicModel.strict().parse(one.json)).toEqual(one.json);
    const missing = await world.ask({ method: 'GET', path: '/models/claude-0' });
    expect(missing.json).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
  });

  it('has what the rules of the key admit', async () => {
    const world = await startRuled({ models: { allow: ['demo/words'], deny: [] } });
    const { json } = await world.ask({ method: 'GET', path: '/models' });
    expect((json.data as Json[]).map(({ id }) => id)).toEqual(['demo/words']);
  });
});

describe('the demo provider', () => {
  /** Three words in at $1, four out at $2 per million. */
  const FOUR = { model: 'demo/words', demo: { outputTokens: 4 } };

  it('speaks Messages', async () => {
    const world = await start();
    const { response, json } = await world.ask({ body: FOUR });
    expect(json).toMatchObject({
      type: 'message',
      content: [{ type: 'text', text: 'word1 word2 word3 word4' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 4 },
    });
    expect(response.headers.get('x-purser-cost')).toBe('0.000011');
    const { text } = await world.ask({ body: { ...FOUR, stream: true, max_tokens: 2 } });
    expect(textIn(text)).toBe('word1 word2');
    expect(eventsIn(text).at(-2)?.json).toMatchObject({
      delta: { stop_reason: 'max_tokens' },
      usage: { input_tokens: 3, output_tokens: 2, cost: '0.000007' },
    });
    expect(await spentOf(world)).toEqual({ usage: 0.000018, held: '0' });
  });

  it('repeats the last words of the user', async () => {
    const content = [
      { type: 'text', text: 'all is' },
      { type: 'text', text: 'well' },
    ];
    const { json } = await (await start()).ask({ body: { model: 'demo/echo', messages: [{ role: 'user', content }] } });
    expect(json).toMatchObject({ content: [{ text: 'all is well' }] });
  });
});

it('a stream is replayed under its Idempotency-Key as it was', async () => {
  const world = await start();
  const call = { body: { stream: true }, headers: { 'idempotency-key': 'order-1' } };
  const first = await world.ask(call);
  const again = await world.ask(call);
  expect(again.response.headers.get('x-purser-replayed')).toBe('true');
  expect(again.text).toBe(first.text);
  expect(world.upstream.calls).toHaveLength(1);
});

it.each([
  ['GET', '/v1/messages'],
  ['DELETE', '/v1/messages'],
  ['GET', '/v1/messages/count_tokens'],
  ['POST', '/v1/messages/batches'],
])('%s %s, which is not here, is told as Anthropic tells it, also without a version', async (method, path) => {
  const answer = await exports.default.fetch(`${ORIGIN}${path}`, { method });
  expect([answer.status, await answer.json()]).toMatchObject([
    404,
    { type: 'error', error: { type: 'not_found_error', message: expect.stringContaining(path) } },
  ]);
});
