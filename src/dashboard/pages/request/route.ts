/** Request: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const requestRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'requests/$requestId',
  component: lazyRouteComponent(() => import('./page.tsx'), 'RequestPage'),
});
