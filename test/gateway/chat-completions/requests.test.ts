/** Requests of chat's clients as the neutral form, and neutral requests as each provider of Chat Completions takes them. */
import { describe, expect, it } from 'vitest';
import { chat } from '../../../src/gateway/chat-completions/protocol.ts';
import { chatTranslator } from '../../../src/gateway/chat-completions/translator.ts';
import type { NeutralRequest, Part, Reasoning } from '../../../src/gateway/neutral.ts';
import type { Json } from '../../../src/gateway/protocol.ts';
import { askedChat } from '../../support/asked.ts';
import { sentTo } from '../translation/sent.ts';

const PDF = 'data:application/pdf;base64,JVBERi0=';
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const assistant = (message: Json) => ({
  messages: [
    { role: 'user', content: 'x' },
    { role: 'assistant', ...message },
  ],
});

function read(body: Json): NeutralRequest {
  const done = chatTranslator.readRequest(askedChat(body));
  if ('refusal' in done) throw new Error(JSON.stringify(done.refusal));
  return done.understood;
}

function refusedField(body: Json): string | null {
  const done = chatTranslator.readRequest(askedChat(body));
  if (!('refusal' in done) || done.refusal.kind !== 'bad_request') throw new Error('not refused');
  expect(done.refusal.message).toContain(done.refusal.field);
  return done.refusal.field;
}

const EMPTY = read({});

function write(request: Partial<NeutralRequest>, provider: string, reasons = false): Json {
  const done = chatTranslator.writeRequest({ ...EMPTY, ...request }, sentTo(provider, { reasons }));
  if ('refusal' in done) throw new Error(JSON.stringify(done.refusal));
  return done.understood;
}

function lacking(request: Partial<NeutralRequest>, provider = 'openai'): string | null {
  const done = chatTranslator.writeRequest({ ...EMPTY, ...request }, sentTo(provider));
  if (!('refusal' in done) || done.refusal.kind !== 'bad_request') throw new Error('not refused');
  return done.refusal.field;
}

