/**
 * What a budget comes to: a member's own fields, the organization's developer default where those inherit, what was granted
 * beside them, and the numbers that the ledger enforces. The one place that resolves inheritance; it runs whenever a policy is
 * read or a budget is shown, so a changed default or role needs nothing but a push.
 */
import type { Extra, Limit, ScopeLimits, Throttles } from '../budgets/policy.ts';
import type { WindowSpec } from '../budgets/windows.ts';
import { LIMITS } from '../limits.ts';
import { parseUsd, ZERO } from '../money/nanos.ts';
import { NO_BUDGET, type PeriodFields, type StoredBudget, type StoredKeyLimits, storedBudget } from './budget-body.ts';
import { INHERITING_ROLES, type Role } from './roles.ts';

type BudgetField = keyof StoredBudget;

/**
 * What is inherited together, under the field whose null asks for it: half of a period of one's own and half of the
 * default's would be a limit that nobody set.
 */
const GROUPS = {
  maxApiKeys: ['maxApiKeys'],
  usageLimit: ['usageLimit', 'usageLimitBasis'],
  periodUsageLimit: ['periodUsageLimit', 'periodUsageDurationValue', 'periodUsageDurationUnit', 'periodAlignment'],
  requestsPerMinute: ['requestsPerMinute'],
  tokensPerMinute: ['tokensPerMinute'],
  concurrency: ['concurrency'],
} as const satisfies Partial<Record<BudgetField, BudgetField[]>>;

export type GroupName = keyof typeof GROUPS;

const GROUP_NAMES = Object.keys(GROUPS) as GroupName[];

/** The groups in which two defaults differ. */
export function changedGroups(before: StoredBudget, after: StoredBudget): GroupName[] {
  return GROUP_NAMES.filter((name) => GROUPS[name].some((field) => before[field] !== after[field]));
}

/** What of a budget is enforced; null is no limit. */
interface Enforced {
  maxApiKeys: number | null;
  limits: ScopeLimits;
  /** What the total counts: 'cycle' only where there is one, then the budget is one-time. */
  basis: 'lifetime' | 'cycle';
  throttles: Throttles;
}

export interface EffectiveBudget extends Enforced {
  /** The fields that the developer default gave. */
  inherited: BudgetField[];
  /** Granted on the limits as they stand; those that have lapsed may be among them. `limits` are without. */
  extras: Extra[];
}

/** A member's row, as far as its budget needs it. */
export interface BudgetSource {
  role: Role;
  budget: string;
  budget_version: number;
  budget_cycle: number;
  default_developer_budget: string | null;
  time_zone: string;
  /** GRANTED_EXTRAS: what was ever granted, the last to lapse first. */
  extras: string;
}

/** A column of a query in which `member` is the member's row. What lapses last comes first, so that none in force is left out. */
export const GRANTED_EXTRAS = `
  (
    SELECT json_group_array(
      json_object('limit', limit_name, 'amount', granted_amount, 'untilMs', granted_until, 'on', granted_on)
    )
    FROM (
      SELECT limit_name, granted_amount, granted_until, granted_on
      FROM budget_requests
      WHERE member_id = member.id AND granted_until IS NOT NULL
      ORDER BY granted_until DESC
      LIMIT ${LIMITS.grantsInForceMax}
    )
  ) AS extras`;

interface GrantedExtra extends Omit<Extra, 'amount'> {
  amount: string;
  /** `standing` of the limit when it was granted. */
  on: string;
}

export function effectiveBudget(row: BudgetSource): EffectiveBudget {
  const own = storedBudget(row.budget);
  const defaults = INHERITING_ROLES.includes(row.role) ? storedBudget(row.default_developer_budget) : NO_BUDGET;
  const fields = GROUP_NAMES.filter((name) => own[name] === null && defaults[name] !== null).flatMap(
    (name): BudgetField[] => GROUPS[name],
  );
  const given = Object.fromEntries(fields.map((field) => [field, defaults[field]]));
  const budget = enforced({ ...own, ...given }, row.time_zone);
  const granted = JSON.parse(row.extras) as GrantedExtra[];
  const extras = granted
    .filter(({ limit, on }) => on === standing(row, budget, limit))
    .map(({ limit, amount, untilMs }): Extra => ({ limit, amount: amountOf(amount) ?? ZERO, untilMs }));
  return { ...budget, inherited: fields, extras };
}

