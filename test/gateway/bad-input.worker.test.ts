/**
 * What is wrong with a request by itself, on every wire and surface: its protocol's own 4xx that names the field, before anything
 * is held. The member has no budget: whatever came as far as the ledger would be a 403.
 */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { Json } from '../../src/gateway/protocol.ts';
import { LIMITS } from '../../src/limits.ts';
import { DEMO_MAPPINGS, demoProvider } from '../../src/local/demo-provider.ts';
import type { Mapping } from '../../src/models/catalogue.ts';
import { HELLO, keyOf, ORIGIN } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

const words = DEMO_MAPPINGS.find(({ id }) => id === 'demo/words') as Mapping;
const narrow: Mapping = { ...words, id: 'demo/narrow', canonicalModel: 'demo-narrow', contextTokens: 100 };

const send = vi.fn(demoProvider.send);
const app = createApp({ mappings: [...DEMO_MAPPINGS, narrow], providers: [{ ...demoProvider, send }], routers: [] });

type Path = keyof typeof PATHS;

/** Where each is asked, and a good body of it. */
const PATHS = {
  chat: ['/chat/completions', { model: 'demo/words', messages: HELLO }],
  messages: ['/messages', { model: 'demo/words', max_tokens: 10, messages: HELLO }],
  responses: ['/responses', { model: 'demo/words', input: 'one two' }],
  gemini: ['/models/demo/words:generateContent', { contents: [{ role: 'user', parts: [{ text: 'one two' }] }] }],
  embeddings: ['/embeddings', { model: 'demo/embed', input: 'one' }],
  moderations: ['/moderations', { model: 'demo/moderate', input: 'one' }],
  rerank: ['/rerank', { model: 'demo/rerank', query: 'one', documents: ['a'] }],
  images: ['/images/generations', { model: 'demo/image', prompt: 'a harbour' }],
  edits: ['/images/edits', { model: 'demo/image', prompt: 'bluer' }],
  speech: ['/audio/speech', { model: 'demo/speech', input: 'one', voice: 'alloy' }],
  transcriptions: ['/audio/transcriptions', { model: 'demo/transcribe' }],
  ocr: ['/ocr', { model: 'demo/ocr', document: { type: 'document_url', document_url: 'https://example.com/a.pdf' } }],
  videos: ['/videos', { model: 'demo/video', prompt: 'a harbour' }],
} as const satisfies Record<string, [path: string, body: Json]>;

async function refused(wire: Path, body: BodyInit, { path = PATHS[wire][0] as string, headers = {} } = {}) {
  const { apiKey } = await seedOrganization({ budget: { usageLimit: '0' } });
  send.mockClear();
  const init = { authorization: `Bearer ${apiKey}`, 'anthropic-version': '2023-06-01', ...headers };
  const request = new Request(`${ORIGIN}/v1${path}`, { method: 'POST', headers: init, body });
  const response = await app.fetch(request, env, createExecutionContext());
  const said = (await response.json()) as Json;
  expect(send).not.toHaveBeenCalled();
  expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
  return { status: response.status, said };
}

/** The protocol's own envelope, and the field that it names. */
function envelope(wire: Path, status: number, field: unknown): Json {
  if (wire === 'gemini') {
    const fieldViolations = [expect.objectContaining({ field })];
    const details =
      field === null ? expect.any(Array) : expect.arrayContaining([expect.objectContaining({ fieldViolations })]);
    return { error: { code: status, status: 'INVALID_ARGUMENT', details } };
  }
  const error = { type: 'invalid_request_error', param: field, message: expect.any(String) };
  return wire === 'messages' ? { type: 'error', error } : { error };
}

const withParts = (wire: 'chat' | 'messages', part: Json) => ({
  ...PATHS[wire][1],
  messages: [{ role: 'user', content: [{ type: 'text', text: 'look' }, part] }],
});
const items = (part: Json) => ({ model: 'demo/words', input: [{ role: 'user', content: [part] }] });

const JSON_TYPE = { headers: { 'content-type': 'application/json' } };

const BAD64 = 'data:image/png;base64,not base64!';

