/**
 * Backfill: the sums of an organization compared with what they are sums of, from its first quarter of an hour to now, and
 * made right where they are not. For what was there before running totals were, and for the operator, when the books say
 * that rollups differ: nothing else repairs a sum.
 *
 * It goes in stretches of a day at most. Facts are made of the events where these are all still there: within the retention,
 * and adding up, for each member, to the day's own sum (member_days), the third account. Other facts are left as they are:
 * they are all that is known. Running totals are made of the facts. After each write every sum is one that could have been:
 * what changes within a stretch is added to all later rows too. A write that comes after a rollup of something new does
 * nothing, and the stretch is done again. So it may be broken off anywhere, and come twice.
 */
import { eachRow, jsonChunks } from '../database/json-rows.ts';
import { DAY_MS, LIMITS } from '../limits.ts';
import {
  ADD_DIMENSIONS,
  dimensionRows,
  FACT_COLUMNS,
  FIND_DIMENSIONS,
  type FoundDimensions,
  factValues,
} from './facts.ts';
import { QUARTER_MS, type SeriesKind } from './measures.ts';
import { mended, sameFact } from './mending.ts';
import {
  ADD_SERIES,
  FIND_TOTALS,
  type FoundTotals,
  seriesRows,
  totalsFound,
  totalsValues,
  WRITE_TOTALS,
} from './running-totals.ts';
import {
  type Combination,
  DIMENSIONS,
  type Dimensions,
  EVENT_COLUMNS,
  type EventRow,
  type Series,
  SUM_COLUMNS,
  type Sums,
  UsageSums,
  wholeOf,
} from './sums.ts';

/** ?1 organization or null for all, ?2 now. One that is under way begins again. */
const START = `
  INSERT INTO usage_backfills (organization_id, requested_at, next_at, finished_at, facts_changed, totals_changed)
  SELECT DISTINCT organization_id, CAST(?2 AS INTEGER), 0, NULL, 0, 0
  FROM (SELECT organization_id FROM usage_dimensions UNION SELECT organization_id FROM usage_series)
  WHERE ?1 IS NULL OR organization_id = ?1
  ON CONFLICT DO UPDATE SET
    requested_at = excluded.requested_at,
    next_at = 0,
    finished_at = NULL,
    facts_changed = 0,
    totals_changed = 0`;

/**
 * From the quarter of ?4 on, of organization ?1, as of ?3, while the version of the sums is ?2: for an event that comes so late
 * that the rollups cannot raise all later totals in one step (rollups.ts). What is under way goes back there, if it is past it.
 */
export const BACKFILL_FROM = `
  INSERT INTO usage_backfills (organization_id, requested_at, next_at, finished_at, facts_changed, totals_changed)
  SELECT ?1, CAST(?3 AS INTEGER), CAST(?4 AS INTEGER) / ${QUARTER_MS} * ${QUARTER_MS}, NULL, 0, 0
  WHERE (SELECT version FROM rollup_watermark) = CAST(?2 AS INTEGER)
  ON CONFLICT DO UPDATE SET
    requested_at = excluded.requested_at,
    next_at = CASE WHEN finished_at IS NULL THEN min(next_at, excluded.next_at) ELSE excluded.next_at END,
    facts_changed = iif(finished_at IS NULL, facts_changed, 0),
    totals_changed = iif(finished_at IS NULL, totals_changed, 0),
    finished_at = NULL`;

const NEXT = `
  SELECT organization_id AS organizationId, next_at AS nextAt
  FROM usage_backfills
  WHERE finished_at IS NULL
  ORDER BY requested_at, organization_id
  LIMIT 1`;

/** The first instant from ?2 on with anything of organization ?1. */
const FIRST_FROM = `
  SELECT min(at) AS at, (SELECT version FROM rollup_watermark) AS version
  FROM (
    SELECT (SELECT min(bucket_at) FROM usage_rollups WHERE dimension_id = dimension.id AND bucket_at >= CAST(?2 AS INTEGER)) AS at
    FROM usage_dimensions AS dimension
    WHERE organization_id = ?1
    UNION ALL
    SELECT (SELECT min(bucket_at) FROM usage_totals WHERE series_id = series.id AND bucket_at >= CAST(?2 AS INTEGER))
    FROM usage_series AS series
    WHERE organization_id = ?1
    UNION ALL
    SELECT min(settled_at) FROM usage_events WHERE organization_id = ?1 AND settled_at >= CAST(?2 AS INTEGER)
  )`;

const READ_VERSION = 'SELECT version FROM rollup_watermark';

