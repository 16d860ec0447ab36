/**
 * What an event of Stripe means here. Of an event only the id of its object is taken; what is done depends on what Stripe says
 * of that object now. So whatever comes late, twice or in the wrong order leads to the same end, and each effect is one that
 * may be repeated: a transaction has one reference, is completed once, and the wallet knows its entries by their ids.
 *
 * Throws where something cannot be done now; the event is then tried again (kept-events.ts).
 */
import type Stripe from 'stripe';
import { minorUnits } from '../../money/minor-units.ts';
import { openRefund, regainedDraft } from '../refunds.ts';
import type { Transaction } from '../transaction.ts';
import { readByReference, readRefunded, readTransaction } from '../transaction-rows.ts';
import { completeTransaction, failTransaction, openTransaction } from '../transactions.ts';
import { idOf, stripeOf } from './account.ts';
import { isCustomer, noteFailedTopUp, noteTopUp, saveCard } from './cards.ts';
import { hearInvoice, hearSubscription } from './subscriptions.ts';

/** Under this name Stripe's objects carry the id of the transaction that they pay. */
export const TRANSACTION = 'purser_transaction';
/** A payment has this where somebody makes it on a page: another card may be tried there. */
export const ON_PAGE = 'purser_page';

type Hearing = (env: Env, stripe: Stripe, objectId: string, nowMs: number) => Promise<void>;

const HEARINGS: Readonly<Record<string, Hearing>> = {
  'checkout.session.completed': hearCheckout,
  'checkout.session.expired': hearCheckout,
  'checkout.session.async_payment_succeeded': hearCheckout,
  'checkout.session.async_payment_failed': hearCheckout,
  'payment_intent.succeeded': hearPayment,
  'payment_intent.payment_failed': hearPayment,
  'payment_intent.canceled': hearPayment,
  'refund.created': hearRefund,
  'refund.updated': hearRefund,
  'refund.failed': hearRefund,
  'charge.dispute.created': hearDispute,
  'charge.dispute.updated': hearDispute,
  'charge.dispute.funds_withdrawn': hearDispute,
  'charge.dispute.funds_reinstated': hearDispute,
  'charge.dispute.closed': hearDispute,
  'customer.subscription.created': hearSubscription,
  'customer.subscription.updated': hearSubscription,
  'customer.subscription.deleted': hearSubscription,
  'invoice.paid': hearInvoice,
  'invoice.payment_failed': hearInvoice,
};

/** Whether events of this type have a meaning here; Stripe is to be subscribed to these (docs/billing.md). */
export function isHeard(type: string): boolean {
  return Object.hasOwn(HEARINGS, type);
}

export async function hear(env: Env, event: Stripe.Event, nowMs: number): Promise<void> {
  const { id } = event.data.object as { id?: string };
  if (id === undefined) throw new Error(`event ${event.id} has no object`);
  await HEARINGS[event.type]?.(env, await stripeOf(env), id, nowMs);
}

/** A page at Stripe where somebody paid, or did not. */
async function hearCheckout(env: Env, stripe: Stripe, id: string, nowMs: number): Promise<void> {
  const session = await stripe.checkout.sessions.retrieve(id);
  if (session.subscription) return hearSubscription(env, stripe, idOf(session.subscription), nowMs);
  // The payment says whether it came; before there is one, only that nobody paid in time can be told.
  if (session.payment_intent)
    return takePayment(env, await retrieve(stripe, idOf(session.payment_intent)), nowMs, session.status === 'open');
  const transaction = await transactionNamed(env, session.metadata);
  if (transaction?.status === 'pending' && session.status === 'expired') {
    await failTransaction(env, transaction.id, 'The payment page was left without paying.', nowMs);
  }
}

/** A payment: it completes the transaction that it names, whatever was thought of that before, for the money is there. */
async function hearPayment(env: Env, stripe: Stripe, id: string, nowMs: number): Promise<void> {
  await takePayment(env, await retrieve(stripe, id), nowMs);
}

/**
 * The same, for who has the payment already; it may come with its payment method or without. `isOpen`: whether somebody may still
 * be on Stripe's page.
 */
export async function takePayment(
  env: Env,
  payment: Stripe.PaymentIntent,
  nowMs: number,
  isOpen = true,
): Promise<void> {
  const transaction = await transactionNamed(env, payment.metadata);
  if (!transaction) return;
  const { id, organizationId, kind, status, reference } = transaction;
  if (payment.status === 'succeeded') {
    checkAmount(transaction, payment);
    if (reference !== null && reference !== payment.id)
      throw new Error(
        `payment ${payment.id} came for transaction ${id}, which ${reference} pays: give it back at Stripe`,
      );
    await completeTransaction(env, id, nowMs, payment.id);
    if (kind === 'auto_top_up' && status !== 'completed') await noteTopUp(env, organizationId);
    if (payment.setup_future_usage === 'off_session') await saveCard(env, organizationId, payment);
    return;
  }
  // Somebody on Stripe's page may try another card; a payment that nobody attends has failed.
  const isAttended = isOpen && (kind === 'top_up' || payment.metadata[ON_PAGE] !== undefined);
  const wasRefused = payment.status === 'requires_payment_method' && payment.last_payment_error;
  const isOver = payment.status === 'canceled' || (!isAttended && wasRefused);
  if (status !== 'pending' || !isOver) return;
  const why = payment.last_payment_error?.message ?? 'The payment was cancelled.';
  await failTransaction(env, id, why, nowMs);
  if (kind === 'auto_top_up') await noteFailedTopUp(env, organizationId, { transactionId: id, why }, nowMs);
}

