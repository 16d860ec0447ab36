/**
 * When a member is warned that a limit, its own or one of its keys', is being used up. Pure: what was told before and what a
 * status says now go in, what is to be told comes out.
 *
 * Told is the highest threshold that was reached: whoever passes two at once gets one mail. Each is told once in a window (a
 * rolling one: in its duration) and once in a cycle. Where the limit has become larger, what it is below again is taken back,
 * silently, so that a raised limit warns anew when it is used up in turn, and the same limit never warns twice.
 */

import { durationEnd } from '../budgets/calendar.ts';
import type { Extra, ScopeLimits } from '../budgets/policy.ts';
import type { LimitStatus } from '../budgets/protocol.ts';
import { type Nanos, ZERO } from '../money/nanos.ts';
import type { ShippedKeyStatus } from '../usage/shipping.ts';
import { limitInWords, spentInWords } from './limit-words.ts';

const USED_UP = 100;
const USUAL_THRESHOLDS: readonly number[] = [50, 80, USED_UP];

/** An organization's, as D1 keeps them; null: the usual ones. */
export function thresholdsOf(stored: string | null): number[] {
  return stored === null ? [...USUAL_THRESHOLDS] : (JSON.parse(stored) as number[]);
}

/** What a mail says of a limit: in words, for the numbers are those of then. */
export interface WarnedAbout {
  limit: string;
  spent: string;
  /** When all of it comes back; null: at no one instant. */
  resetsAtMs: number | null;
}

/** A window or cycle of a limit, as far as it takes to tell it from the next. */
interface Span {
  limitAmount: number;
  /** 0 where it has none, below 0 the length of one that rolls. */
  windowStart: number;
  /** Null: no instant ends it. */
  windowEnd: number | null;
}

/** What was told last, by a status of that instant. */
export interface Told extends Span {
  statusAt: number;
  percent: number;
}

/** A limit as a status shows it. */
export interface Level extends Span {
  limit: Extra['limit'];
  statusAt: number;
  spent: Nanos;
  about: WarnedAbout;
}

/** The limits that can be used up of a member or a key, by its status; "0", which blocks, is not one. */
export function levelsOf({ atMs, status }: ShippedKeyStatus): Level[] {
  const { limits } = status;
  const levels: Level[] = [];
  if (limits.total !== null && limits.total > ZERO) {
    const span = { limitAmount: limits.total, windowStart: status.cycleStartedAtMs ?? 0, windowEnd: null };
    levels.push(level('total', atMs, limits, status.usage, span, null));
  }
  if (limits.period && status.period && limits.period.limit > ZERO) {
    levels.push(periodLevel(atMs, limits, limits.period, status.period));
  }
  return levels;
}

function periodLevel(
  atMs: number,
  limits: ScopeLimits,
  { limit, window }: NonNullable<ScopeLimits['period']>,
  { usage, startedAtMs, resetAtMs }: NonNullable<LimitStatus['period']>,
): Level {
  // A rolling window has no start, and none of it ends at once: what was told is forgotten when all that it was about has left.
  // In the place of a start its length, which no instant is, tells it from a longer or shorter one.
  const rolling = window.kind === 'rolling';
  const windowStart = rolling ? -durationEnd(window, 0) : (startedAtMs ?? 0);
  const windowEnd = rolling ? durationEnd(window, atMs) : resetAtMs;
  const span = { limitAmount: limit, windowStart, windowEnd };
  return level('period', atMs, limits, usage, span, rolling ? null : resetAtMs);
}

function level(
  limit: Extra['limit'],
  statusAt: number,
  limits: ScopeLimits,
  spent: Nanos,
  span: Span,
  resetsAtMs: number | null,
): Level {
  return {
    limit,
    statusAt,
    spent,
    ...span,
    about: { limit: limitInWords(limits, limit), spent: spentInWords(spent), resetsAtMs },
  };
}

/** What is told now: a percent to be mailed, or one to be only remembered. Null: all stays as it was. */
export function nextWarning(
  before: Told | null,
  now: Level,
  thresholds: readonly number[],
): { percent: number; mailed: boolean } | null {
  if (before && now.statusAt <= before.statusAt) return null;
  const same = before !== null && isSameSpan(before, now);
  const told = same ? before.percent : 0;
  const reached = Math.max(0, ...thresholds.filter((percent) => isReached(percent, now)));
  const raised = same && now.limitAmount > before.limitAmount;
  // A larger limit may be used up before anybody looks: requests were let through and are refused again.
  if (reached > told || (raised && reached === USED_UP)) return { percent: reached, mailed: true };
  return raised && reached < told ? { percent: reached, mailed: false } : null;
}

function isSameSpan(before: Told, now: Level): boolean {
  return before.windowStart === now.windowStart && (before.windowEnd === null || now.statusAt < before.windowEnd);
}

/** Amounts times a hundred pass 2^53. */
function isReached(percent: number, { spent, limitAmount }: Level): boolean {
  return BigInt(spent) * 100n >= BigInt(limitAmount) * BigInt(percent);
}
