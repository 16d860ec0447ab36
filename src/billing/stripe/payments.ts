/**
 * Payments at Stripe: a page of Stripe's for people, a saved card for what nobody attends, refunds of either. Every call has
 * an idempotency key made of the transaction, so that repeating one (a double click, a run that died) pays once.
 */
import type Stripe from 'stripe';
import { LIMITS } from '../../limits.ts';
import type { MinorUnits } from '../../money/minor-units.ts';
import { ApiError, badRequest } from '../../teams/api-error.ts';
import type { Payments } from '../payments.ts';
import type { Transaction } from '../transaction.ts';
import { readByReference } from '../transaction-rows.ts';
import { failTransaction, noteReference } from '../transactions.ts';
import { askingStripe, idOf, stripeOf } from './account.ts';
import { customerOf, readAccount } from './cards.ts';
import { hearRefund, ON_PAGE, TRANSACTION, takePayment } from './hearing.ts';
import { readSubscription } from './subscriptions.ts';

/** Under this name a refund carries what its caller called it. */
const REFUND = 'purser_refund';

export function stripePayments(env: Env, nowMs: number): Payments {
  return {
    through: 'stripe',
    checkout: async (transaction, options) => {
      const stripe = await stripeOf(env);
      const session = await askingStripe(async () =>
        stripe.checkout.sessions
          .create(await pageFor(env, transaction, options), { idempotencyKey: pageKey(transaction) })
          .catch(otherPage),
      );
      return session.url;
    },
    charge: (transaction) => chargeCard(env, transaction, nowMs),
    refund: (charge, amount, id) => askingStripe(() => giveBack(env, charge, amount, id, nowMs)),
  };
}

/** One page for a transaction; for one that failed another, as each page fails it when it ends. */
function pageKey({ id, failedAtMs }: Transaction): string {
  return failedAtMs === null ? `checkout-${id}` : `checkout-${id}-${failedAtMs}`;
}

async function giveBack(
  env: Env,
  charge: Transaction,
  amount: MinorUnits | null,
  id: string,
  nowMs: number,
): Promise<Transaction> {
  if (charge.status !== 'completed' || charge.reference === null)
    throw badRequest('transactionId', 'Nothing was paid that could be given back.');
  const stripe = await stripeOf(env);
  const before = await refundCalled(stripe, charge.reference, id);
  if (before && amount !== null && amount !== before.amount) throw conflicting(id);
  const refund =
    before ??
    (await stripe.refunds
      .create(
        {
          payment_intent: charge.reference,
          ...(amount !== null && { amount }),
          metadata: { [TRANSACTION]: charge.id, [REFUND]: id },
        },
        { idempotencyKey: `refund-${charge.id}-${id}` },
      )
      .catch((error) => refusedRefund(error, id)));
  await hearRefund(env, stripe, refund.id, nowMs);
  const taken = await readByReference(env.DB, 'stripe', refund.id);
  if (!taken) throw new Error(`refund ${refund.id} of transaction ${charge.id} was not recorded`);
  return taken;
}

/** The page that a click just before has opened is another one: two for one transaction could both be paid. */
function otherPage(error: { type?: string }): never {
  if (error.type !== 'StripeIdempotencyError') throw error;
  const message =
    'This was begun a moment ago, with another choice about the card: pay there, or try again in a minute.';
  throw new ApiError(409, 'checkout_open', message, { param: 'saveCard' });
}

/** The refund that was made under the caller's id, however long ago: Stripe knows an idempotency key for a day. */
async function refundCalled(stripe: Stripe, paymentId: string, id: string): Promise<Stripe.Refund | null> {
  for await (const refund of stripe.refunds.list({ payment_intent: paymentId, limit: 100 })) {
    if (refund.metadata?.[REFUND] === id) return refund;
  }
  return null;
}

function conflicting(id: string): ApiError {
  return new ApiError(409, 'reference_conflict', `There is another refund with the reference ${id}.`, {
    param: 'reference',
  });
}

/** More than is left, or what was given back before: Stripe says which. */
function refusedRefund(error: { type?: string; message?: string }, id: string): never {
  if (error.type === 'StripeIdempotencyError') throw conflicting(id);
  if (error.type === 'StripeInvalidRequestError') throw badRequest('amount', `Stripe: ${error.message}`);
  throw error;
}

async function pageFor(
  env: Env,
  { id, organizationId, total, currency, snapshot }: Transaction,
  { returnUrl, saveCard }: { returnUrl: string; saveCard: boolean },
): Promise<Stripe.Checkout.SessionCreateParams> {
  const { name, email } = snapshot.buyer;
  const [line] = snapshot.lines;
  return {
    mode: 'payment',
    customer: await customerOf(env, organizationId, name, email),
    client_reference_id: id,
    // One sum, taxes and fees within: the document that says what it is made of is ours.
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: currency.toLowerCase(),
          unit_amount: total,
          product_data: { name: line?.description ?? 'Purser' },
        },
      },
    ],
    metadata: { [TRANSACTION]: id },
    payment_intent_data: {
      metadata: { [TRANSACTION]: id, [ON_PAGE]: '1' },
      ...(saveCard && { setup_future_usage: 'off_session' as const }),
    },
    success_url: `${returnUrl}?paid=${id}`,
    cancel_url: `${returnUrl}?left=${id}`,
  };
}

/** Off session: the bank may refuse what nobody is there to confirm, and then says so in the error's payment. */
async function chargeCard(env: Env, transaction: Transaction, nowMs: number): Promise<void> {
  const { id, organizationId, kind, total, currency, reference, createdAtMs } = transaction;
  const stripe = await stripeOf(env);
  if (reference !== null) {
    // Begun before: a debit of a bank account takes days to come.
    await takePayment(env, await stripe.paymentIntents.retrieve(reference), nowMs);
    return;
  }
  if (createdAtMs <= nowMs - LIMITS.chargeTriesMs) {
    await failTransaction(env, id, 'Stripe could not be asked for a day.', nowMs);
    return;
  }
  const { customer, paymentMethod } = await readAccount(env, organizationId);
  // Seats are of the plan: where no card was saved for anything else, what pays the one pays the other.
  const card = paymentMethod ?? (kind === 'seats' ? await cardOfPlan(env, stripe, organizationId) : null);
  if (customer === null || card === null) {
    if (kind === 'seats') await failTransaction(env, id, 'There is no saved card to charge.', nowMs);
    return;
  }
  const payment = await stripe.paymentIntents
    .create(
      {
        amount: total,
        currency: currency.toLowerCase(),
        customer,
        payment_method: card,
        off_session: true,
        confirm: true,
        metadata: { [TRANSACTION]: id },
      },
      { idempotencyKey: `charge-${id}` },
    )
    .catch(refusedPayment);
  await noteReference(env, id, payment.id);
  await takePayment(env, payment, nowMs);
}

/** What the subscription is paid with; null: there is none. */
async function cardOfPlan(env: Env, stripe: Stripe, organizationId: string): Promise<string | null> {
  const subscription = await readSubscription(env, organizationId);
  if (!subscription || subscription.status === 'canceled') return null;
  const { default_payment_method: card } = await stripe.subscriptions.retrieve(subscription.reference);
  return card === null ? null : idOf(card);
}

/** The payment that a card was refused for; throws whatever else went wrong, after which the charge is tried again. */
function refusedPayment(error: { type?: string; payment_intent?: Stripe.PaymentIntent }): Stripe.PaymentIntent {
  if (error.type === 'StripeCardError' && error.payment_intent) return error.payment_intent;
  throw error;
}
