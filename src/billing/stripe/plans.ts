/** Buying, giving up and keeping a plan at Stripe. What it comes to is heard by its events (subscriptions.ts). */
import type Stripe from 'stripe';
import { DAY_MS, LIMITS } from '../../limits.ts';
import { sha256Hex } from '../../teams/keys.ts';
import type { Plan } from '../../teams/roles.ts';
import { buyerOf } from '../buyer.ts';
import type { Party } from '../documents/document.ts';
import { leavesTax } from '../drafts.ts';
import { sellerOf } from '../seller.ts';
import { stripeOf } from './account.ts';
import { customerOf } from './cards.ts';
import { planPrice, seatPrice } from './products.ts';
import { hearSubscription, ORGANIZATION, readSubscription, type Subscription } from './subscriptions.ts';

/**
 * The page where the plan is paid for, now and each month. Two clicks on one day lead to one page: two would be two
 * subscriptions. `ended` is the one that the organization had before, after which there is a new page.
 */
export async function buyPlan(
  env: Env,
  organizationId: string,
  plan: Plan,
  { returnUrl, ended, nowMs }: { returnUrl: string; ended: string | null; nowMs: number },
): Promise<string | null> {
  const stripe = await stripeOf(env);
  const buyer = await buyerOf(env, organizationId);
  const seats = await env.DB.prepare('SELECT coalesce(seats_bought, 0) AS seats FROM organizations WHERE id = ?1')
    .bind(organizationId)
    .first<number>('seats');
  const items = [{ ...(await planPrice(stripe, plan)), quantity: 1 }];
  if (seats) items.push({ ...(await seatPrice(stripe, plan)), quantity: seats });
  const metadata = { [ORGANIZATION]: organizationId };
  const page: Stripe.Checkout.SessionCreateParams = {
    mode: 'subscription',
    customer: await customerOf(env, organizationId, buyer.name, buyer.email),
    client_reference_id: organizationId,
    line_items: items,
    metadata,
    // Of the subscription and not of its items, so that seats which are added later bear it too.
    subscription_data: { metadata, ...(await taxesOf(env, stripe, buyer, nowMs)) },
    success_url: `${returnUrl}?plan=${plan}`,
    cancel_url: returnUrl,
  };
  const asked = await sha256Hex(JSON.stringify([page, ended, Math.floor(nowMs / DAY_MS)]));
  const session = await stripe.checkout.sessions.create(page, { idempotencyKey: `plan-${organizationId}-${asked}` });
  return session.url;
}

/** Gives the plan up as its period ends; the instant of that. */
export async function endPlan(env: Env, { reference }: Subscription, nowMs: number): Promise<string> {
  const stripe = await stripeOf(env);
  const ending = await stripe.subscriptions.update(reference, { cancel_at_period_end: true });
  await hearSubscription(env, stripe, reference, nowMs);
  const endsAtMs = (ending.items.data[0]?.current_period_end ?? 0) * 1_000;
  return new Date(endsAtMs).toISOString();
}

/** Takes giving it up back. */
export async function keepPlan(env: Env, { reference }: Subscription, nowMs: number): Promise<void> {
  const stripe = await stripeOf(env);
  await stripe.subscriptions.update(reference, { cancel_at_period_end: false });
  await hearSubscription(env, stripe, reference, nowMs);
}

/** Where the bill that was not paid can be paid, with whatever card; null: Stripe has no page for it. */
export async function openBill(env: Env, { reference }: Subscription): Promise<string | null> {
  const stripe = await stripeOf(env);
  const { latest_invoice: bill } = await stripe.subscriptions.retrieve(reference, { expand: ['latest_invoice'] });
  return bill !== null && typeof bill === 'object' ? (bill.hosted_invoice_url ?? null) : null;
}

/** Gives the plans of deleted organizations up, so that nobody is billed on for what is gone: the cron's. */
export async function endPlansOfDeleted(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT organization_id AS organizationId
     FROM subscriptions JOIN organizations ON organizations.id = organization_id
     WHERE status <> 'canceled' AND next_plan IS NULL AND deleted_at IS NOT NULL
     -- At random, so that some which cannot be ended do not keep the others.
     ORDER BY random() LIMIT CAST(?1 AS INTEGER)`,
  )
    .bind(LIMITS.subscriptionsPerRun)
    .all<{ organizationId: string }>();
  for (const { organizationId } of results) {
    const subscription = await readSubscription(env, organizationId);
    try {
      if (subscription) await endPlan(env, subscription, nowMs);
    } catch (error) {
      console.error(JSON.stringify({ event: 'plan_of_deleted_not_ended', organizationId, error: String(error) }));
    }
  }
}

/** The seller's tax as Stripe has it, unless the buyer owes it; a rate made twice does no harm, and a day's are made once. */
async function taxesOf(
  env: Env,
  stripe: Stripe,
  buyer: Party,
  nowMs: number,
): Promise<{ default_tax_rates?: string[] }> {
  const seller = sellerOf(env);
  const { tax } = seller;
  if (!tax || leavesTax(seller, buyer)) return {};
  const day = Math.floor(nowMs / DAY_MS);
  const rate = await stripe.taxRates.create(
    { display_name: tax.name, percentage: Number(tax.percent), inclusive: false },
    { idempotencyKey: `tax-${tax.name}-${tax.percent}-${day}` },
  );
  return { default_tax_rates: [rate.id] };
}
