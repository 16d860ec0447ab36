/**
 * What an attempt may cost, before it is sent: the input's bound, the most output, and whether that can be watched.
 */
import type { RuleFacts } from '../budgets/protocol.ts';
import { LIMITS } from '../limits.ts';
import type { Mapping } from '../models/catalogue.ts';
import { boundOf } from '../money/cost.ts';
import { addNanos, type Nanos } from '../money/nanos.ts';
import {
  dearestInputRate,
  dearestOutputRate,
  type Modality,
  type Price,
  perMillion,
  priceAt,
  tierFor,
} from '../money/price.ts';
import type { Asked } from './protocol.ts';
import type { Provider } from './providers/provider.ts';

export type RulePrices = Pick<RuleFacts, 'inputPrice' | 'outputPrice'>;

export interface Quote {
  price: Price;
  inputMax: Nanos;
  /** Of all choices together. */
  outputTokensMax: number;
  choices: number;
  /** The fewest tokens that each choice may be capped to. */
  capMin: number;
  /** Picodollars per output token at the dearest rate that may apply. */
  outputRate: number;
  /** Whether a stream shows all output that the provider bills, as it is made. */
  watchable: boolean;
  /** Whether it is for a job, which goes on without its Worker. */
  isJob?: true;
  /** What rules go by: the price, in nanodollars per million tokens, for a request as large as this may be. */
  rulePrices: RulePrices;
}

/** Null where the model has no price now. `bodyBytes`: of the request as it was sent or will be, whichever is larger. */
export function quote(
  asked: Asked,
  bodyBytes: number,
  mapping: Mapping,
  provider: Provider,
  nowMs: number,
): Quote | null {
  const price = priceAt(mapping.prices, nowMs);
  if (!price) return null;
  // A provider takes no more than its model's context, whatever was sent.
  const inputTokensMax = Math.min(provider.inputTokensMax(asked, bodyBytes, mapping), mapping.contextTokens);
  const { cap, choices } = asked;
  const outputTokensMax =
    provider.outputTokensMax?.(asked, mapping) ??
    Math.min(cap?.tokens ?? mapping.maxOutputTokens, mapping.maxOutputTokens) * choices;
  return {
    price,
    inputMax: boundOf(inputTokensMax, dearestInputRate(price, carriedBy(asked))),
    outputTokensMax,
    choices,
    capMin: Math.max(LIMITS.outputTokensMin, asked.capMin ?? 0),
    outputRate: dearestOutputRate(price),
    watchable: !(asked.hidesOutput || mapping.hiddenReasoning || (asked.demo?.reasoningTokens ?? 0) > 0),
    rulePrices: rulePricesOf(price, inputTokensMax),
  };
}

/** What a request is made of. A file or a video may hold anything. */
function carriedBy({ media }: Asked): Modality[] {
  const carried: Modality[] = ['text'];
  if (media.some(({ kind }) => kind !== 'audio')) carried.push('image');
  if (media.some(({ kind }) => kind !== 'image')) carried.push('audio');
  return carried;
}

/** The price that rules go by, of a request with so many tokens of input at most. */
export function rulePricesOf(price: Price, inputTokensMax: number): RulePrices {
  const { rates } = tierFor(price, inputTokensMax);
  return { inputPrice: perMillion(rates, 'input'), outputPrice: perMillion(rates, 'output') };
}

/** What a hold must be to cover the input and so many tokens of output. */
export function amountFor(quoted: Quote, outputTokens: number): Nanos {
  return addNanos(quoted.inputMax, boundOf(outputTokens, quoted.outputRate));
}
