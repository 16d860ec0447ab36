/** Playground: where it lives, and what its address may say: the model and the project that are asked. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type Raw, textIn } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

export interface PlaygroundSearch {
  model?: string | undefined;
  projectId?: string | undefined;
}

export const playgroundRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'playground',
  validateSearch: (raw: Raw): PlaygroundSearch => ({ model: textIn(raw.model), projectId: textIn(raw.projectId) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'PlaygroundPage'),
});
