/**
 * Tools that a provider runs itself while it answers: searches of the web, and pages fetched from it. What they cost stands in no
 * body: a fee for each use and, for all that a use brings back, input that the model reads once more in the round after it. So
 * the uses are capped by the provider's own field, and the hold covers that many: quote.ts bounds them, a protocol's `body`
 * writes the cap, and what nothing caps is refused by name (`Asked.unpriced`).
 */
import { boundOf } from '../money/cost.ts';
import { addNanos, type Nanos, nanos } from '../money/nanos.ts';
import { dearestRateOf, isPriced, type Price, type Unit } from '../money/price.ts';

/** What a request offers of them. */
export interface ProviderTools {
  /** The fields that name them, the first of which a refusal tells. */
  field: string;
  /** The most uses in all, as the client caps them; null: it does not, and so the gateway does (LIMITS.toolUsesDefault). */
  usesMax: number | null;
  /** The fewest to which that can be lowered. */
  usesMin: number;
  /** What a use is billed as; null: by its tokens alone. */
  fee: Extract<Unit, 'webSearch'> | null;
  /** The most tokens that all uses together bring into the model's context; null: as many as that has room for. */
  tokensMax: number | null;
  /** Whether what is read may also be written to the provider's cache, which costs up to twice as much. */
  fillsCache: boolean;
}

/** What they may cost at most under one quote. */
export interface ToolsQuote {
  uses: number;
  usesMin: number;
  /** A use and the round that reads what it brought. */
  perUse: Nanos;
}

/** Whether a model runs them at its provider: one that does has a price of searches, at any size of the request. */
export function runsTools(price: Price | null): boolean {
  return price !== null && isPriced(price, 'webSearch');
}

/** `roundTokens`: the most that the model reads in one round after the first. */
export function quoteTools(
  { fee, usesMax, usesMin }: ProviderTools,
  usesDefault: number,
  price: Price,
  roundTokens: number,
  inputRate: number,
): ToolsQuote {
  const fees = fee === null ? nanos(0) : boundOf(1, dearestRateOf(price, fee));
  const uses = usesMax ?? Math.max(usesMin, usesDefault);
  return { uses, usesMin: Math.min(uses, usesMin), perUse: addNanos(boundOf(roundTokens, inputRate), fees) };
}

/** Shares so many uses out among tools that each have a cap of their own: one for each, then as the first ask for more. */
export function shareOut(uses: number, caps: readonly number[]): number[] {
  let left = uses - caps.length;
  return caps.map((cap) => {
    const more = Math.max(0, Math.min(cap - 1, left));
    left -= more;
    return 1 + more;
  });
}
