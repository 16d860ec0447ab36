/**
 * Budgets and key limits as the API takes them and as D1 keeps them; what they come to is effective-budget.ts's.
 *
 * Amounts stay decimal strings at rest (exact, and readable in an audit entry); they become Nanos when a policy is made.
 * null inherits the developer default (unlimited where there is none), 'unlimited' overrides one, '0' blocks.
 */
import { z } from '@hono/zod-openapi';
import type { Throttles } from '../budgets/policy.ts';
import { WINDOW_VALUE_MAX, type WindowKind, type WindowUnit } from '../budgets/windows.ts';
import { LIMITS } from '../limits.ts';
import { formatUsd, parseUsd, USD } from '../money/nanos.ts';
import { answered } from '../reference/fields.ts';
import { ALIGNMENTS, NO_BUDGET, UNITS } from './budget-shape.ts';

export { ALIGNMENTS, NO_BUDGET, UNITS };

const AMOUNT_MESSAGE = 'Spend limits must be non-negative numbers.';
/** Goes into the refusal's metadata: what to write instead. */
const AMOUNT_FORM = { expected: 'USD as a decimal string, at most 1000000 with at most 9 decimals, e.g. "42.50"' };

/** An amount as the API writes it: what is stored is shown as it is. */
export function canonicalAmount(text: string): string {
  const value = parseUsd(text);
  return value === null ? text : formatUsd(value);
}

const amount = z
  .string({ error: AMOUNT_MESSAGE })
  .refine((text) => parseUsd(text) !== null, { error: AMOUNT_MESSAGE, params: AMOUNT_FORM })
  .transform(canonicalAmount)
  .openapi({ example: '42.50', pattern: USD.source });

const memberAmount = z
  .string({ error: AMOUNT_MESSAGE })
  .refine((text) => text === 'unlimited' || parseUsd(text) !== null, { error: AMOUNT_MESSAGE, params: AMOUNT_FORM })
  .transform(canonicalAmount)
  .openapi({ example: '42.50', description: 'USD, or "unlimited"', pattern: `${USD.source}|^unlimited$` });

/** Things that are counted, and the most that may be asked for. */
const COUNTS = {
  maxApiKeys: LIMITS.apiKeysPerMemberMax,
  requestsPerMinute: LIMITS.requestsPerMinuteMax,
  tokensPerMinute: LIMITS.tokensPerMinuteMax,
  concurrency: LIMITS.concurrencyMax,
} satisfies Record<'maxApiKeys' | keyof Throttles, number>;

function wholeNumber(field: keyof typeof COUNTS, error: string) {
  return z.int({ error }).min(0, { error }).max(COUNTS[field], { error });
}

function count(field: keyof typeof COUNTS) {
  const error = `${field} must be a whole number from 0 to ${COUNTS[field]}.`;
  return wholeNumber(field, error).openapi({ example: 60 }).nullable().default(null);
}

function memberCount(field: keyof typeof COUNTS, example: number | null) {
  const error = `${field} must be a whole number from 0 to ${COUNTS[field]}, or "unlimited".`;
  const either = z.union([wholeNumber(field, error), z.literal('unlimited', { error })], { error });
  return either
    .openapi({ example: example as never })
    .nullable()
    .default(null);
}

const DURATION_MESSAGE = 'Invalid period duration.';

/** The period of examples. */
const MONTH = { periodUsageDurationValue: 1, periodUsageDurationUnit: 'month' };

const periodFields = {
  periodUsageDurationValue: z
    .int({ error: DURATION_MESSAGE })
    .positive({ error: DURATION_MESSAGE })
    .max(WINDOW_VALUE_MAX.hour, { error: DURATION_MESSAGE })
    .openapi({ example: 1 })
    .nullable()
    .default(null),
  periodUsageDurationUnit: z
    .enum(UNITS, { error: DURATION_MESSAGE })
    .openapi({ example: 'month' })
    .nullable()
    .default(null),
  /** null: rolling. */
  periodAlignment: z
    .enum(ALIGNMENTS, { error: 'periodAlignment must be "rolling", "first-use" or "calendar".' })
    .openapi({ example: 'calendar' })
    .nullable()
    .default(null),
};

export interface PeriodFields {
  periodUsageLimit: string | null;
  periodUsageDurationValue: number | null;
  periodUsageDurationUnit: WindowUnit | null;
  periodAlignment: WindowKind | null;
}

