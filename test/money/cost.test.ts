import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundOf,
  cachedTokensOf,
  ceilingOf,
  costOf,
  costParts,
  inputTokensOf,
  NO_USAGE,
  outputTokensOf,
  tokensWithin,
  type Usage,
} from '../../src/money/cost.ts';
import { formatUsd, nanos } from '../../src/money/nanos.ts';
import {
  dearestInputRate,
  dearestOutputRate,
  INPUT_TOKENS,
  modalityOf,
  OUTPUT_TOKENS,
  type Price,
  priceOfImages,
  type Rates,
  rateOf,
  sideOf,
  UNITS,
  type Unit,
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
    const usage = used({
      input: 1000,
      cachedInput: 2000,
      cacheWrite5m: 300,
      cacheWrite1h: 400,
      output: 500,
      reasoning: 100,
    });
    const { total, input, output } = costParts(usage, price);
    expect(formatUsd(total)).toBe('0.01095');
    expect(formatUsd(input)).toBe('0.00475');
    expect(formatUsd(output)).toBe('0.0062');
  });

  it('charges reasoning as output and the cache as input where they have no rate', () => {
    // Demo prices, $1 and $2 per million: (10 + 20 + 30 + 40) x 1 + (50 + 60) x 2 = 320 millionths.
    const usage = used({ input: 10, cachedInput: 20, cacheWrite5m: 30, cacheWrite1h: 40, output: 50, reasoning: 60 });
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

  it('charges what is no token by the piece: what was read on the input side, what was made on the output side', () => {
    // A fee of $0.001, $15 per million characters, $0.36 an hour of sound, $4 and $5 per thousand pages, $2 per thousand
    // searches, $0.04 an image, $0.10 a second of video, $10 and $2.50 per thousand calls of tools.
    const price = flat({
      request: 1_000_000_000,
      character: 15_000_000,
      audioSecond: 100_000_000,
      page: 4_000_000_000,
      annotatedPage: 5_000_000_000,
      searchUnit: 2_000_000_000,
      image: 40_000_000_000,
      videoSecond: 100_000_000_000,
      webSearch: 10_000_000_000,
      fileSearch: 2_500_000_000,
    });
    const read = { request: 1, character: 1000, audioSecond: 60, page: 3, annotatedPage: 2, searchUnit: 4 };
    const made = { image: 2, videoSecond: 8, webSearch: 3, fileSearch: 2 };
    // 0.001 + 0.015 + 0.006 + 0.012 + 0.01 + 0.008 = 0.052; 0.08 + 0.80 + 0.03 + 0.005 = 0.915.
    const { total, input, output } = costParts(used({ ...read, ...made }), price);
    expect([total, input, output].map((amount) => formatUsd(amount))).toEqual(['0.967', '0.052', '0.915']);
  });

  it('charges images and sound as text where they have no rate, and from the cache as any where that has none', () => {
    // gpt-image-1.5: $5 / $1.25 / $10 of text, $8 / $2 / $32 of images, per million tokens.
    const price = flat({
      input: 5_000_000,
      cachedInput: 1_250_000,
      output: 10_000_000,
      imageInput: 8_000_000,
      cachedImageInput: 2_000_000,
      imageOutput: 32_000_000,
    });
    // 100 x 5 + 200 x 8 + 300 x 2 + 400 x 32 = 15,500 millionths.
    const image = used({ input: 100, imageInput: 200, cachedImageInput: 300, imageOutput: 400 });
    expect(formatUsd(costOf(image, price))).toBe('0.0155');
    // (100 + 10) x 5 + 20 x 10 = 750 millionths.
    const sound = used({ audioInput: 100, cachedAudioInput: 10, audioOutput: 20 });
    expect(formatUsd(costOf(sound, price))).toBe('0.00075');
    // What has a rate for images and none for images from the cache: 10 x 8 = 80 millionths.
    expect(formatUsd(costOf(used({ cachedImageInput: 10 }), flat({ input: 1, imageInput: 8_000_000 })))).toBe(
      '0.00008',
    );
  });

  it('of an image goes by its size and quality where that decides, and is the dearest of any other', () => {
    const price: Price = {
      ...flat({ image: 80_000_000_000 }),
      images: { '1024x1024 standard': 40_000_000_000, '512x512 standard': 0 },
    };
    const two = used({ image: 2 });
    expect(formatUsd(costOf(two, priceOfImages(price, '1024x1024', 'standard')))).toBe('0.08');
    expect(formatUsd(costOf(two, priceOfImages(price, '512x512', 'standard')))).toBe('0');
    expect(formatUsd(costOf(two, priceOfImages(price, '1792x1024', 'hd')))).toBe('0.16');
    expect(formatUsd(costOf(two, priceOfImages(flat({ image: 1_000_000_000 }), 'constructor', '')))).toBe('0.002');
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
const anyUsage: fc.Arbitrary<Usage> = fc.record(
  Object.fromEntries(UNITS.map((unit) => [unit, anyCount])) as Record<Unit, fc.Arbitrary<number>>,
);
/** What a unit is charged as where it has no rate; undefined: it has one. */
const CHARGED_AS: Partial<Record<Unit, Unit>> = {
  cachedInput: 'input',
  cacheWrite5m: 'input',
  cacheWrite1h: 'input',
  imageInput: 'input',
  cachedImageInput: 'imageInput',
  audioInput: 'input',
  cachedAudioInput: 'audioInput',
  reasoning: 'output',
  imageOutput: 'output',
  audioOutput: 'output',
  annotatedPage: 'page',
};
const anyRates = fc.record(
  Object.fromEntries(UNITS.map((unit) => [unit, anyRate])) as Record<Unit, fc.Arbitrary<number>>,
  { requiredKeys: UNITS.filter((unit) => CHARGED_AS[unit] === undefined) },
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
  const { input, cachedInput, cacheWrite5m, cacheWrite1h, imageInput, cachedImageInput } = usage;
  const text = input + cachedInput + cacheWrite5m + cacheWrite1h;
  const inputTokens = text + imageInput + cachedImageInput + usage.audioInput + usage.cachedAudioInput;
  const [low, high] = price.tiers;
  const rates = (inputTokens > (high?.aboveInputTokens ?? 0) ? high : low)?.rates ?? {};
  const rate = (unit: Unit): number => rates[unit] ?? rate(CHARGED_AS[unit] ?? unit);
  return UNITS.reduce((sum, unit) => sum + BigInt(usage[unit]) * BigInt(rate(unit)), 0n);
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

  it('a hold for the tokens at the dearest rates covers their cost', () => {
    fc.assert(
      fc.property(anyUsage, anyPrice, (usage, price) => {
        const tokens = { ...NO_USAGE };
        for (const unit of UNITS) if (modalityOf(unit)) Object.assign(tokens, { [unit]: usage[unit] });
        const hold =
          boundOf(inputTokensOf(usage), dearestInputRate(price)) +
          boundOf(outputTokensOf(usage), dearestOutputRate(price));
        expect(hold).toBeGreaterThanOrEqual(costOf(tokens, price));
      }),
    );
  });

  it('a ceiling covers whatever is used of no more, and of tokens whatever kind of their modality they turn out to be', () => {
    const anyShares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: UNITS.length });
    fc.assert(
      fc.property(anyUsage, anyPrice, anyShares, fc.constantFrom(1, 0.7), (most, price, shares, part) => {
        const usage: Record<Unit, number> = { ...NO_USAGE };
        UNITS.forEach((unit, i) => {
          const alike = UNITS.filter(
            (other) => modalityOf(other) && sideOf(other) === sideOf(unit) && modalityOf(other) === modalityOf(unit),
          );
          const made = alike[Math.round((shares[i] ?? 0) * (alike.length - 1))] ?? unit;
          usage[made] += Math.floor(most[unit] * part);
        });
        expect(ceilingOf(most, price)).toBeGreaterThanOrEqual(costOf(usage, price));
      }),
    );
  });

  it('input tokens that carry no image and no sound cost no more than text does', () => {
    const dear = flat({ input: 1, cacheWrite1h: 2, imageInput: 5, audioInput: 9, output: 1 });
    expect(dearestInputRate(dear)).toBe(9);
    expect(dearestInputRate(dear, ['text'])).toBe(2);
    expect(dearestInputRate(dear, ['text', 'image'])).toBe(5);
  });

  it('counts every token on one side, and of those from the cache only tokens that were read', () => {
    fc.assert(
      fc.property(anyUsage, (usage) => {
        const all = UNITS.filter((unit) => modalityOf(unit)).reduce((sum, unit) => sum + usage[unit], 0);
        expect(inputTokensOf(usage) + outputTokensOf(usage)).toBe(all);
        expect(cachedTokensOf(usage)).toBeLessThanOrEqual(inputTokensOf(usage));
      }),
    );
    expect([...INPUT_TOKENS, ...OUTPUT_TOKENS]).toHaveLength(12);
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

  it('every token has a rate under a price for input and output, and nothing else has', () => {
    for (const unit of UNITS) expect(rateOf({ input: 1, output: 1 }, unit)).toBe(modalityOf(unit) ? 1 : null);
  });

  it('what has no rate has no ceiling', () => {
    expect(() => ceilingOf(used({ page: 1 }), flat({ input: 1 }))).toThrow('price test@0 has no page rate');
    expect(ceilingOf(used({ input: 3 }), flat({ input: 0 }))).toBe(0);
  });
});
