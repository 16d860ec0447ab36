/**
 * How a hold covers the output of an attempt: what to ask the member's ledger for, and what its grant then allows.
 *
 * Output that can be watched is covered slice by slice: a stream from the start, a whole answer only where its worst case
 * does not fit, so that it is then streamed by the provider and gathered. Output that cannot be watched is covered to its
 * worst case, or the provider is told to keep to what fits.
 */
import type { Ask, Fallback } from '../budgets/protocol.ts';
import { LIMITS } from '../limits.ts';
import { tokensWithin } from '../money/cost.ts';
import { type Nanos, nanos } from '../money/nanos.ts';
import { amountFor, type Quote, withFewestUses } from './quote.ts';

export interface Cover {
  /** Whether the provider must stream, so that the hold can grow with what is made, or the answer be cut. */
  watched: boolean;
  /** Output tokens that the hold covers to begin with. */
  tokens: number;
  /** The most output that can come, all choices together. */
  tokensMax: number;
  /** What the provider's own cap is to be lowered to, for each choice; null where the request stands as it is. */
  cap: number | null;
}

const ANY = Number.POSITIVE_INFINITY;

/**
 * `streamed`: whether the client asked for a stream. What can be watched may have the last of a budget, too small for a first
 * slice but enough for a few words; but not where only money held by others is in the way: an answer cut short by that would
 * not be the member's fault, and a moment later there is room for all of it.
 */
export function ask(quoted: Quote | null, streamed: boolean): Ask {
  if (!quoted) return { amount: null, otherwise: null };
  const most = amountFor(quoted, quoted.outputTokensMax);
  if (quoted.isJob) return { amount: most, otherwise: null, asRow: true };
  if (!quoted.watchable) return { amount: most, otherwise: below(most, 'at_least', leastOf(quoted)) };
  // A slice and no more, so that what is left stays free for others: it grows as it is used.
  const first = firstSlice(quoted);
  const least = leastOf(quoted);
  if (streamed) return { amount: first, otherwise: null, least };
  return { amount: most, otherwise: below(most, 'exactly', first), least };
}

/** What may be sent under a hold of `granted`. */
export function coverOf(quoted: Quote | null, streamed: boolean, granted: Nanos): Cover {
  // Without a price nothing is limited.
  if (!quoted) return { watched: false, tokens: ANY, tokensMax: ANY, cap: null };
  const { choices, outputTokensMax: tokensMax } = quoted;
  const tokens = Math.min(tokensCovered(quoted, granted), tokensMax);
  if (quoted.watchable && (streamed || tokens < tokensMax)) return { watched: true, tokens, tokensMax, cap: null };
  if (tokens === tokensMax) return { watched: false, tokens, tokensMax, cap: null };
  const cap = Math.floor(tokens / choices);
  if (cap < 1) throw new RangeError(`a hold of ${granted} covers no output`);
  return { watched: false, tokens: cap * choices, tokensMax: cap * choices, cap };
}

/** How much output a hold of `amount` covers beside the input. */
export function tokensCovered(quoted: Quote, amount: Nanos): number {
  return tokensWithin(nanos(Math.max(0, amount - quoted.inputMax)), quoted.outputRate);
}

/** How much of so much covered output is kept for what the provider makes before it notices a cancel. */
export function tailOf(tokens: number): number {
  return Math.min(LIMITS.tailTokens, Math.floor(tokens * LIMITS.tailShareMax));
}

function firstSlice(quoted: Quote): Nanos {
  return amountFor(quoted, Math.min(LIMITS.sliceTokensMin, quoted.outputTokensMax));
}

/** A cap goes for each choice; what is watched is cut as one. */
function leastOf(quoted: Quote): Nanos {
  return amountFor(withFewestUses(quoted), quoted.watchable ? LIMITS.outputTokensMin : quoted.capMin * quoted.choices);
}

function below(amount: Nanos, kind: Fallback['kind'], less: Nanos): Fallback | null {
  return less < amount ? { kind, amount: less } : null;
}
