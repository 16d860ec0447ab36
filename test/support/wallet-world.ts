/** A wallet over SQLite with members beside it, a clock of its own, and short words for what tests do with them. */
import type { Lease, Recall } from '../../src/budgets/lease.ts';
import { type Asked, Wallet } from '../../src/budgets/wallet.ts';
import type { EntryKind } from '../../src/budgets/wallet-tables.ts';
import { type Nanos, nanos, ZERO } from '../../src/money/nanos.ts';
import { SqliteStore } from './sqlite-store.ts';
import { WalletMember } from './wallet-member.ts';

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

  #recall(whom: (asked: Asked) => Recall[]): void {
    const asked = new Map<string, Nanos>();
    let rounds = 0;
    for (let recalls = whom(asked); recalls.length > 0; recalls = whom(asked)) {
      if (++rounds > 100) throw new Error('recalls without end');
      for (const recall of recalls) {
        asked.set(recall.memberId, recall.returnTo);
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
