/**
 * An upstream in Anthropic's wire format that counts what it really made, and can misbehave: the truth that bills are compared
 * with. One token a word; steered by the `fake` field of the request. It is a fetch, so that it runs in workerd (as EGRESS) and
 * behind a server in Node alike.
 */
import type { Json } from '../../src/gateway/protocol.ts';

/** What it does instead of answering well; a number: refuses with that status. */
export type Misdeed =
  | number
  | 'html'
  | 'garbage'
  | 'garbage midway'
  | 'error first'
  | 'error midway'
  | 'error in 200'
  | 'dies midway'
  | 'ends early'
  | 'unreachable';

export interface FakeAsk {
  words?: number;
  /** Tokens of thinking, of which a summary of two words is shown. */
  thinking?: number;
  /** Whether it ends with a call of the tool `look`. */
  calls?: boolean;
  /** Pause between words. */
  paceMs?: number;
  misdeed?: Misdeed;
}

export interface FakeCall {
  path: string;
  headers: Record<string, string>;
  body: Json;
}

/** Read, written to the cache for five minutes and an hour, and neither. */
const FAKE_INPUT = {
  input_tokens: 10,
  cache_read_input_tokens: 1_000,
  cache_creation_input_tokens: 300,
  cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
};

/** What it counts, whatever it is asked to count. */
export const FAKE_COUNT = 1_310;

const MIDWAY = 2;

const encoder = new TextEncoder();

export class FakeAnthropic {
  readonly calls: FakeCall[] = [];
  /** Words written by all calls. */
  made = 0;
  /** Of requests that do not say it: what is translated has no field that nobody knows. */
  ask: FakeAsk = {};

  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const { pathname } = new URL(String(input));
    const body = JSON.parse(String(init.body)) as Json;
    this.calls.push({ path: pathname, headers: Object.fromEntries(new Headers(init.headers)), body });
    const ask = (body.fake ?? this.ask) as FakeAsk;
    const { misdeed } = ask;
    if (misdeed === 'unreachable') throw new TypeError('connection refused');
    if (typeof misdeed === 'number') return refused(misdeed);
    if (misdeed === 'html') return new Response('<html>busy</html>', { headers: { 'content-type': 'text/html' } });
    if (pathname.endsWith('/count_tokens')) return Response.json({ input_tokens: FAKE_COUNT });
    return body.stream === true ? this.#stream(ask, body) : this.#whole(ask, body);
  };

  #whole(ask: FakeAsk, body: Json): Response {
    const { misdeed } = ask;
    if (misdeed === 'garbage') return new Response('{{{', { headers: { 'content-type': 'application/json' } });
    if (misdeed === 'error in 200') return Response.json(errorOf('api_error', 'Internal server error'));
    const { words, cut } = plan(ask, body);
    this.made += words;
    const content = [
      ...(ask.thinking ? [{ type: 'thinking', thinking: 'Let me', signature: 'EqQBCgIY' }] : []),
      { type: 'text', text: Array.from({ length: words }, () => 'word').join(' ') },
      ...(ask.calls ? [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'the chart' } }] : []),
    ];
    const usage = { ...FAKE_INPUT, ...outputOf(ask, words), service_tier: 'standard' };
    return Response.json({ ...MESSAGE, content, ...endOf(ask, cut), usage });
  }

  #stream(ask: FakeAsk, body: Json): Response {
    const events = this.#events(ask, body);
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await events.next();
          if (done) controller.close();
          else controller.enqueue(encoder.encode(value));
        },
        async cancel() {
          await events.return(undefined);
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(stream, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
  }

  async *#events(ask: FakeAsk, body: Json): AsyncGenerator<string, void, undefined> {
    const { misdeed, paceMs = 0 } = ask;
    if (misdeed === 'garbage') yield 'data: {{{\n\n';
    if (misdeed === 'error first') yield event(errorOf('overloaded_error', 'Overloaded'));
    const { words, cut } = plan(ask, body);
    yield event({ type: 'message_start', message: { ...MESSAGE, usage: { ...FAKE_INPUT, output_tokens: 1 } } });
    yield event({ type: 'ping' });
    let index = 0;
    if (ask.thinking) {
      yield start(index, { type: 'thinking', thinking: '', signature: '' });
      for (const thinking of ['Let', ' me']) yield delta(index, { type: 'thinking_delta', thinking });
      yield delta(index, { type: 'signature_delta', signature: 'EqQBCgIY' });
      yield event({ type: 'content_block_stop', index: index++ });
    }
    yield start(index, { type: 'text', text: '' });
    for (let i = 0; i < words; i++) {
      if (i === MIDWAY) {
        if (misdeed === 'dies midway') throw new Error('connection reset');
        if (misdeed === 'ends early') return;
        if (misdeed === 'garbage midway') yield 'data: {{{\n\n';
        if (misdeed === 'error midway') yield event(errorOf('overloaded_error', 'Overloaded'));
      }
      if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
      this.made += 1;
      yield delta(index, { type: 'text_delta', text: i === 0 ? 'word' : ' word' });
    }
    yield event({ type: 'content_block_stop', index: index++ });
    if (ask.calls) {
      yield start(index, { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} });
      for (const partial_json of ['', '{"at": "the', ' chart"}']) {
        yield delta(index, { type: 'input_json_delta', partial_json });
      }
      yield event({ type: 'content_block_stop', index });
    }
    const { cache_creation: _, ...input } = FAKE_INPUT;
    yield event({ type: 'message_delta', delta: endOf(ask, cut), usage: { ...input, ...outputOf(ask, words) } });
    yield event({ type: 'message_stop' });
  }
}

const MESSAGE = {
  id: 'msg_fake',
  type: 'message',
  role: 'assistant',
  model: 'claude-fake-20260101',
  content: [],
  stop_reason: null,
  stop_sequence: null,
};

/** Within its cap, as honest providers do; what was thought counts towards it. */
function plan({ words = 5, thinking = 0 }: FakeAsk, { max_tokens: cap }: Json): { words: number; cut: boolean } {
  const within = Math.max(0, Math.min(words, Number(cap) - thinking));
  return { words: within, cut: within < words };
}

function endOf({ calls }: FakeAsk, cut: boolean): Json {
  return { stop_reason: cut ? 'max_tokens' : calls ? 'tool_use' : 'end_turn', stop_sequence: null };
}

function outputOf({ thinking = 0 }: FakeAsk, words: number): Json {
  return { output_tokens: words + thinking, output_tokens_details: { thinking_tokens: thinking } };
}

const REFUSALS: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function refused(status: number): Response {
  const headers = status === 429 ? { 'retry-after': '7' } : {};
  const body = errorOf(REFUSALS[status] ?? 'api_error', `The fake refuses with ${status}.`);
  return Response.json(body, { status, headers });
}

function errorOf(type: string, message: string): Json {
  return { type: 'error', error: { type, message }, request_id: 'req_fake' };
}

function event(json: Json): string {
  return `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;
}

function start(index: number, content_block: Json): string {
  return event({ type: 'content_block_start', index, content_block });
}

function delta(index: number, part: Json): string {
  return event({ type: 'content_block_delta', index, delta: part });
}
