/** Local days and hours against Intl, which knows the zones' rules by another way than Temporal's arithmetic. */
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import {
  firstDaySince,
  isTimeZone,
  localDays,
  localHours,
  parseDate,
  type Span,
  today,
} from '../../src/usage/time-zones.ts';

const QUARTER_MS = 900_000;
const HOUR_MS = 4 * QUARTER_MS;

const ZONES = [
  'UTC',
  'Europe/Stockholm',
  'America/New_York',
  'America/St_Johns', // -3:30
  'America/Havana', // repeats the hour after midnight
  'America/Santiago', // skips the hour after midnight, repeats the one before
  'Africa/Cairo', // likewise, on other days
  'Asia/Kathmandu', // +5:45
  'Asia/Kolkata', // +5:30
  'Australia/Lord_Howe', // half an hour of summer time
  'Pacific/Chatham', // +12:45
  'Pacific/Apia', // a day ahead
];

const FIRST = Temporal.PlainDate.from('2025-01-01');
const LAST = Temporal.PlainDate.from('2026-12-31');

/** What a clock on the wall shows at an instant: "2026-10-25 02:15". */
function wallClock(zone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  return (ms) => format.format(ms);
}

function expectSeamless(spans: readonly Span[]): void {
  for (const [i, { startMs, endMs }] of spans.entries()) {
    expect(startMs % QUARTER_MS).toBe(0);
    expect(endMs).toBeGreaterThan(startMs);
    expect(endMs).toBe(spans[i + 1]?.startMs ?? endMs);
  }
}

const date = (text: string) => Temporal.PlainDate.from(text);

const lengths = (spans: readonly Span[]) => spans.map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS);

