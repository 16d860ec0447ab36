/** The deployed Worker: fetch and scheduled, and the object classes it hosts. Holds no logic. */
import { videoJobOf } from '../durable-objects/video-job.ts';
import { createApp, runCron } from './app.ts';
import { PROVIDERS } from './gateway/providers/all.ts';
import { CATALOGUE_MAPPINGS } from './models/catalogue.ts';

export { AuditAnchor } from '../durable-objects/audit-anchor.ts';
export { MemberBudget } from '../durable-objects/member-budget.ts';
export { OrgWallet } from '../durable-objects/org-wallet.ts';
export { ProviderHealth } from '../durable-objects/provider-health.ts';
export { RecordedAnswer } from '../durable-objects/recorded-answer.ts';
export { SignInThrottle } from '../durable-objects/sign-in-throttle.ts';
export { StoredResponse } from '../durable-objects/stored-response.ts';

export const VideoJob = videoJobOf(PROVIDERS);

const app = createApp({ mappings: CATALOGUE_MAPPINGS, providers: PROVIDERS, routers: [] });

export default {
  fetch: app.fetch,
  scheduled: (controller, env) => runCron(controller.cron, env, Date.now(), CATALOGUE_MAPPINGS),
} satisfies ExportedHandler<Env>;
