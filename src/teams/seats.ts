/**
 * Seats: every person and every pending invitation holds one, API-only members none. How many a plan has stands in
 * roles.ts; who takes the last of two who want it is decided by invitations.ts.
 *
 * A seat past those is bought by accepting its exact price until the period ends: that of the subscription, else the month. What
 * was bought is written down in the same batch, and charged after that (billing/seat-charges.ts).
 */
import { z } from '@hono/zod-openapi';
import { Temporal } from 'temporal-polyfill';
import { changeAudited } from '../audit/change.ts';
import type { Trail } from '../audit/trail.ts';
import { DAY_MS, LIMITS } from '../limits.ts';
import { formatUsd, type Nanos, nanos, parseUsd, USD } from '../money/nanos.ts';
import { count, instant, usd } from '../reference/fields.ts';
import { ApiError, badRequest, notFound } from './api-error.ts';
import { PLAN_NAMES, PLAN_SEATS, type Plan } from './roles.ts';

const QUOTED = { error: 'acceptSeatCost must be the quoted amount.' };

/** A price as it was quoted. */
export const ACCEPTED_COST = z
  .string(QUOTED)
  .refine((text) => parseUsd(text) !== null, QUOTED)
  .openapi({ pattern: USD.source });

/** `?1` the organization, `?2` now. */
const USED = 'SELECT count(*) FROM members WHERE organization_id = ?1 AND user_id IS NOT NULL AND removed_at IS NULL';

const PENDING = `SELECT count(*) FROM invitations
  WHERE organization_id = ?1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > CAST(?2 AS INTEGER)`;

/**
 * Throws where so many more, people or programs, would be more than there may be; invitations count as who they invite.
 * Asked while a change is described, so that nobody gets past it at once with somebody else.
 */
export async function checkRoom(env: Env, organizationId: string, more: number, nowMs: number): Promise<void> {
  const held = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT (${PENDING}) + (SELECT count(*) FROM members WHERE organization_id = ?1 AND removed_at IS NULL) AS held`,
    )
    .bind(organizationId, nowMs)
    .first<number>('held');
  if ((held ?? 0) + more <= LIMITS.membersPerOrganizationMax) return;
  throw badRequest(null, `An organization has at most ${LIMITS.membersPerOrganizationMax} members.`);
}

export interface Seats {
  plan: Plan;
  /** Null: no number is set, so there are always more. */
  included: number | null;
  bought: number;
  used: number;
  pending: number;
  /** What is bought now is paid for until its end. */
  period: { startMs: number; endMs: number };
}

export async function readSeats(env: Env, organizationId: string, nowMs: number): Promise<Seats> {
  const row = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT organizations.plan, seats_bought AS bought, (${USED}) AS used, (${PENDING}) AS pending,
              period_start AS periodStart, period_end AS periodEnd
       FROM organizations
       LEFT JOIN subscriptions ON organization_id = organizations.id AND status <> 'canceled' AND period_end > period_start
       WHERE organizations.id = ?1`,
    )
    .bind(organizationId, nowMs)
    .first<SeatsRow>();
  if (!row) throw notFound('organization');
  const { plan, bought, used, pending, periodStart, periodEnd } = row;
  const period =
    periodStart === null || periodEnd === null
      ? monthOf(nowMs)
      : periodAt({ startMs: periodStart, endMs: periodEnd }, nowMs);
  const { included, priceUsd } = PLAN_SEATS[plan];
  // A contract's number is all there is; to a plan that sells none, what the operator said adds nothing.
  if (included === null) return { plan, included: bought, bought: 0, used, pending, period };
  return { plan, included, bought: priceUsd === null ? 0 : (bought ?? 0), used, pending, period };
}

interface SeatsRow {
  plan: Plan;
  bought: number | null;
  used: number;
  pending: number;
  periodStart: number | null;
  periodEnd: number | null;
}

/** How many there are, taken or not; null: no end. */
function seatsOf({ included, bought }: Seats): number | null {
  return included === null ? null : included + bought;
}

export function seatsLeft(seats: Seats): number | null {
  const all = seatsOf(seats);
  return all === null ? null : Math.max(0, all - seats.used - seats.pending);
}

/**
 * How many seats so many more people are short of. Those held beyond what there is (a plan was changed, or the operator said
 * fewer) are among them: else one bought for the next would leave everybody over as before.
 */
export function seatsMissing(seats: Seats, more: number): number {
  const all = seatsOf(seats);
  return all === null ? 0 : Math.max(0, seats.used + seats.pending + more - all);
}

