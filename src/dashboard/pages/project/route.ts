/** One project: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type BreakdownSearch, breakdownSearch } from '../../parts/breakdown.ts';
import { type RangeSearch, rangeSearch } from '../../parts/range.ts';
import { oneOf, type Raw } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

const VIEWS = ['usage', 'keys', 'people', 'routing'] as const;

export interface ProjectSearch extends RangeSearch, BreakdownSearch {
  /** Usage, unless it says another. */
  view?: (typeof VIEWS)[number];
}

export const projectRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'projects/$projectId',
  validateSearch: (raw: Raw): ProjectSearch => ({
    ...rangeSearch(raw),
    ...breakdownSearch(raw),
    view: oneOf(raw.view, VIEWS),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'ProjectPage'),
});