const WRONG: [string, Path, Json, field: string][] = [
  ['n of 9', 'images', { n: 9 }, 'n'],
  ['n of 9', 'gemini', { generationConfig: { candidateCount: 9 } }, 'generationConfig.candidateCount'],
  ['n of 9', 'chat', { n: 9 }, 'n'],

  [
    'bad base64',
    'chat',
    withParts('chat', { type: 'image_url', image_url: { url: BAD64 } }),
    'messages.0.content.1.image_url.url',
  ],
  [
    'bad base64 of a file',
    'chat',
    withParts('chat', { type: 'file', file: { file_data: BAD64 } }),
    'messages.0.content.1.file.file_data',
  ],
  [
    'bad base64 of a recording',
    'chat',
    withParts('chat', { type: 'input_audio', input_audio: { data: '??', format: 'wav' } }),
    'messages.0.content.1.input_audio.data',
  ],
  [
    'bad base64',
    'messages',
    withParts('messages', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: '??' } }),
    'messages.0.content.1.source.data',
  ],
  ['bad base64', 'responses', items({ type: 'input_image', image_url: BAD64 }), 'input.0.content.0.image_url'],
  ['bad base64 of a file', 'responses', items({ type: 'input_file', file_data: BAD64 }), 'input.0.content.0.file_data'],
  [
    'bad base64',
    'gemini',
    { contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: '??' } }] }] },
    'contents.0.parts.0.inlineData.data',
  ],
  [
    'bad base64',
    'ocr',
    { document: { type: 'image_url', image_url: 'data:image/png;base64,?' } },
    'document.image_url',
  ],

  ['a tool without a name', 'chat', { tools: [{ type: 'function', function: {} }] }, 'tools.0.function.name'],
  ['a tool of no function', 'chat', { tools: [{ type: 'function' }] }, 'tools.0.function.name'],
  [
    'a custom tool without a name',
    'chat',
    { tools: [{ type: 'custom', custom: { name: '' } }] },
    'tools.0.custom.name',
  ],
  ['a tool without a name', 'messages', { tools: [{ input_schema: { type: 'object' } }] }, 'tools.0.name'],
  ['a tool without a name', 'responses', { tools: [{ type: 'function', parameters: {} }] }, 'tools.0.name'],
  ['a custom tool without a name', 'responses', { tools: [{ type: 'custom', name: 1 }] }, 'tools.0.name'],
  [
    'a tool without a name',
    'gemini',
    { tools: [{ functionDeclarations: [{}] }] },
    'tools.0.functionDeclarations.0.name',
  ],

  ['no input', 'embeddings', { input: [] }, 'input'],
  ['no input', 'moderations', { input: null }, 'input'],
  ['no documents', 'rerank', { documents: [] }, 'documents'],
  ['too long a text', 'speech', { input: 'a'.repeat(5_000) }, 'input'],
  ['a length that is none', 'videos', { seconds: 'many' }, 'seconds'],
];

it.each(WRONG)('%s on %s is refused by its field', async (_, wire, wrong, field) => {
  const { status, said } = await refused(wire, JSON.stringify({ ...PATHS[wire][1], ...wrong }));
  expect(status).toBe(400);
  expect(said).toMatchObject(envelope(wire, 400, field));
});

