/**
 * What an attempt may cost, before it is sent: the input's bound, the most output, and whether that can be watched.
 */
import type { Mapping } from '../models/catalogue.ts';
import { boundOf } from '../money/cost.ts';
import { addNanos, type Nanos } from '../money/nanos.ts';
import { dearestInputRate, dearestOutputRate, type Price, priceAt } from '../money/price.ts';
import type { ChatRequest } from './chat-completions/request.ts';
import type { Provider } from './providers/provider.ts';

export interface Quote {
  price: Price;
  inputMax: Nanos;
  /** Of all choices together. */
  outputTokensMax: number;
  choices: number;
  /** Picodollars per output token at the dearest rate that may apply. */
  outputRate: number;
  /** Whether a stream shows all output that the provider bills, as it is made. */
  watchable: boolean;
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
  return {
    price,
    // A provider takes no more than its model's context, whatever was sent.
    inputMax: boundOf(
      Math.min(provider.inputTokensMax(request, bodyBytes), mapping.contextTokens),
      dearestInputRate(price),
    ),
    outputTokensMax: provider.outputTokensMax(request, mapping),
    choices: request.n ?? 1,
    outputRate: dearestOutputRate(price),
    watchable: !hidesOutput(request, mapping),
  };
}

/** What a hold must be to cover the input and so many tokens of output. */
export function amountFor(quoted: Quote, outputTokens: number): Nanos {
  return addNanos(quoted.inputMax, boundOf(outputTokens, quoted.outputRate));
}

/**
 * Whether output is billed that no stream shows: reasoning, and what the model rejects of a prediction. What is not text
 * is no better: its bytes do not tell what it is billed at.
 */
function hidesOutput(request: ChatRequest, mapping: Mapping): boolean {
  const onlyText = (request.modalities ?? []).every((modality) => modality === 'text');
  return mapping.hiddenReasoning || request.prediction != null || !onlyText || (request.demo?.reasoningTokens ?? 0) > 0;
}
