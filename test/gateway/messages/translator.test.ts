import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inWordsOf } from '../../../src/gateway/lacking.ts';
import { MessagesReader } from '../../../src/gateway/messages/answer.ts';
import { GatheredMessage } from '../../../src/gateway/messages/gather.ts';
import { messages } from '../../../src/gateway/messages/protocol.ts';
import { gatherEvents, type NeutralAnswer, type NeutralRequest, type Part } from '../../../src/gateway/neutral.ts';
import type { Sent } from '../../../src/gateway/protocol.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../../src/models/catalogue.ts';
import { NO_USAGE } from '../../../src/money/cost.ts';
import { nanos } from '../../../src/money/nanos.ts';
import { askedMessages } from '../../support/asked.ts';
import { dice, eventsOf, framesOf, type Lack, neutralAnswer, neutralRequest } from '../translation/generate.ts';
import { frames as framesIn, type Json, MESSAGE, STREAM } from './fixtures.ts';

const { translator } = messages;
// One that takes a budget as well as a word.
const mapping = CATALOGUE_MAPPINGS.find(({ id }) => id === 'anthropic/claude-sonnet-4-6') as Mapping;
const SENT: Sent = { mapping, streams: false, cap: null };
const NAMES = { requestId: 'req_1', model: 'claude-sonnet-5' };

function read(body: Json): NeutralRequest {
  const understood = translator.readRequest(askedMessages(body));
  if ('refusal' in understood) throw new Error(JSON.stringify(understood.refusal));
  return understood.understood;
}

function write(request: NeutralRequest, sent: Sent = SENT): Json {
  const understood = translator.writeRequest(request, sent);
  if ('refusal' in understood) throw new Error(JSON.stringify(understood.refusal));
  return understood.understood;
}

const PLAIN = read({ messages: [{ role: 'user', content: 'Hello' }] });

/** Of a request; what else a neutral request can hold, Messages can say. */
const LACKS: Lack[] = [
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'choices',
  'verbosity',
  'audio',
  'jsonFormat',
  // What is left out because Messages do it anyway, or have no use for it.
  'imageDetail',
  'refusal',
  'toolResultName',
  'formatName',
  'formatDescription',
  'formatStrict',
  'reasoningPart',
  'sealedCall',
  // Its bytes are no text; see below.
  'documentType',
];

describe('a request that is written and read again', () => {
  it('is what it was, whatever Messages can say', () => {
    const requests = neutralRequest({ lacks: LACKS, seals: ['messages', 'messages_redacted'] }).map(affordable);
    fc.assert(
      fc.property(requests, (request) => {
        expect(read(write(request))).toEqual(asMessagesHaveIt(request));
      }),
      { numRuns: 500 },
    );
  });

  /** A thinking budget must leave something of the cap. */
  function affordable(request: NeutralRequest): NeutralRequest {
    const { reasoning, outputTokensMax } = request;
    return { ...request, outputTokensMax: (outputTokensMax ?? 1) + (reasoning?.tokensMax ?? 0) };
  }

  function asMessagesHaveIt(request: NeutralRequest): NeutralRequest {
    const { reasoning, toolChoice, parallelToolCalls: parallel, format } = request;
    const alone = parallel === false && !toolChoice;
    return {
      ...request,
      format: format?.kind === 'text' ? null : format,
      toolChoice: alone ? { kind: 'auto' } : toolChoice,
      parallelToolCalls: toolChoice?.kind === 'none' || (!toolChoice && parallel) ? null : parallel,
      reasoning:
        reasoning?.effort === 'none'
          ? { effort: 'none', tokensMax: null, shown: null }
          : reasoning && { ...reasoning, effort: reasoning.effort === 'minimal' ? 'low' : reasoning.effort },
    };
  }
});

