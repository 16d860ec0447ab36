/**
 * The contract of contract.ts for providers that speak Anthropic's or Google's protocol: chat, stream, tools, usage with cache,
 * four faults, in their own wire format, through the real Worker. 1,000 tokens of input, of which 400 from the cache, and 50 of
 * output, with how the cost comes about beside it. Bedrock says the same in AWS's event stream; what else can go wrong there is
 * in bedrock.worker.test.ts.
 */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import worker from '../../../src/local/worker.ts';
import { chunkMessage, exceptionMessage } from '../../support/aws-messages.ts';
import { keyOf, ORIGIN, until } from '../../support/gateway.ts';
import { seedOrganization } from '../../support/seed.ts';

// Faults are logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

type Json = Record<string, unknown>;

/** What a protocol's client sends, and its provider answers. */
interface Wire {
  path(model: string, streamed: boolean): string;
  body(model: string, streamed: boolean): Json;
  whole: Json;
  /** Two words, a call of a tool, the count. */
  stream: readonly Json[];
  /** How the client's stream ends that has failed. */
  failed: RegExp;
}

const TOOL_SCHEMA = { type: 'object', properties: { a: { type: 'integer' } } };

const CLAUDE_USAGE = { input_tokens: 600, cache_read_input_tokens: 400, cache_creation_input_tokens: 0 };
const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'x', stop_reason: null, stop_sequence: null };

const MESSAGES: Wire = {
  path: () => '/v1/messages',
  body: (model, stream) => ({
    model,
    stream,
    max_tokens: 500,
    messages: [{ role: 'user', content: 'one two' }],
    tools: [{ name: 'add', input_schema: TOOL_SCHEMA }],
  }),
  whole: {
    ...MESSAGE,
    content: [{ type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 1 } }],
    stop_reason: 'tool_use',
    usage: { ...CLAUDE_USAGE, output_tokens: 50 },
  },
  stream: [
    { type: 'message_start', message: { ...MESSAGE, content: [], usage: { ...CLAUDE_USAGE, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello there' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 't', name: 'add', input: {} } },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 50 } },
    { type: 'message_stop' },
  ],
  failed: /event: error\ndata: [^\n]*upstream_error/,
};

const GEMINI_USAGE = { promptTokenCount: 1_000, cachedContentTokenCount: 400, candidatesTokenCount: 50 };
const saying = (parts: Json[], finishReason?: string): Json => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, ...(finishReason && { finishReason }) }],
});
const GEMINI_CALL = { functionCall: { name: 'add', args: { a: 1 } } };

