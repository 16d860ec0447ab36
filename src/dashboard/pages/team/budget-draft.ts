/**
 * A budget while it is edited: each limit inherited, none, or an amount, as texts of fields; and the body that the API takes of it.
 * What is no number goes as it was typed, for the server to say so at its field.
 */
import type { Budget, BudgetBody } from '../../../../client/index.ts';

/** `inherit` is null at the API: the developer default where the role has one, else no limit. */
export type KeysChoice = 'inherit' | 'unlimited' | 'count';
export type TotalChoice = 'inherit' | 'unlimited' | 'lifetime' | 'cycle';
export type PeriodChoice = 'inherit' | 'unlimited' | 'amount';

export interface BudgetDraft {
  keys: KeysChoice;
  maxApiKeys: string;
  total: TotalChoice;
  usageLimit: string;
  newCycle: boolean;
  period: PeriodChoice;
  periodUsageLimit: string;
  periodUsageDurationValue: string;
  periodUsageDurationUnit: NonNullable<Budget['periodUsageDurationUnit']>;
  periodAlignment: NonNullable<Budget['periodAlignment']>;
  requestsPerMinute: string;
  tokensPerMinute: string;
  concurrency: string;
}

export const RATES = ['requestsPerMinute', 'tokensPerMinute', 'concurrency'] as const;

const kept = (value: string | number | null) => (value === null ? 'inherit' : value === 'unlimited' ? value : null);
const typed = (value: string | number | null) => (value === null || value === 'unlimited' ? '' : String(value));

export function draftOf(budget: Omit<Budget, 'version'>): BudgetDraft {
  return {
    keys: kept(budget.maxApiKeys) ?? 'count',
    maxApiKeys: typed(budget.maxApiKeys),
    total: kept(budget.usageLimit) ?? budget.usageLimitBasis ?? 'lifetime',
    usageLimit: typed(budget.usageLimit),
    newCycle: false,
    period: kept(budget.periodUsageLimit) ?? 'amount',
    periodUsageLimit: typed(budget.periodUsageLimit),
    periodUsageDurationValue: String(budget.periodUsageDurationValue ?? 1),
    periodUsageDurationUnit: budget.periodUsageDurationUnit ?? 'month',
    periodAlignment: budget.periodAlignment ?? 'rolling',
    requestsPerMinute: String(budget.requestsPerMinute ?? ''),
    tokensPerMinute: String(budget.tokensPerMinute ?? ''),
    concurrency: String(budget.concurrency ?? ''),
  };
}

/** The whole budget, as PUT takes it. */
export function bodyOf(draft: BudgetDraft): BudgetBody {
  return {
    maxApiKeys: draft.keys === 'count' ? whole(draft.maxApiKeys) : draft.keys === 'unlimited' ? 'unlimited' : null,
    usageLimit: isTotal(draft) ? draft.usageLimit.trim() : draft.total === 'unlimited' ? 'unlimited' : null,
    ...(isTotal(draft) && { usageLimitBasis: draft.total === 'cycle' ? 'cycle' : 'lifetime' }),
    ...(draft.newCycle && { newCycle: true }),
    periodUsageLimit:
      draft.period === 'amount' ? draft.periodUsageLimit.trim() : draft.period === 'unlimited' ? 'unlimited' : null,
    ...(draft.period === 'amount' && {
      periodUsageDurationValue: Number(draft.periodUsageDurationValue),
      periodUsageDurationUnit: draft.periodUsageDurationUnit,
      periodAlignment: draft.periodAlignment,
    }),
    requestsPerMinute: rate(draft.requestsPerMinute),
    tokensPerMinute: rate(draft.tokensPerMinute),
    concurrency: rate(draft.concurrency),
  };
}

export function isTotal({ total }: Pick<BudgetDraft, 'total'>): boolean {
  return total === 'lifetime' || total === 'cycle';
}

/** No number is a fraction here, which the server refuses at its field. */
const whole = (text: string) => (text.trim() === '' ? 0.5 : Number(text));

const rate = (text: string) =>
  text.trim() === '' ? null : text.trim() === 'unlimited' ? ('unlimited' as const) : whole(text);
