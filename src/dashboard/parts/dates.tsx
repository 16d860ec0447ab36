/**
 * Instants and days as the user has them: in the browser's locale and zone. An instant is ISO 8601 in UTC, a day YYYY-MM-DD; a day is
 * never made an instant, which would move it by the zone.
 */
import { useEffect, useState } from 'react';

const LOCALE = navigator.language;
const dateTime = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' });
const fullDateTime = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'long' });
const dayOnly = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeZone: 'UTC' });
const dayShort = new Intl.DateTimeFormat(LOCALE, { month: 'short', day: 'numeric', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto', style: 'long' });

/** Of a day, as it is. */
export const formatDay = (day: string): string => dayOnly.format(new Date(`${day}T00:00:00Z`));
/** The same, short enough for an axis. */
const formatDayShort = (day: string): string => dayShort.format(new Date(`${day}T00:00:00Z`));

const timeFormats = new Map<string, (time: string) => string>();

/** How a point in time of an answer by days or hours is written: a day as it is, an hour in the zone it was asked for. One function for each zone. */
export function timeFormat(zone: string): (time: string) => string {
  let format = timeFormats.get(zone);
  if (!format) {
    const hour = new Intl.DateTimeFormat(LOCALE, {
      hour: 'numeric',
      minute: '2-digit',
      weekday: 'short',
      timeZone: zone,
    });
    format = (time) => (time.length === 10 ? formatDayShort(time) : hour.format(new Date(time)));
    timeFormats.set(zone, format);
  }
  return format;
}

const formatInstant = (instant: string): string => dateTime.format(new Date(instant));

const UNITS: [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** `in 3 hours`, `yesterday`, `now`: never a larger unit than what the time fills twice, so that 36 hours are not "tomorrow". */
function formatDistance(instant: string, nowMs: number): string {
  const ms = Date.parse(instant) - nowMs;
  for (const [unit, size] of UNITS) {
    if (Math.abs(ms) >= (unit === 'day' ? 2 : 1) * size) return relative.format(Math.trunc(ms / size), unit);
  }
  return ms < 0 ? relative.format(0, 'second') : relative.format(1, 'minute');
}

/** Now, anew each half minute, for what is told as a distance. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(tick);
  }, []);
  return now;
}

/** When something was or will be: as a distance, or as a date where `as` says so; the whole of it is the title. */
export function Moment({
  at,
  none = 'never',
  as = 'distance',
}: {
  at: string | null | undefined;
  none?: string;
  as?: 'distance' | 'date';
}) {
  const now = useNow();
  if (!at) return <span className="text-kumo-subtle">{none}</span>;
  return (
    <time dateTime={at} title={fullDateTime.format(new Date(at))}>
      {as === 'date' ? formatInstant(at) : formatDistance(at, now)}
    </time>
  );
}
