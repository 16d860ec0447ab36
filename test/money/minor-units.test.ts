/** Amounts of documents: written digit by digit, and rounded once, half away from zero. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exponentOf,
  formatDecimal,
  formatMinorUnits,
  minorUnits,
  percentOf,
  timesDecimal,
} from '../../src/money/minor-units.ts';

describe('formatMinorUnits', () => {
  it.each([
    [1, 'USD', '$0.01'],
    [-1, 'USD', '-$0.01'],
    [0, 'USD', '$0.00'],
    [99_999_999, 'USD', '$999,999.99'],
    [-99_999_999, 'EUR', '-€999,999.99'],
    [100_000, 'EUR', '€1,000.00'],
    [1, 'JPY', '¥1'],
    [999_999, 'JPY', '¥999,999'],
    [1_234_567, 'KWD', 'KWD\u00a01,234.567'],
    [5, 'CHF', 'CHF\u00a00.05'],
    [Number.MAX_SAFE_INTEGER, 'USD', '$90,071,992,547,409.91'],
  ])('%i %s is %s', (amount, currency, text) => {
    expect(formatMinorUnits(minorUnits(amount), currency)).toBe(text);
  });

  it('tells every amount from 0.01 to 999,999.99 exactly, in currencies of two decimals, of none and of three', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99_999_999 }),
        fc.constantFrom('USD', 'EUR', 'JPY', 'KWD'),
        (amount, currency) => {
          const text = formatMinorUnits(minorUnits(amount), currency);
          const [, fraction = ''] = text.split('.');
          expect(fraction).toHaveLength(exponentOf(currency));
          expect(Number(text.replace(/[^0-9]/g, ''))).toBe(amount);
          expect(text.split('.')[0]).toMatch(/^[^0-9]+[0-9]{1,3}(,[0-9]{3})*$/);
        },
      ),
    );
  });

  it('throws where the currency is none', () => {
    expect(() => formatMinorUnits(minorUnits(1), 'dollars')).toThrow(RangeError);
  });
});

describe('rounding', () => {
  it.each([
    [1_001, '2.5', 2_503],
    [-1_001, '2.5', -2_503],
    [1_001, '-2.5', -2_503],
    [1, '0.5', 1],
    [1, '0.499999999999', 0],
    [-1, '0.4', 0],
    [99_999_999, '3', 299_999_997],
  ])('%i times %s is %i', (amount, decimal, product) => {
    expect(timesDecimal(minorUnits(amount), decimal)).toBe(product);
  });

  it.each([
    [91_760, '19', 17_434],
    [50, '19', 10],
    [50, '7', 4],
    [-50, '7', -4],
    [1_000, '7.7', 77],
    [9_007_199_254_740_991, '100', 9_007_199_254_740_991],
  ])('of %i, %s percent are %i', (amount, percent, part) => {
    expect(percentOf(minorUnits(amount), percent)).toBe(part);
  });

  it('is at most half a unit from what is exact', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -99_999_999, max: 99_999_999 }),
        fc.integer({ min: 0, max: 99_999 }),
        (amount, thousandths) => {
          const percent = `${Math.floor(thousandths / 1_000)}.${String(thousandths % 1_000).padStart(3, '0')}`;
          const apart =
            BigInt(percentOf(minorUnits(amount), percent)) * 100_000n - BigInt(amount) * BigInt(thousandths);
          expect(apart <= 50_000n && apart >= -50_000n).toBe(true);
        },
      ),
    );
  });

  it.each(['', '1e3', '1.', '.5', '+1', '1,5', ' 1', '１'])('"%s" is no decimal number', (text) => {
    expect(() => timesDecimal(minorUnits(1), text)).toThrow(RangeError);
  });
});

it('refuses what is not a whole number of units', () => {
  for (const value of [0.5, Number.NaN, 2 ** 53]) expect(() => minorUnits(value)).toThrow(RangeError);
  expect(Object.is(minorUnits(-0), 0)).toBe(true);
});

it('groups the digits of a quantity and keeps its decimals as they were said', () => {
  expect(['1', '1000', '-12345.50', '0.5'].map(formatDecimal)).toEqual(['1', '1,000', '-12,345.50', '0.5']);
});
