/** Projects: where they live, and what their address may say. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { flagIn, type ListSearch, listSearch, type Raw } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

const SORTS = ['name', '-name', 'createdAt', '-createdAt'] as const;

export interface ProjectsSearch extends ListSearch<(typeof SORTS)[number]> {
  /** Those that are archived, in place of the others. */
  archived?: true;
  new?: true;
}

export const projectsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'projects',
  validateSearch: (raw: Raw): ProjectsSearch => ({
    ...listSearch(raw, SORTS),
    archived: flagIn(raw.archived),
    new: flagIn(raw.new),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'ProjectsPage'),
});
