/**
 * What a member's object knows of the world: the member's effective limits and keys, as decided in D1 and pushed whole.
 *
 * Limits here are effective: inheritance is resolved before the push, so `null` means unlimited and nothing else.
 * Versions only rise; an object never takes an older policy than the one it has.
 */
import { addNanos, type Nanos, ZERO } from '../money/nanos.ts';
import type { RoutingPolicy } from './routing.ts';
import type { Rules } from './rules.ts';
import type { WindowSpec } from './windows.ts';

/** An amount of money, or null for no limit. */
export type Limit = Nanos | null;

export interface PeriodLimit {
  limit: Nanos;
  window: WindowSpec;
}

export interface ScopeLimits {
  /** Cap on what is spent in the current cycle. */
  total: Limit;
  /** Cap on what is spent in a window, or null for none. */
  period: PeriodLimit | null;
}

/** So much more on one of a member's limits, until an instant. Nobody takes it back: it lapses by the clock. */
export interface Extra {
  limit: keyof ScopeLimits;
  amount: Nanos;
  /** The first instant at which it counts no longer. */
  untilMs: number;
}

/**
 * What limits come to at an instant. Enforced, shown and forecast by this one function, so that an extra lapses everywhere
 * at once. Without a limit there is nothing to add to.
 */
export function limitsAt(limits: ScopeLimits, extras: readonly Extra[] = [], nowMs: number): ScopeLimits {
  const { total, period } = limits;
  if (extras.length === 0) return limits;
  const more = (name: Extra['limit']) =>
    extras.reduce(
      (sum, { limit, amount, untilMs }) => (limit === name && nowMs < untilMs ? addNanos(sum, amount) : sum),
      ZERO,
    );
  return {
    total: total === null ? null : addNanos(total, more('total')),
    period: period && { ...period, limit: addNanos(period.limit, more('period')) },
  };
}

/**
 * Throttles: how fast, not how much. Kept in memory, so a restart may allow a minute's worth again. null: no throttle.
 */
export interface Throttles {
  requestsPerMinute: number | null;
  /** Tokens settled in the last minute, input and output. */
  tokensPerMinute: number | null;
  /** Requests in flight at once. */
  concurrency: number | null;
}

export const NO_THROTTLES: Throttles = { requestsPerMinute: null, tokensPerMinute: null, concurrency: null };

export interface KeyPolicy {
  keyId: string;
  /** SHA-256 of the key, hex. */
  hash: string;
  name: string;
  masked: string;
  projectId: string;
  /** Whether the member may use the key's project now. */
  projectGranted: boolean;
  projectArchived: boolean;
  status: 'active' | 'disabled';
  createdAtMs: number;
  expiresAtMs: number | null;
  limits: ScopeLimits;
  throttles: Throttles;
  /** What it may be used for, within what its member may; null or absent: everything. */
  rules?: Rules | null;
  /** What the playground asks by: not one of the keys that are counted. */
  playground?: true;
}

export interface PolicyVersion {
  /** Rises when an object is rebuilt from D1. */
  generation: number;
  /** Rises with every change. */
  n: number;
}

export interface MemberPolicy {
  memberId: string;
  organizationId: string;
  version: PolicyVersion;
  /** Of the member's own budget: what people who change it tell. Absent from a policy older than this field. */
  budgetVersion?: number;
  /** False once the member was removed: every key is refused. */
  active: boolean;
  /** Whether every attempt also spends the organization's wallet. */
  metered: boolean;
  /** Whether answers may be recorded for repeats under an Idempotency-Key. Absent from a policy older than the switch: they may. */
  replay?: boolean;
  /** Whether callers are told which limit there is and when it resets, but no amounts. Absent: they are told. */
  hidesAmounts?: boolean;
  /** What Workers must know to choose a provider; absent: nothing. */
  routing?: RoutingPolicy;
  /** Without extras: what they come to at an instant is `limitsAt`'s to tell. */
  limits: ScopeLimits;
  /** What was granted beside them. Absent: nothing. */
  extras?: readonly Extra[];
  throttles: Throttles;
  /** What the member's keys may be used for at all; null or absent: everything. */
  rules?: Rules | null;
  /** The cycle from which the member's total is counted; a higher number starts a new one at zero. */
  cycle: number;
  /** Whether the total counts a cycle (one-time budget) or all time. */
  totalBasis: 'lifetime' | 'cycle';
  keys: KeyPolicy[];
}

/** Whether `a` is newer than `b`. */
export function isNewer(a: PolicyVersion, b: PolicyVersion): boolean {
  return a.generation > b.generation || (a.generation === b.generation && a.n > b.n);
}

/**
 * What D1 knows of a member's past when an object starts without memory: a member's first use, or a rebuild. Everything
 * in it was shipped before, so the object goes on counting from there.
 */
export interface Opening {
  policy: MemberPolicy;
  /** The last sequence number in D1's ledger of this member. */
  sequence: number;
  /** Per scope ('member' or a key id): everything ever spent. */
  lifetime: { scope: string; spent: Nanos }[];
  /** Per scope: what was spent of late, for the windows. */
  recent: { scope: string; startMs: number; endMs: number; spent: Nanos }[];
}
