/**
 * What was used in each span, of running totals as analytics read them out of SQL: one text for each instant, with what had been
 * used by then. One pass over the characters and no text cut out of them: a year by model is ten thousand of these, two
 * megabytes, and splitting them took longer than finding them.
 *
 * The text of an instant: its number and each sum (in the order of SUM_COLUMNS), with a blank between; a tab, then latencies,
 * a tab, then those of the first token, both as counts (measures.ts), or of several series with a blank between. Instants
 * follow each other after line ends.
 */
import { addCountsAt, type Counts, noCounts } from './measures.ts';
import { minus, SUM_COLUMNS, type Whole, wholeOf } from './sums.ts';
import { nothingUsed, type Used } from './used.ts';

/** SQL of that text. `sumOf` says what becomes of a column that is summed, `countsOf` of one of counts. */
export function toldText(
  instant: string,
  sumOf: (column: string) => string,
  countsOf: (column: string) => string,
): string {
  const sums = SUM_COLUMNS.map(sumOf).join(" || ' ' || ");
  return `${instant} || ' ' || ${sums} || char(9) || ${countsOf('latencies')} || char(9) || ${countsOf('first_tokens')}`;
}

const TAB = 9;
const LINE_END = 10;
const BLANK = 32;
const MINUS = 45;
const ZERO = 48;

/**
 * What was used between each instant and the next, undefined where nothing was. An instant that is not told of is as the one
 * before it; what had been used by the first (its number is 0) is where the sums begin.
 */
export function differences(texts: readonly string[], spans: number): (Used | undefined)[] {
  const used = Array.from({ length: spans }, (): Used | undefined => undefined);
  let before = nothingUsed();
  let now = nothingUsed();
  const reader = new Reader();
  for (const text of texts) {
    for (reader.open(text); !reader.isAtEnd(); ) {
      const instant = reader.read(now);
      const since = instant === 0 ? null : difference(now, before);
      if (since) used[instant - 1] = since;
      [before, now] = [now, before];
    }
  }
  return used;
}

/** Null where they are alike. */
function difference(now: Used, before: Used): Used | null {
  const latencies = countsBetween(now.latencies, before.latencies);
  const firstTokens = countsBetween(now.firstTokens, before.firstTokens);
  const values = new Array<Whole>(now.values.length);
  let isAnything = latencies !== null || firstTokens !== null;
  for (let i = 0; i < values.length; i++) {
    const more = minus(now.values[i] as Whole, before.values[i] as Whole);
    values[i] = more;
    if (more !== 0) isAnything = true;
  }
  return isAnything ? { values, latencies: latencies ?? noCounts(), firstTokens: firstTokens ?? noCounts() } : null;
}

function countsBetween(now: Counts, before: Counts): Counts | null {
  const counts = now.slice();
  let isAnything = false;
  for (let bin = 0; bin < counts.length; bin++) {
    const more = (now[bin] as number) - (before[bin] as number);
    counts[bin] = more;
    if (more !== 0) isAnything = true;
  }
  return isAnything ? counts : null;
}

class Reader {
  #text = '';
  #at = 0;

  open(text: string): void {
    this.#text = text;
    this.#at = 0;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Reads the next instant into `used`, whatever that held, and answers with its number. */
  read(used: Used): number {
    const instant = Number(this.#whole());
    for (let i = 0; i < used.values.length; i++) used.values[i] = this.#whole();
    this.#counts(used.latencies);
    this.#counts(used.firstTokens);
    return instant;
  }

  /** Up to the character after it, which is passed over. */
  #whole(): Whole {
    const text = this.#text;
    const from = this.#at;
    let at = from;
    let value = 0;
    const isNegative = text.charCodeAt(at) === MINUS;
    if (isNegative) at++;
    for (let code = text.charCodeAt(at); code >= ZERO; code = text.charCodeAt(++at)) value = value * 10 + code - ZERO;
    this.#at = at + 1;
    if (at === from) throw new Error(`no whole number in ${JSON.stringify(text.slice(from, from + 40))}`);
    // So many digits may be more than a number holds.
    if (at - from > 15) return wholeOf(text.slice(from, at));
    return isNegative ? 0 - value : value;
  }

  /** Up to a tab or the end of the line, which is passed over. */
  #counts(counts: Counts): void {
    counts.fill(0);
    const text = this.#text;
    for (;;) {
      this.#at = addCountsAt(counts, text, this.#at);
      const code = text.charCodeAt(this.#at);
      this.#at++;
      if (code === BLANK) continue;
      if (code === TAB || code === LINE_END || Number.isNaN(code)) return;
      throw new Error(`no counts of latencies in ${JSON.stringify(text.slice(this.#at - 1, this.#at + 40))}`);
    }
  }
}
