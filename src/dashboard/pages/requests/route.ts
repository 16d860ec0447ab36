/** Requests: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const requestsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'requests',
  component: lazyRouteComponent(() => import('./page.tsx'), 'RequestsPage'),
});
