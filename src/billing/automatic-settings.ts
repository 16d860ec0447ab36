/** When an organization's credit buys itself, as the API shows and takes it. What follows from it is automatic-top-ups.ts. */
import { changeAudited } from '../audit/change.ts';
import type { Trail } from '../audit/trail.ts';
import type { MinorUnits } from '../money/minor-units.ts';
import { formatUsd, type Nanos, nanos } from '../money/nanos.ts';
import { instantOrNull } from '../teams/status.ts';
import { centsInNanos } from './checkout.ts';
import { type BillingAccount, readAccount } from './stripe/cards.ts';

export async function readAutomaticTopUp(env: Env, organizationId: string) {
  const account = await readAccount(env, organizationId);
  return {
    ...amountsOf(account),
    card: account.paymentMethodShown,
    failedAt: instantOrNull(account.topUpFailedAt),
    failure: account.topUpFailure,
  };
}

/** Null turns it off. Either way a card that was refused may be tried again. */
export async function setAutomaticTopUp(
  env: Env,
  trail: Trail,
  settings: { below: Nanos; amount: MinorUnits } | null,
  nowMs: number,
): Promise<void> {
  const { organizationId } = trail;
  const topUpBelow = settings?.below ?? null;
  const topUpAmount = settings?.amount ?? null;
  await changeAudited(env.DB, trail, nowMs, async () => ({
    action: 'organization.automatic_top_up.updated',
    targetId: organizationId,
    before: amountsOf(await readAccount(env, organizationId)),
    after: amountsOf({ topUpBelow, topUpAmount }),
    statement: env.DB.prepare(
      `INSERT INTO billing_accounts (organization_id, top_up_below, top_up_amount)
       VALUES (?1, CAST(?2 AS INTEGER), CAST(?3 AS INTEGER))
       ON CONFLICT (organization_id) DO UPDATE
       SET top_up_below = excluded.top_up_below, top_up_amount = excluded.top_up_amount,
           top_up_failed_at = NULL, top_up_failure = NULL`,
    ).bind(organizationId, topUpBelow, topUpAmount),
  }));
}

function amountsOf({ topUpBelow, topUpAmount }: Pick<BillingAccount, 'topUpBelow' | 'topUpAmount'>) {
  return {
    below: topUpBelow === null ? null : formatUsd(nanos(topUpBelow)),
    amount: topUpAmount === null ? null : formatUsd(centsInNanos(topUpAmount)),
  };
}
