/**
 * The wallet's SQL: what an organization's object keeps on disk, and every statement that reads or writes it. No
 * decisions.
 *
 * Sums over all members or entries are made in SQL, in 64-bit integers: what an organization ever paid may pass the
 * largest safe integer of JavaScript (9 million USD), what it has left does not, or the read throws.
 */
import { type Nanos, nanos } from '../money/nanos.ts';
import type { Lease } from './lease.ts';
import { migrate } from './migrate.ts';
import type { Store } from './store.ts';

const MIGRATIONS = [
  `
  CREATE TABLE entries (
    n INTEGER PRIMARY KEY,             -- the order in which they came
    id TEXT NOT NULL UNIQUE,           -- the caller's
    kind TEXT NOT NULL,                -- top_up, refund
    amount INTEGER NOT NULL,           -- nanodollars: a top-up above 0, a refund below
    credits INTEGER NOT NULL,          -- nanodollars posted up to and with this entry
    at INTEGER NOT NULL                -- epoch ms
  );
  CREATE TABLE accounts (
    member_id TEXT PRIMARY KEY,
    granted INTEGER NOT NULL,          -- nanodollars since ever, as the next three
    returned INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    reversed INTEGER NOT NULL,
    ask INTEGER NOT NULL,              -- the newest ask that was answered
    lately INTEGER NOT NULL,           -- nanodollars spent in the minute up to active_at: sizes leases
    active_at INTEGER NOT NULL         -- epoch ms: when last heard to have spent or asked
  ) WITHOUT ROWID;
  `,
];

const UNSPENT = '(granted - returned - spent + reversed)';

export type EntryKind = 'top_up' | 'refund';

export interface EntryRow {
  id: string;
  kind: EntryKind;
  /** Below 0 for a refund. */
  amount: Nanos;
  /** All that was posted up to and with this entry. */
  credits: bigint;
  atMs: number;
}

export type Posted = { entries: number; credits: string };
export type PostedEntry = { n: number; id: string; amount: number };

/** The wallet's side of one member's lease. */
export interface Account extends Omit<Lease, 'balance'> {
  memberId: string;
  lately: Nanos;
  activeAtMs: number;
}

export interface Sums {
  /** Credits less what members are known to have spent. Below 0 after overruns or refunds beyond the credits. */
  balance: Nanos;
  /** What members may spend still without asking. */
  lent: Nanos;
}

type AccountColumns = {
  member_id: string;
  granted: number;
  returned: number;
  spent: number;
  reversed: number;
  ask: number;
  lately: number;
  active_at: number;
};

export class WalletTables {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    migrate(store, MIGRATIONS);
  }

  transaction<T>(work: () => T): T {
    return this.#store.transaction(work);
  }

  readSums(): Sums {
    const [row] = this.#store.exec<{ balance: number; lent: number }>(
      `SELECT
         coalesce((SELECT credits FROM entries ORDER BY n DESC LIMIT 1), 0) - coalesce(sum(spent - reversed), 0) AS balance,
         coalesce(sum(max(0, ${UNSPENT})), 0) AS lent
       FROM accounts`,
    );
    if (!row) throw new Error('an aggregate without a row');
    return { balance: nanos(row.balance), lent: nanos(row.lent) };
  }

  readAccount(memberId: string): Account | null {
    const [row] = this.#store.exec<AccountColumns>('SELECT * FROM accounts WHERE member_id = ?', memberId);
    return row ? toAccount(row) : null;
  }

  /** The members that have something unspent, most first. */
  readLeases(): Account[] {
    return this.#store
      .exec<AccountColumns>(`SELECT * FROM accounts WHERE ${UNSPENT} > 0 ORDER BY ${UNSPENT} DESC, member_id`)
      .map(toAccount);
  }

  /** How many members but this one have something unspent and were active after `sinceMs`. */
  countLeases(exceptMemberId: string, sinceMs: number): number {
    const [row] = this.#store.exec<{ leases: number }>(
      `SELECT count(*) AS leases FROM accounts WHERE ${UNSPENT} > 0 AND active_at > ? AND member_id <> ?`,
      sinceMs,
      exceptMemberId,
    );
    return row?.leases ?? 0;
  }

  writeAccount(account: Account): void {
    this.#store.exec(
      `INSERT INTO accounts (member_id, granted, returned, spent, reversed, ask, lately, active_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         granted = excluded.granted,
         returned = excluded.returned,
         spent = excluded.spent,
         reversed = excluded.reversed,
         ask = excluded.ask,
         lately = excluded.lately,
         active_at = excluded.active_at`,
      account.memberId,
      account.granted,
      account.returned,
      account.spent,
      account.reversed,
      account.ask,
      account.lately,
      account.activeAtMs,
    );
  }

  /** Grants every member that overspent its lease what it overspent. */
  coverDeficits(): void {
    this.#store.exec(`UPDATE accounts SET granted = returned + spent - reversed WHERE ${UNSPENT} < 0`);
  }

  readEntry(id: string): EntryRow | null {
    return this.#entries('WHERE id = ?', id)[0] ?? null;
  }

  /** The newest entries, newest first. */
  readEntries(rowsMax: number): EntryRow[] {
    return this.#entries('ORDER BY n DESC LIMIT ?', rowsMax);
  }

  /** All that was posted: how many entries, and what they come to (which may be more than a number holds). */
  readPosted(): Posted {
    const [row] = this.#store.exec<Posted>(
      `SELECT count(*) AS entries, CAST(coalesce(sum(amount), 0) AS TEXT) AS credits FROM entries`,
    );
    if (!row) throw new Error('an aggregate without a row');
    return row;
  }

  /** So many entries after number `n`, oldest first. */
  readEntriesAfter(n: number, rowsMax: number): PostedEntry[] {
    return this.#store.exec<PostedEntry>(
      'SELECT n, id, amount FROM entries WHERE n > ? ORDER BY n LIMIT ?',
      n,
      rowsMax,
    );
  }

  writeEntry({ id, kind, amount, atMs }: Omit<EntryRow, 'credits'>): void {
    // The amount is cast because a number may be bound as a real, and reals would round a large sum.
    this.#store.exec(
      `INSERT INTO entries (id, kind, amount, credits, at)
       SELECT ?1, ?2, ?3, coalesce((SELECT credits FROM entries ORDER BY n DESC LIMIT 1), 0) + CAST(?3 AS INTEGER), ?4`,
      id,
      kind,
      amount,
      atMs,
    );
  }

  #entries(which: string, binding: string | number): EntryRow[] {
    return this.#store
      .exec<{ id: string; kind: EntryKind; amount: number; credits: string; at: number }>(
        `SELECT id, kind, amount, CAST(credits AS TEXT) AS credits, at FROM entries ${which}`,
        binding,
      )
      .map(({ at, ...row }) => ({ ...row, amount: nanos(row.amount), credits: BigInt(row.credits), atMs: at }));
  }
}

function toAccount(row: AccountColumns): Account {
  return {
    memberId: row.member_id,
    granted: nanos(row.granted),
    returned: nanos(row.returned),
    spent: nanos(row.spent),
    reversed: nanos(row.reversed),
    ask: row.ask,
    lately: nanos(row.lately),
    activeAtMs: row.active_at,
  };
}
