/** The Worker as `npm start` runs it: the deployed one with the demo provider and the run-it-now route added. */
import { videoJobOf } from '../../durable-objects/video-job.ts';
import { createApp, runCron } from '../app.ts';
import { PROVIDERS } from '../gateway/providers/all.ts';
import { CATALOGUE_MAPPINGS } from '../models/catalogue.ts';
import { DEMO_MAPPINGS, demoProvider } from './demo-provider.ts';
import { localRouter } from './routes.ts';

export { AuditAnchor } from '../../durable-objects/audit-anchor.ts';
export { MemberBudget } from '../../durable-objects/member-budget.ts';
export { OrgWallet } from '../../durable-objects/org-wallet.ts';
export { ProviderHealth } from '../../durable-objects/provider-health.ts';
export { RecordedAnswer } from '../../durable-objects/recorded-answer.ts';
export { SignInThrottle } from '../../durable-objects/sign-in-throttle.ts';
export { StoredResponse } from '../../durable-objects/stored-response.ts';

const SERVED = [...PROVIDERS, demoProvider];

export const VideoJob = videoJobOf(SERVED);

const MAPPINGS = [...CATALOGUE_MAPPINGS, ...DEMO_MAPPINGS];

const app = createApp({
  mappings: MAPPINGS,
  providers: SERVED,
  routers: [localRouter],
});

export default {
  fetch: app.fetch,
  scheduled: (controller, env) => runCron(controller.cron, env, Date.now(), MAPPINGS),
} satisfies ExportedHandler<Env>;
