/** Budgets: where they live, and what their address may say: which requests for more are shown. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { oneOf, type Raw, textIn } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

export const STATUSES = ['open', 'granted', 'declined'] as const;

export interface BudgetsSearch {
  /** Open ones, unless it says another. */
  status?: (typeof STATUSES)[number];
  cursor?: string;
}

export const budgetsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'budgets',
  validateSearch: (raw: Raw): BudgetsSearch => ({
    status: oneOf(raw.status, STATUSES),
    cursor: textIn(raw.cursor),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'BudgetsPage'),
});
