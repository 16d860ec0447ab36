/** Analytics: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const analyticsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'analytics',
  component: lazyRouteComponent(() => import('./page.tsx'), 'AnalyticsPage'),
});
