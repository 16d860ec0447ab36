/** Holds as their tickets tell of them, and the records they leave: usage events, and the tombstone of one that never was. */
import { type Nanos, nanos, ZERO } from '../money/nanos.ts';
import type { SettleRequest, Ticket } from './protocol.ts';
import type { Hold } from './tables.ts';
import { type AttemptAbout, NO_TOKENS, type UsageEvent } from './usage-event.ts';

/** A new hold. */
export function holdOf(
  attemptId: string,
  key: { keyId: string; projectId: string },
  about: AttemptAbout,
  amount: Nanos,
  openedAtMs: number,
  ttlMs: number,
): Hold {
  return {
    id: attemptId,
    keyId: key.keyId,
    projectId: key.projectId,
    about,
    openedAtMs,
    state: 'open',
    held: amount,
    chargeAtExpiry: amount,
    expiresAtMs: openedAtMs + ttlMs,
    resolvedAtMs: null,
    charged: null,
    n: null,
    reports: 0,
    cycle: 0,
  };
}

/** The right that a hold gives, as its Worker keeps it. */
export function ticketOf(hold: Hold, epoch: string, ttlMs: number, keyHash?: string): Ticket {
  const { id: attemptId, keyId, projectId, held: amount, openedAtMs } = hold;
  return { attemptId, keyId, ...(keyHash !== undefined && { keyHash }), projectId, epoch, amount, openedAtMs, ttlMs };
}

/** The hold that a ticket of an earlier life stands for. */
export function holdOfTicket(ticket: Ticket, about: AttemptAbout): Hold {
  return holdOf(ticket.attemptId, ticket, about, ticket.amount, ticket.openedAtMs, ticket.ttlMs);
}

/** The tombstone of an attempt that was released before its authorize came. */
export function unknownHold(attemptId: string, nowMs: number, madeAtMs: number): Hold {
  return holdOf(attemptId, { keyId: '', projectId: '' }, NOTHING, ZERO, Math.min(nowMs, madeAtMs), 0);
}

const NOTHING: AttemptAbout = {
  requestId: '',
  endpoint: '',
  mapping: '',
  canonicalModel: '',
  provider: '',
  app: '',
  streamed: false,
  priceVersion: '',
};

/** What a hold whose Worker fell silent is settled with: its last report, and what it may have cost beyond as the bound. */
export function expiryOf(hold: Hold, ticket: Ticket): SettleRequest {
  const cost = hold.chargeAtExpiry;
  return {
    ...NO_TOKENS,
    ticket,
    about: hold.about,
    cost,
    inputCost: ZERO,
    outputCost: cost,
    outcome: 'expired',
    unresolved: nanos(hold.held - cost),
    estimated: true,
    latencyMs: null,
    firstTokenMs: null,
  };
}

/** What is known of a ghost that nobody claimed: its bound. It stands for no attempt, because nobody knows of one. */
export function ghostEvent(amount: Nanos, nowMs: number): Omit<UsageEvent, 'n'> {
  return {
    ...NOTHING,
    ...NO_TOKENS,
    attemptId: '',
    keyId: '',
    projectId: '',
    outcome: 'expired',
    refusal: null,
    requests: 0,
    openedAtMs: nowMs,
    settledAtMs: nowMs,
    costNanos: 0,
    inputCostNanos: 0,
    outputCostNanos: 0,
    overrunNanos: ZERO,
    unresolvedNanos: amount,
    estimated: true,
    latencyMs: null,
    firstTokenMs: null,
  };
}

/** What is the same in the event of every resolution; the caller adds what it counts for. */
export function eventOf(
  hold: Hold,
  request: SettleRequest,
  now: number,
): Omit<UsageEvent, 'n' | 'requests' | 'overrunNanos' | 'unresolvedNanos'> {
  return {
    ...hold.about,
    attemptId: hold.id,
    keyId: hold.keyId,
    projectId: hold.projectId,
    outcome: request.outcome,
    refusal: null,
    inputTokens: request.inputTokens,
    cachedTokens: request.cachedTokens,
    outputTokens: request.outputTokens,
    reasoningTokens: request.reasoningTokens,
    openedAtMs: hold.openedAtMs,
    settledAtMs: now,
    costNanos: request.cost,
    inputCostNanos: request.inputCost,
    outputCostNanos: request.outputCost,
    estimated: request.estimated,
    latencyMs: request.latencyMs,
    firstTokenMs: request.firstTokenMs,
  };
}
