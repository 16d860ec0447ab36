/** Amounts on pages: never through a float, never rounded into a lie. */
import { expect, it } from 'vitest';
import { exactMoney, nanosOf, shareOf, shortMoney } from '../../src/dashboard/parts/amounts.ts';

it.each([
  ['0', '$0.00'],
  ['100', '$100.00'],
  ['1234.567', '$1,234.57'],
  ['0.25', '$0.25'],
  ['0.12345', '$0.1235'],
  ['0.0004', '$0.0004'],
  ['0.00000012', '$0.00000012'],
  ['0.000000001', '$0.000000001'],
  ['-0.0004', '-$0.0004'],
  ['9007199254740993.11', '$9,007,199,254,740,993.11'],
])('%s is shown as %s', (amount, shown) => {
  expect(shortMoney(amount)).toBe(shown);
});

it('tells the exact amount to the last digit', () => {
  expect(exactMoney('1234.567890123')).toBe('$1,234.567890123');
});

it('compares amounts that a float cannot tell apart', () => {
  expect(nanosOf('9007199254.740993001') - nanosOf('9007199254.740993')).toBe(1n);
});

it('draws a limit of 0 as full, and never more than full', () => {
  expect([shareOf('0', '0'), shareOf('3', '2'), shareOf('0.5', '2')]).toEqual([1, 1, 0.25]);
});
