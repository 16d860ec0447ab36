/** Streams of a provider that speaks Responses: what is counted, what passes, and what OpenAI's client makes of it. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { Json, Passage } from '../../../src/gateway/protocol.ts';
import type { Described } from '../../../src/gateway/refusals.ts';
import { responses, responsesOf } from '../../../src/gateway/responses/protocol.ts';
import { newTurn } from '../../../src/gateway/responses/turn.ts';
import { NO_USAGE } from '../../../src/money/cost.ts';
import { nanos } from '../../../src/money/nanos.ts';
import { framesOf } from '../translation/generate.ts';
import { EVENTS, streamOf, TEXT, USAGE } from './fixtures.ts';

const NAMES = { requestId: 'req_1', model: 'gpt-5.5' };
const COST = nanos(1_234_000);
const COUNTED = { ...NO_USAGE, input: 1_024, cachedInput: 1_024, output: 26, reasoning: 64 };
const SEALED = { include: ['reasoning.encrypted_content'] };
const CUT: Described = {
  status: 403,
  type: 'permission_error',
  code: 'member_budget_exhausted',
  message: 'Member has reached their total spend budget.',
  param: null,
  metadata: { scope: 'member_total' },
  retryAfter: null,
};

function turn(json: Json = {}) {
  return newTurn({ model: 'gpt-5.5', input: 'Weather?', ...json }, Date.UTC(2026, 0, 1));
}

function passageOf(made = turn()): Passage {
  const protocol = responsesOf(made);
  const asked = protocol.ask(made.json, null);
  if ('refusal' in asked) throw new Error(JSON.stringify(asked.refusal));
  return protocol.passage(asked.understood, NAMES);
}

/** What a client gets of these events. */
function passed(events: readonly Json[], passage = passageOf()): string {
  const reader = responses.reader();
  return framesOf(streamOf(events))
    .map((frame) => passage.event(frame, reader.read(frame)))
    .join('');
}

function read(events: readonly Json[]) {
  const reader = responses.reader();
  return framesOf(streamOf(events)).map((frame) => reader.read(frame));
}

function client(stream: string): OpenAI {
  const answer = async () => new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  return new OpenAI({ apiKey: 'any', baseURL: 'http://127.0.0.1/v1', fetch: answer, maxRetries: 0 });
}

function eventsOf(stream: string): Json[] {
  return framesOf(stream).map(({ data }) => JSON.parse(data ?? ''));
}

