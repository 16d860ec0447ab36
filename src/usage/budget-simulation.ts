/**
 * GET /orgs/{orgId}/budget-simulation: a member's usage events of some days, read from D1 in pages and replayed under a
 * budget that was not set (simulated-budget.ts). Events in, sums out: nothing is kept of an event but its day.
 */
import { z } from '@hono/zod-openapi';
import type { ScopeLimits } from '../budgets/policy.ts';
import { SCOPE_NAMES } from '../budgets/refusals.ts';
import type { Outcome } from '../budgets/usage-event.ts';
import { type Bucket, Window } from '../budgets/windows.ts';
import { DAY_MS, LIMITS } from '../limits.ts';
import { addNanos, formatUsd, type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { count, DAY, instant, usd } from '../reference/fields.ts';
import { badRequest } from '../teams/api-error.ts';
import { instantOrNull } from '../teams/status.ts';
import { QUARTER_MS } from './measures.ts';
import { type Past, type PastEvent, SimulatedBudget, type SimulatedRefusal } from './simulated-budget.ts';
import type { Span } from './time-zones.ts';

export interface Simulation {
  organizationId: string;
  memberId: string;
  limits: ScopeLimits;
  /** What the total counts: all that was ever spent, or a cycle that starts with the first day. */
  basis: 'lifetime' | 'cycle';
  /** The local days, in order and without gaps. */
  days: readonly Span[];
}

/** Only the index is read to find a member's events; ?1 organization, ?2 from, ?3 until, ?4 member. */
const ITS_EVENTS = `
  FROM usage_events INDEXED BY usage_events_by_organization
  WHERE organization_id = ?1
    AND settled_at >= CAST(?2 AS INTEGER)
    AND settled_at < CAST(?3 AS INTEGER)
    AND member_id = ?4`;

const COUNT_EVENTS = `SELECT count(*) AS events, (SELECT max(seq) FROM usage_events) AS last ${ITS_EVENTS}`;

const SPENT_BEFORE = `
  SELECT
    coalesce((SELECT cost FROM member_ledgers WHERE member_id = ?4), 0) - coalesce(sum(cost), 0) AS spent
  ${ITS_EVENTS}`;

/**
 * What was spent before ?2, in quarters of an hour from ?3 on and in days before that, back to ?5: a window that reaches
 * further than the finer of them is not known as finely at its far end.
 */
const RECENT = `
  SELECT start_at, end_at, sum(cost) AS cost
  FROM (
    SELECT rollup.bucket_at AS start_at, rollup.bucket_at + ${QUARTER_MS} AS end_at, rollup.cost
    FROM usage_dimensions AS dimension
    JOIN usage_rollups AS rollup ON rollup.dimension_id = dimension.id
    WHERE dimension.organization_id = ?1
      AND rollup.bucket_at >= max(CAST(?3 AS INTEGER), CAST(?5 AS INTEGER))
      AND rollup.bucket_at < CAST(?2 AS INTEGER)
      AND dimension.member_id = ?4
    UNION ALL
    SELECT day_at, day_at + ${DAY_MS}, cost
    FROM member_days
    WHERE member_id = ?4 AND day_at >= CAST(?5 AS INTEGER) AND day_at < CAST(?3 AS INTEGER)
    UNION ALL
    SELECT settled_at - settled_at % ${QUARTER_MS}, settled_at - settled_at % ${QUARTER_MS} + ${QUARTER_MS}, cost
    FROM usage_events NOT INDEXED
    WHERE seq > (SELECT seq FROM rollup_watermark) AND member_id = ?4 AND settled_at < CAST(?2 AS INTEGER)
  )
  GROUP BY start_at, end_at
  HAVING sum(cost) > 0`;

/** The next page: ?2 and ?5 are instant and number of the last one's end; none above ?6, at most ?7. */
const READ_PAGE = `
  SELECT
    settled_at,
    seq,
    outcome,
    requests,
    cost,
    CASE WHEN outcome IN ('expired', 'correction') THEN attempt_id ELSE '' END AS attempt_id
  ${ITS_EVENTS}
    AND (settled_at > CAST(?2 AS INTEGER) OR seq > CAST(?5 AS INTEGER))
    AND seq <= CAST(?6 AS INTEGER)
  ORDER BY settled_at, seq
  LIMIT CAST(?7 AS INTEGER)`;

type EventRow = {
  settled_at: number;
  seq: number;
  outcome: Outcome;
  requests: number;
  cost: number;
  attempt_id: string;
};

interface Sums {
  requests: number;
  cost: Nanos;
  refusedRequests: number;
  refusedCost: Nanos;
}

const SumsShown = z.object({
  requests: count(120),
  cost: usd('12.34'),
  refusedRequests: count(20),
  refusedCost: usd('2.34'),
});

export const Simulated = z.object({
  ...SumsShown.shape,
  admittedRequests: count(100),
  admittedCost: usd('10'),
  firstRefusalAt: instant().nullable(),
  refusals: z
    .array(
      z.object({
        at: instant(),
        scope: z.enum(SCOPE_NAMES).openapi({ example: 'member_period' }),
        limit: usd('10'),
        spent: usd('9.99'),
        cost: usd('0.12', 'Of the request'),
        resetsAt: instant('2026-12-01T00:00:00.000Z').nullable(),
      }),
    )
    .openapi({ description: `The first ${LIMITS.simulationRefusalsMax}` }),
  days: z.array(z.object({ date: DAY, ...SumsShown.shape })),
});

/**
 * Replays the member's events and answers as the API shows it. Costs and requests are those of analytics for the same
 * days, less the requests that really were refused. Throws a 400 where there are more than `eventsMax` to replay.
 */
export async function simulateBudget(
  db: D1Database,
  simulation: Simulation,
  pageRows: number = LIMITS.simulationPageRows,
  eventsMax: number = LIMITS.simulationEventsMax,
): Promise<z.infer<typeof Simulated>> {
  const { limits, days } = simulation;
  const fromMs = days[0]?.startMs ?? 0;
  const session = db.withSession('first-primary');
  const { past, last } = await readPast(session, simulation, eventsMax);
  const budget = new SimulatedBudget(limits, past, fromMs);

  const perDay = days.map(({ label, endMs }) => ({ date: label, endMs, sums: noSums() }));
  const totals = noSums();
  const refusals: ({ atMs: number } & SimulatedRefusal)[] = [];
  let day = 0;
  for await (const page of readPages(session, simulation, last, pageRows)) {
    for (const event of page) {
      // What really was refused was never dispatched, and costs nothing under any budget.
      if (event.outcome === 'refused') continue;
      while (event.settledAtMs >= (perDay[day]?.endMs ?? Infinity)) day += 1;
      const { admitted, refusal } = budget.next(event);
      for (const sums of [totals, perDay[day]?.sums]) if (sums) add(sums, event, admitted);
      if (!refusal || refusals.length >= LIMITS.simulationRefusalsMax) continue;
      refusals.push({ atMs: event.settledAtMs, ...refusal });
    }
  }
  return {
    ...show(totals),
    admittedRequests: totals.requests - totals.refusedRequests,
    admittedCost: formatUsd(nanos(totals.cost - totals.refusedCost)),
    firstRefusalAt: instantOrNull(refusals[0]?.atMs ?? null),
    refusals: refusals.map(({ atMs, view, cost }) => ({
      at: new Date(atMs).toISOString(),
      scope: view.scope,
      limit: formatUsd(view.limit),
      spent: formatUsd(view.spent),
      cost: formatUsd(cost),
      resetsAt: instantOrNull(view.resetsAtMs),
    })),
    days: perDay.map(({ date, sums }) => ({ date, ...show(sums) })),
  };
}

/** What the budget would have found at the first day, and the last event that there is now. */
async function readPast(
  session: D1DatabaseSession,
  simulation: Simulation,
  eventsMax: number,
): Promise<{ past: Past; last: number }> {
  const { organizationId, memberId, limits, basis, days } = simulation;
  const fromMs = days[0]?.startMs ?? 0;
  const untilMs = days.at(-1)?.endMs ?? 0;
  // Buckets that do not count at the start never will.
  const oldestMs = limits.period ? new Window(limits.period.window).horizon(fromMs) : fromMs;
  const finestMs = fromMs - (fromMs % DAY_MS) - LIMITS.windowHistoryMs;
  const [counted, before, recent] = await session.batch<Record<string, number | null>>([
    session.prepare(COUNT_EVENTS).bind(organizationId, fromMs, untilMs, memberId),
    // Also what came after the last day: the ledger has it.
    session.prepare(SPENT_BEFORE).bind(organizationId, fromMs, Number.MAX_SAFE_INTEGER, memberId),
    session.prepare(RECENT).bind(organizationId, fromMs, finestMs, memberId, oldestMs - (oldestMs % DAY_MS)),
  ]);
  const events = counted?.results[0]?.events ?? 0;
  if (events > eventsMax) {
    throw badRequest(
      'from',
      `At most ${eventsMax} requests can be replayed, and these days have ${events}: choose fewer days.`,
    );
  }
  const buckets = (recent?.results ?? []).map(
    (row): Bucket => ({ startMs: Number(row.start_at), endMs: Number(row.end_at), spent: nanos(Number(row.cost)) }),
  );
  const spent = basis === 'cycle' ? ZERO : nanos(before?.results[0]?.spent ?? 0);
  return { past: { spent, buckets }, last: counted?.results[0]?.last ?? 0 };
}

/** The member's events in the order in which they were settled, a page at a time. */
async function* readPages(
  session: D1DatabaseSession,
  { organizationId, memberId, days }: Simulation,
  last: number,
  pageRows: number,
): AsyncGenerator<PastEvent[]> {
  const untilMs = days.at(-1)?.endMs ?? 0;
  const page = session.prepare(READ_PAGE);
  // Events that were moved here have numbers below 0.
  let after = { settled_at: days[0]?.startMs ?? 0, seq: Number.MIN_SAFE_INTEGER };
  for (;;) {
    const { results } = await page
      .bind(organizationId, after.settled_at, untilMs, memberId, after.seq, last, pageRows)
      .all<EventRow>();
    yield results.map((row) => ({
      settledAtMs: row.settled_at,
      outcome: row.outcome,
      requests: row.requests,
      costNanos: row.cost,
      attemptId: row.attempt_id,
    }));
    if (results.length < pageRows) return;
    after = results.at(-1) ?? after;
  }
}

function noSums(): Sums {
  return { requests: 0, cost: ZERO, refusedRequests: 0, refusedCost: ZERO };
}

function add(sums: Sums, event: PastEvent, admitted: boolean): void {
  const cost = nanos(event.costNanos);
  sums.requests += event.requests;
  sums.cost = addNanos(sums.cost, cost);
  if (admitted) return;
  sums.refusedRequests += event.requests;
  sums.refusedCost = addNanos(sums.refusedCost, cost);
}

function show({ requests, cost, refusedRequests, refusedCost }: Sums): z.infer<typeof SumsShown> {
  return { requests, cost: formatUsd(cost), refusedRequests, refusedCost: formatUsd(refusedCost) };
}
