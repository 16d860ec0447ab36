/** Budgets: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { organizationRoute } from '../../shell/roots.tsx';

export const budgetsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'budgets',
  component: lazyRouteComponent(() => import('./page.tsx'), 'BudgetsPage'),
});
