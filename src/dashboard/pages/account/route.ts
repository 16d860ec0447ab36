/** Account: where it lives, and what its address may say: the dialog that is open. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { oneOf, type Raw } from '../../parts/search.ts';
import { signedInRoute } from '../../shell/roots.tsx';

const DIALOGS = ['name', 'password', 'second-factor', 'passkey'] as const;

export interface AccountSearch {
  open?: (typeof DIALOGS)[number] | undefined;
}

export const accountRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: 'account',
  validateSearch: (raw: Raw): AccountSearch => ({ open: oneOf(raw.open, DIALOGS) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'AccountPage'),
});
