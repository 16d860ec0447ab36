/** A member of a wallet's tests: what its object would do with its lease, and short words for it. */
import {
  available,
  hear,
  type Lease,
  NO_LEASE,
  type Recall,
  recalled,
  runsLow,
  type SyncMessage,
  spend,
  syncMessage,
  unspent,
  wanting,
} from '../../src/budgets/lease.ts';
import { type Nanos, nanos } from '../../src/money/nanos.ts';

/** A member as its object keeps it: the lease is what is on disk, so a restart changes nothing. */
export class WalletMember {
  readonly id: string;
  lease: Lease = NO_LEASE;
  readonly holds: Nanos[] = [];
  /** What was charged beyond holds. */
  overruns = 0;

  constructor(id: string) {
    this.id = id;
  }

  get held(): Nanos {
    return nanos(this.holds.reduce((sum: number, hold) => sum + hold, 0));
  }

  get net(): number {
    return this.lease.spent - this.lease.reversed;
  }

  get available(): Nanos {
    return available(this.lease, this.held);
  }

  get unspent(): Nanos {
    return unspent(this.lease);
  }

  wanting(amount: number): Nanos {
    return wanting(this.lease, this.held, nanos(amount));
  }

  runsLow(amount: number): boolean {
    return runsLow(this.lease, this.held, nanos(amount));
  }

  message(want: number = 0): SyncMessage {
    return syncMessage(this.lease, this.id, nanos(want));
  }

  hear(said: Lease): void {
    this.lease = hear(this.lease, said);
  }

  /** Sets `amount` aside where it fits. */
  hold(amount: number): boolean {
    if (this.available < amount) return false;
    this.holds.push(nanos(amount));
    return true;
  }

  /** Resolves one of the holds at what it cost, which a provider may have made more than was held. */
  settle(which: number, cost: number): void {
    const [held] = this.holds.splice(which % Math.max(1, this.holds.length), 1);
    if (held === undefined) return;
    this.overruns += Math.max(0, cost - held);
    this.lease = spend(this.lease, nanos(cost));
  }

  /** A late correction takes back what was charged too much. */
  takeBack(amount: number): void {
    this.lease = spend(this.lease, nanos(-Math.min(amount, this.net)));
  }

  /** What the member's object does when the wallet calls: hears, gives back durably, tells. */
  returnLease(recall: Recall): SyncMessage {
    this.lease = recalled(this.lease, this.held, recall);
    return this.message();
  }
}
