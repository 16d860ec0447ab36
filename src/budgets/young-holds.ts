/**
 * Young holds: those of the last seconds, which live in memory only. Most attempts are over before they would be worth a
 * row, and a durable write is what an admission costs most.
 *
 * What is durable about them is one number, the *ceiling*: their sum never passes it. It is raised in the same step as
 * the grant that needs it, so that no grant leaves before the raise is on disk. An object that starts and finds a
 * ceiling above zero cannot know what was granted under it: it makes it a *ghost*, which counts as held in every scope
 * until no Worker can be alive that holds a ticket from under it. A ticket of that earlier life (its epoch) takes its
 * amount out of the ghost in the block that gives it a row of its own, once. What nobody claims is reported as
 * unresolved, with the ghost's amount as the bound.
 *
 * A superseded instance that still runs may go on granting from memory: it cannot raise its ceiling any more (its writes
 * fail), so all it ever grants is within the ghost that its successor counts.
 */
import { attemptMadeAt } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { addNanos, type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { ghostEvent, holdOfTicket } from './hold-records.ts';
import { addHeld, type State } from './ledger-state.ts';
import type { Posting } from './posting.ts';
import type { HoldTimes, Ticket } from './protocol.ts';
import type { Ghost, Hold, Tables } from './tables.ts';
import type { AttemptAbout } from './usage-event.ts';

/** Whether a hold of this amount may stay in memory, with `headroom` left before it in the tightest limit. */
export function mayBeYoung(amount: Nanos, headroom: number): boolean {
  return amount <= headroom * LIMITS.youngHoldShareMax;
}

/** Opens a hold in memory, raising the ceiling where that needs it. Inside a transaction. */
export function openYoung(state: State, tables: Tables, hold: Hold, headroom: number): void {
  const needed = addNanos(state.youngHeld, hold.held);
  if (needed > state.ceiling) {
    // With room for the next few, but never with much of what is left: after a crash all of it is a ghost.
    const room = Math.min(hold.held * LIMITS.ceilingHoldsAhead, Math.floor(headroom * LIMITS.youngHoldShareMax));
    state.ceiling = nanos(needed + Math.max(0, room));
    tables.writeCeiling(state.epoch, state.ceiling);
  }
  state.youngHeld = needed;
  state.young.add(hold.id);
  state.open.set(hold.id, hold);
  addHeld(state, hold, hold.held);
}

/** The hold is young no more: it has a row now, or was resolved. Inside the transaction that makes it so. */
export function leaveYoung(state: State, hold: Hold, held: Nanos = hold.held): void {
  if (!state.young.delete(hold.id)) return;
  state.youngHeld = nanos(state.youngHeld - held);
}

/** Gives every young hold opened at or before `untilMs` a row. Inside a transaction. */
export function writeAged(state: State, tables: Tables, untilMs: number): void {
  for (const id of state.young) {
    const hold = state.open.get(id);
    if (!hold || hold.openedAtMs > untilMs) continue;
    tables.writeHold(hold);
    leaveYoung(state, hold);
  }
}

/** Lowers the ceiling to what is young now. Only in a write that is made anyway: a lower ceiling saves nothing by itself. */
export function lowerCeiling(state: State, tables: Tables): void {
  if (state.ceiling === state.youngHeld) return;
  state.ceiling = state.youngHeld;
  tables.writeCeiling(state.epoch, state.ceiling);
}

/** At a start: what the last life left. Its ceiling becomes a ghost, durably. */
export function raiseGhost(state: State, tables: Tables, nowMs: number, times: HoldTimes): void {
  for (const ghost of tables.readGhosts()) keepGhost(state, ghost);
  const left = tables.readCeiling();
  if (!left || left.ceiling === 0) return;
  const untilMs = nowMs + times.ttlMs + times.graceMs;
  const ghost: Ghost = { epoch: left.epoch, amount: left.ceiling, untilMs, dissolved: false };
  tables.writeGhost(ghost);
  tables.writeCeiling(state.epoch, ZERO);
  keepGhost(state, ghost);
}

function keepGhost(state: State, ghost: Ghost): void {
  state.ghosts.set(ghost.epoch, ghost);
  if (!ghost.dissolved) state.ghostsHeld = addNanos(state.ghostsHeld, ghost.amount);
}

/**
 * Honours a ticket of an earlier life that this one knows nothing of: its amount leaves the ghost and becomes a hold of
 * its own. Null where the ticket is too old to be told from one that was resolved and forgotten. `covered` is false
 * where the ghost had dissolved: then nothing was held for it any more.
 */
export function claim(
  posting: Posting,
  ticket: Ticket,
  about: AttemptAbout,
): { hold: Hold; covered: boolean; unresolved: Nanos } | null {
  const { state, tables, nowMs } = posting;
  const madeAtMs = attemptMadeAt(ticket.attemptId);
  if (ticket.epoch === state.epoch || madeAtMs === null || nowMs - madeAtMs > LIMITS.claimAgeMsMax) return null;
  const ghost = state.ghosts.get(ticket.epoch);
  const taken = nanos(Math.min(ticket.amount, ghost?.amount ?? 0));
  if (ghost) {
    ghost.amount = nanos(ghost.amount - taken);
    tables.writeGhost(ghost);
  }
  const hold = holdOfTicket(ticket, about);
  if (!ghost || ghost.dissolved) return { hold: { ...hold, held: ZERO }, covered: false, unresolved: taken };
  state.ghostsHeld = nanos(state.ghostsHeld - taken);
  const covered: Hold = { ...hold, held: taken };
  state.open.set(hold.id, covered);
  addHeld(state, hold, taken);
  return { hold: covered, covered: true, unresolved: ZERO };
}

/** Ghosts whose time has come are reported as unresolved; those reported long enough ago are forgotten. */
export function dissolveGhosts(posting: Posting): void {
  const { state, tables, nowMs } = posting;
  for (const ghost of state.ghosts.values()) {
    if (!ghost.dissolved && ghost.untilMs <= nowMs) {
      state.ghostsHeld = nanos(state.ghostsHeld - ghost.amount);
      ghost.dissolved = true;
      if (ghost.amount > 0) posting.book(ghostEvent(ghost.amount, nowMs));
      tables.writeGhost(ghost);
    }
    if (ghost.dissolved && ghost.untilMs + LIMITS.tombstoneMs <= nowMs) {
      state.ghosts.delete(ghost.epoch);
      tables.forgetGhost(ghost.epoch);
    }
  }
}