/** What one more seat costs until the period ends, by whole days, today included; null where none are sold. */
export function proratedCost(
  { plan, period: { startMs, endMs } }: Pick<Seats, 'plan' | 'period'>,
  nowMs: number,
): Nanos | null {
  const price = PLAN_SEATS[plan].priceUsd;
  if (price === null) return null;
  const daysLeft = Math.ceil((endMs - nowMs) / DAY_MS);
  const days = Math.round((endMs - startMs) / DAY_MS);
  const cents = Math.round(((parseUsd(price) ?? 0) / CENT) * (Math.min(daysLeft, days) / days));
  return nanos(cents * CENT);
}

/** The same in cents; 0 where none are sold. */
export function seatCents(seats: Pick<Seats, 'plan' | 'period'>, atMs: number): number {
  return (proratedCost(seats, atMs) ?? 0) / CENT;
}

/** Nanodollars. */
const CENT = 10_000_000;

/** The period of a subscription, or where that has ended and Stripe has yet to tell of the next one, the month after it. */
function periodAt({ startMs, endMs }: Seats['period'], nowMs: number): Seats['period'] {
  if (nowMs < endMs) return { startMs, endMs };
  const end = Temporal.Instant.fromEpochMilliseconds(endMs).toZonedDateTimeISO('UTC');
  for (let months = 1; ; months++) {
    const next = end.add({ months }).epochMilliseconds;
    if (nowMs < next) return { startMs: end.add({ months: months - 1 }).epochMilliseconds, endMs: next };
  }
}

/** The calendar month, UTC. */
export function monthOf(nowMs: number): Seats['period'] {
  const now = new Date(nowMs);
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  return { startMs: Date.UTC(year, month, 1), endMs: Date.UTC(year, month + 1, 1) };
}

export const SeatsShown = z
  .object({
    included: count(3).nullable().openapi({ description: 'Null: no number is set' }),
    bought: count(2),
    used: count(4),
    pending: count(1, 'Held by invitations'),
    left: count(0).nullable().openapi({ description: 'Null: there is no end of them' }),
    pricePerSeat: usd('10').nullable().openapi({ description: 'A month; null: no more are sold' }),
    proratedCost: usd('3.33')
      .nullable()
      .openapi({ description: 'One more until the period ends: what `acceptSeatCost` takes' }),
    billingCycleEndsAt: instant('2026-12-01T00:00:00.000Z'),
  })
  .openapi('Seats');

export function showSeats(seats: Seats, nowMs: number): z.infer<typeof SeatsShown> {
  const { plan, included, bought, used, pending, period } = seats;
  const cost = proratedCost(seats, nowMs);
  return {
    included,
    bought,
    used,
    pending,
    left: seatsLeft(seats),
    pricePerSeat: PLAN_SEATS[plan].priceUsd,
    proratedCost: cost === null ? null : formatUsd(cost),
    billingCycleEndsAt: new Date(period.endMs).toISOString(),
  };
}

/** What so many more seats cost until the period ends; null where none are sold. */
function costOf(seats: Seats, more: number, nowMs: number): Nanos | null {
  const each = proratedCost(seats, nowMs);
  return each === null ? null : nanos(each * more);
}

/** Whether exactly the price of so many more seats was accepted. */
export function isCostOf(seats: Seats, more: number, accepted: string | undefined, nowMs: number): boolean {
  return accepted !== undefined && parseUsd(accepted) === costOf(seats, more, nowMs);
}

/**
 * Has so many more, which are charged later. For the batch of the change that needs them. With `boughtBy`, nothing where the
 * same one has bought as many a moment ago: that was the first of two clicks.
 */
export function addSeats(
  env: Env,
  organizationId: string,
  seats: Seats,
  more: number,
  nowMs: number,
  boughtBy: string | null = null,
): [more: D1PreparedStatement, purchase: D1PreparedStatement] {
  const isFirst = `NOT EXISTS (
    SELECT 1 FROM seat_purchases
    WHERE organization_id = ?1 AND seats = CAST(?2 AS INTEGER) AND bought_by = ?3 AND bought_at > CAST(?4 AS INTEGER)
  )`;
  const asked = [organizationId, more, boughtBy, nowMs - LIMITS.sameCheckoutMs];
  return [
    env.DB.prepare(
      `UPDATE organizations SET seats_bought = coalesce(seats_bought, 0) + CAST(?2 AS INTEGER) WHERE id = ?1 AND ${isFirst}`,
    ).bind(...asked),
    env.DB.prepare(
      `INSERT INTO seat_purchases (organization_id, seats, bought_by, unit_cost, bought_at, period_end, untold)
       SELECT ?1, CAST(?2 AS INTEGER), ?3, CAST(?5 AS INTEGER), CAST(?6 AS INTEGER), CAST(?7 AS INTEGER), 1 WHERE ${isFirst}`,
    ).bind(...asked, seatCents(seats, nowMs), nowMs, seats.period.endMs),
  ];
}