describe('a request that is read', () => {
  it.each<[string, Json, string]>([
    ['a custom tool', { tools: [{ type: 'custom', custom: { name: 'f' } }] }, 'tools.0.type'],
    ['a tool of the provider', { tools: [{ type: 'web_search' }] }, 'tools.0.type'],
    [
      'an unknown field of a tool',
      { tools: [{ type: 'function', function: { name: 'f', novel: 1 } }] },
      'tools.0.function.novel',
    ],
    [
      'allowed tools',
      { tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } } },
      'tool_choice',
    ],
    [
      'a call of a custom tool',
      assistant({ tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'f', input: '' } }] }),
      'messages.1.tool_calls.0.custom',
    ],
    ['functions', { functions: [{ name: 'f' }] }, 'functions'],
    ['the result of a function', { messages: [{ role: 'function', name: 'f', content: 'x' }] }, 'messages.0.role'],
    ['the name of a participant', { messages: [{ role: 'user', name: 'Ada', content: 'x' }] }, 'messages.0.name'],
    ['a part that nobody knows', user([{ type: 'video_url', video_url: {} }]), 'messages.0.content.0.type'],
    [
      'a file that OpenAI keeps',
      user([{ type: 'file', file: { file_id: 'file-1' } }]),
      'messages.0.content.0.file.file_id',
    ],
    [
      'an image that is none',
      user([{ type: 'image_url', image_url: { url: 'ftp://a.example/b.png' } }]),
      'messages.0.content.0.image_url.url',
    ],
    [
      'an image in its original size',
      user([{ type: 'image_url', image_url: { url: 'https://a.example/b', detail: 'original' } }]),
      'messages.0.content.0.image_url.detail',
    ],
    ['a recording of an earlier answer', assistant({ audio: { id: 'audio_1' } }), 'messages.1.audio'],
    [
      'citations of an earlier answer',
      assistant({ content: 'x', annotations: [{ type: 'url_citation' }] }),
      'messages.1.annotations',
    ],
    ['an answer that is kept', { store: true }, 'store'],
    ['labels of it', { metadata: { a: 'b' } }, 'metadata'],
    ['log probabilities', { logprobs: true, top_logprobs: 2 }, 'logprobs'],
    ['a bias', { logit_bias: { 1: 2 } }, 'logit_bias'],
    ['a prediction', { prediction: { type: 'content', content: 'x' } }, 'prediction'],
    ['sound', { modalities: ['text', 'audio'] }, 'modalities'],
    ['a search', { web_search_options: {} }, 'web_search_options'],
    ['another tier', { service_tier: 'flex' }, 'service_tier'],
    ['what is unknown', { novel: { deep: 1 } }, 'novel'],
    ['a temperature in words', { temperature: 'hot' }, 'temperature'],
    ['an effort that is none', { reasoning_effort: 'huge' }, 'reasoning_effort'],
    ['an unknown format', { response_format: { type: 'grammar' } }, 'response_format.type'],
    ['a stop that is none', { stop: [1] }, 'stop'],
  ])('with %s is refused by the name of it', (_, body, field) => {
    expect(refusedField(body)).toBe(field);
  });

  it('leaves out what steers transport or billing, what is null, and what says only what holds anyway', () => {
    const body = {
      stream: true,
      stream_options: { include_usage: true },
      prompt_cache_key: 'k',
      prompt_cache_retention: '24h',
      service_tier: 'auto',
      store: false,
      logprobs: false,
      modalities: ['text'],
      metadata: null,
      temperature: null,
      novel: null,
    };
    expect(read(body)).toEqual(EMPTY);
  });

  it('takes an answer back as any client of OpenAI echoes it', () => {
    const message = { content: null, refusal: null, annotations: [], audio: null, function_call: null };
    const call = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } };
    expect(read(assistant({ ...message, tool_calls: [call] })).messages[1]?.parts).toEqual([
      { type: 'tool_call', id: 'a', name: 'f', json: '{}', sealed: null, cache: null },
    ]);
  });

  it('leaves instructions where they stand, those before the conversation at its head', () => {
    const messages = [
      { role: 'system', content: 'zero' },
      { role: 'user', content: 'x' },
      { role: 'system', content: 'one' },
      { role: 'developer', content: [{ type: 'text', text: 'two' }] },
    ];
    const { system, messages: said } = read({ messages });
    expect(system.map((part) => part.type === 'text' && part.text)).toEqual(['zero']);
    expect(said.map(({ role }) => role)).toEqual(['user', 'system', 'system']);
  });

  it('takes marks for the cache on parts, on whole messages and as OpenAI writes them', () => {
    const mark = { type: 'ephemeral', ttl: '1h' };
    const messages = [
      { role: 'system', content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] },
      { role: 'user', content: 'b', cache_control: mark },
      { role: 'user', content: [{ type: 'text', text: 'c', prompt_cache_breakpoint: { mode: 'explicit' } }] },
    ];
    const tools = [{ type: 'function', function: { name: 'f' }, cache_control: mark }];
    const request = read({ messages, tools });
    const marks = [request.system[0], ...request.messages.map(({ parts }) => parts[0]), ...request.tools];
    expect(marks.map((one) => one && 'cache' in one && one.cache)).toEqual([
      { ttl: null },
      { ttl: '1h' },
      { ttl: null },
      { ttl: '1h' },
    ]);
  });

  it.each<[Json, Reasoning | null]>([
    [{ reasoning_effort: 'xhigh' }, { effort: 'xhigh', tokensMax: null, shown: null }],
    [{ reasoning: { max_tokens: 2_000 } }, { effort: null, tokensMax: 2_000, shown: null }],
    [{ reasoning: { effort: 'low', exclude: true } }, { effort: 'low', tokensMax: null, shown: false }],
    [{ reasoning: { enabled: true } }, { effort: 'medium', tokensMax: null, shown: null }],
    [{ reasoning: { enabled: false } }, { effort: 'none', tokensMax: null, shown: null }],
    [{}, null],
  ])('that wishes for reasoning: %j', (body, wish) => {
    expect(read(body).reasoning).toEqual(wish);
  });

  it.each(['reasoning_content', 'reasoning'])('takes reasoning back that is told as %s', (field) => {
    expect(read(assistant({ content: 'x', [field]: 'Hm.' })).messages[1]?.parts[0]).toEqual({
      type: 'reasoning',
      text: 'Hm.',
      sealed: null,
      sealedBy: null,
    });
  });
});

