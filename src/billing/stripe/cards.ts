/** The card that an organization lets Purser charge by itself: kept at Stripe, of which its ids and four digits are known here. */
import type Stripe from 'stripe';
import { changeAudited } from '../../audit/change.ts';
import type { Trail } from '../../audit/trail.ts';
import { LIMITS, SECOND_MS } from '../../limits.ts';
import { stripeOf } from './account.ts';

export interface BillingAccount {
  customer: string | null;
  paymentMethod: string | null;
  /** "Visa 4242". */
  paymentMethodShown: string | null;
  /** Nanodollars; null: nothing is bought by itself. */
  topUpBelow: number | null;
  /** Cents. */
  topUpAmount: number | null;
  /** Cents; null: as LIMITS says. */
  topUpMonthMax: number | null;
  topUpFailedAt: number | null;
  topUpFailure: string | null;
  topUpRetryAt: number | null;
}

/** Sets of an account that nothing is known against its card. */
export const NO_FAILURE = `top_up_failed_at = NULL, top_up_failure = NULL, top_up_failures = 0, top_up_retry_at = NULL`;

const NONE: BillingAccount = {
  customer: null,
  paymentMethod: null,
  paymentMethodShown: null,
  topUpBelow: null,
  topUpAmount: null,
  topUpMonthMax: null,
  topUpFailedAt: null,
  topUpFailure: null,
  topUpRetryAt: null,
};

export async function readAccount(env: Env, organizationId: string): Promise<BillingAccount> {
  const row = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT customer, payment_method AS paymentMethod, payment_method_shown AS paymentMethodShown,
              top_up_below AS topUpBelow, top_up_amount AS topUpAmount,
              top_up_month_max AS topUpMonthMax, top_up_failed_at AS topUpFailedAt, top_up_failure AS topUpFailure,
              top_up_retry_at AS topUpRetryAt
       FROM billing_accounts WHERE organization_id = ?1`,
    )
    .bind(organizationId)
    .first<BillingAccount>();
  return row ?? NONE;
}

/** Who the organization is at Stripe; made there with its first payment, once: the key keeps two at once from being two. */
export async function customerOf(
  env: Env,
  organizationId: string,
  name: string,
  email: string | null,
): Promise<string> {
  const { customer } = await readAccount(env, organizationId);
  if (customer !== null) return customer;
  const stripe = await stripeOf(env);
  const made = await stripe.customers.create(
    { name, ...(email && { email }), metadata: { purser_organization: organizationId } },
    { idempotencyKey: `customer-${organizationId}` },
  );
  await env.DB.prepare(
    `INSERT INTO billing_accounts (organization_id, customer) VALUES (?1, ?2)
     ON CONFLICT (organization_id) DO UPDATE SET customer = coalesce(customer, excluded.customer)`,
  )
    .bind(organizationId, made.id)
    .run();
  return (await readAccount(env, organizationId)).customer ?? made.id;
}

/** Whether somebody at Stripe is an organization here. */
export async function isCustomer(env: Env, customer: string): Promise<boolean> {
  return (await env.DB.prepare('SELECT 1 FROM billing_accounts WHERE customer = ?1').bind(customer).first()) !== null;
}

/** Remembers the card of a payment that its payer let be charged again; automatic top-ups that had failed go on with it. */
export async function saveCard(env: Env, organizationId: string, payment: Stripe.PaymentIntent): Promise<void> {
  const method = payment.payment_method;
  if (!method || typeof method === 'string') return;
  await env.DB.prepare(
    `INSERT INTO billing_accounts (organization_id, payment_method, payment_method_shown, payment_method_at)
     VALUES (?1, ?2, ?3, CAST(?4 AS INTEGER))
     ON CONFLICT (organization_id) DO UPDATE
     SET payment_method = excluded.payment_method, payment_method_shown = excluded.payment_method_shown,
         payment_method_at = excluded.payment_method_at, ${NO_FAILURE}
     WHERE excluded.payment_method_at > payment_method_at`,
  )
    .bind(organizationId, method.id, shownOf(method), payment.created * SECOND_MS)
    .run();
}

/**
 * Forgets the saved card, at Stripe first: who dies in between forgets it the next time. An older payment that is heard of later
 * does not bring it back, and what would be charged to it is charged no more. False where there was none.
 */
export async function forgetCard(env: Env, trail: Trail, nowMs: number): Promise<boolean> {
  const { organizationId } = trail;
  const { paymentMethod, paymentMethodShown } = await readAccount(env, organizationId);
  if (paymentMethod === null) return false;
  const stripe = await stripeOf(env);
  await stripe.paymentMethods.detach(paymentMethod).catch(goneAlready);
  const forgotten = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'organization.card.forgotten',
    targetId: organizationId,
    before: { card: paymentMethodShown },
    after: { card: null },
    statement: env.DB.prepare(
      `UPDATE billing_accounts SET payment_method = NULL, payment_method_shown = NULL
       WHERE organization_id = ?1 AND payment_method = ?2`,
    ).bind(organizationId, paymentMethod),
    behind: [
      env.DB.prepare(
        `UPDATE transactions SET status = 'failed', failed_at = CAST(?2 AS INTEGER), failure = 'The saved card was removed.'
         WHERE organization_id = ?1 AND kind = 'auto_top_up' AND status = 'pending' AND reference IS NULL AND number IS NULL`,
      ).bind(organizationId, nowMs),
    ],
  }));
  return forgotten !== null;
}

/** Stripe refuses to take off what is off. */
function goneAlready(error: { type?: string }): void {
  if (error.type !== 'StripeInvalidRequestError') throw error;
}

/**
 * A card that was refused rests for a day; after some refusals in a row, or at once where `isFinal`, automatic top-ups stop until
 * the card or the settings change. `transactionId`: the one that failed, which counts once.
 */
export async function noteFailedTopUp(
  env: Env,
  organizationId: string,
  { transactionId, why, isFinal = false }: { transactionId: string; why: string; isFinal?: boolean },
  nowMs: number,
): Promise<void> {
  await env.DB.prepare(
    `UPDATE billing_accounts
     SET top_up_failed_at = CAST(?2 AS INTEGER), top_up_failure = ?3, top_up_failed_by = ?4,
         top_up_failures = top_up_failures + 1, top_up_stop_told_at = NULL,
         top_up_retry_at = CASE WHEN top_up_failures + 1 < CAST(?5 AS INTEGER) THEN CAST(?6 AS INTEGER) END
     WHERE organization_id = ?1 AND top_up_failed_by IS NOT ?4`,
  )
    .bind(organizationId, nowMs, why, transactionId, isFinal ? 0 : LIMITS.topUpFailuresMax, nowMs + LIMITS.topUpRetryMs)
    .run();
}

/** After one that was paid: refusals are counted in a row. */
export async function noteTopUp(env: Env, organizationId: string): Promise<void> {
  await env.DB.prepare(`UPDATE billing_accounts SET ${NO_FAILURE} WHERE organization_id = ?1`)
    .bind(organizationId)
    .run();
}

function shownOf({ type, card }: Stripe.PaymentMethod): string {
  if (!card) return type;
  return `${card.brand.charAt(0).toUpperCase()}${card.brand.slice(1)} ${card.last4}`;
}
