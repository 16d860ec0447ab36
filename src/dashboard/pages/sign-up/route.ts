/** Where it lives, and what its address may say. Tokens of mailed links stand behind the #, which no server is sent. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { flagIn, type Raw } from '../../parts/search.ts';
import { rootRoute } from '../../shell/roots.tsx';

export const signUpRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'sign-up',
  validateSearch: (raw: Raw): { code?: true } => ({ code: flagIn(raw.code) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'SignUpPage'),
});
