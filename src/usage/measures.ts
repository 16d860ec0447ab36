/**
 * What is summed of usage, and how latencies lie in a sum. Pure; the rollups write by it and analytics read by it.
 *
 * Latencies are kept as counts per bin. The bins are the same everywhere and for ever, so that counts add and subtract. Two
 * texts hold them: facts (usage_rollups) have one letter for each latency, which D1 adds by `||` without reading what is
 * there; running totals (usage_totals) have the counts of each bin since ever (`encodeCounts`). One column a bin would be
 * more columns than a table of D1 may have, and some hundred numbers for each row that is read.
 */

/** The grain of every sum: the only one from which every zone's days are exact. */
export const QUARTER_MS = 15 * 60 * 1000;

/** Each measure as the API names it, in its order, and its column in usage_rollups and usage_totals. All are integers. */
export const MEASURES = {
  cost: 'cost',
  inputCost: 'input_cost',
  outputCost: 'output_cost',
  requestCount: 'requests',
  errorCount: 'upstream_errors',
  clientErrorCount: 'client_errors',
  refusedCount: 'refused',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  cachedTokens: 'cached_tokens',
  reasoningTokens: 'reasoning_tokens',
} as const;

export type Measure = keyof typeof MEASURES;

export const MEASURE_NAMES = Object.keys(MEASURES) as Measure[];

/** What tells the usage of one organization apart: all columns of usage_dimensions but its own. */
export const COMBINED = ['project_id', 'key_id', 'member_id', 'mapping', 'canonical_model', 'provider', 'app'] as const;

/**
 * The kinds of series that have running totals, as usage_series.kind, and the columns of usage_dimensions that their value
 * is made of. Whatever is filtered and broken down otherwise is added up of combinations: a kind for each pair of
 * dimensions would be many more rows written for each request.
 */
export const SERIES = {
  organization: [],
  project: ['project_id'],
  apiKey: ['key_id'],
  member: ['member_id'],
  mapping: ['mapping'],
  model: ['canonical_model'],
  provider: ['provider'],
  app: ['app'],
  combination: COMBINED,
} as const satisfies Record<string, readonly (typeof COMBINED)[number][]>;

/** Between the columns of a value; in none of them, for no header may have it. */
export const BETWEEN = '\u001f';

/** The same in SQL. */
export const BETWEEN_COLUMNS = 'char(31)';

export function seriesValue(kind: SeriesKind, dimensions: Record<(typeof COMBINED)[number], string>): string {
  return SERIES[kind].map((column) => dimensions[column]).join(BETWEEN);
}

export type SeriesKind = keyof typeof SERIES;

/** How many latencies fell into each bin. In a difference or a correction some may be below zero. */
export type Counts = number[];

/** 20 ms to 12 minutes: what is faster is below what anybody waits for, what is slower has long been given up. */
const FIRST_EDGE_MS = 20;

/** An edge is so much above the one before: whatever lies between is within 10 % of what is told for it. */
const RATIO = 1.21;

/** Where each bin but the last ends, exclusive, in whole milliseconds. Fixed for ever: what is stored goes by them. */
export const BIN_EDGES_MS: readonly number[] = Array.from({ length: 56 }, (_, i) =>
  Math.round(FIRST_EDGE_MS * RATIO ** i),
);

export const BINS = BIN_EDGES_MS.length + 1;

export function binOf(ms: number): number {
  let from = 0;
  let to = BIN_EDGES_MS.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ms < (BIN_EDGES_MS[middle] as number)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** What is told for each bin: the whole number whose furthest neighbour in the bin is relatively nearest. */
const TOLD_MS: readonly number[] = Array.from({ length: BINS }, (_, bin) => {
  const from = BIN_EDGES_MS[bin - 1] ?? 0;
  const last = (BIN_EDGES_MS[bin] ?? from + 1) - 1;
  return bin === 0 ? FIRST_EDGE_MS / 2 : Math.round((2 * from * last) / (from + last));
});

export function noCounts(): Counts {
  return new Array<number>(BINS).fill(0);
}

export function countOf(counts: Counts): number {
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) total += counts[bin] as number;
  return total;
}

/**
 * The nearest-rank percentile in whole milliseconds, within 10 % (below 20 ms within 10 ms); null of nothing. `share`: 0.95.
 * `total`: all of the counts, for whoever asks more than once.
 */
export function percentileOf(counts: Counts, share: number, total = countOf(counts)): number | null {
  if (total <= 0) return null;
  const rank = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    seen += counts[bin] as number;
    if (seen >= rank) return TOLD_MS[bin] as number;
  }
  throw new Error(`${total} latencies, but only ${seen} in bins`);
}

/**
 * '#' to '[' are the letters of the bins. They are JSON and SQL as they stand; the backslash is the character after them,
 * and is left out of the digits below.
 */
const FIRST_LETTER = 35;

export function letterOf(ms: number): string {
  return String.fromCharCode(FIRST_LETTER + binOf(ms));
}

/** Adds what the letters of facts say to `counts`; `times` -1 takes it away. */
export function addLetters(counts: Counts, letters: string, times = 1): void {
  for (let i = 0; i < letters.length; i++) {
    const bin = letters.charCodeAt(i) - FIRST_LETTER;
    const count = counts[bin];
    if (count === undefined) throw new Error(`no letter of a bin: ${letters.slice(i, i + 20)}`);
    counts[bin] = count + times;
  }
}

/** A digit is 0 to 44 where the number ends, 45 to 89 where it goes on. */
const BASE = 45;

function digit(value: number): string {
  const code = FIRST_LETTER + value;
  return String.fromCharCode(code < 92 ? code : code + 1);
}

/**
 * Counts as text: the first bin that has any, then the count of each bin up to the last that has, in base 45, lowest digit
 * first. '' is nothing. Some 60 characters for a busy series.
 */
export function encodeCounts(counts: Counts): string {
  const first = counts.findIndex((count) => count !== 0);
  if (first < 0) return '';
  let text = String.fromCharCode(FIRST_LETTER + first);
  const last = counts.findLastIndex((count) => count !== 0);
  for (let bin = first; bin <= last; bin++) {
    let rest = counts[bin] as number;
    if (rest < 0) throw new Error(`a running total below zero: ${rest} in bin ${bin}`);
    for (; rest >= BASE; rest = Math.floor(rest / BASE)) text += digit(BASE + (rest % BASE));
    text += digit(rest);
  }
  return text;
}

/** Adds what an encoded text says to `counts`; `times` -1 takes it away. */
export function addCounts(counts: Counts, text: string, times = 1): void {
  if (addCountsAt(counts, text, 0, times) !== text.length) throw new Error(`no counts of latencies: ${text}`);
}

/** The same of a text that begins at `from` in another, and ends before a blank, a tab or the like. Answers with where it ends. */
export function addCountsAt(counts: Counts, text: string, from: number, times = 1): number {
  let at = from;
  let code = text.charCodeAt(at);
  let bin = code - FIRST_LETTER;
  // Also where there is no character: of nothing there are no counts.
  if (!(bin >= 0)) return at;
  let weight = times;
  for (code = text.charCodeAt(++at); code >= FIRST_LETTER; code = text.charCodeAt(++at)) {
    const value = code - FIRST_LETTER - (code > 92 ? 1 : 0);
    const count = counts[bin];
    if (count === undefined || value >= 2 * BASE) {
      throw new Error(`no counts of latencies: ${text.slice(from, from + 200)}`);
    }
    counts[bin] = count + (value % BASE) * weight;
    if (value < BASE) {
      bin++;
      weight = times;
    } else {
      weight *= BASE;
    }
  }
  return at;
}