/** A body with a field that nobody knows, which is nested so that the body has so many levels. */
const nested = (body: Json, levels: number) =>
  `${JSON.stringify(body).slice(0, -1)},"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

const TAKES_JSON = (Object.keys(PATHS) as Path[]).filter((wire) => wire !== 'edits' && wire !== 'transcriptions');

it.each(TAKES_JSON)(
  '%s that is nested too deep to be read is refused; one level less is not for that',
  async (wire) => {
    for (const levels of [LIMITS.jsonDepthMax + 1, 6_000, 1_000_000]) {
      const { status, said } = await refused(wire, nested(PATHS[wire][1], levels), JSON_TYPE);
      expect(status).toBe(400);
      expect(said).toMatchObject(envelope(wire, 400, null));
      expect(JSON.stringify(said)).toContain('nested deeper');
    }
    const { said } = await refused(wire, nested(PATHS[wire][1], LIMITS.jsonDepthMax), JSON_TYPE);
    expect(JSON.stringify(said)).not.toContain('nested deeper');
  },
);

it.each<[Path, string]>([
  ['messages', '/messages/count_tokens'],
  ['gemini', '/models/demo/words:countTokens'],
  ['gemini', '/models/demo/embed:embedContent'],
])('%s reads no deeper at %s', async (wire, path) => {
  const { status, said } = await refused(wire, nested({ model: 'demo/words' }, 6_000), { path, ...JSON_TYPE });
  expect(status).toBe(400);
  expect(said).toMatchObject(envelope(wire, 400, null));
  expect(JSON.stringify(said)).toContain('nested deeper');
});

const wordsOf = (count: number) => 'word '.repeat(count);

/** A conversation of so many words with a model whose context takes 100 tokens. */
const LONG: [Path, field: string, (words: number) => Json, path?: string][] = [
  ['chat', 'messages', (words) => ({ messages: [{ role: 'user', content: wordsOf(words) }] })],
  ['messages', 'messages', (words) => ({ messages: [{ role: 'user', content: wordsOf(words) }] })],
  ['responses', 'input', (words) => ({ input: wordsOf(words) })],
  [
    'gemini',
    'contents',
    (words) => ({ contents: [{ parts: [{ text: wordsOf(words) }] }] }),
    '/models/demo/narrow:generateContent',
  ],
];

describe.each(LONG)('a conversation of %s', (wire, field, of, path) => {
  const ask = (words: number, more: Json = {}) => {
    const body = { ...PATHS[wire][1], ...(path ? {} : { model: 'demo/narrow' }), ...of(words), ...more };
    return refused(wire, JSON.stringify(body), path ? { path } : {});
  };

  it('that is longer than the context of its model is refused by its field', async () => {
    const { status, said } = await ask(101);
    expect(status).toBe(400);
    expect(said).toMatchObject(envelope(wire, 400, field));
    expect(JSON.stringify(said)).toMatch(/more than 100 tokens long \(at least 101\)/);
  });

  it('that may fit comes as far as the budget', async () => {
    expect((await ask(100)).status).toBe(403);
  });
});

it.each<[Path, Json]>([
  ['chat', { transforms: ['middle-out'] }],
  ['responses', { truncation: 'auto' }],
  ['messages', { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }],
])('%s that lets its provider leave something out (%j) is not refused for its length', async (wire, lets) => {
  const of = LONG.find(([name]) => name === wire)?.[2];
  const { status } = await refused(
    wire,
    JSON.stringify({ ...PATHS[wire][1], model: 'demo/narrow', ...of?.(500), ...lets }),
  );
  expect(status).toBe(403);
});

describe.each(['edits', 'transcriptions'] as const)('a form for %s', (wire) => {
  it.each<[string, BodyInit, Record<string, string>, string | null]>([
    ['JSON', JSON.stringify(PATHS[wire][1]), { 'content-type': 'application/json' }, 'Content-Type'],
    ['no boundary', '--x', { 'content-type': 'multipart/form-data' }, 'Content-Type'],
    ['another boundary', '--y\r\n', { 'content-type': 'multipart/form-data; boundary=x' }, null],
  ])('that is none (%s) is refused', async (_, body, headers, field) => {
    const { status, said } = await refused(wire, body, { headers });
    expect(status).toBe(400);
    expect(said).toMatchObject(envelope(wire, 400, field));
  });

  it('without its file is refused', async () => {
    const form = new FormData();
    for (const [name, value] of Object.entries(PATHS[wire][1])) form.append(name, value);
    const { status, said } = await refused(wire, form);
    expect(status).toBe(400);
    expect(said).toMatchObject(envelope(wire, 400, wire === 'edits' ? 'image' : 'file'));
  });
});

const CONVERSATIONS = {
  chat: [{ model: 'demo/words', messages: [{ role: 'developer', content: 'one' }] }, '/v1/chat/completions'],
  messages: [
    { model: 'demo/words', max_tokens: 10, messages: HELLO, tools: [{ name: 'a', input_schema: { type: 'object' } }] },
    '/v1/messages',
  ],
  responses: [{ model: 'demo/words', input: 'one' }, '/v1/responses'],
  gemini: [PATHS.gemini[1], '/v1beta/models/{model}:generateContent'],
} as const satisfies Record<string, [Json, string]>;

const ALIENS = Object.entries(CONVERSATIONS).flatMap(([owner, [body, endpoint]]) =>
  (Object.keys(CONVERSATIONS) as (keyof typeof CONVERSATIONS)[])
    .filter((wire) => wire !== owner)
    .map((wire) => [owner, wire, body, endpoint] as const),
);

it.each(ALIENS)("a body of %s's, sent to %s, is told where it belongs", async (_, wire, body, endpoint) => {
  const { status, said } = await refused(wire, JSON.stringify(body));
  expect(status).toBe(400);
  expect(JSON.stringify(said)).toContain(endpoint);
});

it.each(['embeddings', 'images', 'speech', 'rerank', 'ocr', 'moderations'] as const)(
  'a conversation, sent to %s, is told where it belongs',
  async (wire) => {
    const { model } = PATHS[wire][1];
    const { status, said } = await refused(wire, JSON.stringify({ model, messages: HELLO }));
    expect(status).toBe(400);
    expect(said).toMatchObject(envelope(wire, 400, null));
    expect(JSON.stringify(said)).toContain('/v1/chat/completions');
  },
);

it.each<[Path, Record<string, string>]>([
  ['chat', {}],
  ['gemini', {}],
  ['rerank', {}],
  ['chat', { 'idempotency-key': 'once' }],
  ['edits', { 'content-type': 'multipart/form-data; boundary=x' }],
])('a body of %s that its client breaks off is no bug of ours', async (wire, headers) => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('connection lost')) });
  const { status, said } = await refused(wire, body, { headers });
  expect(status).toBe(400);
  expect(said).toMatchObject(envelope(wire, 400, null));
  expect(logged).not.toHaveBeenCalled();
});
