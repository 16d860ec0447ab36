/** Home of a member: where it lives, and what its address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type RangeSearch, rangeSearch } from '../../parts/range.ts';
import { flagIn, type Raw } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

export const homeRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: '/',
  validateSearch: (raw: Raw): RangeSearch & { ask?: true } => ({ ...rangeSearch(raw), ask: flagIn(raw.ask) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'HomePage'),
});
