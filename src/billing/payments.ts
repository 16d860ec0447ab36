/**
 * How an organization pays, behind one interface: at Stripe where its key is set (stripe/payments.ts), else by arrangement with
 * the operator, who records what came (manual-payments.ts, `npm run purser -- payment`).
 *
 * Whoever wants money first opens a transaction; a payment names it, and completes it whenever it is heard of.
 */
import type { MinorUnits } from '../money/minor-units.ts';
import { buyerOf } from './buyer.ts';
import { manualPayments } from './manual-payments.ts';
import { sellerOf } from './seller.ts';
import { hasStripe } from './stripe/account.ts';
import { stripePayments } from './stripe/payments.ts';
import type { Transaction } from './transaction.ts';

export interface Payments {
  readonly through: Transaction['paidThrough'];
  /**
   * Where somebody can pay a pending transaction now, and the saved card's use agreed to (`saveCard`): the page's URL, the
   * same for the same transaction. Null: there is no page, the operator says how to pay.
   */
  checkout(transaction: Transaction, options: { returnUrl: string; saveCard: boolean }): Promise<string | null>;
  /** Charges a pending transaction to the saved card; it is completed or failed then, or stays pending where there is no card. */
  charge(transaction: Transaction): Promise<void>;
  /**
   * Gives back a part of a completed charge, or all that is left of it (`amount` null). `id` is the caller's: a repeat gives
   * nothing back again. Throws the 400 of who asks for more than is left.
   */
  refund(charge: Transaction, amount: MinorUnits | null, id: string): Promise<Transaction>;
}

export function paymentsOf(env: Env, nowMs: number): Payments {
  return paymentsThrough(env, hasStripe(env) ? 'stripe' : 'manual', nowMs);
}

/** The way on which a charge was paid before. */
export function paymentsThrough(env: Env, through: Transaction['paidThrough'], nowMs: number): Payments {
  switch (through) {
    case 'manual':
      return manualPayments(env, nowMs);
    case 'stripe':
      return stripePayments(env, nowMs);
  }
}

/** What a transaction is opened with that is yet to be paid, in USD: who sells to whom as both are now, and which way. Throws where there is no seller. */
export async function paymentToCome(env: Env, organizationId: string, nowMs: number) {
  return {
    organizationId,
    seller: sellerOf(env),
    buyer: await buyerOf(env, organizationId),
    currency: 'USD',
    paidThrough: paymentsOf(env, nowMs).through,
    reference: null,
  };
}