/** The facts of organization ?1 from ?2 up to ?3, at most ?4. */
const READ_FACTS = `
  SELECT
    dimension.id,
    ${DIMENSIONS.map((column) => `dimension.${column}`).join(', ')},
    fact.bucket_at,
    ${SUM_COLUMNS.map((column) => `fact.${column}`).join(" || ' ' || ")} AS sums,
    fact.latencies,
    fact.first_tokens
  FROM usage_dimensions AS dimension
  CROSS JOIN usage_rollups AS fact
    ON fact.dimension_id = dimension.id
    AND fact.bucket_at >= CAST(?2 AS INTEGER)
    AND fact.bucket_at < CAST(?3 AS INTEGER)
  WHERE dimension.organization_id = ?1
  LIMIT CAST(?4 AS INTEGER)`;

/** Its events that are rolled up, of the same time. */
const READ_EVENTS = `
  SELECT ${EVENT_COLUMNS.join(', ')}
  FROM usage_events
  WHERE organization_id = ?1
    AND settled_at >= CAST(?2 AS INTEGER)
    AND settled_at < CAST(?3 AS INTEGER)
    AND seq <= (SELECT seq FROM rollup_watermark)
  LIMIT CAST(?4 AS INTEGER)`;

/** A row where the events of the day from ?2 to ?3 do not add up to the sums of that day, for any member. */
const EVENTS_MISSING = `
  SELECT 1
  FROM (
    SELECT member_id, sum(cost) AS cost
    FROM usage_events
    WHERE organization_id = ?1
      AND settled_at >= CAST(?2 AS INTEGER)
      AND settled_at < CAST(?3 AS INTEGER)
      AND seq <= (SELECT seq FROM rollup_watermark)
    GROUP BY member_id
    UNION ALL
    SELECT day.member_id, -day.cost
    FROM (SELECT DISTINCT member_id FROM usage_dimensions WHERE organization_id = ?1) AS member
    CROSS JOIN member_days AS day ON day.member_id = member.member_id AND day.day_at = CAST(?2 AS INTEGER)
  )
  GROUP BY member_id
  HAVING sum(cost) <> 0
  LIMIT 1`;

const READ_SERIES = 'SELECT kind, value FROM usage_series WHERE organization_id = ?1';

const IS_CURRENT = '(SELECT version FROM rollup_watermark) = CAST(?2 AS INTEGER)';

/** ?1 rows of FACT_COLUMNS, ?2 the version of the sums. */
const WRITE_FACTS = `
  INSERT INTO usage_rollups (${FACT_COLUMNS.join(', ')})
  SELECT ${FACT_COLUMNS.map((_, i) => `value ->> ${i}`).join(', ')}
  FROM ${eachRow('?1')}
  WHERE ${IS_CURRENT}
  ON CONFLICT DO UPDATE SET
    ${FACT_COLUMNS.slice(2)
      .map((column) => `${column} = excluded.${column}`)
      .join(',\n    ')}`;

/** ?1 rows of dimension and quarter, ?2 the version of the sums. */
const DELETE_FACTS = `
  DELETE FROM usage_rollups
  WHERE ${IS_CURRENT}
    AND (dimension_id, bucket_at) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))`;

/** ?1 organization, ?2 the version, ?3 facts and ?4 totals that were changed, ?5 where it goes on (null: as before). */
const NOTE_PROGRESS = `
  UPDATE usage_backfills
  SET
    facts_changed = facts_changed + CAST(?3 AS INTEGER),
    totals_changed = totals_changed + CAST(?4 AS INTEGER),
    next_at = coalesce(CAST(?5 AS INTEGER), next_at)
  WHERE organization_id = ?1 AND ${IS_CURRENT}`;

const MOVE_VERSION = `
  UPDATE rollup_watermark SET version = version + 1 WHERE version = CAST(?1 AS INTEGER) RETURNING version`;

const FINISH = `
  UPDATE usage_backfills
  SET finished_at = CAST(?3 AS INTEGER)
  WHERE organization_id = ?1 AND next_at = CAST(?4 AS INTEGER) AND finished_at IS NULL AND ${IS_CURRENT}`;

const SHOW = `
  SELECT
    organization_id AS organizationId,
    next_at AS nextAt,
    finished_at AS finishedAt,
    facts_changed AS factsChanged,
    totals_changed AS totalsChanged
  FROM usage_backfills
  ORDER BY finished_at IS NOT NULL, requested_at, organization_id`;

export interface BackfillShown {
  organizationId: string;
  nextAt: number;
  finishedAt: number | null;
  factsChanged: number;
  totalsChanged: number;
}

