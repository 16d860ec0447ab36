/**
 * The relay: sends one admitted attempt to its provider and passes the answer back, with an own pump that settles in
 * every case: end, provider failure, client gone, cut at a limit, hold lost.
 *
 * The pump runs in `waitUntil`, because a stream's own callbacks do not run once the client is gone. Headers wait for
 * the provider's first byte, so that its true status can be told; from then on failures travel inside the stream.
 */
import { LIMITS } from '../limits.ts';
import type { ProviderId } from '../models/catalogue.ts';
import { formatUsd } from '../money/nanos.ts';
import type { Attempt } from './attempt.ts';
import { type ReadAnswer, readAnswer } from './chat-completions/answer.ts';
import { chatWire } from './chat-completions/wire.ts';
import { noteHealth } from './provider-health.ts';
import type { Refusal } from './refusals.ts';
import { readAtMost } from './request-body.ts';
import { type Frame, Frames } from './sse.ts';
import { upstreamRefusal } from './upstream-refusal.ts';

export interface RelayParts {
  env: Env;
  ctx: ExecutionContext;
  attempt: Attempt;
  requestId: string;
  /** Aborted when the client hangs up. */
  clientGone: AbortSignal;
  /** Sends the call to the provider. */
  send: (signal: AbortSignal) => Promise<Response>;
  /** Whether the client asked for a stream's usage. */
  wantsUsage: boolean;
  /** What Purser adds to a successful answer. */
  headers: Headers;
  times: RelayTimes;
}

/** How long the relay waits for what; see src/limits.ts. */
interface RelayTimes {
  firstByteMsMax: number;
  pingMs: number;
  upstreamIdleMsMax: number;
  drainMs: number;
}

/** Why the upstream call was ended by us. */
type Stop = { kind: 'client_gone' } | { kind: 'cut'; refusal: Refusal } | { kind: 'failed'; refusal: Refusal };

/** Carries a Stop through an AbortSignal. */
class Stopped extends Error {
  readonly stop: Stop;

  constructor(stop: Stop) {
    super(stop.kind);
    this.stop = stop;
  }
}

const encoder = new TextEncoder();

/** A whole answer: read to its end, settled, passed on with its cost. */
export function relayWhole(parts: RelayParts): Promise<Response | Refusal> {
  const answered = readWhole(parts);
  // The answer goes out when it is ready; settling may go on behind it.
  parts.ctx.waitUntil(answered.then(() => parts.attempt.settled()));
  return answered;
}

async function readWhole(parts: RelayParts): Promise<Response | Refusal> {
  const { attempt, clientGone, headers } = parts;
  const upstream = new AbortController();
  const stop = (reason: Stop) => upstream.abort(new Stopped(reason));
  attempt.keepAlive((refusal) => stop({ kind: 'cut', refusal }));
  // A provider bills what it makes although nobody waits for it: give it a moment to say how much that was.
  let drain: ReturnType<typeof setTimeout> | undefined;
  const hungUp = () => {
    attempt.hungUp();
    drain ??= setTimeout(() => stop({ kind: 'client_gone' }), parts.times.drainMs);
  };
  clientGone.addEventListener('abort', hungUp);
  if (clientGone.aborted) hungUp();
  let idle: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(idle);
    idle = setTimeout(() => stop(timedOut(parts.times)), parts.times.upstreamIdleMsMax);
  };
  heard();
  let answering = false;
  try {
    const response = await unlessAborted(parts.send(upstream.signal), upstream.signal);
    const refusal = await upstreamRefusal(response);
    if (refusal) {
      await attempt.settle(outcomeOf(refusal), 'free');
      note(parts, refusal);
      return refusal;
    }
    answering = true;
    const reading = readAtMost(response.body, LIMITS.answerBytesMax, heard);
    const bytes = await unlessAborted(reading, upstream.signal);
    if (!bytes) throw new Stopped({ kind: 'failed', refusal: garbage('The answer is too large.') });
    const read = readAnswer(new TextDecoder().decode(bytes));
    if (!read || read.answer.error !== null) {
      const failure = garbage(read?.answer.error ?? null);
      await attempt.settle('upstream_error', 'free');
      note(parts, failure);
      return failure;
    }
    attempt.count(read.answer.text);
    if (read.answer.usage) attempt.report(read.answer.usage);
    attempt.complete();
    await attempt.settle(clientGone.aborted ? 'client_gone' : 'completed');
    note(parts, null);
    headers.set('content-type', 'application/json');
    headers.set('x-purser-cost', formatUsd(attempt.cost().total));
    return new Response(bytes, { headers });
  } catch (error) {
    const stopped = stopOf(error, upstream.signal);
    // A provider that failed before it answered made nothing. Else it read the input, which is charged, and made output
    // that nobody has seen.
    await attempt.settle(outcomeOfStop(stopped), stopped.kind === 'failed' && !answering ? 'free' : 'unknown');
    if (stopped.kind === 'client_gone') return GONE;
    if (stopped.kind === 'failed') note(parts, stopped.refusal);
    return stopped.refusal;
  } finally {
    clearTimeout(idle);
    clearTimeout(drain);
    clientGone.removeEventListener('abort', hungUp);
  }
}

