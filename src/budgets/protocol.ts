/**
 * What a member's ledger is asked and answers: the calls of the Worker, as its object passes them on. Plain values, so
 * that they travel between Worker and object as they are.
 */
import { LIMITS } from '../limits.ts';
import type { Nanos } from '../money/nanos.ts';
import type { PolicyVersion, ScopeLimits, Throttles } from './policy.ts';
import type { LedgerRefusal, ScopeView } from './refusals.ts';
import type { RoutingBundle } from './routing.ts';
import type { AttemptAbout, Outcome, TokenCounts } from './usage-event.ts';

/** The times of a hold's life; see src/limits.ts. Given in so that a test may live faster. */
export interface HoldTimes {
  ttlMs: number;
  graceMs: number;
}

export const HOLD_TIMES: HoldTimes = { ttlMs: LIMITS.holdTtlMs, graceMs: LIMITS.holdGraceMs };

/** What a caller asks to have set aside. */
export interface Ask {
  /** What to set aside now; null where no price is known. */
  amount: Nanos | null;
  /** What to do where that does not fit; null: refuse. */
  otherwise: Fallback | null;
  /**
   * What to do where nothing of that will ever fit, because the money is spent and not only held: set aside all that is left,
   * if it is this much.
   */
  least?: Nanos | undefined;
  /** Whether the hold is to be a row from its start, however small: a job's, which outlives every Worker. */
  asRow?: true;
}

export interface AuthorizeRequest extends Ask {
  attemptId: string;
  /** SHA-256 of the presented key, hex. */
  keyHash: string;
  about: AttemptAbout;
  /** The version of the routing by which the provider was chosen. Absent: by none. */
  routingVersion?: string | undefined;
  /** Others serve the model too, and are asked next where a rule denies this one: a denial then refuses no request yet, and is not counted. */
  othersServe?: true;
  /** What rules ask beside that. Absent from a Worker older than they are: what it would tell counts as not known. */
  facts?: RuleFacts;
  /** Settlements of the member's earlier attempts that travel along (settlement-carrier.ts); where given, the answer tells the progress. */
  settled?: SettleRequest[] | undefined;
}

/** Null: not known, which no rule about it admits. */
export interface RuleFacts {
  /** The caller's address. */
  ip: string | null;
  /** Nanodollars per million tokens. */
  inputPrice: Nanos | null;
  outputPrice: Nanos | null;
  /** What the model is called beside its pinned and its canonical name. Absent: nothing, or a Worker older than other names. */
  otherNames?: readonly string[];
}

/**
 * exactly: set aside this instead (the first slice of an answer that can be watched after all).
 * at_least: set aside whatever is left, if it is this much (an answer whose length the provider can be told to keep to).
 */
export interface Fallback {
  kind: 'exactly' | 'at_least';
  amount: Nanos;
}

/**
 * The right to one attempt. It carries all that an object which has forgotten the hold needs to honour it: every later
 * call of the attempt brings it back.
 */
export interface Ticket {
  attemptId: string;
  keyId: string;
  /** Of the key as it was presented: rolled since, it ends what runs under it. Absent from a ticket older than this. */
  keyHash?: string;
  projectId: string;
  /** Which life of the object granted it. */
  epoch: string;
  /** What is set aside for the attempt now. */
  amount: Nanos;
  openedAtMs: number;
  /** The Worker must renew or resolve within this time, measured from when it sent the call. */
  ttlMs: number;
}

export type Admission = (
  | { granted: true; ticket: Ticket; tightest: ScopeView | null }
  /** `tightest`: where the refusal is about no limit of money, but there are some. */
  | { granted: false; refusal: LedgerRefusal; tightest?: ScopeView }
  /**
   * Nothing was decided: the provider was chosen by another routing than `routing`, which is that of now (null: none). A Worker
   * that is older than routings takes it for what `refusal` says: nothing was sent, and the caller may try again.
   */
  | { granted: false; refusal: { kind: 'too_late' }; routing: RoutingBundle | null }
) & { progress?: Progress };

/**
 * How far one life of an object is with the resolutions that it was handed. What it had `taken` when it answered is durable
 * once the same life has `written` as many.
 */
export interface Progress {
  life: string;
  taken: number;
  written: number;
}

/** What an attempt lacks of the organization's credit: ask the wallet for it, then let the whole check run again. */
export interface Short {
  lacks: Nanos;
}

/** Whether the wallet was asked for what an attempt lacked: then the ledger decides on what there is. */
export type CreditCheck = 'unasked' | 'asked';

export interface ExtendRequest {
  ticket: Ticket;
  about: AttemptAbout;
  /** What the hold shall cover in all; never lowers it. The present amount renews only. */
  toAmount: Nanos;
  /** What is to be charged should this Worker not be heard of again. */
  chargeAtExpiry: Nanos;
  /** Rises with each report of one attempt: a delayed one does not replace a newer one. */
  report: number;
  /**
   * Whether a limit that has come to be less than is spent and held here refuses also a renewal. For a job, which never asks for
   * more: whatever grows finds out by itself.
   */
  recheck?: true;
}

export type Extension =
  | { extended: true; ticket: Ticket }
  | { extended: false; refusal: LedgerRefusal }
  /** The hold is gone: expired, resolved or never made. The upstream must be cancelled. */
  | { extended: false; refusal: null };

export interface SettleRequest extends TokenCounts {
  ticket: Ticket;
  about: AttemptAbout;
  cost: Nanos;
  inputCost: Nanos;
  outputCost: Nanos;
  outcome: Outcome;
  /** The most that may have been made beyond the cost, where nobody can know it any more. */
  unresolved: Nanos;
  estimated: boolean;
  latencyMs: number | null;
  firstTokenMs: number | null;
}

/** Frees a hold under which nothing was sent; `ticket` null where the grant's answer never came. */
export interface ReleaseRequest {
  attemptId: string;
  ticket: Ticket | null;
}

/** `booked` false: there was nothing to book, because the attempt is unknown here or was released. */
export interface Settlement {
  booked: boolean;
  /** Of a settlement: once it is written. */
  progress?: Progress;
}

/** The limits of the member or of one of its keys, and what is spent of them. */
export interface LimitStatus {
  limits: ScopeLimits;
  usage: Nanos;
  cycleStartedAtMs: number | null;
  period: PeriodStatus | null;
}

interface PeriodStatus {
  usage: Nanos;
  /** Null: a first-use window that is not open. */
  startedAtMs: number | null;
  resetAtMs: number | null;
}

/** Everything that a status shows of the member or of one of its keys. */
export interface ScopeStatus extends LimitStatus {
  throttles: Throttles;
  version: PolicyVersion;
  /** Of the member's own budget; null where the policy does not say. */
  budgetVersion: number | null;
  lifetimeUsage: Nanos;
  held: Nanos;
  remaining: Nanos | null;
  /** At the present pace; see forecast.ts. Null: it can't be told. */
  runsOutAtMs: number | null;
  period:
    | (PeriodStatus & {
        held: Nanos;
        remaining: Nanos;
        runsOutAtMs: number | null;
      })
    | null;
  totalBasis: 'lifetime' | 'cycle';
  activeKeys: number;
  /** Of a key: when it was last presented, as far as this life of the object remembers. Null: D1 knows. */
  lastUsedAtMs: number | null;
}
