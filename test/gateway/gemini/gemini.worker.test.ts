import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../src/app.ts';
import type { Json } from '../../../src/gateway/protocol.ts';
import { anthropic } from '../../../src/gateway/providers/anthropic.ts';
import { google } from '../../../src/gateway/providers/google.ts';
import { vertex } from '../../../src/gateway/providers/vertex.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../../src/models/catalogue.ts';
import { FakeGoogle, type FakeGoogleAsk } from '../../support/fake-google.ts';
import { eventsIn, json, keyOf, ORIGIN, until } from '../../support/gateway.ts';
import { type Seeded, seedOrganization } from '../../support/seed.ts';
import { makeServiceAccount } from '../../support/service-account.ts';

vi.spyOn(console, 'warn').mockImplementation(() => undefined);

const LITE = CATALOGUE_MAPPINGS.find(({ id }) => id === 'google/gemini-3.1-flash-lite') as Mapping;

/** One that shows all that it bills: $1 and $2 per million tokens. */
const PLAIN: Mapping = {
  ...LITE,
  id: 'google/plain',
  canonicalModel: 'plain',
  upstreamModel: 'plain',
  reasons: 'never',
  prices: [
    {
      version: 'plain@0',
      effectiveFrom: null,
      tiers: [{ aboveInputTokens: 0, rates: { input: 1_000_000, output: 2_000_000, imageOutput: 30_000_000 } }],
    },
  ],
};

const app = createApp({
  mappings: [...CATALOGUE_MAPPINGS, PLAIN],
  providers: [google, vertex, anthropic],
  routers: [],
});

interface Asked {
  model?: string;
  method?: string;
  body?: object;
  headers?: Record<string, string>;
  secrets?: object;
  budget?: string;
  path?: string;
  signal?: AbortSignal;
  seeded?: Seeded;
}

/** A request to the gateway, before a fake of Google's. */
async function call(fake: FakeGoogleAsk, asked: Asked = {}, upstream = new FakeGoogle()) {
  const { model = 'plain', method = 'generateContent', body = {}, headers = {}, budget = '1', signal } = asked;
  const seeded = asked.seeded ?? (await seedOrganization({ budget: { usageLimit: budget } }));
  const ctx = createExecutionContext();
  const path = asked.path ?? `/v1beta/models/${model}:${method}${method.startsWith('stream') ? '?alt=sse' : ''}`;
  const request = new Request(ORIGIN + path, {
    method: 'POST',
    headers: { 'x-goog-api-key': seeded.apiKey, 'x-no-fallback': '1', ...headers },
    body: JSON.stringify({
      contents: [{ role: 'user', parts: [{ text: 'one two' }] }],
      ...body,
      ...(Object.keys(fake).length > 0 && { fake }),
    }),
    ...(signal && { signal }),
  });
  const bindings = { ...env, EGRESS: upstream, GOOGLE_API_KEY: upstream.apiKey, ...asked.secrets };
  const response = await app.fetch(request, bindings as unknown as Env, ctx);
  return { ...seeded, upstream, response, ctx };
}

async function answered(fake: FakeGoogleAsk, asked: Asked = {}) {
  const called = await call(fake, asked);
  const text = await called.response.text();
  await waitOnExecutionContext(called.ctx);
  const { usage, member } = await keyOf(called.apiKey);
  return {
    ...called,
    text,
    events: eventsIn(text.replaceAll('\r\n', '\n')) as Json[],
    usage,
    held: member.status.held,
  };
}

const STREAM: Asked = { method: 'streamGenerateContent' };

const errorOf = (text: string) => JSON.parse(text).error as { code: number; status: string; message: string };

