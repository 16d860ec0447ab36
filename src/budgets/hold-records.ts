/** The records that holds leave: their usage events, and the tombstone of one that never was. */
import { ZERO } from '../money/nanos.ts';
import type { SettleRequest } from './protocol.ts';
import type { Hold } from './tables.ts';
import type { AttemptAbout, UsageEvent } from './usage-event.ts';

/** The tombstone of an attempt that was released before its authorize came. */
export function unknownHold(attemptId: string, now: number, madeAtMs: number): Hold {
  return {
    id: attemptId,
    keyId: '',
    projectId: '',
    about: NOTHING,
    openedAtMs: Math.min(now, madeAtMs),
    state: 'released',
    held: ZERO,
    chargeAtExpiry: ZERO,
    expiresAtMs: now,
    resolvedAtMs: now,
    charged: ZERO,
    n: null,
    reports: 0,
    cycle: 0,
  };
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
