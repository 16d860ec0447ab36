/**
 * The wallet of one organization: what was paid in, and what of it is out with whom. The members' side, and why a message
 * may be lost or repeated, is lease.ts.
 *
 * It owns the tables of wallet-tables.ts and is called by the organization's object, one call at a time. Every public
 * method is synchronous, one transaction, and idempotent. Three sums decide:
 *
 *     balance = credits posted - spent        lent = what leases leave unspent        free = balance - lent
 *
 * Only what is free is lent, so all that members may have spent without our knowledge is covered by credits (invariant 7).
 * What a member overspent (an overrun beyond its lease) is counted in the balance at once and thus comes before any
 * lending. Overruns and refunds may take `free` below 0: then nothing is lent until it recovers. No lease ends by the
 * wallet's clock: money comes back only when a member says that it gave it back.
 */
import { LIMITS, MINUTE_MS } from '../limits.ts';
import { addNanos, type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { type Lease, type Recall, type SyncMessage, unspent } from './lease.ts';
import type { Clock, Store } from './store.ts';
import {
  type Account,
  type EntryKind,
  type EntryRow,
  type Posted,
  type PostedEntry,
  type Sums,
  WalletTables,
} from './wallet-tables.ts';

export interface Entry {
  /** The caller's: posting it again changes nothing. */
  id: string;
  kind: EntryKind;
  /** Above 0 for either kind. */
  amount: Nanos;
  atMs: number;
}

/**
 * `known`: it was posted before. Nothing was posted: `conflict`, the id stands for another kind or amount; `too_large`, the
 * balance could not be counted exactly any more (9 million USD).
 */
export type Posting = 'posted' | 'known' | 'conflict' | 'too_large';

/** Who was asked before for the same purpose, and the `returnTo` of the last recall. */
export type Asked = ReadonlyMap<string, Nanos>;

export interface WalletStatus extends Sums {
  /** What could be lent now. */
  available: Nanos;
  /** The newest entries, newest first. */
  entries: EntryRow[];
}

export class Wallet {
  readonly #tables: WalletTables;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#tables = new WalletTables(store);
    this.#clock = clock;
  }

  /**
   * Takes a member's totals, and where it asks with a number not yet answered, lends: what it lacks and something ahead,
   * or what there is. Asking again with the same number only tells the totals again.
   */
  sync(message: SyncMessage): Lease {
    return this.#tables.transaction(() => {
      const account = this.#hear(message);
      const { balance, lent } = this.#tables.readSums();
      if (message.ask > account.ask) {
        const size = this.#leaseSize(account, lacking(account, message), balance);
        account.ask = message.ask;
        account.granted = addNanos(account.granted, nanos(Math.max(0, Math.min(size, balance - lent))));
        this.#tables.writeAccount(account);
      }
      return leaseOf(account, balance);
    });
  }

  /**
   * Whom to ask to give back how much, largest lease first, so that `message` can be answered with all that it wants; nobody
   * where it can be already.
   */
  recallsFor(message: SyncMessage, asked: Asked): Recall[] {
    return this.#tables.transaction(() => {
      const account = this.#hear(message);
      const { balance, lent } = this.#tables.readSums();
      const lacks = lacking(account, message);
      if (message.ask <= account.ask || lacks <= Math.max(0, balance - lent)) return [];
      // Once others must be asked at all, for as much as to last: not again for the next request.
      const size = this.#leaseSize(account, lacks, balance);
      return this.#recalls(size - (balance - lent), balance, asked, message.memberId);
    });
  }

  /** Whom to ask to give back how much so that no more is lent than there is: after a refund of what was out already. */
  recallsForDebt(asked: Asked): Recall[] {
    const { balance, lent } = this.#tables.readSums();
    return this.#recalls(lent - balance, balance, asked);
  }

  /** Recalls of nothing, to the members with most to spend: they answer with what they have spent by now. */
  questions(): Recall[] {
    const { balance } = this.#tables.readSums();
    return this.#tables
      .readLeases()
      .slice(0, LIMITS.walletQuestionsMax)
      .map((account) => recallOf(account, account.returned, balance));
  }

  /** Posts money in or out. A refund is always taken, because it has happened: it may leave the balance below 0. */
  post(entry: Entry): Posting {
    if (entry.amount <= 0) throw new RangeError(`entry ${entry.id} has the amount ${entry.amount}`);
    const amount = nanos(entry.kind === 'top_up' ? entry.amount : -entry.amount);
    return this.#tables.transaction(() => {
      const known = this.#tables.readEntry(entry.id);
      if (known) return known.kind === entry.kind && known.amount === amount ? 'known' : 'conflict';
      if (!Number.isSafeInteger(this.#tables.readSums().balance + amount)) return 'too_large';
      this.#tables.writeEntry({ ...entry, amount });
      this.#coverDeficits();
      return 'posted';
    });
  }

  /** For who holds the wallet against its transactions: what its entries come to, and the entries after number `n`. */
  posted(): Posted {
    return this.#tables.readPosted();
  }

  entriesAfter(n: number): PostedEntry[] {
    return this.#tables.readEntriesAfter(n, LIMITS.walletEntriesPage);
  }

  status(): WalletStatus {
    const { balance, lent } = this.#tables.readSums();
    const available = nanos(Math.max(0, balance - lent));
    return { balance, lent, available, entries: this.#tables.readEntries(LIMITS.walletEntriesMax) };
  }

  /** Takes the maximum of each total, and covers what was overspent. */
  #hear(said: SyncMessage): Account {
    const now = this.#clock();
    const known = this.#tables.readAccount(said.memberId) ?? newAccount(said.memberId, now);
    const account: Account = {
      ...known,
      spent: max(known.spent, said.spent),
      reversed: max(known.reversed, said.reversed),
      returned: max(known.returned, said.returned),
    };
    if (account.returned > account.granted) {
      throw new Error(`${said.memberId} returned ${account.returned} of ${account.granted} ever granted`);
    }
    const spentNow = Math.max(0, account.spent - known.spent);
    if (spentNow > 0 || said.ask > known.ask) Object.assign(account, activity(known, spentNow, now));
    this.#tables.writeAccount(account);
    this.#coverDeficits();
    return this.#tables.readAccount(said.memberId) ?? account;
  }

  /** What was overspent is granted once there are credits for all of it: until then it keeps `free` below 0. */
  #coverDeficits(): void {
    const { balance, lent } = this.#tables.readSums();
    if (balance >= lent) this.#tables.coverDeficits();
  }

  /**
   * What is lacking, and ahead of need what the member spends in a minute or takes for LIMITS.leaseRequests like this one,
   * but at most a share of the balance. So a busy member asks about once a minute, a slow one once in many requests,
   * and near zero everyone gets exactly what it asks.
   */
  #leaseSize(account: Account, lacks: Nanos, balance: Nanos): Nanos {
    if (lacks === 0) return ZERO;
    const leases = 1 + this.#tables.countLeases(account.memberId, this.#clock() - LIMITS.leaseActiveMs);
    const share = Math.floor(Math.max(0, balance) / (LIMITS.leaseShare * leases));
    const ahead = Math.max(account.lately, lacks * LIMITS.leaseRequests);
    return addNanos(lacks, nanos(Math.min(ahead, share)));
  }

  #recalls(wanted: number, balance: Nanos, asked: Asked, exceptMemberId?: string): Recall[] {
    const recalls: Recall[] = [];
    let missing = wanted;
    for (const account of this.#tables.readLeases()) {
      if (missing <= 0) break;
      // Who did not give all that it was asked for holds the rest, or did not answer.
      const gaveAll = account.returned >= (asked.get(account.memberId) ?? ZERO);
      if (account.memberId === exceptMemberId || !gaveAll) continue;
      const back = nanos(Math.min(missing, unspent(account)));
      recalls.push(recallOf(account, addNanos(account.returned, back), balance));
      missing -= back;
    }
    return recalls;
  }
}

