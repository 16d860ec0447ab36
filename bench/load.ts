/**
 * The load generator: a closed loop over a number of connections, each sending its next call when its last was answered.
 *
 * node:http on keep-alive connections, in the process that started everything. It and the upstream need CPU too, on the
 * bare side a larger share than on Purser's; so a ratio of throughputs flatters Purser a little, and the CPU time per
 * request that speed.ts prints beside it does not.
 */
import { Agent, request as httpRequest } from 'node:http';
import type { URL } from 'node:url';

export interface Call {
  url: URL;
  headers: Record<string, string>;
  body: string;
  /**
   * Throws where the answer is not what it must be, so that an error never counts as a fast answer. Else tells what
   * Purser must have booked for it, nanodollars.
   */
  check(answer: Answer): number;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  /** From the call to the first byte of the body, ms. */
  firstByteMs: number;
  /** From the call to the end of the body, ms. */
  wholeMs: number;
}

export interface Load {
  connections: number;
  forMs: number;
  /** Null ends it before its time. */
  next: () => Call | null;
  signal: AbortSignal;
}

export interface Loaded {
  requests: number;
  costNanos: number;
  elapsedMs: number;
  /** Ascending, one for each request. */
  firstByteMs: number[];
  wholeMs: number[];
}

/** Sends calls for `forMs` and waits for the last answers. Throws on the first wrong answer, once all have ended. */
export async function load({ connections, forMs, next, signal }: Load): Promise<Loaded> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const firstByteMs: number[] = [];
  const wholeMs: number[] = [];
  const startedAt = performance.now();
  let costNanos = 0;
  let failed = false;
  const loop = async () => {
    while (!failed && !signal.aborted && performance.now() - startedAt < forMs) {
      const call = next();
      if (!call) return;
      try {
        const answer = await send(agent, call);
        costNanos += call.check(answer);
        firstByteMs.push(answer.firstByteMs);
        wholeMs.push(answer.wholeMs);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const loops = await Promise.allSettled(Array.from({ length: connections }, loop));
  const elapsedMs = performance.now() - startedAt;
  agent.destroy();
  // First: a Ctrl-C reaches workerd too, and what fails then is not a wrong answer.
  signal.throwIfAborted();
  for (const ended of loops) if (ended.status === 'rejected') throw ended.reason;
  const ascending = (a: number, b: number) => a - b;
  return {
    requests: wholeMs.length,
    costNanos,
    elapsedMs,
    firstByteMs: firstByteMs.sort(ascending),
    wholeMs: wholeMs.sort(ascending),
  };
}

function send(agent: Agent, call: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const request = httpRequest(call.url, { agent, method: 'POST', headers: call.headers }, (response) => {
      let body = '';
      let firstByteMs = 0;
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        if (body === '') firstByteMs = performance.now() - startedAt;
        body += text;
      });
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body, firstByteMs, wholeMs: performance.now() - startedAt });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(call.body);
  });
}
