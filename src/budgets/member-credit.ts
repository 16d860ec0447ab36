/**
 * A member's side of the organization's wallet: what the ledger tells it, asks of it, and makes of what it says. The messages
 * and why they may be lost or repeated are lease.ts; who carries them, and when, is credit-line.ts; whether the credit
 * covers an attempt is credit.ts.
 *
 * A part of the ledger with a reason of its own: it reads and writes the ledger's state through what it is given, and keeps
 * the same rules: synchronous, memory changed only with the disk.
 */
import { addNanos, type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { heldOfLease } from './credit.ts';
import {
  giveBack,
  hear,
  type Lease,
  type MemberLease,
  runsLow,
  type SyncMessage,
  syncMessage,
  unspent,
} from './lease.ts';
import type { State } from './ledger-state.ts';
import type { Tables } from './tables.ts';

/** What the ledger lets its credit do. */
interface Access {
  tables: Tables;
  state(): State;
  /** The ledger's clock, epoch ms. */
  now(): number;
  /** Writes what waits to be written together. */
  flush(): void;
  /** Runs work in one transaction. */
  write(work: () => void): void;
}

export class MemberCredit {
  readonly #ledger: Access;

  constructor(ledger: Access) {
    this.#ledger = ledger;
  }

  lease(): MemberLease {
    return this.#ledger.state().lease;
  }

  /** Asks the wallet to cover what is held and what waits to be. */
  askFor(waiting: Nanos): SyncMessage {
    this.#ledger.flush();
    return this.#ask(addNanos(heldOfLease(this.#ledger.state()), waiting));
  }

  /** Asks for room for more requests like the last, of `amount`; null while there is enough. */
  askAhead(amount: Nanos): SyncMessage | null {
    const { policy, lease } = this.#ledger.state();
    if (!policy.metered || !runsLow(lease, heldOfLease(this.#ledger.state()), amount)) return null;
    return this.#ask(addNanos(nanos(Math.max(0, unspent(lease))), amount));
  }

  /** Only tells the totals. */
  tell(): SyncMessage {
    this.#ledger.flush();
    const { lease, policy } = this.#ledger.state();
    return syncMessage(lease, policy.memberId, null, ZERO);
  }

  /**
   * Whether the wallet should hear what it will not ask for: that a lease was overspent, before it lends that money to
   * others; that a correction gave back to it, because whose lease looks spent is not asked; or all there is, because the
   * organization is metered no more. What else has been spent of a lease it need not know.
   */
  owesNews(): boolean {
    const { lease, told, policy } = this.#ledger.state();
    if (lease.reversed > told.reversed) return true;
    if (!policy.metered) return lease.returned > told.returned || lease.spent > told.spent;
    return unspent(lease) < 0 && lease.spent > told.spent;
  }

  /** The wallet has spoken. What it granted may be used when this returns. */
  hear(said: Lease): void {
    const state = this.#ledger.state();
    const heard = hear(state.lease, said);
    this.#ledger.write(() => this.#keep(state.policy.metered ? heard : giveBack(heard, ZERO)));
    state.told = said;
  }

  /** Gives back what is not held, as far as the total `returnTo`: durable before the wallet is told. */
  giveBack(returnTo: Nanos): SyncMessage {
    this.#ledger.flush();
    const state = this.#ledger.state();
    const held = state.policy.metered ? heldOfLease(state) : ZERO;
    this.#ledger.write(() => this.#keep(giveBack(state.lease, held, returnTo)));
    return this.tell();
  }

  /** The organization is metered no more: what is in flight spends nothing of the wallet from now on. Inside a transaction. */
  end(): void {
    this.#keep(giveBack(this.lease(), ZERO));
  }

  /** Inside a transaction. */
  #keep(lease: MemberLease): void {
    const state = this.#ledger.state();
    if (lease === state.lease) return;
    state.lease = lease;
    this.#ledger.tables.writeLease(lease);
  }

  #ask(want: Nanos): SyncMessage {
    const state = this.#ledger.state();
    state.asked = Math.max(state.asked + 1, state.lease.ask + 1, this.#ledger.now());
    return syncMessage(state.lease, state.policy.memberId, state.asked, want);
  }
}
