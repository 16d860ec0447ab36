/**
 * Verifies an export offline: the lines of a JSONL file, against each other and against a head that somebody wrote down.
 * What the chain alone cannot show is whether its ends were cut off: the end shows by `head`, the beginning by `beginning`.
 */
import { ChainCheck, entryOf, type Flaw, type Head, NO_ENTRIES } from './chain.ts';

export interface LinesVerdict {
  /** Entries found good, from the first line on. */
  checked: number;
  /** The last of those. */
  head: Head;
  flaw: Flaw | null;
}

export async function verifyLines(
  lines: AsyncIterable<string> | Iterable<string>,
  known: { beginning?: Head | undefined; head?: Head | undefined } = {},
): Promise<LinesVerdict> {
  let check: ChainCheck | null = null;
  let organizationId: string | null = null;
  let checked = 0;
  const found = (flaw: Flaw | null): LinesVerdict => ({ checked, head: check?.head ?? NO_ENTRIES, flaw });
  for await (const line of lines) {
    const entry = entryOf(line);
    if (!entry || (organizationId !== null && entry.organizationId !== organizationId)) {
      const n = (check?.head ?? known.beginning ?? NO_ENTRIES).n + 1;
      const why = entry ? 'is of another organization' : 'is none that an export writes';
      return found({ n, kind: 'edited', message: `Line ${checked + 1} ${why}; entry ${n} belongs there.` });
    }
    organizationId = entry.organizationId;
    // Entries before the first line may have been pruned; who knows where the log begins can say so.
    const first = entry.n === 1 ? NO_ENTRIES : { n: entry.n - 1, hash: entry.previousHash };
    check ??= new ChainCheck(known.beginning ?? first, known.head);
    const flaw = check.next(entry);
    if (flaw) return found(flaw);
    checked += 1;
  }
  check ??= new ChainCheck(known.beginning ?? NO_ENTRIES, known.head);
  return found(check.end());
}

export function showHead({ n, hash }: Head): string {
  return `${n}:${hash}`;
}

/** A head as people pass it on: `<number>:<hash>`. Null where the text is none. */
export function parseHead(text: string): Head | null {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  return match?.[2] ? { n: Number(match[1]), hash: match[2] } : null;
}
