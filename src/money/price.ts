/**
 * What a provider charges: integer picodollars (1e-12 USD) per unit, by date and by size of the request.
 *
 * Reads the tables it is given and decides nothing about requests. A unit without a rate is never free: it takes the
 * rate it falls back to, or it has none (null), and whoever meets that refuses. What costs nothing says so with a 0.
 */

import { type Nanos, nanos } from './nanos.ts';

/** What a token stands for; null: the unit is no token. */
export type Modality = 'text' | 'image' | 'audio';

interface UnitRule {
  /** The part of a cost that it counts to: what was read, or what was made of it. */
  side: 'input' | 'output';
  /** Tokens of input choose the tier, and tokens of one modality may be any of its units. */
  modality: Modality | null;
  /** The unit whose rate applies where a price has none for this one. */
  fallback: 'input' | 'output' | 'imageInput' | 'audioInput' | 'page' | null;
}

/** Every unit that a price may name. One line adds one; `Usage` and `NO_USAGE` follow. */
const UNIT_RULES = {
  input: { side: 'input', modality: 'text', fallback: null },
  cachedInput: { side: 'input', modality: 'text', fallback: 'input' },
  cacheWrite5m: { side: 'input', modality: 'text', fallback: 'input' },
  cacheWrite1h: { side: 'input', modality: 'text', fallback: 'input' },
  imageInput: { side: 'input', modality: 'image', fallback: 'input' },
  cachedImageInput: { side: 'input', modality: 'image', fallback: 'imageInput' },
  audioInput: { side: 'input', modality: 'audio', fallback: 'input' },
  cachedAudioInput: { side: 'input', modality: 'audio', fallback: 'audioInput' },
  output: { side: 'output', modality: 'text', fallback: null },
  reasoning: { side: 'output', modality: 'text', fallback: 'output' },
  imageOutput: { side: 'output', modality: 'image', fallback: 'output' },
  audioOutput: { side: 'output', modality: 'audio', fallback: 'output' },
  /** A fee for the request itself. */
  request: { side: 'input', modality: null, fallback: null },
  /** Of text that is read aloud: UTF-16 code units, which are never fewer than characters. */
  character: { side: 'input', modality: null, fallback: null },
  /** Of sound that is listened to. */
  audioSecond: { side: 'input', modality: null, fallback: null },
  /** Of a document that is read; `annotatedPage` where the answer is to follow a schema. */
  page: { side: 'input', modality: null, fallback: null },
  annotatedPage: { side: 'input', modality: null, fallback: 'page' },
  /** A query over up to so many documents as the provider counts for one. */
  searchUnit: { side: 'input', modality: null, fallback: null },
  /** An image that is made, whatever its size; where that decides, see `Price.images`. */
  image: { side: 'output', modality: null, fallback: null },
  /** Of video that is made. */
  videoSecond: { side: 'output', modality: null, fallback: null },
  /** Calls of tools that the provider runs while it answers. */
  webSearch: { side: 'output', modality: null, fallback: null },
  fileSearch: { side: 'output', modality: null, fallback: null },
} satisfies Record<string, UnitRule>;

export type Unit = keyof typeof UNIT_RULES;
export type Side = UnitRule['side'];

export const UNITS = Object.keys(UNIT_RULES) as readonly Unit[];

/** The tokens that a request reads: all of them choose the tier. */
export const INPUT_TOKENS = UNITS.filter((unit) => sideOf(unit) === 'input' && modalityOf(unit) !== null);

/** The tokens that it makes. */
export const OUTPUT_TOKENS = UNITS.filter((unit) => sideOf(unit) === 'output' && modalityOf(unit) !== null);

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
  /**
   * Picodollars for an image of a size and quality, as in `1024x1024 high`, where that decides. The rate of `image` is that
   * of every other, so it must be the dearest.
   */
  images?: Readonly<Record<string, number>>;
  /** The same of a second of video of a size, as in `1792x1024`, and the rate of `videoSecond`. */
  videos?: Readonly<Record<string, number>>;
}

export function sideOf(unit: Unit): Side {
  return UNIT_RULES[unit].side;
}

