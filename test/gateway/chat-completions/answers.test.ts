/** Streams and answers as real providers of Chat Completions send them, read as the neutral form. */
import { describe, expect, it } from 'vitest';
import { readUsage, writeUsage } from '../../../src/gateway/chat-completions/answer.ts';
import { GatheredChat } from '../../../src/gateway/chat-completions/gather.ts';
import { chat } from '../../../src/gateway/chat-completions/protocol.ts';
import { chatTranslator } from '../../../src/gateway/chat-completions/translator.ts';
import { gatherEvents, type NeutralAnswer, type NeutralEvent } from '../../../src/gateway/neutral.ts';
import type { Json } from '../../../src/gateway/protocol.ts';
import { NO_USAGE } from '../../../src/money/cost.ts';
import { framesOf } from '../translation/generate.ts';
import { call, calls, chunk, DEEPSEEK, ended, MISTRAL, OPENROUTER } from './fixtures.ts';

function eventsIn(chunks: readonly Json[]): NeutralEvent[][] {
  const reader = chatTranslator.eventReader();
  return framesOf(chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('')).map((frame) => {
    const read = chat.reader().read(frame);
    if (!read) throw new Error('not understood');
    return reader.read(read.json, frame);
  });
}

/** The answer by its events, which is the same as that of the chunks joined first. */
function answerOf(chunks: readonly Json[]): NeutralAnswer {
  const answer = gatherEvents(eventsIn(chunks).flat());
  const gathered = new GatheredChat();
  for (const json of structuredClone(chunks)) {
    gathered.add({ json });
  }
  expect(chatTranslator.readAnswer(gathered.whole())).toEqual(answer);
  return answer;
}

const partsOf = (chunks: readonly Json[]) => answerOf(chunks).choices[0]?.parts;
const text = (said: string) => ({ type: 'text', text: said, cache: null });
const thought = (said: string) => ({ type: 'reasoning', text: said, sealed: null, sealedBy: null });
const toolCall = (id: string, name: string, json: string) => ({
  type: 'tool_call',
  id,
  name,
  json,
  sealed: null,
  cache: null,
});

