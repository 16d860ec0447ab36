/**
 * The relay of a stream, with a pump of its own under `waitUntil`, because a stream's callbacks do not run once the
 * client is gone. Headers wait for the provider's first byte, so that its true status can be told; from then on failures
 * travel inside the stream.
 */
import { type ReadAnswer, readAnswer } from './chat-completions/answer.ts';
import { chatWire } from './chat-completions/wire.ts';
import type { Refusal } from './refusals.ts';
import {
  GONE,
  garbage,
  note,
  outcomeOfStop,
  type RelayParts,
  type Stop,
  Stopped,
  stopOf,
  timedOut,
  unlessAborted,
} from './relay.ts';
import { type Frame, Frames } from './sse.ts';
import { upstreamRefusal } from './upstream-refusal.ts';

const encoder = new TextEncoder();

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
      await attempt.recording?.end();
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
    const last = usage + chatWire.endEvent;
    this.#open(false);
    await attempt.recording?.complete(last, this.#parts.headers);
    await this.#write(last);
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
    this.#parts.attempt.recording?.add(text);
    this.#open(false);
    this.#lastWriteAtMs = Date.now();
    this.#written = this.#written.then(() => this.#writer.write(encoder.encode(text)));
    return this.#written;
  }
}
