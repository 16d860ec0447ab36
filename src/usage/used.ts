/**
 * What was used: the sums of every measure and how long answers took, added and taken away exactly, and shown as the API
 * has it.
 */
import { z } from '@hono/zod-openapi';
import { formatUsd } from '../money/nanos.ts';
import { count, usd } from '../reference/fields.ts';
import { type Counts, MEASURE_NAMES, type Measure, noCounts, percentileOf } from './measures.ts';
import { minus, plus, SUM_COLUMNS, type Whole, wholeOf } from './sums.ts';

export interface Used {
  /** In the order of SUM_COLUMNS. */
  values: Whole[];
  latencies: Counts;
  firstTokens: Counts;
}

/** Usage of some days or hours, broken down; each list has one entry a span, undefined where nothing was used. */
export interface Usage {
  total: (Used | undefined)[];
  /** By key, in no order; parts of `total`. */
  groups: Map<string, (Used | undefined)[]>;
  /** How many groups there are, also where not all of them are told. */
  groupCount: number;
}

export function nothingUsed(): Used {
  return { values: SUM_COLUMNS.map(() => 0), latencies: noCounts(), firstTokens: noCounts() };
}

/** Adds `used` to `into`. Loops and no new arrays, here and below: a year by model is ten thousand of these. */
export function addUsed(into: Used, used: Used): void {
  for (let i = 0; i < into.values.length; i++) into.values[i] = plus(into.values[i] ?? 0, used.values[i] ?? 0);
  addCounted(into.latencies, used.latencies, 1);
  addCounted(into.firstTokens, used.firstTokens, 1);
}

/** Leaves of `from` what it has more than `used`. */
export function takeAway(from: Used, used: Used): void {
  for (let i = 0; i < from.values.length; i++) from.values[i] = minus(from.values[i] ?? 0, used.values[i] ?? 0);
  addCounted(from.latencies, used.latencies, -1);
  addCounted(from.firstTokens, used.firstTokens, -1);
}

function addCounted(into: Counts, counts: Counts, times: 1 | -1): void {
  for (let bin = 0; bin < into.length; bin++) into[bin] = (into[bin] ?? 0) + times * (counts[bin] ?? 0);
}

export function copyOf({ values, latencies, firstTokens }: Used): Used {
  return { values: values.slice(), latencies: latencies.slice(), firstTokens: firstTokens.slice() };
}

/** Whether there is anything to show: of events by themselves nothing is. */
export function isAnything({ values }: Used): boolean {
  return values.some((value, i) => value !== 0 && i < MEASURE_NAMES.length);
}

/** Dearest first, then by requests. */
export function byCost(a: Used, b: Used): number {
  for (const i of [COST, REQUESTS]) {
    const more = minus(b.values[i] ?? 0, a.values[i] ?? 0);
    if (more !== 0) return more > 0 ? 1 : -1;
  }
  return 0;
}

const COST = MEASURE_NAMES.indexOf('cost');
const REQUESTS = MEASURE_NAMES.indexOf('requestCount');

/**
 * SQL of all sums of a row as one text, which `parseSums` reads: one value to carry instead of eleven, and none passes
 * through a float on its way. `of` says what becomes of each column.
 */
export function sumsText(of: (column: string) => string): string {
  return SUM_COLUMNS.map(of).join(" || ' ' || ");
}

export function parseSums(text: string): Whole[] {
  return text.split(' ').map(wholeOf);
}

const milliseconds = (example: number, what: string) =>
  count(example)
    .nullable()
    .openapi({ description: `${what}, in ms, within 10 %; null where nothing was measured` });

export const Measures = z
  .object({
    cost: usd('12.34'),
    inputCost: usd('4.10'),
    outputCost: usd('8.24'),
    requestCount: count(120),
    errorCount: count(1, 'Failed at the provider'),
    clientErrorCount: count(2, 'The request was wrong'),
    refusedCount: count(3, 'Refused by a limit or a rule'),
    inputTokens: count(41_000),
    outputTokens: count(8_240),
    cachedTokens: count(0),
    reasoningTokens: count(0),
    totalTokens: count(49_240),
    errorRate: z
      .number()
      .nullable()
      .openapi({ description: 'Of those that were neither refused nor wrong', example: 0.0087 }),
    latencyMsP50: milliseconds(1_210, 'Half of the answers took at most so long'),
    latencyMsP95: milliseconds(4_130, '95 of 100 answers took at most so long'),
    firstTokenMsP50: milliseconds(390, 'Half of the streams began within'),
    firstTokenMsP95: milliseconds(960, '95 of 100 streams began within'),
  } satisfies Record<Measure, z.ZodType> & z.ZodRawShape)
  .openapi('Usage');

export type Measures = z.infer<typeof Measures>;

/** By position, because it is asked so often: the test of analytics knows each measure by its name. */
export function showUsed({ values, latencies, firstTokens }: Used): Measures {
  const [cost = 0, inputCost = 0, outputCost = 0, ...counts] = values;
  const [requestCount = 0, errorCount = 0, clientErrorCount = 0, refusedCount = 0, ...tokens] = counts;
  const [inputTokens = 0, outputTokens = 0, cachedTokens = 0, reasoningTokens = 0] = tokens;
  const answered = Number(requestCount) - Number(clientErrorCount) - Number(refusedCount);
  return {
    cost: formatUsd(BigInt(cost)),
    inputCost: formatUsd(BigInt(inputCost)),
    outputCost: formatUsd(BigInt(outputCost)),
    requestCount: Number(requestCount),
    errorCount: Number(errorCount),
    clientErrorCount: Number(clientErrorCount),
    refusedCount: Number(refusedCount),
    inputTokens: Number(inputTokens),
    outputTokens: Number(outputTokens),
    cachedTokens: Number(cachedTokens),
    reasoningTokens: Number(reasoningTokens),
    totalTokens: Number(plus(inputTokens, outputTokens)),
    errorRate: answered > 0 ? Number(errorCount) / answered : null,
    latencyMsP50: percentileOf(latencies, 0.5),
    latencyMsP95: percentileOf(latencies, 0.95),
    firstTokenMsP50: percentileOf(firstTokens, 0.5),
    firstTokenMsP95: percentileOf(firstTokens, 0.95),
  };
}
