/** Team: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const teamRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'team',
  component: lazyRouteComponent(() => import('./page.tsx'), 'TeamPage'),
});
