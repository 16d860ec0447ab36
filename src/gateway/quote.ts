/**
 * What an attempt may cost, before it is sent: the input's bound, and how much output the hold covers slice by slice.
 */
import { LIMITS } from '../limits.ts';
import type { Mapping } from '../models/catalogue.ts';
import { boundOf } from '../money/cost.ts';
import { addNanos, type Nanos } from '../money/nanos.ts';
import { dearestInputRate, dearestOutputRate, type Price, priceAt } from '../money/price.ts';
import type { ChatRequest } from './chat-completions/request.ts';
import type { Provider } from './providers/provider.ts';

export interface Quote {
  price: Price;
  inputMax: Nanos;
  outputTokensMax: number;
  /** Picodollars per output token at the dearest rate that may apply. */
  outputRate: number;
  /** Whether output is seen as it is made, so that the hold may cover it slice by slice. */
  watched: boolean;
  /** Output tokens that the first hold covers: all of them where output cannot be watched. */
  firstTokens: number;
}

/** Null where the model has no price now. */
export function quote(
  request: ChatRequest,
  bodyBytes: number,
  mapping: Mapping,
  provider: Provider,
  nowMs: number,
): Quote | null {
  const price = priceAt(mapping.prices, nowMs);
  if (!price) return null;
  const outputTokensMax = provider.outputTokensMax(request, mapping);
  // Reasoning is billed but never seen, and an answer that comes in one piece is seen too late: both need the worst case.
  // So does a prediction: what the model rejects of it is billed as output and never streamed.
  const hidden = mapping.hiddenReasoning || request.prediction != null || (request.demo?.reasoningTokens ?? 0) > 0;
  const watched = request.stream === true && !hidden;
  return {
    price,
    // A provider takes no more than its model's context, whatever was sent.
    inputMax: boundOf(
      Math.min(provider.inputTokensMax(request, bodyBytes), mapping.contextTokens),
      dearestInputRate(price),
    ),
    outputTokensMax,
    outputRate: dearestOutputRate(price),
    watched,
    firstTokens: watched ? Math.min(LIMITS.sliceTokensMin, outputTokensMax) : outputTokensMax,
  };
}

/** What a hold must be to cover the input and so many tokens of output. */
export function amountFor(quoted: Quote, outputTokens: number): Nanos {
  return addNanos(quoted.inputMax, boundOf(outputTokens, quoted.outputRate));
}
