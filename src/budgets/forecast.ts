/**
 * When a limit runs out at the present pace. For people only: nothing is decided by it. Pure; integers in and out.
 *
 * The present pace is the faster of two, so that neither a quiet Sunday nor a quiet week hides what is going on: that of the last
 * week, and that of its last day. Where a window is shorter than a week: of its length, and of the last seventh of that.
 * What is spent is known in whole buckets, so a pace may be a little too fast and a forecast a little too early.
 *
 *   already run out       now
 *   nothing spent of late, unlimited, or more than a year away      null
 *   calendar, first-use   null where the window ends first, and where none is open
 *   rolling               what is spent now leaves meanwhile: null where it leaves as fast as the pace brings more
 *
 * Where an extra lapses before, the limit is what is left of it from then on (`firstRunOut`). In a rolling window that is not
 * looked at: what will have left by then is not known well enough.
 *
 * What is held counts nowhere here: it is in flight for seconds, and most of it comes back.
 */
import { DAY_MS } from '../limits.ts';
import { type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { UNIT_MS } from './calendar.ts';
import type { Limit, PeriodLimit, ScopeLimits } from './policy.ts';
import { WINDOW_MS_MAX, type Window } from './windows.ts';

const WEEK_MS = 7 * DAY_MS;

/** So much spent in so long. */
interface Pace {
  amount: Nanos;
  overMs: number;
}

/** So much limits come to from an instant on, until the next. */
export interface LimitStep {
  fromMs: number;
  limits: ScopeLimits;
}

/** When what is lowered in steps runs out: within which step `runsOutAt` comes, or as the step begins that is below it. */
export function firstRunOut(
  steps: readonly LimitStep[],
  runsOutAt: (limits: ScopeLimits) => number | null,
): number | null {
  for (const [i, { fromMs, limits }] of steps.entries()) {
    const atMs = runsOutAt(limits);
    const endMs = steps[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    if (atMs !== null && atMs < endMs) return Math.max(atMs, fromMs);
  }
  return null;
}

/** When a total runs out (epoch ms), or null. `window` is the scope's, which knows what was spent of late. */
export function totalRunsOutAt(limit: Limit, spent: Nanos, window: Window, nowMs: number): number | null {
  if (limit === null) return null;
  if (spent >= limit) return nowMs;
  return within(nowMs, reachedAt(limit, spent, presentPace(window, WEEK_MS, nowMs), nowMs), WINDOW_MS_MAX);
}

/** When a period limit runs out (epoch ms), or null. */
export function periodRunsOutAt({ limit, window: spec }: PeriodLimit, window: Window, nowMs: number): number | null {
  const spent = window.spentAt(nowMs);
  if (spent >= limit) return nowMs;
  const windowMs = spec.value * UNIT_MS[spec.unit];
  const pace = presentPace(window, Math.min(WEEK_MS, windowMs), nowMs);
  if (spec.kind === 'rolling') return trailingRunsOutAt(limit, window, windowMs, pace, nowMs);
  const endMs = window.resetsAt(nowMs, limit);
  return endMs === null ? null : within(nowMs, reachedAt(limit, spent, pace, nowMs), endMs - nowMs);
}

/**
 * Looked at between each two instants at which money leaves. After the last one everything spent before now has left, and
 * the pace alone either has reached the limit or never does.
 */
function trailingRunsOutAt(limit: Nanos, window: Window, windowMs: number, pace: Pace, nowMs: number): number | null {
  let left: number = window.spentSince(nowMs - windowMs, nowMs);
  let sinceMs = nowMs;
  for (const bucket of window.bucketsSince(nowMs - windowMs, nowMs)) {
    const leavesAtMs = bucket.endMs + windowMs;
    const runsOutAtMs = left >= limit ? sinceMs : reachedAt(limit, nanos(left), pace, nowMs);
    if (runsOutAtMs !== null && runsOutAtMs <= leavesAtMs) {
      return within(nowMs, Math.max(sinceMs, runsOutAtMs), WINDOW_MS_MAX);
    }
    left -= bucket.spent;
    sinceMs = leavesAtMs;
  }
  return null;
}

function presentPace(window: Window, overMs: number, nowMs: number): Pace {
  const paceOf = (ms: number): Pace => ({ amount: window.spentSince(nowMs - ms, nowMs), overMs: ms });
  const long = paceOf(overMs);
  const short = paceOf(Math.floor(overMs / 7));
  return product(short.amount, long.overMs) > product(long.amount, short.overMs) ? short : long;
}

/** When `spent` has grown to `limit` at this pace, rounded up; null at none. */
function reachedAt(limit: Nanos, spent: Nanos, { amount, overMs }: Pace, nowMs: number): number | null {
  if (amount <= ZERO) return null;
  const missing = product(limit - spent, overMs);
  const perMs = BigInt(amount);
  return nowMs + Number((missing + perMs - 1n) / perMs);
}

/** Amounts times milliseconds pass 2^53. */
function product(amount: number, ms: number): bigint {
  return BigInt(amount) * BigInt(ms);
}

/** `atMs` where it comes before `maxMs` have passed. */
function within(nowMs: number, atMs: number | null, maxMs: number): number | null {
  return atMs !== null && atMs - nowMs < maxMs ? atMs : null;
}
