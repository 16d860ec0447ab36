import { describe, expect, it } from 'vitest';
import { generatePrices, picodollars } from '../../scripts/generate-prices.ts';
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
    expect(PRICES).toEqual(generatePrices());
  });

  const all: readonly (readonly Price[])[] = Object.values(PRICES);

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

  it('are whole picodollars above 0, but for what is free by name', () => {
    for (const { version, tiers } of all.flat()) {
      for (const { rates } of tiers) {
        const told = Object.values(rates);
        expect(told.length).toBeGreaterThan(0);
        const free = version === 'openai/omni-moderation-latest@0';
        for (const rate of told) expect(Number.isSafeInteger(rate) && (free ? rate === 0 : rate > 0)).toBe(true);
      }
    }
  });

  it('have versions that name the model and the date, each once', () => {
    const versions = all.flat().map(({ version }) => version);
    expect(new Set(versions).size).toBe(versions.length);
    expect(PRICES['openai/gpt-5.5'].map(({ version }) => version)).toEqual(['openai/gpt-5.5@0']);
    expect(PRICES['openai/o3'].map(({ version }) => version)).toEqual(['openai/o3@0', 'openai/o3@2025-06-10']);
  });
});

describe('a decimal price', () => {
  it.each([
    [1, 1_000_000, 1_000_000],
    [0.1, 1_000_000, 100_000],
    [0.075, 1_000_000, 75_000],
    [3.125, 1_000_000, 3_125_000],
    [0.000001, 1_000_000, 1],
    [600, 1_000_000, 600_000_000],
    [4, 1_000, 4_000_000_000],
    [0.36, 3_600, 100_000_000],
    // $0.04 an hour is 11,111,111.1... picodollars a second: never less than it is.
    [0.04, 3_600, 11_111_112],
  ])('of %f USD for %i is %i picodollars for one', (usd, per, expected) => {
    expect(picodollars('test', usd, per)).toBe(expected);
  });

  it.each([0.0000005, 0.1 + 0.2, 0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e21])('of %f stops it', (usd) => {
    expect(() => picodollars('test', usd, 1_000_000)).toThrow('test is not a whole number of picodollars');
  });
});

describe('what a request costs', () => {
  it('is less with a cached prompt: gpt-4.1-mini', () => {
    // $0.40 / $0.10 / $1.60 per million: 1000 x 0.4 + 4000 x 0.1 + 500 x 1.6 = 400 + 400 + 800 millionths.
    const prices = PRICES['openai/gpt-4.1-mini'];
    expect(costAt(prices, '2026-06-01T00:00:00Z', { input: 1000, cachedInput: 4000, output: 500 })).toBe('0.0016');
    // Uncached: 5000 x 0.4 + 800 = 2800 millionths.
    expect(costAt(prices, '2026-06-01T00:00:00Z', { input: 5000, output: 500 })).toBe('0.0028');
  });

  it('rises for the whole request at 272,000 input tokens: gpt-5.5', () => {
    const prices = PRICES['openai/gpt-5.5'];
    // $5 / $0.50 / $30 per million: 171,999 x 5 + 100,000 x 0.5 + 1000 x 30 = 859,995 + 50,000 + 30,000 millionths.
    const below = { input: 171_999, cachedInput: 100_000, output: 400, reasoning: 600 };
    expect(costAt(prices, '2026-06-01T00:00:00Z', below)).toBe('0.939995');
    // $10 / $1 / $45: 172,000 x 10 + 100,000 x 1 + 1000 x 45 = 1,720,000 + 100,000 + 45,000 millionths.
    expect(costAt(prices, '2026-06-01T00:00:00Z', { ...below, input: 172_000 })).toBe('1.865');
  });

  it('falls from a date on: o3', () => {
    const usage = { input: 1000, output: 1000 };
    // $10 / $40, then $2 / $8 per million.
    expect(costAt(PRICES['openai/o3'], '2025-06-09T23:59:59.999Z', usage)).toBe('0.05');
    expect(costAt(PRICES['openai/o3'], '2025-06-10T00:00:00.000Z', usage)).toBe('0.01');
  });

  it.each([
    'anthropic/claude-sonnet-5',
    'vertex/claude-sonnet-5',
    'bedrock/global.anthropic.claude-sonnet-5-v1:0',
  ] as const)('rises from a date on: %s, one millisecond before and at the change', (name) => {
    const prices = PRICES[name];
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
    const prices = PRICES['openai/gpt-5.6-terra'];
    // $2.50 per million from 2026-07-30 on: 1000 x 2.5 = 2500 millionths, twice.
    expect(costAt(prices, '2026-07-30T00:00:00Z', { cacheWrite5m: 1000 })).toBe('0.0025');
    expect(costAt(prices, '2026-07-30T00:00:00Z', { cacheWrite1h: 1000 })).toBe('0.0025');
  });

  it('is a tenth more on Bedrock within the US: claude-sonnet-5 and claude-fable-5', () => {
    const million = { input: 1_000_000, output: 1_000_000 };
    const sonnet = PRICES['bedrock/us.anthropic.claude-sonnet-5-v1:0'];
    expect(costAt(sonnet, '2026-08-31T23:59:59.999Z', million)).toBe('13.20');
    expect(costAt(sonnet, '2026-09-01T00:00:00.000Z', million)).toBe('19.80');
    const now = '2026-11-01T00:00:00Z';
    expect(costAt(PRICES['anthropic/claude-fable-5'], now, million)).toBe('60');
    expect(costAt(PRICES['bedrock/global.anthropic.claude-fable-5-v1:0'], now, million)).toBe('60');
    expect(costAt(PRICES['bedrock/us.anthropic.claude-fable-5-v1:0'], now, million)).toBe('66');
    // An hour in the cache is twice the input, at Bedrock as at Anthropic.
    const hour = { cacheWrite1h: 1_000_000 };
    expect(costAt(PRICES['bedrock/us.anthropic.claude-fable-5-v1:0'], now, hour)).toBe('22');
  });

  it('of images, sound, pages and speech goes by their own units', () => {
    const now = '2026-11-01T00:00:00Z';
    const million = 1_000_000;
    expect(costAt(PRICES['cerebras/gemma-4-31b'], now, { input: million })).toBe('0.99');
    expect(costAt(PRICES['cerebras/gemma-4-31b'], now, { output: million })).toBe('1.49');
    for (const name of ['google/gemini-3.1-flash-lite-image', 'vertex/gemini-3.1-flash-lite-image'] as const) {
      // $0.25 in, $1.50 of text and $30 of images out.
      expect(costAt(PRICES[name], now, { input: million, output: million, imageOutput: million })).toBe('31.75');
    }
    expect(costAt(PRICES['google/gemini-3.1-flash-lite'], now, { audioInput: million })).toBe('0.50');
    expect(costAt(PRICES['openai/whisper-1'], now, { audioSecond: 3600 })).toBe('0.36');
    expect(costAt(PRICES['openai/tts-1'], now, { character: million })).toBe('15');
    expect(costAt(PRICES['mistral/mistral-ocr-4-1'], now, { page: 1000, annotatedPage: 1000 })).toBe('9');
    expect(costAt(PRICES['openai/gpt-image-1.5'], now, { imageInput: million, imageOutput: million })).toBe('40');
    expect(costAt(PRICES['openai/omni-moderation-latest'], now, { input: million })).toBe('0');
  });
});
