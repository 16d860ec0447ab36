/** Project: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const projectRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'projects/$projectId',
  component: lazyRouteComponent(() => import('./page.tsx'), 'ProjectPage'),
});
