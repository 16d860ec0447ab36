/** Chains for tests: entries as they might be written, sealed one after another. */
import { type Entry, type Head, lineOf, NO_ENTRIES, type SealedEntry, seal } from '../../src/audit/chain.ts';

export const ORGANIZATION = 'org_0123456789abcdef';

export function entry(n: number, previousHash: string, told: Partial<Entry> = {}): SealedEntry {
  return seal({
    organizationId: ORGANIZATION,
    n,
    at: new Date(Date.UTC(2026, 10, 1) + n * 1_000).toISOString(),
    actor: { kind: 'user', id: 'usr_1', memberId: 'mem_1', sessionId: 'ses_1' },
    action: 'member.budget.updated',
    target: { kind: 'member', id: 'mem_2' },
    before: { usageLimit: null },
    after: { usageLimit: String(n) },
    from: { ip: '192.0.2.1', userAgent: 'Browser "1"', requestId: 'req_1' },
    previousHash,
    ...told,
  });
}

/** A chain that goes on behind `beginning`; `told` may say something else of each entry. */
export function chain(length: number, told: Partial<Entry>[] = [], beginning: Head = NO_ENTRIES): SealedEntry[] {
  const entries: SealedEntry[] = [];
  for (let i = 0; i < length; i++) {
    const last = entries.at(-1) ?? beginning;
    entries.push(entry(last.n + 1, last.hash, told[i]));
  }
  return entries;
}

/** The same entries with hashes that fit one another again, from index `from` on: what a forger can do. */
export function reforge(entries: readonly SealedEntry[], from: number): SealedEntry[] {
  const forged = entries.slice(0, from);
  for (const { hash: _, ...rest } of entries.slice(from)) {
    forged.push(seal({ ...rest, previousHash: forged.at(-1)?.hash ?? rest.previousHash }));
  }
  return forged;
}

export function headOf(entries: readonly SealedEntry[]): Head {
  const last = entries.at(-1);
  return last ? { n: last.n, hash: last.hash } : NO_ENTRIES;
}

export const linesOf = (entries: readonly SealedEntry[]): string[] => entries.map(lineOf);

/** Puts entries into D1, in the place of those with their numbers. */
export async function replaceEntries(db: D1Database, entries: readonly SealedEntry[]): Promise<void> {
  for (let i = 0; i < entries.length; i += REPLACED_AT_ONCE) {
    const rows = entries.slice(i, i + REPLACED_AT_ONCE).map((entry) => ({ ...entry, atMs: Date.parse(entry.at) }));
    await db.prepare(REPLACE).bind(JSON.stringify(rows)).run();
  }
}

const REPLACED_AT_ONCE = 1_000;

const REPLACE = `
  INSERT OR REPLACE INTO audit_entries
  SELECT
    value ->> 'organizationId', value ->> 'n', value ->> 'atMs', value ->> '$.actor.kind', value ->> '$.actor.id',
    value ->> '$.actor.memberId', value ->> '$.actor.sessionId', value ->> 'action', value ->> '$.target.kind',
    value ->> '$.target.id', nullif(value -> 'before', 'null'), nullif(value -> 'after', 'null'), value ->> '$.from.ip',
    value ->> '$.from.userAgent', value ->> '$.from.requestId', value ->> 'previousHash', value ->> 'hash'
  FROM json_each(?1)`;
