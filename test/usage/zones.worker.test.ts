/**
 * Analytics in time zones against Intl, which knows them by another way: in random ranges of two years each local day is the
 * events that Intl shows that date for, and days and hours sum to the range's total. Thirty zones that are odd in their ways;
 * `npm run check:zones` does so for every zone that Intl has. What failed, again: `FUZZ_SEED=...` as printed.
 */
import { env } from 'cloudflare:workers';
import { Temporal } from 'temporal-polyfill';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../src/limits.ts';
import { SeededRandom } from '../../src/local/demo-random.ts';
import { activity } from '../../src/usage/analytics.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { localDays, localHours, type Span } from '../../src/usage/time-zones.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { QUARTER_MS, usageEvent } from './events.ts';

const CHOSEN = [
  'UTC',
  'Europe/Stockholm',
  'Europe/London',
  'Europe/Dublin', // summer time is its standard
  'Europe/Chisinau', // changes at other hours
  'Europe/Istanbul',
  'America/New_York',
  'America/Phoenix',
  'America/St_Johns', // -3:30
  'America/Havana', // repeats the hour after midnight
  'America/Santiago', // skips the hour after midnight, repeats the one before
  'America/Asuncion', // gave up summer time
  'America/Sao_Paulo',
  'America/Nuuk', // changes on the evening before
  'America/Scoresbysund', // changed its offset in these years
  'Atlantic/Azores',
  'Africa/Cairo', // skips the hour after midnight
  'Africa/Casablanca', // winter time in Ramadan
  'Asia/Gaza', // likewise, at midnight of odd days
  'Asia/Beirut', // skips the hour after midnight
  'Asia/Tehran', // +3:30
  'Asia/Kolkata', // +5:30
  'Asia/Kathmandu', // +5:45
  'Asia/Almaty', // changed its offset
  'Australia/Lord_Howe', // half an hour of summer time
  'Australia/Eucla', // +8:45
  'Australia/Adelaide', // +9:30
  'Pacific/Chatham', // +12:45
  'Pacific/Marquesas', // -9:30
  'Pacific/Kiritimati', // +14
];

const ZONES = env.ALL_ZONES ? Intl.supportedValuesOf('timeZone') : CHOSEN;
const SEED = env.FUZZ_SEED || String(Date.now() % 1_000_000);

const FIRST = Date.parse('2024-12-30T00:00Z');
const LAST = Date.parse('2027-01-02T00:00Z');
const DAYS = Temporal.PlainDate.from('2025-01-01');
const DAY_COUNT = 730;
const SCATTERED = 2_500;
/** Of the quarters of an hour around each change of a clock, on both of their edges. */
const AROUND_CHANGES = 12;
const RANGES = 2;
const SHIPPED_AT_ONCE = 1_000;

interface Event {
  ms: number;
  costNanos: number;
}

/** Random instants, and the edges of quarters about the instants at which clocks change anywhere. */
function eventsOf(random: SeededRandom): Event[] {
  const instants = new Set(
    Array.from({ length: SCATTERED }, () => FIRST + Math.floor(random.fraction() * (LAST - FIRST))),
  );
  const changes = new Set(ZONES.flatMap(changesOf));
  for (const at of changes) {
    for (let i = 0; i < AROUND_CHANGES; i++) {
      const edge = at + random.between(-100, 100) * QUARTER_MS;
      instants.add(edge - 1).add(edge);
    }
  }
  return [...instants].toSorted((a, b) => a - b).map((ms) => ({ ms, costNanos: random.between(1, 1_000_000) }));
}

function changesOf(zone: string): number[] {
  const changes: number[] = [];
  let at = Temporal.Instant.fromEpochMilliseconds(FIRST).toZonedDateTimeISO(zone);
  for (;;) {
    const next = at.getTimeZoneTransition('next');
    if (!next || next.epochMilliseconds > LAST) return changes;
    changes.push(next.epochMilliseconds);
    at = next;
  }
}

describe(`analytics in ${ZONES.length} zones, seed ${SEED}`, () => {
  let seeded: Seeded;
  let events: Event[];
  const compared = { ranges: 0, days: 0, hours: 0 };

  beforeAll(async () => {
    seeded = await seedOrganization();
    events = eventsOf(new SeededRandom(`events ${SEED}`));
    for (let from = 0; from < events.length; from += SHIPPED_AT_ONCE) {
      const some = events.slice(from, from + SHIPPED_AT_ONCE);
      const shipped = some.map(({ ms, costNanos }, i) =>
        usageEvent(from + i + 1, { settledAtMs: ms, costNanos, provider: `p${costNanos % 3}` }),
      );
      await shipEvents(env.DB, seeded, shipped);
    }
    await rollUp(env.DB, LAST);
  });

  afterAll(() => {
    const { ranges, days, hours } = compared;
    console.log(
      `${ZONES.length} zones, ${events.length} events, ${ranges} ranges, ${days} days, ${hours} hours compared, seed ${SEED}`,
    );
  });

  async function read(spans: readonly Span[]) {
    const { organizationId } = seeded;
    const databases = { usage: env.DB, names: env.DB };
    return activity(databases, { organizationId, spans, groupBy: 'provider', limit: 2 });
  }

  it.each(ZONES)('are right in %s', async (zone) => {
    const random = new SeededRandom(`${zone} ${SEED}`);
    const calendar = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
    const byDate = Map.groupBy(events, ({ ms }) => calendar.format(ms));
    for (let range = 0; range < RANGES; range++) {
      const first = random.between(0, DAY_COUNT - 1);
      const days = localDays(
        DAYS.add({ days: first }),
        DAYS.add({ days: random.between(first, Math.min(first + 365, DAY_COUNT - 1)) }),
        zone,
      );
      const { activity: shown, totals } = await read(days);
      const wanted = days.map(({ label }) => ({ date: label, ...counted(byDate.get(label) ?? []) }));
      expect(shown.map(({ date, requestCount, cost }) => ({ date, requestCount, cost }))).toEqual(wanted);
      const from = days[0]?.startMs ?? 0;
      const until = days.at(-1)?.endMs ?? 0;
      expect(totals).toMatchObject(counted(events.filter(({ ms }) => from <= ms && ms < until)));
      for (const { breakdown, requestCount } of shown) {
        expect(breakdown.reduce((sum, row) => sum + row.requestCount, 0)).toBe(requestCount);
      }
      compared.ranges++;
      compared.days += days.length;
    }
    // The days about a change of the clock, by the hour: each shows one hour of one date, and all of its events.
    const changes = changesOf(zone);
    const change = changes[random.between(0, Math.max(0, changes.length - 1))] ?? FIRST + 300 * DAY_MS;
    const date = Temporal.PlainDate.from(calendar.format(change));
    const hours = localHours(date.subtract({ days: 1 }), date.add({ days: 1 }), zone);
    const { activity: hourly } = await read(hours);
    for (const [i, { startMs, endMs, label }] of hours.entries()) {
      const inHour = events.filter(({ ms }) => startMs <= ms && ms < endMs);
      expect(hourly[i]).toMatchObject({ date: label, ...counted(inHour) });
      for (const { ms } of inHour) expect(calendar.format(ms)).toBe(label.slice(0, 10));
    }
    compared.hours += hours.length;
  });
});

function counted(some: readonly Event[]): { requestCount: number; cost: string } {
  const cost = some.reduce((sum, { costNanos }) => sum + costNanos, 0);
  return { requestCount: some.length, cost: usd(cost) };
}

function usd(nanos: number): string {
  const digits = String(nanos).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return digits.slice(0, -9) + (fraction && `.${fraction.padEnd(2, '0')}`);
}
