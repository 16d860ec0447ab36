/**
 * Why the ledger says no. Expected outcomes, so values; src/gateway/refusals.ts is the one place that gives each its
 * status and words.
 */
import type { Nanos } from '../money/nanos.ts';
import type { RuleName } from './rules.ts';

export const SCOPE_NAMES = ['member_total', 'member_period', 'api_key_total', 'api_key_period', 'wallet'] as const;

export type ScopeName = (typeof SCOPE_NAMES)[number];

export type ThrottleName = 'requests_per_minute' | 'tokens_per_minute' | 'concurrency';

/** One limit as it stood when a decision was made. */
export interface ScopeView {
  scope: ScopeName;
  limit: Nanos;
  spent: Nanos;
  held: Nanos;
  /** limit - spent - held, never below 0. */
  remaining: Nanos;
  resetsAtMs: number | null;
  /** The amounts are for deciding only, and not to be told to the caller. */
  amountsHidden?: true;
}

export type LedgerRefusal =
  | { kind: 'invalid_key'; reason: 'unknown' | 'disabled' | 'expired' }
  | { kind: 'project_not_granted' }
  /** A rule of the member or of the key does not admit what was asked for. */
  | { kind: 'rule_denied'; of: 'member' | 'api_key'; rule: RuleName }
  | { kind: 'project_archived' }
  | { kind: 'price_unknown' }
  | { kind: 'exhausted'; view: ScopeView; alsoExhausted: ScopeName[] }
  | { kind: 'request_exceeds_budget'; view: ScopeView; needed: Nanos }
  | { kind: 'budget_in_flight'; view: ScopeView; needed: Nanos }
  | { kind: 'rate_limited'; of: 'member' | 'api_key'; throttle: ThrottleName; limit: number; retryAfterMs: number }
  /**
   * The organization's wallet has not enough left; or it has, but requests in flight hold it. `remaining`: what the member
   * could still set aside, to decide by; it is not told to callers, because amounts of the wallet are not theirs to know.
   */
  | { kind: 'insufficient_credits' | 'credits_in_flight'; remaining: Nanos }
  /** The authorize came too late, or its hold was resolved before. Nothing may be sent under it. */
  | { kind: 'too_late' };
