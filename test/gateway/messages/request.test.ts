import { describe, expect, it } from 'vitest';
import { foreignSignature } from '../../../src/gateway/messages/foreign-thoughts.ts';
import { messages } from '../../../src/gateway/messages/protocol.ts';
import type { Asked } from '../../../src/gateway/protocol.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../../src/models/catalogue.ts';
import { askedMessages } from '../../support/asked.ts';
import type { Json } from './fixtures.ts';

const HELLO = [{ role: 'user', content: 'Hello' }];
const BODY = { model: 'claude-sonnet-5', max_tokens: 100, messages: HELLO };

const mapping = CATALOGUE_MAPPINGS.find(({ id }) => id === 'anthropic/claude-sonnet-5') as Mapping;

const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
const image = (source: object) => ({ type: 'image', source });
const PNG = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' };

function refusalOf(body: Json): Json {
  const read = messages.ask({ ...BODY, ...body }, null);
  return 'refusal' in read ? (read.refusal as unknown as Json) : {};
}

describe('a request is refused by its field where', () => {
  it.each<[string, Json, string | null]>([
    ['it has no cap', { max_tokens: undefined }, 'max_tokens'],
    ['its cap is negative', { max_tokens: -1 }, 'max_tokens'],
    ['it has no messages', { messages: [] }, 'messages'],
    ['a message is nobody’s', { messages: [{ role: 'narrator', content: 'x' }] }, 'messages.0.role'],
    ['a block has no type', user({ text: 'x' }), 'messages.0.content.0.type'],
    ['a tool has no name', { tools: [{ name: 'a' }, { input_schema: {} }] }, 'tools.1.name'],
    ['base64 is none', user(image({ ...PNG, data: 'not base64!' })), 'messages.0.content.0.source.data'],
    ['base64 is cut', user(image({ ...PNG, data: 'iVBORw0KG' })), 'messages.0.content.0.source.data'],
    [
      'base64 within a result is none',
      user({ type: 'tool_result', tool_use_id: 't', content: [image({ ...PNG, data: '%' })] }),
      'messages.0.content.0.content.0.source.data',
    ],
    ['it names a file of the account', user(image({ type: 'file', file_id: 'file_1' })), 'messages.0.content.0.source'],
    ['it names a container’s file', user({ type: 'container_upload', file_id: 'file_1' }), 'messages.0.content.0'],
    ['demo is malformed', { demo: { novelty: 1 } }, 'demo.novelty'],
  ])('%s', (_, body, field) => {
    expect(refusalOf(body)).toMatchObject({ kind: 'bad_request', field });
  });

  it.each<[string, Json]>([
    ['/v1/chat/completions', { ...BODY, messages: [{ role: 'developer', content: 'x' }, ...HELLO] }],
    ['/v1/responses', { model: 'gpt-5.5', input: 'Hello' }],
    [':generateContent', { contents: [{ parts: [{ text: 'Hello' }] }] }],
  ])('it belongs to %s', (endpoint, body) => {
    const read = messages.ask(body, null);
    expect(read).toMatchObject({ refusal: { kind: 'bad_request', message: expect.stringContaining(endpoint) } });
  });
});

it('passes what it need not understand', () => {
  expect(
    refusalOf({
      novelty: { deep: 1 },
      system: [{ type: 'text', text: 'x' }],
      tools: [{ type: 'bash_20250124', name: 'bash' }],
    }),
  ).toEqual({});
  expect(refusalOf({ messages: [...HELLO, { role: 'system', content: 'x' }, ...HELLO] })).toEqual({});
});

describe('billed apart, or not bounded by the body, is', () => {
  it.each<[Json, string | null]>([
    [{}, null],
    [{ tools: [{ name: 'a' }, { type: 'custom', name: 'b' }, { type: 'computer_toolset_20260801' }] }, null],
    [{ tools: [{ type: 'web_search_20260209', name: 'web_search' }] }, 'tools.web_search_20260209'],
    [{ tools: [{ type: 'code_execution_20260521', name: 'code_execution' }] }, 'tools.code_execution_20260521'],
    [{ tools: [{ type: 'mcp_toolset', mcp_server_name: 'x' }] }, 'tools.mcp_toolset'],
    [{ mcp_servers: [{}] }, 'mcp_servers'],
    [{ container: 'c_1' }, 'container'],
    [{ thread: { id: 't' } }, 'thread'],
    [{ fallbacks: [{}] }, 'fallbacks'],
    [{ speed: 'standard', inference_geo: 'global', service_tier: 'auto', container: null }, null],
    [{ speed: 'fast' }, 'speed'],
    [{ inference_geo: 'us' }, 'inference_geo'],
    [{ context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }, null],
    [{ context_management: { edits: [{ type: 'compact_20260112' }] } }, 'context_management'],
    [{ context_management: { edits: 'all' } }, 'context_management'],
  ])('%j: %s', (body, field) => {
    expect(askedMessages(body).unpriced).toBe(field);
  });
});

