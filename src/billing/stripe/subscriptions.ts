/**
 * Paid plans on Stripe's subscriptions. Stripe says how a subscription is now; this file makes the organization's plan follow:
 * paid for at once, ended at the end of its period, and where a payment fails only after a grace. Nobody loses data by any
 * of it: a smaller plan only has less room for what is new.
 *
 * Seats are the other way round: the organization's own number is what counts, because a seat is used the moment it is
 * bought, and Stripe is told of it (`tellSeats`): more at once, for the next bill; fewer as the period ends.
 */
import type Stripe from 'stripe';
import { changeAudited } from '../../audit/change.ts';
import { unattendedTrail } from '../../audit/trail.ts';
import { LIMITS, SECOND_MS } from '../../limits.ts';
import { minorUnits } from '../../money/minor-units.ts';
import { setPlan } from '../../teams/organization.ts';
import { PLAN_SEATS, type Plan } from '../../teams/roles.ts';
import { seatCents } from '../../teams/seats.ts';
import { utcDayOf } from '../../usage/time-zones.ts';
import { buyerOf } from '../buyer.ts';
import type { Party } from '../documents/document.ts';
import { type ChargedLine, leavesTax, subscriptionDraft } from '../drafts.ts';
import { oneByOne } from '../one-by-one.ts';
import { type Seller, sellerOf } from '../seller.ts';
import { completeTransaction, openTransaction } from '../transactions.ts';
import { idOf, stripeOf } from './account.ts';
import { SEAT_PRODUCT, seatPrice } from './products.ts';

/** Under this name a subscription carries the organization. */
export const ORGANIZATION = 'purser_organization';
/** Under this name one that is too many carries the one that stays. */
const SECOND = 'purser_second_to';

export interface Subscription {
  organizationId: string;
  reference: string;
  status: 'active' | 'past_due' | 'canceled';
  plan: Plan;
  seats: number;
  periodStart: number;
  periodEnd: number;
  nextPlan: Plan | null;
  pastDueSince: number | null;
}

const COLUMNS = `organization_id AS organizationId, reference, status, subscriptions.plan, seats, period_start AS periodStart,
  period_end AS periodEnd, next_plan AS nextPlan, past_due_since AS pastDueSince`;

export function readSubscription(env: Env, organizationId: string): Promise<Subscription | null> {
  return env.DB.withSession('first-primary')
    .prepare(`SELECT ${COLUMNS} FROM subscriptions WHERE organization_id = ?1`)
    .bind(organizationId)
    .first<Subscription>();
}

/** Asks Stripe how a subscription is, remembers that, and makes the plan follow. */
export async function hearSubscription(env: Env, stripe: Stripe, id: string, nowMs: number): Promise<void> {
  const found = await stripe.subscriptions.retrieve(id);
  const organizationId = found.metadata[ORGANIZATION];
  if (organizationId === undefined) return;
  if (!(await isKnown(env, organizationId))) return;
  const heard = await onlyOne(env, stripe, organizationId, found, nowMs);
  const status = statusOf(heard.status);
  const { start, end } = periodOf(heard);
  // `nowMs` was read before Stripe was asked: of two who ask at once, the one who asked later is believed.
  await env.DB.prepare(
    `INSERT INTO subscriptions (organization_id, paid_through, reference, status, plan, seats, period_start, period_end,
                                next_plan, past_due_since, heard_at)
     VALUES (?1, 'stripe', ?2, ?3, 'pro', CAST(?4 AS INTEGER), CAST(?5 AS INTEGER), CAST(?6 AS INTEGER), ?7,
             CASE WHEN ?3 = 'past_due' THEN CAST(?8 AS INTEGER) END, CAST(?8 AS INTEGER))
     ON CONFLICT (organization_id) DO UPDATE
     SET reference = excluded.reference, status = excluded.status, seats = excluded.seats,
         period_start = excluded.period_start, period_end = excluded.period_end, next_plan = excluded.next_plan,
         past_due_since = CASE WHEN excluded.status = 'past_due' THEN coalesce(past_due_since, excluded.past_due_since) END,
         heard_at = excluded.heard_at
     WHERE excluded.heard_at >= heard_at
       -- A subscription that has ended says nothing of the one that came after it.
       AND (reference = excluded.reference OR excluded.status <> 'canceled')`,
  )
    .bind(
      organizationId,
      heard.id,
      status,
      seatsOf(heard),
      start,
      end,
      heard.cancel_at_period_end ? 'free' : null,
      nowMs,
    )
    .run();
  await followPlan(env, organizationId, nowMs);
}

