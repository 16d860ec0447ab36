/** What is counted of a request or an answer, and which of it a price names. */
import { NO_USAGE, type Usage } from '../../money/cost.ts';
import { isPriced, type Price, UNITS } from '../../money/price.ts';
import type { Counts } from './surface.ts';

/** Of what is used, that which the price names: the same may be counted by the piece and by the token. */
export function pricedPart(counts: Counts, price: Price | null): Usage {
  const usage: Record<keyof Usage, number> = { ...NO_USAGE };
  for (const unit of UNITS) if (price === null || isPriced(price, unit)) usage[unit] = counts[unit] ?? 0;
  return usage;
}