describe('reading a request', () => {
  it('takes over all that it says', () => {
    const request = read({
      model: 'gpt-5.5',
      max_tokens: 2_000,
      system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        { role: 'user', content: 'look' },
        { role: 'system', content: 'and be kind' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'EqQB' },
            { type: 'redacted_thinking', data: 'EmwK' },
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'it' }, caller: { type: 'direct' } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'toolu_1',
              is_error: true,
              content: [
                { type: 'text', text: 'broken' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
              ],
            },
            {
              type: 'document',
              title: 'notes',
              source: { type: 'text', media_type: 'text/plain', data: 'naïve 漢字' },
            },
            { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
          ],
        },
      ],
      tools: [
        {
          name: 'look',
          description: 'looks',
          input_schema: { type: 'object', properties: { at: { type: 'string' } } },
          strict: true,
          eager_input_streaming: true,
          cache_control: { type: 'ephemeral' },
        },
        { name: 'wait', input_schema: { type: 'object', properties: {} }, defer_loading: false },
      ],
      tool_choice: { type: 'tool', name: 'look', disable_parallel_tool_use: true },
      thinking: { type: 'enabled', budget_tokens: 1_500, display: 'summarized' },
      output_config: { effort: 'high', format: { type: 'json_schema', schema: { type: 'object' } } },
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      stop_sequences: ['END'],
      metadata: { user_id: 'u_1' },
      stream: true,
      service_tier: 'auto',
      cache_control: { type: 'ephemeral' },
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      container: null,
    });
    const text = (said: string, ttl?: '1h') => ({ type: 'text', text: said, cache: ttl ? { ttl } : null });
    expect(request).toEqual({
      system: [text('be brief', '1h')],
      messages: [
        { role: 'user', parts: [text('look')] },
        { role: 'system', parts: [text('and be kind')] },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'hm', sealed: 'EqQB', sealedBy: 'messages' },
            { type: 'reasoning', text: '', sealed: 'EmwK', sealedBy: 'messages_redacted' },
            text('I look.'),
            { type: 'tool_call', id: 'toolu_1', name: 'look', json: '{"at":"it"}', sealed: null, cache: null },
          ],
        },
        {
          role: 'user',
          parts: [
            {
              type: 'tool_result',
              id: 'toolu_1',
              name: null,
              isError: true,
              cache: null,
              content: [
                text('broken'),
                {
                  type: 'image',
                  source: { kind: 'data', mediaType: 'image/png', data: 'iVBORw0KGgo=' },
                  detail: null,
                  cache: null,
                },
              ],
            },
            {
              type: 'document',
              name: 'notes',
              source: { kind: 'data', mediaType: 'text/plain', data: Buffer.from('naïve 漢字').toString('base64') },
              cache: null,
            },
            {
              type: 'document',
              name: null,
              source: { kind: 'url', url: 'https://example.com/a.pdf', mediaType: null },
              // Set at the top, the mark stands on the last part.
              cache: { ttl: null },
            },
          ],
        },
      ],
      tools: [
        {
          name: 'look',
          description: 'looks',
          parameters: { type: 'object', properties: { at: { type: 'string' } } },
          strict: true,
          cache: { ttl: null },
        },
        { name: 'wait', description: null, parameters: null, strict: null, cache: null },
      ],
      toolChoice: { kind: 'tool', name: 'look' },
      parallelToolCalls: false,
      outputTokensMax: 2_000,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      stop: ['END'],
      seed: null,
      presencePenalty: null,
      frequencyPenalty: null,
      choices: null,
      format: { kind: 'schema', name: null, description: null, schema: { type: 'object' }, strict: null },
      reasoning: { effort: 'high', tokensMax: 1_500, shown: true },
      verbosity: null,
      endUser: 'u_1',
    });
  });

  const block = (json: object) => ({ messages: [{ role: 'user', content: [json] }] });
  const tool = (json: object) => ({ tools: [{ name: 'a', input_schema: {}, ...json }] });

  it.each<[string, Json]>([
    ['novelty', { novelty: 1 }],
    ['context_management', { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }],
    ['diagnostics', { diagnostics: { previous_message_id: 'msg_1' } }],
    ['metadata.novelty', { metadata: { novelty: 'x' } }],
    ['cache_control', { cache_control: { type: 'eternal' } }],
    ['messages.0.content.0', block({ type: 'search_result', source: 'x', title: 'x', content: [] })],
    ['messages.0.content.0', block({ type: 'constructor' })],
    ['messages.0.content.0.novelty', block({ type: 'text', text: 'x', novelty: 1 })],
    ['messages.0.content.0.citations', block({ type: 'text', text: 'x', citations: [{}] })],
    ['messages.0.content.0.cache_control', block({ type: 'text', text: 'x', cache_control: { type: 'x' } })],
    ['messages.0.content.0.text', block({ type: 'text', text: 7 })],
    ['messages.0.content.0.source', block({ type: 'document', source: { type: 'content', content: [] } })],
    ['messages.0.content.0.context', block({ type: 'document', context: 'x', source: { type: 'url', url: 'x' } })],
    [
      'messages.0.content.0.content.0',
      block({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'tool_reference' }] }),
    ],
    ['tools.0.type', { tools: [{ type: 'bash_20250124', name: 'bash' }] }],
    ['tools.0.defer_loading', tool({ defer_loading: true })],
    ['tools.0.input_examples', tool({ input_examples: [{}] })],
    ['tools.0.allowed_callers', tool({ allowed_callers: ['code_execution_20250825'] })],
    ['tools.0.novelty', tool({ novelty: 1 })],
    ['tool_choice.type', { tool_choice: { type: 'novel' } }],
    ['thinking.type', { thinking: { type: 'between_tools' } }],
    ['thinking.display', { thinking: { type: 'adaptive', display: 'novel' } }],
    ['output_config.effort', { output_config: { effort: 'novel' } }],
    ['output_config.effort', { thinking: { type: 'disabled' }, output_config: { effort: 'high' } }],
    ['output_config.task_budget', { output_config: { task_budget: {} } }],
    ['output_config.format.type', { output_config: { format: { type: 'grammar' } } }],
    ['temperature', { temperature: 'warm' }],
    ['stop_sequences', { stop_sequences: 'END' }],
    ['stop_sequences.1', { stop_sequences: ['a', null, 1] }],
    ['tool_choice.name', { tool_choice: { type: 'tool' } }],
    ['metadata.user_id', { metadata: { user_id: 5 } }],
    [
      'messages.0.content.0.content.0',
      block({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'thinking', thinking: 'hm', signature: 'x' }] }),
    ],
    [
      'messages.0.content.0.content.0',
      block({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'tool_use', id: 'x', name: 'x', input: {} }] }),
    ],
  ])('refuses %s, which no other protocol has', (field, body) => {
    const refused = translator.readRequest(askedMessages(body));
    expect(refused).toMatchObject({ refusal: { kind: 'bad_request', field, message: expect.stringContaining(field) } });
  });
});

