/**
 * What every provider that speaks OpenAI's chat protocol must do: chat, stream, tools, usage with cache, four faults, all through
 * the real Worker, with the upstream played by the test. Written once; a provider says where it is called, how it dresses what it
 * sends, and what it costs by hand.
 */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import worker from '../../../src/local/worker.ts';
import { eventsIn, HELLO, json, keyOf, ORIGIN, until, wordsIn } from '../../support/gateway.ts';
import { seedOrganization } from '../../support/seed.ts';

type Json = Record<string, unknown>;

export interface Contract {
  name: string;
  /** The deployment's secrets. */
  secrets: Partial<Env>;
  /** The pinned name, and what the provider calls it. */
  model: string;
  upstreamModel: string;
  url: string;
  /** The header that shows the key. */
  key: readonly [name: string, value: string];
  /** USD of 1,000 tokens of input, of which 400 from the cache, and 50 of output; with how it comes about beside it. */
  cost: string;
  /** The same where nothing counts it: six tokens asked, one seen. */
  seen: string;
  /** What the provider adds to each event of a stream or to an answer. */
  dress?: (json: Json) => Json;
  /** What it sends before and between the events of a stream. */
  before?: string;
  /** What of the request it is sent under another name. */
  renamed?: (sent: Json) => void;
}

const USAGE = {
  prompt_tokens: 1_000,
  completion_tokens: 50,
  total_tokens: 1_050,
  prompt_tokens_details: { cached_tokens: 400 },
};

const TOOLS = [{ type: 'function', function: { name: 'add', parameters: { type: 'object', properties: {} } } }];

interface Sent {
  url: string;
  headers: Headers;
  body: Json;
}

