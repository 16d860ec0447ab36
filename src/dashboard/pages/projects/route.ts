/** Projects: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const projectsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'projects',
  component: lazyRouteComponent(() => import('./page.tsx'), 'ProjectsPage'),
});
