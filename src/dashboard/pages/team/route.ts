/** Team: where it lives, and what its address may say: the list, and which dialog is open over it. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type RangeSearch, rangeSearch } from '../../parts/range.ts';
import { flagIn, type ListSearch, listSearch, type Raw, textIn } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

const SORTS = [
  'name',
  '-name',
  'email',
  '-email',
  'role',
  '-role',
  'createdAt',
  '-createdAt',
  'lifetimeUsage',
  '-lifetimeUsage',
] as const;

export interface TeamSearch extends ListSearch<(typeof SORTS)[number]>, RangeSearch {
  invite?: true;
  /** Adding a program. */
  program?: true;
  /** Whose budget is managed. */
  budget?: string;
}

export const teamRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'team',
  validateSearch: (raw: Raw): TeamSearch => ({
    ...listSearch(raw, SORTS),
    ...rangeSearch(raw),
    invite: flagIn(raw.invite),
    program: flagIn(raw.program),
    budget: textIn(raw.budget),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'TeamPage'),
});
