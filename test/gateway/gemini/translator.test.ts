import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gemini } from '../../../src/gateway/gemini/protocol.ts';
import {
  gatherEvents,
  type NeutralAnswer,
  type NeutralEvent,
  type NeutralRequest,
  type Part,
  type Reasoning,
  type SealKind,
} from '../../../src/gateway/neutral.ts';
import type { Json, Sent } from '../../../src/gateway/protocol.ts';
import type { Mapping } from '../../../src/models/catalogue.ts';
import { NO_USAGE } from '../../../src/money/cost.ts';
import { nanos } from '../../../src/money/nanos.ts';
import { askedGemini } from '../../support/asked.ts';
import { dice, eventsOf, framesOf, type Lack, neutralAnswer, neutralRequest } from '../translation/generate.ts';

const { translator } = gemini;

const NAMES = { requestId: 'req_1', model: 'gemini-3.1-pro' };
const SEALS: readonly SealKind[] = ['gemini', 'messages', 'messages_redacted', 'responses'];

function sent(upstreamModel = 'gemini-3.1-flash-lite', cap: number | null = null): Sent {
  return { mapping: { upstreamModel } as Mapping, streams: false, cap };
}

function understood<T>(read: { understood: T } | { refusal: unknown }): T {
  if ('refusal' in read) throw new Error(`refused: ${JSON.stringify(read.refusal)}`);
  return read.understood;
}

function written(request: NeutralRequest, to = sent()): Json {
  return understood(translator.writeRequest(request, to));
}

function read(body: Json): NeutralRequest {
  return understood(translator.readRequest(askedGemini(body)));
}

/** What Google's protocol cannot say; tests of their own say what becomes of it. */
const LACKS: readonly Lack[] = [
  'cache',
  'verbosity',
  'endUser',
  'documentName',
  'strict',
  'parallelToolCalls',
  'formatName',
  'formatDescription',
  'formatStrict',
  'refusal',
  'imageDetail',
];

/** The same request in Google's words for it. */
function asGoogleHasIt(request: NeutralRequest): NeutralRequest {
  return {
    ...request,
    reasoning: request.reasoning && asLevel(request.reasoning),
    format: request.format?.kind === 'schema' ? { ...request.format, strict: true } : request.format,
    messages: request.messages.map((message) => ({ ...message, parts: message.parts.map(typed) })),
  };
}

/** A budget says more than an effort; none is the least that there is, and the most is high. */
function asLevel({ effort, tokensMax, shown }: Reasoning): Reasoning {
  if (tokensMax !== null || effort === null) return { effort: null, tokensMax, shown };
  const level = { none: 'minimal', xhigh: 'high', max: 'high' } as const;
  return {
    effort: effort === 'none' || effort === 'xhigh' || effort === 'max' ? level[effort] : effort,
    tokensMax,
    shown,
  };
}

/** Links have a type, results say all their text at once, and an empty object takes the place of no schema. */
function typed(part: Part): Part {
  if (part.type === 'tool_result') {
    const texts = part.content.flatMap((of) => (of.type === 'text' ? [of.text] : []));
    const said: Part = { type: 'text', text: texts.join('\n'), cache: null };
    return { ...part, content: [said, ...part.content.filter(({ type }) => type !== 'text').map(typed)] };
  }
  if (!('source' in part) || part.source.kind !== 'url') return part;
  const types = { image: 'image/jpeg', document: 'application/pdf', audio: 'audio/mpeg' };
  return { ...part, source: { ...part.source, mediaType: types[part.type] } } as Part;
}

