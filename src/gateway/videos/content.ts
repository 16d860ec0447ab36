/**
 * The bytes of a video on their way from its provider: passed as they come, with no more patience for a silent provider than a
 * relay has (relay-times.ts). Nothing is held and nothing is charged for them, so a client that is slow to read is waited for.
 */
import type { Deadlines } from '../../deadlines.ts';
import { fellSilent } from '../relay.ts';
import type { RelayTimes } from '../relay-times.ts';
import { Stopped } from '../stopped.ts';

/** One fetch of content, and what ends it: its client, or a silence. */
export class ContentCall {
  readonly #deadlines: Deadlines;
  readonly #times: RelayTimes;
  readonly #abort = new AbortController();
  /** For the fetch. */
  readonly signal: AbortSignal;

  constructor(deadlines: Deadlines, times: RelayTimes, clientGone: AbortSignal) {
    this.#deadlines = deadlines;
    this.#times = times;
    this.signal = AbortSignal.any([this.#abort.signal, clientGone]);
  }

  /** Waits for the provider, whether or not what is waited for heeds the signal. Throws a Stopped after a silence. */
  async inTime<T>(wait: Promise<T>): Promise<T> {
    const silence = Promise.withResolvers<never>();
    const idle = this.#deadlines.set(this.#times.upstreamIdleMsMax, () => {
      const stopped = new Stopped(fellSilent(this.#times));
      this.#abort.abort(stopped);
      silence.reject(stopped);
    });
    try {
      return await Promise.race([wait, silence.promise]);
    } finally {
      this.#deadlines.cancel(idle);
    }
  }

  /** The body of its answer, broken off where the provider falls silent: a film that ends too soon must not look whole. */
  passed({ body, headers }: Response): ReadableStream<Uint8Array> | null {
    if (!body) return null;
    const length = headers.has('content-encoding') ? null : headers.get('content-length');
    // Of a known length, so that its client is told it and can show how far it is.
    const { readable, writable } =
      length === null ? new IdentityTransformStream() : new FixedLengthStream(Number(length));
    void this.#pump(body.getReader(), writable.getWriter());
    return readable;
  }

  async #pump(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    writer: WritableStreamDefaultWriter<Uint8Array>,
  ): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.inTime(reader.read());
        if (done) break;
        await writer.write(value);
      }
      await writer.close();
    } catch (error) {
      // Whichever of the two it was, the other has nothing to wait for.
      await Promise.allSettled([reader.cancel(error), writer.abort(error)]);
    }
  }
}