export function modalityOf(unit: Unit): Modality | null {
  return UNIT_RULES[unit].modality;
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

/** The price as it is for images of this size and quality. */
export function priceOfImages(price: Price, size: string, quality: string): Price {
  return withRate(price, 'image', rateIn(price.images, `${size} ${quality}`));
}

/** The price as it is for video of this size. */
export function priceOfVideo(price: Price, size: string): Price {
  return withRate(price, 'videoSecond', rateIn(price.videos, size));
}

/** The price with every token at so many percent of its rate. Fees stay as they are. */
export function priceAtPercent(price: Price, percent: number): Price {
  const tiers = price.tiers.map((tier) => {
    const rates = { ...tier.rates };
    for (const unit of UNITS) {
      const rate = rates[unit];
      if (rate !== undefined && modalityOf(unit)) rates[unit] = Math.ceil((rate * percent) / 100);
    }
    return { ...tier, rates };
  });
  return { ...price, tiers };
}

function rateIn(rates: Readonly<Record<string, number>> = {}, name: string): number | null {
  // Names come from callers: nothing that is inherited is a rate.
  return Object.hasOwn(rates, name) ? (rates[name] ?? null) : null;
}

function withRate(price: Price, unit: Unit, rate: number | null): Price {
  if (rate === null) return price;
  return { ...price, tiers: price.tiers.map((tier) => ({ ...tier, rates: { ...tier.rates, [unit]: rate } })) };
}

/** Picodollars for one unit; null if neither the unit nor what it falls back to has a rate. */
export function rateOf(rates: Rates, unit: Unit): number | null {
  const { fallback } = UNIT_RULES[unit];
  return rates[unit] ?? (fallback === null ? null : rateOf(rates, fallback));
}

/** Whether a unit has a rate at every size of a request. */
export function isPriced({ tiers }: Price, unit: Unit): boolean {
  return tiers.length > 0 && tiers.every(({ rates }) => rateOf(rates, unit) !== null);
}

/** 1 picodollar per token is 1,000 nanodollars per million tokens. */
const NANOS_PER_MILLION_PER_PICO = 1_000;

/** As rateOf, in nanodollars for a million units: how prices of tokens are told. */
export function perMillion(rates: Rates, unit: Unit): Nanos | null {
  const rate = rateOf(rates, unit);
  return rate === null ? null : nanos(rate * NANOS_PER_MILLION_PER_PICO);
}

/** As perMillion, for a thousand: how what is no token is told. A picodollar for one is a nanodollar for a thousand. */
export function perThousand(rates: Rates, unit: Unit): Nanos | null {
  const rate = rateOf(rates, unit);
  return rate === null ? null : nanos(rate);
}

/**
 * The most picodollars an input token can cost, whatever its kind and the size of the request. Throws if unpriced.
 * `carries`: what the request can be made of; its text may come from the cache or be written to it all the same.
 */
export function dearestInputRate(price: Price, carries: readonly Modality[] = ['text', 'image', 'audio']): number {
  return remembered(price, `input of ${carries}`, () => {
    const units = INPUT_TOKENS.filter((unit) => carries.some((modality) => modality === modalityOf(unit)));
    return dearestRate(price, units, 'input');
  });
}

/** The same of text that nobody asks to be kept in a cache: it is read anew, or from there. */
export function dearestReadRate(price: Price): number {
  return dearestRate(price, ['input', 'cachedInput'], 'input');
}

/** The most picodollars an output token can cost, visible or not, whatever the size of the request. Throws if unpriced. */
export function dearestOutputRate(price: Price): number {
  return remembered(price, 'output', () => dearestRate(price, OUTPUT_TOKENS, 'output'));
}

/** The most picodollars that what is counted as `unit` can turn out to cost: as any token of its side and modality. */
export function dearestRateOf(price: Price, unit: Unit): number {
  const modality = modalityOf(unit);
  const alike = UNITS.filter((other) => modality && sideOf(other) === sideOf(unit) && modalityOf(other) === modality);
  return dearestRate(price, modality ? alike : [unit], unit);
}

/** Every request asks the same few things of its price, and a price never changes. */
const dearest = new WeakMap<Price, Map<string, number>>();

function remembered(price: Price, what: string, find: () => number): number {
  const rates = dearest.get(price) ?? new Map<string, number>();
  const known = rates.get(what);
  if (known !== undefined) return known;
  const found = find();
  dearest.set(price, rates.set(what, found));
  return found;
}

function dearestRate(price: Price, units: readonly Unit[], what: string): number {
  const rates = price.tiers.flatMap((tier) => units.map((unit) => rateOf(tier.rates, unit)));
  const known = rates.filter((rate) => rate !== null);
  // A bound of 0 would admit anything, so what has no rate is a bug of whoever priced the request.
  if (known.length === 0) throw new RangeError(`price ${price.version} has no ${what} rate`);
  return Math.max(...known);
}