describe('writing a request', () => {
  const saying = (...parts: Part[]): NeutralRequest => ({ ...PLAIN, messages: [{ role: 'user', parts }] });
  const source = { kind: 'data', mediaType: 'audio/wav', data: 'UklGRg==' } as const;

  it.each<[string, Partial<NeutralRequest> | NeutralRequest]>([
    ['seed', { seed: 1 }],
    ['presence_penalty', { presencePenalty: 0.5 }],
    ['frequency_penalty', { frequencyPenalty: 0.5 }],
    ['n', { choices: 2 }],
    ['verbosity', { verbosity: 'low' }],
    ['response_format', { format: { kind: 'json' } }],
    ['temperature', { temperature: 1.5 }],
    ['reasoning_effort', { reasoning: { effort: null, tokensMax: 500, shown: null } }],
    ['input_audio', saying({ type: 'audio', source, cache: null })],
    ['image_url.detail', saying({ type: 'image', source, detail: 'low', cache: null })],
    [
      'file',
      saying({ type: 'document', source: { ...source, mediaType: 'application/zip' }, name: null, cache: null }),
    ],
  ])('refuses %s, as chat calls it', (field, part) => {
    const refused = translator.writeRequest({ ...PLAIN, ...part }, SENT);
    expect('refusal' in refused && inWordsOf('chat', refused.refusal)).toMatchObject({
      kind: 'bad_request',
      field,
      message: expect.stringContaining("Anthropic's Messages"),
    });
  });

  it('looks at every image closely: what asks for that, or leaves it open, passes', () => {
    const picture = { kind: 'url', mediaType: null, url: 'https://example.com/a.png' } as const;
    for (const detail of ['auto', 'high', null] as const) {
      expect(write(saying({ type: 'image', source: picture, detail, cache: null })).messages).toEqual([
        { role: 'user', content: [{ type: 'image', source: { type: 'url', url: picture.url } }] },
      ]);
    }
  });

  it('says what must be said, and nothing that was not', () => {
    expect(write({ ...PLAIN, outputTokensMax: null })).toEqual({
      model: mapping.upstreamModel,
      max_tokens: mapping.maxOutputTokens,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    });
    expect(write(PLAIN, { ...SENT, streams: true, cap: 20 })).toMatchObject({ stream: true, max_tokens: 20 });
  });

  it('says in a schema what it is for, as nothing else says it', () => {
    const format = { kind: 'schema', name: 'ship', schema: { type: 'object' }, strict: true } as const;
    const formatOf = (description: string | null) =>
      write({ ...PLAIN, format: { ...format, description } }).output_config;
    expect(formatOf('a ship')).toEqual({
      format: { type: 'json_schema', schema: { type: 'object', description: 'a ship' } },
    });
    expect(formatOf(null)).toEqual({ format: { type: 'json_schema', schema: { type: 'object' } } });
  });

  it('tells each model how much to think as that takes it', () => {
    const thinks = (thinking: 'adaptive' | 'budget', effort: 'low' | 'max' | null, tokensMax: number | null) => {
      const request = { ...PLAIN, outputTokensMax: 9_000, reasoning: { effort, tokensMax, shown: null } };
      const written = write(request, { ...SENT, mapping: { ...mapping, thinking } });
      return [written.thinking, written.output_config];
    };
    expect(thinks('adaptive', 'low', null)).toEqual([{ type: 'adaptive' }, { effort: 'low' }]);
    expect(thinks('adaptive', null, 10_000)).toEqual([{ type: 'adaptive' }, { effort: 'medium' }]);
    expect(thinks('budget', 'low', null)).toEqual([{ type: 'enabled', budget_tokens: 1_024 }, undefined]);
    expect(thinks('budget', 'max', null)).toEqual([{ type: 'enabled', budget_tokens: 8_999 }, undefined]);
    expect(thinks('budget', null, 2_000)).toEqual([{ type: 'enabled', budget_tokens: 2_000 }, undefined]);
    expect(thinks('budget', null, null)).toEqual([{ type: 'enabled', budget_tokens: 8_000 }, undefined]);
  });

  it('keeps a thinking budget below the cap, or refuses', () => {
    const request: NeutralRequest = {
      ...PLAIN,
      outputTokensMax: 8_000,
      reasoning: { effort: null, tokensMax: 4_000, shown: null },
    };
    expect(write(request, { ...SENT, cap: 3_000 })).toMatchObject({
      thinking: { type: 'enabled', budget_tokens: 2_999 },
    });
    expect(translator.writeRequest(request, { ...SENT, cap: 1_000 })).toMatchObject({
      refusal: { field: 'reasoning' },
    });
    const none: NeutralRequest = { ...PLAIN, reasoning: { effort: null, tokensMax: 0, shown: null } };
    expect(write(none)).toMatchObject({ thinking: { type: 'disabled' } });
  });

  it('joins turns of one role, leaves out what is empty, and the thoughts of other models', () => {
    const text = (said: string): Part => ({ type: 'text', text: said, cache: null });
    const thought = (sealedBy: 'responses' | null): Part => ({
      type: 'reasoning',
      text: 'hm',
      sealed: sealedBy && 'x',
      sealedBy,
    });
    const request: NeutralRequest = {
      ...PLAIN,
      messages: [
        { role: 'user', parts: [text('a')] },
        { role: 'assistant', parts: [thought('responses'), thought(null), text('')] },
        { role: 'user', parts: [text('b')] },
        { role: 'assistant', parts: [{ type: 'refusal', text: 'no' }] },
      ],
    };
    expect(write(request).messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'no' }] },
    ]);
  });

  it('takes a document of text for text', () => {
    const data = Buffer.from('naïve 漢字').toString('base64');
    const document = (mediaType: string, bytes = data): Part => ({
      type: 'document',
      source: { kind: 'data', mediaType, data: bytes },
      name: 'notes',
      cache: null,
    });
    expect(write(saying(document('text/markdown'))).messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'document', title: 'notes', source: { type: 'text', media_type: 'text/plain', data: 'naïve 漢字' } },
        ],
      },
    ]);
    expect(translator.writeRequest(saying(document('text/plain', '/w==')), SENT)).toMatchObject({
      refusal: { field: 'document' },
    });
  });

  it('refuses arguments that are no object', () => {
    const call: Part = { type: 'tool_call', id: 'c', name: 'a', json: '[1]', sealed: null, cache: null };
    const refused = translator.writeRequest(saying(call), SENT);
    expect('refusal' in refused && inWordsOf('chat', refused.refusal)).toEqual({
      kind: 'bad_request',
      field: 'tool_calls.function.arguments',
      message: 'tool_calls.function.arguments of tool call c is not a JSON object.',
    });
  });

  it('refuses a conversation in which nothing is said', () => {
    const refused = translator.writeRequest(saying({ type: 'text', text: '', cache: null }), SENT);
    expect('refusal' in refused && inWordsOf('responses', refused.refusal)).toMatchObject({ field: 'input' });
  });
});

