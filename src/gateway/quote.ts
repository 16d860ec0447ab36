/**
 * What an attempt may cost, before it is sent: the input's bound, the most output, and whether that can be watched.
 */
import type { RuleFacts } from '../budgets/protocol.ts';
import { LIMITS } from '../limits.ts';
import type { Mapping } from '../models/catalogue.ts';
import { boundOf } from '../money/cost.ts';
import { addNanos, type Nanos, nanos } from '../money/nanos.ts';
import {
  dearestInputRate,
  dearestOutputRate,
  dearestReadRate,
  type Modality,
  type Price,
  perMillion,
  priceAt,
  priceAtPercent,
  tierFor,
} from '../money/price.ts';
import type { Asked } from './protocol.ts';
import { quoteTools, type ToolsQuote } from './provider-tools.ts';
import type { Provider } from './providers/provider.ts';

export type RulePrices = Pick<RuleFacts, 'inputPrice' | 'outputPrice'>;

export interface Quote {
  price: Price;
  /** What the provider's tools may cost included. */
  inputMax: Nanos;
  /** Of that, what goes with each use of them; absent where none is offered. */
  tools?: ToolsQuote;
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
  const made: Quote = {
    price,
    inputMax: boundOf(inputTokensMax, dearestInputRate(price, carriedBy(asked))),
    outputTokensMax,
    choices,
    // Where more is asked for than can come, the request stands as it is or not at all.
    capMin: Math.min(Math.max(LIMITS.outputTokensMin, asked.capMin ?? 0), Math.ceil(outputTokensMax / choices)),
    outputRate: dearestOutputRate(price),
    watchable: !(asked.hidesOutput || reasonsFor(asked, mapping) || (asked.demo?.reasoningTokens ?? 0) > 0),
    rulePrices: rulePricesOf(price, inputTokensMax),
  };
  return asked.providerTools ? withTools(made, asked, inputTokensMax, mapping) : made;
}

/** Whether the model may reason for this request: what no stream shows whole is billed as output all the same. */
function reasonsFor({ reasoning }: Asked, { reasons }: Mapping): boolean {
  if (reasoning === 'on') return true;
  return reasons === 'always' || (reasons === 'unless_off' && reasoning === null);
}

/**
 * With what the provider's tools may cost. After each use the model reads everything again, with what it said meanwhile and what
 * the uses brought; and once more where it tries one use too many, which is refused. The request alone is in `inputMax`. No
 * stream shows what is read, so that it is covered whole.
 */
function withTools(made: Quote, asked: Asked, inputTokensMax: number, { contextTokens }: Mapping): Quote {
  const { providerTools } = asked;
  if (!providerTools) return made;
  const { price } = made;
  const described = LIMITS.providerToolTokensMax * providerTools.usesMin;
  const request = inputTokensMax + described;
  const brought = providerTools.tokensMax ?? contextTokens;
  const round = Math.min(contextTokens, request + made.outputTokensMax + brought);
  const plain = asked.media.length === 0 && !providerTools.fillsCache;
  const inputRate = plain ? dearestReadRate(price) : dearestInputRate(price, carriedBy(asked));
  const tools = quoteTools(providerTools, LIMITS.toolUsesDefault, price, round, inputRate);
  const inputMax = addNanos(boundOf(Math.min(contextTokens, request) + round, inputRate), timesUses(tools, tools.uses));
  return { ...made, watchable: false, tools, inputMax };
}

function timesUses({ perUse }: ToolsQuote, uses: number): Nanos {
  return nanos(perUse * uses);
}

/** The same for the fewest uses to which the provider can be held. */
export function withFewestUses(quoted: Quote): Quote {
  return quoted.tools ? withUses(quoted, quoted.tools, quoted.tools.usesMin) : quoted;
}

/** The same for as many uses as `granted` covers beside all output. */
export function withUsesWithin(quoted: Quote, granted: Nanos): Quote {
  const { tools } = quoted;
  if (!tools || amountFor(quoted, quoted.outputTokensMax) <= granted) return quoted;
  const fewest = withFewestUses(quoted);
  const more = Math.floor((granted - amountFor(fewest, quoted.outputTokensMax)) / tools.perUse);
  return withUses(quoted, tools, tools.usesMin + Math.max(0, more));
}

function withUses(quoted: Quote, tools: ToolsQuote, uses: number): Quote {
  const inputMax = nanos(quoted.inputMax - timesUses(tools, tools.uses - uses));
  return { ...quoted, inputMax, tools: { ...tools, uses } };
}

/** The same at the dearest tier that the provider may serve it at. */
export function atDearerTier(quoted: Quote): Quote {
  const percent = LIMITS.dearerTierPercent;
  const price = priceAtPercent(quoted.price, percent);
  const inputMax = nanos(Math.ceil((quoted.inputMax * percent) / 100));
  return { ...quoted, price, inputMax, outputRate: dearestOutputRate(price) };
}

const TEXT: readonly Modality[] = ['text'];

/** What a request is made of. A file or a video may hold anything. */
function carriedBy({ media }: Asked): readonly Modality[] {
  if (media.length === 0) return TEXT;
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