/**
 * Of two that are alive, bought on two pages, the one that stays: one that is paid for, and the older of these, whichever is heard of
 * first. The other is cancelled, and what was paid for it given back, in the order in which dying in between leaves both
 * to be found again. `found`: the one that is heard of now.
 */
async function onlyOne(
  env: Env,
  stripe: Stripe,
  organizationId: string,
  found: Stripe.Subscription,
  nowMs: number,
): Promise<Stripe.Subscription> {
  const known = await readSubscription(env, organizationId);
  if (!known || known.reference === found.id || known.status === 'canceled' || statusOf(found.status) === 'canceled')
    return found;
  const other = await stripe.subscriptions.retrieve(known.reference);
  if (statusOf(other.status) === 'canceled') return found;
  const [first, second] = comesBefore(found, other) ? [found, other] : [other, found];
  await stripe.subscriptions.update(second.id, { metadata: { [SECOND]: first.id } });
  // A bill that is paid later is given back when it is heard of.
  if (second.latest_invoice) await takeBill(env, stripe, idOf(second.latest_invoice), nowMs);
  await stripe.subscriptions.cancel(second.id);
  const told = { event: 'second_subscription_cancelled', organizationId, kept: first.id, cancelled: second.id };
  console.warn(JSON.stringify(told));
  return first;
}

function comesBefore(a: Stripe.Subscription, b: Stripe.Subscription): boolean {
  const [isPaid, isOtherPaid] = [a, b].map(({ status }) => statusOf(status) === 'active');
  if (isPaid !== isOtherPaid) return isPaid === true;
  return a.created === b.created ? a.id < b.id : a.created < b.created;
}

/** Makes the organization's plan what its subscription pays for. */
async function followPlan(env: Env, organizationId: string, nowMs: number): Promise<void> {
  const subscription = await readSubscription(env, organizationId);
  if (!subscription) return;
  const { status, plan, seats, pastDueSince } = subscription;
  const isPaid =
    status === 'active' || (status === 'past_due' && nowMs < (pastDueSince ?? nowMs) + LIMITS.paymentGraceMs);
  const due = isPaid ? plan : 'free';
  const now = await env.DB.prepare('SELECT plan FROM organizations WHERE id = ?1')
    .bind(organizationId)
    .first<Plan>('plan');
  // What a contract gives is the operator's to end.
  if (now === null || now === due || now === 'enterprise') return;
  await setPlan(env, unattendedTrail(organizationId), due, nowMs, isPaid && seats > 0 ? seats : null);
}

