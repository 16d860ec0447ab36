/**
 * Local days and hours as exact instants, for any IANA zone: days of 23, 24 and 25 hours, zones that change at midnight,
 * offsets of a quarter of an hour.
 */
import { Temporal } from 'temporal-polyfill';

/** One row of a report: what it is called, and the instants it spans (epoch ms, the end excluded). */
export interface Span {
  label: string;
  startMs: number;
  endMs: number;
}

export function isTimeZone(name: string): boolean {
  try {
    // Offsets such as +05:30 are no zones: they have no days of 23 hours. Temporal would take them, and whole instants.
    return /^[A-Za-z][\w+/-]*$/.test(name) && Temporal.Now.zonedDateTimeISO(name) !== undefined;
  } catch {
    return false;
  }
}

/** A date as YYYY-MM-DD, or null. */
export function parseDate(text: string): Temporal.PlainDate | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' });
  } catch {
    return null;
  }
}

/** The day of an instant in UTC, "2026-11-22". */
export function utcDayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function today(timeZone: string, nowMs: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).toPlainDate();
}

/** The first local day of which nothing lies before this instant. */
export function firstDaySince(timeZone: string, ms: number): Temporal.PlainDate {
  return today(timeZone, ms - 1).add({ days: 1 });
}

/** The local days from `from` to `to`, both included. */
export function localDays(from: Temporal.PlainDate, to: Temporal.PlainDate, timeZone: string): Span[] {
  const spans: Span[] = [];
  for (let day = from; Temporal.PlainDate.compare(day, to) <= 0; day = day.add({ days: 1 })) {
    const start = day.toZonedDateTime(timeZone);
    const end = day.add({ days: 1 }).toZonedDateTime(timeZone);
    spans.push({ label: day.toString(), startMs: start.epochMilliseconds, endMs: end.epochMilliseconds });
  }
  return spans;
}

/**
 * The local hours of those days. A clock that jumps by half an hour makes a short or long hour, one that goes back a
 * whole hour makes two rows that differ by their offset.
 */
export function localHours(from: Temporal.PlainDate, to: Temporal.PlainDate, timeZone: string): Span[] {
  return localDays(from, to, timeZone).flatMap((day) => {
    const spans: Span[] = [];
    let startMs = day.startMs;
    while (startMs < day.endMs) {
      const start = Temporal.Instant.fromEpochMilliseconds(startMs).toZonedDateTimeISO(timeZone);
      const endMs = Math.min(nextHour(start), day.endMs);
      spans.push({ label: start.toString({ timeZoneName: 'never' }), startMs, endMs });
      startMs = endMs;
    }
    return spans;
  });
}

/** The next instant at which the local clock shows a full hour, or jumps. */
function nextHour(at: Temporal.ZonedDateTime): number {
  const left = 60 - at.minute;
  const next = at.epochMilliseconds + left * 60_000;
  const jump = at.getTimeZoneTransition('next');
  return jump ? Math.min(next, jump.epochMilliseconds) : next;
}
