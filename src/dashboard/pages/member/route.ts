/** Member: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type BreakdownSearch, breakdownSearch } from '../../parts/breakdown.ts';
import { type RangeSearch, rangeSearch } from '../../parts/range.ts';
import { flagIn, oneOf, type Raw } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

export const DIMENSIONS = ['model', 'provider', 'app'] as const;

export type Dimension = (typeof DIMENSIONS)[number];

export interface MemberSearch extends RangeSearch, BreakdownSearch {
  /** Models, unless it says another. */
  by?: Dimension;
  /** Whether the budget is managed, the role and projects changed, the rules edited. */
  budget?: true;
  role?: true;
  rules?: true;
}

export const memberRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'team/$memberId',
  validateSearch: (raw: Raw): MemberSearch => ({
    ...rangeSearch(raw),
    ...breakdownSearch(raw),
    by: oneOf(raw.by, DIMENSIONS),
    budget: flagIn(raw.budget),
    role: flagIn(raw.role),
    rules: flagIn(raw.rules),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'MemberPage'),
});
