/**
 * A wallet over SQLite and the ledgers of its members, each over its own: the real cores, with nothing between them but
 * `carry`, which here is a network that loses nothing. One clock for all, and short words for what tests do with them.
 */
import { CreditLine } from '../../src/budgets/credit-line.ts';
import {
  available,
  type Lease,
  type MemberLease,
  type Recall,
  type SyncMessage,
  syncMessage,
  unspent,
} from '../../src/budgets/lease.ts';
import type { Admission } from '../../src/budgets/protocol.ts';
import { type Asked, Wallet } from '../../src/budgets/wallet.ts';
import type { EntryKind } from '../../src/budgets/wallet-tables.ts';
import { type Nanos, nanos, ZERO } from '../../src/money/nanos.ts';
import { LedgerWorld } from './ledger-world.ts';
import { SqliteStore } from './sqlite-store.ts';

type Carry = (message: SyncMessage, from: WalletMember) => Promise<Lease>;

/** A member of a metered organization. */
export class WalletMember extends LedgerWorld {
  readonly id: string;
  /** What it has in flight, oldest first. */
  readonly holds: { id: string; amount: number }[] = [];
  line: CreditLine;
  readonly #carry: Carry;

  constructor(id: string, carry: Carry) {
    super({ memberId: id, metered: true });
    this.id = id;
    this.#carry = carry;
    this.line = this.#newLine();
  }

  override restart(): void {
    super.restart();
    this.line = this.#newLine();
  }

  #newLine(): CreditLine {
    return new CreditLine(
      this.ledger,
      (message) => this.#carry(message, this),
      () => this.nowMs,
    );
  }

  get lease(): MemberLease {
    return this.ledger.credit.lease();
  }

  get held(): number {
    return this.member().held;
  }

  get unspent(): number {
    return unspent(this.lease);
  }

  get available(): number {
    return available(this.lease, nanos(this.held));
  }

  /** What the wallet was charged. */
  get net(): number {
    return this.lease.spent - this.lease.reversed;
  }

  /** What it would tell the wallet; a `want` above 0 asks. */
  message(want = 0): SyncMessage {
    return syncMessage(this.lease, this.id, want > 0 ? this.lease.ask + 1 : null, nanos(want));
  }

  /** Sets `amount` aside where the lease has it. */
  take(amount: number): boolean {
    const admission = this.ledger.authorize(this.request(amount));
    return !('lacks' in admission) && this.#took(admission, amount);
  }

  /** The same as a member's object does it: asks the wallet where it must, and ahead of need. */
  async ask(amount: number): Promise<boolean> {
    const request = this.request(amount);
    let admission = this.ledger.authorize(request);
    if ('lacks' in admission) {
      admission = await this.line.wait(admission.lacks, (wallet) => this.ledger.authorize(request, wallet));
    }
    if (admission.granted) this.line.lookAhead(nanos(amount), request.about);
    return this.#took(admission, amount);
  }

  #took(admission: Admission, amount: number): boolean {
    this.keepTicket(admission);
    if (admission.granted) this.holds.push({ id: admission.ticket.attemptId, amount });
    return admission.granted;
  }

  /** Settles one of the holds at what it cost, which a provider may have made more than was held. */
  pay(cost: number, which = 0): void {
    const [hold] = this.holds.splice(which % Math.max(1, this.holds.length), 1);
    if (hold) this.settle(hold.id, cost);
  }

  /** Frees all holds. */
  letGo(): void {
    for (const { id } of this.holds.splice(0)) this.release(id);
  }

  /** Answers a recall. */
  returnLease(recall: Recall): SyncMessage {
    return this.line.returnLease(recall);
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
    this.wallet = this.#newWallet();
    this.members = Array.from(
      { length: members },
      (_, i) => new WalletMember(`mem_${i}`, (message, from) => this.carry(message, from)),
    );
  }

  #newWallet(): Wallet {
    return new Wallet(this.store, () => this.nowMs);
  }

  /** A new object on the same disk, as after a crash, a deploy or ten idle seconds. */
  restart(): void {
    this.wallet = this.#newWallet();
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const member of this.members) member.pass(ms);
  }

  member(i: number): WalletMember {
    const member = this.members[i % this.members.length];
    if (!member) throw new Error('no members');
    return member;
  }

  post(kind: EntryKind, amount: number, id = `entry-${++this.#entries}`) {
    return this.wallet.post({ id, kind, amount: nanos(amount), atMs: this.nowMs });
  }

  /** What becomes of a member's message: answered at once, after a recall where that is needed. */
  async carry(message: SyncMessage, _from: WalletMember): Promise<Lease> {
    this.syncs += 1;
    this.#recall((asked) => this.wallet.recallsFor(message, asked));
    return this.wallet.sync(message);
  }

  /** A member tells its totals, and hears the wallet's. */
  tell(member: WalletMember): void {
    this.lend(member, 0);
  }

  /** A member asks to have `want` unspent, whatever it needs it for, and hears the answer. */
  lend(member: WalletMember, want: number): Lease {
    const message = member.message(want);
    this.#recall((asked) => this.wallet.recallsFor(message, asked));
    const { granted } = this.walletSide(member);
    const said = this.wallet.sync(message);
    this.hears(member, said, granted);
    return said;
  }

  /** `_grantedBefore`: what the wallet had granted when it last spoke. */
  hears(member: WalletMember, said: Lease, _grantedBefore: number): void {
    member.ledger.credit.hear(said);
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