/** Begins with an organization, or null: with all. */
export async function startBackfill(db: D1Database, organizationId: string | null, nowMs: number): Promise<void> {
  await db.prepare(START).bind(organizationId, nowMs).run();
}

export async function showBackfills(db: D1Database): Promise<BackfillShown[]> {
  return (await db.prepare(SHOW).all<BackfillShown>()).results;
}

/** Goes on with what was begun, for about `msMax`, a stretch at least. Answers whether there is more to do. */
export async function goOnBackfilling(
  db: D1Database,
  nowMs: number,
  msMax: number = LIMITS.backfillRunMs,
): Promise<{ more: boolean }> {
  const startedAtMs = Date.now();
  do {
    const next = await db.prepare(NEXT).first<{ organizationId: string; nextAt: number }>();
    if (!next) return { more: false };
    await backfillStretch(db, next.organizationId, next.nextAt, nowMs);
  } while (Date.now() - startedAtMs < msMax);
  return { more: true };
}

async function backfillStretch(db: D1Database, organizationId: string, nextAt: number, nowMs: number): Promise<void> {
  const first = await db
    .prepare(FIRST_FROM)
    .bind(organizationId, nextAt)
    .first<{ at: number | null; version: number }>();
  if (first === null) throw new Error('no first quarter, nor that there is none');
  if (first.at === null) {
    await db.prepare(FINISH).bind(organizationId, first.version, nowMs, nextAt).run();
    return;
  }
  const fromMs = first.at - (first.at % QUARTER_MS);
  const dayAt = fromMs - (fromMs % DAY_MS);
  for (let untilMs = dayAt + DAY_MS; ; untilMs = fromMs + half(untilMs - fromMs)) {
    const stretch = await readStretch(db, { organizationId, fromMs, untilMs, dayAt, nowMs });
    // Too much for one step: half of it. A single quarter always goes.
    if (!stretch) continue;
    const facts = await mendFacts(db, stretch);
    if (facts === null) return;
    await mendTotals(db, stretch, facts);
    return;
  }
}

function half(ms: number): number {
  return Math.max(1, Math.floor(ms / QUARTER_MS / 2)) * QUARTER_MS;
}

interface Stretch {
  organizationId: string;
  fromMs: number;
  untilMs: number;
  version: number;
  /** The facts that are there, by the name of their place. */
  present: Map<string, { id: number; dimensions: Dimensions; bucketAt: number; sums: Sums }>;
  /** The facts as they are to be: of the events, or where these are not all there those that are. */
  right: UsageSums;
}

type FactRow = Dimensions & { id: number; bucket_at: number; sums: string; latencies: string; first_tokens: string };

/** Null where that is too much for one step. */
async function readStretch(
  db: D1Database,
  {
    organizationId,
    fromMs,
    untilMs,
    dayAt,
    nowMs,
  }: Pick<Stretch, 'organizationId' | 'fromMs' | 'untilMs'> & { dayAt: number; nowMs: number },
): Promise<Stretch | null> {
  const rowsMax = untilMs - fromMs > QUARTER_MS ? LIMITS.backfillRowsMax : Number.MAX_SAFE_INTEGER;
  const [version, facts, missing, events] = (await db.batch([
    db.prepare(READ_VERSION),
    db.prepare(READ_FACTS).bind(organizationId, fromMs, untilMs, rowsMax),
    db.prepare(EVENTS_MISSING).bind(organizationId, dayAt, dayAt + DAY_MS),
    db.prepare(READ_EVENTS).bind(organizationId, fromMs, untilMs, rowsMax),
  ])) as [D1Result<{ version: number }>, D1Result<FactRow>, D1Result, D1Result<EventRow>];
  if (facts.results.length >= rowsMax || events.results.length >= rowsMax) return null;
  const current = version.results[0]?.version;
  if (current === undefined) throw new Error('no watermark of the rollups');

  // A day longer than pruning reaches, as in books-days.ts.
  const eventsAreThere = dayAt >= nowMs - LIMITS.eventRetentionMs + DAY_MS && missing.results.length === 0;
  const right = eventsAreThere ? UsageSums.ofEvents(events.results) : new UsageSums();
  const present: Stretch['present'] = new Map();
  for (const { id, bucket_at: bucketAt, sums, latencies, first_tokens: firstTokens, ...dimensions } of facts.results) {
    const own = { values: sums.split(' ').map(wholeOf), latencies, firstTokens };
    present.set(`${id} ${bucketAt}`, { id, dimensions, bucketAt, sums: own });
    if (!eventsAreThere) right.addFact(dimensions, bucketAt, own);
  }
  return { organizationId, fromMs, untilMs, version: current, present, right };
}

