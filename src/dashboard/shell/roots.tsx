/**
 * The routes that all pages hang from: `rootRoute` of those for strangers, `signedInRoute` for whoever is signed in, and
 * `organizationRoute` of one organization, /orgs/{orgId}, with the sidebar around it. A page's own route is in its folder.
 */
import { createRootRoute, createRoute, lazyRouteComponent, notFound, Outlet, redirect } from '@tanstack/react-router';
import { isRefusal, queryClient } from './api.ts';
import { NotFound, Trouble } from './errors.tsx';
import { meQuery, rememberOrganization } from './session.ts';

export const rootRoute = createRootRoute({
  component: Outlet,
  errorComponent: Trouble,
  notFoundComponent: NotFound,
});

export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signed-in',
  component: Outlet,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(meQuery);
    } catch (error) {
      if (isRefusal(error, 401)) throw redirect({ to: '/sign-in', search: { to: location.href } });
      throw error;
    }
  },
});

export const organizationRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: 'orgs/$orgId',
  // Not part of what who signs in must load.
  component: lazyRouteComponent(() => import('./frame.tsx'), 'Frame'),
  beforeLoad: async ({ params }) => {
    const me = await queryClient.ensureQueryData(meQuery);
    // Its existence is not told: a stranger sees what is seen of an organization that is not there.
    if (!me.memberships.some(({ organizationId }) => organizationId === params.orgId)) throw notFound();
    rememberOrganization(params.orgId);
  },
});
