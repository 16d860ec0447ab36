/** Member: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const memberRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'team/$memberId',
  component: lazyRouteComponent(() => import('./page.tsx'), 'MemberPage'),
});