describe('an answer of Google', () => {
  it('is served whole, its cost by hand: cached input and thoughts each at its own price', async () => {
    const { response, text, usage, held, upstream } = await answered(
      { words: 5, cached: 4, thoughts: 20 },
      { model: 'gemini-3.1-flash-lite' },
    );
    expect(response.status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      candidates: [
        { finishReason: 'STOP', content: { parts: [{ thought: true }, ...Array(5).fill({ text: ' word' }), {}] } },
      ],
      usageMetadata: {
        promptTokenCount: 10,
        cachedContentTokenCount: 4,
        candidatesTokenCount: 5,
        thoughtsTokenCount: 20,
      },
    });
    // 6 x $0.25 + 4 x $0.025 + 25 x $1.50, per million.
    expect(usage).toBe('0.0000391');
    expect(held).toBe('0');
    expect(response.headers.get('x-purser-cost')).toBe('0.0000391');
    expect(response.headers.get('x-purser-model')).toBe('gemini-3.1-flash-lite');
    // What nobody knows passes.
    expect(upstream.calls[0]?.body).toHaveProperty('fake');
  });

  it('is streamed, its bytes as they came but for the last, which tells the cost', async () => {
    const { response, text, events, usage } = await answered(
      { words: 3, thoughts: 20 },
      { ...STREAM, model: 'gemini-3.1-flash-lite' },
    );
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(text.match(/\r\n\r\n/g)).toHaveLength(4);
    expect(events).toHaveLength(5);
    expect(events.at(-1)).toMatchObject({
      candidates: [{ finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 3, thoughtsTokenCount: 20, cost: '0.000037' },
    });
    // 10 x $0.25 + 23 x $1.50, per million.
    expect(usage).toBe('0.000037');
  });

  it('is charged for what was cached once, though only its last chunk says so', async () => {
    const { usage } = await answered(
      { words: 3, cached: 4, cachedAtEnd: true },
      { ...STREAM, model: 'gemini-3.1-flash-lite' },
    );
    // 6 x $0.25 + 4 x $0.025 + 3 x $1.50, per million.
    expect(usage).toBe('0.0000061');
  });

  it('is had under every path that its clients use', async () => {
    for (const path of [
      '/v1/models/plain:generateContent',
      '/v1beta/models/google/plain:generateContent',
      '/v1beta/models/google%2Fplain:generateContent',
      '/v1/models/google/plain%3AgenerateContent',
    ]) {
      const { response, upstream } = await answered({}, { path });
      expect([path, response.status]).toEqual([path, 200]);
      expect(upstream.calls[0]?.url).toContain('/v1beta/models/plain:');
    }
  });

  it('costs an image by its own price', async () => {
    const { usage, response } = await answered(
      { imageTokens: 1_120 },
      { body: { generationConfig: { responseModalities: ['IMAGE'] } } },
    );
    expect(response.status).toBe(200);
    // 10 x $1 + 1,120 x $30, per million.
    expect(usage).toBe('0.03361');
  });

  it('streams an image of 2K, which is one event, at its price', async () => {
    const imageLength = 11_000_000;
    const { usage, held, text } = await answered({ imageTokens: 1_680, imageLength }, STREAM);
    expect(/"data":"(A+)"/.exec(text)?.[1]?.length).toBe(imageLength);
    // 10 x $1 + 1,680 x $30, per million.
    expect([usage, held]).toEqual(['0.05041', '0']);
  });

  it('is one where the prompt was blocked, and the prompt is charged', async () => {
    for (const method of ['generateContent', 'streamGenerateContent']) {
      const { response, text, usage } = await answered({ blocked: true }, { method });
      expect(response.status).toBe(200);
      expect(text).toContain('"blockReason":"SAFETY"');
      expect(usage).toBe('0.00001');
    }
  });
});

