/** The limits that bind a member or a key, one by one, as the meter (limit-meter.tsx) shows them. What is not limited gives none. */
import type { ApiKey, EffectiveBudget, MemberStatus } from '../../../client/index.ts';
import type { LimitShown } from './limit-meter.tsx';

type PeriodUnit = NonNullable<EffectiveBudget['periodUsageDurationUnit']>;

interface Period {
  periodUsageDurationValue: number | null;
  periodUsageDurationUnit: PeriodUnit | null;
  periodAlignment: 'rolling' | 'first-use' | 'calendar' | null;
}

/** `in any 7 days`, `each calendar month`, `1 day from first use`. */
export function periodWords({
  periodUsageDurationValue: value,
  periodUsageDurationUnit: unit,
  periodAlignment,
}: Period): string {
  if (value === null || unit === null) return '';
  const length = value === 1 ? unit : `${value} ${unit}s`;
  switch (periodAlignment) {
    case 'calendar':
      return `each calendar ${length}`;
    case 'first-use':
      return `each ${length} from first use`;
    default:
      return `in any ${length}`;
  }
}

export function memberLimits(budget: EffectiveBudget, status: MemberStatus): LimitShown[] {
  const shown: LimitShown[] = [];
  const extra = (limit: 'usageLimit' | 'periodUsageLimit') =>
    budget.extras.some((each) => each.limit === limit) ? 'includes what was granted on top' : undefined;
  if (budget.periodUsageLimit !== null && status.currentPeriodUsage !== null) {
    shown.push({
      label: `Spend ${periodWords(budget)}`,
      limit: budget.periodUsageLimit,
      spent: status.currentPeriodUsage,
      held: status.currentPeriodHeld,
      remaining: status.currentPeriodRemaining,
      resetsAt: status.currentPeriodResetAt,
      slides: budget.periodAlignment === 'rolling',
      runsOutAt: status.currentPeriodRunsOutAt,
      note: extra('periodUsageLimit'),
    });
  }
  if (budget.usageLimit !== null) {
    shown.push({
      label: budget.usageLimitBasis === 'cycle' ? 'One-time budget' : 'Spend in total',
      limit: budget.usageLimit,
      spent: status.usage,
      held: status.held,
      remaining: status.remaining,
      runsOutAt: status.runsOutAt,
      note: extra('usageLimit'),
    });
  }
  return shown;
}

export function keyLimits(key: ApiKey): LimitShown[] {
  const shown: LimitShown[] = [];
  if (key.periodUsageLimit !== null) {
    shown.push({
      label: `Spend ${periodWords(key)}`,
      limit: key.periodUsageLimit,
      spent: key.currentPeriodUsage ?? '0',
      remaining: key.currentPeriodRemaining ?? null,
      resetsAt: key.currentPeriodResetAt,
      slides: key.periodAlignment === 'rolling',
      runsOutAt: key.currentPeriodRunsOutAt,
    });
  }
  if (key.usageLimit !== null) {
    shown.push({
      label: 'Spend in total',
      limit: key.usageLimit,
      spent: key.usage ?? '0',
      remaining: key.remaining ?? null,
      runsOutAt: key.runsOutAt,
    });
  }
  return shown;
}
