/**
 * What a request's cost is made of, unit by unit, where its usage event tells that exactly. An event keeps four counts and
 * the name of the price; a price may also charge for what is not among them (writes to a cache, images, calls of tools,
 * pages), and an estimate ends at its hold. So the parts are computed and shown only where they come to the very cost that
 * was charged, on both sides; where they do not, only the two sides are known.
 */
import { costParts, NO_USAGE, type Usage } from '../money/cost.ts';
import { formatUsd, nanos } from '../money/nanos.ts';
import { type Price, perMillion, rateOf, tierFor, type Unit } from '../money/price.ts';

interface Charged {
  outcome: string;
  cost: number;
  inputCost: number;
  outputCost: number;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  reasoningTokens: number;
}

export interface CostPart {
  unit: 'input' | 'cachedInput' | 'output' | 'reasoning' | 'request' | 'rounding';
  count: number;
  /** USD for a million; null for what is no token. */
  pricePerMillion: string | null;
  cost: string;
}

export type CostTold = { parts: CostPart[]; unknown: null } | { parts: null; unknown: string };

const TOKENS = ['input', 'cachedInput', 'output', 'reasoning'] as const satisfies readonly Unit[];

/** `price`: that by which it was charged; null where nobody knows it any more. */
export function costTold(charged: Charged, price: Price | null): CostTold {
  if (charged.outcome === 'correction') return untold('It is the difference to what was charged before.');
  if (charged.cost === 0) return { parts: [], unknown: null };
  if (!price) return untold('The price by which it was charged is not known here any more.');
  for (const request of [0, 1]) {
    const usage = usageOf(charged, request);
    const parts = usage && partsOf(usage, charged, price);
    if (parts) return { parts, unknown: null };
  }
  return untold('It was estimated, or has units that are counted apart: only the sides of its cost are known.');
}

function untold(unknown: string): CostTold {
  return { parts: null, unknown };
}

/** The counts as a price reads them; null where they can't be so. `request`: of the fee for the request itself, where there is one. */
function usageOf({ inputTokens, cachedTokens, outputTokens, reasoningTokens }: Charged, request: number): Usage | null {
  const usage = {
    ...NO_USAGE,
    request,
    input: inputTokens - cachedTokens,
    cachedInput: cachedTokens,
    output: outputTokens - reasoningTokens,
    reasoning: reasoningTokens,
  };
  return usage.input < 0 || usage.output < 0 ? null : usage;
}

/** Null where they do not come to what was charged. */
function partsOf(usage: Usage, charged: Charged, price: Price): CostPart[] | null {
  const { rates } = tierFor(price, charged.inputTokens);
  const used = [...TOKENS, 'request' as const].filter((unit) => usage[unit] > 0);
  if (used.some((unit) => rateOf(rates, unit) === null)) return null;
  const sum = costParts(usage, price);
  if (sum.total !== charged.cost || sum.input !== charged.inputCost || sum.output !== charged.outputCost) return null;
  let rest = charged.cost;
  const parts: CostPart[] = used.map((unit) => {
    // Rounded down to a nanodollar, so that the rest is what the one rounding up of the whole has added.
    const cost = Number((BigInt(usage[unit]) * BigInt(rateOf(rates, unit) ?? 0)) / 1000n);
    rest -= cost;
    const per = unit === 'request' ? null : perMillion(rates, unit);
    return { unit, count: usage[unit], pricePerMillion: per && formatUsd(per), cost: formatUsd(nanos(cost)) };
  });
  if (rest > 0) parts.push({ unit: 'rounding', count: 1, pricePerMillion: null, cost: formatUsd(nanos(rest)) });
  return parts;
}