describe('reading', () => {
  it('counts each text once, and the usage with its cached and reasoning tokens', () => {
    const found = read(EVENTS);
    expect(found.map((each) => each?.text).join('')).toBe(TEXT);
    expect(found.at(-1)).toMatchObject({ usage: COUNTED, ended: 1, last: true, error: null });
    expect(found.slice(0, -1).some((each) => each?.last || each?.usage || each?.ended)).toBe(false);
  });

  it.each<[string, (type: string) => boolean]>([
    ['deltas', (type) => type.endsWith('.delta')],
    ['all but the items', (type) => !type.includes('output_item') && !type.match(/created|completed/)],
    ['all but the end', (type) => type !== 'response.completed'],
  ])('counts what a provider leaves out (%s) where it says it at last', (_, left) => {
    const found = read(EVENTS.filter(({ type }) => !left(type as string)));
    expect(found.map((each) => each?.text.length).reduce((sum: number, length) => sum + (length ?? 0), 0)).toBe(
      TEXT.length,
    );
  });

  it('counts what nobody knows', () => {
    const [{ text } = { text: '' }] = read([
      { type: 'response.song.delta', item_id: 'x', output_index: 0, notes: ['la', { b: 'lu' }] },
    ]).filter((each) => each !== null);
    expect(text).toBe('lalu');
  });

  it.each<[string, Json, string]>([
    [
      'a failed response',
      { type: 'response.failed', response: { error: { code: 'server_error', message: 'Broke.' } } },
      'Broke.',
    ],
    [
      'a failed response that says nothing',
      { type: 'response.failed', response: {} },
      'The provider failed to answer.',
    ],
    ['an error event', { type: 'error', code: 'rate_limit', message: 'Slow down.', param: null }, 'Slow down.'],
    ['an error event that nests it', { type: 'error', error: { message: 'Slow down.' } }, 'Slow down.'],
  ])('%s is the end of the answer', (_, event, error) => {
    expect(read([event])[0]).toMatchObject({ error, last: true });
  });

  it.each([
    '',
    '[DONE]',
    '[]',
    '"text"',
    '<html>',
    '{"type":"response.completed"}',
    '{"type":"response.created","response":1}',
  ])('takes %s for no answer', (data) => {
    expect(responses.reader().read({ raw: '', data })).toBeNull();
  });

  it.each<[string, string, object | null]>([
    [
      'a response',
      JSON.stringify({ output: [{ type: 'message', content: [{ text: 'Hi' }] }], usage: USAGE }),
      { text: 'Hi', usage: COUNTED, error: null },
    ],
    ['an error', JSON.stringify({ error: { message: 'No.' } }), { error: 'No.' }],
    [
      'a response that failed',
      JSON.stringify({ output: [], status: 'failed', error: { message: 'No.' } }),
      { error: 'No.' },
    ],
    [
      'one that is still queued',
      JSON.stringify({ output: [], status: 'queued', error: null }),
      { error: 'The provider did not finish its answer.' },
    ],
    [
      'a count that is none',
      JSON.stringify({ output: [], usage: { input_tokens: -1, output_tokens: 2 } }),
      { usage: null },
    ],
    ['another answer', '{"choices":[]}', { error: 'The provider answered with something that is no answer.' }],
    ['HTML', '<html>', null],
  ])('a whole answer that is %s', (_, text, found) => {
    if (found) expect(responses.readWhole(text)).toMatchObject(found);
    else expect(responses.readWhole(text)).toBeNull();
  });
});

