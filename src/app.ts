/**
 * The Worker put together from its routers, over the models and providers of a build: the deployed one (worker.ts) or
 * the local one (local/worker.ts), which adds the demo provider and routes of its own.
 */

import type { OpenAPIHono } from '@hono/zod-openapi';
import { type ApiEnv, answerError, answerNotFound, apiRouter } from './api.ts';
import { anchorPending, pruneAudit } from './audit/anchoring.ts';
import { auditRouter } from './audit/routes.ts';
import { topUpWallets } from './billing/automatic-top-ups.ts';
import { checkoutRouter } from './billing/checkout-routes.ts';
import { mailDocuments } from './billing/mailing.ts';
import { billingRouter } from './billing/routes.ts';
import { chargeSeats } from './billing/seat-charges.ts';
import { statementRouter } from './billing/statements/routes.ts';
import { forgetHandledEvents, handleDueEvents } from './billing/stripe/kept-events.ts';
import { endPlansOfDeleted } from './billing/stripe/plans.ts';
import { endGraces, tellSeats } from './billing/stripe/subscriptions.ts';
import { stripeWebhookRouter } from './billing/stripe/webhook-route.ts';
import { transactionRouter } from './billing/transaction-routes.ts';
import { creditWallets } from './billing/transactions.ts';
import { proveWallets } from './billing/wallet-books.ts';
import type { Provider } from './gateway/providers/provider.ts';
import { describeGateway } from './gateway/reference/gateway.ts';
import { gatewayRouter } from './gateway/router.ts';
import { LIMITS } from './limits.ts';
import type { Mapping } from './models/catalogue.ts';
import { backfillRouter } from './operator/backfill-routes.ts';
import { metricsRouter } from './operator/metrics-route.ts';
import { paymentRouter } from './operator/payment-routes.ts';
import { priceRouter } from './operator/price-routes.ts';
import { operatorProviderKeyRouter } from './operator/provider-key-routes.ts';
import { recoveryRouter } from './operator/recovery-routes.ts';
import { operatorRouter } from './operator/routes.ts';
import { operatorUsageRouter } from './operator/usage-routes.ts';
import { LiveCatalogue } from './prices/live-catalogue.ts';
import { noticePriceChanges } from './prices/notices.ts';
import { providerKeyRouter } from './provider-keys/routes.ts';
import { referenceRouter } from './reference/routes.ts';
import { accountRouter } from './sign-in/account-routes.ts';
import { forgetExpired } from './sign-in/forget-expired.ts';
import { meRouter } from './sign-in/me.ts';
import { passkeyRouter } from './sign-in/passkey-routes.ts';
import { signInRouter } from './sign-in/routes.ts';
import { secondFactorRouter } from './sign-in/second-factor-routes.ts';
import { apiKeyRouter } from './teams/api-key-routes.ts';
import { budgetRequestRouter } from './teams/budget-request-routes.ts';
import { warnOfBudgets } from './teams/budget-warnings.ts';
import { invitationRouter } from './teams/invitation-routes.ts';
import { masterKeyRouter } from './teams/master-key-routes.ts';
import { memberRouter } from './teams/member-routes.ts';
import { organizationRouter } from './teams/organization-routes.ts';
import { eraseDeleted } from './teams/organizations.ts';
import { playgroundKeyRouter } from './teams/playground-key-routes.ts';
import { endPlaygroundKeys } from './teams/playground-keys.ts';
import { pushPending } from './teams/policy.ts';
import { projectRouter } from './teams/project-routes.ts';
import { teamsRouter } from './teams/routes.ts';
import { analyticsRouter } from './usage/analytics-routes.ts';
import { goOnBackfilling } from './usage/backfill.ts';
import { proveInTurns, pruneProven } from './usage/books-cron.ts';
import { usageDatabases, withEachUsageDatabase } from './usage/databases.ts';
import { requestRouter } from './usage/request-routes.ts';
import { rollUp, rollUpOverdue } from './usage/rollups.ts';
import { usageRouter } from './usage/routes.ts';

export interface Build {
  mappings: readonly Mapping[];
  providers: readonly Provider[];
  /** Routes that only this build has. */
  routers: readonly OpenAPIHono<ApiEnv>[];
}

