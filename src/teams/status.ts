/** Budgets and their state as the API shows them: decimal USD, ISO instants. */
import { z } from '@hono/zod-openapi';
import type { Extra, Limit, ScopeLimits } from '../budgets/policy.ts';
import type { ScopeStatus } from '../budgets/protocol.ts';
import { isSameWindow } from '../budgets/windows.ts';
import { formatUsd, type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { count, instant, orNull, usd } from '../reference/fields.ts';
import { ALIGNMENTS, UNITS } from './budget-body.ts';
import { BUDGET_TYPES, budgetTypeOf, type EffectiveBudget } from './effective-budget.ts';

function amountOrNull(amount: Limit): string | null {
  return amount === null ? null : formatUsd(amount);
}

export function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** Limits as they apply; null is none. */
export const ScopeLimitsShown = z.object({
  usageLimit: usd('100').nullable(),
  periodUsageLimit: usd('42.50').nullable(),
  periodUsageDurationValue: count(1).nullable(),
  periodUsageDurationUnit: z.enum(UNITS).openapi({ example: 'month' }).nullable(),
  periodAlignment: z.enum(ALIGNMENTS).openapi({ example: 'calendar' }).nullable(),
});

export const ThrottlesShown = z.object({
  requestsPerMinute: count(60).nullable(),
  tokensPerMinute: count(100_000).nullable(),
  concurrency: count(5).nullable(),
});

/** Whether a limit counts all that was ever spent, or since its cycle began; null where there is no limit. */
export const BASIS = z.enum(['lifetime', 'cycle']).nullable();

/** The budget's names of the limits. */
export const LIMIT_FIELDS = { total: 'usageLimit', period: 'periodUsageLimit' } as const satisfies Record<
  keyof ScopeLimits,
  string
>;

export const ExtraShown = z.object({
  limit: z.enum(LIMIT_FIELDS),
  amount: usd('20'),
  until: instant('2026-12-01T00:00:00.000Z'),
});

/** Those in force. */
export function showExtras(extras: readonly Extra[], nowMs: number): z.infer<typeof ExtraShown>[] {
  return extras
    .filter(({ untilMs }) => nowMs < untilMs)
    .map(({ limit, amount, untilMs }) => ({
      limit: LIMIT_FIELDS[limit],
      amount: formatUsd(amount),
      until: new Date(untilMs).toISOString(),
    }));
}

/** A scope's limits under the budget's names. */
export function showKeyLimits(limits: ScopeLimits): z.infer<typeof ScopeLimitsShown> {
  return {
    usageLimit: amountOrNull(limits.total),
    periodUsageLimit: limits.period && formatUsd(limits.period.limit),
    periodUsageDurationValue: limits.period?.window.value ?? null,
    periodUsageDurationUnit: limits.period?.window.unit ?? null,
    periodAlignment: limits.period?.window.kind ?? null,
  };
}

const RUNS_OUT_AT = instant('2026-11-28T14:00:00.000Z')
  .nullable()
  .openapi({ description: 'When the limit is reached at the present pace' });

export const KeyUsage = z.object({
  usage: usd('61.27'),
  remaining: usd('38.73').nullable(),
  runsOutAt: RUNS_OUT_AT,
  currentPeriodUsage: usd('12.34').nullable(),
  currentPeriodRemaining: usd('30.16').nullable(),
  currentPeriodResetAt: instant('2026-12-01T00:00:00.000Z').nullable(),
  currentPeriodRunsOutAt: RUNS_OUT_AT,
});

/** A key's usage, flat beside its limits. */
export function showKeyUsage(status: ScopeStatus): z.infer<typeof KeyUsage> {
  return {
    usage: formatUsd(status.usage),
    remaining: amountOrNull(status.remaining),
    runsOutAt: instantOrNull(status.runsOutAtMs),
    currentPeriodUsage: status.period && formatUsd(status.period.usage),
    currentPeriodRemaining: status.period && formatUsd(status.period.remaining),
    currentPeriodResetAt: instantOrNull(status.period?.resetAtMs ?? null),
    currentPeriodRunsOutAt: instantOrNull(status.period?.runsOutAtMs ?? null),
  };
}

export const MemberLimits = z.object({
  ...ScopeLimitsShown.shape,
  usageLimitBasis: BASIS,
  ...ThrottlesShown.shape,
});

/** A member's limits as they apply. */
export function showMemberLimits(status: ScopeStatus): z.infer<typeof MemberLimits> {
  return {
    ...showKeyLimits(status.limits),
    usageLimitBasis: status.limits.total === null ? null : status.totalBasis,
    ...status.throttles,
  };
}

export const MemberStatus = z
  .object({
    budgetType: z.enum(BUDGET_TYPES).openapi({ example: 'periodic' }),
    usage: usd('61.27', 'Spent of the total limit: ever, or since its cycle began'),
    lifetimeUsage: usd('61.27'),
    cycleStartedAt: orNull(instant()),
    held: usd('0.0021', 'Set aside for requests in flight'),
    remaining: usd('38.73').nullable(),
    runsOutAt: RUNS_OUT_AT,
    currentPeriodUsage: usd('12.34').nullable(),
    currentPeriodHeld: usd('0.0021').nullable(),
    currentPeriodRemaining: usd('30.16').nullable(),
    currentPeriodStartedAt: instant('2026-11-01T00:00:00.000Z').nullable(),
    currentPeriodResetAt: instant('2026-12-01T00:00:00.000Z').nullable(),
    currentPeriodRunsOutAt: RUNS_OUT_AT,
    activeApiKeys: count(2).nullable(),
    version: count(3, "The budget's version that is in force").nullable(),
  })
  .openapi('MemberStatus');

export function showMemberStatus(status: ScopeStatus): z.infer<typeof MemberStatus> {
  return {
    budgetType: budgetTypeOf(status.limits, status.totalBasis),
    usage: formatUsd(status.usage),
    lifetimeUsage: formatUsd(status.lifetimeUsage),
    cycleStartedAt: instantOrNull(status.cycleStartedAtMs),
    held: formatUsd(status.held),
    remaining: amountOrNull(status.remaining),
    runsOutAt: instantOrNull(status.runsOutAtMs),
    currentPeriodUsage: status.period && formatUsd(status.period.usage),
    currentPeriodHeld: status.period && formatUsd(status.period.held),
    currentPeriodRemaining: status.period && formatUsd(status.period.remaining),
    currentPeriodStartedAt: instantOrNull(status.period?.startedAtMs ?? null),
    currentPeriodResetAt: instantOrNull(status.period?.resetAtMs ?? null),
    currentPeriodRunsOutAt: instantOrNull(status.period?.runsOutAtMs ?? null),
    activeApiKeys: status.activeKeys,
    version: status.budgetVersion,
  };
}

/** What a list needs of a member besides the status that was shipped. */
interface KnownToD1 {
  /** Everything shipped: what a member without a shipped status has spent. */
  spent: Nanos;
  budgetVersion: number;
  activeKeys: number;
}

/**
 * A status as it was shipped, under the limits of now: these may have changed since, and a list that showed the old ones
 * beside the new budget would contradict itself. What a new window or a new cycle counts is only known to the object:
 * a window starts empty here, a cycle at zero, until the next shipment.
 */
export function restated(
  { limits, basis, throttles }: Pick<EffectiveBudget, 'limits' | 'basis' | 'throttles'>,
  shipped: ScopeStatus | null,
  known: KnownToD1,
): ScopeStatus {
  const lifetimeUsage = shipped?.lifetimeUsage ?? known.spent;
  const keepsCycle = basis === 'lifetime' || shipped?.totalBasis === 'cycle';
  const usage = basis === 'lifetime' ? lifetimeUsage : keepsCycle ? (shipped?.usage ?? ZERO) : ZERO;
  const held = shipped?.held ?? ZERO;
  const left = (limit: Nanos, spent: Nanos) => nanos(Math.max(0, limit - spent - held));
  const before = shipped?.limits.period;
  const sameWindow = limits.period && before && isSameWindow(before.window, limits.period.window);
  const period = sameWindow ? shipped?.period : null;
  return {
    limits,
    throttles,
    version: shipped?.version ?? { generation: 0, n: 0 },
    budgetVersion: known.budgetVersion,
    usage,
    lifetimeUsage,
    cycleStartedAtMs: basis === 'cycle' && keepsCycle ? (shipped?.cycleStartedAtMs ?? null) : null,
    held,
    remaining: limits.total === null ? null : left(limits.total, usage),
    runsOutAtMs: shipped?.limits.total === limits.total ? (shipped?.runsOutAtMs ?? null) : null,
    period: limits.period && {
      usage: period?.usage ?? ZERO,
      held,
      remaining: left(limits.period.limit, period?.usage ?? ZERO),
      startedAtMs: period?.startedAtMs ?? null,
      resetAtMs: period?.resetAtMs ?? null,
      runsOutAtMs: before?.limit === limits.period.limit ? (period?.runsOutAtMs ?? null) : null,
    },
    totalBasis: basis,
    activeKeys: known.activeKeys,
    lastUsedAtMs: shipped?.lastUsedAtMs ?? null,
  };
}
