/**
 * The history of the books, compared a UTC day at a time: rollups, the days' own sums, and the events where pruning has
 * left them all. Called by books.ts once a turn.
 *
 * A whole history is never read at once. Each turn compares today and yesterday (where things move), the days that
 * differed before, and the next few of the others, so that a round of turns has compared every day. One day is one
 * statement and rollups and days change in one transaction, so rolling up meanwhile, however late its events, raises no
 * false alarm; comparing and noting the outcome is one transaction too, so turns that overlap do no harm.
 */
import { DAY_MS, LIMITS } from '../limits.ts';
import type { DaySums } from './books-findings.ts';

/** Rollups or days at or after an instant: the first of them, floored to its day. Null where there are none. ?1 organization. */
const firstDayFrom = (instant: string) => `(
  SELECT min(at) - min(at) % ${DAY_MS}
  FROM (
    SELECT min(first) AS at
    FROM (
      SELECT (
        SELECT min(bucket_at) FROM usage_rollups WHERE dimension_id = dimension.id AND bucket_at >= ${instant}
      ) AS first
      FROM usage_dimensions AS dimension
      WHERE dimension.organization_id = ?1
    )
    UNION ALL
    SELECT min(first)
    FROM (
      SELECT (SELECT min(day_at) FROM member_days WHERE member_id = ledger.member_id AND day_at >= ${instant}) AS first
      FROM member_ledgers AS ledger
      WHERE ledger.organization_id = ?1
    )
  )
)`;

/** The next ?3 days from ?2 on that have anything, found by seeking: the days between cost nothing. */
const NEXT_DAYS = `
  WITH RECURSIVE days (day_at, i) AS (
    SELECT ${firstDayFrom('CAST(?2 AS INTEGER)')}, 1
    UNION ALL
    SELECT ${firstDayFrom(`days.day_at + ${DAY_MS}`)}, i + 1
    FROM days
    WHERE days.day_at IS NOT NULL AND i < CAST(?3 AS INTEGER)
  )
  SELECT day_at FROM days WHERE day_at IS NOT NULL`;

const READ_TURN = `
  SELECT next_day_at, round_began_at, compared_since FROM books_turns WHERE organization_id = ?1`;

const FORGET_DIFFERENCES = `
  DELETE FROM day_differences WHERE organization_id = ?1 AND day_at IN (SELECT value FROM json_each(?2))`;

/** ?1 organization, ?2 days as a JSON array, ?3 the first day of which no event may have been pruned. */
const COMPARE_DAYS = `
  INSERT INTO day_differences (organization_id, day_at, member_id, rollups, days, events)
  SELECT
    ?1,
    day_at,
    member_id,
    sum(rollups),
    sum(days),
    CASE WHEN day_at >= CAST(?3 AS INTEGER) THEN sum(events) END
  FROM (
    SELECT asked.value AS day_at, dimension.member_id, rollup.cost AS rollups, 0 AS days, 0 AS events
    FROM usage_dimensions AS dimension
    CROSS JOIN json_each(?2) AS asked
    CROSS JOIN usage_rollups AS rollup
      ON rollup.dimension_id = dimension.id
      AND rollup.bucket_at >= asked.value
      AND rollup.bucket_at < asked.value + ${DAY_MS}
    WHERE dimension.organization_id = ?1
    UNION ALL
    SELECT asked.value, ledger.member_id, 0, day.cost, 0
    FROM json_each(?2) AS asked
    CROSS JOIN member_ledgers AS ledger ON ledger.organization_id = ?1
    CROSS JOIN member_days AS day ON day.member_id = ledger.member_id AND day.day_at = asked.value
    UNION ALL
    SELECT asked.value, event.member_id, 0, 0, event.cost
    FROM json_each(?2) AS asked
    CROSS JOIN usage_events AS event INDEXED BY usage_events_by_organization
      ON event.organization_id = ?1
      AND event.settled_at >= asked.value
      AND event.settled_at < asked.value + ${DAY_MS}
    WHERE asked.value >= CAST(?3 AS INTEGER)
      AND event.seq <= (SELECT seq FROM rollup_watermark)
  )
  GROUP BY day_at, member_id
  HAVING sum(rollups) <> sum(days)
    OR (day_at >= CAST(?3 AS INTEGER) AND sum(rollups) <> sum(events))`;

const READ_DIFFERENCES = `
  SELECT
    day_at,
    member_id,
    CAST(rollups AS TEXT) AS rollups,
    CAST(days AS TEXT) AS days,
    CAST(events AS TEXT) AS events
  FROM day_differences
  WHERE organization_id = ?1
  ORDER BY day_at, member_id`;

/** ?1 organization, ?2 where the next turn goes on, ?3 when the round began, ?4 since when all are compared. */
const WRITE_TURN = `
  INSERT INTO books_turns (organization_id, next_day_at, round_began_at, compared_since)
  VALUES (?1, CAST(?2 AS INTEGER), CAST(?3 AS INTEGER), CAST(?4 AS INTEGER))
  ON CONFLICT DO UPDATE SET
    next_day_at = excluded.next_day_at,
    round_began_at = excluded.round_began_at,
    compared_since = excluded.compared_since`;