/** A stream: answers with the first byte, or after LIMITS.firstByteMsMax with comments until it comes. */
export async function relayStream(parts: RelayParts): Promise<Response | Refusal> {
  const stream = new StreamRelay(parts);
  parts.ctx.waitUntil(stream.run());
  return stream.answered;
}

class StreamRelay {
  readonly answered: Promise<Response | Refusal>;
  readonly #parts: RelayParts;
  readonly #upstream = new AbortController();
  readonly #frames = new Frames();
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #readable: ReadableStream<Uint8Array>;
  #answer: (answer: Response | Refusal) => void = () => undefined;
  #opened = false;
  /** The end of the line of writes: one at a time, and the pump waits for a slow client. */
  #written: Promise<void> = Promise.resolve();
  #lastWriteAtMs = Date.now();
  #finished = false;
  #usageFrame: Record<string, unknown> | null = null;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    const { readable, writable } = new IdentityTransformStream();
    this.#readable = readable;
    this.#writer = writable.getWriter();
    this.answered = new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  async run(): Promise<void> {
    const { attempt, clientGone, times } = this.#parts;
    const gone = () => {
      attempt.hungUp();
      this.#stop({ kind: 'client_gone' });
    };
    clientGone.addEventListener('abort', gone);
    this.#writer.closed.catch(gone);
    if (clientGone.aborted) gone();
    attempt.keepAlive((refusal) => this.#stop({ kind: 'cut', refusal }));
    const pings = setInterval(() => this.#ping(), times.pingMs);
    try {
      await this.#pump();
    } catch (error) {
      await this.#end(stopOf(error, this.#upstream.signal));
    } finally {
      clearInterval(pings);
      clientGone.removeEventListener('abort', gone);
      // Neither is waited for: a client that does not read, or was never answered, would hold up the settlement's end.
      void (this.#opened ? this.#writer.close() : this.#writer.abort()).catch(() => undefined);
      await attempt.settled();
    }
  }

  /** Passes the provider's events on until it ends. Throws on any other end. */
  async #pump(): Promise<void> {
    const response = await this.#inTime(this.#parts.send(this.#upstream.signal));
    const refusal = await upstreamRefusal(response);
    if (refusal) throw new Stopped({ kind: 'failed', refusal });
    if (!response.headers.get('content-type')?.includes('text/event-stream') || !response.body) {
      throw new Stopped({ kind: 'failed', refusal: garbage(null) });
    }
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await this.#inTime(reader.read());
      const frames = done ? this.#frames.end() : this.#frames.push(value);
      let text = '';
      for (const frame of frames) {
        if (frame.data === chatWire.endOfStream) {
          await this.#write(text);
          return this.#complete();
        }
        text += await this.#pass(frame, text);
      }
      // A client may stall for ever while it takes this; a stop is not to wait for it.
      await unlessAborted(this.#write(text), this.#upstream.signal);
      if (done) break;
    }
    // No end-of-stream mark: whole only if the provider had said that its answer is finished.
    if (this.#finished) return this.#complete();
    const message = 'The provider ended its answer without finishing it.';
    throw new Stopped({ kind: 'failed', refusal: { kind: 'upstream_error', message } });
  }

  /** What of one event goes to the client. `before` is what goes out before it, should the stream be cut here. */
  async #pass(frame: Frame, before: string): Promise<string> {
    if (frame.data === null) return frame.raw;
    const read = readAnswer(frame.data);
    if (!read) {
      // Passing on what nobody can read would be passing on what nobody has counted.
      await this.#write(before);
      throw new Stopped({ kind: 'failed', refusal: garbage(null) });
    }
    const { answer, json } = read;
    if (answer.error !== null) {
      await this.#write(before);
      throw new Stopped({ kind: 'failed', refusal: garbage(answer.error) });
    }
    this.#finished ||= answer.finished;
    await this.#passText(answer.text, before);
    return this.#withoutUsage(answer, json, frame);
  }

  /** Counts text that is about to pass; throws where the hold cannot cover it, with `before` sent. */
  async #passText(text: string, before: string): Promise<void> {
    const refusal = await this.#parts.attempt.pass(text);
    if (!refusal) return;
    await this.#write(before);
    throw new Stopped({ kind: 'cut', refusal });
  }

  /** The final usage is kept back until the cost is settled; a client that did not ask never sees it. */
  #withoutUsage(answer: ReadAnswer, json: Record<string, unknown>, frame: Frame): string {
    if (!answer.usage) return frame.raw;
    this.#parts.attempt.report(answer.usage);
    // Some providers count along with every chunk.
    if (answer.choices > 0) return this.#parts.wantsUsage ? frame.raw : chatWire.withoutUsage(json);
    this.#usageFrame = json;
    return '';
  }

