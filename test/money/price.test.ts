import { describe, expect, it } from 'vitest';
import { dearestInputRate, dearestOutputRate, type Price, priceAt, rateOf, tierFor } from '../../src/money/price.ts';

function price(version: string, effectiveFrom: number | null, tiers: Price['tiers'] = []): Price {
  return { version, effectiveFrom, tiers };
}

describe('the price in force', () => {
  const prices = [price('first', null), price('second', 1000), price('third', 2000)];

  it.each([
    [-1, 'first'],
    [999, 'first'],
    [1000, 'second'],
    [1999, 'second'],
    [2000, 'third'],
    [Number.MAX_SAFE_INTEGER, 'third'],
  ])('at %i ms is the %s one: a price begins at its instant', (atMs, version) => {
    expect(priceAt(prices, atMs)?.version).toBe(version);
  });

  it('is unknown before the first dated price and where there are none', () => {
    expect(priceAt([price('dated', 1000)], 999)).toBeNull();
    expect(priceAt([], 0)).toBeNull();
  });
});

describe('the tier', () => {
  const low = { aboveInputTokens: 0, rates: { input: 1 } };
  const middle = { aboveInputTokens: 100, rates: { input: 2 } };
  const high = { aboveInputTokens: 200, rates: { input: 3 } };
  const tiered = price('tiered', null, [low, middle, high]);

  it.each([
    [0, low],
    [1, low],
    [100, low],
    [101, middle],
    [200, middle],
    [201, high],
  ])('for %i input tokens starts above its threshold, not at it', (inputTokens, tier) => {
    expect(tierFor(tiered, inputTokens)).toBe(tier);
  });

  it('of a price without tiers is a bug', () => {
    expect(() => tierFor(price('empty', null), 0)).toThrow('price empty has no tiers');
  });
});

describe('a unit without a rate of its own', () => {
  it('takes that of the unit it is a kind of', () => {
    const rates = { input: 5, output: 7 };
    expect(rateOf(rates, 'cachedInput')).toBe(5);
    expect(rateOf(rates, 'cacheWrite5m')).toBe(5);
    expect(rateOf(rates, 'cacheWrite1h')).toBe(5);
    expect(rateOf(rates, 'reasoning')).toBe(7);
    expect(rateOf(rates, 'cachedAudioInput')).toBe(5);
    expect(rateOf({ ...rates, audioInput: 6 }, 'cachedAudioInput')).toBe(6);
    expect(rateOf(rates, 'imageOutput')).toBe(7);
    expect(rateOf({ page: 3 }, 'annotatedPage')).toBe(3);
  });

  it('is never free: there is no rate where that has none either', () => {
    expect(rateOf({ input: 5 }, 'output')).toBeNull();
    expect(rateOf({ input: 5 }, 'reasoning')).toBeNull();
    expect(rateOf({ output: 5 }, 'cachedInput')).toBeNull();
    expect(rateOf({ input: 5, output: 7 }, 'page')).toBeNull();
    expect(rateOf({ input: 5, output: 7 }, 'request')).toBeNull();
  });
});

describe('the dearest rate', () => {
  it('is over all tiers and over all units of the side', () => {
    const tiers = [
      { aboveInputTokens: 0, rates: { input: 10, cachedInput: 1, cacheWrite1h: 20, output: 50, reasoning: 90 } },
      { aboveInputTokens: 9, rates: { input: 15, cachedInput: 2, cacheWrite1h: 30, output: 60 } },
    ];
    expect(dearestInputRate(price('p', null, tiers))).toBe(30);
    expect(dearestOutputRate(price('p', null, tiers))).toBe(90);
  });

  it('is that of plain input where the other units are cheaper or unpriced', () => {
    const tiers = [{ aboveInputTokens: 0, rates: { input: 10, cachedInput: 1, output: 50 } }];
    expect(dearestInputRate(price('p', null, tiers))).toBe(10);
    expect(dearestOutputRate(price('p', null, tiers))).toBe(50);
  });

  it('of a side that has no rate throws, as a bound of 0 would admit anything', () => {
    const tiers = [{ aboveInputTokens: 0, rates: { input: 10 } }];
    expect(() => dearestOutputRate(price('embedding', null, tiers))).toThrow('price embedding has no output rate');
  });
});