describe.each(ZONES)('local days in %s', (zone) => {
  const days = localDays(FIRST, LAST, zone);
  const shown = wallClock(zone);

  it('follow each other without gap or overlap, on quarters of an hour, one for each date', () => {
    expectSeamless(days);
    expect(days).toHaveLength(730);
    expect(new Set(days.map(({ label }) => label)).size).toBe(730);
  });

  it('hold exactly the instants at which the local clock shows their date', () => {
    const from = days[0]?.startMs ?? 0;
    const end = days.at(-1)?.endMs ?? 0;
    const edges = days.flatMap(({ startMs }) => [startMs - 1, startMs]).filter((ms) => ms >= from);
    const dayOf = (ms: number) => days.filter(({ startMs, endMs }) => startMs <= ms && ms < endMs);
    for (const ms of edges) expect(dayOf(ms).map(({ label }) => label)).toEqual([shown(ms).slice(0, 10)]);
    fc.assert(
      fc.property(fc.integer({ min: from, max: end - 1 }), (ms) => {
        expect(dayOf(ms).map(({ label }) => label)).toEqual([shown(ms).slice(0, 10)]);
      }),
      { numRuns: 300 },
    );
    expect(shown(from - 1).slice(0, 10)).toBe('2024-12-31');
    expect(shown(end).slice(0, 10)).toBe('2027-01-01');
  });

  it('are divided by local hours that show their own beginning', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: days.length - 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (i, part) => {
          const day = days[i];
          if (!day) throw new Error(`no day ${i}`);
          const hours = localHours(date(day.label), date(day.label), zone);
          expectSeamless(hours);
          expect([hours[0]?.startMs, hours.at(-1)?.endMs]).toEqual([day.startMs, day.endMs]);
          expect(new Set(hours.map(({ label }) => label)).size).toBe(hours.length);
          for (const { label, startMs } of hours) expect(label.slice(0, 16)).toBe(shown(startMs).replace(' ', 'T'));
          // Within an hour the clock goes on without a jump and shows one hour only.
          const ms = Math.floor(day.startMs + part * (day.endMs - 1 - day.startMs));
          const hour = hours.find(({ startMs, endMs }) => startMs <= ms && ms < endMs);
          expect(shown(ms).slice(0, 13).replace(' ', 'T')).toBe(hour?.label.slice(0, 13));
          expect(Date.parse(hour?.label ?? '')).toBe(hour?.startMs);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('local days', () => {
  it.each<[zone: string, short: string, hours: number, long: string, hours: number]>([
    ['Europe/Stockholm', '2026-03-29', 23, '2026-10-25', 25],
    ['America/New_York', '2026-03-08', 23, '2026-11-01', 25],
    ['America/St_Johns', '2026-03-08', 23, '2026-11-01', 25],
    ['Africa/Cairo', '2026-04-24', 23, '2026-10-29', 25],
    ['Pacific/Chatham', '2026-09-27', 23, '2026-04-05', 25],
    ['Australia/Lord_Howe', '2026-10-04', 23.5, '2026-04-05', 24.5],
  ])('in %s are short on %s (%d h) and long on %s (%d h)', (zone, short, shortHours, long, longHours) => {
    expect(lengths(localDays(date(short), date(short), zone))).toEqual([shortHours]);
    expect(lengths(localDays(date(long), date(long), zone))).toEqual([longHours]);
    const year = lengths(localDays(date('2026-01-01'), date('2026-12-31'), zone));
    expect(year.filter((hours) => hours !== 24)).toHaveLength(2);
  });

  it.each(['UTC', 'Asia/Kathmandu', 'Asia/Kolkata'])('in %s all have 24 hours', (zone) => {
    expect(new Set(lengths(localDays(FIRST, LAST, zone)))).toEqual(new Set([24]));
  });

  it('begin at the local midnight of zones with odd offsets', () => {
    const start = (zone: string) =>
      new Date(localDays(date('2026-06-01'), date('2026-06-01'), zone)[0]?.startMs ?? 0).toISOString();
    expect(start('Asia/Kathmandu')).toBe('2026-05-31T18:15:00.000Z');
    expect(start('Asia/Kolkata')).toBe('2026-05-31T18:30:00.000Z');
    expect(start('Pacific/Chatham')).toBe('2026-05-31T11:15:00.000Z');
    expect(start('America/St_Johns')).toBe('2026-06-01T02:30:00.000Z');
  });
});

describe('local hours', () => {
  const labels = (zone: string, day: string) => localHours(date(day), date(day), zone).map(({ label }) => label);

  it('tell the repeated hour at the end of summer time apart by its offset', () => {
    const day = labels('Europe/Stockholm', '2026-10-25');
    expect(day).toHaveLength(25);
    expect(day.slice(1, 5)).toEqual([
      '2026-10-25T01:00:00+02:00',
      '2026-10-25T02:00:00+02:00',
      '2026-10-25T02:00:00+01:00',
      '2026-10-25T03:00:00+01:00',
    ]);
  });

  it('leave out the hour that summer time skips', () => {
    const day = labels('America/New_York', '2026-03-08');
    expect(day).toHaveLength(23);
    expect(day.slice(1, 3)).toEqual(['2026-03-08T01:00:00-05:00', '2026-03-08T03:00:00-04:00']);
  });

  it('are half an hour where the clock jumps by half an hour', () => {
    expect(labels('Australia/Lord_Howe', '2026-10-04').slice(1, 4)).toEqual([
      '2026-10-04T01:00:00+10:30',
      '2026-10-04T02:30:00+11:00',
      '2026-10-04T03:00:00+11:00',
    ]);
    expect(labels('Australia/Lord_Howe', '2026-04-05').slice(1, 4)).toEqual([
      '2026-04-05T01:00:00+11:00',
      '2026-04-05T01:30:00+10:30',
      '2026-04-05T02:00:00+10:30',
    ]);
  });

  it('end where the clock jumps in the middle of one', () => {
    expect(labels('America/St_Johns', '2010-03-14').slice(0, 3)).toEqual([
      '2010-03-14T00:00:00-03:30',
      '2010-03-14T01:01:00-02:30',
      '2010-03-14T02:00:00-02:30',
    ]);
  });

  it('begin with the day where the first hour is the one skipped', () => {
    expect(labels('Africa/Cairo', '2026-04-24')[0]).toBe('2026-04-24T01:00:00+03:00');
  });
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/Stockholm', 'Asia/Calcutta', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires'])(
    'may be %s',
    (name) => {
      expect(isTimeZone(name)).toBe(true);
    },
  );

  it.each([
    '',
    ' ',
    'Mars/Olympus',
    'Europe/Stockholm ',
    '+05:30',
    '-03',
    '\u221205:00',
    'Z',
    '2026-01-01T00:00Z',
    '2026-01-01T00:00+05:30',
    '2026-01-01T00:00[Europe/Stockholm]',
    'T00:00+05:30',
    'T00-05',
    'GMT+5',
    "UTC'; DROP TABLE usage_rollups; --",
    '__proto__',
  ])('may not be %j', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});

describe('a date', () => {
  it.each(['2026-02-28', '2024-02-29', '0001-01-01', '9999-12-31'])('may be %s', (text) => {
    expect(parseDate(text)?.toString()).toBe(text);
  });

  it.each([
    '2026-02-30',
    '2026-02-29',
    '2026-2-3',
    '2026-13-01',
    '2026-00-10',
    '20260203',
    '2026-02-03T00:00',
    ' 2026-02-03',
    '+002026-02-03',
    '2026-02-03\n',
    'today',
    '',
  ])('may not be %j', (text) => {
    expect(parseDate(text)).toBeNull();
  });

  it('of today is that of the zone', () => {
    const ms = Date.parse('2026-05-12T11:30:00Z');
    expect(today('Pacific/Chatham', ms).toString()).toBe('2026-05-13');
    expect(today('UTC', ms).toString()).toBe('2026-05-12');
    expect(today('America/New_York', Date.parse('2026-05-12T03:59:59Z')).toString()).toBe('2026-05-11');
  });

  it.each([
    ['UTC', '2026-05-12T00:00:00.000Z', '2026-05-12'],
    ['UTC', '2026-05-12T00:00:00.001Z', '2026-05-13'],
    ['Pacific/Chatham', '2026-05-12T11:15:00.000Z', '2026-05-13'],
    ['Pacific/Chatham', '2026-05-12T11:15:00.001Z', '2026-05-14'],
    ['America/New_York', '2026-05-12T03:59:59.999Z', '2026-05-12'],
  ])('that is the first whole one in %s since %s is %s', (zone, instant, day) => {
    expect(firstDaySince(zone, Date.parse(instant)).toString()).toBe(day);
  });
});
