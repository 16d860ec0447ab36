/** What budgets are made of, without what reads them: for the API and the dashboard alike. */
import type { WindowKind, WindowUnit } from '../budgets/windows.ts';

export const UNITS = ['hour', 'day', 'week', 'month'] as const satisfies WindowUnit[];
export const ALIGNMENTS = ['rolling', 'first-use', 'calendar'] as const satisfies WindowKind[];

/** Nothing is set: all of it is inherited. */
export const NO_BUDGET = {
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
} as const;
