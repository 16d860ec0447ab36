/** Requests: where they live, and what their address may say: every filter of the API. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { AttemptedRequest } from '../../../../client/index.ts';
import { dayIn, oneOf, type Raw, textIn } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

const OUTCOMES = [
  'completed',
  'cut',
  'client_gone',
  'upstream_error',
  'client_error',
  'expired',
  'correction',
  'refused',
] as const satisfies AttemptedRequest['outcome'][];

export interface RequestsSearch {
  cursor?: string;
  from?: string;
  to?: string;
  outcome?: (typeof OUTCOMES)[number];
  projectId?: string;
  memberId?: string;
  apiKeyId?: string;
  model?: string;
  provider?: string;
  app?: string;
  minCost?: string;
  requestId?: string;
}

export const requestsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'requests',
  validateSearch: (raw: Raw): RequestsSearch => ({
    cursor: textIn(raw.cursor),
    from: dayIn(raw.from),
    to: dayIn(raw.to),
    outcome: oneOf(raw.outcome, OUTCOMES),
    projectId: textIn(raw.projectId),
    memberId: textIn(raw.memberId),
    apiKeyId: textIn(raw.apiKeyId),
    model: textIn(raw.model),
    provider: textIn(raw.provider),
    app: textIn(raw.app),
    minCost: textIn(raw.minCost),
    requestId: textIn(raw.requestId),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'RequestsPage'),
});