/**
 * Buys seats before anybody needs them; a second click within a minute buys none. Throws a 403 where the plan sells none, a 400 where as many people would still hold
 * more than there are, and a 402 with their price unless exactly that was accepted.
 */
export async function buySeats(
  env: Env,
  trail: Trail,
  { seats: more, acceptSeatCost }: { seats: number; acceptSeatCost?: string | undefined },
  nowMs: number,
): Promise<void> {
  const { organizationId } = trail;
  const bought = await changeAudited(env.DB, trail, nowMs, async () => {
    const seats = await readSeats(env, organizationId, nowMs);
    const cost = costOf(seats, more, nowMs);
    if (cost === null) throw noneSold(seats.plan);
    const missing = seatsMissing(seats, 0);
    if (more < missing) throw badRequest('seats', `${heldOf(seats)}: buy at least ${missing}.`);
    if ((seatsOf(seats) ?? 0) + more > LIMITS.membersPerOrganizationMax) {
      throw badRequest('seats', `An organization has at most ${LIMITS.membersPerOrganizationMax} members.`);
    }
    if (!isCostOf(seats, more, acceptSeatCost, nowMs)) {
      const message = `${more === 1 ? 'One more seat costs' : `${more} more seats cost`} $${formatUsd(cost)} until the period ends: repeat with acceptSeatCost.`;
      const metadata = { seats: showSeats(seats, nowMs), seatsNeeded: more, seatCost: formatUsd(cost) };
      throw new ApiError(402, 'seat_cost_not_accepted', message, { param: 'acceptSeatCost', metadata });
    }
    const [statement, purchase] = addSeats(env, organizationId, seats, more, nowMs, buyerIn(trail));
    return {
      action: 'organization.seats.updated',
      targetId: organizationId,
      before: { seats: seats.bought },
      after: { seats: seats.bought + more, seatCost: formatUsd(cost) },
      statement,
      behind: [purchase],
    };
  });
  if (!bought) trail.changesNothing = true;
}

function buyerIn({ actor }: Trail): string {
  switch (actor.kind) {
    case 'user':
      return actor.userId;
    case 'master_key':
      return actor.masterKeyId;
    case 'operator':
    case 'billing':
      return actor.kind;
  }
}

function heldOf(seats: Seats): string {
  return `${seats.used + seats.pending} seats are held of ${seatsOf(seats)}`;
}

function noneSold(plan: Plan): ApiError {
  if (PLAN_SEATS[plan].included === null) {
    const message = `The seats of the ${PLAN_NAMES[plan]} plan are by contract: the operator of this Purser sets them.`;
    return new ApiError(403, 'seats_by_contract', message);
  }
  const message = `The ${PLAN_NAMES[plan]} plan has no more seats. More are sold on the ${PLAN_NAMES.pro} plan.`;
  return new ApiError(403, 'plan_required', message, { metadata: { plan: 'pro' } });
}

/** The 402 of who needs `more` seats than there are (see `seatsMissing`), with what they would cost. */
export function seatsExhausted(seats: Seats, more: number, nowMs: number): ApiError {
  const price = costOf(seats, more, nowMs);
  const cost = price === null ? null : formatUsd(price);
  const full = seatsMissing(seats, 0) > 0 ? `${heldOf(seats)}.` : `All ${seatsOf(seats)} seats are taken.`;
  const message =
    cost === null
      ? `${full} The ${PLAN_NAMES[seats.plan]} plan has no more: remove somebody, or change the plan.`
      : `${full} ${more === 1 ? 'One more costs' : `${more} more cost`} $${cost} until the period ends: repeat with acceptSeatCost.`;
  const metadata = { seats: showSeats(seats, nowMs), seatsNeeded: more, seatCost: cost };
  return new ApiError(402, 'seats_exhausted', message, { param: 'acceptSeatCost', metadata });
}