const GEMINI: Wire = {
  path: (model, streamed) =>
    `/v1beta/models/${model}:${streamed ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: () => ({
    contents: [{ role: 'user', parts: [{ text: 'one two' }] }],
    generationConfig: { maxOutputTokens: 500 },
    tools: [{ functionDeclarations: [{ name: 'add', parametersJsonSchema: TOOL_SCHEMA }] }],
  }),
  whole: { ...saying([GEMINI_CALL], 'STOP'), usageMetadata: GEMINI_USAGE },
  stream: [
    saying([{ text: 'Hello there' }]),
    { ...saying([GEMINI_CALL]), usageMetadata: { ...GEMINI_USAGE, candidatesTokenCount: 20 } },
    { ...saying([{ text: '' }], 'STOP'), usageMetadata: GEMINI_USAGE },
  ],
  failed: /"reason":"upstream_error"/,
};

interface Contract {
  name: string;
  wire: Wire;
  secrets: Partial<Env>;
  model: string;
  url: RegExp;
  key: readonly [name: string, value: string | RegExp];
  cost: string;
  /** The same of the stream that dies before it has told its count. */
  seen: string;
  /** How its streams are framed. */
  frames: Frames;
}

interface Frames {
  contentType: string;
  write(event: Json): Uint8Array;
}

const SERVER_SENT: Frames = {
  contentType: 'text/event-stream',
  write(event) {
    const name = typeof event.type === 'string' ? `event: ${event.type}\n` : '';
    return new TextEncoder().encode(`${name}data: ${JSON.stringify(event)}\n\n`);
  },
};

const AWS_EVENTS: Frames = {
  contentType: 'application/vnd.amazon.eventstream',
  write: (event) =>
    event.type === 'error' ? exceptionMessage('throttlingException', 'overloaded') : chunkMessage(event),
};

const VERTEX = { VERTEX_ACCESS_TOKEN: 'ya29.test', VERTEX_PROJECT: 'a-project' };
const BEARER = ['authorization', 'Bearer ya29.test'] as const;

const CONTRACTS: readonly Contract[] = [
  {
    name: 'Anthropic',
    wire: MESSAGES,
    secrets: { ANTHROPIC_API_KEY: 'sk-ant' },
    model: 'anthropic/claude-haiku-4-5',
    url: /^https:\/\/api\.anthropic\.com\/v1\/messages/,
    key: ['x-api-key', 'sk-ant'],
    // 600 x $1 + 400 x $0.10 + 50 x $5 per million.
    cost: '0.00089',
    seen: '0.000655',
    frames: SERVER_SENT,
  },
  {
    name: 'Claude on Vertex',
    wire: MESSAGES,
    secrets: VERTEX,
    model: 'vertex/claude-opus-5',
    url: /^https:\/\/aiplatform\.googleapis\.com\/v1\/projects\/a-project\/locations\/global\/publishers\/anthropic\/models\/claude-opus-5:(r|streamR)awPredict$/,
    key: BEARER,
    // 600 x $5 + 400 x $0.50 + 50 x $25 per million.
    cost: '0.00445',
    seen: '0.003275',
    frames: SERVER_SENT,
  },
  {
    name: 'Claude on Bedrock',
    wire: MESSAGES,
    secrets: { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'a-secret', AWS_REGION: 'us-east-1' },
    model: 'bedrock/global.anthropic.claude-haiku-4-5-20251001-v1:0',
    url: /^https:\/\/bedrock-runtime\.us-east-1\.amazonaws\.com\/model\/global\.anthropic\.claude-haiku-4-5-20251001-v1%3A0\/invoke(-with-response-stream)?$/,
    key: [
      'authorization',
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/bedrock\/aws4_request, SignedHeaders=\S+, Signature=[0-9a-f]{64}$/,
    ],
    cost: '0.00089',
    seen: '0.000655',
    frames: AWS_EVENTS,
  },
  {
    name: 'AI Studio',
    wire: GEMINI,
    secrets: { GOOGLE_API_KEY: 'g-key' },
    model: 'google/gemini-3.1-flash-lite',
    url: /^https:\/\/generativelanguage\.googleapis\.com\/v1beta\/models\/gemini-3\.1-flash-lite:(g|streamG)enerateContent/,
    key: ['x-goog-api-key', 'g-key'],
    // 600 x $0.25 + 400 x $0.025 + 50 x $1.50 per million.
    cost: '0.000235',
    seen: '0.00002075',
    frames: SERVER_SENT,
  },
  {
    name: 'Gemini on Vertex',
    wire: GEMINI,
    secrets: VERTEX,
    model: 'vertex/gemini-3.1-flash-lite',
    url: /^https:\/\/aiplatform\.googleapis\.com\/v1\/projects\/a-project\/locations\/global\/publishers\/google\/models\/gemini-3\.1-flash-lite:(g|streamG)enerateContent/,
    key: BEARER,
    cost: '0.000235',
    seen: '0.00002075',
    frames: SERVER_SENT,
  },
];

describe.each(CONTRACTS)('$name', ({ wire, secrets, model, url, key, cost, seen, frames }) => {
  async function asked(streamed: boolean, answer: () => Response) {
    const seeded = await seedOrganization({ budget: { usageLimit: '100' } });
    const sent: { url: string; headers: Headers; body: Json }[] = [];
    const fetch = async (to: string, init: RequestInit) => {
      sent.push({ url: String(to), headers: new Headers(init.headers), body: JSON.parse(String(init.body)) as Json });
      return answer();
    };
    const environment = { ...env, ...secrets, EGRESS: { fetch } as unknown as Fetcher } as Env;
    const request = new Request(`${ORIGIN}${wire.path(model, streamed)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${seeded.apiKey}` },
      body: JSON.stringify(wire.body(model, streamed)),
    });
    const ctx = createExecutionContext();
    const response = await worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, environment, ctx);
    const text = await response.text();
    await waitOnExecutionContext(ctx);
    const { usage } = await until(async () => {
      const read = await keyOf(seeded.apiKey);
      return read.member.status.held === '0' ? read : null;
    }, 'the settlement');
    return { response, text, sent, usage };
  }

  const streaming =
    (events: readonly Json[], dies = false) =>
    () => {
      const pieces = events.map(frames.write);
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const next = pieces.shift();
          if (next !== undefined) controller.enqueue(next);
          else if (dies) controller.error(new Error('connection reset'));
          else controller.close();
        },
      });
      return new Response(body, { headers: { 'content-type': frames.contentType } });
    };

  it('chats and calls tools: called where it is, with its key; the answer passes at its cost', async () => {
    const { response, text, sent, usage } = await asked(false, () => Response.json(wire.whole));
    expect([response.status, response.headers.get('x-purser-cost'), usage]).toEqual([200, cost, cost]);
    expect(JSON.parse(text)).toMatchObject({
      ...wire.whole,
      ...('model' in wire.whole && { model: expect.anything() }),
    });
    const [first] = sent;
    expect(first?.url).toMatch(url);
    expect(first?.headers.get(key[0])).toEqual(typeof key[1] === 'string' ? key[1] : expect.stringMatching(key[1]));
    expect(JSON.stringify(first?.body)).toContain('one two');
    expect(JSON.stringify(first?.body.tools)).toBe(JSON.stringify(wire.body(model, false).tools));
  });

  it('streams: what comes passes, calls of tools too, and the count at the end is what it costs', async () => {
    const { response, text, sent, usage } = await asked(true, streaming(wire.stream));
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(sent[0]?.url).toMatch(url);
    for (const piece of ['Hello there', '"add"']) expect(text).toContain(piece);
    expect(text).toContain(`"cost":"${cost}"`);
    expect(usage).toBe(cost);
  });

  it('too many requests: its 429 and Retry-After pass, and nothing is charged', async () => {
    const busy = () => Response.json({ error: { message: 'slow' } }, { status: 429, headers: { 'retry-after': '7' } });
    const { response, usage } = await asked(false, busy);
    expect([response.status, response.headers.get('retry-after'), usage]).toEqual([429, '7', '0']);
  });

  it.each([200, 503])('an HTML page with %i is no answer and costs nothing', async (status) => {
    const page = () => new Response('<html>busy</html>', { status, headers: { 'content-type': 'text/html' } });
    for (const streamed of [false, true]) {
      const { response, usage } = await asked(streamed, page);
      expect([response.status, usage]).toEqual([502, '0']);
    }
  });

  it('death in the middle: the client sees the error, and what was seen is charged', async () => {
    const { text, usage } = await asked(true, streaming(wire.stream.slice(0, -2), true));
    expect(text).toContain('Hello there');
    expect(text).toMatch(wire.failed);
    expect(usage).toBe(seen);
  });

  it("an error inside a stream is the client's to see", async () => {
    const error = { type: 'error', error: { type: 'overloaded_error', code: 503, message: 'overloaded', status: 'X' } };
    const { text } = await asked(true, streaming([...wire.stream.slice(0, -2), error]));
    expect(text).toContain('Hello there');
    expect(text).toMatch(/overloaded|upstream_error/);
  });
});
