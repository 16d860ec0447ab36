/**
 * Seats are used the moment they are bought, and charged after that: the purchase was written down with what needed it
 * (teams/seats.ts), becomes a transaction here, and that is charged to the organization's card, or waits for the operator to
 * record its payment. By cron, each minute; a run that dies leaves the rest to the next.
 *
 * What the card was refused for is a failed transaction, which people can pay on a page until the end of a grace (`payByMs`).
 * Then the seats are taken back: nobody loses theirs, there is only less room for new people. Whatever is paid in the end counts.
 */
import { changeAudited } from '../audit/change.ts';
import { unattendedTrail } from '../audit/trail.ts';
import { ID_LENGTH } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { minorUnits } from '../money/minor-units.ts';
import { sha256Hex } from '../teams/keys.ts';
import { PLAN_SEATS } from '../teams/roles.ts';
import { readSeats } from '../teams/seats.ts';
import { utcDayOf } from '../usage/time-zones.ts';
import { seatsDraft } from './drafts.ts';
import { oneByOne } from './one-by-one.ts';
import { paymentsThrough, paymentToCome } from './payments.ts';
import { hasSeller } from './seller.ts';
import type { Transaction } from './transaction.ts';
import { readTransaction } from './transaction-rows.ts';
import { failTransaction, openTransaction } from './transactions.ts';

interface Purchase {
  id: number;
  organizationId: string;
  seats: number;
  unitCost: number;
  boughtAt: number;
  periodEnd: number;
  transactionId: string;
}

const PURCHASE = `seat_purchases.id, seat_purchases.organization_id AS organizationId, seats, unit_cost AS unitCost,
  bought_at AS boughtAt, period_end AS periodEnd, transaction_id AS transactionId`;

export async function chargeSeats(env: Env, nowMs: number): Promise<void> {
  // Nobody can be charged who cannot be given an invoice: purchases wait.
  if (!hasSeller(env)) return;
  const { results } = await env.DB.prepare(
    `SELECT ${PURCHASE} FROM seat_purchases WHERE transaction_id IS NULL AND taken_back_at IS NULL ORDER BY id LIMIT CAST(?1 AS INTEGER)`,
  )
    .bind(LIMITS.seatChargesPerRun)
    .all<Purchase>();
  await oneByOne('seats_not_charged', results, (purchase) => open(env, purchase, nowMs));
  await chargePending(env, nowMs);
  await takeBackUnpaid(env, nowMs);
  await settlePaid(env, nowMs);
}

/** Until when people can pay for seats that the card was refused for, epoch ms; null for whatever they need not or cannot pay so. */
export function payByMs({ kind, paidThrough, status, createdAtMs, failedAtMs }: Transaction): number | null {
  // Pending again, with the time of its failure: a page is open.
  const isRefused = status === 'failed' || (status === 'pending' && failedAtMs !== null);
  return kind === 'seats' && paidThrough === 'stripe' && isRefused ? createdAtMs + LIMITS.unpaidSeatsMs : null;
}

/** Whether the seats that a transaction pays for are still there. */
export async function areThere(env: Env, transactionId: string): Promise<boolean> {
  const there = env.DB.withSession('first-primary').prepare(
    'SELECT 1 FROM seat_purchases WHERE transaction_id = ?1 AND taken_back_at IS NULL',
  );
  return (await there.bind(transactionId).first()) !== null;
}

/** The transaction's id is made of the purchase's: two who open it at once, or one after the other has died, open one. */
async function open(env: Env, { id, organizationId, seats, unitCost, boughtAt, periodEnd }: Purchase, nowMs: number) {
  const payment = await paymentToCome(env, organizationId, nowMs);
  const period = { from: utcDayOf(boughtAt), to: utcDayOf(periodEnd - 1) };
  const draft = seatsDraft(payment, { seats, unitPrice: minorUnits(unitCost), period });
  const transactionId = `txn_${(await sha256Hex(`seat purchase ${id}`)).slice(0, ID_LENGTH)}`;
  const opened = await openTransaction(env, draft, nowMs, transactionId);
  await env.DB.prepare('UPDATE seat_purchases SET transaction_id = ?2 WHERE id = ?1 AND transaction_id IS NULL')
    .bind(id, opened.id)
    .run();
}

