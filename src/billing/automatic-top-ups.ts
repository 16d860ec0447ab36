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
import { topUpDraft } from './drafts.ts';
import { oneByOne } from './one-by-one.ts';
import { paymentsOf, paymentToCome } from './payments.ts';
import { readTransaction } from './transaction-rows.ts';
import { openTransaction } from './transactions.ts';
import { hasRoom } from './wallet.ts';

interface Settings {
  below: number;
  amount: number;
  monthMax: number | null;
}

/** SQL, ?2 now: whom it is to be done for. */
const IS_ON = `top_up_below IS NOT NULL AND top_up_amount IS NOT NULL AND payment_method IS NOT NULL
  AND (top_up_failed_at IS NULL OR top_up_retry_at <= CAST(?2 AS INTEGER))
  AND top_up_leased_until <= CAST(?2 AS INTEGER)
  AND EXISTS (SELECT 1 FROM organizations WHERE id = organization_id AND metered = 1 AND deleted_at IS NULL)`;

export async function topUpWallets(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT organization_id AS organizationId FROM billing_accounts
     WHERE ${IS_ON} ORDER BY top_up_leased_until LIMIT CAST(?1 AS INTEGER)`,
  )
    .bind(LIMITS.topUpsPerRun, nowMs)
    .all<{ organizationId: string }>();
  await oneByOne('automatic_top_up_failed', results, ({ organizationId }) => topUp(env, organizationId, nowMs));
  await tellOfStops(env, nowMs);
}

async function topUp(env: Env, organizationId: string, nowMs: number): Promise<void> {
  // All of now, and not of when the run began: those before this one may have taken longer than a lease, and owners change their minds.
  const fromMs = Math.max(nowMs, Date.now());
  const settings = await env.DB.prepare(
    `UPDATE billing_accounts SET top_up_leased_until = CAST(?3 AS INTEGER)
     WHERE organization_id = ?1 AND ${IS_ON}
     RETURNING top_up_below AS below, top_up_amount AS amount, top_up_month_max AS monthMax`,
  )
    .bind(organizationId, fromMs, fromMs + LIMITS.topUpLeaseMs)
    .first<Settings>();
  if (!settings) return;
  const before = await env.DB.prepare(
    `SELECT id FROM transactions
     WHERE organization_id = ?1 AND kind = 'auto_top_up'
       AND (status = 'pending' OR (status = 'completed' AND credited_at IS NULL))
     ORDER BY created_at LIMIT 1`,
  )
    .bind(organizationId)
    .first<string>('id');
  const open =
    before === null ? await openTopUp(env, organizationId, settings, nowMs) : await readTransaction(env.DB, before);
  // One that is paid and that the wallet has not taken says nothing yet of how much there is.
  if (open?.status !== 'pending') return;
  await paymentsOf(env, nowMs).charge(open);
}

async function openTopUp(env: Env, organizationId: string, { below, amount, monthMax }: Settings, nowMs: number) {
  const most = centsInNanos(monthMaxOf({ topUpAmount: amount, topUpMonthMax: monthMax }));
  if ((await boughtThisMonth(env, organizationId, nowMs)) + BigInt(centsInNanos(amount)) > most) return null;
  const { available } = await orgWallet(env, organizationId, (object) => object.status());
  if (available >= below) return null;
  // Members hold so much that the wallet could not take what is bought.
  if (!(await hasRoom(env, organizationId, centsInNanos(amount)))) return null;
  const payment = await paymentToCome(env, organizationId, nowMs);
  return openTransaction(env, topUpDraft(payment, minorUnits(amount), 'auto_top_up'), nowMs);
}
