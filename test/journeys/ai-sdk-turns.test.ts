/**
 * The AI SDK's `openai('...')` as it comes: it speaks Responses, and names what a model said in earlier turns by ids alone. Against an
 * upstream that thinks, speaks and calls a tool in the true wire format, and that keeps nothing.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, generateText, isStepCount, type ModelMessage, streamText, tool } from 'ai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Json } from '../../src/gateway/protocol.ts';
import { EVENTS, streamOf } from '../gateway/responses/fixtures.ts';
import { startEmpty } from '../support/purser.ts';

const CALLING = EVENTS.at(-1)?.response as Json;
const [REASONING, MESSAGE, CALL] = CALLING.output as [Json, Json, Json];
const SAID = { ...MESSAGE, id: 'msg_77', content: [{ type: 'output_text', annotations: [], text: 'It is sunny.' }] };

/** What OpenAI says to whoever names, or sends, what it would have to have kept. */
function complaintOf({ input }: Json): string | null {
  for (const item of input as Json[]) {
    if (item.type === 'item_reference') return `Item with id '${item.id}' not found.`;
    const isForeign = item.type === 'reasoning' && item.id !== REASONING.id;
    if (isForeign) return 'Encrypted content item_id did not match the target item id.';
  }
  return null;
}

const sent: Json[] = [];

async function startUpstream(): Promise<Server> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const body = JSON.parse(text) as Json;
    sent.push(body);
    const complaint = complaintOf(body);
    const last = (body.input as Json[]).at(-1);
    const calls = last?.type !== 'function_call_output' && JSON.stringify(last).includes('Weather');
    const whole = calls ? CALLING : { ...CALLING, output: [SAID] };
    const events = calls ? EVENTS : saying(whole);
    response.statusCode = complaint === null ? 200 : 404;
    response.setHeader('content-type', body.stream && complaint === null ? 'text/event-stream' : 'application/json');
    if (complaint !== null) response.end(JSON.stringify({ error: { message: complaint } }));
    else response.end(body.stream ? streamOf(events) : JSON.stringify(whole));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function saying(response: Json): Json[] {
  const at = { item_id: SAID.id, output_index: 0, content_index: 0 };
  return [
    { type: 'response.created', response: { ...response, output: [], status: 'in_progress' } },
    { type: 'response.output_item.added', output_index: 0, item: { ...SAID, content: [] } },
    { type: 'response.output_text.delta', ...at, delta: 'It is sunny.' },
    { type: 'response.output_item.done', output_index: 0, item: SAID },
    { type: 'response.completed', response },
  ];
}

const tools = {
  get_weather: tool({ inputSchema: z.object({ city: z.string() }), execute: ({ city }) => `sun in ${city}` }),
};

describe("the AI SDK's openai('...')", () => {
  let upstream: Server;
  let purser: Awaited<ReturnType<typeof startEmpty>>;

  beforeAll(async () => {
    upstream = await startUpstream();
    const { port } = upstream.address() as AddressInfo;
    purser = await startEmpty({ OPENAI_API_KEY: 'sk-up', OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` });
  });

  afterEach(() => {
    sent.length = 0;
  });

  afterAll(async () => {
    await purser?.stop();
    upstream?.close();
  });

  async function modelOf() {
    const { apiKey } = await purser.seed({ budget: { usageLimit: '100' } });
    return createOpenAI({ baseURL: `${purser.server.url}/v1`, apiKey })('gpt-5.5');
  }

  type Asked = { messages: ModelMessage[]; maxRetries: number; model: ReturnType<ReturnType<typeof createOpenAI>> };

  /** A turn, and what it adds to the messages. */
  async function turn(how: 'whole' | 'streamed', asked: Asked) {
    const all = { ...asked, tools, stopWhen: isStepCount(3) };
    const said = how === 'whole' ? await generateText(all) : streamText({ ...all, onError: () => undefined });
    return { text: await said.text, messages: [...asked.messages, ...(await said.responseMessages)] };
  }

  it.each(['whole', 'streamed'] as const)('goes on after a tool, and into the next turn (%s)', async (how) => {
    const model = await modelOf();
    const asked: ModelMessage[] = [{ role: 'user', content: 'Weather in Paris?' }];
    const first = await turn(how, { model, messages: asked, maxRetries: 0 });
    expect(first.text).toBe('It is sunny.');
    const messages: ModelMessage[] = [...first.messages, { role: 'user', content: 'Thanks' }];
    expect((await turn(how, { model, messages, maxRetries: 0 })).text).toBe('It is sunny.');

    expect(sent.map(({ store }) => store)).toEqual([false, false, false]);
    const { id: _, status: __, ...called } = CALL;
    const result = { type: 'function_call_output', call_id: CALL.call_id, output: 'sun in Paris' };
    const user = (text: string) => ({ role: 'user', content: [{ type: 'input_text', text }] });
    const second = [user('Weather in Paris?'), REASONING, MESSAGE, called, result];
    expect(sent[1]?.input).toEqual(second);
    // What was said without a thought before it the SDK sends as text.
    const said = { role: 'assistant', content: 'It is sunny.' };
    expect(sent[2]?.input).toEqual([...second, said, user('Thanks')]);
  });

  it('is told which item nobody keeps, where the answer was made with store: false and it is not told so again', async () => {
    const model = await modelOf();
    const messages: ModelMessage[] = [{ role: 'user', content: 'Weather in Paris?' }];
    const unstored = { openai: { store: false } };
    const first = await generateText({ model, tools, messages, providerOptions: unstored, stopWhen: isStepCount(1) });
    const next = { model, tools, messages: [...messages, ...first.responseMessages], maxRetries: 0 };
    const refusal: unknown = await generateText(next).catch((error: unknown) => error);
    if (!APICallError.isInstance(refusal)) throw refusal;
    expect([refusal.statusCode, refusal.message]).toEqual([
      400,
      expect.stringContaining(
        `Item "${REASONING.id}" is not stored here, as those of an answer made with store: false`,
      ),
    ]);
    expect((await generateText({ ...next, providerOptions: unstored })).text).toBe('It is sunny.');
  });
});
