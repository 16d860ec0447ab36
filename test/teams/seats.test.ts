/** What a seat costs until the month ends. */
import { describe, expect, it } from 'vitest';
import { formatUsd } from '../../src/money/nanos.ts';
import { proratedCost, seatsLeft, seatsMissing } from '../../src/teams/seats.ts';

const at = (text: string) => Date.parse(text);

describe('a seat', () => {
  it.each([
    ['2026-11-01T00:00:00Z', '10'],
    ['2026-11-01T23:59:59.999Z', '10'],
    ['2026-11-02T00:00:00Z', '9.67'],
    ['2026-11-16T12:00:00Z', '5'],
    ['2026-11-30T23:59:59.999Z', '0.33'],
    ['2028-02-29T10:00:00Z', '0.34'],
    ['2026-12-31T10:00:00Z', '0.32'],
  ])('on %s costs $%s: whole days, today included', (instant, cost) => {
    const nanos = proratedCost('pro', at(instant));
    expect(nanos === null ? null : formatUsd(nanos)).toBe(cost);
  });

  it.each(['free', 'enterprise'] as const)('is not sold on the %s plan', (plan) => {
    expect(proratedCost(plan, at('2026-11-01T00:00:00Z'))).toBeNull();
  });

  it('is never less than none left, and without an end where no number is set', () => {
    const seats = { plan: 'pro', included: 3, bought: 1, used: 5, pending: 1 } as const;
    expect([seatsLeft(seats), seatsLeft({ ...seats, used: 1 }), seatsLeft({ ...seats, included: null })]).toEqual([
      0,
      2,
      null,
    ]);
  });

  it('is missing for whoever holds none, those of now as well as those to come', () => {
    const seats = { plan: 'pro', included: 3, bought: 2, used: 8, pending: 1 } as const;
    const missing = [
      seatsMissing(seats, 0),
      seatsMissing(seats, 1),
      seatsMissing({ ...seats, used: 3 }, 1),
      seatsMissing({ ...seats, used: 3 }, 2),
      seatsMissing({ ...seats, included: null }, 1),
    ];
    expect(missing).toEqual([4, 5, 0, 1, 0]);
  });
});
