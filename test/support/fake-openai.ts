/**
 * An upstream in OpenAI's wire format that counts what it really made, and can misbehave: the truth that bills are
 * compared with. One token a word; steered by the `fake` field of the request.
 */
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
}

interface Body {
  stream?: boolean;
  fake?: FakeAsk;
}

export interface FakeOpenAi {
  /** With its /v1, as OPENAI_BASE_URL wants it. */
  baseUrl: string;
  /** Words written to the connection, by call. */
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
    if (body.stream) await stream(ask, response, made);
    else {
      made.set(ask.call, ask.words ?? 5);
      response.setHeader('content-type', 'application/json');
      const content = Array.from({ length: ask.words ?? 5 }, () => 'word').join(' ');
      response.end(
        JSON.stringify({ choices: [{ message: { content }, finish_reason: 'stop' }], usage: usage(ask.words ?? 5) }),
      );
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

async function stream(ask: FakeAsk, response: ServerResponse, made: Map<string, number>): Promise<void> {
  const { words = 5, paceMs = 0, dieAfterWords, call } = ask;
  let gone = false;
  response.once('close', () => {
    gone = true;
  });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  for (let i = 0; i < words && !gone; i++) {
    if (i === dieAfterWords) {
      // What was written before gets out first: a destroyed socket drops what is still in its buffer.
      await new Promise((resolve) => setTimeout(resolve, 5));
      return void response.destroy();
    }
    made.set(call, i + 1);
    response.write(event({ content: ' word' }, null));
    if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
  }
  if (gone) return;
  response.write(event({}, 'stop'));
  response.write(`data: ${JSON.stringify({ choices: [], usage: usage(words) })}\n\n`);
  response.end('data: [DONE]\n\n');
}

function usage(words: number): object {
  return { prompt_tokens: PROMPT_TOKENS, completion_tokens: words, total_tokens: PROMPT_TOKENS + words };
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += part;
  return text;
}
