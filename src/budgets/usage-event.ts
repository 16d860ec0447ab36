/**
 * The usage event: the one record of one attempt, made when its hold is resolved, shipped to D1 in sequence.
 */
import type { Nanos } from '../money/nanos.ts';
import type { LedgerRefusal } from './refusals.ts';

/** What an attempt was for. Known at admission and kept with the hold, so that an expired hold still tells it. */
export interface AttemptAbout {
  requestId: string;
  endpoint: string;
  /** A model at one provider, e.g. openai/gpt-5.5. */
  mapping: string;
  canonicalModel: string;
  provider: string;
  app: string;
  streamed: boolean;
  priceVersion: string;
  /**
   * The organization's own provider key that it is made with: its provider bills the organization, so no wallet pays.
   * Absent: made with the deployment's.
   */
  providerKeyId?: string;
}

export interface TokenCounts {
  /** All input, cached included. */
  inputTokens: number;
  cachedTokens: number;
  /** All output, reasoning included. */
  outputTokens: number;
  reasoningTokens: number;
}

export const NO_TOKENS: TokenCounts = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 };

/**
 * completed: the provider answered to its end. cut: ended by Purser at a limit. client_gone: the caller hung up.
 * upstream_error, client_error: the provider failed, or refused the request as wrong. expired: the Worker died and the
 * object charged what could have been spent. correction: the difference, when the Worker came back after all.
 * refused: never dispatched (counted, one event for many).
 */
export type Outcome =
  | 'completed'
  | 'cut'
  | 'client_gone'
  | 'upstream_error'
  | 'client_error'
  | 'expired'
  | 'correction'
  | 'refused';

/** A request that was refused: which, when, and by what as it stood then. */
export interface RefusedRequest {
  requestId: string;
  atMs: number;
  refusal: LedgerRefusal;
}

export interface UsageEvent extends AttemptAbout, TokenCounts {
  /** Gapless per member. */
  n: number;
  attemptId: string;
  keyId: string;
  projectId: string;
  outcome: Outcome;
  /** For refused: which refusal. */
  refusal: string | null;
  /** For refused: the last of those that it counts, oldest first. Absent from any other, and from one older than this. */
  refused?: RefusedRequest[];
  /** How many attempts this event stands for; 0 for a correction, which repeats one. */
  requests: number;
  openedAtMs: number;
  settledAtMs: number;
  /** May be negative in a correction. */
  costNanos: number;
  inputCostNanos: number;
  outputCostNanos: number;
  /** What the provider charged beyond the hold. */
  overrunNanos: Nanos;
  /** What neither side can know any more: the most that an expired hold might have cost beyond its charge. */
  unresolvedNanos: Nanos;
  /** True where the cost is not the provider's own count. */
  estimated: boolean;
  latencyMs: number | null;
  firstTokenMs: number | null;
}