describe('what a member may spend', () => {
  it('cuts a stream at its limit with one event, in time', async () => {
    const { events, text, usage, held, upstream } = await answered(
      { call: 'a', words: 5_000 },
      { ...STREAM, budget: '0.001' },
    );
    const last = events.at(-1) as { error: { code: number; status: string; details: Json[] } };
    expect(last.error).toMatchObject({ code: 403, status: 'PERMISSION_DENIED', details: [{ domain: 'purser' }] });
    expect(text.match(/"error"/g)).toHaveLength(1);
    // Held at $30, the dearest that it may make: 30 tokens, of which a quarter is the tail. Four words of five bytes; 10 x $1 + 4 x $2.
    expect([text.match(/ word/g)?.length, usage]).toEqual([4, '0.000018']);
    expect(held).toBe('0');
    expect(upstream.made.get('a')).toBeLessThan(5_000);
  });

  it('ends a whole answer at its limit as a cap would, and says which limit', async () => {
    const { response, text, usage } = await answered({ words: 5_000 }, { budget: '0.001' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-purser-cut')).toBe('member_total');
    expect(JSON.parse(text)).toMatchObject({
      candidates: [{ finishReason: 'MAX_TOKENS' }],
      usageMetadata: { cost: usage },
    });
  });

  it('lowers the cap of a model that hides what it bills', async () => {
    const { response, upstream } = await answered({}, { model: 'gemini-3.1-flash-lite', budget: '0.01', ...STREAM });
    const cap = Number(response.headers.get('x-purser-max-output'));
    expect(cap).toBeGreaterThan(100);
    expect(upstream.calls[0]?.body.generationConfig).toEqual({ maxOutputTokens: cap });
  });

  it('refuses in the words of this protocol, and sends nothing', async () => {
    const { response, text, upstream } = await answered({}, { budget: '0' });
    expect(response.status).toBe(403);
    expect(errorOf(text)).toMatchObject({
      code: 403,
      status: 'PERMISSION_DENIED',
      message: 'Member has reached their total spend budget.',
      details: [{ reason: 'member_budget_exhausted', metadata: { scope: 'member_total', limit: '0' } }],
    });
    expect(upstream.calls).toEqual([]);
  });
});

describe('a client', () => {
  it('that leaves is charged what was made for it', async () => {
    const leaving = new AbortController();
    const { response, upstream, apiKey, memberId, ctx } = await call(
      { call: 'a', words: 5_000, paceMs: 1 },
      { ...STREAM, signal: leaving.signal, body: { generationConfig: { maxOutputTokens: 5_000 } } },
    );
    const reader = response.body?.getReader();
    await reader?.read();
    leaving.abort();
    await reader?.cancel().catch(() => undefined);
    await waitOnExecutionContext(ctx);
    const made = upstream.made.get('a') ?? 0;
    const { usage, member } = await keyOf(apiKey);
    expect(member.status.held).toBe('0');
    expect(Number(usage)).toBeGreaterThan(0.00001);
    // What the provider told with each chunk, and one that was on its way at most.
    expect(Math.abs(Number(usage) - (10 + 2 * made) / 1e6)).toBeLessThanOrEqual(2 * 2e-6);
    const object = env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId));
    const outcome = await until(async () => {
      await object.ship({ memberId });
      const sql = env.DB.prepare('SELECT outcome, endpoint FROM usage_events WHERE member_id = ?').bind(memberId);
      return sql.first<{ outcome: string; endpoint: string }>();
    }, 'the event');
    expect(outcome).toEqual({ outcome: 'client_gone', endpoint: 'models/generateContent' });
  });
});

describe('an upstream that fails', () => {
  it.each<[string, FakeGoogleAsk, number, string]>([
    ['a refusal of its own', { status: 400 }, 400, 'INVALID_ARGUMENT'],
    ['too many requests', { status: 429, retryDelay: '7s' }, 429, 'RESOURCE_EXHAUSTED'],
    ['a failure', { status: 503 }, 502, 'UNAVAILABLE'],
    ['a page of HTML', { html: true }, 502, 'UNAVAILABLE'],
  ])('before its first byte is told by the status: %s', async (_, fake, status, name) => {
    for (const method of ['generateContent', 'streamGenerateContent']) {
      const { response, text, usage, held } = await answered(fake, { method });
      expect([method, response.status]).toEqual([method, status]);
      expect(errorOf(text)).toMatchObject({ code: status, status: name });
      expect(response.headers.get('retry-after')).toBe(status === 429 ? '7' : null);
      expect([usage, held]).toEqual(['0', '0']);
    }
  });

  it.each<[string, FakeGoogleAsk, string]>([
    ['a broken connection', { dieAfterWords: 3 }, 'could not be reached'],
    ['an error in the stream', { failAfterWords: 3 }, 'overloaded'],
    ['garbage', { garbageAfterWords: 3 }, 'no answer'],
    ['an end that is none', { stopAfterWords: 3 }, 'without finishing'],
  ])('after its first byte ends the stream with one error: %s', async (_, fake, message) => {
    const { response, events, usage, held } = await answered({ words: 9, ...fake }, STREAM);
    expect(response.status).toBe(200);
    expect(events).toHaveLength(4);
    expect(events.at(-1)).toMatchObject({ error: { code: 502, message: expect.stringContaining(message) } });
    // 10 x $1 + 3 x $2, per million: what it had counted itself.
    expect([usage, held]).toEqual(['0.000016', '0']);
  });

  it.each<[string, FakeGoogleAsk]>([
    ['an error', { failAfterWords: 0 }],
    ['garbage', { garbageAfterWords: 0 }],
  ])('in an answer of a good status is a failure: %s', async (_, fake) => {
    const { response, usage } = await answered(fake);
    expect([response.status, usage]).toEqual([502, '0']);
  });
});

