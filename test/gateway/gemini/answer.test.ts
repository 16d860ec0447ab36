import { describe, expect, it } from 'vitest';
import { gemini } from '../../../src/gateway/gemini/protocol.ts';
import type { ReadAnswer } from '../../../src/gateway/protocol.ts';
import { describe as described } from '../../../src/gateway/refusals.ts';
import { NO_ANSWER } from '../../../src/gateway/reported.ts';
import { NO_USAGE } from '../../../src/money/cost.ts';
import { nanos } from '../../../src/money/nanos.ts';
import { askedGemini } from '../../support/asked.ts';
import { framesOf } from '../translation/generate.ts';
import { BLOCKED, event, IMAGE, OVERLOADED, STREAM, WHOLE } from './fixtures.ts';

function read(json: object): ReadAnswer {
  const answer = gemini.readWhole(JSON.stringify(json));
  if (!answer) throw new Error('unread');
  return answer;
}

const STREAMED = framesOf(STREAM.map(event).join(''));

describe('what is read of an answer', () => {
  it('is all its text, names and arguments included, and no seal', () => {
    const { text, ended } = read(WHOLE);
    expect(text).toBe('Let me see. I will look it up.weatherOslo');
    expect(ended).toBe(1);
    const [, , third] = STREAMED;
    expect(third && gemini.reader().read(third)).toMatchObject({
      text: 'look it up.weatherOslo',
      ended: 0,
      last: false,
    });
  });

  it('is text in fields that nobody knows, too', () => {
    const parts = [{ executableCode: { language: 'PYTHON', code: 'print(1)' } }, { somethingNew: { deep: ['told'] } }];
    expect(read({ candidates: [{ content: { parts }, newer: 'x' }] }).text).toBe('PYTHONprint(1)toldx');
  });

  it('counts what was cached and what was thought apart', () => {
    expect(read(WHOLE).usage).toEqual({ ...NO_USAGE, input: 200, cachedInput: 1_000, output: 16, reasoning: 60 });
    expect(read(STREAM[0] ?? {}).usage).toEqual({ ...NO_USAGE, input: 200, cachedInput: 1_000, reasoning: 40 });
  });

  it('counts images and sound by their own units, and what tools have read as input', () => {
    expect(read(IMAGE).usage).toEqual({
      ...NO_USAGE,
      input: 42,
      imageInput: 258,
      output: 30,
      imageOutput: 1_120,
      reasoning: 12,
    });
    const usageMetadata = {
      promptTokenCount: 100,
      cachedContentTokenCount: 60,
      toolUsePromptTokenCount: 7,
      candidatesTokenCount: 1,
      promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 80 }],
      cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 50 }],
    };
    const counted = { audioInput: 30, cachedAudioInput: 50, cachedInput: 10, input: 10 + 7, output: 1 };
    expect(read({ usageMetadata }).usage).toEqual({ ...NO_USAGE, ...counted });
  });

  it('sums to what was counted, whatever the details say', () => {
    const usageMetadata = {
      promptTokenCount: 10,
      cachedContentTokenCount: 99,
      candidatesTokenCount: 5,
      candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 999 }],
    };
    expect(read({ usageMetadata }).usage).toEqual({ ...NO_USAGE, cachedInput: 10, imageOutput: 5 });
  });

  it.each([
    ['a text', { promptTokenCount: '10' }],
    ['a negative count', { promptTokenCount: 10, candidatesTokenCount: -1 }],
    ['a fraction', { promptTokenCount: 1.5 }],
    ['more than any model takes', { promptTokenCount: 1e12 }],
    ['nothing', {}],
    ['a list', [1]],
  ])('is no usage where a count is %s', (_, usageMetadata) => {
    expect(read({ candidates: [], usageMetadata }).usage).toBeNull();
  });

  it('is an end where the prompt was blocked, and an error where one is told', () => {
    expect(read(BLOCKED)).toMatchObject({ ended: 1, error: null, usage: { input: 9 } });
    expect(read(OVERLOADED).error).toBe('The model is overloaded. Please try again later.');
    expect(read({ error: {} }).error).not.toBeNull();
  });

  it.each(['', 'null', '[]', '"text"', '<html>502</html>', '{"candidates":'])('is nothing where it is %j', (text) => {
    expect(gemini.readWhole(text)).toBeNull();
  });

  it.each([
    [{ candidates: [null, 1, { content: 7 }] }, null],
    [{ candidates: 'x' }, NO_ANSWER],
    [{ candidates: {} }, NO_ANSWER],
  ])('is no throw where it is %j', (json, error) => {
    expect(read(json).error).toBe(error);
  });
});

