/**
 * Rollups: usage events added to the sums that analytics read: facts per quarter of an hour and combination of dimensions
 * (usage_rollups), running totals (usage_totals), and each member's cost per day, which is what the books go by.
 *
 * A run reads the events above the watermark and the rows that they change, adds up in memory, and writes all of it in one
 * D1 transaction that moves the watermark, and does nothing where the version of the sums is not the one that was read: so
 * each event counts once, however late, doubled or concurrent the cron comes. Recomputing a sum from events is the check
 * (books.ts) and the operator's repair (backfill.ts), never the way here.
 */
import { eachRow, jsonChunks } from '../database/json-rows.ts';
import { LIMITS } from '../limits.ts';
import { BACKFILL_FROM } from './backfill.ts';
import {
  ADD_DIMENSIONS,
  dimensionRows,
  FACT_COLUMNS,
  FIND_DIMENSIONS,
  type FoundDimensions,
  factValues,
} from './facts.ts';
import {
  ADD_SERIES,
  FIND_TOTALS,
  type FoundTotals,
  forJson,
  raised,
  seriesRows,
  totalsFound,
  totalsValues,
  WRITE_TOTALS,
} from './running-totals.ts';
import { type Combination, EVENT_COLUMNS, type EventRow, SUM_COLUMNS, UsageSums } from './sums.ts';

const READ_WATERMARK = 'SELECT version FROM rollup_watermark';

const READ_EVENTS = `
  SELECT seq, ${EVENT_COLUMNS.join(', ')}
  FROM usage_events
  WHERE seq > (SELECT seq FROM rollup_watermark)
  ORDER BY seq
  LIMIT CAST(?1 AS INTEGER)`;

/** ?1 rows of FACT_COLUMNS, ?2 the version of the sums. */
const ADD_FACTS = `
  INSERT INTO usage_rollups (${FACT_COLUMNS.join(', ')})
  SELECT ${FACT_COLUMNS.map((_, i) => `value ->> ${i}`).join(', ')}
  FROM ${eachRow('?1')}
  WHERE (SELECT version FROM rollup_watermark) = CAST(?2 AS INTEGER)
  ON CONFLICT DO UPDATE SET
    ${SUM_COLUMNS.map((column) => `${column} = ${column} + excluded.${column}`).join(',\n    ')},
    latencies = latencies || excluded.latencies,
    first_tokens = first_tokens || excluded.first_tokens`;

/** ?1 rows of member, day, cost, ?2 the version of the sums. */
const ADD_DAYS = `
  INSERT INTO member_days (member_id, day_at, cost)
  SELECT value ->> 0, value ->> 1, value ->> 2
  FROM ${eachRow('?1')}
  WHERE (SELECT version FROM rollup_watermark) = CAST(?2 AS INTEGER)
  ON CONFLICT DO UPDATE SET cost = cost + excluded.cost`;

/** ?1 the last event that is in now, ?2 when the run began if nothing was left behind, else 0, ?3 the version of the sums. */
const MOVE_WATERMARK = `
  UPDATE rollup_watermark
  SET
    seq = CAST(?1 AS INTEGER),
    rolled_up_to = max(rolled_up_to, CAST(?2 AS INTEGER)),
    version = version + 1
  WHERE version = CAST(?3 AS INTEGER)
  RETURNING seq`;

/** Nothing waited: everything up to ?1 is in. */
const SAY_COMPLETE = `
  UPDATE rollup_watermark
  SET rolled_up_to = CAST(?1 AS INTEGER)
  WHERE rolled_up_to < CAST(?1 AS INTEGER)`;

const COUNT_WAITING = 'SELECT count(*) AS waiting FROM usage_events WHERE seq > (SELECT seq FROM rollup_watermark)';

/**
 * Rolls up what has arrived, in bounded steps; what one call leaves the next takes.
 * `rowsMax` and `totalsMax` (rows of running totals) bound one step, `batchesMax` and `msMax` one call, which takes one step at
 * least. Answers with how many events still wait.
 */
export async function rollUp(
  db: D1Database,
  nowMs: number,
  rowsMax: number = LIMITS.rollupRowsMax,
  batchesMax: number = LIMITS.rollupBatchesMax,
  totalsMax: number = LIMITS.rollupTotalsMax,
  msMax: number = LIMITS.rollupRunMs,
): Promise<{ waiting: number }> {
  const startedAtMs = Date.now();
  let rows = rowsMax;
  for (let batch = 0; batch < batchesMax && (batch === 0 || Date.now() - startedAtMs < msMax); batch++) {
    const { isAll, taken } = await rollUpSome(db, nowMs, rows, totalsMax);
    if (isAll) return { waiting: 0 };
    // Where events are so late that only few of them go at a time, so will the next ones be.
    rows = Math.min(rowsMax, 2 * taken);
  }
  return (await db.prepare(COUNT_WAITING).first<{ waiting: number }>()) ?? { waiting: 0 };
}

const IS_OVERDUE = `
  SELECT 1
  FROM usage_events
  WHERE seq > (SELECT seq FROM rollup_watermark) AND settled_at <= CAST(?1 AS INTEGER)
  LIMIT 1`;