describe('a request that is refused', () => {
  it.each<[string, Asked, number, string]>([
    ['no alt=sse', { path: '/v1beta/models/plain:streamGenerateContent' }, 400, 'alt'],
    ['an unknown model', { model: 'nope' }, 404, 'model'],
    ['a search', { body: { tools: [{ googleSearch: {} }] } }, 400, 'tools.googleSearch'],
    ['what is kept at Google', { body: { cachedContent: 'cachedContents/x' } }, 400, 'cachedContent'],
    [
      'too large a cap',
      { body: { generationConfig: { maxOutputTokens: 65_537 } } },
      400,
      'generationConfig.maxOutputTokens',
    ],
  ])('names what is wrong, before anything is sent: %s', async (_, asked, status, field) => {
    const { response, text, upstream } = await answered({}, asked);
    expect([response.status, errorOf(text).code]).toEqual([status, status]);
    expect(text).toContain(`"field":"${field}"`);
    expect(upstream.calls).toEqual([]);
  });

  it('has a key in its URL', async () => {
    const seeded = await seedOrganization();
    const { response, text } = await answered(
      {},
      { seeded, path: `/v1beta/models/plain:generateContent?key=${seeded.apiKey}` },
    );
    expect(response.status).toBe(401);
    expect(errorOf(text)).toMatchObject({
      status: 'UNAUTHENTICATED',
      message: expect.stringContaining('not read from the URL'),
    });
  });

  it('is for a method or a path that is not here', async () => {
    for (const path of [
      '/v1beta/models/plain:predict',
      '/v1beta/models/plain',
      '/v1beta/chat/completions',
      '/v1/models/plain',
    ]) {
      const { response, text } = await answered({}, { path });
      expect([path, response.status]).toEqual([path, 404]);
      expect(errorOf(text).status).toBe('NOT_FOUND');
    }
  });
});

describe('a count of tokens', () => {
  const COUNT: Asked = { method: 'countTokens', model: 'gemini-3.1-flash-lite' };

  it("is the provider's own, and free", async () => {
    const { response, text, usage, upstream } = await answered({}, COUNT);
    expect([response.status, JSON.parse(text), usage]).toEqual([200, { totalTokens: 123 }, '0']);
    expect(upstream.calls[0]?.url).toContain('/models/gemini-3.1-flash-lite:countTokens');
  });

  it('is of a whole request, where one is given, whose model is the one of the path', async () => {
    const generateContentRequest = { model: 'models/another', contents: [{ parts: [{ text: 'a' }] }] };
    const { upstream } = await answered({}, { ...COUNT, body: { contents: null, generateContentRequest } });
    expect(upstream.calls[0]?.body.generateContentRequest).toEqual({
      ...generateContentRequest,
      model: 'models/gemini-3.1-flash-lite',
    });
  });

  it('is an estimate where the provider counts for nobody', async () => {
    const secrets = { GOOGLE_API_KEY: '', VERTEX_PROJECT: 'p', VERTEX_ACCESS_TOKEN: 'ya29.first' };
    const { response, text, upstream } = await answered({}, { ...COUNT, secrets });
    expect(response.headers.get('x-purser-estimated')).toBe('true');
    expect(JSON.parse(text).totalTokens).toBeGreaterThan(1);
    expect(upstream.calls).toEqual([]);
  });

  it('tells a failure, and asks nothing for a key that may not', async () => {
    expect((await answered({ status: 503 }, COUNT)).response.status).toBe(502);
    expect((await answered({}, { ...COUNT, headers: { 'x-goog-api-key': 'psr_x' } })).response.status).toBe(401);
  });
});

