/**
 * The relay of a stream, with a pump of its own under `waitUntil`, because a stream's callbacks do not run once the
 * client is gone. Headers wait for the provider's first byte, so that its true status can be told; from then on failures
 * travel inside the stream.
 */
import type { Deadline } from '../deadlines.ts';
import type { Passage } from './protocol.ts';
import { describe, type Refusal } from './refusals.ts';
import { GONE, madeUntil, note, outcomeOfStop, type StreamParts, stopOf } from './relay.ts';
import type { Stop } from './stopped.ts';
import { UpstreamCall } from './upstream-call.ts';
import { upstreamEvents } from './upstream-events.ts';

const encoder = new TextEncoder();

/** A stream: answers with the first byte, or after LIMITS.firstByteMsMax with comments until it comes. */
export async function relayStream(parts: StreamParts): Promise<Response | Refusal> {
  const stream = new StreamRelay(parts);
  parts.ctx.waitUntil(stream.run());
  return stream.answered;
}

class StreamRelay {
  readonly answered: Promise<Response | Refusal>;
  readonly #parts: StreamParts;
  readonly #passage: Passage;
  readonly #call: UpstreamCall;
  /** Aborted when the client has left: nothing is written any more. */
  readonly #left = new AbortController();
  /** Of what ends the wait for a client that does not read. */
  readonly #stopsWriting: AbortSignal;
  #stopWaiting: (reason: unknown) => void = () => undefined;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #readable: ReadableStream<Uint8Array>;
  #answer: (answer: Response | Refusal) => void = () => undefined;
  #opened = false;
  /** The end of the line of writes: one at a time, and the pump waits for a slow client. */
  #written: Promise<void> = Promise.resolve();
  #lastWriteAtMs = Date.now();
  #nextPing: Deadline | undefined;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#passage = parts.exchange.passage(parts.names);
    const { readable, writable } = new IdentityTransformStream();
    this.#readable = readable;
    this.#writer = writable.getWriter();
    this.answered = new Promise((resolve) => {
      this.#answer = resolve;
    });
    this.#call = new UpstreamCall(parts, () => parts.attempt.isWorthWaitingFor);
    this.#stopsWriting = AbortSignal.any([this.#left.signal, this.#call.signal]);
    this.#stopsWriting.addEventListener('abort', () => this.#stopWaiting(this.#stopsWriting.reason));
  }

  async run(): Promise<void> {
    const { attempt, clientGone, deadlines, times } = this.#parts;
    const gone = () => this.#leave();
    clientGone.addEventListener('abort', gone);
    this.#writer.closed.catch(gone);
    if (clientGone.aborted) gone();
    const patience = deadlines.set(times.firstByteMsMax, () => this.#open(true));
    this.#pingLater();
    try {
      await this.#pump();
    } catch (error) {
      await this.#end(stopOf(this.#parts, error, this.#call.signal, attempt.hasBegun));
    } finally {
      deadlines.cancel(patience);
      deadlines.cancel(this.#nextPing);
      clientGone.removeEventListener('abort', gone);
      this.#call.end();
      // A client that was given up on may come back and read on: it must not take what it finds for a whole answer.
      const whole = this.#opened && (clientGone.aborted || !this.#left.signal.aborted);
      // Neither is waited for: a client that does not read, or was never answered, would hold up the settlement's end.
      void (whole ? this.#writer.close() : this.#writer.abort(new Error('the client was given up on'))).catch(
        () => undefined,
      );
      // What did not begin may be tried elsewhere, and recorded then.
      if (this.#opened) await attempt.recording?.end();
      await attempt.settled();
    }
  }

  /** Passes the provider's events on until it ends. Throws on any other end. */
  async #pump(): Promise<void> {
    const { attempt, exchange } = this.#parts;
    for await (const events of upstreamEvents(this.#call, attempt, exchange.reader())) {
      let text = '';
      for (const { frame, read } of events) text += this.#passage.event(frame, read);
      await this.#send(text);
    }
    await this.#complete();
  }

  /** Settles, then says so: the cost rides on the final usage. */
  async #complete(): Promise<void> {
    const { attempt } = this.#parts;
    attempt.complete();
    attempt.settle(this.#left.signal.aborted ? 'client_gone' : 'completed');
    note(this.#parts, null);
    const last = this.#passage.end(attempt.usage(), attempt.cost().total);
    this.#open(false);
    await attempt.recording?.complete(last, new Headers(this.#parts.headers));
    await this.#send(last);
    this.#answer(GONE);
  }

  /** Settles what was seen, and tells the client in its status or, once that is sent, in the stream. */
  async #end(stop: Stop): Promise<void> {
    const { attempt, requestId } = this.#parts;
    this.#call.stop(stop);
    attempt.settle(outcomeOfStop(stop), madeUntil(stop, attempt));
    if (stop.kind === 'client_gone') {
      this.#answer(GONE);
      return;
    }
    if (stop.kind === 'failed') note(this.#parts, stop.refusal);
    if (!this.#opened) {
      this.#answer(stop.refusal);
      return;
    }
    if (this.#left.signal.aborted) return;
    await this.#write(this.#passage.failure(describe(stop.refusal, requestId))).catch(() => undefined);
  }

  #leave(): void {
    this.#left.abort();
    this.#call.hungUp();
  }

  /** Commits to status 200. */
  #open(early: boolean): void {
    if (this.#opened) return;
    this.#opened = true;
    const { headers } = this.#parts;
    headers['content-type'] = 'text/event-stream; charset=utf-8';
    headers['cache-control'] = 'no-cache';
    this.#answer(new Response(this.#readable, { headers }));
    if (early) void this.#write(this.#passage.ping()).catch(() => undefined);
  }

  #pingLater(): void {
    const { deadlines, times } = this.#parts;
    this.#nextPing = deadlines.set(times.pingMs, () => {
      this.#pingLater();
      this.#ping();
    });
  }

  #ping(): void {
    if (!this.#opened || Date.now() - this.#lastWriteAtMs < this.#parts.times.pingMs) return;
    void this.#write(this.#passage.ping()).catch(() => undefined);
  }

  /** Writes what the client should have; nothing once it has left. Where it stalls, neither a stop nor its hold waits for it. */
  async #send(text: string): Promise<void> {
    if (text === '' || this.#left.signal.aborted) return;
    const { deadlines, times } = this.#parts;
    const stalled = deadlines.set(times.clientIdleMsMax, () => this.#leave());
    try {
      await new Promise<void>((resolve, reject) => {
        this.#stopsWriting.throwIfAborted();
        this.#stopWaiting = reject;
        this.#write(text).then(resolve, reject);
      });
    } catch {
      this.#call.signal.throwIfAborted();
      this.#leave();
    } finally {
      deadlines.cancel(stalled);
    }
  }

  /** Writes behind what is being written; waits until the client has taken it. */
  #write(text: string): Promise<void> {
    this.#parts.attempt.recording?.add(text);
    this.#open(false);
    this.#lastWriteAtMs = Date.now();
    this.#written = this.#written.then(() => this.#writer.write(encoder.encode(text)));
    return this.#written;
  }
}
