/** Billing: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const billingRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'billing',
  component: lazyRouteComponent(() => import('./page.tsx'), 'BillingPage'),
});
