/** Pruning: usage events are kept for the retention, and go once they are in the sums and proven. */
import { LIMITS } from '../limits.ts';

/**
 * Deletes events that are past the retention, rolled up, and below what the last reconciliation proved.
 * Answers with how many went; a call takes at most `rowsMax`.
 */
export async function pruneEvents(
  db: D1Database,
  nowMs: number,
  rowsMax: number = LIMITS.pruneRowsMax,
): Promise<{ pruned: number }> {
  const result = await db
    .prepare(
      `DELETE FROM usage_events
       WHERE seq IN (
         SELECT seq
         FROM usage_events
         WHERE seq <= (SELECT min(seq, proven_seq) FROM rollup_watermark)
           AND settled_at < CAST(?1 AS INTEGER)
         ORDER BY seq
         LIMIT CAST(?2 AS INTEGER)
       )`,
    )
    .bind(nowMs - LIMITS.eventRetentionMs, rowsMax)
    .run();
  return { pruned: result.meta.changes };
}
