import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addNanos, formatUsd, nanos, parseUsd } from '../../src/money/nanos.ts';

describe('an amount in text', () => {
  it.each([
    ['0', 0],
    ['0.000000001', 1],
    ['0.1', 100_000_000],
    ['0.10', 100_000_000],
    ['1', 1_000_000_000],
    ['1.000000000', 1_000_000_000],
    ['42.13', 42_130_000_000],
    ['999999.999999999', 999_999_999_999_999],
    ['1000000', 1_000_000_000_000_000],
    ['1000000.000000000', 1_000_000_000_000_000],
  ])('%s is read exactly', (text, expected) => {
    expect(parseUsd(text)).toBe(expected);
  });

  it.each([
    '1e3',
    '-1',
    '+1',
    'NaN',
    'Infinity',
    '1.',
    '.5',
    '.',
    '01',
    '00',
    '0x1',
    '1,5',
    '1_000',
    '1.0000000001',
    '1000000.000000001',
    '1000001',
    '10000000',
    ' 1',
    '1 ',
    '1\n',
    '',
    '٣',
    '１',
  ])('%j is refused', (text) => {
    expect(parseUsd(text)).toBeNull();
  });

  it.each([
    [0n, '0'],
    [1n, '0.000000001'],
    [200_000n, '0.0002'],
    [500_000_000n, '0.50'],
    [3_200_000_000n, '3.20'],
    [42_130_000_000n, '42.13'],
    [100_000_000_000n, '100'],
    [-1_500_000_000n, '-1.50'],
    [-1n, '-0.000000001'],
    // A sum over many rows may pass what a double holds: 9,007,199,254,740,993 = 2^53 + 1.
    [9_007_199_254_740_993n, '9007199.254740993'],
  ])('%s nanodollars are written as %s', (amount, expected) => {
    expect(formatUsd(amount)).toBe(expected);
  });

  it('survives being written and read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000_000_000 }), (amount) => {
        expect(parseUsd(formatUsd(nanos(amount)))).toBe(amount);
      }),
    );
  });

  it('is written with no fraction or with at least two decimals and no further trailing zero', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (amount) => {
        expect(formatUsd(nanos(amount))).toMatch(/^-?(0|[1-9]\d*)(\.\d{2}|\.\d{2,8}[1-9])?$/);
      }),
    );
  });
});

describe('an amount in nanodollars', () => {
  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('cannot be %s', (value) => {
    expect(() => nanos(value)).toThrow(RangeError);
  });

  it('throws instead of losing precision in a sum', () => {
    expect(addNanos(nanos(1), nanos(2), nanos(3))).toBe(6);
    expect(() => addNanos(nanos(Number.MAX_SAFE_INTEGER), nanos(1))).toThrow(RangeError);
  });
});
