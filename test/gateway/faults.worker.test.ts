/**
 * An upstream that fails, in every protocol: its client hears it in its own protocol, whether the upstream speaks the same or is
 * translated, and what is charged is what the upstream has made.
 */
import { expect, it, describe as suite, vi } from 'vitest';
import { refusalResponse } from '../../src/gateway/refusal-response.ts';
import { describe } from '../../src/gateway/refusals.ts';
import { keyOf } from '../support/gateway.ts';
import { eventStream, relayed, TIMES } from '../support/relayed.ts';
import { answerOf, WIRES, type Wire } from '../support/wires.ts';

// What fails here is meant to, and logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

/** Each at an upstream of its own protocol, and at one of the next. */
const PAIRS = WIRES.flatMap((client, i) => {
  const other = WIRES[(i + 3) % WIRES.length] as Wire;
  return [client, other].map((upstream) => ({
    client,
    upstream,
    ids: `${client.protocol.id}, ${upstream.protocol.id}`,
  }));
});

const TELLING = describe({ kind: 'upstream_error', message: 'overloaded' }, 'req_up');

/** An error as the upstream's protocol has it within a stream. */
function errorIn({ protocol, said }: Wire): string {
  const read = protocol.ask({ model: 'm', stream: true, ...said }, { model: 'm', streamed: true });
  if ('refusal' in read) throw new Error('the test is set up wrong');
  const failure = protocol.translator.eventWriter(read.understood, { requestId: 'r', model: 'm' }).failure(TELLING);
  // A stream of Responses begins before it fails.
  return failure.replace(/^event: response.created\n.*\n\n/, '');
}

/** The same as bare JSON, which is no event: Google's API tells so of what fails once it streams. */
function bareErrorOf({ protocol }: Wire): string {
  return `${JSON.stringify(protocol.refusalBody(TELLING), null, 2)}\n`;
}