/**
 * Each minute: rolls up where an event has waited for as long as it may. Not whatever waits: every run writes the rows of the
 * present quarter of an hour again, and rows cost money.
 */
export async function rollUpOverdue(db: D1Database, nowMs: number): Promise<void> {
  if (
    await db
      .prepare(IS_OVERDUE)
      .bind(nowMs - LIMITS.rollupWaitMs)
      .first()
  )
    await rollUp(db, nowMs);
}

/** One step, of `rowsMax` events at most. `isAll`: nothing was left behind; `taken`: how many it was. */
async function rollUpSome(
  db: D1Database,
  nowMs: number,
  rowsMax: number,
  totalsMax: number,
): Promise<{ isAll: boolean; taken: number }> {
  const [watermark, read] = (await db.batch([db.prepare(READ_WATERMARK), db.prepare(READ_EVENTS).bind(rowsMax)])) as [
    D1Result<{ version: number }>,
    D1Result<EventRow & { seq: number }>,
  ];
  const version = watermark.results[0]?.version;
  const last = read.results.at(-1);
  if (version === undefined) throw new Error('no watermark of the rollups');
  if (!last) {
    await db.prepare(SAY_COMPLETE).bind(nowMs).run();
    return { isAll: true, taken: 0 };
  }
  const isAll = read.results.length < rowsMax;

  const sums = UsageSums.ofEvents(read.results);
  const taken = read.results.length;
  const found = await findRows(db, sums, totalsMax);
  // They are so late that they raise too many rows: fewer of them at a time.
  if (!found.totals && taken > 1) return rollUpSome(db, nowMs, Math.ceil(taken / 2), totalsMax);

  const guarded = (sql: string, rows: Iterable<unknown>) =>
    jsonChunks(rows).map((chunk) => db.prepare(sql).bind(chunk, version));
  const days = [...sums.days.values()].map(({ memberId, dayAt, cost }) => [memberId, dayAt, forJson(cost)]);
  const results = await db.batch([
    ...guarded(ADD_FACTS, factsOf(found.combinations)),
    // One that is later still goes into the facts, and a backfill raises the totals from there on, series by series.
    ...(found.totals
      ? guarded(WRITE_TOTALS, totalsOf(found.totals))
      : [db.prepare(BACKFILL_FROM).bind(last.organization_id, version, nowMs, last.settled_at)]),
    ...guarded(ADD_DAYS, days),
    db.prepare(MOVE_WATERMARK).bind(last.seq, isAll ? nowMs : 0, version),
  ]);
  // Nothing where another run came first: it took the same events, and we go on with the next.
  const isOurs = results.at(-1)?.results.length === 1;
  return { isAll: isAll && isOurs, taken };
}

interface FoundRows {
  combinations: { id: number; combination: Combination }[];
  /** Null where they are too many. */
  totals: ReturnType<typeof totalsFound> | null;
}

/**
 * The ids of all combinations and series, those made that are new, and the rows of running totals that change. A combination
 * or series without a row does no harm, should this run come to nothing. No totals where those rows are `rowsMax` or more.
 */
async function findRows(db: D1Database, sums: UsageSums, rowsMax: number): Promise<FoundRows> {
  const combinations = [...sums.combinations.values()];
  const dimensions = jsonChunks(dimensionRows(combinations));
  const series = [...sums.series.values()];
  const asked = jsonChunks(seriesRows(series, ({ quarters }) => Math.min(...quarters.keys())));
  const results = await db.batch([
    ...dimensions.map((chunk) => db.prepare(ADD_DIMENSIONS).bind(chunk)),
    ...asked.map((chunk) => db.prepare(ADD_SERIES).bind(chunk)),
    ...dimensions.map((chunk) => db.prepare(FIND_DIMENSIONS).bind(chunk)),
    ...asked.map((chunk) => db.prepare(FIND_TOTALS).bind(chunk, rowsMax)),
  ]);
  const ids = results.slice(dimensions.length + asked.length, 2 * dimensions.length + asked.length);
  const found = results.slice(2 * dimensions.length + asked.length) as D1Result<FoundTotals>[];
  const rows = found.reduce((sum, { results }) => sum + results.length, 0);
  return {
    combinations: (ids as D1Result<FoundDimensions>[])
      .flatMap(({ results }) => results)
      .map(({ place, id }) => ({ id, combination: combinations[place] as Combination })),
    totals:
      rows < rowsMax
        ? totalsFound(
            series,
            found.flatMap(({ results }) => results),
          )
        : null,
  };
}

function* factsOf(combinations: FoundRows['combinations']): Generator<unknown[]> {
  for (const { id, combination } of combinations) {
    for (const [bucketAt, sums] of combination.facts) yield factValues(id, bucketAt, sums);
  }
}

function* totalsOf(totals: NonNullable<FoundRows['totals']>): Generator<unknown[]> {
  for (const { series, id, rows } of totals) {
    for (const row of raised(rows, series.quarters)) yield totalsValues(id, row);
  }
}