describe('of a request is understood', () => {
  it('what bounds its cost', () => {
    const asked = askedMessages({
      ...user(
        { type: 'text', text: 'look' },
        image(PNG),
        image({ type: 'url', url: 'https://example.com/a.png' }),
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0x' } },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'plain words' } },
        { type: 'document', source: { type: 'content', content: [image(PNG)] } },
        { type: 'tool_result', tool_use_id: 't', content: [image(PNG), { type: 'text', text: 'seen' }] },
      ),
      stream: true,
      tools: [{ name: 'a', input_schema: {} }],
    });
    expect(asked).toMatchObject({
      streamed: true,
      choices: 1,
      items: 2,
      cap: { tokens: 100, field: 'max_tokens' },
      hidesOutput: false,
      media: [
        { kind: 'image', embeddedBytes: 12 },
        { kind: 'image', embeddedBytes: 0 },
        { kind: 'file', embeddedBytes: 8 },
        { kind: 'image', embeddedBytes: 12 },
        { kind: 'image', embeddedBytes: 12 },
      ],
    });
  });

  it('its text, and no bytes of what is none', () => {
    const asked = askedMessages({
      system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content: 'first' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'c2VhbA==' },
            { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: ['the chart'] } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: 'all well' },
            image(PNG),
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'plain words' } },
            { type: 'text', text: 'and' },
            { type: 'text', text: 'now?' },
          ],
        },
      ],
    });
    expect(asked.messageTexts()).toEqual(['be brief', 'first', 'hm look the chart', 'all well plain words and now?']);
    expect(asked.lastUserText().trim()).toBe('and now?');
  });

  it.each<[Json | null, Asked['reasoning']]>([
    [{ type: 'adaptive' }, 'on'],
    [{ type: 'enabled', budget_tokens: 2_000 }, 'on'],
    [{ type: 'disabled' }, 'off'],
    [null, null],
  ])('that thinking %j is reasoning that is %s', (thinking, reasoning) => {
    expect(askedMessages({ thinking }).reasoning).toBe(reasoning);
  });
});

describe('the body for a provider that speaks the same', () => {
  const sent = { mapping, streams: false, cap: null };

  it('is as it came, save the name of the model', () => {
    const body = { ...BODY, model: 'anthropic/claude-sonnet-5', top_k: 5, novelty: [1], metadata: { user_id: 'u' } };
    expect(messages.body(askedMessages(body), sent)).toEqual({ ...body, model: mapping.upstreamModel });
    expect(messages.body(askedMessages(body), { ...sent, streams: true })).toEqual({
      ...body,
      model: mapping.upstreamModel,
      stream: true,
    });
  });

  it('keeps to a lower cap, and leaves thinking some of it', () => {
    const asked = askedMessages({
      max_tokens: 4_000,
      thinking: { type: 'enabled', budget_tokens: 3_000, display: 'omitted' },
    });
    expect(asked.capMin).toBe(1_025);
    expect(messages.body(asked, { ...sent, cap: 2_000 })).toMatchObject({
      max_tokens: 2_000,
      thinking: { type: 'enabled', budget_tokens: 1_999, display: 'omitted' },
    });
    expect(messages.body(asked, { ...sent, cap: 3_500 })).toMatchObject({
      max_tokens: 3_500,
      thinking: { budget_tokens: 3_000 },
    });
    expect(messages.body(askedMessages({ thinking: { type: 'adaptive' } }), { ...sent, cap: 20 })).toMatchObject({
      max_tokens: 20,
      thinking: { type: 'adaptive' },
    });
  });

  it('has no thoughts of models of other providers', () => {
    const signed = { type: 'thinking', thinking: 'own', signature: 'EqQB' };
    const foreign = { type: 'thinking', thinking: '', signature: foreignSignature('responses', 'x') };
    const unsigned = { type: 'thinking', thinking: 'y', signature: '' };
    const text = { type: 'text', text: 'z' };
    const asked = askedMessages({
      messages: [
        ...HELLO,
        { role: 'assistant', content: [signed, foreign, unsigned, text] },
        ...HELLO,
        { role: 'assistant', content: [foreign] },
        ...HELLO,
      ],
    });
    expect(messages.body(asked, sent).messages).toEqual([
      ...HELLO,
      { role: 'assistant', content: [signed, text] },
      ...HELLO,
      ...HELLO,
    ]);
  });
});
