/**
 * Every page of the dashboard, for the checks and the pictures that all of them get: `axe.test.ts` and `npm run screenshots`. A new page is
 * one line here. `ready` is a text by which the page shows that its answer is there.
 */
import type { Demo, Who } from './browser.ts';

export interface Listed {
  name: string;
  who: Who | null;
  /** Under /dashboard. */
  path: (demo: Demo) => string;
  ready: string | RegExp;
}

const inOrganization = (path: string) => (demo: Demo) => `/orgs/${demo.organizationId}${path}`;

export const PAGES: Listed[] = [
  { name: 'sign-in', who: null, path: () => '/sign-in', ready: 'Forgot your password?' },
  { name: 'sign-up', who: null, path: () => '/sign-up', ready: 'Make an account' },
  { name: 'reset-password', who: null, path: () => '/reset-password', ready: 'Mail me a link' },
  { name: 'confirm', who: null, path: () => '/confirm#token=abc', ready: 'Confirm and sign in' },
  { name: 'not-found', who: 'developer', path: () => '/orgs/org_none', ready: 'There is nothing here' },
  { name: 'home', who: 'developer', path: inOrganization(''), ready: 'Your usage' },
  { name: 'home-owner', who: 'owner', path: inOrganization(''), ready: 'Your usage' },
  { name: 'keys', who: 'developer', path: inOrganization('/keys'), ready: 'Your API keys' },
  {
    name: 'keys-everybody',
    who: 'owner',
    path: inOrganization('/keys?everybody=true'),
    ready: 'API keys of everybody',
  },
  { name: 'keys-new', who: 'developer', path: inOrganization('/keys?new=true'), ready: 'New API key' },
  { name: 'analytics', who: 'owner', path: inOrganization('/analytics?range=30d'), ready: 'Cost by model over time' },
  {
    name: 'analytics-members',
    who: 'admin',
    path: inOrganization('/analytics?range=90d&by=member&measure=tokens'),
    ready: 'Tokens by member over time',
  },
  { name: 'analytics-finance', who: 'finance', path: inOrganization('/analytics'), ready: 'Only owners and admins' },
];