/** Ends what was not paid for long enough: the cron's. */
export async function endGraces(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT organization_id AS organizationId
     FROM subscriptions JOIN organizations ON organizations.id = organization_id
     WHERE status = 'past_due' AND past_due_since <= CAST(?1 AS INTEGER) AND organizations.plan = subscriptions.plan
     LIMIT CAST(?2 AS INTEGER)`,
  )
    .bind(nowMs - LIMITS.paymentGraceMs, LIMITS.subscriptionsPerRun)
    .all<{ organizationId: string }>();
  await oneByOne('grace_not_ended', results, ({ organizationId }) => followPlan(env, organizationId, nowMs));
}

async function isKnown(env: Env, organizationId: string): Promise<boolean> {
  return (await env.DB.prepare('SELECT 1 FROM organizations WHERE id = ?1').bind(organizationId).first()) !== null;
}

/** A bill of Stripe's: once it is paid it is a transaction here, with a document of ours. */
export async function hearInvoice(env: Env, stripe: Stripe, id: string, nowMs: number): Promise<void> {
  const bill = await stripe.invoices.retrieve(id);
  const subscription = bill.parent?.subscription_details?.subscription;
  if (!subscription) return;
  await hearSubscription(env, stripe, idOf(subscription), nowMs);
  await takeBill(env, stripe, id, nowMs);
}

/** Makes a transaction of a bill that is paid; of a second subscription's also its refund. */
async function takeBill(env: Env, stripe: Stripe, id: string, nowMs: number): Promise<void> {
  const bill = await stripe.invoices.retrieve(id, { expand: ['payments'] });
  const subscription = bill.parent?.subscription_details?.subscription;
  if (!subscription || bill.status !== 'paid' || bill.total <= 0) return;
  const organizationId = bill.parent?.subscription_details?.metadata?.[ORGANIZATION];
  // Of another deployment at this account.
  if (organizationId === undefined || !(await isKnown(env, organizationId))) return;

  const paid = bill.payments?.data.find(({ status }) => status === 'paid')?.payment.payment_intent;
  const reference = paid ? idOf(paid) : id;
  const currency = bill.currency.toUpperCase();
  const buyer = await buyerOf(env, organizationId);
  const seller = await sellerAsBilled(stripe, sellerOf(env), buyer, bill);
  const payment = { organizationId, seller, buyer, currency, paidThrough: 'stripe', reference } as const;
  const draft = subscriptionDraft(payment, bill.lines.data.map(lineOf));
  if (draft.snapshot.totals.total !== bill.total) {
    throw new Error(
      `bill ${id} is of ${bill.total}, its document would be of ${draft.snapshot.totals.total} ${currency}`,
    );
  }
  const { id: transactionId } = await openTransaction(env, draft, nowMs);
  await completeTransaction(env, transactionId, nowMs, reference);
  const { metadata } = await stripe.subscriptions.retrieve(idOf(subscription));
  if (metadata[SECOND] === undefined || !paid) return;
  const { data: given } = await stripe.refunds.list({ payment_intent: reference, limit: 1 });
  // Its credit note is made as Stripe tells of the refund.
  if (given.length === 0)
    await stripe.refunds.create({ payment_intent: reference }, { idempotencyKey: `second-${id}` });
}

/**
 * Tells Stripe how many seats the next bill is for. More are told at once; what they cost until then was charged when they were
 * bought. Fewer, because people have left, are told in the last hours of the period: until then a freed seat can be
 * used again.
 */
export async function tellSeats(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT ${COLUMNS}, coalesce(seats_bought, 0) AS wanted,
            (SELECT count(*) FROM members WHERE members.organization_id = organizations.id AND user_id IS NOT NULL AND removed_at IS NULL)
            + (SELECT count(*) FROM invitations WHERE invitations.organization_id = organizations.id
               AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > CAST(?1 AS INTEGER)) AS held,
            ${HAS_UNTOLD} AS hasUntold
     FROM subscriptions JOIN organizations ON organizations.id = organization_id
     WHERE status = 'active' AND organizations.plan = subscriptions.plan
       AND (coalesce(seats_bought, 0) > seats OR ${HAS_UNTOLD}
         OR (period_end - CAST(?1 AS INTEGER) BETWEEN 0 AND CAST(?2 AS INTEGER) AND max(coalesce(seats_bought, 0), seats) > 0))
     -- At random, so that some which cannot be told do not keep the others.
     ORDER BY random() LIMIT CAST(?3 AS INTEGER)`,
  )
    .bind(nowMs, LIMITS.seatsLoweredBeforeMs, LIMITS.subscriptionsPerRun)
    .all<ToTell>();
  await oneByOne('seats_not_told', results, (found) => tellSeatsOf(env, found, nowMs));
}

/** SQL: whether some were bought of which nothing was noted as told; Stripe may have been, by a run that died. */
const HAS_UNTOLD = `EXISTS (
  SELECT 1 FROM seat_purchases WHERE seat_purchases.organization_id = organizations.id AND untold = 1
)`;

interface ToTell extends Subscription {
  wanted: number;
  held: number;
  hasUntold: number;
}

