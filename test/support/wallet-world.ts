/** A wallet over SQLite with members beside it, a clock of its own, and short words for what tests do with them. */
import {
  available,
  giveBack,
  hear,
  type Lease,
  NO_LEASE,
  type Recall,
  runsLow,
  type SyncMessage,
  spend,
  syncMessage,
  unspent,
  wanting,
} from '../../src/budgets/lease.ts';
import { Wallet } from '../../src/budgets/wallet.ts';
import type { EntryKind } from '../../src/budgets/wallet-tables.ts';
import { type Nanos, nanos, ZERO } from '../../src/money/nanos.ts';
import { SqliteStore } from './sqlite-store.ts';

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
    this.hear(recall);
    this.lease = giveBack(this.lease, this.held, recall.upTo);
    return this.message();
  }
}

export class WalletWorld {
  nowMs = Date.UTC(2026, 0, 5, 12);
  readonly store = new SqliteStore();
  wallet: Wallet;
  readonly members: WalletMember[];
  /** Calls to the wallet by members that asked. */
  syncs = 0;
  /** Calls by the wallet to members. */
  recalls = 0;
  #entries = 0;

  constructor(members: number) {
    this.wallet = new Wallet(this.store, () => this.nowMs);
    this.members = Array.from({ length: members }, (_, i) => new WalletMember(`mem_${i}`));
  }

  /** A new object on the same disk, as after a crash, a deploy or ten idle seconds. */
  restart(): void {
    this.wallet = new Wallet(this.store, () => this.nowMs);
  }

  member(i: number): WalletMember {
    const member = this.members[i % this.members.length];
    if (!member) throw new Error('no members');
    return member;
  }

  post(kind: EntryKind, amount: number, id = `entry-${++this.#entries}`) {
    return this.wallet.post({ id, kind, amount: nanos(amount), atMs: this.nowMs });
  }

  /** The whole exchange over a network that loses nothing: recall as far as needed, then the answer. */
  sync(member: WalletMember, want: number): Lease {
    this.syncs += 1;
    const message = member.message(want);
    this.#recall((asked) => this.wallet.recallsFor(message, asked));
    const answer = this.wallet.sync(message);
    member.hear(answer);
    return answer;
  }

  /** What the object does after a refund. */
  recallDebt(): void {
    this.#recall((asked) => this.wallet.recallsForDebt(asked));
  }

  #recall(whom: (asked: ReadonlySet<string>) => Recall[]): void {
    const asked = new Set<string>();
    for (let recalls = whom(asked); recalls.length > 0; recalls = whom(asked)) {
      for (const recall of recalls) {
        if (asked.has(recall.memberId)) throw new Error(`${recall.memberId} is asked twice`);
        asked.add(recall.memberId);
        this.recalls += 1;
        this.wallet.sync(this.byId(recall.memberId).returnLease(recall));
      }
    }
  }

  /** Admits a request as the member's object does: asks where it must, twice at most, and ahead where it runs low. */
  request(member: WalletMember, amount: number): boolean {
    for (let tries = 0; tries < 2 && member.wanting(amount) > 0; tries++) this.sync(member, member.wanting(amount));
    if (!member.hold(amount)) return false;
    if (member.runsLow(amount)) this.sync(member, amount);
    return true;
  }

  status() {
    const { balance, lent, available } = this.wallet.status();
    return { balance: Number(balance), lent: Number(lent), available: Number(available) };
  }

  /** The sum of granted - returned, which must never pass the credits. */
  out(): number {
    return (
      this.store.exec<{ out: number }>('SELECT coalesce(sum(granted - returned), 0) AS out FROM accounts')[0]?.out ?? 0
    );
  }

  /** The wallet's side of a member's lease, as it would tell it. */
  walletSide(member: WalletMember): Omit<Lease, 'balance'> {
    const [row] = this.store.exec<{ granted: number; returned: number; spent: number; reversed: number; ask: number }>(
      'SELECT granted, returned, spent, reversed, ask FROM accounts WHERE member_id = ?',
      member.id,
    );
    if (!row) return { granted: ZERO, returned: ZERO, spent: ZERO, reversed: ZERO, ask: 0 };
    const { granted, returned, spent, reversed, ask } = row;
    return { granted: nanos(granted), returned: nanos(returned), spent: nanos(spent), reversed: nanos(reversed), ask };
  }

  byId(id: string): WalletMember {
    const member = this.members.find((candidate) => candidate.id === id);
    if (!member) throw new Error(`no member ${id}`);
    return member;
  }
}
