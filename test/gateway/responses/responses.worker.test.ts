/** POST /v1/responses from outside: well-behaved providers and others, and what each costs. */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import type { Json } from '../../../src/gateway/protocol.ts';
import { type ErrorBody, keyOf, until } from '../../support/gateway.ts';
import { seedOrganization } from '../../support/seed.ts';
import { type Answered, answering, build, streaming } from './build.ts';
import { EVENTS, streamOf, USAGE } from './fixtures.ts';

// What fails here is meant to, and logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

const ASKED = { input: 'one two' };
/** Input and cached input at $1 and $0.10, output at $2 per million. */
const COST = '0.0013064';

function typesOf({ text }: Answered): unknown[] {
  return eventsOf(text).map(({ type }) => type);
}

function eventsOf(text: string): Json[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as Json);
}

async function bookedBy(memberId: string) {
  const object = env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId));
  return until(async () => {
    await object.ship({ memberId });
    const { results } = await env.DB.prepare('SELECT outcome, cost, endpoint FROM usage_events WHERE member_id = ?')
      .bind(memberId)
      .all();
    return results.length > 0 ? results : null;
  }, 'the usage event');
}

describe('an answer', () => {
  it('in one piece is as its provider made it, under our id, with its cost in a header', async () => {
    const { apiKey, memberId } = await seedOrganization({ budget: { usageLimit: '1' } });
    const { call } = build(() => answering('Hello there'));
    const answered = await call('POST', '/responses', apiKey, { ...ASKED, max_output_tokens: 16 });
    expect(answered).toMatchObject({
      status: 200,
      json: {
        object: 'response',
        model: 'twin',
        status: 'completed',
        output: [{ id: expect.stringMatching(/^msg_[0-9a-z]{32}-msg_up$/), content: [{ text: 'Hello there' }] }],
        usage: { input_tokens: 4, output_tokens: 2, total_tokens: 9 },
      },
    });
    expect(answered.headers.get('x-purser-cost')).toBe('0.000008');
    expect(answered.headers.get('x-purser-budget-limit')).toBe('1');
    expect((await keyOf(apiKey)).usage).toBe('0.000008');
    expect(await bookedBy(memberId)).toEqual([{ outcome: 'completed', cost: 8_000, endpoint: 'responses' }]);
  });

  it('as a stream passes, with its cost on the usage of its last event', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const { call, sent } = build(() => streaming(streamOf(EVENTS)));
    const answered = await call('POST', '/responses', apiKey, { ...ASKED, stream: true });
    expect(typesOf(answered)).toEqual(EVENTS.map(({ type }) => type));
    const end = eventsOf(answered.text).at(-1)?.response as Json;
    expect(end.usage).toEqual({ ...USAGE, cost: COST });
    expect((await keyOf(apiKey)).usage).toBe(COST);
    expect(sent).toMatchObject([{ stream: true, store: false }]);
  });

  it('that is dearer than what is left is gathered from a stream, and cut where the budget ends', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0.002' } });
    const words = Array.from({ length: 2_000 }, (_, index) => `${index} `);
    const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
    const item = { id: 'msg_1', type: 'message', role: 'assistant', status: 'in_progress', content: [] };
    const events = [
      { type: 'response.created', response: { id: 'resp_up', status: 'in_progress', output: [], object: 'response' } },
      { type: 'response.output_item.added', output_index: 0, item },
      { type: 'response.content_part.added', ...at, part: { type: 'output_text', text: '', annotations: [] } },
      ...words.map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
    ];
    const { call, sent } = build(() => streaming(streamOf(events)));
    const answered = await call('POST', '/responses', apiKey, ASKED);
    expect(answered).toMatchObject({
      status: 200,
      json: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, model: 'twin' },
    });
    expect(answered.headers.get('x-purser-cut')).toBe('member_total');
    expect(sent).toMatchObject([{ stream: true }]);
    const [{ content }] = answered.json.output as [{ content: { text: string }[] }];
    const said = (content[0]?.text ?? '').trim().split(' ').length;
    expect(said).toBeGreaterThan(500);
    expect(answered.json.usage).toMatchObject({
      input_tokens: 2,
      output_tokens: said,
      cost: answered.headers.get('x-purser-cost'),
    });
    const { usage, member } = await keyOf(apiKey);
    expect([usage, member.status.held]).toEqual([answered.headers.get('x-purser-cost'), '0']);
    expect(Number(usage)).toBeLessThanOrEqual(0.002);
    // What there is of it can be gone on from.
    expect((await call('GET', `/responses/${answered.json.id}`, apiKey)).json).toMatchObject({ status: 'incomplete' });
  });

  it('as a stream is cut by its own last event', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0.002' } });
    const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
    const long = Array.from({ length: 2_000 }, (_, i) => ({
      type: 'response.output_text.delta',
      ...at,
      delta: `${i} `,
    }));
    const { call } = build(() => streaming(streamOf([...EVENTS.slice(0, 2), ...long])));
    const answered = await call('POST', '/responses', apiKey, { ...ASKED, stream: true });
    const events = eventsOf(answered.text);
    expect(events[0]).toMatchObject({ type: 'response.created' });
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'member_budget_exhausted', metadata: { scope: 'member_total' } } },
    });
    expect(Number((await keyOf(apiKey)).usage)).toBeLessThanOrEqual(0.002);
  });

  it('is given once for each Idempotency-Key, under one id', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const { call, sent } = build((body) => (body.stream ? streaming(streamOf(EVENTS)) : answering('Hello')));
    for (const stream of [false, true]) {
      const headers = { 'idempotency-key': `order-${stream}` };
      const first = await call('POST', '/responses', apiKey, { ...ASKED, stream }, headers);
      const repeat = await call('POST', '/responses', apiKey, { ...ASKED, stream }, headers);
      expect(repeat.text).toBe(first.text);
      expect(repeat.headers.get('x-purser-replayed')).toBe('true');
    }
    expect(sent).toHaveLength(2);
  });
});

