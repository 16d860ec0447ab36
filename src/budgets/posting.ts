/**
 * One synchronous block that resolves holds: it gives events their numbers and changes counters, in memory at once and on
 * disk together at its end. However many settlements it takes, each total and bucket is written once and all events are
 * one row. Lives inside one transaction; a throw drops the memory that it has changed (see ledger.ts).
 */
import { addNanos, type Nanos, nanos } from '../money/nanos.ts';
import { spend } from './lease.ts';
import { isWalletPaid, MEMBER_SCOPE, type State, scopeOf, scopesOf } from './ledger-state.ts';
import type { Hold, Tables } from './tables.ts';
import type { UsageEvent } from './usage-event.ts';
import type { Bucket } from './windows.ts';

export class Posting {
  readonly #events: UsageEvent[] = [];
  readonly #scopes = new Set<string>();
  readonly #buckets = new Map<string, Map<string, Bucket>>();
  #leased = false;

  readonly state: State;
  readonly tables: Tables;
  readonly nowMs: number;

  constructor(state: State, tables: Tables, nowMs: number) {
    this.state = state;
    this.tables = tables;
    this.nowMs = nowMs;
  }

  /** Gives the event the next number and answers with it. */
  book(event: Omit<UsageEvent, 'n'>): number {
    this.state.sequence += 1;
    this.#events.push({ ...event, n: this.state.sequence });
    return this.state.sequence;
  }

  /** Counts what a hold cost in the member's and the key's total and window, and in the lease where that pays for it. */
  spend(hold: Hold, amount: Nanos): void {
    this.#spendLease(hold, amount);
    for (const name of scopesOf(hold.keyId)) {
      const { total, window } = scopeOf(this.state, name);
      total.spent = addNanos(total.spent, amount);
      total.lifetime = addNanos(total.lifetime, amount);
      this.#scopes.add(name);
      if (amount === 0) continue;
      const before = window.current;
      this.#bucket(name, window.add(this.nowMs, amount));
      if (window.current !== before) this.tables.writeWindow(name, window.current);
    }
  }

  /** Takes a charge back: from the cycle and the window it was charged in, where those still run. */
  giveBack(hold: Hold, amount: Nanos): void {
    this.#spendLease(hold, nanos(-amount));
    for (const name of scopesOf(hold.keyId)) {
      const { total, window } = scopeOf(this.state, name);
      // Only the member's total has cycles.
      if (name !== MEMBER_SCOPE || total.cycle === hold.cycle) total.spent = nanos(total.spent - amount);
      total.lifetime = nanos(total.lifetime - amount);
      this.#scopes.add(name);
      const bucket = window.takeBack(this.nowMs, hold.resolvedAtMs ?? this.nowMs, amount);
      if (bucket) this.#bucket(name, bucket);
    }
  }

  /** Writes what was posted. */
  write(): void {
    for (const name of this.#scopes) this.tables.writeTotal(name, scopeOf(this.state, name).total);
    for (const [name, buckets] of this.#buckets) {
      for (const bucket of buckets.values()) this.tables.writeBucket(name, bucket);
    }
    if (this.#leased) this.tables.writeLease(this.state.lease);
    this.tables.writeEvents(this.#events);
  }

  #spendLease({ about }: Hold, cost: Nanos): void {
    if (cost === 0 || !this.state.policy.metered || !isWalletPaid(about)) return;
    this.state.lease = spend(this.state.lease, cost);
    this.#leased = true;
  }

  #bucket(scope: string, bucket: Bucket): void {
    let buckets = this.#buckets.get(scope);
    if (!buckets) {
      buckets = new Map();
      this.#buckets.set(scope, buckets);
    }
    buckets.set(`${bucket.startMs} ${bucket.endMs}`, bucket);
  }
}
