import { describe, expect, it } from 'vitest';
import { generatePrices, picodollarsPerToken } from '../../scripts/generate-prices.ts';
import { PRICES } from '../../src/models/prices.generated.ts';
import { costOf, NO_USAGE, type Usage } from '../../src/money/cost.ts';
import { formatUsd } from '../../src/money/nanos.ts';
import { type Price, priceAt } from '../../src/money/price.ts';

function costAt(prices: readonly Price[], instant: string, usage: Partial<Usage>): string {
  const price = priceAt(prices, Date.parse(instant));
  if (!price) throw new Error(`no price at ${instant}`);
  return formatUsd(costOf({ ...NO_USAGE, ...usage }, price));
}

describe('the generated prices', () => {
  it('are what the generator would write today', () => {
    expect(PRICES).toEqual(generatePrices().table);
  });

  const all: readonly (readonly Price[])[] = Object.values(PRICES).flatMap((models) => Object.values(models));

  it('ascend by date, and their tiers by size from 0', () => {
    for (const prices of all) {
      const begins = prices.map(({ effectiveFrom }) => effectiveFrom ?? Number.NEGATIVE_INFINITY);
      expect(begins).toEqual([...new Set(begins)].sort((a, b) => a - b));
      for (const { tiers } of prices) {
        const starts = tiers.map(({ aboveInputTokens }) => aboveInputTokens);
        expect(starts).toEqual([...new Set([0, ...starts])].sort((a, b) => a - b));
      }
    }
  });

  it('are whole picodollars above 0, and have a rate for input in every tier', () => {
    for (const { tiers } of all.flat()) {
      for (const { rates } of tiers) {
        expect(rates.input).toBeGreaterThan(0);
        for (const rate of Object.values(rates)) expect(Number.isSafeInteger(rate) && rate > 0).toBe(true);
      }
    }
  });

  it('have versions that name the model and the date, each once', () => {
    const versions = all.flat().map(({ version }) => version);
    expect(new Set(versions).size).toBe(versions.length);
    expect(PRICES.openai['gpt-5.5'].map(({ version }) => version)).toEqual(['openai/gpt-5.5@0']);
    expect(PRICES.openai.o3.map(({ version }) => version)).toEqual(['openai/o3@0', 'openai/o3@2025-06-10']);
  });

  it('leave out a model that charges for what has no unit yet, and say so', () => {
    const { table, skipped } = generatePrices();
    expect(table.openai).not.toHaveProperty('gpt-audio');
    expect(skipped).toContain('openai/gpt-audio: no unit for input_audio_mtok, output_audio_mtok');
  });
});

describe('a decimal price', () => {
  it.each([
    [1, 1_000_000],
    [0.1, 100_000],
    [0.075, 75_000],
    [3.125, 3_125_000],
    [0.000001, 1],
    [600, 600_000_000],
  ])('of %f USD per million tokens is %i picodollars per token', (usd, picodollars) => {
    expect(picodollarsPerToken('test', usd)).toBe(picodollars);
  });

  it.each([0.0000005, 0.1 + 0.2, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e21])('of %f stops it', (usd) => {
    expect(() => picodollarsPerToken('test', usd)).toThrow('test is not a whole number of picodollars');
  });
});

describe('what a request costs', () => {
  it('is less with a cached prompt: gpt-4.1-mini', () => {
    // $0.40 / $0.10 / $1.60 per million: 1000 x 0.4 + 4000 x 0.1 + 500 x 1.6 = 400 + 400 + 800 millionths.
    const prices = PRICES.openai['gpt-4.1-mini'];
    expect(costAt(prices, '2026-06-01T00:00:00Z', { input: 1000, cachedInput: 4000, output: 500 })).toBe('0.0016');
    // Uncached: 5000 x 0.4 + 800 = 2800 millionths.
    expect(costAt(prices, '2026-06-01T00:00:00Z', { input: 5000, output: 500 })).toBe('0.0028');
  });

  it('rises for the whole request at 272,000 input tokens: gpt-5.5', () => {
    const prices = PRICES.openai['gpt-5.5'];
    // $5 / $0.50 / $30 per million: 171,999 x 5 + 100,000 x 0.5 + 1000 x 30 = 859,995 + 50,000 + 30,000 millionths.
    const below = { input: 171_999, cachedInput: 100_000, output: 400, reasoning: 600 };
    expect(costAt(prices, '2026-06-01T00:00:00Z', below)).toBe('0.939995');
    // $10 / $1 / $45: 172,000 x 10 + 100,000 x 1 + 1000 x 45 = 1,720,000 + 100,000 + 45,000 millionths.
    expect(costAt(prices, '2026-06-01T00:00:00Z', { ...below, input: 172_000 })).toBe('1.865');
  });

  it('falls from a date on: o3', () => {
    const usage = { input: 1000, output: 1000 };
    // $10 / $40, then $2 / $8 per million.
    expect(costAt(PRICES.openai.o3, '2025-06-09T23:59:59.999Z', usage)).toBe('0.05');
    expect(costAt(PRICES.openai.o3, '2025-06-10T00:00:00.000Z', usage)).toBe('0.01');
  });

  it('rises from a date on: claude-sonnet-5, one millisecond before and at the change', () => {
    const prices = PRICES.anthropic['claude-sonnet-5'];
    const usage = {
      input: 1000,
      cachedInput: 2000,
      cacheWrite5m: 300,
      cacheWrite1h: 400,
      output: 500,
      reasoning: 100,
    };
    // $2 / $0.20 / $2.50 / $4 / $10: 2000 + 400 + 750 + 1600 + 600 x 10 = 10,750 millionths.
    expect(costAt(prices, '2026-08-31T23:59:59.999Z', usage)).toBe('0.01075');
    // $3 / $0.30 / $3.75 / $6 / $15: 3000 + 600 + 1125 + 2400 + 600 x 15 = 16,125 millionths.
    expect(costAt(prices, '2026-09-01T00:00:00.000Z', usage)).toBe('0.016125');
  });

  it('charges a cache write for an hour as any write where there is one rate for both: gpt-5.6-terra', () => {
    const prices = PRICES.openai['gpt-5.6-terra'];
    // $2.50 per million from 2026-07-30 on: 1000 x 2.5 = 2500 millionths, twice.
    expect(costAt(prices, '2026-07-30T00:00:00Z', { cacheWrite5m: 1000 })).toBe('0.0025');
    expect(costAt(prices, '2026-07-30T00:00:00Z', { cacheWrite1h: 1000 })).toBe('0.0025');
  });
});
