/** How people buy credit and plans: what is opened, and where they go to pay for it. */
import { LIMITS } from '../limits.ts';
import type { MinorUnits } from '../money/minor-units.ts';
import { ApiError, notFound } from '../teams/api-error.ts';
import { topUpDraft } from './drafts.ts';
import { paymentsOf, paymentsThrough, paymentToCome } from './payments.ts';
import { areThere, payByMs } from './seat-charges.ts';
import type { Transaction } from './transaction.ts';
import { readTransaction } from './transaction-rows.ts';
import { failTransaction, openTransaction, reopenTransaction } from './transactions.ts';
import { checkRoom } from './wallet.ts';

export interface Checkout {
  transaction: Transaction;
  /** Where to pay; null: as the operator says. */
  url: string | null;
  /** Whether it was opened now, and not by a click just before. */
  isNew: boolean;
}

/**
 * Opens a top-up, or finds the one that a click just before has opened. Throws the 503 of who has no seller, and the 400 of credit
 * that the wallet has no room for.
 */
export async function checkOutTopUp(
  env: Env,
  organizationId: string,
  { amount, saveCard, returnUrl }: { amount: MinorUnits; saveCard: boolean; returnUrl: string },
  nowMs: number,
): Promise<Checkout> {
  const payments = paymentsOf(env, nowMs);
  const draft = topUpDraft(await paymentToCome(env, organizationId, nowMs), amount);
  const known = await openedJustBefore(env, organizationId, draft.snapshot.totals.total, nowMs);
  if (!known) await checkRoom(env, organizationId, draft.credit);
  const transaction = known ?? (await openTransaction(env, draft, nowMs));
  try {
    return { transaction, url: await payments.checkout(transaction, { returnUrl, saveCard }), isNew: known === null };
  } catch (error) {
    // Nobody knows a page of it, and a next click is to open its own.
    if (!known) await failTransaction(env, transaction.id, 'Its payment page could not be opened.', nowMs);
    throw error;
  }
}

/** A page for seats that the card was refused for. Throws a 409 where nothing is to be paid so, or no more. */
export async function checkOutSeats(
  env: Env,
  organizationId: string,
  id: string,
  returnUrl: string,
  nowMs: number,
): Promise<Checkout> {
  const transaction = await readTransaction(env.DB, id);
  if (transaction?.organizationId !== organizationId) throw notFound('transaction');
  const payBy = payByMs(transaction);
  if (payBy === null || payBy <= nowMs || !(await areThere(env, id))) {
    const message = 'Only seats that the card was refused for are paid here, until they are taken back.';
    throw new ApiError(409, 'nothing_to_pay', message);
  }
  const url = await paymentsThrough(env, 'stripe', nowMs).checkout(transaction, { returnUrl, saveCard: false });
  await reopenTransaction(env, transaction);
  return { transaction, url, isNew: transaction.status === 'failed' };
}

async function openedJustBefore(
  env: Env,
  organizationId: string,
  total: MinorUnits,
  nowMs: number,
): Promise<Transaction | null> {
  const id = await env.DB.prepare(
    `SELECT id FROM transactions
     WHERE organization_id = ?1 AND created_at > CAST(?2 AS INTEGER) AND kind = 'top_up' AND status = 'pending'
       AND total = CAST(?3 AS INTEGER)
     ORDER BY created_at DESC LIMIT 1`,
  )
    .bind(organizationId, nowMs - LIMITS.sameCheckoutMs, total)
    .first<string>('id');
  return id === null ? null : readTransaction(env.DB, id);
}
