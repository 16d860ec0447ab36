import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { gatherEvents, type NeutralAnswer, type NeutralRequest, type Part } from '../../../src/gateway/neutral.ts';
import type { Asked, Json } from '../../../src/gateway/protocol.ts';
import { responses } from '../../../src/gateway/responses/protocol.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../../src/models/catalogue.ts';
import { nanos } from '../../../src/money/nanos.ts';
import { dice, eventsOf, framesOf, joined, type Lack, neutralAnswer, neutralRequest } from '../translation/generate.ts';

const { translator } = responses;
const NAMES = { requestId: 'req_1', model: 'gpt-5.5' };
const mapping = CATALOGUE_MAPPINGS.find(({ id }) => id === 'openai/gpt-5.5') as Mapping;
const SENT = { mapping, streams: false, cap: null };

/** What Responses have no place for. */
const LACKS: Lack[] = [
  'topK',
  'stop',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'choices',
  'audio',
  'reasoningPart',
  'reasoningTokens',
  'cache',
  'toolResultName',
  'sealedCall',
];

const ANSWERS = {
  lacks: ['manyChoices', 'stopSequence', 'cacheWrites'] as Lack[],
  seals: ['messages', 'messages_redacted', 'responses', 'gemini'] as const,
};

function asked(json: Json): Asked {
  const read = responses.ask({ model: 'any', input: 'one two', ...json }, null);
  if ('refusal' in read) throw new Error(JSON.stringify(read.refusal));
  return read.understood;
}

function written(request: NeutralRequest): Json {
  const body = translator.writeRequest(request, SENT);
  if ('refusal' in body) throw new Error(JSON.stringify(body.refusal));
  return body.understood;
}

function readBack(json: Json): NeutralRequest {
  const read = translator.readRequest(asked(json));
  if ('refusal' in read) throw new Error(JSON.stringify(read.refusal));
  return read.understood;
}

/** What is absent, as Responses must say it all the same. */
function asSaid(request: NeutralRequest): NeutralRequest {
  const named = (part: Part): Part => {
    if (part.type === 'tool_result') return { ...part, content: part.content.map(named) };
    const isBare = part.type === 'document' && part.name === null && part.source.kind === 'data';
    return isBare ? { ...part, name: 'document' } : part;
  };
  const texts = request.system.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return {
    ...joined(request),
    messages: joined(request).messages.map((message) => ({ ...message, parts: message.parts.map(named) })),
    system: texts.length > 0 ? [{ type: 'text', text: texts.join('\n\n'), cache: null }] : [],
    tools: request.tools.map((tool) => ({
      ...tool,
      parameters: tool.parameters ?? { type: 'object', properties: {} },
      strict: tool.strict ?? false,
    })),
    reasoning: request.reasoning && { ...request.reasoning, shown: request.reasoning.shown || null },
  };
}

describe('a neutral request as Responses', () => {
  it('keeps all that has a counterpart', () => {
    fc.assert(
      fc.property(neutralRequest({ lacks: LACKS, seals: ['responses'] }), (request) => {
        const body = written(request);
        expect(body).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] });
        expect(readBack(body)).toEqual(asSaid(request));
      }),
    );
  });

  const plain = (but: Partial<NeutralRequest>): NeutralRequest => ({
    ...readBack({}),
    ...but,
  });

  it.each<[keyof NeutralRequest, Partial<NeutralRequest>]>([
    ['topK', { topK: 5 }],
    ['stop', { stop: ['.'] }],
    ['seed', { seed: 1 }],
    ['presencePenalty', { presencePenalty: 1 }],
    ['frequencyPenalty', { frequencyPenalty: 1 }],
    ['choices', { choices: 2 }],
  ])('refuses %s by its name', (field, but) => {
    expect(translator.writeRequest(plain(but), SENT)).toMatchObject({ refusal: { kind: 'bad_request', field } });
  });

  it('tells an effort where tokens were given, and prefers an effort that was', () => {
    const reasoning = (effort: 'low' | null, tokensMax: number) =>
      written(plain({ reasoning: { effort, tokensMax, shown: true } })).reasoning;
    expect(reasoning(null, 32_000)).toEqual({ effort: 'high', summary: 'auto' });
    expect(reasoning(null, 10_000)).toEqual({ effort: 'medium', summary: 'auto' });
    expect(reasoning(null, 1_024)).toEqual({ effort: 'low', summary: 'auto' });
    expect(reasoning('low', 32_000)).toEqual({ effort: 'low', summary: 'auto' });
  });

  it("leaves out another's reasoning, and tells the model that a tool failed", () => {
    const sealed: Part = { type: 'reasoning', text: 'hm', sealed: 'x', sealedBy: 'messages' };
    const call: Part = { type: 'tool_call', id: 'c', name: 'look', json: '{}', sealed: null, cache: null };
    const content: Part[] = [{ type: 'text', text: 'gone', cache: null }];
    const result: Part = { type: 'tool_result', id: 'c', name: null, content, isError: true, cache: null };
    const said = (text: string) => ({ type: 'input_text', text });
    const messages = [
      { role: 'assistant' as const, parts: [sealed, call] },
      { role: 'user' as const, parts: [result] },
    ];
    expect(written(plain({ messages })).input).toEqual([
      { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: [said('The tool failed:'), said('gone')] },
    ]);
  });
});

