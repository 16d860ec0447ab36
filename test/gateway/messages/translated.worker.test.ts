/** A client of one protocol and a provider of another, through the whole Worker: Messages on either side. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../src/app.ts';
import type { Json } from '../../../src/gateway/protocol.ts';
import { openai } from '../../../src/gateway/providers/openai.ts';
import { CATALOGUE_MAPPINGS } from '../../../src/models/catalogue.ts';
import { eventsIn as chunksIn } from '../../support/gateway.ts';
import { costOf, eventsIn, spentOf, start, textIn } from '../../support/messages.ts';
import { seedOrganization } from '../../support/seed.ts';

// What fails here is meant to, and logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

describe('a client of chat, served by Anthropic', () => {
  const TOOLS = [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }];
  const CHAT = { path: '/chat/completions' };

  it('gets its own answer whole, and pays what Anthropic counted', async () => {
    const world = await start();
    world.upstream.ask = { words: 3, calls: true };
    const { response, json } = await world.ask({
      ...CHAT,
      body: {
        tools: TOOLS,
        tool_choice: 'auto',
        stop: ['END'],
        user: 'u_1',
        messages: [
          { role: 'system', content: 'be brief' },
          { role: 'user', content: 'look' },
        ],
      },
    });
    expect(response.status).toBe(200);
    expect(json).toMatchObject({
      object: 'chat.completion',
      model: 'claude-plain',
      choices: [
        {
          message: {
            content: 'word word word',
            tool_calls: [
              { id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":"the chart"}' } },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
      usage: { prompt_tokens: 1_310, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 1_000 } },
    });
    expect(world.upstream.calls[0]?.body).toMatchObject({
      model: 'claude-plain-20260101',
      max_tokens: 50,
      system: [{ type: 'text', text: 'be brief' }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'look' }] }],
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
      tool_choice: { type: 'auto' },
      stop_sequences: ['END'],
      metadata: { user_id: 'u_1' },
    });
    expect(Number(response.headers.get('x-purser-cost'))).toBe(costOf(3));
    expect(await spentOf(world)).toEqual({ usage: costOf(3), held: '0' });
  });

  it('gets its own stream, with what it cost', async () => {
    const world = await start();
    const { text } = await world.ask({ ...CHAT, body: { stream: true, stream_options: { include_usage: true } } });
    const chunks = chunksIn(text) as { choices: { delta: { content?: string } }[]; usage?: Json }[];
    expect(chunks.map(({ choices }) => choices?.[0]?.delta.content ?? '').join('')).toBe('word word word word word');
    expect(chunks.at(-1)).toBe('[DONE]');
    expect(Number(chunks.at(-2)?.usage?.cost)).toBe(costOf(5));
  });

  it('is told in its own words what Anthropic cannot do, and of what went wrong there', async () => {
    const world = await start();
    const lacking = await world.ask({ ...CHAT, body: { seed: 7 } });
    expect([lacking.response.status, lacking.json]).toMatchObject([
      400,
      { error: { type: 'invalid_request_error', param: 'seed' } },
    ]);
    expect(world.upstream.calls).toEqual([]);
    world.upstream.ask = { words: 9, misdeed: 'error midway' };
    const { text } = await world.ask({ ...CHAT, body: { stream: true } });
    expect(chunksIn(text).slice(-2)).toMatchObject([{ error: { code: 'upstream_error' } }, '[DONE]']);
    expect(await spentOf(world)).toEqual({ usage: costOf(2), held: '0' });
  });
});

describe('a client of Messages, served by OpenAI', () => {
  const app = createApp({ mappings: CATALOGUE_MAPPINGS, providers: [openai], routers: [] });

  const USAGE = { prompt_tokens: 100, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 40 } };
  const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"the chart"}' } };
  const WHOLE = {
    id: 'chatcmpl-1',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'All is well.', tool_calls: [call] },
        finish_reason: 'tool_calls',
      },
    ],
    usage: USAGE,
  };
  const chunk = (delta: Json, finish: string | null = null) => ({
    id: 'chatcmpl-1',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const STREAM = [
    chunk({ role: 'assistant', content: 'All is' }),
    chunk({ content: ' well.' }),
    chunk({ tool_calls: [{ index: 0, ...call, function: { name: 'look', arguments: '' } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '{"at":"the' } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: ' chart"}' } }] }),
    chunk({}, 'tool_calls'),
    { id: 'chatcmpl-1', choices: [], usage: USAGE },
  ];

  const RESPONSE = {
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    output: [
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'A cat.', annotations: [] }] },
    ],
    usage: { input_tokens: 100, input_tokens_details: { cached_tokens: 40 }, output_tokens: 7 },
  };

  async function ask(body: Json) {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const sent: Json[] = [];
    const upstream = async (url: string, init: RequestInit) => {
      const asked = JSON.parse(String(init.body)) as Json;
      sent.push(asked);
      if (String(url).endsWith('/responses')) return Response.json(RESPONSE);
      if (asked.stream !== true) return Response.json(WHOLE);
      const text = [...STREAM.map((each) => JSON.stringify(each)), '[DONE]']
        .map((data) => `data: ${data}\n\n`)
        .join('');
      return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
    };
    const bindings = {
      ...env,
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: 'https://upstream.example/v1',
      EGRESS: { fetch: upstream },
    };
    const ctx = createExecutionContext();
    const request = new Request('http://purser.test/v1/messages?beta=true', {
      method: 'POST',
      headers: {
        'x-api-key': seeded.apiKey,
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'claude-code-20250219',
      },
      body: JSON.stringify({
        model: 'gpt-4o-mini',
        max_tokens: 100,
        messages: [{ role: 'user', content: 'look' }],
        ...body,
      }),
    });
    const response = await app.fetch(request, bindings as unknown as Env, ctx);
    const text = await response.text();
    await waitOnExecutionContext(ctx);
    return { ...seeded, response, text, sent };
  }

  /** 60 x $0.15, 40 x $0.075 and 7 x $0.60 per million. */
  const COST = (60 * 150 + 40 * 75 + 7 * 600) / 1e9;

  it('gets its own answer, whole and streamed, and pays what OpenAI counted', async () => {
    const tools = [
      { name: 'look', description: 'looks', input_schema: { type: 'object', properties: { at: { type: 'string' } } } },
    ];
    const whole = await ask({ tools, system: 'be brief', tool_choice: { type: 'any' } });
    expect(JSON.parse(whole.text)).toMatchObject({
      type: 'message',
      model: 'gpt-4o-mini',
      content: [
        { type: 'text', text: 'All is well.' },
        { type: 'tool_use', id: 'call_1', name: 'look', input: { at: 'the chart' } },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 60, cache_read_input_tokens: 40, output_tokens: 7 },
    });
    expect(whole.sent[0]).toMatchObject({
      model: 'gpt-4o-mini',
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'look' },
      ],
      tools: [{ type: 'function', function: { name: 'look', description: 'looks' } }],
      tool_choice: 'required',
    });
    expect(await spentOf(whole)).toEqual({ usage: COST, held: '0' });

    const streamed = await ask({ tools, stream: true });
    expect(textIn(streamed.text)).toBe('All is well.');
    const events = eventsIn(streamed.text);
    expect(events.map(({ name }) => name).filter((name) => name !== 'content_block_delta')).toEqual([
      'message_start',
      'content_block_start',
      'content_block_stop',
      'content_block_start',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(events.at(-2)?.json).toMatchObject({ delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 7 } });
    expect(Number((events.at(-2)?.json.usage as Json | undefined)?.cost)).toBe(COST);
    expect(await spentOf(streamed)).toEqual({ usage: COST, held: '0' });
  });

  const PICTURE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } };
  const READ = [
    { role: 'user', content: 'look' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'Read', input: { file_path: 'a.png' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: [PICTURE] }] },
  ];

  it('has its tools show pictures, in the one of the two protocols of OpenAI that has a place for them', async () => {
    const { response, text, sent, ...seeded } = await ask({ messages: READ });
    expect([response.status, JSON.parse(text)]).toMatchObject([200, { content: [{ type: 'text', text: 'A cat.' }] }]);
    const image_url = 'data:image/png;base64,iVBORw0KGgo=';
    expect((sent[0]?.input as Json[] | undefined)?.at(-1)).toEqual({
      type: 'function_call_output',
      call_id: 'call_1',
      output: [{ type: 'input_image', image_url }],
    });
    expect(await spentOf(seeded)).toEqual({ usage: COST, held: '0' });
  });

  it('is told what the first of them lacks where neither can carry it', async () => {
    const { response, text, sent } = await ask({ messages: READ, stop_sequences: ['END'] });
    expect([response.status, JSON.parse(text)]).toMatchObject([400, { error: { param: 'tool_result' } }]);
    expect(sent).toEqual([]);
  });

  it('is told by its own field what OpenAI cannot do', async () => {
    const { response, text, sent } = await ask({ top_k: 5 });
    expect([response.status, JSON.parse(text)]).toMatchObject([400, { type: 'error', error: { param: 'top_k' } }]);
    expect(sent).toEqual([]);
  });
});
