/**
 * What was used: the sums of every measure and how long answers took, added and taken away exactly, and shown as the API
 * has it.
 */
import { z } from '@hono/zod-openapi';
import { formatUsd, nanos } from '../money/nanos.ts';
import { count, usd } from '../reference/fields.ts';
import { type Counts, countOf, MEASURE_NAMES, type Measure, noCounts, percentileOf } from './measures.ts';
import { minus, plus, SUM_COLUMNS, type Whole } from './sums.ts';

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

export function requestsOf({ values }: Used): Whole {
  return values[REQUESTS] ?? 0;
}

const COST = MEASURE_NAMES.indexOf('cost');
const REQUESTS = MEASURE_NAMES.indexOf('requestCount');

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
  const at = (i: number) => values[i] ?? 0;
  const inputTokens = at(7);
  const outputTokens = at(8);
  const requestCount = Number(at(3));
  const errorCount = Number(at(4));
  const clientErrorCount = Number(at(5));
  const refusedCount = Number(at(6));
  const measured = countOf(latencies);
  const begun = countOf(firstTokens);
  const answered = requestCount - clientErrorCount - refusedCount;
  return {
    cost: usdOf(at(0)),
    inputCost: usdOf(at(1)),
    outputCost: usdOf(at(2)),
    requestCount,
    errorCount,
    clientErrorCount,
    refusedCount,
    inputTokens: Number(inputTokens),
    outputTokens: Number(outputTokens),
    cachedTokens: Number(at(9)),
    reasoningTokens: Number(at(10)),
    totalTokens: Number(plus(inputTokens, outputTokens)),
    errorRate: answered > 0 ? errorCount / answered : null,
    latencyMsP50: percentileOf(latencies, 0.5, measured),
    latencyMsP95: percentileOf(latencies, 0.95, measured),
    firstTokenMsP50: percentileOf(firstTokens, 0.5, begun),
    firstTokenMsP95: percentileOf(firstTokens, 0.95, begun),
  };
}

function usdOf(value: Whole): string {
  return formatUsd(typeof value === 'number' ? nanos(value) : value);
}
