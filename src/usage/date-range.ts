/** Which local days a report is about: `from` and `to` as routes are asked for them, the last week where nothing is said. */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';
import { badRequest } from '../teams/api-error.ts';
import { isTimeZone, localDays, localHours, parseDate, type Span, today } from './time-zones.ts';

const DAYS_DEFAULT = 7;

/** The query parameters of a range. */
export const RANGE = {
  from: z.string().optional().openapi({ example: '2026-11-01' }),
  to: z.string().optional().openapi({ example: '2026-11-30' }),
  timezone: z.string().optional().openapi({ example: 'Europe/Stockholm' }),
};

export type DateRange = ReturnType<typeof rangeOf>;

/** Throws a 400 for what is no range. */
export function rangeOf(
  asked: { from?: string | undefined; to?: string | undefined; timezone: string },
  nowMs: number,
) {
  const { timezone } = asked;
  if (!isTimeZone(timezone))
    throw badRequest(
      'timezone',
      `timezone must be an IANA zone, e.g. Europe/Stockholm, not "${timezone.slice(0, 64)}".`,
    );
  const to = dateOf('to', asked.to) ?? today(timezone, nowMs);
  const from = dateOf('from', asked.from) ?? to.subtract({ days: DAYS_DEFAULT - 1 });
  if (from.until(to).sign < 0) throw badRequest('from', 'from must not be after to.');
  return { from, to, timezone };
}

/** The days or hours of a range. Throws a 400 where they are too many. */
export function spansOf({ from, to, timezone }: DateRange, granularity: 'day' | 'hour'): Span[] {
  const days = from.until(to, { largestUnit: 'days' }).days + 1;
  const daysMax = granularity === 'hour' ? LIMITS.analyticsHourlyDaysMax : LIMITS.analyticsDaysMax;
  if (days > daysMax) throw badRequest('from', `At most ${daysMax} days at this granularity, not ${days}.`);
  return granularity === 'hour' ? localHours(from, to, timezone) : localDays(from, to, timezone);
}

function dateOf(field: 'from' | 'to', text: string | undefined) {
  if (text === undefined) return null;
  const date = parseDate(text);
  if (!date) throw badRequest(field, `${field} must be a date, YYYY-MM-DD.`);
  return date;
}
