/**
 * Seats are used the moment they are bought, and charged after that: the purchase was written down with what needed it
 * (teams/seats.ts), becomes a transaction here, and that is charged to the saved card, or waits for the operator to record
 * its payment. By cron, each minute; a run that dies leaves the rest to the next.
 */
import { LIMITS } from '../limits.ts';
import { minorUnits } from '../money/minor-units.ts';
import { buyerOf } from './buyer.ts';
import { seatsDraft } from './drafts.ts';
import { oneByOne } from './one-by-one.ts';
import { paymentsOf, paymentsThrough } from './payments.ts';
import { hasSeller, sellerOf } from './seller.ts';
import { readTransaction } from './transaction-rows.ts';
import { openTransaction } from './transactions.ts';

interface Purchase {
  id: number;
  organizationId: string;
  seats: number;
  unitCost: number;
  boughtAt: number;
  periodEnd: number;
}

export async function chargeSeats(env: Env, nowMs: number): Promise<void> {
  // Nobody can be charged who cannot be given an invoice: purchases wait.
  if (!hasSeller(env)) return;
  const { results } = await env.DB.prepare(
    `SELECT id, organization_id AS organizationId, seats, unit_cost AS unitCost, bought_at AS boughtAt, period_end AS periodEnd
     FROM seat_purchases WHERE transaction_id IS NULL ORDER BY id LIMIT CAST(?1 AS INTEGER)`,
  )
    .bind(LIMITS.seatChargesPerRun)
    .all<Purchase>();
  await oneByOne('seats_not_charged', results, (purchase) => open(env, purchase, nowMs));
  await chargePending(env, nowMs);
}

/** Who dies between the two leaves a transaction that nothing charges, and the purchase is opened again. */
async function open(env: Env, { id, organizationId, seats, unitCost, boughtAt, periodEnd }: Purchase, nowMs: number) {
  const payment = {
    organizationId,
    seller: sellerOf(env),
    buyer: await buyerOf(env, organizationId),
    currency: 'USD',
    paidThrough: paymentsOf(env, nowMs).through,
    reference: null,
  };
  const period = { from: dayOf(boughtAt), to: dayOf(periodEnd - 1) };
  const opened = await openTransaction(
    env,
    seatsDraft(payment, { seats, unitPrice: minorUnits(unitCost), period }),
    nowMs,
  );
  await env.DB.prepare('UPDATE seat_purchases SET transaction_id = ?2 WHERE id = ?1 AND transaction_id IS NULL')
    .bind(id, opened.id)
    .run();
}

async function chargePending(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT transactions.id, transactions.organization_id AS organizationId
     FROM seat_purchases
     JOIN transactions ON transactions.id = transaction_id
     JOIN billing_accounts ON billing_accounts.organization_id = transactions.organization_id
     WHERE transactions.status = 'pending' AND paid_through = 'stripe' AND payment_method IS NOT NULL
       AND bought_at > CAST(?1 AS INTEGER)
     LIMIT CAST(?2 AS INTEGER)`,
  )
    .bind(nowMs - LIMITS.seatChargeTriedMs, LIMITS.seatChargesPerRun)
    .all<{ id: string; organizationId: string }>();
  await oneByOne('seats_not_charged', results, async ({ id }) => {
    const transaction = await readTransaction(env.DB, id);
    if (transaction) await paymentsThrough(env, 'stripe', nowMs).charge(transaction);
  });
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
