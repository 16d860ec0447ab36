/**
 * The calendar of a window: the block of a time zone's hours, days, weeks or months around an instant, and the end of a
 * duration that may be counted in months. The only part of the ledger core that computes with time zones; a window asks
 * it when a block has ended or its spec has changed, never while one runs.
 *
 * Blocks are laid on the local clock: months from January 1970, all else from Monday 1970-01-05 0:00, so that days begin
 * at midnight and hours, which divide 24, with them. A block begins the first time the local clock shows its first
 * minute, or jumps past it. So days have 23, 24 or 25 hours; an hour that is skipped has no block; an hour that is
 * repeated belongs to the block that it repeats, which lasts longer by it: the 25 hours of such a day are 24 blocks of an
 * hour, of which one lasts two, and four blocks of six hours, of which one lasts seven.
 */
import { Temporal } from 'temporal-polyfill';
import { DAY_MS, HOUR_MS } from '../limits.ts';
import type { WindowSpec, WindowUnit } from './windows.ts';

/** The end is the first instant after it. */
export interface Period {
  startMs: number;
  endMs: number;
}

/** A month is this long where it is a mere duration; on the calendar it is a month. */
export const UNIT_MS: Record<WindowUnit, number> = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS };

const FIRST_MONDAY_MS = Date.UTC(1970, 0, 5);

/** The calendar's block of `spec` around an instant. The end of one is the start of the next. */
export function calendarPeriod(spec: WindowSpec, nowMs: number): Period {
  const clockMs = nowMs + offsetMs(zoned(nowMs, spec.timeZone));
  let block = blockAround(spec, clockMs);
  let endMs = firstReached(block.endMs, spec.timeZone);
  // A clock that went back by more than a block shows again what has ended: Antarctica/Troll goes back two hours.
  while (endMs <= nowMs) {
    block = blockAround(spec, block.endMs);
    endMs = firstReached(block.endMs, spec.timeZone);
  }
  return { startMs: firstReached(block.startMs, spec.timeZone), endMs };
}

/** `startMs` and a duration of `spec`. A month later is the same day and time there, or the month's last day. */
export function durationEnd(spec: WindowSpec, startMs: number): number {
  if (spec.unit !== 'month') return startMs + spec.value * UNIT_MS[spec.unit];
  return zoned(startMs, spec.timeZone).add({ months: spec.value }).epochMilliseconds;
}

/** The same on a local clock, whose readings are counted like epoch ms: no zone, no jumps. */
function blockAround({ unit, value }: WindowSpec, clockMs: number): Period {
  if (unit === 'month') {
    const clock = new Date(clockMs);
    const month = (clock.getUTCFullYear() - 1970) * 12 + clock.getUTCMonth();
    const first = Math.floor(month / value) * value;
    return { startMs: Date.UTC(1970, first), endMs: Date.UTC(1970, first + value) };
  }
  const lengthMs = value * UNIT_MS[unit];
  const startMs = FIRST_MONDAY_MS + Math.floor((clockMs - FIRST_MONDAY_MS) / lengthMs) * lengthMs;
  return { startMs, endMs: startMs + lengthMs };
}

/** The first instant at which the zone's clock shows `clockMs` or has jumped past it. */
function firstReached(clockMs: number, timeZone: string): number {
  // No clock is a whole day ahead of UTC, so this instant comes before.
  let at = zoned(clockMs - DAY_MS, timeZone);
  for (;;) {
    const reachedMs = clockMs - offsetMs(at);
    const jump = at.getTimeZoneTransition('next');
    if (!jump || reachedMs < jump.epochMilliseconds) return reachedMs;
    if (jump.epochMilliseconds + offsetMs(jump) >= clockMs) return jump.epochMilliseconds;
    at = jump;
  }
}

function zoned(ms: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
}

function offsetMs(at: Temporal.ZonedDateTime): number {
  return at.offsetNanoseconds / 1e6;
}