/** Makes the facts right. Answers with the version of the sums after that; null where somebody else changed them meanwhile. */
async function mendFacts(db: D1Database, { organizationId, version, present, right }: Stretch): Promise<number | null> {
  const combinations = [...right.combinations.values()];
  const wrong: unknown[][] = [];
  const nobodys = new Map(present);
  for (const { place, id } of await dimensionIds(db, combinations)) {
    for (const [bucketAt, sums] of combinations[place]?.facts ?? []) {
      const fact = present.get(`${id} ${bucketAt}`);
      nobodys.delete(`${id} ${bucketAt}`);
      if (!fact || !sameFact(fact.sums, sums)) wrong.push(factValues(id, bucketAt, sums));
    }
  }
  const changes = wrong.length + nobodys.size;
  if (changes === 0) return version;
  const places = [...nobodys.values()].map(({ id, bucketAt }) => [id, bucketAt]);
  return write(db, version, [
    ...jsonChunks(wrong).map((chunk) => db.prepare(WRITE_FACTS).bind(chunk, version)),
    ...jsonChunks(places).map((chunk) => db.prepare(DELETE_FACTS).bind(chunk, version)),
    db.prepare(NOTE_PROGRESS).bind(organizationId, version, changes, 0, null),
  ]);
}

async function dimensionIds(db: D1Database, combinations: readonly Combination[]): Promise<FoundDimensions[]> {
  const chunks = jsonChunks(dimensionRows(combinations));
  if (chunks.length === 0) return [];
  const results = await db.batch<FoundDimensions>([
    ...chunks.map((chunk) => db.prepare(ADD_DIMENSIONS).bind(chunk)),
    ...chunks.map((chunk) => db.prepare(FIND_DIMENSIONS).bind(chunk)),
  ]);
  return results.slice(chunks.length).flatMap(({ results }) => results);
}

/** Makes the running totals right, some series at a time, and moves the backfill on when all are. */
async function mendTotals(db: D1Database, stretch: Stretch, factsVersion: number): Promise<void> {
  const { organizationId, fromMs, untilMs, right } = stretch;
  const known = await db.prepare(READ_SERIES).bind(organizationId).all<{ kind: SeriesKind; value: string }>();
  for (const { kind, value } of known.results) right.addSeries(organizationId, kind, value);
  let version: number | null = factsVersion;
  for (let left = [...right.series.values()]; left.length > 0; ) {
    const { some, found } = await findTotals(db, left, fromMs);
    const wrong = found.flatMap(({ series, id, rows }) =>
      mended(rows, series.quarters, fromMs, untilMs).map((row) => totalsValues(id, row)),
    );
    left = left.slice(some.length);
    if (wrong.length === 0) continue;
    version = await write(db, version, [
      ...jsonChunks(wrong).map((chunk) => db.prepare(WRITE_TOTALS).bind(chunk, version)),
      db.prepare(NOTE_PROGRESS).bind(organizationId, version, 0, wrong.length, null),
    ]);
    if (version === null) return;
  }
  await db.prepare(NOTE_PROGRESS).bind(organizationId, version, 0, 0, untilMs).run();
}

/** The first of these series, as many as one step may read the rows of, and these rows. */
async function findTotals(db: D1Database, series: readonly Series[], fromMs: number) {
  for (let many = series.length; ; many = Math.ceil(many / 2)) {
    const some = series.slice(0, many);
    const rowsMax = many > 1 ? LIMITS.rollupTotalsMax : Number.MAX_SAFE_INTEGER;
    const chunks = jsonChunks(seriesRows(some, () => fromMs));
    const results = await db.batch([
      ...chunks.map((chunk) => db.prepare(ADD_SERIES).bind(chunk)),
      ...chunks.map((chunk) => db.prepare(FIND_TOTALS).bind(chunk, rowsMax)),
    ]);
    const rows = results.slice(chunks.length).flatMap(({ results }) => results as FoundTotals[]);
    if (rows.length < rowsMax) return { some, found: totalsFound(some, rows) };
  }
}

/** Writes all of this, or nothing where the version has moved. Answers with the new version, or null. */
async function write(db: D1Database, version: number, statements: D1PreparedStatement[]): Promise<number | null> {
  const results = await db.batch<{ version: number }>([...statements, db.prepare(MOVE_VERSION).bind(version)]);
  return results.at(-1)?.results[0]?.version ?? null;
}