describe('a request', () => {
  it('keeps all that has a counterpart, there and back', () => {
    fc.assert(
      fc.property(neutralRequest({ lacks: LACKS, seals: ['gemini'] }), (request) => {
        expect(read(written(request))).toEqual(asGoogleHasIt(request));
      }),
    );
  });

  it('is read in snake case as in camel case', () => {
    fc.assert(
      fc.property(neutralRequest({ lacks: LACKS, seals: ['gemini'] }), (request) => {
        const body = written(request);
        expect(read(snakeCased(body) as Json)).toEqual(read(body));
      }),
    );
  });

  it('keeps what another provider sealed, for that provider', () => {
    const thought: Part = { type: 'reasoning', text: 'a thought', sealed: 'EqQBCkYIAxgC', sealedBy: 'messages' };
    const answer: NeutralAnswer = {
      id: 'a',
      choices: [{ parts: [thought, { type: 'text', text: 'said', cache: null }], reason: 'stop', sequence: null }],
      usage: null,
    };
    const [candidate] = translator.writeAnswer(answer, NAMES, null).candidates as Json[];
    const request = read({ contents: [{ role: 'user', parts: [{ text: 'a' }] }, candidate?.content] });
    expect(request.messages[1]?.parts[0]).toEqual(thought);
    // Google itself could not read it.
    expect(written(request).contents).toMatchObject([
      {},
      { role: 'model', parts: [{ text: 'a thought', thought: true }, { text: 'said' }] },
    ]);
    expect(JSON.stringify(written(request))).not.toContain('thoughtSignature');
  });

  it('has results find their calls by name where no ids are given', () => {
    const { messages } = read({
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        { role: 'model', parts: [{ functionCall: { name: 'a', args: { x: 1 } } }, { functionCall: { name: 'b' } }] },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'b', response: { output: 'of b' } } },
            { functionResponse: { name: 'a', response: { error: 'of a' } } },
          ],
        },
      ],
    });
    const [, model, user] = messages;
    const ids = model?.parts.map((part) => 'id' in part && part.id);
    expect(new Set(ids).size).toBe(2);
    expect(user?.parts).toMatchObject([
      { type: 'tool_result', id: ids?.[1], content: [{ text: 'of b' }], isError: false },
      { type: 'tool_result', id: ids?.[0], content: [{ text: 'of a' }], isError: true },
    ]);
  });

  it('has what Google calls a Schema as JSON Schema', () => {
    const { tools, format } = read({
      tools: [
        {
          functionDeclarations: [
            {
              name: 'f',
              parameters: {
                type: 'OBJECT',
                properties: {
                  snake_name: { type: 'STRING', nullable: true, enum: ['a', 'b'] },
                  list: { type: 'ARRAY', items: { type: 'INTEGER' }, minItems: '1' },
                },
                required: ['snake_name'],
                propertyOrdering: ['list', 'snake_name'],
              },
            },
          ],
        },
      ],
      generationConfig: { responseSchema: { anyOf: [{ type: 'NUMBER' }], nullable: true } },
    });
    expect(tools[0]?.parameters).toEqual({
      type: 'object',
      properties: {
        list: { type: 'array', items: { type: 'integer' }, minItems: 1 },
        snake_name: { type: ['string', 'null'], enum: ['a', 'b', null] },
      },
      required: ['snake_name'],
    });
    expect(Object.keys(tools[0]?.parameters?.properties as Json)).toEqual(['list', 'snake_name']);
    expect(format).toMatchObject({ schema: { anyOf: [{ anyOf: [{ type: 'number' }] }, { type: 'null' }] } });
  });

  it.each([
    ['safetySettings', { safetySettings: [{ category: 'HARM_CATEGORY_HATE_SPEECH', threshold: 'BLOCK_NONE' }] }],
    ['generationConfig.responseModalities', { generationConfig: { responseModalities: ['IMAGE'] } }],
    ['generationConfig.responseLogprobs', { generation_config: { response_logprobs: true } }],
    ['generationConfig.mediaResolution', { generationConfig: { mediaResolution: 'MEDIA_RESOLUTION_MEDIUM' } }],
    ['contents.0.parts.0.inlineData.mimeType', { contents: [{ parts: [{ inlineData: { mimeType: 'video/mp4' } }] }] }],
    ['contents.0.parts.0.videoMetadata', { contents: [{ parts: [{ text: 'a', videoMetadata: { fps: 1 } }] }] }],
    ['contents.0.parts.0.executableCode', { contents: [{ parts: [{ executableCode: { code: '1' } }] }] }],
    ['contents.0.role', { contents: [{ role: 'system', parts: [{ text: 'a' }] }] }],
    [
      'systemInstruction.parts.0.inlineData',
      { systemInstruction: { parts: [{ inlineData: { mimeType: 'image/png', data: '' } }] } },
    ],
    [
      'tools.0.functionDeclarations.0.behavior',
      { tools: [{ functionDeclarations: [{ name: 'f', behavior: 'NON_BLOCKING' }] }] },
    ],
    [
      'toolConfig.functionCallingConfig.allowedFunctionNames',
      { toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['a', 'b'] } } },
    ],
    ['store', { store: true }],
    ['somethingNew', { somethingNew: 1 }],
  ])('refuses by name what has no counterpart: %s', (field, body) => {
    expect(translator.readRequest(askedGemini(body))).toMatchObject({ refusal: { kind: 'bad_request', field } });
  });

  it('leaves out what changes nothing in the answer', () => {
    expect(read({ labels: { team: 'a' }, store: false, serviceTier: 'standard', demo: {} })).toEqual(read({}));
  });

  it('has Google hold calls to their schemas where a tool is strict', () => {
    const strict = (toolChoice: NeutralRequest['toolChoice']) =>
      written({
        ...read({}),
        tools: [{ name: 'f', description: null, parameters: null, strict: true, cache: null }],
        toolChoice,
      }).toolConfig;
    expect(strict(null)).toEqual({ functionCallingConfig: { mode: 'VALIDATED' } });
    expect(strict({ kind: 'tool', name: 'f' })).toEqual({
      functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] },
    });
    const { tools, toolChoice } = read({
      tools: [{ functionDeclarations: [{ name: 'f' }] }],
      toolConfig: { functionCallingConfig: { mode: 'VALIDATED' } },
    });
    expect([tools[0]?.strict, toolChoice]).toEqual([true, { kind: 'auto' }]);
  });

  it('says in the words of the other protocols what Google has none for', () => {
    const plain = read({});
    expect(translator.writeRequest({ ...plain, verbosity: 'low' }, sent())).toMatchObject({
      refusal: { field: 'verbosity' },
    });
    expect(translator.writeRequest({ ...plain, parallelToolCalls: false }, sent())).toMatchObject({
      refusal: { field: 'parallelToolCalls' },
    });
    const result: Part = { type: 'tool_result', id: 'x', name: null, content: [], isError: false, cache: null };
    expect(translator.writeRequest({ ...plain, messages: [{ role: 'user', parts: [result] }] }, sent())).toMatchObject({
      refusal: { field: 'toolResult' },
    });
  });

  it.each([
    'gs://bucket/a.png',
    'https://generativelanguage.googleapis.com/v1beta/files/abc',
    'https://storage.googleapis.com/b/a.png',
  ])("never has Google read with the deployment's rights: %s", (url) => {
    const image: Part = { type: 'image', source: { kind: 'url', url, mediaType: null }, detail: null, cache: null };
    const request = { ...read({}), messages: [{ role: 'user' as const, parts: [image] }] };
    expect(translator.writeRequest(request, sent())).toMatchObject({ refusal: { field: 'image' } });
  });

  it('signs the first of the calls that another model made', () => {
    const call = (name: string): Part => ({ type: 'tool_call', id: name, name, json: '{}', sealed: null, cache: null });
    const body = written({ ...read({}), messages: [{ role: 'assistant', parts: [call('a'), call('b')] }] });
    expect(body.contents).toEqual([
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'a', name: 'a', args: {} }, thoughtSignature: 'skip_thought_signature_validator' },
          { functionCall: { id: 'b', name: 'b', args: {} } },
        ],
      },
    ]);
  });

  it('asks the pro models for the least that they know', () => {
    const request = { ...read({}), reasoning: { effort: 'none', tokensMax: null, shown: null } } as const;
    expect(written(request, sent('gemini-3.1-pro-preview')).generationConfig).toEqual({
      thinkingConfig: { thinkingLevel: 'LOW' },
    });
    expect(written(request).generationConfig).toEqual({ thinkingConfig: { thinkingLevel: 'MINIMAL' } });
  });

  it('is capped as the gateway decides', () => {
    const request = { ...read({}), outputTokensMax: 100 };
    expect(written(request, sent(undefined, 40)).generationConfig).toEqual({ maxOutputTokens: 40 });
  });
});