type Turn = { next_day_at: number; round_began_at: number; compared_since: number | null };
type DifferenceRow = { day_at: number; member_id: string; rollups: string; days: string; events: string | null };

/**
 * Compares the days whose turn it is and answers with every day of the organization that is known to differ, by member.
 * Moves the organization's turn on.
 */
export async function compareDays(
  db: D1Database,
  organizationId: string,
  nowMs: number,
): Promise<Map<string, DaySums[]>> {
  const session = db.withSession('first-primary');
  const turn = (await session.prepare(READ_TURN).bind(organizationId).first<Turn>()) ?? {
    next_day_at: 0,
    round_began_at: nowMs,
    compared_since: null,
  };
  const [next, known] = (await session.batch([
    session.prepare(NEXT_DAYS).bind(organizationId, turn.next_day_at, LIMITS.booksDaysPerTurn),
    session.prepare(READ_DIFFERENCES).bind(organizationId),
  ])) as [D1Result<{ day_at: number }>, D1Result<DifferenceRow>];
  const inTurn = next.results.map((row) => row.day_at);
  const today = nowMs - (nowMs % DAY_MS);
  // The newest of those that differed; should there be more, the round comes to them.
  const again = [...new Set(known.results.map((row) => row.day_at))].slice(-LIMITS.booksDaysAgainMax);
  const days = [...new Set([today, today - DAY_MS, ...inTurn, ...again])];
  // A day longer than pruning reaches: what a prune takes between our clock and this statement is not missed.
  const eventsFrom = nowMs - LIMITS.eventRetentionMs + DAY_MS;

  const last = inTurn.at(-1);
  const roundIsOver = last === undefined || inTurn.length < LIMITS.booksDaysPerTurn;
  const results = await session.batch<DifferenceRow>([
    session.prepare(FORGET_DIFFERENCES).bind(organizationId, JSON.stringify(days)),
    session.prepare(COMPARE_DAYS).bind(organizationId, JSON.stringify(days), eventsFrom),
    session
      .prepare(WRITE_TURN)
      .bind(
        organizationId,
        roundIsOver ? 0 : last + DAY_MS,
        roundIsOver ? nowMs : turn.round_began_at,
        roundIsOver ? turn.round_began_at : turn.compared_since,
      ),
    session.prepare(READ_DIFFERENCES).bind(organizationId),
  ]);
  return Map.groupBy(
    (results.at(-1)?.results ?? []).map((row) => ({ memberId: row.member_id, ...sumsOf(row) })),
    ({ memberId }) => memberId,
  );
}

function sumsOf(row: DifferenceRow): DaySums {
  const events = row.events === null ? null : BigInt(row.events);
  return { dayAtMs: row.day_at, rollups: BigInt(row.rollups), days: BigInt(row.days), events };
}

/** How many gaps are named: one is where to look, more are the same again. */
const GAPS_SHOWN = 3;

/** Sequence numbers after which the next that D1 has is not the next. ?5 the one that must follow the last, or null. */
const FIND_GAPS = `
  SELECT n, next
  FROM (
    SELECT n, lead(n, 1, CAST(?5 AS INTEGER)) OVER (ORDER BY n) AS next
    FROM usage_events
    WHERE organization_id = ?1
      AND settled_at >= CAST(?3 AS INTEGER)
      AND settled_at < CAST(?4 AS INTEGER)
      AND member_id = ?2
  )
  WHERE next > n + 1
  ORDER BY n
  LIMIT ${GAPS_SHOWN}`;

/**
 * Which of a member's events D1 lacks: in and around a day, or where `day` is null since yesterday, up to `shipped`.
 * Null where the numbers tell nothing: the sequence is whole there, or too little of it is left.
 */
export async function missingSequences(
  db: D1Database,
  member: { organizationId: string; memberId: string; shipped: number },
  day: string | null,
  nowMs: number,
): Promise<string | null> {
  // With a day on both sides: a gap at the edge of a day is seen by its neighbours.
  const fromMs = (day === null ? nowMs - (nowMs % DAY_MS) : Date.parse(day)) - DAY_MS;
  const untilMs = fromMs + 3 * DAY_MS;
  const mustFollow = untilMs > nowMs ? member.shipped + 1 : null;
  const { results } = await db
    .withSession('first-primary')
    .prepare(FIND_GAPS)
    .bind(member.organizationId, member.memberId, fromMs, untilMs, mustFollow)
    .all<{ n: number; next: number }>();
  return sequencesText(results.map(({ n, next }) => [n + 1, next - 1]));
}

/** "17", "17-19, 23"; null for none. */
export function sequencesText(ranges: readonly (readonly [number, number])[]): string | null {
  return ranges.length === 0 ? null : ranges.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(', ');
}
