/**
 * The proof of all books by cron, every quarter of an hour: as many turns as one invocation can, to the organizations
 * that have waited longest. What one run leaves the next begins with; progress is in D1 after each turn.
 *
 * Pruning goes by what was proven: events go once every member's books have agreed past them, and while anything in
 * their database differs none go, because they are what a difference is explained with.
 */
import { LIMITS } from '../limits.ts';
import { proveBooks } from './books.ts';
import { withEachUsageDatabase } from './databases.ts';
import { pruneEvents } from './pruning.ts';

const WHO_WAITED_LONGEST = `
  SELECT id FROM organizations ORDER BY coalesce(books_turn_at, 0), id LIMIT CAST(?1 AS INTEGER)`;

/** As far as the member that is least far was proven; a member that has usage and was never looked at holds it where it is. */
const RAISE_PROVEN = `
  UPDATE rollup_watermark
  SET
    proven_seq = max(
      proven_seq,
      (
        SELECT coalesce(min(coalesce(books.proven_seq, 0)), rollup_watermark.seq)
        FROM member_ledgers AS ledger
        LEFT JOIN member_books AS books ON books.member_id = ledger.member_id
      )
    ),
    proven_at = CAST(?1 AS INTEGER)`;

/**
 * Nor may events go while an organization is being moved (the two places are compared), or before the books of who has come from
 * elsewhere were proven here: their events have numbers below every watermark.
 */
const MAY_NOT_PRUNE = `
  SELECT 1
  WHERE EXISTS (SELECT 1 FROM member_books WHERE differs = 1)
    OR EXISTS (SELECT 1 FROM day_differences)
    OR EXISTS (SELECT 1 FROM usage_fences WHERE state IN ('arriving', 'leaving'))
    OR (
      EXISTS (SELECT 1 FROM usage_events WHERE seq <= 0)
      AND EXISTS (SELECT 1 FROM member_books WHERE proven_seq = 0)
    )`;

export interface ProofRun {
  proven: number;
  differing: number;
  unproven: number;
}

/** One run of the cron. A turn that fails is logged and costs the others nothing. `perRun`, `perTurn`: members. */
export async function proveInTurns(
  env: Env,
  nowMs: number,
  perRun: number = LIMITS.booksMembersPerRun,
  perTurn: number = LIMITS.booksMembersPerTurn,
): Promise<ProofRun> {
  const startedAtMs = Date.now();
  const { results } = await env.DB.prepare(WHO_WAITED_LONGEST).bind(LIMITS.booksTurnsPerRun).all<{ id: string }>();
  const run: ProofRun = { proven: 0, differing: 0, unproven: 0 };
  let left = perRun;
  for (const { id } of results) {
    if (left <= 0 || Date.now() - startedAtMs > LIMITS.booksRunMs) break;
    try {
      const looks = await proveBooks(env, id, nowMs, Math.min(left, perTurn));
      left -= looks.length;
      run.differing += looks.filter(({ proof }) => proof.findings.length > 0).length;
      run.unproven += looks.filter(({ unproven }) => unproven !== null).length;
      run.proven += looks.filter(({ unproven }) => unproven === null).length;
    } catch (error) {
      console.error(JSON.stringify({ event: 'books_turn_failed', organizationId: id, error: String(error) }));
    }
  }
  await withEachUsageDatabase(env, 'proven', (db) => db.prepare(RAISE_PROVEN).bind(nowMs).run());
  return run;
}

/** Prunes what may go of a database. Called after the rollups, hourly. */
export async function pruneProven(db: D1Database, nowMs: number): Promise<{ pruned: number }> {
  if (await db.prepare(MAY_NOT_PRUNE).first()) return { pruned: 0 };
  let sum = 0;
  for (let batch = 0; batch < LIMITS.pruneBatchesMax; batch++) {
    const { pruned } = await pruneEvents(db, nowMs);
    sum += pruned;
    if (pruned === 0) break;
  }
  return { pruned: sum };
}
