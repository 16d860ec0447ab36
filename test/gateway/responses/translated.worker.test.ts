/** Clients of Responses at providers that speak something else, and the other way round. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/gateway/protocol.ts';
import { keyOf } from '../../support/gateway.ts';
import { seedOrganization } from '../../support/seed.ts';
import { type Answered, build, streaming } from './build.ts';
import { EVENTS, streamOf } from './fixtures.ts';

const TOOL = { type: 'function', name: 'get_weather', parameters: { type: 'object', properties: {} }, strict: true };
const CALL = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } };
const SCHEMA = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false };

function eventsOf({ text }: Answered): Json[] {
  return [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = '']) => JSON.parse(data) as Json);
}

describe('a client of Responses at a provider of Chat Completions', () => {
  const chatUsage = { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 };
  const whole = (message: Json, finish_reason: string) =>
    Response.json({
      id: 'c',
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason }],
      usage: chatUsage,
    });
  const chunk = (delta: Json, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const usageChunk = `data: ${JSON.stringify({ id: 'c', choices: [], usage: chatUsage })}\n\ndata: [DONE]\n\n`;

  it('calls a tool, and goes on with its result', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const { call, sent } = build(
      ({ messages }) =>
        (messages as Json[]).some(({ role }) => role === 'tool')
          ? whole({ role: 'assistant', content: 'It is sunny' }, 'stop')
          : whole({ role: 'assistant', content: null, tool_calls: [CALL] }, 'tool_calls'),
      { speaks: ['chat'] },
    );
    const asked = { input: 'Weather?', instructions: 'Be brief.', tools: [TOOL], max_output_tokens: 50 };
    const first = await call('POST', '/responses', apiKey, asked);
    expect(first).toMatchObject({
      status: 200,
      json: {
        object: 'response',
        status: 'completed',
        model: 'twin',
        store: true,
        instructions: 'Be brief.',
        max_output_tokens: 50,
        tools: [TOOL],
        output: [{ type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' }],
        usage: { input_tokens: 2, output_tokens: 3, total_tokens: 5 },
      },
    });
    const output = { type: 'function_call_output', call_id: 'call_1', output: 'sun' };
    const second = await call('POST', '/responses', apiKey, {
      input: [output],
      previous_response_id: first.json.id as string,
    });
    expect(second.json).toMatchObject({ output: [{ type: 'message', content: [{ text: 'It is sunny' }] }] });
    expect(sent[1]?.messages).toMatchObject([
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', tool_calls: [CALL] },
      { role: 'tool', tool_call_id: 'call_1', content: 'sun' },
    ]);
    // Twice two words in and three out.
    expect((await keyOf(apiKey)).usage).toBe('0.000016');
    expect((await call('GET', `/responses/${second.json.id}`, apiKey)).json).toEqual(second.json);
  });

  it('asks for a schema, an effort and a verbosity', async () => {
    const { apiKey } = await seedOrganization();
    const { call, sent } = build(() => whole({ role: 'assistant', content: '{"a":1}' }, 'stop'), { speaks: ['chat'] });
    const format = { type: 'json_schema', name: 'answer', schema: SCHEMA, strict: true };
    const text = { format, verbosity: 'low' };
    const answered = await call('POST', '/responses', apiKey, { input: 'Count', text, reasoning: { effort: 'high' } });
    expect(answered).toMatchObject({ status: 200, json: { text, output: [{ content: [{ text: '{"a":1}' }] }] } });
    expect(sent).toMatchObject([
      {
        response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: SCHEMA, strict: true } },
        reasoning_effort: 'high',
        verbosity: 'low',
      },
    ]);
  });

  it('gets a stream as OpenAI would write it, and keeps what was said', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const body = chunk({ role: 'assistant', content: '' }) + chunk({ content: 'It is' }) + chunk({ content: ' sunny' });
    const { call } = build(() => streaming(body + chunk({}, 'stop') + usageChunk), { speaks: ['chat'] });
    const answered = await call('POST', '/responses', apiKey, { input: 'Weather?', stream: true });
    const events = eventsOf(answered);
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    const { response } = events.at(-1) as { response: Json };
    expect(response).toMatchObject({
      status: 'completed',
      usage: { input_tokens: 2, output_tokens: 3, cost: '0.000008' },
    });
    const kept = await call('GET', `/responses/${response.id}`, apiKey);
    expect(kept.json).toEqual(response);
  });

  it('is told of a provider that breaks off as of any that failed', async () => {
    const { apiKey } = await seedOrganization();
    const { call } = build(() => streaming(chunk({ role: 'assistant', content: 'It is' })), { speaks: ['chat'] });
    const answered = await call('POST', '/responses', apiKey, { input: 'Weather?', stream: true });
    const events = eventsOf(answered);
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'upstream_error' } },
    });
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
  });

  it.each<[string, Json]>([
    ['tools.0', { tools: [{ type: 'custom', name: 'patch' }] }],
    ['truncation', { truncation: 'auto' }],
  ])('is refused %s, which only Responses have', async (param, but) => {
    const { apiKey } = await seedOrganization();
    const { call, sent } = build(() => whole({}, 'stop'), { speaks: ['chat'] });
    const refused = await call('POST', '/responses', apiKey, { input: 'Weather?', ...but });
    expect(refused).toMatchObject({ status: 400, json: { error: { param } } });
    expect(sent).toEqual([]);
  });
});

describe('a client of another protocol at a provider of Responses', () => {
  it('of Chat Completions gets text and tool calls, whole and streamed', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const end = EVENTS.at(-1) as { response: Json };
    const { call, sent } = build(({ stream }) => (stream ? streaming(streamOf(EVENTS)) : Response.json(end.response)), {
      reasons: true,
    });
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Weather?' },
    ];
    const chat = await call('POST', '/chat/completions', apiKey, { messages, reasoning_effort: 'low', max_tokens: 64 });
    expect(chat).toMatchObject({
      status: 200,
      json: {
        choices: [
          {
            message: { content: 'Let me see.', tool_calls: [{ id: 'call_MyQ7', function: { name: 'get_weather' } }] },
            finish_reason: 'tool_calls',
          },
        ],
        usage: { prompt_tokens: 2_048, completion_tokens: 90 },
      },
    });
    expect(sent[0]).toMatchObject({
      store: false,
      instructions: 'Be brief.',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Weather?' }] }],
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'low' },
      max_output_tokens: 64,
    });
    const streamed = await call('POST', '/chat/completions', apiKey, { messages, stream: true });
    const said = eventsOf(streamed).map(
      ({ choices }) => (choices as { delta: { content?: string } }[])[0]?.delta.content ?? '',
    );
    expect(said.join('')).toBe('Let me see.');
    expect(streamed.text).toContain('"finish_reason":"tool_calls"');
  });

  it('of Chat Completions is refused in its own words what Responses lack', async () => {
    const { apiKey } = await seedOrganization();
    const { call, sent } = build(() => streaming(''));
    const messages = [{ role: 'user', content: 'Weather?' }];
    const refused = await call('POST', '/chat/completions', apiKey, { messages, n: 2 });
    expect(refused).toMatchObject({
      status: 400,
      json: { error: { param: 'n', message: expect.stringContaining('Responses') } },
    });
    expect(sent).toEqual([]);
  });

  it('of Messages gets thinking that it can send back', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const end = EVENTS.at(-1) as { response: Json };
    const { call, sent } = build(() => Response.json(end.response), { reasons: true });
    const asked = { max_tokens: 64, messages: [{ role: 'user', content: 'Weather?' }] };
    const first = await call('POST', '/messages', apiKey, asked);
    expect(first.json).toMatchObject({
      content: [{ type: 'thinking' }, { type: 'text' }, { type: 'tool_use', id: 'call_MyQ7' }],
    });
    const result = { type: 'tool_result', tool_use_id: 'call_MyQ7', content: 'sun' };
    const messages = [
      ...asked.messages,
      { role: 'assistant', content: first.json.content },
      { role: 'user', content: [result] },
    ];
    await call('POST', '/messages', apiKey, { ...asked, messages });
    expect(sent[1]?.input).toMatchObject([
      { role: 'user' },
      { type: 'reasoning', encrypted_content: 'gAAAAABo-sealed-at-the-end' },
      { role: 'assistant' },
      { type: 'function_call', call_id: 'call_MyQ7' },
      { type: 'function_call_output', call_id: 'call_MyQ7', output: 'sun' },
    ]);
  });
});
