import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundOf, costOf, costParts, NO_USAGE, tokensWithin, type Usage } from '../../src/money/cost.ts';
import { formatUsd, nanos } from '../../src/money/nanos.ts';
import {
  dearestInputRate,
  dearestOutputRate,
  type Price,
  type Rates,
  rateOf,
  sideOf,
  UNITS,
} from '../../src/money/price.ts';

function flat(rates: Rates): Price {
  return { version: 'test@0', effectiveFrom: null, tiers: [{ aboveInputTokens: 0, rates }] };
}

function used(usage: Partial<Usage>): Usage {
  return { ...NO_USAGE, ...usage };
}

describe('the cost of a request', () => {
  it('charges each kind of token at its own rate', () => {
    // $2 / $0.20 / $2.50 / $4 / $10 / $12 per million tokens.
    const price = flat({
      input: 2_000_000,
      cachedInput: 200_000,
      cacheWrite5m: 2_500_000,
      cacheWrite1h: 4_000_000,
      output: 10_000_000,
      reasoning: 12_000_000,
    });
    // In millionths of a dollar: 1000 x 2 = 2000; 2000 x 0.2 = 400; 300 x 2.5 = 750; 400 x 4 = 1600;
    // 500 x 10 = 5000; 100 x 12 = 1200. Input 4750, output 6200, total 10950.
    const usage = {
      input: 1000,
      cachedInput: 2000,
      cacheWrite5m: 300,
      cacheWrite1h: 400,
      output: 500,
      reasoning: 100,
    };
    const { total, input, output } = costParts(usage, price);
    expect(formatUsd(total)).toBe('0.01095');
    expect(formatUsd(input)).toBe('0.00475');
    expect(formatUsd(output)).toBe('0.0062');
  });

  it('charges reasoning as output and the cache as input where they have no rate', () => {
    // Demo prices, $1 and $2 per million: (10 + 20 + 30 + 40) x 1 + (50 + 60) x 2 = 320 millionths.
    const usage = { input: 10, cachedInput: 20, cacheWrite5m: 30, cacheWrite1h: 40, output: 50, reasoning: 60 };
    expect(formatUsd(costOf(usage, flat({ input: 1_000_000, output: 2_000_000 })))).toBe('0.00032');
  });

  it('is chosen by the whole input and holds for the whole request', () => {
    const price: Price = {
      version: 'tiered@0',
      effectiveFrom: null,
      tiers: [
        { aboveInputTokens: 0, rates: { input: 1_000_000, cachedInput: 100_000, output: 10_000_000 } },
        { aboveInputTokens: 1000, rates: { input: 2_000_000, cachedInput: 200_000, output: 15_000_000 } },
      ],
    };
    // 400 uncached, 500 cached and 100 written are 1000 in all, which is not above 1000:
    // 500 x 1 + 500 x 0.1 + 10 x 10 = 650 millionths.
    const atStart = { ...NO_USAGE, input: 400, cachedInput: 500, cacheWrite5m: 50, cacheWrite1h: 50, output: 10 };
    expect(formatUsd(costOf(atStart, price))).toBe('0.00065');
    // One more cached token: 500 x 2 + 501 x 0.2 + 10 x 15 = 1250.2 millionths.
    expect(formatUsd(costOf({ ...atStart, cachedInput: 501 }, price))).toBe('0.0012502');
    // Output does not count towards the tier: 1000 x 1 + 5000 x 10 = 51000 millionths.
    expect(formatUsd(costOf(used({ input: 1000, output: 5000 }), price))).toBe('0.051');
  });

  it('is nothing for nothing, even where nothing is priced', () => {
    expect(costParts(NO_USAGE, flat({}))).toEqual({ total: 0, input: 0, output: 0 });
  });

  it('of tokens without a rate throws', () => {
    expect(() => costOf(used({ output: 1 }), flat({ input: 1 }))).toThrow('price test@0 has no rate for output');
  });

  it('that is more than a safe integer of nanodollars throws', () => {
    expect(() => costOf(used({ input: Number.MAX_SAFE_INTEGER }), flat({ input: 1_000_000 }))).toThrow(RangeError);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('of a count of %s throws', (count) => {
    expect(() => costOf(used({ cachedInput: count }), flat({ input: 1 }))).toThrow('not a count of cachedInput');
    expect(() => boundOf(count, 1)).toThrow('not a count of tokens');
    expect(() => boundOf(1, count)).toThrow('not a count of picodollars');
  });
});

describe('rounding', () => {
  it('happens once, at the end, and upwards', () => {
    const price = flat({ input: 500, cachedInput: 1, output: 500 });
    expect(costOf(used({ cachedInput: 1 }), price)).toBe(1); // 1 picodollar
    expect(costOf(used({ input: 1, output: 1 }), price)).toBe(1); // 500 + 500 = 1000; each rounded alone would make 2
    expect(costOf(used({ input: 1, cachedInput: 1, output: 1 }), price)).toBe(2); // 1001
  });

  it('gives the output side what the input side is rounded by', () => {
    // 1500 + 1 picodollars: 1.501 nanodollars in all, so 2, of which 1 is input.
    expect(costParts(used({ input: 1, output: 1 }), flat({ input: 1500, output: 1 }))).toEqual({
      total: 2,
      input: 1,
      output: 1,
    });
  });

  it('loses nothing with counts near 2^53', () => {
    // 9,007,199,254,740,991 x 999 = 8,998,192,055,486,250,009 picodollars.
    const most = Number.MAX_SAFE_INTEGER;
    expect(costOf(used({ input: most }), flat({ input: 999 }))).toBe(8_998_192_055_486_251);
    expect(boundOf(most, 999)).toBe(8_998_192_055_486_251);
    // 4 x 9,007,199,254,740,991 = 36,028,797,018,963,964 picodollars: the whole input is past 2^53 too.
    const everywhere = used({ input: most, cachedInput: most, cacheWrite5m: most, cacheWrite1h: most });
    expect(costOf(everywhere, flat({ input: 1 }))).toBe(36_028_797_018_964);
  });
});

// Rates up to $1,000 per million and a billion tokens of each unit stay within 2^53 nanodollars.
const anyRate = fc.integer({ min: 1, max: 1_000_000_000 });
const anyCount = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 1_000_000_000 }));
const anyUsage: fc.Arbitrary<Usage> = fc.record({
  input: anyCount,
  cachedInput: anyCount,
  cacheWrite5m: anyCount,
  cacheWrite1h: anyCount,
  output: anyCount,
  reasoning: anyCount,
});
const anyRates = fc.record(
  {
    input: anyRate,
    cachedInput: anyRate,
    cacheWrite5m: anyRate,
    cacheWrite1h: anyRate,
    output: anyRate,
    reasoning: anyRate,
  },
  { requiredKeys: ['input', 'output'] },
);
/** Two tiers, of which the second is at least as dear in every unit, as every provider's is. */
const anyPrice: fc.Arbitrary<Price> = fc
  .tuple(anyRates, fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 1000 }))
  .map(([rates, aboveInputTokens, extra]) => {
    const dearer = Object.fromEntries(Object.entries(rates).map(([unit, rate]) => [unit, rate + extra])) as Rates;
    const tiers = [
      { aboveInputTokens: 0, rates },
      { aboveInputTokens, rates: dearer },
    ];
    return { version: 'any@0', effectiveFrom: null, tiers };
  });

