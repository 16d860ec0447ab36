/**
 * Every page by its route: a new page is one line of import and one in the list of those who may open it. Its own folder under pages/ has
 * the rest: route.ts (address and what it may say), page.tsx (loaded when it is opened).
 */
import { createRoute, createRouter, redirect } from '@tanstack/react-router';
import { accountRoute } from './pages/account/route.ts';
import { analyticsRoute } from './pages/analytics/route.ts';
import { auditLogRoute } from './pages/audit-log/route.ts';
import { billingRoute } from './pages/billing/route.ts';
import { budgetsRoute } from './pages/budgets/route.ts';
import { confirmRoute } from './pages/confirm/route.ts';
import { homeRoute } from './pages/home/route.ts';
import { invitationRoute } from './pages/invitation/route.ts';
import { keyRoute } from './pages/key/route.ts';
import { keysRoute } from './pages/keys/route.ts';
import { memberRoute } from './pages/member/route.ts';
import { playgroundRoute } from './pages/playground/route.ts';
import { projectRoute } from './pages/project/route.ts';
import { projectsRoute } from './pages/projects/route.ts';
import { requestRoute } from './pages/request/route.ts';
import { requestsRoute } from './pages/requests/route.ts';
import { resetPasswordRoute } from './pages/reset-password/route.ts';
import { settingsRoute } from './pages/settings/route.ts';
import { signInRoute } from './pages/sign-in/route.ts';
import { signUpRoute } from './pages/sign-up/route.ts';
import { teamRoute } from './pages/team/route.ts';
import { welcomeRoute } from './pages/welcome/route.ts';
import { queryClient } from './shell/api.ts';
import { BASE } from './shell/base.ts';
import { NotFound, Trouble } from './shell/errors.tsx';
import { Loading } from './shell/loading.tsx';
import { organizationRoute, rootRoute, signedInRoute } from './shell/roots.tsx';
import { meQuery, usualOrganization } from './shell/session.ts';

/** Where an address without an organization leads: to that page of the one that was open last. Mails have such addresses, and who has paid comes back to one. */
async function usual() {
  const organization = usualOrganization(await queryClient.ensureQueryData(meQuery));
  if (!organization) throw redirect({ to: '/account' });
  return { orgId: organization.organizationId };
}

const startRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/',
  beforeLoad: async () => {
    throw redirect({ to: '/orgs/$orgId', params: await usual() });
  },
});

/** Where a new account begins. */
const beginRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: 'welcome',
  beforeLoad: async () => {
    throw redirect({ to: '/orgs/$orgId/welcome', params: await usual() });
  },
});

const budgetRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: 'budget',
  beforeLoad: async () => {
    throw redirect({ to: '/orgs/$orgId', params: await usual() });
  },
});

const budgetRequestsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: 'budget-requests',
  beforeLoad: async () => {
    throw redirect({ to: '/orgs/$orgId/budgets', params: await usual() });
  },
});

const paidRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: 'billing',
  beforeLoad: async () => {
    throw redirect({ to: '/orgs/$orgId/billing', params: await usual() });
  },
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  signUpRoute,
  confirmRoute,
  resetPasswordRoute,
  invitationRoute,
  signedInRoute.addChildren([
    startRoute,
    beginRoute,
    budgetRoute,
    budgetRequestsRoute,
    paidRoute,
    accountRoute,
    organizationRoute.addChildren([
      homeRoute,
      keysRoute,
      analyticsRoute,
      keyRoute,
      projectsRoute,
      projectRoute,
      teamRoute,
      memberRoute,
      budgetsRoute,
      billingRoute,
      requestsRoute,
      requestRoute,
      auditLogRoute,
      settingsRoute,
      playgroundRoute,
      welcomeRoute,
    ]),
  ]),
]);

export const router = createRouter({
  routeTree,
  basepath: BASE,
  defaultPreload: 'intent',
  defaultErrorComponent: Trouble,
  defaultNotFoundComponent: NotFound,
  defaultPendingComponent: Loading,
  // A skeleton that flashes is worse than a page that stays a moment.
  defaultPendingMs: 150,
  defaultPendingMinMs: 0,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