describe('an answer', () => {
  const SEALS = ['messages', 'messages_redacted', 'responses', 'gemini'] as const;
  const ANSWER_LACKS: Lack[] = ['manyChoices', 'assistantImage', 'refusal'];
  const answers = neutralAnswer({ lacks: ANSWER_LACKS, seals: SEALS });

  /** What only the next turn tells apart: who sealed a thought, and the seal of a call. */
  function asRead(answer: NeutralAnswer): NeutralAnswer {
    return { ...answer, choices: answer.choices.map((choice) => ({ ...choice, parts: [] })) };
  }

  /** What the client sends back in the next turn. */
  function partsBack(message: Json): Part[] {
    const turn = { role: 'assistant', content: message.content };
    return read({ messages: [{ role: 'user', content: 'x' }, turn] }).messages[1]?.parts ?? [];
  }

  it('that is written comes back as it was in the next turn', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const message = translator.writeAnswer(answer, NAMES, nanos(1_500));
        expect(partsBack(message)).toEqual(answer.choices[0]?.parts);
        expect(asRead(translator.readAnswer(message))).toEqual(asRead(answer));
        expect(message).toMatchObject({ model: 'claude-sonnet-5', usage: { cost: '0.0000015' } });
      }),
      { numRuns: 300 },
    );
  });

  it('that is streamed is the one that is written whole', () => {
    fc.assert(
      fc.property(answers, dice, (answer, roll) => {
        const writer = translator.eventWriter(askedMessages({}), NAMES);
        const usage = answer.usage ?? NO_USAGE;
        const stream =
          eventsOf(answer, roll)
            .map((event) => writer.event(event))
            .join('') + writer.end(usage, nanos(7_000));
        const reader = new MessagesReader();
        const gathered = new GatheredMessage();
        for (const frame of framesOf(stream)) {
          const event = reader.read(frame);
          if (event) gathered.add(event);
        }
        expect(gathered.whole()).toEqual(translator.writeAnswer(answer, NAMES, nanos(7_000)));
      }),
      { numRuns: 300 },
    );
  });

  it('of Anthropic reads the same, whole and streamed', () => {
    const whole = translator.readAnswer(MESSAGE);
    const reader = translator.eventReader();
    const streamed = gatherEvents(
      framesIn(...STREAM).flatMap((frame) => reader.read(JSON.parse(frame.data ?? ''), frame)),
    );
    // Of the arguments only their meaning is the same.
    const meant = (answer: NeutralAnswer) =>
      answer.choices.flatMap(({ parts }) =>
        parts.map((part) => (part.type === 'tool_call' ? JSON.parse(part.json) : part)),
      );
    expect(meant(streamed)).toEqual(meant(whole));
    expect(streamed.usage).toEqual(whole.usage);
    expect(whole).toMatchObject({ id: MESSAGE.id, choices: [{ reason: 'tool_calls', sequence: null }] });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop_sequence'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['pause_turn', 'pause'],
    ['refusal', 'content_filter'],
    ['novel', 'stop'],
  ])('that ends with %s ends with %s', (reason, expected) => {
    const answer = translator.readAnswer({ ...MESSAGE, stop_reason: reason, stop_sequence: 'END' });
    expect(answer.choices[0]).toMatchObject({ reason: expected, sequence: 'END' });
  });

  it('that is refused says why', () => {
    const details = { type: 'refusal', category: 'cyber', explanation: 'Not this.' };
    const answer = translator.readAnswer({ ...MESSAGE, content: [], stop_reason: 'refusal', stop_details: details });
    expect(answer.choices).toEqual([
      { parts: [{ type: 'refusal', text: 'Not this.' }], reason: 'refusal', sequence: null },
    ]);
    expect(translator.writeAnswer(answer, NAMES, null)).toMatchObject({
      content: [{ type: 'text', text: 'Not this.' }],
      stop_reason: 'refusal',
    });
  });

  it('with calls ends with tool_use, however its provider has ended it', () => {
    const call: Part = { type: 'tool_call', id: 'c', name: 'a', json: '', sealed: null, cache: null };
    const answer: NeutralAnswer = { id: '', choices: [{ parts: [call], reason: 'stop', sequence: null }], usage: null };
    expect(translator.writeAnswer(answer, NAMES, null)).toMatchObject({
      id: 'req_1',
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', input: {} }],
    });
  });

  it('that holds what nobody can translate throws', () => {
    expect(() => translator.readAnswer({ ...MESSAGE, content: [{ type: 'server_tool_use' }] })).toThrow(TypeError);
    expect(() => translator.readAnswer({ type: 'error' })).toThrow(TypeError);
    const writer = translator.eventWriter(askedMessages({}), NAMES);
    expect(() => writer.event({ type: 'image', choice: 0, mediaType: 'image/png', data: '' })).toThrow(TypeError);
    expect(() => writer.event({ type: 'text', choice: 1, text: 'x' })).toThrow(TypeError);
  });
});
