/**
 * Audit entries in D1: rows in and out. The only SQL that writes or removes one. Reads go to the primary, because what
 * was just written must be seen, and what is missing must be missing.
 */
import { cellsOf, type Fields, type Head, NO_ENTRIES, type SealedEntry } from './chain.ts';

interface EntryRow {
  organization_id: string;
  n: number;
  at: number;
  actor_kind: string;
  actor_id: string | null;
  member_id: string | null;
  session_id: string | null;
  action: string;
  target_kind: string;
  target_id: string;
  before: string | null;
  after: string | null;
  ip: string | null;
  user_agent: string | null;
  request_id: string | null;
  previous_hash: string;
  hash: string;
}

/** The newest entry's place and instant; NO_ENTRIES where there is none. */
export async function readNewest(db: D1Database, organizationId: string): Promise<Head & { atMs: number }> {
  const row = await db
    .withSession('first-primary')
    .prepare('SELECT n, hash, at AS atMs FROM audit_entries WHERE organization_id = ?1 ORDER BY n DESC LIMIT 1')
    .bind(organizationId)
    .first<Head & { atMs: number }>();
  return row ?? { ...NO_ENTRIES, atMs: 0 };
}

/** Inserts the entry if the statement before it in the same batch changed a row. Fails where its number is taken. */
export function insertIfChanged(db: D1Database, entry: SealedEntry): D1PreparedStatement {
  return insertion(db, entry, 'changes() > 0');
}

/** Inserts the entry. Fails where its number is taken. */
export function insertAlways(db: D1Database, entry: SealedEntry): D1PreparedStatement {
  return insertion(db, entry, 'true');
}

function insertion(db: D1Database, entry: SealedEntry, condition: string): D1PreparedStatement {
  const { organizationId, n, at, ...rest } = cellsOf(entry);
  return db
    .prepare(
      `INSERT INTO audit_entries (
         organization_id, n, at, actor_kind, actor_id, member_id, session_id, action, target_kind, target_id,
         before, after, ip, user_agent, request_id, previous_hash, hash
       )
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17
       WHERE ${condition}`,
    )
    .bind(organizationId, n, Date.parse(at), ...Object.values(rest));
}

/** Whether the log tells of this; for what takes place elsewhere than in D1 and may be repeated. */
export async function isAudited(
  db: D1Database,
  organizationId: string,
  action: string,
  targetId: string,
): Promise<boolean> {
  const entry = await db
    .withSession('first-primary')
    .prepare('SELECT 1 FROM audit_entries WHERE organization_id = ?1 AND action = ?2 AND target_id = ?3 LIMIT 1')
    .bind(organizationId, action, targetId)
    .first();
  return entry !== null;
}

/** Which entries are meant; what is null or missing does not matter. */
export interface Filter {
  /** The id of a user, member or master key, or a kind of actor. */
  actor?: string | undefined;
  /** The beginning of an action's name. */
  action?: string | undefined;
  targetId?: string | undefined;
  /** From this instant (epoch ms) to before that one. */
  fromMs?: number | null;
  toMs?: number | null;
  /** A part of what the entry tells, in any case. */
  q?: string | undefined;
}

/** Above every number that an entry can have. */
export const PAST_THE_LAST = Number.MAX_SAFE_INTEGER;

interface Range {
  /** Entries with after < n < before. */
  after: number;
  before: number;
  order: 'oldest first' | 'newest first';
  limit: number;
}

/** Entries as D1 has them, malformed ones included: those fit no hash. */
export async function readEntries(
  db: D1Database,
  organizationId: string,
  { after, before, order, limit }: Range,
  filter: Filter = {},
): Promise<SealedEntry[]> {
  const { results } = await db
    .withSession('first-primary')
    .prepare(
      `SELECT *
       FROM audit_entries
       WHERE organization_id = ?1
         AND n > ?2
         AND n < ?3
         AND (?5 IS NULL OR ?5 IN (actor_id, member_id, actor_kind))
         AND (?6 IS NULL OR substr(action, 1, length(?6)) = ?6)
         AND (?7 IS NULL OR target_id = ?7)
         AND (?8 IS NULL OR at >= ?8)
         AND (?9 IS NULL OR at < ?9)
         AND (
           ?10 IS NULL
           OR instr(
             lower(
               action || ' ' || target_id || ' ' || coalesce(actor_id, '') || ' ' || coalesce(member_id, '') || ' '
               || coalesce(before, '') || ' ' || coalesce(after, '') || ' ' || coalesce(ip, '')
             ),
             lower(?10)
           ) > 0
         )
       ORDER BY n ${order === 'newest first' ? 'DESC' : 'ASC'}
       LIMIT CAST(?4 AS INTEGER)`,
    )
    .bind(
      organizationId,
      after,
      before,
      limit,
      filter.actor ?? null,
      filter.action ?? null,
      filter.targetId ?? null,
      filter.fromMs ?? null,
      filter.toMs ?? null,
      filter.q ?? null,
    )
    .all<EntryRow>();
  return results.map(toEntry);
}

/** Removes the entries up to number `n`. */
export async function removeUpTo(db: D1Database, organizationId: string, n: number): Promise<number> {
  const { meta } = await db
    .prepare('DELETE FROM audit_entries WHERE organization_id = ?1 AND n <= ?2')
    .bind(organizationId, n)
    .run();
  return meta.changes;
}

function toEntry(row: EntryRow): SealedEntry {
  return {
    organizationId: row.organization_id,
    n: row.n,
    at: instantOf(row.at),
    actor: { kind: row.actor_kind, id: row.actor_id, memberId: row.member_id, sessionId: row.session_id },
    action: row.action,
    target: { kind: row.target_kind, id: row.target_id },
    before: fieldsOf(row.before),
    after: fieldsOf(row.after),
    from: { ip: row.ip, userAgent: row.user_agent, requestId: row.request_id },
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}

// What no entry was ever written with stays as it is, for a hash to tell it from what was: it is neither an error here
// nor taken for something that it only resembles, such as the same JSON with a space in it.

function fieldsOf(text: string | null): Fields | null {
  if (text === null) return null;
  try {
    const fields = JSON.parse(text) as Fields;
    return fields !== null && JSON.stringify(fields) === text ? fields : asItStands(text);
  } catch {
    return asItStands(text);
  }
}

function instantOf(ms: number): string {
  const date = new Date(ms);
  return Number.isSafeInteger(ms) && !Number.isNaN(date.getTime()) ? date.toISOString() : String(ms);
}

function asItStands(text: string): Fields {
  return { malformed: text };
}