describe('an embedding', () => {
  const MODEL = 'gemini-embedding-001';
  const content = { parts: [{ text: 'one two' }] };

  it("is had one by one, in Google's words, and charged", async () => {
    const body = { contents: undefined, content, task_type: 'RETRIEVAL_QUERY', outputDimensionality: 2 };
    const { response, text, usage, held, upstream } = await answered(
      {},
      { model: MODEL, method: 'embedContent', body },
    );
    expect([response.status, JSON.parse(text)]).toEqual([200, { embedding: { values: [0, 0.5] } }]);
    expect(upstream.calls[0]?.url).toContain(`/models/${MODEL}:batchEmbedContents`);
    expect(upstream.calls[0]?.body).toEqual({
      requests: [{ model: `models/${MODEL}`, content, outputDimensionality: 2, taskType: 'RETRIEVAL_QUERY' }],
    });
    // Two tokens at $0.15 per million.
    expect(usage).toBe('0.0000003');
    expect([held, response.headers.get('x-purser-cost')]).toEqual(['0', usage]);
  });

  it('is had in a batch', async () => {
    const body = { contents: undefined, requests: [{ content }, { content }] };
    const { text } = await answered({}, { model: MODEL, method: 'batchEmbedContents', body });
    expect(JSON.parse(text)).toEqual({ embeddings: [{ values: [0, 0.5] }, { values: [1, 0.5] }] });
  });

  it.each<[string, Asked, number, string]>([
    ['of no text', { body: { contents: undefined, content: { parts: [{ inlineData: {} }] } } }, 400, 'content.parts.0'],
    ['with what nobody knows', { body: { contents: undefined, content, newer: 1 } }, 400, 'newer'],
    ['by a model of conversations', { model: 'plain', body: { contents: undefined, content } }, 400, 'model'],
    ['without a budget', { body: { contents: undefined, content }, budget: '0' }, 403, 'member_budget_exhausted'],
  ])("is refused in Google's words: %s", async (_, asked, status, named) => {
    const { response, text, upstream } = await answered({}, { model: MODEL, method: 'embedContent', ...asked });
    expect([response.status, errorOf(text).code]).toEqual([status, status]);
    expect(text).toContain(named);
    expect(upstream.calls).toEqual([]);
  });
});

describe('Vertex AI', () => {
  it('serves by a service account, and a refused account is a clear 502 that tells no key', async () => {
    const upstream = new FakeGoogle();
    const account = await makeServiceAccount('http://127.0.0.1:1/token');
    const secrets = { GOOGLE_API_KEY: '', VERTEX_SERVICE_ACCOUNT: account.json };
    const asked: Asked = { model: 'vertex/gemini-3.1-flash-lite', secrets };
    const served = await call({ words: 2 }, asked, upstream);
    expect([served.response.status, served.response.headers.get('x-purser-provider')]).toEqual([200, 'vertex']);
    await served.response.text();
    expect(await account.verified(upstream.assertions[0] ?? '')).toHaveProperty('iss');

    const broken = await makeServiceAccount('http://127.0.0.1:1/token');
    upstream.grants = { status: 400 };
    const refused = await call(
      {},
      { ...asked, secrets: { ...secrets, VERTEX_SERVICE_ACCOUNT: broken.json } },
      upstream,
    );
    const text = await refused.response.text();
    expect(refused.response.status).toBe(502);
    expect(errorOf(text).message).toContain("does not accept this deployment's credentials");
    expect((await keyOf(refused.apiKey)).usage).toBe('0');
  });
});

