/**
 * Credit that buys itself: where an organization has said so and saved a card, its wallet is filled up by a fixed amount
 * whenever less is available than it said. By cron, each minute.
 *
 * One at a time: a transaction that is pending is charged before another is opened, one that the wallet has yet to take is waited
 * for, and one run has an organization to itself.
 * In a month of UTC never more is bought than the organization's cap. A card that is refused is tried again the next day, and after
 * some refusals no more, until another card is paid with or the settings are changed: of that owners and finance are mailed.
 */
import { LIMITS } from '../limits.ts';
import { minorUnits } from '../money/minor-units.ts';
import { orgWallet } from '../objects.ts';
import { centsInNanos } from './amounts.ts';
import { boughtThisMonth, monthMaxOf } from './automatic-settings.ts';
import { tellOfStops } from './automatic-stops.ts';
import { buyerOf } from './buyer.ts';
import { topUpDraft } from './drafts.ts';
import { oneByOne } from './one-by-one.ts';
import { paymentsOf } from './payments.ts';
import { sellerOf } from './seller.ts';
import { readTransaction } from './transaction-rows.ts';
import { openTransaction } from './transactions.ts';
import { hasRoom } from './wallet.ts';

interface Due {
  organizationId: string;
  below: number;
  amount: number;
  monthMax: number | null;
}

export async function topUpWallets(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT organization_id AS organizationId, top_up_below AS below, top_up_amount AS amount, top_up_month_max AS monthMax
     FROM billing_accounts JOIN organizations ON organizations.id = organization_id
     WHERE top_up_below IS NOT NULL AND top_up_amount IS NOT NULL AND payment_method IS NOT NULL
       AND (top_up_failed_at IS NULL OR top_up_retry_at <= CAST(?1 AS INTEGER))
       AND top_up_leased_until <= CAST(?1 AS INTEGER)
       AND metered = 1 AND deleted_at IS NULL
     ORDER BY top_up_leased_until LIMIT CAST(?2 AS INTEGER)`,
  )
    .bind(nowMs, LIMITS.topUpsPerRun)
    .all<Due>();
  await oneByOne('automatic_top_up_failed', results, (due) => topUp(env, due, nowMs));
  await tellOfStops(env, nowMs);
}

async function topUp(env: Env, due: Due, nowMs: number): Promise<void> {
  const { organizationId } = due;
  // Of now, and not of when the run began: those before this one may have taken longer than a lease.
  const fromMs = Math.max(nowMs, Date.now());
  const leased = await env.DB.prepare(
    `UPDATE billing_accounts SET top_up_leased_until = CAST(?2 AS INTEGER)
     WHERE organization_id = ?1 AND top_up_leased_until <= CAST(?3 AS INTEGER)`,
  )
    .bind(organizationId, fromMs + LIMITS.topUpLeaseMs, fromMs)
    .run();
  if (leased.meta.changes === 0) return;
  const before = await env.DB.prepare(
    `SELECT id FROM transactions
     WHERE organization_id = ?1 AND kind = 'auto_top_up'
       AND (status = 'pending' OR (status = 'completed' AND credited_at IS NULL))
     ORDER BY created_at LIMIT 1`,
  )
    .bind(organizationId)
    .first<string>('id');
  const open = before === null ? await openTopUp(env, due, nowMs) : await readTransaction(env.DB, before);
  // One that is paid and that the wallet has not taken says nothing yet of how much there is.
  if (open?.status !== 'pending') return;
  await paymentsOf(env, nowMs).charge(open);
}

async function openTopUp(env: Env, { organizationId, below, amount, monthMax }: Due, nowMs: number) {
  const most = centsInNanos(monthMaxOf({ topUpAmount: amount, topUpMonthMax: monthMax }));
  if ((await boughtThisMonth(env, organizationId, nowMs)) + BigInt(centsInNanos(amount)) > most) return null;
  const { available } = await orgWallet(env, organizationId, (object) => object.status());
  if (available >= below) return null;
  // Members hold so much that the wallet could not take what is bought.
  if (!(await hasRoom(env, organizationId, centsInNanos(amount)))) return null;
  const payment = {
    organizationId,
    seller: sellerOf(env),
    buyer: await buyerOf(env, organizationId),
    currency: 'USD',
    paidThrough: paymentsOf(env, nowMs).through,
    reference: null,
  };
  return openTransaction(env, topUpDraft(payment, minorUnits(amount), 'auto_top_up'), nowMs);
}
