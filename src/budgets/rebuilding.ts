/**
 * How a ledger begins with what D1 knows, and what that would change of one that has begun already: for an object without
 * memory, and for the operator, who may have an object forget what it counted. Pure but for `writeOpening`.
 */
import type { Nanos } from '../money/nanos.ts';
import { MEMBER_SCOPE, newState, type State, scopeOf, windowSpecOf } from './ledger-state.ts';
import { statusOf } from './ledger-views.ts';
import type { Opening } from './policy.ts';
import type { Tables } from './tables.ts';
import { type Bucket, Window } from './windows.ts';

/** What a ledger counts for its member. */
export interface Standing {
  /** How many events there were ever. */
  sequence: number;
  /** How many of them D1 has not confirmed. */
  unshipped: number;
  lifetimeUsage: Nanos;
  /** Of the cycle, where there is one. */
  usage: Nanos;
  currentPeriodUsage: Nanos | null;
  held: Nanos;
}

export function standingOf(state: State, unshipped: number, nowMs: number): Standing {
  const { usage, lifetimeUsage, held, period } = statusOf(state, MEMBER_SCOPE, nowMs);
  return { sequence: state.sequence, unshipped, lifetimeUsage, usage, currentPeriodUsage: period?.usage ?? null, held };
}

/** Whether a ledger that stands so knows of anything that it would not know if it stood like `after`. */
export function wouldLose(before: Standing, after: Standing): boolean {
  return before.sequence > after.sequence || before.unshipped > 0 || before.held > 0;
}

/** The state of a ledger that knows only what D1 does. */
export function openingState({ policy, sequence, lifetime, recent }: Opening, nowMs: number): State {
  const state = newState(policy, sequence, '');
  for (const { scope, spent } of lifetime) {
    scopeOf(state, scope).total = { cycle: 0, cycleStartedAtMs: null, spent, lifetime: spent };
  }
  scopeOf(state, MEMBER_SCOPE).total.cycle = policy.cycle;
  for (const [scope, rows] of Map.groupBy(recent, (row) => row.scope)) {
    const buckets = rows.map(({ scope: _, ...bucket }): Bucket => bucket);
    // A limit that meets spending counts it, as one that is set newly does.
    const past = new Window(null, { buckets, current: null });
    scopeOf(state, scope).window = past.respecify(windowSpecOf(state, scope), nowMs);
  }
  return state;
}

/** Writes that state into tables that count nothing yet. Inside a transaction. */
export function writeOpening(tables: Tables, { policy, sequence, recent }: Opening, state: State): void {
  tables.writePolicy(policy);
  tables.writeShipped(sequence);
  for (const { scope, ...bucket } of recent) tables.writeBucket(scope, bucket);
  for (const [scope, { total, window }] of state.scopes) {
    tables.writeTotal(scope, total);
    tables.writeWindow(scope, window.current);
  }
}
