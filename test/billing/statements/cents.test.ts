/** Cents of exact amounts: they add up on every level, and none is a cent or more from what it is. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nearestCent, shareCents } from '../../../src/billing/statements/cents.ts';

const CENT = 10_000_000n;
const sum = (parts: readonly bigint[]) => parts.reduce((all, part) => all + part, 0n);

it.each([
  [0n, 0],
  [4_999_999n, 0],
  [5_000_000n, 1],
  [-4_999_999n, 0],
  [-5_000_000n, -1],
  [12_345_678_901n, 1_235],
  [9_007_199_254_740_993n * 1_000n, 900_719_925_474],
])('%i nanodollars are nearest to %i cents', (nanos, cents) => {
  expect(nearestCent(nanos)).toBe(cents);
});

it('rounds up where the most is cut off, and the first of those that are alike', () => {
  const parts = [4_000_000n, 9_000_000n, 4_000_000n, 3_000_000n];
  expect(shareCents(nearestCent(sum(parts)), parts)).toEqual([1, 1, 0, 0]);
});

it('shows nothing as nothing, whatever stands beside it', () => {
  expect(shareCents(nearestCent(5_000_000n), [0n, 5_000_000n, 0n])).toEqual([0, 1, 0]);
});

it('says so where the whole is not of these parts', () => {
  expect(() => shareCents(nearestCent(3n * CENT), [CENT])).toThrow('cannot be shared');
});

/** Corrections may cost less than nothing, and a month be of one of them. */
const nanos = fc.oneof(fc.bigInt(-3n * CENT, 3n * CENT), fc.bigInt(0n, 10n ** 15n));

it('adds up on every level, each less than a cent from what it is', () => {
  fc.assert(
    fc.property(fc.array(fc.array(nanos, { minLength: 1, maxLength: 8 }), { maxLength: 8 }), (groups) => {
      const wholes = groups.map(sum);
      const whole = nearestCent(sum(wholes));
      const shown = shareCents(whole, wholes);
      expect(shown.reduce((all, cents) => all + cents, 0)).toBe(whole);
      for (const [i, group] of groups.entries()) {
        const parts = shareCents(shown[i] ?? whole, group);
        expect(parts.reduce((all, cents) => all + cents, 0)).toBe(shown[i]);
        for (const [j, cents] of [[wholes[i], shown[i]], ...group.map((exact, k) => [exact, parts[k]])].entries()) {
          const [exact = 0n, amount = 0] = cents as [bigint, number];
          const off = exact - BigInt(amount) * CENT;
          expect(off < CENT && off > -CENT, `${j}: ${exact} as ${amount}`).toBe(true);
        }
      }
    }),
    { numRuns: 500 },
  );
});
