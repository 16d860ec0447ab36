/** One API key: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type BreakdownSearch, breakdownSearch } from '../../parts/breakdown.ts';
import { type RangeSearch, rangeSearch } from '../../parts/range.ts';
import type { Raw } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

export const keyRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'keys/$keyId',
  validateSearch: (raw: Raw): RangeSearch & BreakdownSearch => ({ ...rangeSearch(raw), ...breakdownSearch(raw) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'KeyPage'),
});
