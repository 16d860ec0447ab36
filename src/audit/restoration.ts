/**
 * How an audit log tells that D1 was restored to an earlier time: by an entry of the operator that states two heads, the one
 * that was anchored and the one that D1 was left with. Without it a log that lacks what was anchored is cut, for ever.
 */
import type { Fields, Head, SealedEntry } from './chain.ts';
import { parseHead, showHead } from './verify-lines.ts';

export interface Restoration {
  /** When it was told, ISO 8601 UTC, and the number of the entry that tells it. */
  at: string;
  entry: number;
  /** The instant that D1 was restored to. */
  restoredTo: string;
  /** What had been anchored, and is not in the log any more. */
  anchoredHead: Head;
  /** What the log had come to when that was told. */
  head: Head;
  /** The first of the anchored entries that are gone. */
  firstLost: number;
  entriesLost: number;
}

/** What the entry says. */
export function toldOf({ anchoredHead, head, restoredTo, firstLost, entriesLost }: Omit<Restoration, 'at' | 'entry'>): {
  before: Fields;
  after: Fields;
} {
  return {
    before: { head: showHead(anchoredHead) },
    after: { head: showHead(head), restoredTo, firstLost, entriesLost },
  };
}

/** What an entry tells of a restoration; null where it tells none, or does not follow from the head that it states. */
export function restorationIn(entry: SealedEntry): Restoration | null {
  if (entry.action !== 'database.restored' || entry.actor.kind !== 'operator') return null;
  const anchoredHead = parseHead(String(entry.before?.head));
  const head = parseHead(String(entry.after?.head));
  if (!anchoredHead || !head || head.n !== entry.n - 1 || head.hash !== entry.previousHash) return null;
  return {
    at: entry.at,
    entry: entry.n,
    restoredTo: String(entry.after?.restoredTo),
    anchoredHead,
    head,
    firstLost: Number(entry.after?.firstLost),
    entriesLost: Number(entry.after?.entriesLost),
  };
}