async function chargePending(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT ${PURCHASE}
     FROM seat_purchases JOIN transactions ON transactions.id = transaction_id
     WHERE settled_at IS NULL AND taken_back_at IS NULL AND status = 'pending' AND paid_through = 'stripe'
       -- What the card was refused for is paid on a page, or not at all.
       AND failed_at IS NULL
     -- At random, so that some which cannot be charged do not keep the others.
     ORDER BY random() LIMIT CAST(?1 AS INTEGER)`,
  )
    .bind(LIMITS.seatChargesPerRun)
    .all<Purchase>();
  await oneByOne('seats_not_charged', results, async ({ transactionId }) => {
    const transaction = await readTransaction(env.DB, transactionId);
    if (transaction) await paymentsThrough(env, 'stripe', nowMs).charge(transaction);
  });
}

/** What was sold by hand is the operator's to settle; a bank's debit that is under way is waited for. */
async function takeBackUnpaid(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT ${PURCHASE}
     FROM seat_purchases JOIN transactions ON transactions.id = transaction_id
     WHERE settled_at IS NULL AND taken_back_at IS NULL AND paid_through = 'stripe'
       AND (status = 'failed' OR (status = 'pending' AND reference IS NULL))
       AND created_at <= CAST(?1 AS INTEGER)
     LIMIT CAST(?2 AS INTEGER)`,
  )
    .bind(nowMs - LIMITS.unpaidSeatsMs, LIMITS.seatChargesPerRun)
    .all<Purchase>();
  await oneByOne('seats_not_taken_back', results, async ({ id, organizationId, seats, transactionId }) => {
    const isOwed = `taken_back_at IS NULL
      AND EXISTS (SELECT 1 FROM transactions WHERE transactions.id = transaction_id AND status <> 'completed')`;
    const taken = env.DB.prepare(
      `UPDATE seat_purchases SET taken_back_at = CAST(?2 AS INTEGER) WHERE id = ?1 AND ${isOwed}`,
    ).bind(id, nowMs);
    await changeSeats(env, { organizationId, id, by: -seats }, isOwed, taken, nowMs);
    await failTransaction(env, transactionId, 'Nobody paid in time; the seats were taken back.', nowMs);
  });
}

/** What was paid is done with. Who pays for what was taken back has it again, while its period lasts. */
async function settlePaid(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT ${PURCHASE}, taken_back_at AS takenBackAt
     FROM seat_purchases JOIN transactions ON transactions.id = transaction_id
     WHERE settled_at IS NULL AND status = 'completed'
     LIMIT CAST(?1 AS INTEGER)`,
  )
    .bind(LIMITS.seatChargesPerRun)
    .all<Purchase & { takenBackAt: number | null }>();
  await oneByOne('seats_not_settled', results, async ({ id, organizationId, seats, periodEnd, takenBackAt }) => {
    const settled = env.DB.prepare(
      `UPDATE seat_purchases SET settled_at = CAST(?2 AS INTEGER), taken_back_at = NULL WHERE id = ?1 AND settled_at IS NULL`,
    ).bind(id, nowMs);
    if (takenBackAt === null || periodEnd <= nowMs) await settled.run();
    else await changeSeats(env, { organizationId, id, by: seats }, 'settled_at IS NULL', settled, nowMs);
  });
}

/**
 * Changes how many seats there are while the purchase is as `condition` says, and has `told` note that in the same batch. Where
 * the plan sells none any more, or there are none to take, that is all.
 */
async function changeSeats(
  env: Env,
  { organizationId, id, by }: { organizationId: string; id: number; by: number },
  condition: string,
  told: D1PreparedStatement,
  nowMs: number,
): Promise<void> {
  const read = async () => {
    const { plan, bought } = await readSeats(env, organizationId, nowMs);
    return { bought, isSold: PLAN_SEATS[plan].priceUsd !== null, after: Math.max(0, bought + by) };
  };
  const { bought, isSold, after } = await read();
  if (!isSold || after === bought) {
    await told.run();
    return;
  }
  await changeAudited(env.DB, unattendedTrail(organizationId), nowMs, async () => {
    const { bought, after } = await read();
    return {
      action: 'organization.seats.updated',
      targetId: organizationId,
      before: { seats: bought },
      after: { seats: after },
      statement: env.DB.prepare(
        `UPDATE organizations SET seats_bought = CAST(?2 AS INTEGER)
         WHERE id = ?1 AND EXISTS (SELECT 1 FROM seat_purchases WHERE seat_purchases.id = ?3 AND ${condition})`,
      ).bind(organizationId, after, id),
      behind: [told],
    };
  });
}
