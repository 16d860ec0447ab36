import { describe, expect, it } from 'vitest';
import { MessagesReader, readMessage } from '../../../src/gateway/messages/answer.ts';
import { GatheredMessage } from '../../../src/gateway/messages/gather.ts';
import { messages } from '../../../src/gateway/messages/protocol.ts';
import { MessagesPassage, PING } from '../../../src/gateway/messages/wire.ts';
import { describe as described } from '../../../src/gateway/refusals.ts';
import { Frames } from '../../../src/gateway/sse.ts';
import { NO_USAGE } from '../../../src/money/cost.ts';
import { nanos } from '../../../src/money/nanos.ts';
import {
  CALL,
  END,
  event,
  frames,
  type Json,
  MESSAGE,
  PING_EVENT,
  REDACTED,
  START,
  STOP,
  STREAM,
  TEXT,
  THOUGHT,
} from './fixtures.ts';

const USAGE = {
  ...NO_USAGE,
  input: 12,
  cachedInput: 2_000,
  cacheWrite5m: 100,
  cacheWrite1h: 200,
  output: 49,
  reasoning: 40,
};

function readAll(...events: Json[]) {
  const reader = new MessagesReader();
  return frames(...events).map((frame) => reader.read(frame));
}

function gathered(...events: Json[]): GatheredMessage {
  const all = new GatheredMessage();
  for (const read of readAll(...events)) if (read) all.add(read);
  return all;
}

describe('reading a stream', () => {
  it('counts all text, thoughts, names and arguments, but no seals', () => {
    const text = readAll(...STREAM)
      .map((read) => read?.text)
      .join('');
    expect(text).toBe(
      `The user wants the weather.I'll look it up: 漢字.get_weather{"location": "San Francisco", "days": 2}`,
    );
  });

  it('keeps what the start said of the cache, by time, when the end tells its sum alone', () => {
    const reads = readAll(...STREAM);
    expect(reads[0]?.usage).toEqual({ ...USAGE, output: 0, reasoning: 0 });
    expect(reads.at(-2)).toMatchObject({ usage: USAGE, ended: 1, last: false });
    expect(reads.at(-1)).toMatchObject({ usage: null, ended: 0, last: true });
  });

  it('goes on from what was told where the end tells nothing of it', () => {
    const usage = {
      input_tokens: null,
      cache_read_input_tokens: null,
      cache_creation_input_tokens: null,
      output_tokens: 9,
    };
    expect(readAll(START, { ...END, usage })[1]?.usage).toEqual({ ...USAGE, output: 9, reasoning: 0 });
  });

  it.each<[string, Json, object]>([
    ['no times: five minutes', { cache_creation_input_tokens: 50 }, { cacheWrite5m: 50, cacheWrite1h: 0 }],
    [
      'more than by time, an hour among it: the dearer',
      {
        cache_creation_input_tokens: 90,
        cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
      },
      { cacheWrite5m: 10, cacheWrite1h: 80 },
    ],
    ['nulls', { cache_creation_input_tokens: null, cache_creation: null }, { cacheWrite5m: 0, cacheWrite1h: 0 }],
  ])('counts what was written to the cache (%s)', (_, usage, expected) => {
    const json = { ...MESSAGE, usage: { input_tokens: 1, output_tokens: 1, ...usage } };
    expect(readMessage(JSON.stringify(json))?.usage).toMatchObject(expected);
  });

  it('counts the text of events and fields that nobody knows', () => {
    const reads = readAll(
      { type: 'content_block_delta', index: 0, delta: { type: 'novel_delta', novelty: 'abc', deep: [{ er: 'def' }] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'novel', id: 'x', words: 'ghi' } },
      { type: 'novel_event', words: 'jkl' },
    );
    expect(reads.map((read) => read?.text)).toEqual(['abcdef', 'ghi', 'jkl']);
  });

  it.each<[string, Json, string]>([
    ['with its words', { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'Overloaded'],
    ['without', { type: 'error' }, 'The provider reported an error.'],
  ])('tells an error inside it (%s)', (_, json, error) => {
    expect(readAll(json)[0]).toMatchObject({ error, usage: null });
    expect(readMessage(JSON.stringify(json))).toMatchObject({ error });
  });

  it.each(['{{{', '[1]', '"text"', '<html>', 'null'])('takes garbage (%s) for no answer', (data) => {
    expect(new MessagesReader().read({ data })).toBeNull();
    expect(readMessage(data)).toBeNull();
  });

  it.each<[string, unknown]>([
    ['negative', -1],
    ['absurd', 1e12],
    ['half', 1.5],
    ['a text', '7'],
  ])('does not use a count that is none (%s)', (_, count) => {
    expect(readAll({ ...END, usage: { output_tokens: count } })[0]).toMatchObject({ usage: null, ended: 1 });
  });
});

it('reads a whole message as it reads its stream', () => {
  expect(readMessage(JSON.stringify(MESSAGE))).toMatchObject({ usage: USAGE, ended: 1, error: null });
});

describe('gathering', () => {
  it('makes the message that would have come in one piece', () => {
    expect(gathered(...STREAM).whole()).toEqual(MESSAGE);
  });

  it('keeps citations, and what nobody knows', () => {
    const citation = (cited_text: string) => ({ type: 'char_location', cited_text });
    const whole = gathered(
      START,
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'a', citations: null } },
      { type: 'content_block_delta', index: 0, delta: { type: 'citations_delta', citation: citation('x') } },
      { type: 'content_block_delta', index: 0, delta: { type: 'citations_delta', citation: citation('y') } },
      { type: 'content_block_delta', index: 0, delta: { type: 'novel_delta', novelty: 'ab' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'novel_delta', novelty: 'cd' } },
      { type: 'content_block_stop', index: 0 },
      { ...END, delta: { stop_reason: 'end_turn', stop_sequence: null, novel: 1 } },
      STOP,
    ).whole();
    expect(whole).toMatchObject({
      novel: 1,
      content: [{ type: 'text', text: 'a', citations: [citation('x'), citation('y')], novelty: 'abcd' }],
    });
  });

  it('leaves out a call that the cap has halved, and does not make up one that is none', () => {
    const halved = CALL.slice(0, -2);
    const cap = { ...END, delta: { stop_reason: 'max_tokens', stop_sequence: null } };
    expect(gathered(START, ...TEXT, ...halved, cap).whole()).toMatchObject({
      stop_reason: 'max_tokens',
      content: [{ type: 'text' }],
    });
    expect(() => gathered(START, ...halved, END).whole()).toThrow(TypeError);
    expect(() => gathered(START, ...TEXT.slice(1)).whole()).toThrow(TypeError);
  });

  describe('an answer that is cut', () => {
    it('ends as at a cap, without what is of no use', () => {
      const running = TEXT.slice(0, -1);
      expect(gathered(START, ...THOUGHT, ...running).cutShort()).toMatchObject({
        stop_reason: 'max_tokens',
        stop_sequence: null,
        content: [{ type: 'thinking' }, { type: 'text', text: "I'll look it up: 漢字." }],
      });
      expect(gathered(START, ...TEXT, ...THOUGHT.slice(0, -2)).cutShort()).toMatchObject({
        content: [{ type: 'text' }],
      });
    });

    it.each<[string, Json[]]>([
      ['nothing was said', [START]],
      ['only thought', [START, ...THOUGHT, ...REDACTED]],
      ['a call may be halved', [START, ...TEXT, ...CALL.slice(0, -1)]],
    ])('is of no use where %s', (_, events) => {
      expect(gathered(...events).cutShort()).toBeNull();
    });
  });
});