/** Sends some events, then breaks the connection, or says nothing more. */
function ending(events: string[], how: 'dies' | 'falls silent'): Response {
  const left = [...events];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = left.shift();
      if (next !== undefined) controller.enqueue(new TextEncoder().encode(next));
      else if (how === 'dies') controller.error(new Error('connection reset'));
      return how === 'falls silent' && next === undefined ? new Promise(() => undefined) : undefined;
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

const html = (status: number) =>
  new Response('<html>busy</html>', { status, headers: { 'content-type': 'text/html' } });

type Deed = (upstream: Wire) => Response | Promise<Response>;

const never: Deed = () => new Promise(() => undefined);

/** In place of an answer, streamed or not. */
const INSTEAD: [string, number, string, Deed][] = [
  ['cannot be reached', 502, 'upstream_error', () => Promise.reject(new Error('connection refused'))],
  ['answers with a page of HTML', 502, 'upstream_error', () => html(200)],
  ['fails with a page of HTML', 502, 'upstream_error', () => html(503)],
  [
    'has too much to do',
    429,
    'upstream_error',
    ({ protocol }) => Response.json(protocol.refusalBody(TELLING), { status: 429, headers: { 'retry-after': '7' } }),
  ],
];

const WHOLE: [string, number, string, Deed][] = [
  ...INSTEAD,
  ['is silent', 504, 'upstream_timeout', never],
  ['sends garbage', 502, 'upstream_error', () => Response.json(['no'])],
  ['sends what is no answer', 502, 'upstream_error', () => Response.json({ id: 'a', object: 'list', data: [] })],
  ['tells an error', 502, 'upstream_error', ({ protocol }) => Response.json(protocol.refusalBody(TELLING))],
];

const STREAMED: [string, number, string, Deed][] = [
  ...INSTEAD,
  ['dies', 502, 'upstream_error', () => ending([], 'dies')],
  ['ends', 502, 'upstream_error', () => eventStream([])],
  ['sends garbage', 502, 'upstream_error', () => eventStream(['data: {{{\n\n'])],
  ['tells an error', 502, 'upstream_error', (upstream) => eventStream([errorIn(upstream)])],
  ['tells an error as bare JSON', 502, 'upstream_error', (upstream) => eventStream([bareErrorOf(upstream)])],
];

/** What comes after the first word, and whether the error's words are those of the upstream. */
const MIDWAY: [string, string, string, (upstream: Wire, begun: string) => Response][] = [
  ['dies', 'upstream_error', 'broke off', (_, begun) => ending([begun], 'dies')],
  ['ends', 'upstream_error', 'without finishing', (_, begun) => eventStream([begun])],
  ['sends garbage', 'upstream_error', 'no answer', (_, begun) => eventStream([begun, 'data: {{{\n\n'])],
  ['falls silent', 'upstream_timeout', 'sent nothing', (_, begun) => ending([begun], 'falls silent')],
  ['tells an error', 'upstream_error', 'overloaded', (upstream, begun) => eventStream([begun, errorIn(upstream)])],
  [
    'tells an error as bare JSON',
    'upstream_error',
    'overloaded',
    (upstream, begun) => eventStream([begun, bareErrorOf(upstream)]),
  ],
];

suite.each(PAIRS)('a client and an upstream of: $ids', ({ client, upstream }) => {
  const { protocol, said } = client;

  async function asked(kind: 'whole' | 'stream', deed: Deed) {
    const silence = { ...TIMES, upstreamIdleMsMax: 60, ...(kind === 'stream' && { firstByteMsMax: 1_000 }) };
    const options = { protocol, said, served: upstream.protocol, times: silence };
    const { answered, headers, apiKey } = await relayed(kind, async () => deed(upstream), undefined, options);
    const response = answered instanceof Response ? answered : refusalResponse(protocol, answered, 'req_1', headers);
    return { response, text: await response.text(), apiKey };
  }

  suite('before its first byte', () => {
    it.each(WHOLE)('%s: a whole answer is refused with %i, and free', async (_, status, code, deed) => {
      const { response, text, apiKey } = await asked('whole', deed);
      expect(response.status).toBe(status);
      expect(JSON.parse(text)).toMatchObject(client.refused(status, code));
      expect(response.headers.get('retry-after')).toBe(status === 429 ? '7' : null);
      expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
    });

    it.each(STREAMED)('%s: a stream is refused with %i, and free', async (_, status, code, deed) => {
      const { response, text, apiKey } = await asked('stream', deed);
      expect(response.status).toBe(status);
      expect(JSON.parse(text)).toMatchObject(client.refused(status, code));
      expect(response.headers.get('retry-after')).toBe(status === 429 ? '7' : null);
      expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
    });
  });

  it('tells a count and no answer: told as an error, and the count is charged', async () => {
    const usage = {
      ...{ prompt_tokens: 2, completion_tokens: 3 },
      ...{ input_tokens: 2, output_tokens: 3 },
    };
    const usageMetadata = { promptTokenCount: 2, candidatesTokenCount: 3 };
    const { response, text, apiKey } = await asked('whole', () => Response.json({ id: 'a', usage, usageMetadata }));
    expect(response.status).toBe(502);
    expect(JSON.parse(text)).toMatchObject(client.refused(502, 'upstream_error'));
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0.000008', member: { status: { held: '0' } } });
  });

  it.each(['whole', 'stream'] as const)(
    'finds the context too long: its words pass in place of a %s answer, and nothing is charged',
    async (kind) => {
      const message = 'prompt is too long: 120 tokens > 100 maximum';
      const refusal = ({ protocol }: Wire) => protocol.refusalBody({ ...TELLING, message });
      const { response, text, apiKey } = await asked(kind, (wire) => Response.json(refusal(wire), { status: 400 }));
      expect(response.status).toBe(400);
      expect(JSON.parse(text)).toMatchObject(client.refused(400, 'upstream_error'));
      expect(text).toContain(message);
      expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
    },
  );

  it.each(MIDWAY)(
    '%s in the middle of a stream: told at its end, and what came is charged',
    async (_, code, words, deed) => {
      const [begun] = answerOf(upstream);
      const { response, text, apiKey } = await asked('stream', (wire) => deed(wire, begun));
      expect(response.status).toBe(200);
      expect(text).toContain('one');
      expect(text).toMatch(client.failed(code));
      expect(text).toContain(words);
      // Two words in at $1, and one out at $2 per million.
      expect(await keyOf(apiKey)).toMatchObject({ usage: '0.000004', member: { status: { held: '0' } } });
    },
  );
});
