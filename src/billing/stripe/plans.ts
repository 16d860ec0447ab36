/** Buying, giving up and keeping a plan at Stripe. What it comes to is heard by its events (subscriptions.ts). */
import type Stripe from 'stripe';
import { DAY_MS } from '../../limits.ts';
import type { Plan } from '../../teams/roles.ts';
import { buyerOf } from '../buyer.ts';
import { sellerOf } from '../seller.ts';
import { stripeOf } from './account.ts';
import { customerOf } from './cards.ts';
import { planPrice, seatPrice } from './products.ts';
import { hearSubscription, ORGANIZATION, type Subscription } from './subscriptions.ts';

/** The page where the plan is paid for, now and each month. Two clicks on one day lead to one page. */
export async function buyPlan(env: Env, organizationId: string, plan: Plan, returnUrl: string): Promise<string | null> {
  const stripe = await stripeOf(env);
  const { name, email } = await buyerOf(env, organizationId);
  const seats = await env.DB.prepare('SELECT coalesce(seats_bought, 0) AS seats FROM organizations WHERE id = ?1')
    .bind(organizationId)
    .first<number>('seats');
  const taxed = await taxesOf(env, stripe);
  const items = [{ ...(await planPrice(stripe, plan)), quantity: 1, ...taxed }];
  if (seats) items.push({ ...(await seatPrice(stripe, plan)), quantity: seats, ...taxed });
  const metadata = { [ORGANIZATION]: organizationId };
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer: await customerOf(env, organizationId, name, email),
    client_reference_id: organizationId,
    line_items: items,
    metadata,
    subscription_data: { metadata },
    success_url: `${returnUrl}?plan=${plan}`,
    cancel_url: returnUrl,
  });
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

/** The seller's tax as Stripe has it; a rate made twice does no harm, and a day's are made once. */
async function taxesOf(env: Env, stripe: Stripe): Promise<{ tax_rates?: string[] }> {
  const { tax } = sellerOf(env);
  if (!tax) return {};
  const day = Math.floor(Date.now() / DAY_MS);
  const rate = await stripe.taxRates.create(
    { display_name: tax.name, percentage: Number(tax.percent), inclusive: false },
    { idempotencyKey: `tax-${tax.name}-${tax.percent}-${day}` },
  );
  return { tax_rates: [rate.id] };
}
