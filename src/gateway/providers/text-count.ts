/**
 * Counting tokens of text without the provider's tokenizer.
 *
 * A byte-pair token is at least one byte, so bytes are a bound whatever the tokenizer; exact BPE is not on the path (it
 * takes seconds on a hostile prompt). Upper bounds hold money, estimates are charged only where the provider reported nothing,
 * and a lower bound says what no model can take.
 */
import { estimateTokenCount } from 'tokenx';
import type { OutputCount } from './provider.ts';

const encoder = new TextEncoder();

/** Text is estimated in pieces of about this size, so that an answer of hours needs flat memory. */
const PIECE_LENGTH = 1_024;

/** Of a longer text so many pieces are read, evenly spread, and stand for the rest: an estimate must not cost more than the call. */
const PIECES_READ_MAX = 12;

/** Deltas this short on average (bytes) are single tokens: then their number is the better estimate. */
const SINGLE_TOKEN_BYTES = 7;

/** A run without spaces of this length is not prose (base64, say), where the estimate reads far too low. */
const DENSE_RUN = 64;
const DENSE_BYTES_PER_TOKEN = 2;

function bytesOf(text: string): number {
  return encoder.encode(text).byteLength;
}

export function estimateTokens(text: string): number {
  const pieces = Math.ceil(text.length / PIECE_LENGTH);
  const everyLength = Math.ceil(PIECE_LENGTH * Math.max(1, pieces / PIECES_READ_MAX));
  let tokens = 0;
  let read = 0;
  for (let start = 0; start < text.length; start += everyLength) {
    const piece = text.slice(start, start + PIECE_LENGTH);
    const dense = piece.split(/\s+/).reduce((sum, run) => sum + (run.length > DENSE_RUN ? run.length : 0), 0);
    tokens += Math.max(estimateTokenCount(piece), Math.ceil(dense / DENSE_BYTES_PER_TOKEN));
    read += piece.length;
  }
  return read === 0 ? 0 : Math.ceil((tokens * text.length) / read);
}

/**
 * Never more tokens than a text has, whatever the tokenizer: they part a text at white space before anything else, so that each
 * word is at least one. Text without white space is hardly counted, nor are words that begin with what may be white, too.
 */
export function leastTokens(text: string): number {
  let words = 0;
  let isParted = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isParted && beginsWord(code)) words += 1;
    isParted = code <= 0x20;
  }
  return words;
}

/** A sign or a letter of an alphabet, but not the slash, which some of OpenAI's tokens take across the end of a line. */
function beginsWord(code: number): boolean {
  return (code > 0x20 && code < 0x7f && code !== 0x2f) || (code > 0xbf && code < 0x2000);
}

export class TextCount implements OutputCount {
  #bytes = 0;
  #deltas = 0;
  #estimated = 0;
  #piece = '';

  add(text: string): void {
    if (text === '') return;
    this.#bytes += bytesOf(text);
    this.#deltas += 1;
    this.#piece += text;
    if (this.#piece.length < PIECE_LENGTH) return;
    this.#estimated += estimateTokens(this.#piece);
    this.#piece = '';
  }

  get tokensMax(): number {
    return this.#bytes;
  }

  get tokensEstimate(): number {
    if (this.#deltas === 0) return 0;
    if (this.#bytes / this.#deltas <= SINGLE_TOKEN_BYTES) return this.#deltas;
    return Math.max(this.#deltas, this.#estimated + estimateTokens(this.#piece));
  }
}