/**
 * A limit as it stands, in words that change with it; null where there is none. An extra counts while its limit stands as it
 * was when it was granted: it ends when the member's budget is set anew, even to the same, and when a default, a role or
 * a new cycle makes another limit of it. So who lowers a limit, or blocks by "0", has lowered it and blocked.
 */
export function standing(
  { budget_version, budget_cycle }: Pick<BudgetSource, 'budget_version' | 'budget_cycle'>,
  { limits, basis }: Pick<Enforced, 'limits' | 'basis'>,
  limit: Extra['limit'],
): string | null {
  const { total, period } = limits;
  const stands = [budget_version, budget_cycle];
  if (limit === 'total') return total === null ? null : [...stands, total, basis].join(' ');
  if (!period) return null;
  const { kind, value, unit } = period.window;
  return [...stands, period.limit, kind, value, unit].join(' ');
}

/** What a budget means once nothing is left to inherit. */
export function enforced(budget: StoredBudget, timeZone: string): Enforced {
  const limits = scopeLimits(budget, timeZone);
  return {
    maxApiKeys: countOf(budget.maxApiKeys),
    limits,
    basis: limits.total === null ? 'lifetime' : (budget.usageLimitBasis ?? 'lifetime'),
    throttles: throttlesOf(budget),
  };
}

export function enforcedOfKey(
  stored: StoredKeyLimits,
  timeZone: string,
): { limits: ScopeLimits; throttles: Throttles } {
  return { limits: scopeLimits(stored, timeZone), throttles: throttlesOf(stored) };
}

/** Whether a change makes a budget one-time that was not: then its cycle starts at zero. */
export function becomesOneTime(before: Enforced, after: Enforced): boolean {
  return after.basis === 'cycle' && before.basis !== 'cycle';
}

function scopeLimits(stored: PeriodFields & { usageLimit: string | null }, timeZone: string): ScopeLimits {
  const limit = amountOf(stored.periodUsageLimit);
  const window = windowOf(stored, timeZone);
  return { total: amountOf(stored.usageLimit), period: limit === null || window === null ? null : { limit, window } };
}

function windowOf(stored: PeriodFields, timeZone: string): WindowSpec | null {
  const { periodUsageDurationValue: value, periodUsageDurationUnit: unit, periodAlignment: alignment } = stored;
  return value === null || unit === null ? null : { kind: alignment ?? 'rolling', value, unit, timeZone };
}

function throttlesOf(stored: Record<keyof Throttles, number | 'unlimited' | null>): Throttles {
  return {
    requestsPerMinute: countOf(stored.requestsPerMinute),
    tokensPerMinute: countOf(stored.tokensPerMinute),
    concurrency: countOf(stored.concurrency),
  };
}

function countOf(stored: number | 'unlimited' | null): number | null {
  return stored === 'unlimited' ? null : stored;
}

/** An amount as D1 keeps it; null and 'unlimited' are no limit. */
export function amountOf(stored: string | null): Limit {
  if (stored === null || stored === 'unlimited') return null;
  const value = parseUsd(stored);
  if (value === null) throw new Error(`a stored amount is malformed: ${stored}`);
  return value;
}

export const BUDGET_TYPES = ['unlimited', 'one-time', 'total', 'periodic'] as const;

export type BudgetType = (typeof BUDGET_TYPES)[number];

export function budgetTypeOf(limits: ScopeLimits, basis: 'lifetime' | 'cycle'): BudgetType {
  if (limits.period) return 'periodic';
  if (limits.total === null) return 'unlimited';
  return basis === 'cycle' ? 'one-time' : 'total';
}
