/** Where it lives, and what its address may say. Tokens of mailed links stand behind the #, which no server is sent. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/roots.tsx';

export const resetPasswordRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'reset-password',
  component: lazyRouteComponent(() => import('./page.tsx'), 'ResetPasswordPage'),
});
