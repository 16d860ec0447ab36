/**
 * Every page of the dashboard, for the checks and the pictures that all of them get: `axe.test.ts` and `npm run screenshots`. A new page is
 * one line here. `ready` is a text by which the page shows that its answer is there.
 */
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
import type { Demo, Who } from './browser.ts';

export interface Listed {
  name: string;
  who: Who | null;
  /** Under /dashboard. */
  path: (demo: Demo) => string;
  ready: string | RegExp;
}

const inOrganization = (path: string) => (demo: Demo) => `/orgs/${demo.organizationId}${path}`;

/** The first key of the demo's developer. */
function keyOf(demo: Demo): string {
  const key = DEMO_ORGANIZATIONS.flatMap(({ members }) => members).find(({ id }) => id === demo.memberId)?.keys[0];
  if (!key) throw new Error('the demo’s developer has no key');
  return key.id;
}

const inProject = (rest: string) => (demo: Demo) => `/orgs/${demo.organizationId}/projects/${demo.projectId}${rest}`;

const [team, freeTeam, personal] = DEMO_ORGANIZATIONS;
const inFreeTeam = (path: string) => () => `/orgs/${freeTeam?.id}${path}`;
const inPersonal = (path: string) => () => `/orgs/${personal?.id}${path}`;

function memberOf(name: string): string {
  const member = team.members.find((each) => each.name === name);
  if (!member) throw new Error(`the demo has no ${name}`);
  return member.id;
}