describe('a request that is written', () => {
  const image: Part = {
    type: 'image',
    source: { kind: 'url', url: 'https://a.example/b', mediaType: null },
    detail: null,
    cache: null,
  };
  const reasoning: Part = { type: 'reasoning', text: 'Hm.', sealed: 'c2VhbA==', sealedBy: 'messages' };
  const said: Part = { type: 'text', text: 'x', cache: { ttl: null } };
  const says = (...parts: Part[]): Partial<NeutralRequest> => ({ messages: [{ role: 'assistant', parts }] });
  const result = (...content: Part[]): Partial<NeutralRequest> => ({
    messages: [
      { role: 'user', parts: [{ type: 'tool_result', id: 'a', name: 'f', content, isError: true, cache: null }] },
    ],
  });

  it('for OpenAI has no field that OpenAI refuses', () => {
    expect(write({ ...says(said), reasoning: { effort: 'low', tokensMax: null, shown: true } }, 'openai')).toEqual({
      model: 'upstream-model',
      messages: [{ role: 'assistant', content: 'x' }],
      reasoning_effort: 'low',
    });
  });

  it('caps by the name that the model knows', () => {
    expect(write({ outputTokensMax: 5 }, 'openai')).toMatchObject({ max_tokens: 5 });
    expect(write({ outputTokensMax: 5 }, 'openai', true)).toMatchObject({ max_completion_tokens: 5 });
    const capped = chatTranslator.writeRequest(
      { ...EMPTY, outputTokensMax: 5 },
      sentTo('openai', { cap: 3, streams: true }),
    );
    expect(capped).toMatchObject({
      understood: { max_tokens: 3, stream: true, stream_options: { include_usage: true } },
    });
  });

  it('says in a result that the tool failed, and is told so again', () => {
    const [message] = write(result(said), 'openai').messages as Json[];
    expect(message).toEqual({
      role: 'tool',
      tool_call_id: 'a',
      content: [
        { type: 'text', text: 'The tool failed:' },
        { type: 'text', text: 'x' },
      ],
    });
    expect(read({ messages: [message] }).messages[0]?.parts[0]).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'x' }],
    });
  });

  it.each<[string, Json]>([
    ['deepseek', { content: 'x', reasoning_content: 'Hm.' }],
    ['groq', { content: 'x', reasoning: 'Hm.' }],
    [
      'mistral',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
          { type: 'text', text: 'x' },
        ],
      },
    ],
    [
      'openrouter',
      {
        content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }],
        reasoning: 'Hm.',
        reasoning_details: [
          { type: 'reasoning.text', index: 0, text: 'Hm.', signature: 'c2VhbA==', format: 'anthropic-claude-v1' },
        ],
      },
    ],
  ])('hands reasoning back as %s spells it', (provider, message) => {
    expect(write(says(reasoning, said), provider).messages).toEqual([{ role: 'assistant', ...message }]);
  });

  it('leaves out of what other models thought what its provider could not read', () => {
    expect(write(says(reasoning, said), 'openai').messages).toEqual([{ role: 'assistant', content: 'x' }]);
    const sealed: Part = { ...reasoning, text: '', sealedBy: 'messages_redacted' } as Part;
    expect(write(says(sealed), 'openai').messages).toEqual([]);
    expect(write(says(sealed, said), 'openai').messages).toEqual([{ role: 'assistant', content: 'x' }]);
  });

  it.each<[number, string]>([
    [7_999, 'low'],
    [8_000, 'medium'],
    [24_000, 'high'],
    [0, 'none'],
  ])('says as a word that it may think for %i tokens', (tokensMax, effort) => {
    expect(write({ reasoning: { effort: null, tokensMax, shown: null } }, 'openai')).toMatchObject({
      reasoning_effort: effort,
    });
  });

  it.each<[string, Partial<NeutralRequest>]>([
    ['topK', { topK: 3 }],
    ['toolResult', result(image)],
    ['image', says(image)],
    ['documentUrl', { messages: [{ role: 'user', parts: [{ ...image, type: 'document', name: null } as Part] }] }],
    ['audioUrl', { messages: [{ role: 'user', parts: [{ ...image, type: 'audio' } as Part] }] }],
    [
      'audio',
      {
        messages: [
          {
            role: 'user',
            parts: [{ type: 'audio', source: { kind: 'data', mediaType: 'audio/flac', data: 'AAAA' }, cache: null }],
          },
        ],
      },
    ],
    ['system', { system: [image] }],
  ])('is refused where OpenAI has no counterpart: %s', (word, request) => {
    expect(lacking(request)).toBe(word);
  });

  it('keeps the name of a file', () => {
    const file = { type: 'file', file: { filename: 'a.pdf', file_data: PDF } };
    expect(write(read(user([file])), 'openai').messages).toEqual([{ role: 'user', content: [file] }]);
  });
});

it.each<[string, Json]>([
  ['/v1/messages', { model: 'any', max_tokens: 5, system: 'x', messages: [{ role: 'user', content: 'x' }] }],
  ['/v1/responses', { model: 'any', input: 'x' }],
  ['generateContent', { contents: [{ parts: [{ text: 'x' }] }] }],
])('a body of %s is told where it belongs', (place, body) => {
  const asked = chat.ask(body, null);
  expect(asked).toMatchObject({ refusal: { kind: 'bad_request', message: expect.stringContaining(place) } });
});
