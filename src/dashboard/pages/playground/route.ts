/** Playground: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const playgroundRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'playground',
  component: lazyRouteComponent(() => import('./page.tsx'), 'PlaygroundPage'),
});
