/** Where it lives, and what its address may say. Tokens of mailed links stand behind the #, which no server is sent. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type Raw, textIn } from '../../parts/search.ts';
import { rootRoute } from '../../shell/roots.tsx';

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'sign-in',
  validateSearch: (raw: Raw): { to?: string; error?: string } => ({ to: textIn(raw.to), error: textIn(raw.error) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'SignInPage'),
});