/** Money that went back. What it takes back from may not have been heard of yet. */
export async function hearRefund(env: Env, stripe: Stripe, id: string, nowMs: number): Promise<void> {
  const refund = await stripe.refunds.retrieve(id);
  if (!refund.payment_intent) return;
  const original = await paidBy(env, stripe, idOf(refund.payment_intent), nowMs);
  if (!original) return;
  const isOff = refund.status === 'failed' || refund.status === 'canceled';
  // What never took anything back leaves no trace.
  if (isOff && (await readByReference(env.DB, 'stripe', id)) === null) return;
  if (refund.currency.toUpperCase() !== original.currency) {
    throw new Error(`refund ${id} is in ${refund.currency}, what it takes back from in ${original.currency}`);
  }
  const refunded = { amount: minorUnits(refund.amount), paidThrough: 'stripe', reference: id } as const;
  const taken = await openRefund(env, original, refunded, nowMs);
  if (refund.status === 'succeeded') await completeTransaction(env, taken.id, nowMs, id);
  else if (isOff) {
    if (taken.status === 'completed')
      throw new Error(`refund ${id} failed after its credit note ${taken.number} was given`);
    await failTransaction(env, taken.id, `Stripe: ${refund.failure_reason ?? refund.status}`, nowMs);
  }
}

/**
 * A payment that its payer disputes at the bank. What counts is whether Stripe has the money: when the bank takes it back, so does
 * the wallet what was bought with it, and when the dispute is won all of that is given back.
 */
async function hearDispute(env: Env, stripe: Stripe, id: string, nowMs: number): Promise<void> {
  const dispute = await stripe.disputes.retrieve(id);
  const moved = dispute.balance_transactions.map(({ amount }) => amount);
  if (!dispute.payment_intent || !moved.some((amount) => amount < 0)) return;
  const original = await paidBy(env, stripe, idOf(dispute.payment_intent), nowMs);
  if (!original) return;
  if (dispute.currency.toUpperCase() !== original.currency)
    throw new Error(`dispute ${id} is in ${dispute.currency}, what it takes back from in ${original.currency}`);
  const taken = await disputed(env, original, { id, amount: dispute.amount }, nowMs);
  if (!taken) return;
  if (taken.status !== 'completed') {
    await completeTransaction(env, taken.id, nowMs, id);
    // Whoever disputes one charge is not to be charged unasked again.
    const why = 'A payment was disputed at the bank.';
    await noteFailedTopUp(env, original.organizationId, { transactionId: taken.id, why, isFinal: true }, nowMs);
  }
  if (!moved.some((amount) => amount > 0)) return;
  const note = await readTransaction(env.DB, taken.id);
  if (!note) throw new Error(`dispute ${id} has lost its transaction ${taken.id}`);
  const regained = await openTransaction(env, regainedDraft(note, `${id}-won`), nowMs);
  await completeTransaction(env, regained.id, nowMs);
}

/** What a dispute takes back, opened once: what refunds have left of it. Null where that is nothing. */
async function disputed(
  env: Env,
  original: Transaction,
  { id, amount }: { id: string; amount: number },
  nowMs: number,
): Promise<Transaction | null> {
  const known = await readByReference(env.DB, 'stripe', id);
  if (known) return known;
  const rest = original.total + (await readRefunded(env.DB, original.id)).total;
  if (rest <= 0) return null;
  const refunded = { amount: minorUnits(Math.min(amount, rest)), paidThrough: 'stripe', reference: id } as const;
  return openRefund(env, original, { ...refunded, kind: 'dispute' }, nowMs);
}

/** The completed transaction of a payment; null where it is none of ours. Throws where it will be one. */
async function paidBy(env: Env, stripe: Stripe, paymentId: string, nowMs: number): Promise<Transaction | null> {
  const known = await readByReference(env.DB, 'stripe', paymentId);
  if (known?.status === 'completed') return known;
  const payment = await retrieve(stripe, paymentId);
  await takePayment(env, payment, nowMs);
  const transaction = await readByReference(env.DB, 'stripe', paymentId);
  // What pays a plan's bill names no transaction: there is one when the bill is heard, and the refund has to wait for it.
  if (!transaction && payment.customer && (await isCustomer(env, idOf(payment.customer))))
    throw new Error(`payment ${paymentId} has no transaction yet`);
  return transaction;
}

function retrieve(stripe: Stripe, paymentId: string): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents.retrieve(paymentId, { expand: ['payment_method'] });
}

/** The transaction that an object of Stripe names; null where it names none, or one of another deployment at this account. */
async function transactionNamed(env: Env, metadata: Stripe.Metadata | null): Promise<Transaction | null> {
  const id = metadata?.[TRANSACTION];
  return id === undefined ? null : readTransaction(env.DB, id);
}

/** What was paid is what was asked, or nothing is credited until somebody has looked at it. */
function checkAmount({ id, total, currency }: Transaction, payment: Stripe.PaymentIntent): void {
  if (payment.amount_received === total && payment.currency.toUpperCase() === currency) return;
  const came = `${payment.amount_received} ${payment.currency}`;
  throw new Error(`payment ${payment.id} brought ${came} for transaction ${id} of ${total} ${currency}`);
}