describe('passing on', () => {
  it('leaves bytes as they are, save the response itself and what its client did not ask for', () => {
    const made = turn({ store: false });
    const raw = framesOf(streamOf(EVENTS));
    const passage = passageOf(made);
    const reader = responses.reader();
    const changed = raw.flatMap((frame) =>
      passage.event(frame, reader.read(frame)) === frame.raw ? [] : [JSON.parse(frame.data ?? '').type],
    );
    expect(changed).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.output_item.done',
      'response.completed',
    ]);
    const told = passed(EVENTS, passageOf(made));
    expect(told).not.toContain('gAAAAA');
    expect(told).not.toContain('resp_68af');
    expect(told).not.toContain('gpt-5.5-2026-04-23');
    expect(told).toContain('"store":false');
    expect(passed([{ type: 'keepalive', sequence_number: 0 }])).toBe(
      'event: keepalive\ndata: {"type":"keepalive","sequence_number":0}\n\n',
    );
  });

  it('names each item of an answer that is stored by where it is stored, in all that is told of it, and by nothing else', () => {
    const made = turn(SEALED);
    const passage = passageOf(made);
    const told = eventsOf(passed(EVENTS, passage) + passage.end(COUNTED, COST));
    const kept = JSON.parse(new TextDecoder().decode(made.kept ?? undefined)) as { response: Json };
    const random = made.id.slice('resp_'.length);
    const named = (id: unknown) => `${String(id).split('_')[0]}_${random}-${id}`;
    // With the ids put back, all is as it came.
    const expected = EVENTS.map((event) => {
      const { item, item_id: id, response } = event as { item?: Json; item_id?: string; response?: Json };
      if (response) {
        const output = (response.output as Json[]).map((one) => ({ ...one, id: named(one.id) }));
        return { ...event, response: expect.objectContaining({ id: made.id, output }) };
      }
      return { ...event, ...(id && { item_id: named(id) }), ...(item && { item: { ...item, id: named(item.id) } }) };
    });
    expect(told).toEqual(expected);
    expect(told.at(-1)).toMatchObject({ response: { output: kept.response.output } });
  });

  it('keeps back the end until its cost is known, and leaves the whole answer to be stored', () => {
    const made = turn();
    const passage = passageOf(made);
    expect(passed(EVENTS, passage)).not.toContain('response.completed');
    expect(made.kept).toBeNull();
    const end = passage.end(COUNTED, COST);
    expect(end).toContain(`"usage":${JSON.stringify({ ...USAGE, cost: '0.001234' })}`);
    expect(end).not.toContain('gAAAAA');
    expect(new TextDecoder().decode(made.kept ?? undefined)).toContain('gAAAAABo-sealed-at-the-end');
  });

  it.each<[string, Json, boolean]>([
    ['asked for sealed reasoning', SEALED, true],
    ['did not', {}, false],
  ])("is a stream that OpenAI's client takes from its beginning to its end (%s)", async (_, json, sealed) => {
    const made = turn(json);
    const passage = passageOf(made);
    const stream = client(passed(EVENTS, passage) + passage.ping() + passage.end(COUNTED, COST)).responses.stream({
      model: 'gpt-5.5',
      input: 'Weather?',
    });
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta;
    });
    const response = await stream.finalResponse();
    expect(text).toBe('Let me see.');
    expect(response).toMatchObject({ id: made.id, model: 'gpt-5.5', status: 'completed', output_text: 'Let me see.' });
    expect(response.usage).toEqual({ ...USAGE, cost: '0.001234' });
    expect(response.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'function_call']);
    expect(JSON.stringify(response).includes('gAAAAA')).toBe(sealed);
  });

  it.each([0, 1, 2, 3, 7, 12])(
    "ends as OpenAI's client understands it where it fails after %i events",
    async (after) => {
      const passage = passageOf();
      const stream = client(passed(EVENTS.slice(0, after), passage) + passage.failure(CUT)).responses.stream({
        model: 'gpt-5.5',
        input: 'Weather?',
      });
      const numbers: number[] = [];
      for await (const { sequence_number } of stream) numbers.push(sequence_number);
      expect(numbers).toEqual(Array.from({ length: Math.max(after, 1) + 1 }, (_, index) => index));
      const failed = await stream.finalResponse();
      expect(failed).toMatchObject({
        status: 'failed',
        error: { code: CUT.code, message: CUT.message, metadata: CUT.metadata },
      });
    },
  );
});

describe('an answer cut short', () => {
  const cut = (count: number) => {
    const gathered = responses.gather();
    for (const found of read(EVENTS.slice(0, count))) if (found) gathered.add(found);
    return gathered.cutShort();
  };
  const at = (type: string, index = 0) =>
    EVENTS.findIndex((event) => event.type === type && (event.output_index ?? 0) === index);

  it('in the middle of its text is incomplete, with what was said', () => {
    const answer = cut(at('response.output_text.delta', 1) + 2);
    expect(answer).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
    expect(answer?.output).toMatchObject([
      { type: 'reasoning', encrypted_content: 'gAAAAABo-sealed-at-the-end' },
      { type: 'message', status: 'incomplete', content: [{ text: 'Let me' }] },
    ]);
  });

  it.each<[string, number]>([
    ['before anything was said', 2],
    ['in its thoughts', at('response.reasoning_summary_text.delta') + 1],
    ['before its first word', at('response.content_part.added', 1) + 1],
    ['in the middle of a call', at('response.function_call_arguments.delta', 2) + 1],
  ])('is of no use %s', (_, count) => {
    expect(cut(count)).toBeNull();
  });

  it('is not made larger by a provider that says one part lies far beyond the others', () => {
    const gathered = responses.gather();
    const events = [
      { type: 'response.output_item.added', output_index: 0, item: { type: 'message', content: [] } },
      { type: 'response.content_part.added', output_index: 0, content_index: 4_000_000_000, part: { text: '' } },
    ];
    for (const found of read(events)) if (found) gathered.add(found);
    expect(gathered.whole().output).toEqual([{ type: 'message', content: [] }]);
    expect(gathered.cutShort()).toBeNull();
  });
});