  /** Settles, then says so: the cost rides on the final usage. */
  async #complete(): Promise<void> {
    const { attempt, wantsUsage } = this.#parts;
    attempt.complete();
    await attempt.settle('completed');
    note(this.#parts, null);
    const usage = wantsUsage && this.#usageFrame ? chatWire.usageEvent(this.#usageFrame, attempt.cost().total) : '';
    await this.#write(usage + chatWire.endEvent);
  }

  /** Settles what was seen, and tells the client in its status or, once that is sent, in the stream. */
  async #end(stop: Stop): Promise<void> {
    const { attempt, requestId } = this.#parts;
    this.#upstream.abort(new Stopped(stop));
    await attempt.settle(outcomeOfStop(stop), stop.kind === 'failed' && !attempt.sawOutput ? 'free' : 'seen');
    if (stop.kind === 'client_gone') {
      this.#answer(GONE);
      return;
    }
    if (stop.kind === 'failed') note(this.#parts, stop.refusal);
    if (!this.#opened) {
      this.#answer(stop.refusal);
      return;
    }
    await this.#write(chatWire.failureEvents(stop.refusal, requestId)).catch(() => undefined);
  }

  #stop(reason: Stop): void {
    this.#upstream.abort(new Stopped(reason));
  }

  /** Waits for the provider, but not for ever, and not past a stop. */
  async #inTime<T>(wait: Promise<T>): Promise<T> {
    const { times } = this.#parts;
    const idle = setTimeout(() => this.#stop(timedOut(times)), times.upstreamIdleMsMax);
    const patience = this.#opened ? undefined : setTimeout(() => this.#open(true), times.firstByteMsMax);
    try {
      return await unlessAborted(wait, this.#upstream.signal);
    } finally {
      clearTimeout(idle);
      clearTimeout(patience);
    }
  }

  /** Commits to status 200. */
  #open(early: boolean): void {
    if (this.#opened) return;
    this.#opened = true;
    const { headers } = this.#parts;
    headers.set('content-type', 'text/event-stream; charset=utf-8');
    headers.set('cache-control', 'no-cache');
    this.#answer(new Response(this.#readable, { headers }));
    if (early) void this.#write(chatWire.ping).catch(() => undefined);
  }

  #ping(): void {
    if (!this.#opened || Date.now() - this.#lastWriteAtMs < this.#parts.times.pingMs) return;
    void this.#write(chatWire.ping).catch(() => undefined);
  }

  /** Writes behind what is being written; waits until the client has taken it. */
  #write(text: string): Promise<void> {
    if (text === '') return Promise.resolve();
    this.#open(false);
    this.#lastWriteAtMs = Date.now();
    this.#written = this.#written.then(() => this.#writer.write(encoder.encode(text)));
    return this.#written;
  }
}

/** Waits, but not past an abort: whether what is waited for heeds the signal is its own affair. */
async function unlessAborted<T>(wait: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stopped = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stopped = () => reject(signal.reason);
    signal.addEventListener('abort', stopped);
  });
  try {
    return await Promise.race([wait, aborted]);
  } finally {
    signal.removeEventListener('abort', stopped);
  }
}

/** Nobody is there to read it; the platform drops it. */
const GONE: Refusal = { kind: 'upstream_error', message: 'The client hung up.' };

function timedOut({ upstreamIdleMsMax }: RelayTimes): Stop {
  const message = `The provider sent nothing for ${upstreamIdleMsMax / 1000} seconds.`;
  return { kind: 'failed', refusal: { kind: 'upstream_timeout', message } };
}

function garbage(reported: string | null): Refusal {
  return { kind: 'upstream_error', message: reported ?? 'The provider answered with something that is no answer.' };
}

/** What ended an attempt: our own stop, or else the provider. */
function stopOf(error: unknown, signal: AbortSignal): Stop {
  const reason: unknown = signal.aborted ? signal.reason : error;
  if (reason instanceof Stopped) return reason.stop;
  console.warn(JSON.stringify({ event: 'upstream_failed', error: String(error) }));
  const message = 'The provider could not be reached, or broke off its answer.';
  return { kind: 'failed', refusal: { kind: 'upstream_error', message } };
}

function outcomeOfStop(stop: Stop): 'client_gone' | 'cut' | 'client_error' | 'upstream_error' {
  return stop.kind === 'failed' ? outcomeOf(stop.refusal) : stop.kind;
}

function outcomeOf(refusal: Refusal): 'client_error' | 'upstream_error' {
  return refusal.kind === 'upstream_refused' && refusal.status !== 429 ? 'client_error' : 'upstream_error';
}

/** A provider that refuses a malformed request is well; one that is overloaded, broken or silent is not. */
function note(parts: RelayParts, refusal: Refusal | null): void {
  const provider: ProviderId = parts.attempt.mapping.provider;
  const healthy = refusal === null || outcomeOf(refusal) === 'client_error';
  noteHealth(parts.env, parts.ctx, provider, healthy);
}
