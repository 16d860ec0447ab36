/**
 * Budgets and key limits as the API takes them, as D1 keeps them, and as the ledger needs them.
 *
 * Amounts stay decimal strings at rest (exact, and readable in an audit entry); they become Nanos when a policy is made.
 * null inherits the developer default (unlimited where there is none), 'unlimited' overrides one, '0' blocks.
 */
import { z } from '@hono/zod-openapi';
import type { Limit, ScopeLimits } from '../budgets/policy.ts';
import { WINDOW_VALUE_MAX, type WindowSpec } from '../budgets/windows.ts';
import { LIMITS } from '../limits.ts';
import { formatUsd, type Nanos, parseUsd } from '../money/nanos.ts';

const UNITS = ['hour', 'day', 'week', 'month'] as const;

/** Far above what any plan allows: a larger one is a mistake. */
const AMOUNT_MESSAGE = 'Spend limits must be non-negative numbers.';
/** Goes into the refusal's metadata: what to write instead. */
const AMOUNT_FORM = { expected: 'USD as a decimal string, at most 1000000 with at most 9 decimals, e.g. "42.50"' };

/** An amount as the API writes it: what is stored is shown as it is. */
function canonical(text: string): string {
  const value = parseUsd(text);
  return value === null ? text : formatUsd(value);
}

const amount = z
  .string({ error: AMOUNT_MESSAGE })
  .refine((text) => parseUsd(text) !== null, { error: AMOUNT_MESSAGE, params: AMOUNT_FORM })
  .transform(canonical)
  .openapi({ example: '42.50' });

const memberAmount = z
  .string({ error: AMOUNT_MESSAGE })
  .refine((text) => text === 'unlimited' || parseUsd(text) !== null, { error: AMOUNT_MESSAGE, params: AMOUNT_FORM })
  .transform(canonical)
  .openapi({ example: '42.50', description: 'USD, or "unlimited"' });

const periodFields = {
  periodUsageDurationValue: z
    .int({ error: 'Invalid period duration.' })
    .positive({ error: 'Invalid period duration.' })
    .nullable()
    .default(null),
  periodUsageDurationUnit: z.enum(UNITS, { error: 'Invalid period duration.' }).nullable().default(null),
  periodAlignment: z.literal('rolling', { error: 'periodAlignment must be "rolling".' }).nullable().default(null),
};

interface PeriodFields {
  periodUsageLimit: string | null;
  periodUsageDurationValue: number | null;
  periodUsageDurationUnit: (typeof UNITS)[number] | null;
  periodAlignment: 'rolling' | null;
}

/** The period fields travel together: all of a period, or none of it. */
function checkPeriod(body: PeriodFields, context: z.RefinementCtx): void {
  const { periodUsageLimit: limit, periodUsageDurationValue: value, periodUsageDurationUnit: unit } = body;
  const limited = limit !== null && limit !== 'unlimited';
  if (limited && (value === null || unit === null)) {
    const path = [value === null ? 'periodUsageDurationValue' : 'periodUsageDurationUnit'];
    context.addIssue({
      code: 'custom',
      path,
      message: 'A period spend limit requires both a duration value and unit.',
    });
  } else if (!limited && (value !== null || unit !== null)) {
    const message = 'A period duration requires a periodUsageLimit.';
    context.addIssue({ code: 'custom', path: ['periodUsageLimit'], message });
  } else if (value !== null && unit !== null && value > WINDOW_VALUE_MAX[unit]) {
    context.addIssue({ code: 'custom', path: ['periodUsageDurationValue'], message: 'Invalid period duration.' });
  }
}

const notYet = z.null({ error: 'This limit is not available yet; leave it out or null.' }).default(null);

/** The body of PUT .../members/{memberId}/budget: the whole budget. */
export const BudgetBody = z
  .strictObject({
    maxApiKeys: z
      .int({ error: `maxApiKeys must be a whole number from 0 to ${LIMITS.apiKeysPerMemberMax}.` })
      .min(0)
      .max(LIMITS.apiKeysPerMemberMax)
      .nullable()
      .default(null),
    usageLimit: memberAmount.nullable().default(null),
    usageLimitBasis: z.enum(['lifetime', 'cycle']).nullable().default(null),
    newCycle: z.boolean().default(false),
    periodUsageLimit: memberAmount.nullable().default(null),
    ...periodFields,
    requestsPerMinute: notYet,
    tokensPerMinute: notYet,
    concurrency: notYet,
    version: z.int().positive().optional(),
  })
  .superRefine(checkPeriod)
  .openapi('BudgetBody');

/** A member's budget as it is kept: the body without what only steers the change. */
export type StoredBudget = Omit<z.infer<typeof BudgetBody>, 'newCycle' | 'version'>;

export const NO_BUDGET: StoredBudget = {
  maxApiKeys: null,
  usageLimit: null,
  usageLimitBasis: null,
  periodUsageLimit: null,
  periodUsageDurationValue: null,
  periodUsageDurationUnit: null,
  periodAlignment: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrency: null,
};

/** The limits of a key: the budget's names, null for no limit of its own. */
export const KeyLimitsBody = z
  .strictObject({
    usageLimit: amount.nullable().default(null),
    periodUsageLimit: amount.nullable().default(null),
    ...periodFields,
  })
  .superRefine(checkPeriod)
  .openapi('KeyLimits');

export type StoredKeyLimits = z.infer<typeof KeyLimitsBody>;

export const NO_KEY_LIMITS: StoredKeyLimits = {
  usageLimit: null,
  periodUsageLimit: null,
  periodUsageDurationValue: null,
  periodUsageDurationUnit: null,
  periodAlignment: null,
};

function storedAmount(text: string): Nanos {
  const value = parseUsd(text);
  if (value === null) throw new Error(`a stored amount is malformed: ${text}`);
  return value;
}

/** The cap that a stored limit means once nothing is left to inherit. */
function effectiveLimit(stored: string | null): Limit {
  return stored === null || stored === 'unlimited' ? null : storedAmount(stored);
}

function windowOf(stored: PeriodFields): WindowSpec | null {
  const { periodUsageDurationValue: value, periodUsageDurationUnit: unit } = stored;
  return value === null || unit === null ? null : { kind: 'rolling', value, unit, timeZone: 'UTC' };
}

/** What the ledger enforces of a stored budget or key limit. */
export function effectiveLimits(stored: PeriodFields & { usageLimit: string | null }): ScopeLimits {
  const limit = effectiveLimit(stored.periodUsageLimit);
  const window = windowOf(stored);
  return {
    total: effectiveLimit(stored.usageLimit),
    period: limit === null || window === null ? null : { limit, window },
  };
}

export type BudgetType = 'unlimited' | 'one-time' | 'total' | 'periodic';

export function budgetTypeOf(limits: ScopeLimits, basis: 'lifetime' | 'cycle'): BudgetType {
  if (limits.period) return 'periodic';
  if (limits.total === null) return 'unlimited';
  return basis === 'cycle' ? 'one-time' : 'total';
}
