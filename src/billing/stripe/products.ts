/**
 * What Purser sells by subscription, as products of the operator's account. They have ids of our own, so that they are made once
 * and found without asking; their prices are told with each subscription, so that prices stand in one place (roles.ts).
 */
import type Stripe from 'stripe';
import { minorUnits } from '../../money/minor-units.ts';
import { PLAN_NAMES, PLAN_PRICE_USD, PLAN_SEATS, type Plan } from '../../teams/roles.ts';

export const SEAT_PRODUCT = 'purser_seat';

/** The price of the plan itself, for one month. */
export async function planPrice(stripe: Stripe, plan: Plan) {
  const price = PLAN_PRICE_USD[plan];
  if (price === null) throw new Error(`the ${plan} plan is not sold`);
  return monthly(stripe, `purser_plan_${plan}`, `Purser ${PLAN_NAMES[plan]}`, price);
}

/** The price of one more seat, for one month. */
export async function seatPrice(stripe: Stripe, plan: Plan) {
  const price = PLAN_SEATS[plan].priceUsd;
  if (price === null) throw new Error(`the ${plan} plan sells no seats`);
  return monthly(stripe, SEAT_PRODUCT, 'Purser seat', price);
}

async function monthly(stripe: Stripe, product: string, name: string, priceUsd: string) {
  try {
    await stripe.products.create({ id: product, name });
  } catch (error) {
    if ((error as Stripe.StripeRawError).code !== 'resource_already_exists') throw error;
  }
  const unit_amount = minorUnits(Math.round(Number(priceUsd) * 100));
  return { price_data: { currency: 'usd', product, unit_amount, recurring: { interval: 'month' as const } } };
}