/** The period fields travel together: all of a period, or none of it. */
function checkPeriod(body: PeriodFields, context: z.RefinementCtx): void {
  const {
    periodUsageLimit: limit,
    periodUsageDurationValue: value,
    periodUsageDurationUnit: unit,
    periodAlignment: alignment,
  } = body;
  const refuse = (field: keyof PeriodFields, message: string) =>
    context.addIssue({ code: 'custom', path: [field], message });
  if (limit === null || limit === 'unlimited') {
    if (value !== null || unit !== null || alignment !== null) {
      refuse('periodUsageLimit', 'A period duration or alignment requires a periodUsageLimit.');
    }
  } else if (value === null || unit === null) {
    const missing = value === null ? 'periodUsageDurationValue' : 'periodUsageDurationUnit';
    refuse(missing, 'A period spend limit requires both a duration value and unit.');
  } else if (value > WINDOW_VALUE_MAX[unit]) {
    refuse('periodUsageDurationValue', DURATION_MESSAGE);
  } else if (alignment === 'calendar' && unit === 'hour' && 24 % value !== 0) {
    // Else the hours of one day would not begin where those of the day before did.
    refuse('periodUsageDurationValue', 'Invalid period duration: the hours of a calendar period must divide 24.');
  }
}

/** A basis says how an amount is counted: with none to count it would neither inherit nor override. */
function checkTotal(body: { usageLimit: string | null; usageLimitBasis: string | null }, context: z.RefinementCtx) {
  if (body.usageLimit === null && body.usageLimitBasis !== null) {
    context.addIssue({ code: 'custom', path: ['usageLimit'], message: 'A usageLimitBasis requires a usageLimit.' });
  }
}

const budgetFields = {
  maxApiKeys: memberCount('maxApiKeys', 5),
  usageLimit: memberAmount.nullable().default(null),
  usageLimitBasis: z.enum(['lifetime', 'cycle']).nullable().default(null),
  periodUsageLimit: memberAmount.nullable().default(null),
  ...periodFields,
  requestsPerMinute: memberCount('requestsPerMinute', 60),
  tokensPerMinute: memberCount('tokensPerMinute', 100_000),
  concurrency: memberCount('concurrency', 5),
};

/** The body of PUT .../members/{memberId}/budget and .../default-developer-budget: the whole budget. */
export const BudgetBody = z
  .strictObject({ ...budgetFields, newCycle: z.boolean().default(false), version: z.int().positive().optional() })
  .superRefine(checkPeriod)
  .superRefine(checkTotal)
  .openapi('BudgetBody', { example: { usageLimit: '100', periodUsageLimit: '42.50', ...MONTH, version: 3 } as never });

/** A budget as it is kept, a member's or the developer default: the body without what only steers the change. */
const KeptBudget = z.object(answered(budgetFields));

export type StoredBudget = z.infer<typeof KeptBudget>;

/** The same as it is answered. */
export const Budget = KeptBudget.extend({ version: z.int().openapi({ example: 3 }) }).openapi('Budget');

/** A budget to be set, with what steers its change. */
export interface BudgetChange {
  budget: StoredBudget;
  newCycle: boolean;
  /** Refuse when the budget is not at this version any more. */
  version: number | undefined;
}

const keyLimitFields = {
  usageLimit: amount.nullable().default(null),
  periodUsageLimit: amount.nullable().default(null),
  ...periodFields,
  requestsPerMinute: count('requestsPerMinute'),
  tokensPerMinute: count('tokensPerMinute'),
  concurrency: count('concurrency'),
};

/** The limits of a key: the budget's names, null for no limit of its own. */
export const KeyLimitsBody = z
  .strictObject(keyLimitFields)
  .superRefine(checkPeriod)
  .openapi('KeyLimitsBody', { example: { periodUsageLimit: '10', ...MONTH } as never });

/** The same as they are answered, flat beside the rest of a key. */
export const KeyLimits = z.object(answered(keyLimitFields));

export type StoredKeyLimits = z.infer<typeof KeyLimitsBody>;

export const NO_KEY_LIMITS: StoredKeyLimits = {
  usageLimit: null,
  periodUsageLimit: null,
  periodUsageDurationValue: null,
  periodUsageDurationUnit: null,
  periodAlignment: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrency: null,
};

/** A budget from D1; null where none was ever set. A row older than a field has none of it. */
export function storedBudget(text: string | null): StoredBudget {
  return { ...NO_BUDGET, ...(JSON.parse(text ?? '{}') as Partial<StoredBudget>) };
}

/** A key's limits from D1. */
export function storedKeyLimits(text: string): StoredKeyLimits {
  return { ...NO_KEY_LIMITS, ...(JSON.parse(text) as Partial<StoredKeyLimits>) };
}
