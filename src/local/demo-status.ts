/**
 * What each member's object would have told of its budget with the last event that it shipped: lists show it before any object is
 * awake. Counted as an object that opens now counts, in the quarters of an hour that D1 knows; a test asks both.
 */

import { periodRunsOutAt, totalRunsOutAt } from '../budgets/forecast.ts';
import type { ScopeStatus } from '../budgets/protocol.ts';
import { type Bucket, Window } from '../budgets/windows.ts';
import { DAY_MS } from '../limits.ts';
import { addNanos, type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { enforced } from '../teams/effective-budget.ts';
import { QUARTER_MS } from '../usage/measures.ts';
import type { ShippedStatus } from '../usage/shipping.ts';
import type { DemoMember } from './demo-people.ts';
import type { DemoEvent } from './demo-usage.ts';

/** `events` are the member's. */
export function shippedStatusOf(
  { budget, joinedDaysAgo, keys }: DemoMember,
  timeZone: string,
  events: readonly DemoEvent[],
  nowMs: number,
): ShippedStatus {
  const { limits, basis, throttles } = enforced(budget, timeZone);
  const lifetimeUsage = events.reduce((sum, { costNanos }) => addNanos(sum, costNanos as Nanos), ZERO);
  // Whose total counts a cycle has spent nothing in it: nobody in the demo has spent in one.
  const usage = basis === 'cycle' ? ZERO : lifetimeUsage;
  const window = new Window(limits.period?.window ?? null, { buckets: bucketsOf(events), current: null });
  const left = (limit: Nanos, spent: Nanos) => nanos(Math.max(0, limit - spent));
  const inPeriod = window.spentAt(nowMs);
  const status: ScopeStatus = {
    limits,
    throttles,
    version: { generation: 1, n: 1 },
    budgetVersion: 1,
    usage,
    lifetimeUsage,
    cycleStartedAtMs: basis === 'cycle' ? nowMs - joinedDaysAgo * DAY_MS : null,
    held: ZERO,
    remaining: limits.total === null ? null : left(limits.total, usage),
    runsOutAtMs: totalRunsOutAt(limits.total, usage, window, nowMs),
    period: limits.period && {
      usage: inPeriod,
      held: ZERO,
      remaining: left(limits.period.limit, inPeriod),
      startedAtMs: window.startedAt(nowMs),
      resetAtMs: window.resetsAt(nowMs, limits.period.limit),
      runsOutAtMs: periodRunsOutAt(limits.period, window, nowMs),
    },
    totalBasis: basis,
    activeKeys: keys.filter(({ disabledDaysAgo }) => disabledDaysAgo === null).length,
    lastUsedAtMs: null,
  };
  return { atMs: nowMs, status };
}

function bucketsOf(events: readonly DemoEvent[]): Bucket[] {
  const spent = new Map<number, Nanos>();
  for (const { settledAtMs, costNanos } of events) {
    if (costNanos <= ZERO) continue;
    const startMs = settledAtMs - (settledAtMs % QUARTER_MS);
    spent.set(startMs, addNanos(spent.get(startMs) ?? ZERO, costNanos as Nanos));
  }
  return [...spent].map(([startMs, sum]) => ({ startMs, endMs: startMs + QUARTER_MS, spent: sum }));
}
