/**
 * Rollups: usage events summed per quarter of an hour and dimensions. Analytics read nothing else.
 *
 * One run is one D1 transaction that reads its watermark inside the SQL, adds the events above it and moves it: exactly
 * once, however late, doubled or concurrent the cron comes. Recomputing a bucket from events is the check (books.ts),
 * never the write. The same transaction keeps each member's cost per day, which is what that check goes by.
 */
import { DAY_MS, LIMITS } from '../limits.ts';

export const QUARTER_MS = 15 * 60 * 1000;

/**
 * The events of this run: those above the watermark, at most ?1 of them. Counted from the first that waits, not from
 * the watermark: a gap in the sequence longer than ?1 would else leave a run with nothing to take, for ever.
 * Inside one transaction it never changes.
 */
const RANGE = `
  seq > (SELECT seq FROM rollup_watermark)
  AND seq < CAST(?1 AS INTEGER) + (SELECT min(seq) FROM usage_events WHERE seq > (SELECT seq FROM rollup_watermark))`;

const ADD_DIMENSIONS = `
  INSERT INTO usage_dimensions (organization_id, project_id, key_id, member_id, mapping, canonical_model, provider, app)
  SELECT DISTINCT organization_id, project_id, key_id, member_id, mapping, canonical_model, provider, app
  FROM usage_events
  WHERE ${RANGE}
  ON CONFLICT DO NOTHING`;

const ADD_TO_ROLLUPS = `
  INSERT INTO usage_rollups (
    dimension_id, bucket_at, requests, upstream_errors, client_errors, refused,
    input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost, input_cost, output_cost
  )
  SELECT
    dimension.id,
    event.settled_at - event.settled_at % ${QUARTER_MS} AS bucket_at,
    sum(event.requests),
    sum(CASE WHEN event.outcome IN ('upstream_error', 'expired') THEN event.requests ELSE 0 END),
    sum(CASE WHEN event.outcome = 'client_error' THEN event.requests ELSE 0 END),
    sum(CASE WHEN event.outcome = 'refused' THEN event.requests ELSE 0 END),
    sum(event.input_tokens),
    sum(event.cached_tokens),
    sum(event.output_tokens),
    sum(event.reasoning_tokens),
    sum(event.cost),
    sum(event.input_cost),
    sum(event.output_cost)
  FROM usage_events AS event
  JOIN usage_dimensions AS dimension USING (
    organization_id, project_id, key_id, member_id, mapping, canonical_model, provider, app
  )
  WHERE ${RANGE}
  GROUP BY dimension.id, bucket_at
  ON CONFLICT DO UPDATE SET
    requests = requests + excluded.requests,
    upstream_errors = upstream_errors + excluded.upstream_errors,
    client_errors = client_errors + excluded.client_errors,
    refused = refused + excluded.refused,
    input_tokens = input_tokens + excluded.input_tokens,
    cached_tokens = cached_tokens + excluded.cached_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
    cost = cost + excluded.cost,
    input_cost = input_cost + excluded.input_cost,
    output_cost = output_cost + excluded.output_cost`;

const ADD_TO_DAYS = `
  INSERT INTO member_days (member_id, day_at, cost)
  SELECT member_id, settled_at - settled_at % ${DAY_MS} AS day_at, sum(cost)
  FROM usage_events
  WHERE ${RANGE}
  GROUP BY member_id, day_at
  ON CONFLICT DO UPDATE SET cost = cost + excluded.cost`;

/**
 * ?1 rows at most, ?2 now. The watermark goes to the last event of the range; only a run that leaves nothing behind may
 * say that everything up to now is in.
 */
const MOVE_WATERMARK = `
  UPDATE rollup_watermark
  SET
    rolled_up_to = CASE
      WHEN coalesce((SELECT max(seq) FROM usage_events WHERE ${RANGE}), seq) >=
        coalesce((SELECT max(seq) FROM usage_events), 0)
      THEN max(rolled_up_to, CAST(?2 AS INTEGER))
      ELSE rolled_up_to
    END,
    seq = coalesce((SELECT max(seq) FROM usage_events WHERE ${RANGE}), seq)`;

const COUNT_WAITING = 'SELECT count(*) AS waiting FROM usage_events WHERE seq > (SELECT seq FROM rollup_watermark)';

/**
 * Rolls up what has arrived, in bounded steps; what one call leaves the next takes.
 * `rowsMax` and `batchesMax` bound one statement and one call. Answers with how many events still wait.
 */
export async function rollUp(
  db: D1Database,
  nowMs: number,
  rowsMax: number = LIMITS.rollupRowsMax,
  batchesMax: number = LIMITS.rollupBatchesMax,
): Promise<{ waiting: number }> {
  let waiting = 0;
  for (let batch = 0; batch < batchesMax; batch++) {
    const results = await db.batch<{ waiting: number }>([
      db.prepare(ADD_DIMENSIONS).bind(rowsMax),
      db.prepare(ADD_TO_ROLLUPS).bind(rowsMax),
      db.prepare(ADD_TO_DAYS).bind(rowsMax),
      db.prepare(MOVE_WATERMARK).bind(rowsMax, nowMs),
      db.prepare(COUNT_WAITING),
    ]);
    waiting = results.at(-1)?.results[0]?.waiting ?? 0;
    if (waiting === 0) break;
  }
  return { waiting };
}

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