async function tellSeatsOf(env: Env, found: ToTell, nowMs: number): Promise<void> {
  const { organizationId, reference, plan, periodEnd, wanted, held } = found;
  const isEnding = periodEnd - nowMs <= LIMITS.seatsLoweredBeforeMs;
  const next = isEnding ? Math.max(0, held - (PLAN_SEATS[plan].included ?? 0)) : wanted;
  const seats = Math.min(next, wanted);
  if (seats === found.seats && seats === wanted && !found.hasUntold) return;
  const stripe = await stripeOf(env);
  const now = await stripe.subscriptions.retrieve(reference);
  const item = seatItem(now);
  if (item ? item.quantity !== seats : seats > 0) {
    const changed = item ? { id: item.id, quantity: seats } : { ...(await seatPrice(stripe, plan)), quantity: seats };
    // What seats cost until the period ends was charged as they were bought, at the price that was quoted.
    await stripe.subscriptions.update(
      reference,
      { items: [changed], proration_behavior: 'none' },
      // Of two runs at once that both find no item, one adds it: two would be billed twice.
      item ? undefined : { idempotencyKey: `seat-item-${reference}` },
    );
  }
  const { start, end } = periodOf(now);
  const wholePeriod = seatCents({ plan, period: { startMs: start, endMs: end } }, start);
  await env.DB.batch([
    env.DB.prepare('UPDATE subscriptions SET seats = CAST(?2 AS INTEGER) WHERE organization_id = ?1').bind(
      organizationId,
      seats,
    ),
    // What was bought as the last period ended came too late for the bill of this one: it is bought for this one here.
    env.DB.prepare(
      `INSERT INTO seat_purchases (organization_id, seats, unit_cost, bought_at, period_end)
       SELECT ?1, min(sum(seats), CAST(?2 AS INTEGER)), CAST(?3 AS INTEGER), CAST(?4 AS INTEGER), CAST(?5 AS INTEGER)
       FROM seat_purchases
       WHERE organization_id = ?1 AND untold = 1 AND taken_back_at IS NULL AND period_end <= CAST(?4 AS INTEGER)
       HAVING min(sum(seats), CAST(?2 AS INTEGER)) > 0`,
    ).bind(organizationId, seats - found.seats, wholePeriod, start, end),
    env.DB.prepare('UPDATE seat_purchases SET untold = 0 WHERE organization_id = ?1 AND untold = 1').bind(
      organizationId,
    ),
  ]);
  if (seats < wanted) await lowerSeats(env, organizationId, wanted, seats, nowMs);
}

async function lowerSeats(env: Env, organizationId: string, from: number, to: number, nowMs: number): Promise<void> {
  await changeAudited(env.DB, unattendedTrail(organizationId), nowMs, () => ({
    action: 'organization.seats.updated',
    targetId: organizationId,
    before: { seats: from },
    after: { seats: to },
    statement: env.DB.prepare(
      'UPDATE organizations SET seats_bought = CAST(?2 AS INTEGER) WHERE id = ?1 AND seats_bought = CAST(?3 AS INTEGER)',
    ).bind(organizationId, to, from),
  }));
}

/**
 * The seller with the tax that the bill bears: what is set by now, of the seller or the buyer, may not have been when the plan was
 * bought, and the document says what was paid.
 */
async function sellerAsBilled(stripe: Stripe, seller: Seller, buyer: Party, bill: Stripe.Invoice): Promise<Seller> {
  const taxed = bill.total_taxes?.find(({ amount }) => amount > 0)?.tax_rate_details;
  if (!taxed) return leavesTax(seller, buyer) ? seller : { ...seller, tax: null };
  const { display_name, percentage } = await stripe.taxRates.retrieve(taxed.tax_rate);
  return { ...seller, tax: { name: display_name, percent: String(percentage) }, reverseCharge: false };
}

/** A line as the bill has it: so many of what, or where that does not divide, one of the sum. */
function lineOf({ description, quantity, amount, period }: Stripe.InvoiceLineItem): ChargedLine {
  const count = quantity ?? 1;
  const divides = count > 0 && amount % count === 0;
  const name = description ?? 'Subscription';
  return {
    description: divides || count <= 1 ? name : `${name} (${count})`,
    quantity: divides ? String(count) : '1',
    unitPrice: minorUnits(divides ? amount / count : amount),
    // Stripe's period ends as the next begins.
    period: { from: utcDayOf(period.start * SECOND_MS), to: utcDayOf(period.end * SECOND_MS - 1) },
  };
}

function statusOf(status: Stripe.Subscription.Status): Subscription['status'] {
  switch (status) {
    case 'active':
    case 'trialing':
      return 'active';
    case 'past_due':
    case 'unpaid':
      return 'past_due';
    // Never paid for, paid for no more, or put aside by whoever runs the account.
    default:
      return 'canceled';
  }
}

function periodOf({ items, start_date }: Stripe.Subscription): { start: number; end: number } {
  const [item] = items.data;
  const start = item?.current_period_start ?? start_date;
  return { start: start * SECOND_MS, end: (item?.current_period_end ?? start) * SECOND_MS };
}

function seatItem(subscription: Stripe.Subscription): Stripe.SubscriptionItem | undefined {
  return subscription.items.data.find(({ price }) => price.product === SEAT_PRODUCT);
}

function seatsOf(subscription: Stripe.Subscription): number {
  return seatItem(subscription)?.quantity ?? 0;
}
