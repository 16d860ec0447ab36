/**
 * Server-sent events as they pass: cut into whole events, each with its bytes untouched and its data read.
 */
import { createParser } from 'eventsource-parser';
import { LIMITS } from '../limits.ts';

export interface Frame {
  /** The event as it came, its closing blank line included. */
  raw: string;
  /**
   * Its data lines joined; the whole of it where it is JSON without `data:`, as Google tells what goes wrong once it streams.
   * Null for a comment.
   */
  data: string | null;
}

/**
 * A line's end and an empty line, each ended in its own way: of two events taken for one the first would pass unread. Of a
 * CR at the end of what has come nobody knows yet whether an LF follows; only where all lines end in CR it is not waited for.
 */
const END_OF_EVENT = /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!$))|\r\r/;

/** So much of an end may have come of one that is not yet whole. */
const END_LENGTH_MAX = 4;

const BARE_JSON = /^\s*[{[]/;

/** Throws where an event grows past `LIMITS.streamEventBytesMax`. */
export class Frames {
  readonly #decoder = new TextDecoder();
  /** Made once: it is reset for each event, so that nothing of one is left for the next. */
  readonly #parser = createParser({
    onEvent: ({ data }) => {
      this.#data = data;
    },
  });
  #data: string | null = null;
  /** The beginning of an event, in which no end was found: not looked through again with each piece that comes. */
  #begun = '';
  /** What comes after it. */
  #rest = '';

  push(bytes: Uint8Array): Frame[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const frames: Frame[] = [];
    for (;;) {
      const end = END_OF_EVENT.exec(this.#rest);
      if (!end) break;
      const length = end.index + end[0].length;
      frames.push(this.#frame(this.#begun + this.#rest.slice(0, length)));
      this.#begun = '';
      this.#rest = this.#rest.slice(length);
    }
    const searched = Math.max(0, this.#rest.length - END_LENGTH_MAX);
    this.#begun += this.#rest.slice(0, searched);
    this.#rest = this.#rest.slice(searched);
    refuseAbove(this.#begun.length + this.#rest.length);
    return frames;
  }

  /** What came after the last whole event: an event whose closing blank line is missing, or nothing. */
  end(): Frame[] {
    const rest = this.#begun + this.#rest + this.#decoder.decode();
    this.#begun = '';
    this.#rest = '';
    return rest.trim() === '' ? [] : [this.#frame(`${rest.trimEnd()}\n\n`)];
  }

  #frame(raw: string): Frame {
    refuseAbove(raw.length);
    this.#data = null;
    this.#parser.reset();
    this.#parser.feed(raw);
    return { raw, data: this.#data ?? (BARE_JSON.test(raw) ? raw : null) };
  }
}

function refuseAbove(length: number): void {
  if (length > LIMITS.streamEventBytesMax) throw new Error('an event of the stream is too large');
}
