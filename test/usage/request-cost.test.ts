/** What a request's cost is made of: exact, or not told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cachedTokensOf,
  costParts,
  inputTokensOf,
  NO_USAGE,
  outputTokensOf,
  type Usage,
} from '../../src/money/cost.ts';
import type { Price } from '../../src/money/price.ts';
import { type CostPart, costTold } from '../../src/usage/request-cost.ts';

const PRICE: Price = {
  version: 'test@0',
  effectiveFrom: null,
  tiers: [
    {
      aboveInputTokens: 0,
      rates: {
        input: 1_250_001,
        cachedInput: 125_003,
        cacheWrite5m: 1_562_507,
        output: 10_000_009,
        reasoning: 7,
        request: 5,
      },
    },
    { aboveInputTokens: 200_000, rates: { input: 2_500_003, cachedInput: 250_007, output: 15_000_001 } },
  ],
};

/** As its usage event has it. */
function eventOf(usage: Usage) {
  const { total: cost, input: inputCost, output: outputCost } = costParts(usage, PRICE);
  const inputTokens = inputTokensOf(usage);
  const [cachedTokens, outputTokens] = [cachedTokensOf(usage), outputTokensOf(usage)];
  const tokens = { inputTokens, cachedTokens, outputTokens, reasoningTokens: usage.reasoning };
  return { outcome: 'completed', cost, inputCost, outputCost, ...tokens };
}

const nanosOf = (usd: string) => Math.round(Number(usd) * 1e9);
const sumOf = (parts: readonly CostPart[]) => parts.reduce((sum, { cost }) => sum + nanosOf(cost), 0);

const count = fc.oneof(fc.constant(0), fc.nat(300_000));

describe('the parts of a cost', () => {
  it('are each unit at its own rate, and sum to what was charged', () => {
    fc.assert(
      fc.property(count, count, count, count, (input, cachedInput, output, reasoning) => {
        const usage = { ...NO_USAGE, input, cachedInput, output, reasoning };
        const event = eventOf(usage);
        const { parts } = costTold(event, PRICE);
        expect(sumOf(parts ?? [])).toBe(event.cost);
        for (const { unit, count: counted } of parts ?? []) {
          if (unit !== 'rounding') expect([unit, counted]).toEqual([unit, usage[unit]]);
        }
        expect(parts?.filter(({ unit }) => unit !== 'rounding').length).toBe(
          event.cost === 0 ? 0 : Object.values(usage).filter((used) => used > 0).length,
        );
      }),
    );
  });

  it('tell a fee for the request itself', () => {
    const { parts } = costTold(eventOf({ ...NO_USAGE, input: 1_000, request: 1 }), {
      ...PRICE,
      tiers: PRICE.tiers,
    });
    expect(parts?.map(({ unit }) => unit)).toContain('input');
    expect(parts?.map(({ unit, count: counted }) => [unit, counted])).toContainEqual(['rounding', 1]);
    const dear: Price = { ...PRICE, tiers: [{ aboveInputTokens: 0, rates: { input: 1_000_000, request: 5_000_000 } }] };
    const charged = { ...eventOf({ ...NO_USAGE, input: 1_000 }), cost: 1_005_000, inputCost: 1_005_000 };
    expect(costTold(charged, dear).parts).toEqual([
      { unit: 'input', count: 1_000, pricePerMillion: '1', cost: '0.001' },
      { unit: 'request', count: 1, pricePerMillion: null, cost: '0.000005' },
    ]);
  });

  it('are not guessed where anything else was charged for', () => {
    const written = eventOf({ ...NO_USAGE, input: 1_000, cacheWrite5m: 500, output: 10 });
    expect(costTold(written, PRICE)).toEqual({ parts: null, unknown: expect.stringMatching(/counted apart/) });
    const capped = { ...eventOf({ ...NO_USAGE, input: 1_000, output: 10 }), cost: 7, inputCost: 7, outputCost: 0 };
    expect(costTold(capped, PRICE).parts).toBeNull();
    expect(costTold(written, null)).toEqual({ parts: null, unknown: expect.stringMatching(/not known/) });
    expect(costTold({ ...written, outcome: 'correction' }, PRICE).parts).toBeNull();
    // What a provider counts as cached beyond its input is no count.
    expect(costTold({ ...capped, cachedTokens: 2_000 }, PRICE).parts).toBeNull();
  });
});
