/**
 * Usage added up in memory: events into facts (the sums of a quarter of an hour and a combination of dimensions), and facts
 * into what each series has to add to its running totals. Pure, and exact however large a sum is.
 */
import { DAY_MS } from '../limits.ts';
import { letterOf, MEASURES, QUARTER_MS, SERIES, type SeriesKind, seriesValue } from './measures.ts';

/** A whole number of any size: a bigint only where a number would not hold it exactly, since those are slow. */
export type Whole = number | bigint;

export function plus(a: Whole, b: Whole): Whole {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return narrow(BigInt(a) + BigInt(b));
}

export function minus(a: Whole, b: Whole): Whole {
  return plus(a, typeof b === 'number' ? -b : -b);
}

/** Of a decimal text, as sums leave SQL. */
export function wholeOf(text: string): Whole {
  return text.length < 16 ? Number(text) : narrow(BigInt(text));
}

function narrow(value: bigint): Whole {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * The columns of a sum, in one order for all rows that travel to and from D1: the measures, and how many events there were.
 * A request is not an event (a correction is no request, counted refusals are many); of a member's events, so many since
 * ever, the last has just that number.
 */
export const SUM_COLUMNS = [...Object.values(MEASURES), 'events' as const];

/** `values` in the order of SUM_COLUMNS; latencies as letters. */
export interface Sums {
  values: Whole[];
  latencies: string;
  firstTokens: string;
}

function noSums(): Sums {
  return { values: SUM_COLUMNS.map(() => 0), latencies: '', firstTokens: '' };
}

function addSums(into: Sums, added: Sums): void {
  addValues(into.values, added.values);
  into.latencies += added.latencies;
  into.firstTokens += added.firstTokens;
}

function addValues(into: Whole[], added: readonly Whole[]): void {
  for (let i = 0; i < into.length; i++) into[i] = plus(into[i] ?? 0, added[i] ?? 0);
}

/** What tells one combination from another; the columns of usage_dimensions, in the order of its unique index. */
export const DIMENSIONS = [
  'organization_id',
  'project_id',
  'key_id',
  'member_id',
  'mapping',
  'canonical_model',
  'provider',
  'app',
] as const;

export type Dimensions = Record<(typeof DIMENSIONS)[number], string>;

const COUNTED = [
  'outcome',
  'requests',
  'settled_at',
  'input_tokens',
  'cached_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cost',
  'input_cost',
  'output_cost',
  'latency_ms',
  'first_token_ms',
] as const;

/** What is read of usage_events to add them up. */
export const EVENT_COLUMNS = [...DIMENSIONS, ...COUNTED];

/** Its costs may be below zero, its requests 0 (a correction) or many (counted refusals). */
export interface EventRow extends Dimensions {
  outcome: string;
  requests: number;
  settled_at: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  cost: number;
  input_cost: number;
  output_cost: number;
  latency_ms: number | null;
  first_token_ms: number | null;
}

/** A combination of dimensions, its facts by quarter, and the series that it counts in. */
export interface Combination {
  dimensions: Dimensions;
  facts: Map<number, Sums>;
  series: Series[];
}

/** One thing with running totals, and what is to be added to them by quarter. */
export interface Series {
  organizationId: string;
  kind: SeriesKind;
  value: string;
  quarters: Map<number, Sums>;
}

export interface MemberDay {
  memberId: string;
  dayAt: number;
  cost: Whole;
}

/** Adds up what it is given; the order is of no matter. */
export class UsageSums {
  readonly combinations = new Map<string, Combination>();
  readonly series = new Map<string, Series>();
  readonly days = new Map<string, MemberDay>();

  static ofEvents(events: Iterable<EventRow>): UsageSums {
    const sums = new UsageSums();
    for (const event of events) sums.#addToFacts(event);
    for (const { facts, series } of sums.combinations.values()) {
      for (const [bucketAt, fact] of facts)
        for (const each of series) addSums(inQuarter(each.quarters, bucketAt), fact);
    }
    return sums;
  }

  addFact(dimensions: Dimensions, bucketAt: number, fact: Sums): void {
    const { facts, series } = this.#combination(dimensions);
    for (const quarters of [facts, ...series.map((each) => each.quarters)])
      addSums(inQuarter(quarters, bucketAt), fact);
  }

  /** The series of that name; one that nothing is added to, unless it is known already. */
  addSeries(organizationId: string, kind: SeriesKind, value: string): Series {
    const name = `${kind}\0${organizationId}\0${value}`;
    let series = this.series.get(name);
    if (!series) {
      series = { organizationId, kind, value, quarters: new Map() };
      this.series.set(name, series);
    }
    return series;
  }

  /** Made where there is none yet. */
  #combination(dimensions: Dimensions): Combination {
    const { organization_id, project_id, key_id, member_id, mapping, canonical_model, provider, app } = dimensions;
    const name = `${organization_id}\0${project_id}\0${key_id}\0${member_id}\0${mapping}\0${canonical_model}\0${provider}\0${app}`;
    let combination = this.combinations.get(name);
    if (!combination) {
      const own = { organization_id, project_id, key_id, member_id, mapping, canonical_model, provider, app };
      combination = { dimensions: own, facts: new Map(), series: this.#seriesOf(own) };
      this.combinations.set(name, combination);
    }
    return combination;
  }

  #addToFacts(event: EventRow): void {
    const { outcome, requests, settled_at: settledAt, latency_ms: latency, first_token_ms: firstToken } = event;
    const sums = inQuarter(this.#combination(event).facts, settledAt - (settledAt % QUARTER_MS));
    // In the order of SUM_COLUMNS.
    addValues(sums.values, [
      event.cost,
      event.input_cost,
      event.output_cost,
      requests,
      outcome === 'upstream_error' || outcome === 'expired' ? requests : 0,
      outcome === 'client_error' ? requests : 0,
      outcome === 'refused' ? requests : 0,
      event.input_tokens,
      event.output_tokens,
      event.cached_tokens,
      event.reasoning_tokens,
      1,
    ]);
    // An attempt has one latency at most: an expired one has none, and its correction has that of both.
    if (latency !== null) sums.latencies += letterOf(latency);
    if (firstToken !== null) sums.firstTokens += letterOf(firstToken);
    this.#addToDay(event.member_id, settledAt - (settledAt % DAY_MS), event.cost);
  }

  #addToDay(memberId: string, dayAt: number, cost: number): void {
    const name = dayAt + memberId;
    const day = this.days.get(name);
    if (day) day.cost = plus(day.cost, cost);
    else this.days.set(name, { memberId, dayAt, cost });
  }

  #seriesOf(dimensions: Dimensions): Series[] {
    const organizationId = dimensions.organization_id;
    return (Object.keys(SERIES) as SeriesKind[]).map((kind) => {
      return this.addSeries(organizationId, kind, seriesValue(kind, dimensions));
    });
  }
}

function inQuarter(quarters: Map<number, Sums>, bucketAt: number): Sums {
  let sums = quarters.get(bucketAt);
  if (!sums) {
    sums = noSums();
    quarters.set(bucketAt, sums);
  }
  return sums;
}