describe('a stream that is gathered', () => {
  const gather = (chunks: readonly object[]) => {
    const gathered = gemini.gather();
    for (const chunk of chunks) gathered.add(read(chunk));
    return gathered;
  };

  it('is the answer in one piece', () => {
    expect(gather(STREAM).whole()).toEqual(WHOLE);
  });

  it('keeps candidates apart, thoughts from text, and lists that grow', () => {
    const of = (index: number, text: string, more = {}) => ({
      candidates: [{ index, content: { parts: [{ text }] }, ...more }],
    });
    const citations = (uri: string) => ({ citationMetadata: { citationSources: [{ uri }] } });
    const { candidates } = gather([
      of(1, 'b'),
      of(0, 'a', citations('x')),
      of(1, 'B'),
      of(0, 'A', citations('y')),
    ]).whole();
    expect(candidates).toEqual([
      {
        index: 0,
        content: { role: 'model', parts: [{ text: 'aA' }] },
        citationMetadata: { citationSources: [{ uri: 'x' }, { uri: 'y' }] },
      },
      { index: 1, content: { role: 'model', parts: [{ text: 'bB' }] } },
    ]);
  });

  it('ends as at a cap where it is cut, and is of no use before anything was said', () => {
    expect(gather(STREAM.slice(0, 2)).cutShort()).toMatchObject({ candidates: [{ finishReason: 'MAX_TOKENS' }] });
    expect(gather(STREAM.slice(0, 1)).cutShort()).toBeNull();
    expect(gather([]).cutShort()).toBeNull();
    const half = { functionCall: { name: 'f', partialArgs: [], willContinue: true } };
    expect(gather([{ candidates: [{ content: { parts: [{ text: 'a' }, half] } }] }]).cutShort()).toBeNull();
  });

  it('is safe from names of a prototype', () => {
    const chunk = JSON.parse(
      '{"candidates":[{"__proto__":{"polluted":1},"content":{"parts":[]}}],"__proto__":{"polluted":1}}',
    );
    gather([chunk]).whole();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('a stream that passes', () => {
  const names = { requestId: 'req_1', model: 'gemini-3.1-flash-lite' };
  const usage = { ...NO_USAGE, input: 200, cachedInput: 1_000, output: 16, reasoning: 60 };

  it('keeps every byte but those of its last chunk, which tells the cost', () => {
    const passage = gemini.passage(askedGemini({}, true), names);
    const passed = STREAMED.map((frame) => passage.event(frame, gemini.reader().read(frame)));
    expect(passed).toEqual([...STREAMED.slice(0, -1).map(({ raw }) => raw), '']);
    const end = passage.end(usage, nanos(175_000));
    const last = STREAM.at(-1) as { usageMetadata: object };
    expect(JSON.parse(end.replace('data: ', ''))).toEqual({
      ...last,
      usageMetadata: { ...last.usageMetadata, cost: '0.000175' },
    });
    expect(end.endsWith('\n\n')).toBe(true);
  });

  it('lets a chunk go that was not the last after all', () => {
    const passage = gemini.passage(askedGemini({}, true), names);
    const done = { candidates: [{ finishReason: 'STOP' }] };
    const [first, second] = framesOf(event(done) + event({ ...done, usageMetadata: { promptTokenCount: 1 } }));
    if (!first || !second) throw new Error('two were written');
    expect(passage.event(first, gemini.reader().read(first))).toBe('');
    expect(passage.event(second, gemini.reader().read(second))).toBe(first.raw);
    expect(passage.end(usage, nanos(1_000))).toContain('"promptTokenCount":1,"cost":"0.000001"');
  });

  it('tells a usage of ours where Google told none', () => {
    const passage = gemini.passage(askedGemini({}, true), names);
    const [frame] = framesOf(event({ candidates: [{ finishReason: 'STOP' }] }));
    if (frame) passage.event(frame, gemini.reader().read(frame));
    expect(passage.end(usage, nanos(1_000))).toContain('"promptTokenCount":1200,"cachedContentTokenCount":1000');
  });

  it('ends with one event where it fails, after what was paid for', () => {
    const passage = gemini.passage(askedGemini({}, true), names);
    const frame = STREAMED.at(-1);
    if (frame) passage.event(frame, gemini.reader().read(frame));
    const failure = passage.failure(described({ kind: 'upstream_error', message: 'broke off' }, 'req_1'));
    const [kept, error, ...rest] = framesOf(failure);
    expect(kept?.raw).toBe(frame?.raw);
    expect(JSON.parse(error?.data ?? '')).toMatchObject({
      error: { code: 502, status: 'UNAVAILABLE', message: 'broke off' },
    });
    expect(rest).toEqual([]);
  });

  it('passes comments, and drops what is neither comment nor event', () => {
    const passage = gemini.passage(askedGemini({}, true), names);
    const [comment, odd] = framesOf(': hello\n\nevent: x\nid: uncounted text\n\n');
    if (!comment || !odd) throw new Error('two were written');
    expect([passage.event(comment, null), passage.event(odd, null)]).toEqual([': hello\n\n', '']);
  });

  it('has a blank line after each sign of life', () => {
    expect(gemini.passage(askedGemini({}, true), names).ping()).toBe(': ping\n\n');
  });
});

describe('a refusal', () => {
  it('has the name that Google has for it, and its metadata in the details', () => {
    const refusal = described({ kind: 'bad_request', field: 'contents', message: 'contents is not valid.' }, 'req_1');
    expect(gemini.refusalBody(refusal)).toEqual({
      error: {
        code: 400,
        status: 'INVALID_ARGUMENT',
        message: 'contents is not valid.',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'invalid_request_error',
            domain: 'purser',
            metadata: { requestId: 'req_1' },
          },
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: 'contents', description: 'contents is not valid.' }],
          },
        ],
      },
    });
  });

  it('says how long to wait', () => {
    expect(gemini.refusalBody(described({ kind: 'budget_unavailable' }, 'req_1'))).toMatchObject({
      error: { status: 'UNAVAILABLE', details: [{}, { retryDelay: '2s' }] },
    });
  });
});
