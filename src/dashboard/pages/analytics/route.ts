/** Organization analytics: where they live, and what their address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type BreakdownSearch, breakdownSearch } from '../../parts/breakdown.ts';
import { type RangeSearch, rangeSearch } from '../../parts/range.ts';
import { oneOf, type Raw } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

export const DIMENSIONS = ['model', 'project', 'apiKey', 'member', 'provider', 'app'] as const;

export type Dimension = (typeof DIMENSIONS)[number];

export interface AnalyticsSearch extends RangeSearch, BreakdownSearch {
  /** Models, unless it says another. */
  by?: Dimension;
}

export const analyticsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'analytics',
  validateSearch: (raw: Raw): AnalyticsSearch => ({
    ...rangeSearch(raw),
    ...breakdownSearch(raw),
    by: oneOf(raw.by, DIMENSIONS),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'AnalyticsPage'),
});
