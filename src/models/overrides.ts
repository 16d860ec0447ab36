/** Prices that the operator sets in place of the built-in ones. */
import type { Price } from '../money/price.ts';
import type { Mapping } from './catalogue.ts';

/** By the pinned name of a model, in ascending order of date. */
export type Overrides = ReadonlyMap<string, readonly Price[]>;

/**
 * The mappings with their prices of now and later: from the instant at which a model's first override begins, only its
 * overrides count, whatever was built in for later.
 */
export function overridden(mappings: readonly Mapping[], overrides: Overrides): readonly Mapping[] {
  if (overrides.size === 0) return mappings;
  return mappings.map((mapping) => {
    const ours = overrides.get(mapping.id);
    if (!ours) return mapping;
    const begins = beginOf(ours[0]);
    return { ...mapping, prices: [...mapping.prices.filter((price) => beginOf(price) < begins), ...ours] };
  });
}

function beginOf(price: Price | undefined): number {
  return price?.effectiveFrom ?? Number.NEGATIVE_INFINITY;
}
