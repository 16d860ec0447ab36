/** When an organization's credit buys itself, as the API shows and takes it. What follows from it is automatic-top-ups.ts. */
import { changeAudited } from '../audit/change.ts';
import type { Trail } from '../audit/trail.ts';
import { LIMITS } from '../limits.ts';
import type { MinorUnits } from '../money/minor-units.ts';
import { formatUsd, type Nanos, nanos } from '../money/nanos.ts';
import { monthOf } from '../teams/seats.ts';
import { instantOrNull } from '../teams/status.ts';
import { centsInNanos } from './amounts.ts';
import { type BillingAccount, NO_FAILURE, readAccount } from './stripe/cards.ts';

export async function readAutomaticTopUp(env: Env, organizationId: string, nowMs: number) {
  const account = await readAccount(env, organizationId);
  return {
    ...amountsOf(account),
    boughtThisMonth: formatUsd(await boughtThisMonth(env, organizationId, nowMs)),
    card: account.paymentMethodShown,
    failedAt: instantOrNull(account.topUpFailedAt),
    failure: account.topUpFailure,
    retryAt: instantOrNull(account.topUpRetryAt),
  };
}

/** At most so many cents are bought in a month: what was said, else the default, which one top-up always fits into. */
export function monthMaxOf({
  topUpAmount,
  topUpMonthMax,
}: Pick<BillingAccount, 'topUpAmount' | 'topUpMonthMax'>): number {
  return topUpMonthMax ?? Math.max(LIMITS.topUpMonthCentsDefault, topUpAmount ?? 0);
}

/** The credit that automatic top-ups have bought in this month of UTC, those under way included. */
export async function boughtThisMonth(env: Env, organizationId: string, nowMs: number): Promise<bigint> {
  const bought = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT CAST(coalesce(sum(credit), 0) AS TEXT) AS bought FROM transactions
       WHERE organization_id = ?1 AND created_at >= CAST(?2 AS INTEGER) AND kind = 'auto_top_up' AND status <> 'failed'`,
    )
    .bind(organizationId, monthOf(nowMs).startMs)
    .first<string>('bought');
  return BigInt(bought ?? 0);
}

/** Null turns it off. Either way a card that was refused may be tried again. */
export async function setAutomaticTopUp(
  env: Env,
  trail: Trail,
  settings: { below: Nanos; amount: MinorUnits; monthlyMax: MinorUnits | null } | null,
  nowMs: number,
): Promise<void> {
  const { organizationId } = trail;
  const topUpBelow = settings?.below ?? null;
  const topUpAmount = settings?.amount ?? null;
  const topUpMonthMax = settings?.monthlyMax ?? null;
  await changeAudited(env.DB, trail, nowMs, async () => ({
    action: 'organization.automatic_top_up.updated',
    targetId: organizationId,
    before: amountsOf(await readAccount(env, organizationId)),
    after: amountsOf({ topUpBelow, topUpAmount, topUpMonthMax }),
    statement: env.DB.prepare(
      `INSERT INTO billing_accounts (organization_id, top_up_below, top_up_amount, top_up_month_max)
       VALUES (?1, CAST(?2 AS INTEGER), CAST(?3 AS INTEGER), CAST(?4 AS INTEGER))
       ON CONFLICT (organization_id) DO UPDATE
       SET top_up_below = excluded.top_up_below, top_up_amount = excluded.top_up_amount,
           top_up_month_max = excluded.top_up_month_max, ${NO_FAILURE}`,
    ).bind(organizationId, topUpBelow, topUpAmount, topUpMonthMax),
  }));
}

function amountsOf(account: Pick<BillingAccount, 'topUpBelow' | 'topUpAmount' | 'topUpMonthMax'>) {
  const { topUpBelow, topUpAmount } = account;
  return {
    below: topUpBelow === null ? null : formatUsd(nanos(topUpBelow)),
    amount: topUpAmount === null ? null : formatUsd(centsInNanos(topUpAmount)),
    monthlyMax: topUpAmount === null ? null : formatUsd(centsInNanos(monthMaxOf(account))),
  };
}
