/**
 * The ends of a hold: settled, released, expired, and the correction when a Worker comes back after an expiry. Each runs
 * inside one posting, so that tombstone, event with its number and every counter change together (invariant 3).
 */
import { attemptMadeAt } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { eventOf, expiryOf, ticketOf, unknownHold } from './hold-records.ts';
import { addHeld, MEMBER_SCOPE, scopeOf } from './ledger-state.ts';
import type { Posting } from './posting.ts';
import type { ReleaseRequest, Settlement, SettleRequest } from './protocol.ts';
import type { Hold } from './tables.ts';
import { claim, leaveYoung } from './young-holds.ts';

/** What waits to be resolved: nothing is freed before the write that resolves it, so it is the messages that wait. */
export type Resolution = { kind: 'settle'; request: SettleRequest } | { kind: 'release'; request: ReleaseRequest };

export function attemptOf(resolution: Resolution): string {
  return resolution.kind === 'settle' ? resolution.request.ticket.attemptId : resolution.request.attemptId;
}

export function resolve(posting: Posting, resolution: Resolution): Settlement {
  return resolution.kind === 'settle' ? settle(posting, resolution.request) : release(posting, resolution.request);
}

/** Replaces a hold by what the attempt cost. After an expiry it books the difference, once. */
function settle(posting: Posting, request: SettleRequest): Settlement {
  const known = find(posting, request.ticket.attemptId);
  if (known?.state === 'released') return { booked: false };
  if (known?.state === 'settled') return { booked: true };
  if (known?.state === 'expired') {
    correct(posting, known, request);
    return { booked: true };
  }
  if (known) {
    close(posting, known, request);
    return { booked: true };
  }
  const claimed = claim(posting, request.ticket, request.about);
  if (!claimed) return { booked: false };
  close(posting, claimed.hold, request, claimed.unresolved);
  return { booked: true };
}

/** Frees a hold under which nothing was sent. Of an unknown attempt it leaves a tombstone, should its authorize still come. */
function release(posting: Posting, { attemptId, ticket }: ReleaseRequest): Settlement {
  const { tables, nowMs } = posting;
  const known = find(posting, attemptId);
  const madeAtMs = attemptMadeAt(attemptId);
  if (known ? known.state !== 'open' : madeAtMs === null || nowMs - madeAtMs > LIMITS.claimAgeMsMax) {
    return { booked: false };
  }
  const stub = unknownHold(attemptId, nowMs, madeAtMs ?? nowMs);
  const hold = known ?? (ticket && claim(posting, ticket, stub.about)?.hold) ?? stub;
  free(posting, hold);
  tables.writeHold({ ...hold, state: 'released', held: ZERO, resolvedAtMs: nowMs, charged: ZERO });
  return { booked: false };
}

/** Resolves a hold whose Worker was silent past ttl and grace, at what it may have spent. */
export function expire(posting: Posting, hold: Hold): void {
  close(posting, hold, expiryOf(hold, ticketOf(hold, posting.state.epoch, 0)));
}

function find({ state, tables }: Posting, attemptId: string): Hold | null {
  return state.open.get(attemptId) ?? tables.readHold(attemptId);
}

function free({ state }: Posting, hold: Hold): void {
  if (!state.open.delete(hold.id)) return;
  leaveYoung(state, hold);
  addHeld(state, hold, nanos(-hold.held));
}

/** `resolved` is what was reported as unresolved before and is known now: it is taken back. */
function close(posting: Posting, hold: Hold, request: SettleRequest, resolved: Nanos = ZERO): void {
  const { state, tables, nowMs } = posting;
  const expired = request.outcome === 'expired';
  const n = posting.book({
    ...eventOf(hold, request, nowMs),
    requests: 1,
    overrunNanos: nanos(Math.max(0, request.cost - hold.held)),
    unresolvedNanos: nanos(request.unresolved - resolved),
  });
  free(posting, hold);
  tables.writeHold({
    ...hold,
    state: expired ? 'expired' : 'settled',
    // An expired hold keeps its amount in the tombstone: the bound of what is still unknown, should the Worker return.
    held: expired ? hold.held : ZERO,
    resolvedAtMs: nowMs,
    charged: request.cost,
    n,
    cycle: scopeOf(state, MEMBER_SCOPE).total.cycle,
  });
  posting.spend(hold, request.cost);
}

function correct(posting: Posting, hold: Hold, request: SettleRequest): void {
  const charged: Nanos = hold.charged ?? ZERO;
  const difference = nanos(request.cost - charged);
  const n = posting.book({
    ...eventOf(hold, request, posting.nowMs),
    outcome: 'correction',
    costNanos: difference,
    // The expiry booked its charge as output and no input at all.
    outputCostNanos: request.outputCost - charged,
    requests: 0,
    overrunNanos: nanos(Math.max(0, difference)),
    // What the expiry reported as its bound is taken back for what is unknown now.
    unresolvedNanos: nanos(request.unresolved + charged - hold.held),
  });
  posting.tables.writeHold({ ...hold, state: 'settled', held: ZERO, charged: request.cost, n });
  if (difference >= 0) posting.spend(hold, difference);
  else posting.giveBack(hold, nanos(-difference));
}
