/** Blocks of local calendars against instants worked out by hand, and what must hold of the blocks of any zone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarPeriod, durationEnd } from '../../src/budgets/calendar.ts';
import type { WindowSpec, WindowUnit } from '../../src/budgets/windows.ts';
import { HOUR_MS } from '../../src/limits.ts';

const ZONES = [
  'UTC',
  'Europe/Stockholm',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Antarctica/Troll',
  'Africa/Cairo',
];

const specOf = (timeZone: string, unit: WindowUnit, value = 1): WindowSpec => ({
  kind: 'calendar',
  value,
  unit,
  timeZone,
});

const told = ({ startMs, endMs }: { startMs: number; endMs: number }) => [
  new Date(startMs).toISOString().slice(0, 16),
  new Date(endMs).toISOString().slice(0, 16),
  (endMs - startMs) / HOUR_MS,
];

describe('a calendar block', () => {
  it.each<[what: string, spec: WindowSpec, at: string, start: string, end: string, hours: number]>([
    [
      'a day of 23 hours in Stockholm',
      specOf('Europe/Stockholm', 'day'),
      '2026-03-29T12:00',
      '2026-03-28T23:00',
      '2026-03-29T22:00',
      23,
    ],
    [
      'a day of 25 hours in Stockholm',
      specOf('Europe/Stockholm', 'day'),
      '2026-10-25T12:00',
      '2026-10-24T22:00',
      '2026-10-25T23:00',
      25,
    ],
    [
      'a day of 23 hours in New York',
      specOf('America/New_York', 'day'),
      '2026-03-08T06:59',
      '2026-03-08T05:00',
      '2026-03-09T04:00',
      23,
    ],
    [
      'a day of 25 hours in New York',
      specOf('America/New_York', 'day'),
      '2026-11-01T06:00',
      '2026-11-01T04:00',
      '2026-11-02T05:00',
      25,
    ],
    [
      'a day of 24.5 hours on Lord Howe',
      specOf('Australia/Lord_Howe', 'day'),
      '2026-04-04T15:10',
      '2026-04-04T13:00',
      '2026-04-05T13:30',
      24.5,
    ],
    [
      'a day of 23.5 hours on Lord Howe',
      specOf('Australia/Lord_Howe', 'day'),
      '2026-10-03T15:30',
      '2026-10-03T13:30',
      '2026-10-04T13:00',
      23.5,
    ],
    [
      'a day at a quarter to in Kathmandu',
      specOf('Asia/Kathmandu', 'day'),
      '2026-01-05T00:00',
      '2026-01-04T18:15',
      '2026-01-05T18:15',
      24,
    ],
    [
      'three days, laid from Monday 1970-01-05',
      specOf('UTC', 'day', 3),
      '2026-01-07T23:59',
      '2026-01-05T00:00',
      '2026-01-08T00:00',
      72,
    ],
    [
      'a week from Monday, an hour short',
      specOf('Europe/Stockholm', 'week'),
      '2026-03-29T21:59',
      '2026-03-22T23:00',
      '2026-03-29T22:00',
      167,
    ],
    [
      'two weeks, laid from Monday 1970-01-05',
      specOf('UTC', 'week', 2),
      '2026-01-12T00:00',
      '2026-01-05T00:00',
      '2026-01-19T00:00',
      336,
    ],
    [
      'a month that loses an hour',
      specOf('Europe/Stockholm', 'month'),
      '2026-03-01T00:00',
      '2026-02-28T23:00',
      '2026-03-31T22:00',
      743,
    ],
    [
      'a quarter',
      specOf('America/New_York', 'month', 3),
      '2026-05-10T00:00',
      '2026-04-01T04:00',
      '2026-07-01T04:00',
      2184,
    ],
    [
      'five months, laid from January 1970',
      specOf('UTC', 'month', 5),
      '2026-01-15T00:00',
      '2025-11-01T00:00',
      '2026-04-01T00:00',
      3624,
    ],
    [
      'six hours of which one is skipped',
      specOf('Europe/Stockholm', 'hour', 6),
      '2026-03-29T01:00',
      '2026-03-28T23:00',
      '2026-03-29T04:00',
      5,
    ],
    [
      'six hours of which one is repeated',
      specOf('Europe/Stockholm', 'hour', 6),
      '2026-10-25T01:00',
      '2026-10-24T22:00',
      '2026-10-25T05:00',
      7,
    ],
    [
      'an hour that is repeated, the first time',
      specOf('Europe/Stockholm', 'hour'),
      '2026-10-25T00:30',
      '2026-10-25T00:00',
      '2026-10-25T02:00',
      2,
    ],
    [
      'an hour that is repeated, the second time',
      specOf('Europe/Stockholm', 'hour'),
      '2026-10-25T01:30',
      '2026-10-25T00:00',
      '2026-10-25T02:00',
      2,
    ],
    [
      'the hour after one that is skipped',
      specOf('America/New_York', 'hour'),
      '2026-03-08T07:00',
      '2026-03-08T07:00',
      '2026-03-08T08:00',
      1,
    ],
    [
      'an hour of which half is repeated',
      specOf('Australia/Lord_Howe', 'hour'),
      '2026-04-04T15:20',
      '2026-04-04T14:00',
      '2026-04-04T15:30',
      1.5,
    ],
    [
      'the last hour before a clock goes back by two, which shows it all again',
      specOf('Antarctica/Troll', 'hour'),
      '2026-10-25T01:10',
      '2026-10-25T00:00',
      '2026-10-25T03:00',
      3,
    ],
    [
      'a day whose midnight is skipped',
      specOf('Africa/Cairo', 'day'),
      '2026-04-24T12:00',
      '2026-04-23T22:00',
      '2026-04-24T21:00',
      23,
    ],
  ])('is %s', (_, spec, at, start, end, hours) => {
    expect(told(calendarPeriod(spec, Date.parse(`${at}Z`)))).toEqual([start, end, hours]);
  });

  it('begins where the one before ends, and is the same from its first millisecond to its last', () => {
    const spec = fc.record({
      zone: fc.constantFrom(...ZONES),
      unit: fc.constantFrom<WindowUnit>('hour', 'day', 'week', 'month'),
      divisor: fc.constantFrom(1, 2, 3, 4, 6, 8, 12, 24),
    });
    const instant = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) });
    // Half of them within a day of a jump, where all the difficulty is.
    const jump = fc
      .tuple(
        fc.constantFrom(
          '2026-03-29T01:00Z',
          '2026-10-25T01:00Z',
          '2026-03-08T07:00Z',
          '2026-11-01T06:00Z',
          '2026-04-04T15:00Z',
          '2026-10-03T15:30Z',
          '2026-04-23T22:00Z',
        ),
        fc.integer({ min: -24 * HOUR_MS, max: 24 * HOUR_MS }),
      )
      .map(([at, off]) => Date.parse(at) + off);
    fc.assert(
      fc.property(spec, fc.oneof(instant, jump), ({ zone, unit, divisor }, nowMs) => {
        const asked = specOf(zone, unit, unit === 'month' ? Math.min(divisor, 12) : divisor);
        const period = calendarPeriod(asked, nowMs);
        expect(period.startMs).toBeLessThanOrEqual(nowMs);
        expect(period.endMs).toBeGreaterThan(nowMs);
        expect(calendarPeriod(asked, period.startMs)).toEqual(period);
        expect(calendarPeriod(asked, period.endMs - 1)).toEqual(period);
        expect(calendarPeriod(asked, period.endMs).startMs).toBe(period.endMs);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the end of a duration', () => {
  it.each<[what: string, spec: WindowSpec, start: string, end: string]>([
    [
      'a month after 31 January is 28 February',
      specOf('Europe/Stockholm', 'month'),
      '2026-01-31T10:00',
      '2026-02-28T10:00',
    ],
    [
      'a month after 31 January in a leap year is 29 February',
      specOf('UTC', 'month'),
      '2028-01-31T10:00',
      '2028-02-29T10:00',
    ],
    [
      'a month is by the local clock, also over a jump of it',
      specOf('Europe/Stockholm', 'month'),
      '2026-03-15T11:00',
      '2026-04-15T10:00',
    ],
    ['a month begins on the local day', specOf('Asia/Kathmandu', 'month'), '2026-01-30T20:00', '2026-02-27T20:00'],
    ['a day is 24 hours, also over a jump', specOf('Europe/Stockholm', 'day'), '2026-03-28T12:00', '2026-03-29T12:00'],
    ['52 weeks are 364 days', specOf('America/New_York', 'week', 52), '2026-01-05T00:00', '2027-01-04T00:00'],
  ])('%s', (_, spec, start, end) => {
    expect(new Date(durationEnd(spec, Date.parse(`${start}Z`))).toISOString().slice(0, 16)).toBe(end);
  });
});
