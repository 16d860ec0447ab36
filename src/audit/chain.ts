/**
 * The chain of one organization's audit entries, and the check that finds whatever was done to it.
 *
 * An entry's hash is the SHA-256 (hex) of its line in the JSONL export without the hash itself: the line's UTF-8 with
 * `,"hash":"…"` taken out before the last brace. The line carries the hash of the entry before, so an entry vouches for
 * all before it, and who knows the newest hash can tell whether anything of the past was edited, removed or reordered.
 * Entries count from 1 without a gap; the first one's previous hash is 64 zeros.
 *
 * Knows no platform: it runs in the Worker, in the object that anchors heads, and in the offline script.
 */
import { createHash } from 'node:crypto';

/** What a change is told by: names of fields and their values. */
export type Fields = { [field: string]: unknown };

export interface Entry {
  organizationId: string;
  n: number;
  /** ISO 8601 UTC; never before that of the entry before. */
  at: string;
  actor: {
    kind: string;
    /** The user or master key; null for the operator. */
    id: string | null;
    memberId: string | null;
    sessionId: string | null;
  };
  action: string;
  target: { kind: string; id: string };
  before: Fields | null;
  after: Fields | null;
  from: { ip: string | null; userAgent: string | null; requestId: string | null };
  previousHash: string;
}

export type SealedEntry = Entry & { hash: string };

/** A place in a chain: the entry with this number has this hash, and so has everything before it. */
export interface Head {
  n: number;
  hash: string;
}

export function isSame(a: Head, b: Head): boolean {
  return a.n === b.n && a.hash === b.hash;
}

/** Where every chain begins. */
export const NO_ENTRIES: Head = { n: 0, hash: '0'.repeat(64) };

export function seal(entry: Entry): SealedEntry {
  const unsealed = ordered(entry);
  return { ...unsealed, hash: createHash('sha256').update(JSON.stringify(unsealed)).digest('hex') };
}

/** The order of the keys is part of the format: JSON.stringify writes them as they stand. */
function ordered({ actor, target, from, ...entry }: Entry): Entry {
  return {
    organizationId: entry.organizationId,
    n: entry.n,
    at: entry.at,
    actor: { kind: actor.kind, id: actor.id, memberId: actor.memberId, sessionId: actor.sessionId },
    action: entry.action,
    target: { kind: target.kind, id: target.id },
    before: entry.before,
    after: entry.after,
    from: { ip: from.ip, userAgent: from.userAgent, requestId: from.requestId },
    previousHash: entry.previousHash,
  };
}

/** The entry as one row of a table: by name and in this order the columns of the CSV export, and those of D1, where `at` is epoch ms. */
export function cellsOf({ actor, target, from, ...entry }: SealedEntry) {
  return {
    organizationId: entry.organizationId,
    n: entry.n,
    at: entry.at,
    actorKind: actor.kind,
    actorId: actor.id,
    memberId: actor.memberId,
    sessionId: actor.sessionId,
    action: entry.action,
    targetKind: target.kind,
    targetId: target.id,
    before: entry.before && JSON.stringify(entry.before),
    after: entry.after && JSON.stringify(entry.after),
    ip: from.ip,
    userAgent: from.userAgent,
    requestId: from.requestId,
    previousHash: entry.previousHash,
    hash: entry.hash,
  };
}

/** The entry as a line of the export. */
export function lineOf(entry: SealedEntry): string {
  return JSON.stringify({ ...ordered(entry), hash: entry.hash });
}

/** The entry that a line of an export tells, or null where no export writes such a line. */
export function entryOf(line: string): SealedEntry | null {
  try {
    const entry = JSON.parse(line) as SealedEntry;
    // Byte for byte, also what no hash covers: a field too many, another order.
    return lineOf(entry) === line ? entry : null;
  } catch {
    return null;
  }
}

export const FLAW_KINDS = ['edited', 'missing', 'out_of_order', 'unlinked', 'rewritten', 'cut'] as const;

type FlawKind = (typeof FLAW_KINDS)[number];

/** What is wrong, and the number of the first entry that it is wrong at. */
export interface Flaw {
  n: number;
  kind: FlawKind;
  message: string;
}

/** Takes entries in the order of their numbers and tells the first flaw. After one it is of no further use. */
export class ChainCheck {
  readonly #anchored: Head;
  #last: Head;

  /** The chain is checked from behind `beginning`; it must pass through `anchored`, if that lies ahead. */
  constructor(beginning: Head, anchored: Head = NO_ENTRIES) {
    this.#last = beginning;
    this.#anchored = anchored;
  }

  /** The last entry that was found good. */
  get head(): Head {
    return this.#last;
  }

  next(entry: SealedEntry): Flaw | null {
    const expected = this.#last.n + 1;
    if (!(entry.n <= expected)) {
      return flaw('missing', expected, `Entry ${expected} is missing: after entry ${this.#last.n} comes ${entry.n}.`);
    }
    if (entry.n !== expected) {
      return flaw('out_of_order', expected, `Entry ${entry.n} stands where entry ${expected} belongs.`);
    }
    if (seal(entry).hash !== entry.hash) {
      return flaw('edited', entry.n, `Entry ${entry.n} was edited: its hash is not that of what it says.`);
    }
    if (entry.previousHash !== this.#last.hash) {
      const message = `Entry ${entry.n} does not follow from what stands before it: one of the two was rewritten.`;
      return flaw('unlinked', entry.n, message);
    }
    if (entry.n === this.#anchored.n && entry.hash !== this.#anchored.hash) {
      const message = `Entry ${entry.n} is not the one that was anchored: it or entries before it were rewritten.`;
      return flaw('rewritten', entry.n, message);
    }
    this.#last = { n: entry.n, hash: entry.hash };
    return null;
  }

  /** No entry is left: whether the chain has come as far as it was anchored. */
  end(): Flaw | null {
    if (this.#last.n >= this.#anchored.n) return null;
    const message = `The log ends at entry ${this.#last.n}, but was anchored up to entry ${this.#anchored.n}.`;
    return flaw('cut', this.#last.n + 1, message);
  }
}

function flaw(kind: FlawKind, n: number, message: string): Flaw {
  return { n, kind, message };
}
