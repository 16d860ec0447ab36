/** Get started: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const welcomeRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'welcome',
  component: lazyRouteComponent(() => import('./page.tsx'), 'WelcomePage'),
});
