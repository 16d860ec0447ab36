/** API key: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const keyRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'keys/$keyId',
  component: lazyRouteComponent(() => import('./page.tsx'), 'KeyPage'),
});