export function contractOf(contract: Contract): void {
  const { model, upstreamModel, secrets, dress = (json) => json, before = '' } = contract;

  /** The Worker with an upstream that answers by this list of answers, then by the last. */
  async function asked(body: Json, ...answers: (() => Response)[]) {
    const seeded = await seedOrganization({ budget: { usageLimit: '100' } });
    const sent: Sent[] = [];
    const fetch = async (url: string, init: RequestInit) => {
      sent.push({ url, headers: new Headers(init.headers), body: JSON.parse(String(init.body)) as Json });
      return answers[Math.min(sent.length, answers.length) - 1]?.() ?? new Response(null, { status: 500 });
    };
    const environment = { ...env, ...secrets, EGRESS: { fetch } as unknown as Fetcher } as Env;
    const request = new Request(`${ORIGIN}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${seeded.apiKey}`, 'x-title': 'Contract' },
      body: JSON.stringify({ model, messages: HELLO, ...body }),
    });
    const ctx = createExecutionContext();
    const response = await worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, environment, ctx);
    const text = await response.text();
    await waitOnExecutionContext(ctx);
    // Settled once the request has left nothing held.
    const { usage } = await until(async () => {
      const key = await keyOf(seeded.apiKey);
      return key.member.status.held === '0' ? key : null;
    }, 'the settlement');
    return { response, text, sent, usage };
  }

  const whole = (message: Json) => () =>
    Response.json(
      dress({
        id: 'c-1',
        object: 'chat.completion',
        model: upstreamModel,
        choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop' }],
        usage: USAGE,
      }),
    );
  const chunk = (delta: Json, finish_reason: string | null = null): Json =>
    dress({ id: 'c-1', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] });
  const line = (frame: Json) => `${before}data: ${JSON.stringify(frame)}\n\n`;
  const stream =
    (frames: Json[], end: 'done' | 'dies' = 'done') =>
    () => {
      const encoder = new TextEncoder();
      const events = [...frames.map(line), ...(end === 'done' ? ['data: [DONE]\n\n'] : [])];
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const next = events.shift();
          if (next !== undefined) controller.enqueue(encoder.encode(next));
          else if (end === 'done') controller.close();
          else controller.error(new Error('connection reset'));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
  const counted = dress({ id: 'c-1', object: 'chat.completion.chunk', choices: [], usage: USAGE });

  describe(contract.name, () => {
    it('chats: called where it is, with its key and its name of the model; the answer passes as it came, at its cost', async () => {
      const { response, text, sent, usage } = await asked(
        { max_completion_tokens: 500, seed: 7 },
        whole({ content: 'Hello.' }),
      );
      expect(response.status).toBe(200);
      expect(JSON.parse(text)).toEqual(await json(whole({ content: 'Hello.' })()));
      expect(sent).toHaveLength(1);
      const [first] = sent;
      expect(first?.url).toBe(contract.url);
      expect(first?.headers.get(contract.key[0])).toBe(contract.key[1]);
      expect(first?.body).toMatchObject({ model: upstreamModel, messages: HELLO });
      if (contract.renamed) contract.renamed(first?.body ?? {});
      else expect(first?.body).toMatchObject({ max_completion_tokens: 500, seed: 7 });
      // 1,000 in, of which 400 are cached, and 50 out.
      expect(response.headers.get('x-purser-cost')).toBe(contract.cost);
      expect(usage).toBe(contract.cost);
    });

    it('streams: what comes passes, and the last usage tells the cost', async () => {
      const frames = [
        chunk({ role: 'assistant', content: '' }),
        chunk({ content: 'Hello' }),
        chunk({ content: ' there' }),
        chunk({}, 'stop'),
      ];
      const { response, text, sent, usage } = await asked(
        { stream: true, stream_options: { include_usage: true } },
        stream([...frames, counted]),
      );
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      expect(sent[0]?.body.stream).toBe(true);
      expect(wordsIn(text)).toEqual(['Hello', 'there']);
      const events = eventsIn(text) as { usage?: Json }[];
      expect(events.at(-1)).toBe('[DONE]');
      expect(events.slice(0, frames.length)).toEqual(frames);
      expect(events.at(-2)?.usage).toMatchObject({ ...USAGE, cost: contract.cost });
      expect(usage).toBe(contract.cost);
    });

    it('calls tools: they go as they were given, and the calls come as they are made', async () => {
      const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a"' } };
      const frames = [
        chunk({ role: 'assistant', tool_calls: [call] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
        chunk({}, 'tool_calls'),
      ];
      const body = { stream: true, tools: TOOLS, tool_choice: 'auto', parallel_tool_calls: false };
      const { text, sent } = await asked(body, stream([...frames, counted]));
      expect(sent[0]?.body).toMatchObject({ tools: TOOLS, tool_choice: 'auto', parallel_tool_calls: false });
      expect(eventsIn(text).slice(0, frames.length)).toEqual(frames);
    });

    it('too many requests: its 429 and Retry-After pass, and nothing is charged', async () => {
      const busy = () =>
        Response.json({ error: { message: 'slow down' } }, { status: 429, headers: { 'retry-after': '7' } });
      const { response, usage } = await asked({}, busy);
      expect([response.status, response.headers.get('retry-after'), usage]).toEqual([429, '7', '0']);
    });

    it('an HTML page, with any status, is no answer and costs nothing', async () => {
      for (const status of [200, 503]) {
        const page = () => new Response('<html>busy</html>', { status, headers: { 'content-type': 'text/html' } });
        for (const streamed of [false, true]) {
          const { response, usage } = await asked({ stream: streamed }, page);
          expect([status, response.status, usage]).toEqual([status, 502, '0']);
        }
      }
    });

    it('death in the middle: the client sees the error, and what was seen is charged', async () => {
      const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      const { text, usage } = await asked({ stream: true }, stream([chunk({ content: 'Hello' })], 'dies'));
      warned.mockRestore();
      expect(eventsIn(text).at(-1)).toBe('[DONE]');
      expect(eventsIn(text).at(-2)).toMatchObject({ error: { code: 'upstream_error' } });
      expect(usage).toBe(contract.seen);
    });

    it("an error inside a stream is the client's to see, and ends it", async () => {
      const error = { error: { message: 'overloaded', code: 502 } };
      const { text } = await asked({ stream: true }, stream([chunk({ content: 'Hello' }), error]));
      expect(eventsIn(text).at(-2)).toMatchObject({ error: { message: 'overloaded' } });
    });
  });
}