export function createApp(build: Build): OpenAPIHono<ApiEnv> {
  const providers = new Map(build.providers.map((provider) => [provider.id, provider]));
  const catalogue = new LiveCatalogue(build.mappings);
  const app = apiRouter();
  app.onError(answerError);
  app.notFound(answerNotFound);
  app.get('/', (c) => c.redirect('/dashboard', 302));
  app.route('/v1', gatewayRouter(catalogue, providers));
  app.route('/v1beta', gatewayRouter(catalogue, providers, 'v1beta'));
  describeGateway(app);
  const forPeople = [signInRouter, accountRouter, secondFactorRouter, passkeyRouter, meRouter];
  const ours = [
    organizationRouter,
    memberRouter,
    invitationRouter,
    teamsRouter,
    budgetRequestRouter,
    projectRouter,
    apiKeyRouter,
    playgroundKeyRouter,
    masterKeyRouter,
    providerKeyRouter,
    analyticsRouter,
    usageRouter,
    requestRouter(build.mappings, catalogue),
    billingRouter,
    transactionRouter,
    checkoutRouter,
    stripeWebhookRouter,
    statementRouter,
    auditRouter,
    operatorRouter,
    paymentRouter,
    operatorProviderKeyRouter,
    recoveryRouter,
    operatorUsageRouter,
    backfillRouter,
    priceRouter(catalogue),
    metricsRouter(new Set(providers.keys())),
  ];
  for (const router of [...forPeople, ...ours, ...build.routers]) app.route('/', router);
  app.route('/', referenceRouter(app));
  return app;
}

/** What each cron does, for a build that serves these models: those whose prices are watched. Every one may come late, twice or at once with another. */
export async function runCron(cron: string, env: Env, nowMs: number, mappings: Build['mappings'] = []): Promise<void> {
  switch (cron) {
    case '* * * * *':
      return eachOf(cron, [
        () => withEachUsageDatabase(env, 'overdue rollups', (db) => rollUpOverdue(db, nowMs)),
        () => pushPending(env),
        () => anchorPending(env),
        () => creditWallets(env, nowMs),
        () => mailDocuments(env, nowMs),
        () => handleDueEvents(env, nowMs),
        () => chargeSeats(env, nowMs),
        () => topUpWallets(env, nowMs),
      ]);
    case '*/5 * * * *':
      return eachOf(cron, [
        () => rollUpAll(env, nowMs),
        () => withEachUsageDatabase(env, 'backfill', (db) => goOnBackfilling(db, nowMs, LIMITS.backfillCronMs)),
        () => warnOfBudgets(env, nowMs),
      ]);
    case '*/15 * * * *':
      return eachOf(cron, [() => proveInTurns(env, nowMs)]);
    case '7 * * * *':
      return eachOf(cron, [
        () => rollUpAll(env, nowMs),
        () => withEachUsageDatabase(env, 'pruning', (db) => pruneProven(db, nowMs)),
        () => pruneAudit(env, nowMs),
        () => forgetExpired(env.DB, nowMs),
        () => endPlaygroundKeys(env.DB, nowMs),
        () => eraseDeleted(env.DB, nowMs),
        () => noticePriceChanges(env, mappings, nowMs),
        () => endGraces(env, nowMs),
        () => endPlansOfDeleted(env, nowMs),
        () => tellSeats(env, nowMs),
        () => forgetHandledEvents(env, nowMs),
        () => proveWallets(env, nowMs),
      ]);
    default:
      throw new Error(`wrangler.toml names a cron that nothing handles: ${cron}`);
  }
}

/** One after the other. What fails keeps nothing behind it from its turn; the run has failed then, as the platform shows. */
async function eachOf(cron: string, parts: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failed: unknown[] = [];
  for (const part of parts) {
    try {
      await part();
    } catch (error) {
      console.error(JSON.stringify({ event: 'cron_part_failed', cron, error: String(error) }));
      failed.push(error);
    }
  }
  if (failed.length > 0)
    throw new AggregateError(failed, `${failed.length} of ${parts.length} parts of ${cron} failed`);
}

/** Shares what one run may do among the databases. */
async function rollUpAll(env: Env, nowMs: number): Promise<void> {
  const batchesMax = Math.ceil(LIMITS.rollupBatchesMax / usageDatabases(env).length);
  await withEachUsageDatabase(env, 'rollups', (db) => rollUp(db, nowMs, LIMITS.rollupRowsMax, batchesMax));
}
