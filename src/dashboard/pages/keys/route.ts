/** API keys: where they live, and what their address may say: the list, and which dialog is open over it. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { flagIn, type ListSearch, listSearch, type Raw, textIn } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

const SORTS = [
  'createdAt',
  '-createdAt',
  'name',
  '-name',
  'lastUsedAt',
  '-lastUsedAt',
  'expiresAt',
  '-expiresAt',
] as const;

export interface KeysSearch extends ListSearch<(typeof SORTS)[number]> {
  /** Of everybody, for who may see them; else one's own. */
  everybody?: true;
  projectId?: string;
  new?: true;
}

export const keysRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'keys',
  validateSearch: (raw: Raw): KeysSearch => ({
    ...listSearch(raw, SORTS),
    everybody: flagIn(raw.everybody),
    projectId: textIn(raw.projectId),
    new: flagIn(raw.new),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'KeysPage'),
});