function newAccount(memberId: string, nowMs: number): Account {
  return {
    memberId,
    granted: ZERO,
    returned: ZERO,
    spent: ZERO,
    reversed: ZERO,
    ask: 0,
    lately: ZERO,
    activeAtMs: nowMs,
  };
}

/**
 * About what a member spent in the minute up to now: of what was known, the part that is younger than a minute, and what
 * came since. An estimate that sizes leases; nothing is charged by it.
 */
function activity(known: Account, spentNow: number, nowMs: number): Pick<Account, 'lately' | 'activeAtMs'> {
  const sinceMs = Math.max(0, nowMs - known.activeAtMs);
  const still = Math.max(0, 1 - sinceMs / MINUTE_MS);
  const came = Math.min(1, MINUTE_MS / Math.max(1, sinceMs));
  return {
    lately: nanos(Math.floor(known.lately * still + spentNow * came)),
    activeAtMs: Math.max(known.activeAtMs, nowMs),
  };
}

/** What a member lacks of what it wants. What it overspent is covered before, so that is not lent once more. */
function lacking(account: Account, { memberId, want }: SyncMessage): Nanos {
  if (want < 0) throw new RangeError(`${memberId} wants ${want}`);
  return nanos(Math.max(0, want - Math.max(0, unspent(account))));
}

function leaseOf({ granted, returned, spent, reversed, ask }: Account, balance: Nanos): Lease {
  return { granted, returned, spent, reversed, ask, balance };
}

function recallOf(account: Account, returnTo: Nanos, balance: Nanos): Recall {
  return { memberId: account.memberId, returnTo, ...leaseOf(account, balance) };
}

function max(a: Nanos, b: Nanos): Nanos {
  return a > b ? a : b;
}