describe('a stream', () => {
  it('of DeepSeek: its reasoning, its text, its count', () => {
    expect(answerOf(DEEPSEEK)).toEqual({
      id: 'chatcmpl-1',
      choices: [{ parts: [thought('Two and two.'), text('Four')], reason: 'stop', sequence: null }],
      usage: { ...NO_USAGE, input: 5, cachedInput: 4, output: 2, reasoning: 5 },
    });
  });

  it('of OpenRouter: reasoning told twice is read once, with its signature', () => {
    expect(partsOf([...OPENROUTER, chunk({ content: 'Four' }), ended('stop')])).toEqual([
      { type: 'reasoning', text: 'Let me see.', sealed: 'c2lnbmVk', sealedBy: 'messages' },
      text('Four'),
    ]);
  });

  it('that ends for a reason that nobody knows is ended all the same; one that its provider broke off is none', () => {
    expect(answerOf([chunk({ content: 'Four' }), ended('novelty')]).choices[0]).toMatchObject({ reason: 'stop' });
    expect(() => answerOf([chunk({ content: 'Fo' }), ended('error')])).toThrow('error');
  });

  it('of Mistral: thinking among the parts of its content', () => {
    expect(gatherEvents(eventsIn(MISTRAL).flat()).choices[0]).toEqual({
      parts: [thought('Two and two.'), text('Four')],
      reason: 'stop',
      sequence: null,
    });
  });

  it('counts what OpenAI wrote to its cache apart', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 1,
      prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 50 },
    };
    const counted = answerOf([chunk({ content: 'x' }), ended('stop'), { choices: [], usage }]).usage;
    expect(counted).toEqual({ ...NO_USAGE, input: 20, cachedInput: 30, cacheWrite5m: 50, output: 1 });
  });

  it('with tool calls one after the other passes each piece at once', () => {
    const events = eventsIn([
      calls(call(0, { id: 'a', name: 'f', json: '' })),
      calls(call(0, { json: '{"x"' })),
      calls(call(0, { json: ':1}' })),
      calls(call(1, { id: 'b', name: 'g', json: '' })),
      calls(call(1, { json: '{}' })),
      ended('tool_calls'),
    ]);
    expect(events.map((some) => some.map(({ type }) => type))).toEqual([
      ['start', 'tool_call'],
      ['tool_json'],
      ['tool_json'],
      ['tool_call'],
      ['tool_json'],
      ['end'],
    ]);
  });

  it('with tool calls that are interleaved is put in order', () => {
    const chunks = [
      calls(call(0, { id: 'a', name: 'f', json: '{"x"' }), call(1, { id: 'b', name: 'g', json: '{"y"' })),
      calls(call(2, { id: 'c', name: 'h' })),
      calls(call(1, { json: ':2}' })),
      calls(call(0, { json: ':1}' })),
      calls(call(2, { json: '{}' })),
      ended('tool_calls'),
    ];
    expect(partsOf(chunks)).toEqual([
      toolCall('a', 'f', '{"x":1}'),
      toolCall('b', 'g', '{"y":2}'),
      toolCall('c', 'h', '{}'),
    ]);
  });

  it('with text after a call that is not whole yet keeps it for later', () => {
    const events = eventsIn([
      calls(call(0, { id: 'a', name: 'f', json: '{' })),
      chunk({ content: 'so ' }),
      calls(call(0, { json: '}' })),
      chunk({ content: 'long' }),
      ended('tool_calls'),
    ]);
    expect(gatherEvents(events.flat()).choices[0]?.parts).toEqual([toolCall('a', 'f', '{}'), text('so long')]);
  });

  it('whose calls have no index goes on with the last, or begins another where there is an id', () => {
    const without = (index: number, piece: Parameters<typeof call>[1]) => {
      const { index: _, ...rest } = call(index, piece);
      return rest;
    };
    const chunks = [
      calls(without(0, { id: 'a', name: 'f', json: '{"x"' })),
      calls(without(0, { json: ':1}' })),
      calls(without(0, { id: 'b', name: 'g', json: '{}' })),
      ended('tool_calls'),
    ];
    expect(partsOf(chunks)).toEqual([toolCall('a', 'f', '{"x":1}'), toolCall('b', 'g', '{}')]);
  });

  it('of several choices keeps them apart', () => {
    const second = (delta: Json, finish: string | null = null) => chunk(delta, { index: 1, finish_reason: finish });
    const answer = answerOf([
      chunk({ content: 'a' }),
      second({ content: 'x' }),
      chunk({ content: 'b' }),
      second({}, 'length'),
      ended('stop'),
    ]);
    expect(answer.choices).toEqual([
      { parts: [text('ab')], reason: 'stop', sequence: null },
      { parts: [text('x')], reason: 'length', sequence: null },
    ]);
  });

  it('says why it ended: a named tool, words of refusal, a stop sequence of vLLM', () => {
    const reasonOf = (...chunks: Json[]) => answerOf(chunks).choices[0];
    expect(reasonOf(calls(call(0, { id: 'a', name: 'f', json: '{}' })), ended('stop'))?.reason).toBe('tool_calls');
    expect(reasonOf(chunk({ refusal: 'No.' }), ended('stop'))?.reason).toBe('refusal');
    expect(reasonOf(chunk({ content: 'x' }), ended('stop', { stop_reason: 'END' }))).toMatchObject({
      reason: 'stop_sequence',
      sequence: 'END',
    });
  });

  it.each([
    ['an end that is a failure', [ended('error')]],
    ['sound', [chunk({ audio: { data: 'AAAA' } })]],
    ['a call of a custom tool', [calls({ index: 0, id: 'a', type: 'custom', custom: { name: 'f', input: 'x' } })]],
    [
      'more arguments after their end',
      [
        calls(call(0, { id: 'a', name: 'f', json: '{}' })),
        calls(call(1, { id: 'b', name: 'g' })),
        calls(call(0, { json: '1' })),
      ],
    ],
  ])('with %s is not translated', (_, chunks) => {
    expect(() => eventsIn(chunks)).toThrow(TypeError);
  });
});

it('sound that was heard or spoken is counted as sound', () => {
  const usage = readUsage({
    prompt_tokens: 100,
    completion_tokens: 50,
    prompt_tokens_details: { cached_tokens: 10, audio_tokens: 60 },
    completion_tokens_details: { reasoning_tokens: 5, audio_tokens: 40 },
  });
  expect(usage).toMatchObject({ input: 30, cachedInput: 10, audioInput: 60, output: 5, reasoning: 5, audioOutput: 40 });
  expect(usage && readUsage(writeUsage(usage))).toEqual(usage);
});
