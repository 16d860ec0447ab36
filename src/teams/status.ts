/** Budgets and their state as the API shows them: decimal USD, ISO instants. */

import type { Limit, ScopeLimits } from '../budgets/policy.ts';
import type { ScopeStatus } from '../budgets/protocol.ts';
import { formatUsd } from '../money/nanos.ts';
import { budgetTypeOf } from './effective-budget.ts';

function amountOrNull(amount: Limit): string | null {
  return amount === null ? null : formatUsd(amount);
}

export function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** A scope's limits under the budget's names. */
export function showKeyLimits(limits: ScopeLimits) {
  return {
    usageLimit: amountOrNull(limits.total),
    periodUsageLimit: limits.period && formatUsd(limits.period.limit),
    periodUsageDurationValue: limits.period?.window.value ?? null,
    periodUsageDurationUnit: limits.period?.window.unit ?? null,
    periodAlignment: limits.period?.window.kind ?? null,
  };
}

/** A key's usage, flat beside its limits. */
export function showKeyUsage(status: ScopeStatus) {
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

/** A member's limits as they apply. */
export function showMemberLimits(status: ScopeStatus) {
  return {
    ...showKeyLimits(status.limits),
    usageLimitBasis: status.limits.total === null ? null : status.totalBasis,
    ...status.throttles,
  };
}

export function showMemberStatus(status: ScopeStatus) {
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
