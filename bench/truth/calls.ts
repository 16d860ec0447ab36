/**
 * What a call to the truthful upstream asks for, and what the upstream counts of it: shared by both ends. Prices are
 * written out here, so that Purser's arithmetic is not its own judge.
 */

/** Nanodollars a token, as OpenAI's price list has them. */
const MODELS = {
  'gpt-4o-mini': { input: 150, output: 600 },
  'gpt-4.1-nano': { input: 100, output: 400 },
  /** Reasons out of sight: its output cannot be watched. */
  'gpt-5-nano': { input: 50, output: 400 },
} as const;

export type ModelName = keyof typeof MODELS;

/**
 * How a provider fails. fails: status 500, nothing made. breaks: the connection ends in the middle of the answer. silent:
 * nothing for seconds in the middle, then it goes on. garbage: something that is no answer, then more of the answer.
 */
export type Fault = 'fails' | 'breaks' | 'silent' | 'garbage';

/** How a provider is dishonest: its bill is three times, or a tenth of, what it made, or it makes more than it may. */
export type Lie = 'bills_more' | 'bills_less' | 'ignores_cap';

/** Travels in the field `bench` of the request, which a gateway passes on as it passes on whatever it does not know. */
export interface Ask {
  call: string;
  /** Every word of the prompt is one token. */
  inputTokens: number;
  /** What the model would say, unless its cap is lower; reasoning comes on top and first, out of sight. */
  textTokens: number;
  reasoningTokens: number;
  tokensPerSecond: number;
  /** How many tokens travel in one event of a stream. */
  tokensPerEvent: number;
  /** Made after the gateway has hung up, before the provider notices. */
  tailTokens: number;
  /** Until the first token. */
  thinkMs: number;
  fault: Fault | null;
  /** After so many tokens of text. */
  faultAfter: number;
  lie: Lie | null;
}

/** What was truly made for one call, and what that is worth. */
export interface TrueCall {
  call: string;
  model: ModelName;
  /** The most output it was told to make; null without a cap. */
  cap: number | null;
  streamed: boolean;
  inputTokens: number;
  outputTokens: number;
  costNanos: number;
  /** What the provider said it made; null where it said nothing. */
  billedNanos: number | null;
  arrivedAtMs: number;
  endedAtMs: number | null;
  /** The gateway hung up before the end. */
  cancelled: boolean;
}

export function costOf(model: ModelName, inputTokens: number, outputTokens: number): number {
  const { input, output } = MODELS[model];
  return inputTokens * input + outputTokens * output;
}

/** What the whole call would cost, cap and faults apart. */
export function plannedCost(model: ModelName, ask: Omit<Ask, 'call'>): number {
  return costOf(model, ask.inputTokens, ask.textTokens + ask.reasoningTokens);
}
