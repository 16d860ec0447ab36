/**
 * An upstream in OpenAI's wire formats (Chat Completions, and Responses under /responses) that counts what it really made, and can misbehave: the truth that bills are
 * compared with. One token a word; steered by the `fake` field of the request.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeAsk {
  /** Names the call, to look up afterwards what was made for it. */
  call: string;
  words?: number;
  /** Pause between words. */
  paceMs?: number;
  /** Cuts the connection after so many words. */
  dieAfterWords?: number;
  /** So many bytes more with each word of a chat, where OpenAI itself pads its events (`obfuscation`). */
  padBytes?: number;
}

interface Body {
  stream?: boolean;
  fake?: FakeAsk;
}

export interface FakeOpenAi {
  /** With its /v1, as OPENAI_BASE_URL wants it. */
  baseUrl: string;
  /** Words that the connection took, by call. */
  made: Map<string, number>;
  stop(): Promise<void>;
}

const PROMPT_TOKENS = 10;

export async function startFakeOpenAi(): Promise<FakeOpenAi> {
  const made = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await read(request)) as Body;
    const ask = body.fake ?? { call: 'unnamed' };
    made.set(ask.call, 0);
    const wire = request.url?.endsWith('/responses') ? RESPONSES : CHAT;
    if (body.stream) await stream(wire, ask, response, made);
    else {
      made.set(ask.call, ask.words ?? 5);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(wire.whole(ask.words ?? 5)));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    made,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function stream(wire: Wire, ask: FakeAsk, response: ServerResponse, made: Map<string, number>): Promise<void> {
  const { words = 5, paceMs = 0, dieAfterWords, padBytes = 0, call } = ask;
  let gone = false;
  const closed = once(response, 'close').then(() => {
    gone = true;
  });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(wire.begin);
  for (let i = 0; i < words && !gone; i++) {
    if (i === dieAfterWords) {
      // What was written before gets out first: a destroyed socket drops what is still in its buffer.
      await new Promise((resolve) => setTimeout(resolve, 5));
      return void response.destroy();
    }
    made.set(call, i + 1);
    const hasRoom = response.write(wire.word('x'.repeat(padBytes)));
    if (!hasRoom) await Promise.race([once(response, 'drain'), closed]);
    if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
  }
  if (gone) return;
  response.end(wire.end(words));
}

/** How words are said. */
interface Wire {
  begin: string;
  word(pad: string): string;
  end(words: number): string;
  whole(words: number): object;
}

const data = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
const text = (words: number) => ' word'.repeat(words);

const CHAT: Wire = {
  begin: '',
  word: (pad) =>
    data({
      choices: [{ index: 0, delta: { content: ' word' }, finish_reason: null }],
      ...(pad !== '' && { obfuscation: pad }),
    }),
  end: (words) =>
    data({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) +
    data({ choices: [], usage: chatUsage(words) }) +
    'data: [DONE]\n\n',
  whole: (words) => ({
    choices: [{ message: { content: text(words).trim() }, finish_reason: 'stop' }],
    usage: chatUsage(words),
  }),
};

function chatUsage(words: number): object {
  return { prompt_tokens: PROMPT_TOKENS, completion_tokens: words, total_tokens: PROMPT_TOKENS + words };
}

const ITEM = { id: 'msg_1', type: 'message', role: 'assistant' };
const AT = { item_id: ITEM.id, output_index: 0, content_index: 0 };

const RESPONSES: Wire = {
  begin:
    data({ type: 'response.created', response: response('in_progress', 0) }) +
    data({
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...ITEM, status: 'in_progress', content: [] },
    }) +
    data({ type: 'response.content_part.added', ...AT, part: { type: 'output_text', text: '', annotations: [] } }),
  word: () => data({ type: 'response.output_text.delta', ...AT, delta: ' word' }),
  end: (words) => {
    const done = response('completed', words);
    const [item] = done.output;
    return (
      data({ type: 'response.output_text.done', ...AT, text: text(words) }) +
      data({ type: 'response.output_item.done', output_index: 0, item }) +
      data({ type: 'response.completed', response: done })
    );
  },
  whole: (words) => response('completed', words),
};

function response(status: 'in_progress' | 'completed', words: number): { output: object[] } & Record<string, unknown> {
  const done = status === 'completed';
  const content = [{ type: 'output_text', text: text(words), annotations: [] }];
  const usage = { input_tokens: PROMPT_TOKENS, output_tokens: words, total_tokens: PROMPT_TOKENS + words };
  return {
    id: 'resp_up',
    object: 'response',
    status,
    error: null,
    output: done ? [{ ...ITEM, status, content }] : [],
    usage: done ? usage : null,
  };
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += part;
  return text;
}
