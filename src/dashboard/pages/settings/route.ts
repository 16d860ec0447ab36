/** Settings: where they live, and what their address may say: which part, and which dialog is open over it. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { flagIn, oneOf, type Raw } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

const VIEWS = ['organization', 'provider-keys', 'master-keys', 'books'] as const;

export interface SettingsSearch {
  /** The first that one may see, unless it says another. */
  view?: (typeof VIEWS)[number];
  new?: true;
}

export const settingsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'settings',
  validateSearch: (raw: Raw): SettingsSearch => ({ view: oneOf(raw.view, VIEWS), new: flagIn(raw.new) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'SettingsPage'),
});