describe('the passage of a stream', () => {
  const pass = (...events: Json[]) => {
    const passage = new MessagesPassage();
    const reader = new MessagesReader();
    const text = frames(...events).map((frame) => passage.event(frame, reader.read(frame)));
    return { text: text.join(''), end: passage.end(NO_USAGE, nanos(1_500)) };
  };

  it('leaves all bytes as they are, and keeps the end back until its cost is known', () => {
    const { text, end } = pass(...STREAM);
    expect(text).toBe(STREAM.slice(0, -2).map(event).join(''));
    const usage = { ...(END.usage as Json), cost: '0.0000015' };
    expect(end).toBe(event({ ...END, usage }) + event(STOP));
  });

  it('passes what comes before the last of several ends, and pings in between', () => {
    const early = { ...END, delta: { stop_reason: null } };
    const { text, end } = pass(START, early, PING_EVENT, END, PING_EVENT);
    expect(text).toBe([START, PING_EVENT, early, PING_EVENT].map(event).join(''));
    expect(end).toContain('"cost":"0.0000015"');
  });

  it('ends a failure with an error and its terminal event', () => {
    const refusal = described({ kind: 'upstream_timeout', message: 'Silence.' }, 'req_1');
    const events = [...new Frames().push(new TextEncoder().encode(new MessagesPassage().failure(refusal)))];
    expect(events.map(({ data }) => JSON.parse(data ?? ''))).toMatchObject([
      { type: 'error', error: { type: 'api_error', code: 'upstream_timeout' }, request_id: 'req_1' },
      { type: 'message_stop' },
    ]);
    expect(events.map(({ raw }) => raw.split('\n')[0])).toEqual(['event: error', 'event: message_stop']);
  });

  it('gives signs of life as a comment of one newline and a real event', () => {
    expect(PING).toBe(': ping\nevent: ping\ndata: {"type":"ping"}\n\n');
  });
});

it('tells the usage of an answer that was cut, beside what the provider said of it', () => {
  expect(messages.withUsage({ ...MESSAGE }, { ...USAGE, output: 10 }, nanos(2_000))).toMatchObject({
    usage: {
      service_tier: 'standard',
      input_tokens: 12,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
      output_tokens: 50,
      cost: '0.000002',
    },
  });
});