describe('a refusal', () => {
  it.each<[string, Json, string]>([
    ['an item by its id', { input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input.0'],
    ['a tool that the provider runs', { ...ASKED, tools: [{ type: 'web_search' }] }, 'tools.0'],
    ['a conversation of the provider', { ...ASKED, conversation: 'conv_1' }, 'conversation'],
    ['no input', {}, 'input'],
    ['a cap that the model has not', { ...ASKED, max_output_tokens: 10_000_000 }, 'max_output_tokens'],
  ])('of %s names the field, and nothing is sent', async (_, body, param) => {
    const { apiKey } = await seedOrganization();
    const { call, sent } = build(() => answering('Hello'));
    const answered = await call('POST', '/responses', apiKey, body);
    expect(answered).toMatchObject({ status: 400, json: { error: { type: 'invalid_request_error', param } } });
    expect(sent).toEqual([]);
  });

  it('of a member that has spent all is a 403, and nothing is sent', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0' } });
    const { call, sent } = build(() => answering('Hello'));
    const answered = await call('POST', '/responses', apiKey, ASKED);
    expect(answered).toMatchObject({ status: 403, json: { error: { code: 'member_budget_exhausted' } } });
    expect(sent).toEqual([]);
  });
});

describe('a provider that fails', () => {
  const dying = (events: readonly Json[]) => {
    let sent = false;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (sent) controller.error(new Error('connection reset'));
          else controller.enqueue(new TextEncoder().encode(streamOf(events)));
          sent = true;
        },
      }),
      { headers: { 'content-type': 'text/event-stream' } },
    );
  };
  const html = () => new Response('<html>Bad gateway</html>', { headers: { 'content-type': 'text/html' } });
  const limited = () =>
    Response.json(
      { error: { message: 'Slow down.', code: 'rate_limit' } },
      { status: 429, headers: { 'retry-after': '7' } },
    );
  const failed = {
    type: 'response.failed',
    response: { id: 'r', output: [], error: { code: 'server_error', message: 'Broke.' } },
  };

  it.each<[string, boolean, () => Response, number, string]>([
    ['answers HTML', false, html, 502, 'upstream_error'],
    ['answers HTML', true, html, 502, 'upstream_error'],
    ['answers garbage', false, () => Response.json(['no']), 502, 'upstream_error'],
    ['streams garbage', true, () => streaming('data: {nonsense\n\n'), 502, 'upstream_error'],
    ['has too much to do', false, limited, 429, 'rate_limit'],
    ['has too much to do', true, limited, 429, 'rate_limit'],
    ['dies before it says anything', true, () => dying([]), 502, 'upstream_error'],
    [
      'fails within a good answer',
      false,
      () => Response.json({ status: 'failed', output: [], error: { message: 'Broke.' } }),
      502,
      'upstream_error',
    ],
    ['fails at once within a stream', true, () => streaming(streamOf([failed])), 502, 'upstream_error'],
    ['ends before it has said anything', true, () => streaming(''), 502, 'upstream_error'],
  ])('before the first byte: it %s (streamed: %s)', async (_, stream, deed, status, code) => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const { call } = build(deed);
    const answered = await call(
      'POST',
      '/responses',
      apiKey,
      { ...ASKED, stream, max_output_tokens: 16 },
      { 'x-no-fallback': '1' },
    );
    const { error } = answered.json as unknown as ErrorBody;
    expect([answered.status, error.code]).toEqual([status, code]);
    if (status === 429) expect(answered.headers.get('retry-after')).toBe('7');
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
  });

  const begun = EVENTS.slice(0, 13);

  it.each<[string, () => Response]>([
    ['dies', () => dying(begun)],
    ['says that it failed', () => streaming(streamOf([...begun, failed]))],
    [
      'reports an error',
      () => streaming(streamOf([...begun, { type: 'error', code: 'x', message: 'Broke.', sequence_number: 13 }])),
    ],
    ['ends without an end', () => streaming(streamOf(begun))],
    ['sends garbage', () => streaming(`${streamOf(begun)}data: <html>\n\n`)],
  ])('in the middle of a stream: it %s; the client is told so, and charged what came', async (_, deed) => {
    const { apiKey, memberId } = await seedOrganization({ budget: { usageLimit: '1' } });
    const { call } = build(deed);
    const answered = await call('POST', '/responses', apiKey, { ...ASKED, stream: true });
    const events = eventsOf(answered.text);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    expect(events[0]).toMatchObject({ type: 'response.created' });
    const { id } = (events[0] as { response: Json }).response;
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { id, status: 'failed', error: { code: 'upstream_error' } },
    });
    // Two words in, and what was seen of the answer, a word a token: '**Looking** it up' and 'Let'.
    const cost = 2 * 1_000 + 4 * 2_000;
    expect(await bookedBy(memberId)).toEqual([{ outcome: 'upstream_error', cost, endpoint: 'responses' }]);
    expect((await call('GET', `/responses/${id}`, apiKey)).status).toBe(404);
  });
});
