/**
 * A plan that people change themselves. A larger one begins once it is paid for, which Stripe tells (stripe/subscriptions.ts); a
 * smaller one as the period ends that was paid for. What is by contract, or paid by hand, is the operator's to set.
 */
import { noteAudited } from '../audit/change.ts';
import type { Trail } from '../audit/trail.ts';
import { ApiError, badRequest } from '../teams/api-error.ts';
import { readOrganization } from '../teams/organization.ts';
import { PLAN_NAMES, PLAN_PRICE_USD, type Plan } from '../teams/roles.ts';
import { sellerOf } from './seller.ts';
import { askingStripe, hasStripe } from './stripe/account.ts';
import { buyPlan, endPlan, keepPlan, openBill } from './stripe/plans.ts';
import { readSubscription } from './stripe/subscriptions.ts';

interface PlanChanged {
  plan: Plan;
  url: string | null;
  endsAt: string | null;
}

export async function changePlan(
  env: Env,
  trail: Trail,
  wanted: Plan,
  returnUrl: string,
  nowMs: number,
): Promise<PlanChanged> {
  const { organizationId } = trail;
  const { plan } = await readOrganization(env, organizationId);
  if (!hasStripe(env)) {
    const message = 'Plans of this Purser are set by its operator: npm run purser -- plan.';
    throw new ApiError(403, 'plan_by_operator', message);
  }
  if (plan === 'enterprise' || wanted === 'enterprise') {
    throw new ApiError(403, 'plan_by_contract', `The ${PLAN_NAMES.enterprise} plan is by contract: ask the operator.`);
  }
  const subscription = await readSubscription(env, organizationId);
  const isPaid = subscription !== null && subscription.status !== 'canceled';
  if (!isPaid && PLAN_PRICE_USD[plan] !== null) {
    const message = `The ${PLAN_NAMES[plan]} plan was given by the operator of this Purser: ask them to change it.`;
    throw new ApiError(403, 'plan_by_operator', message);
  }

  const changed = await askingStripe(async (): Promise<PlanChanged> => {
    if (PLAN_PRICE_USD[wanted] === null) {
      if (!isPaid) throw badRequest('plan', `The plan is ${PLAN_NAMES[plan]} already.`);
      return { plan, url: null, endsAt: await endPlan(env, subscription, nowMs) };
    }
    if (isPaid && subscription.status === 'past_due') {
      // Before anything else it is to be paid; the plan is back with that, and stays.
      if (subscription.nextPlan !== null) await keepPlan(env, subscription, nowMs);
      return { plan, url: await openBill(env, subscription), endsAt: null };
    }
    if (isPaid && subscription.nextPlan === null) throw badRequest('plan', `The plan is ${PLAN_NAMES[plan]} already.`);
    if (isPaid) {
      await keepPlan(env, subscription, nowMs);
      return { plan, url: null, endsAt: null };
    }
    // Before anybody pays: there is no invoice without a seller.
    sellerOf(env);
    const ended = subscription?.reference ?? null;
    return { plan, url: await buyPlan(env, organizationId, wanted, { returnUrl, ended, nowMs }), endsAt: null };
  });
  await noteAudited(env.DB, trail, nowMs, {
    action: 'organization.plan.requested',
    targetId: organizationId,
    before: { plan },
    after: { plan: wanted },
  });
  return changed;
}
