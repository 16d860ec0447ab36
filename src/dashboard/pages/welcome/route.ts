/** Get started: where it lives, and what its address may say: the key that is watched, and the tool that is set up. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { flagIn, oneOf, type Raw, textIn } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

export const TOOLS = ['curl', 'python', 'javascript', 'claude', 'environment'] as const;
export type Tool = (typeof TOOLS)[number];

export interface WelcomeSearch {
  keyId?: string | undefined;
  tool?: Tool | undefined;
  new?: true | undefined;
}

export const welcomeRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'welcome',
  validateSearch: (raw: Raw): WelcomeSearch => ({
    keyId: textIn(raw.keyId),
    tool: oneOf(raw.tool, TOOLS),
    new: flagIn(raw.new),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'WelcomePage'),
});