describe('a request of Responses for another protocol', () => {
  it.each<[string, Json]>([
    ['tools.0', { tools: [{ type: 'custom', name: 'patch' }] }],
    ['tools.0.output_schema', { tools: [{ type: 'function', name: 'f', output_schema: {} }] }],
    ['tool_choice', { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [] } }],
    ['input.0', { input: [{ type: 'custom_tool_call', call_id: 'c', name: 'patch', input: '' }] }],
    ['input.0.content.0.detail', { input: [{ role: 'user', content: [{ type: 'input_image', detail: 'original' }] }] }],
    ['truncation', { truncation: 'auto' }],
    ['top_logprobs', { top_logprobs: 2 }],
    ['service_tier', { service_tier: 'flex' }],
    ['include', { include: ['message.output_text.logprobs'] }],
    ['reasoning.mode', { reasoning: { mode: 'pro' } }],
    ['reasoning.effort', { reasoning: { effort: 'extreme' } }],
    ['something_new', { something_new: 1 }],
    ['temperature', { temperature: 'hot' }],
    ['top_p', { top_p: 'x' }],
    ['parallel_tool_calls', { parallel_tool_calls: 'no' }],
    ['text.verbosity', { text: { verbosity: 'extreme' } }],
    ['text.foo', { text: { foo: 1 } }],
    ['text.format.foo', { text: { format: { type: 'text', foo: 1 } } }],
    ['tools.0.foo', { tools: [{ type: 'function', name: 'f', foo: 1 }] }],
    ['tools.0.parameters', { tools: [{ type: 'function', name: 'f', parameters: 'x' }] }],
    ['tool_choice.name', { tool_choice: { type: 'function' } }],
    ['input.0.foo', { input: [{ role: 'user', content: 'Hi', foo: 1 }] }],
    ['input.0.role', { input: [{ role: 'critic', content: 'Hi' }] }],
    ['input.0.content.0.foo', { input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi', foo: 1 }] }] }],
    ['input.0.content.0.annotations', { input: [{ role: 'assistant', content: [cited()] }] }],
    ['input.0.call_id', { input: [{ type: 'function_call', name: 'f', arguments: '{}' }] }],
    ['input.0.name', { input: [{ type: 'function_call', call_id: 'c', arguments: '{}' }] }],
    ['input.0.output', { input: [{ type: 'function_call_output', call_id: 'c', output: { a: 1 } }] }],
    ['input.0.encrypted_content', { input: [{ type: 'reasoning', summary: [], encrypted_content: 5 }] }],
  ])('refuses %s by its name', (field, json) => {
    expect(translator.readRequest(asked(json))).toMatchObject({ refusal: { kind: 'bad_request', field } });
  });

  it('leaves out what only transports, stores or tunes bills', () => {
    const besides = {
      store: true,
      metadata: { a: 'b' },
      service_tier: 'auto',
      truncation: 'disabled',
      prompt_cache_key: 'k',
      stream: true,
      stream_options: { include_obfuscation: false },
      include: ['reasoning.encrypted_content'],
      top_logprobs: null,
    };
    expect(readBack(besides)).toEqual(readBack({}));
  });

  it("leaves the developer's words where they stand, and puts calls beside the text before them", () => {
    const input = [
      { role: 'user', content: 'weather?' },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gAAA' },
      { type: 'reasoning', id: 'rs_2', summary: [] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Let me see.' }] },
      { type: 'function_call', call_id: 'c', name: 'look', arguments: '{"at":1}' },
      { type: 'function_call_output', call_id: 'c', output: 'sun' },
      { role: 'developer', content: 'Be brief.' },
    ];
    const { system, messages } = readBack({ input, instructions: 'Be kind.' });
    expect(system.map((part) => part.type === 'text' && part.text)).toEqual(['Be kind.']);
    expect(messages.map(({ role, parts }) => [role, parts.map(({ type }) => type)])).toEqual([
      ['user', ['text']],
      ['assistant', ['reasoning', 'text', 'tool_call']],
      ['user', ['tool_result']],
      ['system', ['text']],
    ]);
    expect(messages[1]?.parts[0]).toEqual({ type: 'reasoning', text: 'hm', sealed: 'gAAA', sealedBy: 'responses' });
  });
});

it('brings back to each provider what it sealed, when the client goes on with what was answered', () => {
  fc.assert(
    fc.property(neutralAnswer({ ...ANSWERS, lacks: [...ANSWERS.lacks, 'assistantImage'] }), (answer) => {
      const { output } = translator.writeAnswer(answer, NAMES, null) as { output: Json[] };
      const input = [{ role: 'user', content: 'Hi' }, ...output];
      const { messages } = readBack({ input });
      expect(messages[1]).toEqual({ role: 'assistant', parts: answer.choices[0]?.parts });
    }),
  );
});

describe('an answer', () => {
  /** Ids are made by whoever writes. */
  const asWritten = (answer: NeutralAnswer, id: string): NeutralAnswer => ({ ...answer, id });

  it('comes back whole as it was written', () => {
    fc.assert(
      fc.property(neutralAnswer(ANSWERS), (answer) => {
        const json = translator.writeAnswer(answer, NAMES, null);
        expect(translator.readAnswer(json)).toEqual(asWritten(answer, json.id as string));
      }),
    );
  });

  it('comes back from a stream as it was written, gathered as it was whole, each text counted once', () => {
    fc.assert(
      fc.property(neutralAnswer(ANSWERS), dice, fc.array(fc.nat()), (answer, roll, cuts) => {
        const include = ['reasoning.encrypted_content'];
        const writer = translator.eventWriter(asked({ include }), NAMES);
        const stream =
          eventsOf(answer, roll)
            .map((event) => writer.event(event))
            .join('') + writer.end(answer.usage ?? neverHere(), null);
        const reader = responses.reader();
        const events = translator.eventReader();
        const gathered = responses.gather();
        let counted = '';
        const read = framesOf(stream, cuts).flatMap((frame) => {
          const found = reader.read(frame);
          if (!found) throw new Error(frame.raw);
          counted += found.text;
          gathered.add(found);
          return events.read(found.json, frame);
        });
        const id = gathered.whole().id as string;
        expect(gatherEvents(read)).toEqual(asWritten(answer, id));
        expect(translator.readAnswer(gathered.whole())).toEqual(asWritten(answer, id));
        expect(counted.length).toBe(lengthOf(answer));
      }),
    );
  });
});

describe('a stream of a provider', () => {
  const delta = (output_index: number, text: string) => ({
    type: 'response.output_text.delta',
    output_index,
    delta: text,
  });
  const added = (output_index: number, item: Json) => ({ type: 'response.output_item.added', output_index, item });
  const done = (output_index: number, item: Json) => ({ type: 'response.output_item.done', output_index, item });
  const call = (call_id: string, json: string) => ({ type: 'function_call', call_id, name: 'look', arguments: json });
  const args = (output_index: number, text: string) => ({
    type: 'response.function_call_arguments.delta',
    output_index,
    delta: text,
  });
  const end = { type: 'response.completed', response: { status: 'completed', output: [] } };
  const partsOf = (events: readonly Json[]) => {
    const reader = translator.eventReader();
    return gatherEvents(events.flatMap((event) => reader.read(event, { raw: '', data: '' }))).choices[0];
  };

  it('whose items come interleaved is read one after another', () => {
    const events = [
      added(0, { type: 'message', content: [] }),
      delta(0, 'Let '),
      added(1, call('a', '')),
      args(1, '{"at":'),
      added(2, call('b', '')),
      delta(0, 'me see.'),
      args(2, '{}'),
      done(2, call('b', '{}')),
      args(1, '1}'),
      done(0, { type: 'message', content: [] }),
      done(1, call('a', '{"at":1}')),
      end,
    ];
    expect(partsOf(events)).toMatchObject({
      reason: 'tool_calls',
      parts: [
        { type: 'text', text: 'Let me see.' },
        { type: 'tool_call', id: 'a', json: '{"at":1}' },
        { type: 'tool_call', id: 'b', json: '{}' },
      ],
    });
  });

  it('that says all of an item at its end is read there', () => {
    const message = { type: 'message', content: [{ type: 'output_text', text: 'Hi' }] };
    const events = [added(0, call('a', '')), done(0, call('a', '{"at":1}')), added(1, {}), done(1, message), end];
    expect(partsOf(events)?.parts).toMatchObject([{ json: '{"at":1}' }, { text: 'Hi' }]);
  });

  it.each<[string, Json]>([
    ['an item that only OpenAI makes', done(0, { type: 'web_search_call' })],
    ['text that nobody knows', { type: 'response.song.delta', output_index: 0, delta: 'la' }],
  ])('with %s is not translated', (_, event) => {
    expect(() => partsOf([event])).toThrow(TypeError);
  });
});

describe("a stream that is written for OpenAI's client", () => {
  it('ends a call that has no arguments like any other', () => {
    const writer = translator.eventWriter(asked({}), NAMES);
    writer.event({ type: 'tool_call', choice: 0, id: 'c', name: 'look', sealed: null });
    const ended = writer.event({ type: 'end', choice: 0, reason: 'tool_calls', sequence: null });
    expect([...ended.matchAll(/^event: (.*)$/gm)].map(([, type]) => type)).toEqual([
      'response.function_call_arguments.done',
      'response.output_item.done',
    ]);
  });

  it('is taken whole, whatever was answered', async () => {
    const shape = { lacks: ['manyChoices', 'stopSequence'] as Lack[], seals: ['messages', 'responses'] as const };
    await fc.assert(
      fc.asyncProperty(neutralAnswer(shape), dice, async (answer, roll) => {
        const writer = translator.eventWriter(asked({ tools: [], instructions: 'Be kind.' }), NAMES);
        const events = eventsOf(answer, roll).map((event) => writer.event(event) + writer.ping());
        const stream = events.join('') + writer.end(answer.usage ?? neverHere(), nanos(1_000));
        const fetch = async () => new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
        const client = new OpenAI({ apiKey: 'any', baseURL: 'http://127.0.0.1/v1', fetch, maxRetries: 0 });
        const response = await client.responses.stream({ model: 'gpt-5.5', input: 'Hi' }).finalResponse();
        const parts = answer.choices.flatMap((choice) => choice.parts);
        expect(response.output_text).toBe(parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(''));
        expect(response.output.flatMap((item) => (item.type === 'function_call' ? [item.call_id] : []))).toEqual(
          parts.flatMap((part) => (part.type === 'tool_call' ? [part.id] : [])),
        );
        expect(response).toMatchObject({ instructions: 'Be kind.', model: NAMES.model, usage: { cost: '0.000001' } });
        expect(JSON.stringify(response)).not.toContain('encrypted_content');
      }),
      { numRuns: 50 },
    );
  });
});

function cited(): Json {
  return { type: 'output_text', text: 'Hi', annotations: [{ type: 'url_citation', url: 'https://a.example' }] };
}

/** What a model says of an answer, names and arguments included. */
function lengthOf({ choices }: NeutralAnswer): number {
  return choices
    .flatMap(({ parts }) => parts)
    .reduce((sum, part) => {
      if (part.type === 'tool_call') return sum + part.name.length + part.json.length;
      if (part.type === 'image') return sum + (part.source.kind === 'data' ? imageLength(part.source) : 0);
      return sum + ('text' in part ? part.text.length : 0);
    }, 0);
}

function imageLength({ data, mediaType }: { data: string; mediaType: string }): number {
  return data.length + mediaType.replace('image/', '').length;
}

function neverHere(): never {
  throw new Error('every generated answer has a usage');
}
