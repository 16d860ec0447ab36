/**
 * The anchor of one organization's audit log, hosted by the AuditAnchor object: where the chain begins and how far it
 * was seen to reach, kept where nobody gets at it who can edit D1.
 *
 * Neither ever goes back (but for the operator's word that D1 was restored: `restart`), and both are moved only along entries that were checked from where they stood, the anchored
 * entry itself included: so a chain that was cut, forked or rewritten behind the anchor is never anchored, however well
 * its hashes fit. What is wrong stays wrong until somebody has looked into it; only entries are never refused for it.
 */
import { LIMITS } from '../limits.ts';
import { ChainCheck, type Flaw, type Head, isSame, NO_ENTRIES, type SealedEntry } from './chain.ts';
import { type Restoration, restorationIn } from './restoration.ts';

export interface Anchored {
  /** The last entry that was pruned; the oldest kept one names its hash. */
  beginning: Head;
  head: Head;
  /** Why the head went back, each time that it did. */
  restorations: Restoration[];
}

/** All that the anchor remembers. */
export interface Kept extends Omit<Anchored, 'restorations'> {
  restorations?: Restoration[];
  /** The flaw that was last reported, and when. */
  alarm?: { n: number; kind: string; atMs: number };
}

export interface AnchorStore {
  read(): Kept | null;
  write(kept: Kept): void;
}

/** At most `limit` entries with numbers above `after`, oldest first, as D1 has them now. */
type ReadEntries = (after: number, limit: number) => Promise<SealedEntry[]>;

export interface Moved {
  anchored: Anchored;
  /** What kept it from moving on. */
  flaw: Flaw | null;
  /** Whether the flaw is news, or has not been told for a day. */
  alarm: boolean;
}

export class Anchor {
  readonly #store: AnchorStore;
  readonly #clock: () => number;

  constructor(store: AnchorStore, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  view(): Anchored {
    const { beginning, head, restorations = [] } = this.#kept();
    return { beginning, head, restorations };
  }

  /** Moves the head to the newest entry that follows from it. */
  async advance(read: ReadEntries): Promise<Moved> {
    for (;;) {
      const { head } = this.view();
      const page = await read(Math.max(0, head.n - 1), LIMITS.auditPageRows);
      // Another call may have moved it while D1 was asked.
      if (this.view().head.n !== head.n) continue;
      const check = new ChainCheck(beforeAnchored(head, page[0]), head);
      const flaw = firstFlaw(check, page) ?? check.end();
      if (check.head.n > head.n) this.#keep({ head: check.head });
      if (flaw || page.length < LIMITS.auditPageRows) return this.#moved(flaw);
    }
  }

  /** Moves the beginning past entries made before `beforeMs`, some at a time, and never to the anchored head itself. */
  async prune(read: ReadEntries, beforeMs: number): Promise<Moved> {
    const { beginning } = this.view();
    const page = await read(beginning.n, LIMITS.pruneRowsMax);
    const { beginning: still, head } = this.view();
    if (still.n !== beginning.n) return this.#moved(null);
    const kept = page.findIndex(({ n, at }) => n >= head.n || !(Date.parse(at) < beforeMs));
    const check = new ChainCheck(beginning, head);
    const flaw = firstFlaw(check, kept === -1 ? page : page.slice(0, kept));
    // Nothing is pruned out of a part in which something is wrong: it may be what shows what.
    if (!flaw && check.head.n > beginning.n) this.#keep({ beginning: check.head });
    return this.#moved(flaw);
  }

  /**
   * Begins again at the newest entry, if one of those before says that D1 was restored and names what is anchored here; the only
   * way in which the head goes back. The whole chain must be good. True once that is so, also when it is asked again.
   */
  async restart(read: ReadEntries): Promise<boolean> {
    const { beginning, head, restorations } = this.view();
    const known = (told: Restoration) => restorations.some(({ entry }) => entry === told.entry);
    const check = new ChainCheck(beginning);
    let told: Restoration | undefined;
    for (let more = true; more; ) {
      const page = await read(check.head.n, LIMITS.auditPageRows);
      if (firstFlaw(check, page)) return false;
      const here = page.flatMap((entry) => restorationIn(entry) ?? []);
      told = here.findLast((one) => known(one) || isSame(one.anchoredHead, head)) ?? told;
      more = page.length === LIMITS.auditPageRows;
    }
    if (!told) return false;
    if (known(told)) return true;
    // Another call may have moved it while D1 was asked.
    if (!isSame(this.view().head, head)) return false;
    this.#store.write({ beginning, head: check.head, restorations: [...restorations, told] });
    return true;
  }

  #moved(flaw: Flaw | null): Moved {
    return { anchored: this.view(), flaw, alarm: flaw !== null && this.#isNews(flaw) };
  }

  #isNews({ n, kind }: Flaw): boolean {
    const nowMs = this.#clock();
    const { alarm } = this.#kept();
    const told = alarm?.n === n && alarm.kind === kind && nowMs - alarm.atMs < LIMITS.auditReminderMs;
    if (!told) this.#keep({ alarm: { n, kind, atMs: nowMs } });
    return !told;
  }

  #kept(): Kept {
    return this.#store.read() ?? { beginning: NO_ENTRIES, head: NO_ENTRIES };
  }

  #keep(changed: Partial<Kept>): void {
    const before = this.#kept();
    const after = { ...before, ...changed };
    if (after.head.n < before.head.n || after.beginning.n < before.beginning.n || after.beginning.n > after.head.n) {
      throw new Error(`an anchor cannot go from ${JSON.stringify(before)} to ${JSON.stringify(after)}`);
    }
    this.#store.write(after);
  }
}

/**
 * Where to check from so that the anchored entry is the first to be checked. Its own previous hash is taken for granted:
 * that it is the true one follows from the hash that is anchored.
 */
function beforeAnchored(head: Head, first: SealedEntry | undefined): Head {
  return head.n === 0 ? NO_ENTRIES : { n: head.n - 1, hash: first?.previousHash ?? NO_ENTRIES.hash };
}

/** The first flaw among these entries, which `check` takes in turn. */
export function firstFlaw(check: ChainCheck, entries: readonly SealedEntry[]): Flaw | null {
  for (const entry of entries) {
    const flaw = check.next(entry);
    if (flaw) return flaw;
  }
  return null;
}