/** What no answer of Google's tells: stop sequences, refusals as such, writes to the cache, cached pictures apart. */
const ANSWER_LACKS: readonly Lack[] = ['stopSequence', 'refusal', 'cacheWrites'];

describe('an answer', () => {
  it('keeps all that has a counterpart, whole', () => {
    fc.assert(
      fc.property(neutralAnswer({ lacks: ANSWER_LACKS, seals: SEALS }), (answer) => {
        expect(translator.readAnswer(translator.writeAnswer(answer, NAMES, nanos(5)))).toEqual(counted(answer));
      }),
    );
  });

  it('keeps it in a stream that is cut anywhere', () => {
    fc.assert(
      fc.property(
        neutralAnswer({ lacks: ANSWER_LACKS, seals: SEALS }),
        dice,
        fc.array(fc.nat(), { maxLength: 5 }),
        (answer, roll, cuts) => {
          const stream = streamOf(eventsOf(answer, roll));
          const reader = translator.eventReader();
          const events = framesOf(stream, cuts).flatMap((frame) => {
            const { json } = gemini.readWhole(frame.data ?? '') ?? {};
            if (!json) throw new Error(`unread: ${frame.raw}`);
            return reader.read(json, frame);
          });
          expect(gatherEvents(events)).toEqual(counted(answer));
        },
      ),
    );
  });

  it('tells its usage and its cost with its end', () => {
    const events: NeutralEvent[] = [
      { type: 'start', id: 'r' },
      { type: 'text', choice: 0, text: 'hi' },
      { type: 'end', choice: 0, reason: 'length', sequence: null },
    ];
    const [text, end] = framesOf(streamOf(events)).map(({ data }) => JSON.parse(data ?? ''));
    expect(text).toEqual({
      candidates: [{ content: { role: 'model', parts: [{ text: 'hi' }] }, index: 0 }],
      modelVersion: 'gemini-3.1-pro',
      responseId: 'r',
    });
    expect(end).toMatchObject({
      candidates: [{ finishReason: 'MAX_TOKENS', index: 0 }],
      usageMetadata: { promptTokenCount: 7, cost: '0.000000005' },
    });
  });

  it('has no call whose arguments were halved', () => {
    const halved = (reason: 'length' | 'tool_calls'): NeutralAnswer => ({
      id: 'r',
      choices: [
        {
          parts: [{ type: 'tool_call', id: 'c', name: 'f', json: '{"a":', sealed: null, cache: null }],
          reason,
          sequence: null,
        },
      ],
      usage: null,
    });
    const end = (reason: 'length' | 'tool_calls') => ({
      candidates: [
        { content: { parts: [] }, finishReason: reason === 'length' ? 'MAX_TOKENS' : 'MALFORMED_FUNCTION_CALL' },
      ],
    });
    for (const reason of ['length', 'tool_calls'] as const) {
      expect(translator.writeAnswer(halved(reason), NAMES, null)).toMatchObject(end(reason));
      const frames = framesOf(streamOf(eventsOf(halved(reason), () => 3)));
      expect(JSON.parse(frames.at(-1)?.data ?? '')).toMatchObject(end(reason));
      expect(frames).toHaveLength(1);
    }
  });

  it('that ended for a reason that nobody knows is delivered as one that ended', () => {
    for (const finishReason of ['OTHER', 'FINISH_REASON_UNSPECIFIED', 'SOMETHING_NEW']) {
      const json = { candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason }] };
      expect(translator.readAnswer(json)).toMatchObject({
        choices: [{ parts: [{ type: 'text', text: 'Hi' }], reason: 'stop' }],
      });
    }
    const functionCall = { id: 'a', name: 'f', args: {} };
    const called = { candidates: [{ content: { parts: [{ functionCall }] }, finishReason: 'SOMETHING_NEW' }] };
    expect(translator.readAnswer(called)).toMatchObject({ choices: [{ reason: 'tool_calls' }] });
  });

  it('that went wrong is none', () => {
    for (const finishReason of ['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'MISSING_THOUGHT_SIGNATURE']) {
      expect(() => translator.readAnswer({ candidates: [{ finishReason }] })).toThrow(finishReason);
    }
    expect(() => translator.readAnswer({})).toThrow();
    expect(() => translator.readAnswer({ candidates: [{ content: { parts: [{ executableCode: {} }] } }] })).toThrow();
  });

  it('that the filter has stopped, prompt or answer, says so', () => {
    const blocked = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3 } };
    expect(translator.readAnswer(blocked)).toMatchObject({ choices: [{ parts: [], reason: 'content_filter' }] });
    expect(translator.readAnswer({ candidates: [{ finishReason: 'RECITATION' }] })).toMatchObject({
      choices: [{ reason: 'content_filter' }],
    });
  });

  it('names calls that Google left without an id, each apart', () => {
    const functionCall = { name: 'f', args: { a: 1 } };
    const { choices } = translator.readAnswer({
      responseId: 'r.1',
      candidates: [
        { content: { parts: [{ functionCall, thoughtSignature: 'c2ln' }, { functionCall }] }, finishReason: 'STOP' },
      ],
    });
    expect(choices[0]).toMatchObject({
      parts: [
        { type: 'tool_call', id: 'call_r1_1', name: 'f', json: '{"a":1}', sealed: 'c2ln' },
        { type: 'tool_call', id: 'call_r1_2', sealed: null },
      ],
      reason: 'tool_calls',
    });
  });
});

/** The provider tells thoughts apart, but nothing of what it wrote to its cache. */
function counted(answer: NeutralAnswer): NeutralAnswer {
  const { usage } = answer;
  return {
    ...answer,
    usage: usage && usage.input + usage.cachedInput + usage.output + usage.reasoning > 0 ? usage : null,
  };
}

function streamOf(events: readonly NeutralEvent[]): string {
  const writer = translator.eventWriter(askedGemini({}, true), NAMES);
  const counts = events.findLast((event) => event.type === 'usage');
  const usage = counts?.usage ?? { ...NO_USAGE, input: 7, output: 1 };
  return events.map((event) => writer.event(event)).join('') + writer.end(usage, nanos(5));
}

/** The same body as proto field names have it; what the caller named stays. */
function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== 'object' || value === null) return value;
  const callers = new Set(['args', 'response', 'parametersJsonSchema', 'responseJsonSchema']);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      callers.has(name) ? inner : snakeCased(inner),
    ]),
  );
}