describe('other protocols', () => {
  it('have a Gemini model answer a client of Messages, tools and all', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const upstream = new FakeGoogle();
    const ctx = createExecutionContext();
    const body = {
      model: 'gemini-3.1-flash-lite',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Weather in Oslo?' }],
      tools: [{ name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }],
    };
    const request = new Request(`${ORIGIN}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': seeded.apiKey },
      body: JSON.stringify(body),
    });
    // The fake is steered by a field of the body, which no translator lets through.
    const steered = { fetch: (url: string, init: RequestInit) => upstream.fetch(url, steer(init, { calls: true })) };
    const bindings = { ...env, EGRESS: steered, GOOGLE_API_KEY: upstream.apiKey };
    const response = await app.fetch(request, bindings as unknown as Env, ctx);
    const answer = await json<{ content: Json[] }>(response);
    expect(answer.content.at(-1)).toMatchObject({ type: 'tool_use', name: 'weather', input: { city: 'Oslo' } });
    // Gemini wants its signature back with the call.
    expect(JSON.stringify(answer.content)).toContain('c2ln');
    expect(answer).toMatchObject({
      type: 'message',
      stop_reason: 'tool_use',
      usage: { input_tokens: 10, output_tokens: 7 },
    });
    expect(upstream.calls[0]?.body).toMatchObject({
      contents: [{ role: 'user', parts: [{ text: 'Weather in Oslo?' }] }],
      tools: [{ functionDeclarations: [{ name: 'weather' }] }],
      generationConfig: { maxOutputTokens: 100 },
    });
    // 10 x $0.25 + 7 x $1.50, per million.
    expect((await keyOf(seeded.apiKey)).usage).toBe('0.000013');
  });

  it('have Claude on Vertex answer a client of Gemini, in a stream', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const sent: { url: string; body: Json }[] = [];
    const claude = {
      fetch: async (url: string, init: RequestInit) => {
        sent.push({ url, body: JSON.parse(String(init.body)) });
        return new Response(CLAUDE_STREAM, { headers: { 'content-type': 'text/event-stream' } });
      },
    };
    const request = new Request(`${ORIGIN}/v1beta/models/vertex/claude-sonnet-5:streamGenerateContent?alt=sse`, {
      method: 'POST',
      headers: { 'x-goog-api-key': seeded.apiKey },
      body: JSON.stringify({
        systemInstruction: { parts: [{ text: 'be brief' }] },
        contents: [{ parts: [{ text: 'hello' }] }],
        generationConfig: { maxOutputTokens: 50 },
      }),
    });
    const bindings = { ...env, EGRESS: claude, VERTEX_PROJECT: 'p', VERTEX_ACCESS_TOKEN: 'ya29.x' };
    const response = await app.fetch(request, bindings as unknown as Env, createExecutionContext());
    const events = eventsIn(await response.text());
    expect(sent).toMatchObject([
      {
        url: expect.stringContaining('/publishers/anthropic/models/claude-sonnet-5:streamRawPredict'),
        body: { anthropic_version: 'vertex-2023-10-16', system: expect.anything(), max_tokens: 50, stream: true },
      },
    ]);
    expect(sent[0]?.body).not.toHaveProperty('model');
    expect(events).toMatchObject([
      { candidates: [{ content: { parts: [{ text: 'Hi' }] } }], responseId: 'msg_1' },
      { candidates: [{ finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 3 } },
    ]);
  });

  it('are spoken by the demo provider as well', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const ask = (method: string, body: object) =>
      exports.default.fetch(`${ORIGIN}/v1beta/models/demo/words:${method}`, {
        method: 'POST',
        headers: { 'x-goog-api-key': apiKey },
        body: JSON.stringify({ contents: [{ parts: [{ text: 'one two' }] }], ...body }),
      });
    const whole = await ask('generateContent', { demo: { outputTokens: 3, cachedTokens: 1 } });
    expect(await json(whole)).toMatchObject({
      candidates: [{ content: { parts: [{ text: 'word1 word2 word3' }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 2, cachedContentTokenCount: 1, candidatesTokenCount: 3 },
    });
    // 1 x $1 + 1 x $0.10 + 3 x $2, per million.
    expect(whole.headers.get('x-purser-cost')).toBe('0.0000071');
    const streamed = await ask('streamGenerateContent?alt=sse', { demo: { outputTokens: 2 } });
    expect(eventsIn(await streamed.text())).toMatchObject([
      { candidates: [{ content: { parts: [{ text: 'word1' }] } }] },
      { candidates: [{ content: { parts: [{ text: ' word2' }] } }] },
      { candidates: [{ finishReason: 'STOP' }], usageMetadata: { cost: '0.000006' } },
    ]);
    expect(await json(await ask('countTokens', {}))).toEqual({ totalTokens: 2 });
  });
});

function steer(init: RequestInit, fake: FakeGoogleAsk): RequestInit {
  return { ...init, body: JSON.stringify({ ...JSON.parse(String(init.body)), fake }) };
}

const claudeEvent = (json: { type: string; [field: string]: unknown }) =>
  `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;

const CLAUDE_STREAM = [
  {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content: [],
      usage: { input_tokens: 12, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 3 } },
  { type: 'message_stop' },
]
  .map(claudeEvent)
  .join('');
