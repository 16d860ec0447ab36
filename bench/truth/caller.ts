/** A client that makes one planned call: it reads as it was told to, may stall or hang up, and tells what it got. */
import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { URL } from 'node:url';
import type { Plan } from './mix.ts';

export interface Told {
  /** Names this try; Purser's usage event carries it. */
  requestId: string;
  sentAtMs: number;
  /** When the status came, or the end without one. */
  answeredAtMs: number;
  /** Null where the connection ended without an answer. */
  status: number | null;
  /** Of a refusal, or of the error that ended a stream. */
  code: string | null;
  retryAfterMs: number;
  /** Words of the answer, each of which is a token. */
  receivedTokens: number;
  /** To its end, as the protocol has it. */
  whole: boolean;
  hungUp: boolean;
}

export interface CallOptions {
  url: string;
  apiKey: string;
  requestId: string;
  plan: Plan;
  agent: Agent;
}

export function makeCall({ url, apiKey, requestId, plan, agent }: CallOptions): Promise<Told> {
  const { hangUp, stall, streamed } = plan;
  const told: Told = {
    requestId,
    sentAtMs: Date.now(),
    answeredAtMs: 0,
    status: null,
    code: null,
    retryAfterMs: 0,
    receivedTokens: 0,
    whole: false,
    hungUp: false,
  };
  return new Promise((resolve) => {
    const body = plan.bodyFor(requestId);
    let text = '';
    let counted = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stalled = false;
    const done = () => {
      clearTimeout(timer);
      told.answeredAtMs ||= Date.now();
      if (told.status === 200 && streamed) {
        told.code = /"code":"(\w+)"/.exec(text)?.[1] ?? null;
        told.whole = told.code === null && text.includes('data: [DONE]');
      } else if (told.status !== null) Object.assign(told, readWhole(text, told.status));
      resolve(told);
    };
    const leave = (request: ClientRequest) => {
      told.hungUp = true;
      request.destroy();
    };
    const listen = (response: IncomingMessage, request: ClientRequest) => {
      told.status = response.statusCode ?? null;
      told.answeredAtMs = Date.now();
      told.retryAfterMs = Number(response.headers['retry-after'] ?? 0) * 1000;
      response.setEncoding('utf8');
      response.on('data', (some: string) => {
        text += some;
        if (told.status !== 200 || !streamed) return;
        // Only events that came whole, each once.
        const end = text.lastIndexOf('\n\n');
        told.receivedTokens += tokensIn(text.slice(counted, Math.max(counted, end)));
        counted = Math.max(counted, end);
        if (hangUp && 'afterTokens' in hangUp && told.receivedTokens >= hangUp.afterTokens) leave(request);
        else if (stall && !stalled && told.receivedTokens >= stall.afterTokens) {
          stalled = true;
          response.pause();
          setTimeout(() => response.resume(), stall.ms);
        }
      });
      response.on('close', done);
      response.on('error', () => undefined);
    };
    const headers = {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'x-request-id': requestId,
    };
    const target = new URL('/v1/chat/completions', url);
    const request = httpRequest(target, { agent, method: 'POST', headers });
    request.on('response', (response) => listen(response, request));
    request.on('error', () => {
      if (told.status === null) done();
    });
    request.end(body);
    if (hangUp && 'afterMs' in hangUp) timer = setTimeout(() => leave(request), hangUp.afterMs);
  });
}

/** Words of the answer in these events. */
function tokensIn(text: string): number {
  return text
    .split('"content":" ')
    .slice(1)
    .reduce((sum, part) => sum + (part.split('"', 1)[0]?.split(' ').length ?? 0), 0);
}

function readWhole(text: string, status: number): Pick<Told, 'code' | 'receivedTokens' | 'whole'> {
  try {
    const body = JSON.parse(text) as { error?: { code: string }; choices?: { message: { content: string | null } }[] };
    const content = body.choices?.[0]?.message.content ?? '';
    return { code: body.error?.code ?? null, receivedTokens: wordsIn(content), whole: status === 200 };
  } catch {
    // Broken off.
    return { code: null, receivedTokens: 0, whole: false };
  }
}

function wordsIn(text: string): number {
  return text.split(' ').filter((word) => word !== '').length;
}
