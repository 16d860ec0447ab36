/** The month of a statement: a calendar month of the organization's zone, as exact instants. */
import { Temporal } from 'temporal-polyfill';
import { ApiError, badRequest } from '../../teams/api-error.ts';

export interface Month {
  /** "2026-10". */
  name: string;
  timeZone: string;
  firstDay: string;
  lastDay: string;
  /** Epoch ms; the end does not belong to it. */
  startMs: number;
  endMs: number;
}

export const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/** `name` as MONTH has it. Throws a 400 for a month that has not begun, a 404 for one from before the organization was made. */
export function monthOf(name: string, timeZone: string, madeAtMs: number, nowMs: number): Month {
  const first = Temporal.PlainDate.from(`${name}-01`);
  const startOf = (day: Temporal.PlainDate) => day.toZonedDateTime(timeZone).epochMilliseconds;
  const next = first.add({ months: 1 });
  const [startMs, endMs] = [startOf(first), startOf(next)];
  if (startMs > nowMs) throw badRequest('month', `${name} has not begun yet in ${timeZone}.`);
  if (endMs <= madeAtMs) {
    const made = new Date(madeAtMs).toISOString();
    throw new ApiError(404, 'not_found', `There is no statement of ${name}: the organization was made at ${made}.`, {
      param: 'month',
    });
  }
  const lastDay = next.subtract({ days: 1 });
  return { name, timeZone, firstDay: first.toString(), lastDay: lastDay.toString(), startMs, endMs };
}
