/** One API key: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type BreakdownSearch, breakdownSearch } from '../../parts/breakdown.ts';
import { type RangeSearch, rangeSearch } from '../../parts/range.ts';
import { flagIn, type Raw } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

export interface KeySearch extends RangeSearch, BreakdownSearch {
  /** Whether its rules are edited. */
  rules?: true;
}

export const keyRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'keys/$keyId',
  validateSearch: (raw: Raw): KeySearch => ({
    ...rangeSearch(raw),
    ...breakdownSearch(raw),
    rules: flagIn(raw.rules),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'KeyPage'),
});
