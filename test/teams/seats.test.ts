/** What a seat costs until the period ends. */
import { describe, expect, it } from 'vitest';
import { formatUsd, ZERO } from '../../src/money/nanos.ts';
import { monthOf, proratedCost, seatsLeft, seatsMissing } from '../../src/teams/seats.ts';

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
    const nanos = proratedCost({ plan: 'pro', period: monthOf(at(instant)) }, at(instant));
    expect(nanos === null ? null : formatUsd(nanos)).toBe(cost);
  });

  it("goes by the subscription's period where there is one", () => {
    const period = { startMs: at('2026-11-15T08:00:00Z'), endMs: at('2026-12-15T08:00:00Z') };
    const costs = ['2026-11-15T08:00:00Z', '2026-11-30T08:00:00Z', '2026-12-15T07:59:59Z'].map((instant) =>
      formatUsd(proratedCost({ plan: 'pro', period }, at(instant)) ?? ZERO),
    );
    expect(costs).toEqual(['10', '5', '0.33']);
  });

  it.each(['free', 'enterprise'] as const)('is not sold on the %s plan', (plan) => {
    const nowMs = at('2026-11-01T00:00:00Z');
    expect(proratedCost({ plan, period: monthOf(nowMs) }, nowMs)).toBeNull();
  });

  it('is never less than none left, and without an end where no number is set', () => {
    const seats = { plan: 'pro', included: 3, bought: 1, used: 5, pending: 1, period: monthOf(0) } as const;
    expect([seatsLeft(seats), seatsLeft({ ...seats, used: 1 }), seatsLeft({ ...seats, included: null })]).toEqual([
      0,
      2,
      null,
    ]);
  });

  it('is missing for whoever holds none, those of now as well as those to come', () => {
    const seats = { plan: 'pro', included: 3, bought: 2, used: 8, pending: 1, period: monthOf(0) } as const;
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
