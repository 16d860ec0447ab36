/** `from` and `to` of a list: a local day or an exact instant, as one likes. */
import { z } from '@hono/zod-openapi';
import { badRequest } from '../teams/api-error.ts';
import { localDays, parseDate } from './time-zones.ts';

/** The instant (epoch ms) that a bound means: of a date the beginning of that local day, or as `to` its end. */
export function instantOf(field: 'from' | 'to', text: string | undefined, timeZone: string): number | null {
  if (text === undefined) return null;
  const date = parseDate(text);
  if (date) {
    const [day] = localDays(date, date, timeZone);
    return (field === 'from' ? day?.startMs : day?.endMs) ?? null;
  }
  if (!z.iso.datetime().safeParse(text).success) {
    throw badRequest(field, `${field} must be a date, YYYY-MM-DD, or an ISO 8601 instant in UTC.`);
  }
  return Date.parse(text);
}