export const PAGES: Listed[] = [
  { name: 'sign-in', who: null, path: () => '/sign-in', ready: 'Forgot your password?' },
  { name: 'sign-up', who: null, path: () => '/sign-up', ready: 'Make an account' },
  { name: 'reset-password', who: null, path: () => '/reset-password', ready: 'Mail me a link' },
  { name: 'confirm', who: null, path: () => '/confirm#token=abc', ready: 'Confirm and sign in' },
  { name: 'not-found', who: 'developer', path: () => '/orgs/org_none', ready: 'There is nothing here' },
  { name: 'home', who: 'developer', path: inOrganization(''), ready: 'Your usage' },
  { name: 'home-limited', who: 'admin', path: inOrganization('?range=30d'), ready: 'Your usage' },
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
  {
    name: 'analytics-nothing',
    who: 'owner',
    path: inOrganization('/analytics?from=2020-01-01&to=2020-01-31'),
    ready: 'Nothing was used in these days',
  },
  { name: 'analytics-free', who: 'admin', path: inFreeTeam('/analytics'), ready: 'Sample data' },
  { name: 'home-personal', who: 'basic', path: inPersonal(''), ready: 'Your usage' },
  { name: 'billing-free', who: 'admin', path: inFreeTeam('/billing?view=plan'), ready: 'With the plan' },
  {
    name: 'key',
    who: 'developer',
    path: (demo) => `/orgs/${demo.organizationId}/keys/${keyOf(demo)}`,
    ready: 'About this key',
  },
  {
    name: 'key-rules',
    who: 'developer',
    path: (demo) => `/orgs/${demo.organizationId}/keys/${keyOf(demo)}?rules=true`,
    ready: 'Only these models',
  },
  { name: 'projects', who: 'owner', path: inOrganization('/projects'), ready: 'Fleet control' },
  { name: 'project', who: 'owner', path: inProject('?range=30d'), ready: 'Cost by model over time' },
  { name: 'project-keys', who: 'owner', path: inProject('?view=keys'), ready: 'Make an API key in this project' },
  { name: 'project-people', who: 'owner', path: inProject('?view=people'), ready: 'Ingrid Solberg' },
  { name: 'project-routing', who: 'admin', path: inProject('?view=routing'), ready: 'Save routing' },
  { name: 'project-developer', who: 'developer', path: inProject(''), ready: 'Cost by model' },
  { name: 'team', who: 'owner', path: inOrganization('/team?range=30d'), ready: 'Lena Fischer' },
  { name: 'team-finance', who: 'finance', path: inOrganization('/team'), ready: 'Lena Fischer' },
  {
    name: 'team-invite',
    who: 'admin',
    path: inOrganization('/team?invite=true'),
    ready: 'Your plan sets no number of them',
  },
  {
    name: 'team-budget',
    who: 'owner',
    path: (demo) => `/orgs/${demo.organizationId}/team?budget=${memberOf('Mateo Alvarez')}`,
    ready: 'In the last 30 days',
  },
  { name: 'team-free', who: 'admin', path: inFreeTeam('/team'), ready: 'Usage of each member' },
  { name: 'team-personal', who: 'basic', path: inPersonal('/team'), ready: 'Convert to a team' },
  { name: 'team-developer', who: 'developer', path: inOrganization('/team'), ready: 'Only owners, admins' },
  {
    name: 'member',
    who: 'owner',
    path: (demo) => `/orgs/${demo.organizationId}/team/${demo.memberId}?range=30d`,
    ready: 'Top provider',
  },
  {
    name: 'member-finance',
    who: 'finance',
    path: (demo) => `/orgs/${demo.organizationId}/team/${memberOf('Mateo Alvarez')}`,
    ready: 'Only owners and admins',
  },
  { name: 'budgets', who: 'owner', path: inOrganization('/budgets'), ready: 'Save default' },
  { name: 'budgets-developer', who: 'developer', path: inOrganization('/budgets'), ready: 'Only owners, admins' },
  { name: 'billing', who: 'finance', path: inOrganization('/billing'), ready: 'Purser Enterprise' },
  {
    name: 'billing-statements',
    who: 'finance',
    path: inOrganization('/billing?view=statements'),
    ready: 'By project',
  },
  { name: 'billing-credit', who: 'owner', path: inOrganization('/billing?view=credit'), ready: 'Automatic top-up' },
  { name: 'billing-plan', who: 'owner', path: inOrganization('/billing?view=plan'), ready: 'With the plan' },
  { name: 'billing-details', who: 'finance', path: inOrganization('/billing?view=details'), ready: 'Name on invoices' },
  { name: 'requests', who: 'finance', path: inOrganization('/requests'), ready: 'Kept one by one since' },
  {
    name: 'requests-refused',
    who: 'developer',
    path: inOrganization('/requests?outcome=refused&provider=demo'),
    ready: 'Kept one by one since',
  },
  { name: 'audit-log', who: 'owner', path: inOrganization('/audit-log'), ready: 'Download JSON lines' },
  { name: 'audit-log-finance', who: 'finance', path: inOrganization('/audit-log'), ready: 'Only owners and admins' },
  { name: 'settings', who: 'admin', path: inOrganization('/settings'), ready: 'Save warnings' },
  {
    name: 'settings-provider-keys',
    who: 'owner',
    path: inOrganization('/settings?view=provider-keys&new=true'),
    ready: 'The key is sealed',
  },
  {
    name: 'settings-master-keys',
    who: 'owner',
    path: inOrganization('/settings?view=master-keys'),
    ready: 'New master key',
  },
  { name: 'settings-personal', who: 'basic', path: inPersonal('/settings'), ready: 'Join a team' },
  { name: 'settings-books', who: 'finance', path: inOrganization('/settings?view=books'), ready: 'Unresolved' },
  { name: 'playground', who: 'developer', path: inOrganization('/playground'), ready: 'What it has cost' },
  {
    name: 'playground-basic',
    who: 'basic',
    path: inOrganization('/playground'),
    ready: 'There is no project that you may use',
  },
  { name: 'welcome', who: 'developer', path: inOrganization('/welcome'), ready: 'Set up a tool' },
  { name: 'welcome-basic', who: 'basic', path: inOrganization('/welcome'), ready: 'Open the playground' },
  { name: 'account', who: 'developer', path: () => '/account', ready: 'Where you are signed in' },
];
