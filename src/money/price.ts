/**
 * What a provider charges: integer picodollars (1e-12 USD) per unit, by date and by size of the request.
 *
 * Reads the tables it is given and decides nothing about requests. A unit without a rate is never free: it takes the
 * rate it falls back to, or it has none (null), and whoever meets that refuses.
 */

import { type Nanos, nanos } from './nanos.ts';

interface UnitRule {
  /** The side of the token stream that it counts on. A unit that is no token (page, second) will need a third side. */
  side: 'input' | 'output';
  /** The unit whose rate applies where a price has none for this one. */
  fallback: 'input' | 'output' | null;
}

/** Every unit that a price may name. One line adds one; `Usage` and `NO_USAGE` follow. */
const UNIT_RULES = {
  input: { side: 'input', fallback: null },
  cachedInput: { side: 'input', fallback: 'input' },
  cacheWrite5m: { side: 'input', fallback: 'input' },
  cacheWrite1h: { side: 'input', fallback: 'input' },
  output: { side: 'output', fallback: null },
  reasoning: { side: 'output', fallback: 'output' },
} satisfies Record<string, UnitRule>;

export type Unit = keyof typeof UNIT_RULES;
export type Side = UnitRule['side'];

export const UNITS = Object.keys(UNIT_RULES) as readonly Unit[];

/** Picodollars per unit, whole. 1 USD per million tokens is 1,000,000 picodollars per token. */
export type Rates = Partial<Record<Unit, number>>;

export interface RateTier {
  /** The tier is for requests whose whole input is more than this many tokens. */
  aboveInputTokens: number;
  rates: Rates;
}

export interface Price {
  /** Names this price in usage events, as in `openai/o3@2025-06-10`, or `@0` if it has no date. */
  version: string;
  /** Epoch milliseconds from which it is in force, that instant included; null = since ever. */
  effectiveFrom: number | null;
  /** Ascending by `aboveInputTokens`, the first 0. */
  tiers: readonly RateTier[];
}

export function sideOf(unit: Unit): Side {
  return UNIT_RULES[unit].side;
}

/** The price in force at an instant (epoch ms), of prices in ascending order of date; null before the first. */
export function priceAt(prices: readonly Price[], atMs: number): Price | null {
  return prices.findLast(({ effectiveFrom }) => effectiveFrom === null || effectiveFrom <= atMs) ?? null;
}

/**
 * The tier for a request whose whole input (uncached, cached and written to the cache) is `inputTokens`. The whole
 * request, output included, is priced at that one tier.
 *
 * These are the semantics of @pydantic/genai-prices 0.1.8: it walks the tiers with `totalInput > tier.start`, so a start
 * is exclusive, and prices every token at the last that matches. A provider whose long-context rates begin *at* 272,000
 * tokens therefore stands in its tables, and in ours, as 271,999.
 */
export function tierFor(price: Price, inputTokens: number): RateTier {
  const tier = price.tiers.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens) ?? price.tiers[0];
  if (!tier) throw new RangeError(`price ${price.version} has no tiers`);
  return tier;
}

/** Picodollars for one unit; null if neither the unit nor what it falls back to has a rate. */
export function rateOf(rates: Rates, unit: Unit): number | null {
  const { fallback } = UNIT_RULES[unit];
  return rates[unit] ?? (fallback === null ? null : (rates[fallback] ?? null));
}

/** 1 picodollar per token is 1,000 nanodollars per million tokens. */
const NANOS_PER_MILLION_PER_PICO = 1_000;

/** As rateOf, in nanodollars for a million units: how prices are told. */
export function perMillion(rates: Rates, unit: Unit): Nanos | null {
  const rate = rateOf(rates, unit);
  return rate === null ? null : nanos(rate * NANOS_PER_MILLION_PER_PICO);
}

/** The most picodollars an input token can cost, whatever its kind and the size of the request. Throws if unpriced. */
export function dearestInputRate(price: Price): number {
  return dearestRate(price, 'input');
}

/** The most picodollars an output token can cost, visible or not, whatever the size of the request. Throws if unpriced. */
export function dearestOutputRate(price: Price): number {
  return dearestRate(price, 'output');
}

function dearestRate(price: Price, side: Side): number {
  const units = UNITS.filter((unit) => sideOf(unit) === side);
  const rates = price.tiers.flatMap((tier) => units.map((unit) => rateOf(tier.rates, unit)));
  const known = rates.filter((rate) => rate !== null);
  // A bound of 0 would admit anything, so a side without a rate is a bug of whoever priced the request.
  if (known.length === 0) throw new RangeError(`price ${price.version} has no ${side} rate`);
  return Math.max(...known);
}