function exactPicodollars(usage: Usage, price: Price): bigint {
  const inputTokens = usage.input + usage.cachedInput + usage.cacheWrite5m + usage.cacheWrite1h;
  const [low, high] = price.tiers;
  const rates = (inputTokens > (high?.aboveInputTokens ?? 0) ? high : low)?.rates ?? {};
  const input = rates.input ?? 0;
  const output = rates.output ?? 0;
  return (
    BigInt(usage.input) * BigInt(input) +
    BigInt(usage.cachedInput) * BigInt(rates.cachedInput ?? input) +
    BigInt(usage.cacheWrite5m) * BigInt(rates.cacheWrite5m ?? input) +
    BigInt(usage.cacheWrite1h) * BigInt(rates.cacheWrite1h ?? input) +
    BigInt(usage.output) * BigInt(output) +
    BigInt(usage.reasoning) * BigInt(rates.reasoning ?? output)
  );
}

describe('for any usage and price', () => {
  it('the cost is the exact one, or less than a nanodollar above it', () => {
    fc.assert(
      fc.property(anyUsage, anyPrice, (usage, price) => {
        const above = BigInt(costOf(usage, price)) * 1000n - exactPicodollars(usage, price);
        expect(above >= 0n && above < 1000n).toBe(true);
      }),
    );
  });

  it('the parts sum to the total, and none is negative', () => {
    fc.assert(
      fc.property(anyUsage, anyPrice, (usage, price) => {
        const { total, input, output } = costParts(usage, price);
        expect(total).toBe(costOf(usage, price));
        expect(input + output).toBe(total);
        expect(Math.min(input, output)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('more tokens of any kind never cost less', () => {
    fc.assert(
      fc.property(anyUsage, anyPrice, fc.constantFrom(...UNITS), anyCount, (usage, price, unit, more) => {
        const larger = { ...usage, [unit]: usage[unit] + more };
        expect(costOf(larger, price)).toBeGreaterThanOrEqual(costOf(usage, price));
      }),
    );
  });

  it('a hold at the dearest rates covers the cost', () => {
    fc.assert(
      fc.property(anyUsage, anyPrice, (usage, price) => {
        const tokens = { input: 0, output: 0 };
        for (const unit of UNITS) tokens[sideOf(unit)] += usage[unit];
        const hold = boundOf(tokens.input, dearestInputRate(price)) + boundOf(tokens.output, dearestOutputRate(price));
        expect(hold).toBeGreaterThanOrEqual(costOf(usage, price));
      }),
    );
  });

  it('an amount covers as many tokens as it can hold, and none more', () => {
    fc.assert(
      fc.property(fc.nat(1e12), fc.integer({ min: 1, max: 1e9 }), (amount, rate) => {
        const tokens = tokensWithin(nanos(amount), rate);
        expect(boundOf(tokens, rate)).toBeLessThanOrEqual(amount);
        expect(boundOf(tokens + 1, rate)).toBeGreaterThan(amount);
      }),
    );
    expect(tokensWithin(nanos(0), 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('every unit has a rate under a price for input and output', () => {
    for (const unit of UNITS) expect(rateOf({ input: 1, output: 1 }, unit)).toBe(1);
  });
});
