/**
 * What a request cost, and what it could cost at most: counts times rates, exactly.
 *
 * Products are bigint picodollars, as a count times a rate can pass 2^53. They are rounded up to nanodollars once, at
 * the very end, so that no cost is ever understated and none is overstated by a nanodollar or more.
 * Counts that are not safe non-negative integers, and tokens that have no rate, are bugs and throw.
 */

import { type Nanos, nanos } from './nanos.ts';
import {
  dearestRateOf,
  INPUT_TOKENS,
  OUTPUT_TOKENS,
  type Price,
  rateOf,
  type Side,
  sideOf,
  tierFor,
  UNITS,
  type Unit,
} from './price.ts';

/**
 * How many of each unit a request used. The counts are disjoint: `input` is text that was neither read from the cache nor
 * written to it, `output` is text that was visible. The sum of a side's tokens is that side's whole.
 */
export type Usage = Readonly<Record<Unit, number>>;

export const NO_USAGE: Usage = Object.freeze(
  Object.fromEntries(UNITS.map((unit) => [unit, 0])) as Record<Unit, number>,
);

/** A cost and its two sides, which always sum to it; each unit says on which it counts (price.ts). */
export interface CostParts {
  total: Nanos;
  input: Nanos;
  output: Nanos;
}

const PICODOLLARS_PER_NANO = 1000n;

/** The cost of `usage` under the one tier of `price` that its whole input chooses, rounded up to a nanodollar. */
export function costOf(usage: Usage, price: Price): Nanos {
  return costParts(usage, price).total;
}

/**
 * The same cost, split. The input side is rounded down and the output side is the rest: so the one rounding up shows on
 * the output side, even where no output was made.
 */
export function costParts(usage: Usage, price: Price): CostParts {
  const picodollars = picodollarsBySide(usage, price);
  const total = roundedUp(picodollars.input + picodollars.output);
  const input = nanos(Number(picodollars.input / PICODOLLARS_PER_NANO));
  return { total, input, output: nanos(total - input) };
}

/**
 * The most that a request can cost which uses at most `most`: what admission sets aside. Tokens of one modality may turn out
 * to be any of its kinds (cached, written to the cache, reasoning), and the tier is not known before they are counted.
 */
export function ceilingOf(most: Usage, price: Price): Nanos {
  let picodollars = 0n;
  for (const unit of UNITS) {
    if (counted(unit, most[unit]) > 0) picodollars += BigInt(most[unit]) * BigInt(dearestRateOf(price, unit));
  }
  return roundedUp(picodollars);
}

/** All tokens that were read. */
export function inputTokensOf(usage: Usage): number {
  return sumOf(usage, INPUT_TOKENS);
}

/** Those of them that were read from the cache. */
export function cachedTokensOf(usage: Usage): number {
  return usage.cachedInput + usage.cachedImageInput + usage.cachedAudioInput;
}

/** All tokens that were made, reasoning included. */
export function outputTokensOf(usage: Usage): number {
  return sumOf(usage, OUTPUT_TOKENS);
}

/** The cost of `tokens` at one rate, rounded up: what a hold sets aside. */
export function boundOf(tokens: number, picodollarsPerToken: number): Nanos {
  return roundedUp(BigInt(counted('tokens', tokens)) * BigInt(counted('picodollars', picodollarsPerToken)));
}

/** The most tokens at one rate that `amount` covers: boundOf the other way round. Infinite where they cost nothing. */
export function tokensWithin(amount: Nanos, picodollarsPerToken: number): number {
  if (counted('picodollars', picodollarsPerToken) === 0) return Number.POSITIVE_INFINITY;
  return Number((BigInt(amount) * PICODOLLARS_PER_NANO) / BigInt(picodollarsPerToken));
}

function picodollarsBySide(usage: Usage, price: Price): Record<Side, bigint> {
  // A sum past 2^53 is inexact, but it is only compared with starts far below that.
  const { rates } = tierFor(price, inputTokensOf(usage));
  const picodollars = { input: 0n, output: 0n };
  for (const unit of UNITS) {
    // A price need not know units that were not used: an embedding has no output rate.
    const count = usage[unit];
    if (count === 0) continue;
    const rate = rateOf(rates, unit);
    if (rate === null) throw new RangeError(`price ${price.version} has no rate for ${unit}`);
    picodollars[sideOf(unit)] += BigInt(counted(unit, count)) * BigInt(rate);
  }
  return picodollars;
}

function sumOf(usage: Usage, units: readonly Unit[]): number {
  return units.reduce((sum, unit) => sum + usage[unit], 0);
}

function counted(what: string, count: number): number {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`not a count of ${what}: ${count}`);
  return count;
}

function roundedUp(picodollars: bigint): Nanos {
  return nanos(Number((picodollars + PICODOLLARS_PER_NANO - 1n) / PICODOLLARS_PER_NANO));
}
