/**
 * Payments that the operator records by hand: money that came by transfer, invoices that are sent before it comes, and refunds.
 * All are known by the operator's `reference`: the same again is answered with what is there, and only charged once.
 */
import { createRoute, z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import type { Action } from '../audit/actions.ts';
import { noteAudited } from '../audit/change.ts';
import { isAudited } from '../audit/entries.ts';
import type { Trail } from '../audit/trail.ts';
import { chargeAmountOf, isCurrency, topUpAmountOf } from '../billing/amounts.ts';
import { buyerOf } from '../billing/buyer.ts';
import { type Payment, seatsDraft, subscriptionDraft, topUpDraft } from '../billing/drafts.ts';
import { paymentsThrough } from '../billing/payments.ts';
import { voidingDraft } from '../billing/refunds.ts';
import { sellerOf } from '../billing/seller.ts';
import type { Draft, Transaction } from '../billing/transaction.ts';
import { readByReference, readTransaction } from '../billing/transaction-rows.ts';
import { showTransaction, TransactionShown } from '../billing/transaction-shown.ts';
import { completeTransaction, issueInvoice, openTransaction, voidInvoice } from '../billing/transactions.ts';
import { checkRoom } from '../billing/wallet.ts';
import { LIMITS } from '../limits.ts';
import { idOf } from '../reference/fields.ts';
import { ApiError, badRequest, notFound } from '../teams/api-error.ts';
import { parseDate } from '../usage/time-zones.ts';
import { operatorOnly } from './guard.ts';

const Org = z.object({ orgId: z.string() });
const One = Org.extend({ transactionId: idOf('txn') });

const text = (name: string, why = `${name} must be text.`) =>
  z
    .string({ error: why })
    .trim()
    .min(1, { error: `${name} must not be empty.` })
    .max(LIMITS.billingTextLengthMax, {
      error: `${name} must have at most ${LIMITS.billingTextLengthMax} characters.`,
    });

const reference = text('reference', 'reference is required: it keeps a payment from being recorded twice.');
const amount = text('amount', 'amount must be decimal text, as in "100" or "12.50".');

const day = (name: string) =>
  z
    .string({ error: `${name} must be a day, YYYY-MM-DD.` })
    .refine((value) => parseDate(value) !== null, { error: `${name} must be a day, YYYY-MM-DD.` });

const Charge = z.strictObject({
  kind: z.enum(['top_up', 'subscription', 'seats'], { error: 'kind must be top_up, subscription or seats.' }),
  /** Of one, before taxes. */
  amount,
  currency: z.string().refine(isCurrency, { error: 'currency must be the code of one, as in USD.' }).default('USD'),
  reference,
  /** The line of the invoice, of a subscription. */
  description: text('description').optional(),
  quantity: z
    .int({ error: 'quantity must be a whole number.' })
    .min(1, { error: 'quantity must be at least 1.' })
    .max(LIMITS.membersPerOrganizationMax, { error: `quantity must be at most ${LIMITS.membersPerOrganizationMax}.` })
    .default(1),
  from: day('from').optional(),
  to: day('to').optional(),
});

const Invoice = Charge.extend({ due: day('due') });

const Refund = z.strictObject({
  transactionId: z.string({ error: 'transactionId must name a charge.' }),
  /** With its taxes; null: all that is left. */
  amount: amount.nullable().default(null),
  /** That of the charge: said to be sure. */
  currency: z.string().optional(),
  reference,
});

/** The answers of all of these. */
const TOLD = {
  200: answers('The transaction, which was there', TransactionShown),
  201: answers('The transaction', TransactionShown),
};

export const paymentRouter = apiRouter()
  .openapi(
    createRoute({
      method: 'post',
      path: '/operator/orgs/{orgId}/payments',
      hide: true,
      middleware: [operatorOnly, ...jsonBody] as const,
      request: { params: Org, body: body(Charge) },
      responses: TOLD,
    }),
    async (c) => {
      const nowMs = Date.now();
      const draft = await draftOf(c.env, c.req.valid('param').orgId, c.req.valid('json'), null);
      await checkRoomFor(c.env, draft);
      const { id } = await openTransaction(c.env, draft, nowMs);
      const paid = await completeTransaction(c.env, id, nowMs);
      if (paid.status !== 'completed') {
        const message = `The reference ${paid.reference} is of an invoice that was voided: record the payment by another.`;
        throw new ApiError(409, 'reference_conflict', message, { param: 'reference' });
      }
      const { shown, status } = await tell(c.env, c.get('trail'), 'payment.recorded', paid, nowMs);
      return c.json(shown, status);
    },
  )
  .openapi(
    createRoute({
      method: 'post',
      path: '/operator/orgs/{orgId}/invoices',
      hide: true,
      middleware: [operatorOnly, ...jsonBody] as const,
      request: { params: Org, body: body(Invoice) },
      responses: TOLD,
    }),
    async (c) => {
      const nowMs = Date.now();
      const { due, ...charge } = c.req.valid('json');
      const draft = await draftOf(c.env, c.req.valid('param').orgId, charge, due);
      await checkRoomFor(c.env, draft);
      const { id } = await openTransaction(c.env, draft, nowMs);
      const { shown, status } = await tell(
        c.env,
        c.get('trail'),
        'invoice.issued',
        await issueInvoice(c.env, id, nowMs),
        nowMs,
      );
      return c.json(shown, status);
    },
  )
  .openapi(
    createRoute({
      method: 'post',
      path: '/operator/orgs/{orgId}/invoices/{transactionId}/payment',
      hide: true,
      middleware: operatorOnly,
      request: { params: One },
      responses: TOLD,
    }),
    async (c) => {
      const nowMs = Date.now();
      const { orgId, transactionId } = c.req.valid('param');
      const invoice = await chargeIn(c.env, orgId, transactionId);
      // What somebody asked to buy has no number before it is paid, and is paid here too.
      if (invoice.paidThrough !== 'manual')
        throw badRequest('transactionId', 'This is paid at Stripe, which tells of it.');
      const paid = await completeTransaction(c.env, invoice.id, nowMs);
      if (paid.status !== 'completed') throw badRequest('transactionId', 'This invoice was voided: send another one.');
      const { shown, status } = await tell(c.env, c.get('trail'), 'payment.recorded', paid, nowMs);
      return c.json(shown, status);
    },
  )
  .openapi(
    createRoute({
      method: 'post',
      path: '/operator/orgs/{orgId}/invoices/{transactionId}/void',
      hide: true,
      middleware: operatorOnly,
      request: { params: One },
      responses: TOLD,
    }),
    async (c) => {
      const nowMs = Date.now();
      const { orgId, transactionId } = c.req.valid('param');
      const invoice = await chargeIn(c.env, orgId, transactionId);
      if (invoice.number === null) throw badRequest('transactionId', 'This was never sent as an invoice.');
      const note = await voidInvoice(c.env, invoice, voidingDraft(invoice), nowMs);
      if (!note) throw badRequest('transactionId', 'This invoice was paid: refund it.');
      const { shown, status } = await tell(c.env, c.get('trail'), 'invoice.voided', note, nowMs);
      return c.json(shown, status);
    },
  )
  .openapi(
    createRoute({
      method: 'post',
      path: '/operator/orgs/{orgId}/refunds',
      hide: true,
      middleware: [operatorOnly, ...jsonBody] as const,
      request: { params: Org, body: body(Refund) },
      responses: TOLD,
    }),
    async (c) => {
      const nowMs = Date.now();
      const asked = c.req.valid('json');
      const charge = await chargeIn(c.env, c.req.valid('param').orgId, asked.transactionId);
      if (asked.currency !== undefined && asked.currency !== charge.currency)
        throw badRequest('currency', `This charge was made in ${charge.currency}, not in ${asked.currency}.`);
      const taken = asked.amount === null ? null : chargeAmountOf(asked.amount, charge.currency);
      const refund = await paymentsThrough(c.env, charge.paidThrough, nowMs).refund(charge, taken, asked.reference);
      const { shown, status } = await tell(c.env, c.get('trail'), 'payment.refunded', refund, nowMs);
      return c.json(shown, status);
    },
  );

/** The charge as it will be invoiced. Throws the 503 of a deployment without a seller before anything is stored. */
async function draftOf(
  env: Env,
  organizationId: string,
  { kind, amount, currency, reference, description, quantity, from, to }: z.infer<typeof Charge>,
  due: string | null,
): Promise<Draft> {
  if ((from === undefined) !== (to === undefined)) throw badRequest('from', 'from and to travel together.');
  const period = from === undefined || to === undefined ? null : { from, to };
  if (period && period.from > period.to) throw badRequest('from', 'from must not be after to.');
  const seller = sellerOf(env);
  const buyer = await buyerOf(env, organizationId);
  const payment: Payment = { organizationId, seller, buyer, currency, paidThrough: 'manual', reference, due };
  switch (kind) {
    case 'top_up':
      if (quantity !== 1) throw badRequest('quantity', 'Credit has no quantity: give its amount.');
      return topUpDraft(payment, topUpAmountOf(amount, currency));
    case 'seats':
      return seatsDraft(payment, { seats: quantity, unitPrice: chargeAmountOf(amount, currency), period });
    case 'subscription': {
      const unitPrice = chargeAmountOf(amount, currency);
      const line = { description: description ?? 'Purser subscription', quantity: String(quantity), unitPrice, period };
      return subscriptionDraft(payment, [line]);
    }
  }
}

/** What was recorded before has its room already. */
async function checkRoomFor(env: Env, { organizationId, credit, reference }: Draft): Promise<void> {
  const known = reference === null ? null : await readByReference(env.DB, 'manual', reference);
  if (!known) await checkRoom(env, organizationId, credit);
}

async function chargeIn(env: Env, organizationId: string, id: string): Promise<Transaction> {
  const charge = await readTransaction(env.DB, id);
  if (charge?.organizationId !== organizationId) throw notFound('transaction');
  if (charge.refundOf !== null) throw badRequest('transactionId', `This is a ${charge.kind}; name the charge.`);
  return charge;
}

/** The transaction as it is told, and by the audit log once: with 201 then, and with 200 ever after. */
async function tell(env: Env, trail: Trail, action: Action, transaction: Transaction, nowMs: number) {
  const shown = showTransaction(transaction);
  const { id, kind, amount, currency, number, reference } = shown;
  // A repeat may come because the first took place and was never told.
  if (await isAudited(env.DB, transaction.organizationId, action, id)) {
    trail.changesNothing = true;
    return { shown, status: 200 as const };
  }
  const after = { kind, amount, currency, number, reference };
  await noteAudited(env.DB, trail, nowMs, { action, targetId: id, before: null, after });
  return { shown, status: 201 as const };
}
