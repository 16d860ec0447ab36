/**
 * What each role and plan sees of every page: its entry in the sidebar, the page, the notice that names who may, or the card of the plan
 * that has it. The expectation is written out here, and not the server's own table, so that a change of that is seen.
 */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
import { follow, type Who } from './browser.ts';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();
const [, freeTeam, personal] = DEMO_ORGANIZATIONS;

const EVERYBODY: Who[] = ['owner', 'admin', 'finance', 'developer', 'basic'];
const MANAGERS: Who[] = ['owner', 'admin'];
const WITH_FINANCE: Who[] = ['owner', 'admin', 'finance'];

interface Expected {
  page: string;
  path: string;
  /** What the page shows to who may see it. */
  ready: string | RegExp;
  opens: Who[];
  /** What everybody else is told. */
  notice: string;
  /** Whose sidebar has it; without one it is no entry. */
  listed?: Who[];
}

const TABLE: Expected[] = [
  { page: 'Home', path: '', ready: 'What you have left', opens: EVERYBODY, notice: '', listed: EVERYBODY },
  {
    page: 'Playground',
    path: '/playground',
    ready: 'Neither questions nor answers are stored',
    opens: EVERYBODY,
    notice: '',
    listed: EVERYBODY,
  },
  {
    page: 'API keys',
    path: '/keys',
    ready: 'New API key',
    opens: ['owner', 'admin', 'developer'],
    notice: 'Only owners, admins and developers can see API keys.',
    listed: ['owner', 'admin', 'developer'],
  },
  {
    page: 'Projects',
    path: '/projects',
    ready: 'What API keys and usage belong to.',
    opens: EVERYBODY,
    notice: '',
    listed: ['owner', 'admin', 'developer', 'basic'],
  },
  {
    page: 'Project',
    path: `/projects/${demo.projectId}`,
    ready: 'Cost by model over time',
    opens: ['owner', 'admin', 'developer'],
    // Finance sees that it is there and not what it used; to who was not granted it, it is not there.
    notice: 'Only owners, admins, developers and basic members can see what projects used.|There is nothing here',
  },
  {
    page: 'Team',
    path: '/team',
    ready: 'Lena Fischer',
    opens: WITH_FINANCE,
    notice: 'Only owners, admins and finance admins can see the team.',
    listed: WITH_FINANCE,
  },
  {
    page: 'Member',
    path: `/team/${demo.memberId}`,
    ready: 'Budget history',
    opens: WITH_FINANCE,
    notice: 'Only owners, admins and finance admins can see other members.',
  },
  {
    page: 'Budgets',
    path: '/budgets',
    ready: 'Save default',
    opens: WITH_FINANCE,
    notice: 'Only owners, admins and finance admins can see the team’s budgets.',
    listed: WITH_FINANCE,
  },
  {
    page: 'Analytics',
    path: '/analytics',
    ready: 'Cost by model over time',
    opens: MANAGERS,
    notice: 'Only owners and admins can see the organization’s analytics.',
    listed: MANAGERS,
  },
  {
    page: 'Requests',
    path: '/requests',
    ready: 'Kept one by one since',
    opens: ['owner', 'admin', 'finance', 'developer'],
    notice: 'Only owners, admins, finance admins and developers can see requests.',
    listed: WITH_FINANCE,
  },
  {
    page: 'Billing',
    path: '/billing',
    ready: 'Documents of the month, ZIP',
    opens: WITH_FINANCE,
    notice: 'Only owners, admins and finance admins can see billing.',
    listed: WITH_FINANCE,
  },
  {
    page: 'Audit log',
    path: '/audit-log',
    ready: 'Download JSON lines',
    opens: MANAGERS,
    notice: 'Only owners and admins can see the audit log.',
    listed: MANAGERS,
  },
  {
    page: 'Settings',
    path: '/settings',
    ready: /Save warnings|Unresolved/,
    opens: WITH_FINANCE,
    notice: 'Only owners, admins and finance admins can see settings.',
    listed: MANAGERS,
  },
];

const main = (page: Page) => page.locator('main');

describe.each(EVERYBODY)('as %s', (who) => {
  it('lists and opens the pages of that role, and says of the others who may', async () => {
    const { page } = await visit(who);
    await page.goto(inOrganization(''));
    const sidebar = page.getByRole('complementary', { name: 'Pages' });
    await sidebar.getByRole('link', { name: 'Home' }).waitFor();
    expect((await sidebar.getByRole('link').allInnerTexts()).map((text) => text.trim())).toEqual(
      TABLE.filter(({ listed }) => listed?.includes(who)).map((row) => row.page),
    );
    for (const { path, ready, opens, notice } of TABLE) {
      await follow(page, inOrganization(path));
      const expected = opens.includes(who) ? ready : new RegExp(notice);
      const other = opens.includes(who) ? /Only owners.* can see/ : ready;
      await main(page).getByText(expected).first().waitFor();
      // Of a member that finance may see, what they used is for others.
      if (!(who === 'finance' && path.startsWith('/team/'))) expect(await main(page).getByText(other).count()).toBe(0);
    }
  });
});

it('marks what the plan lacks in the sidebar, and shows its card on the page itself', async () => {
  const { page } = await visit('admin');
  const inFreeTeam = (path: string) => `/dashboard/orgs/${freeTeam?.id}${path}`;
  await page.goto(inFreeTeam('/analytics'));
  await page.getByText('Organization analytics comes with the Enterprise plan').waitFor();
  expect(await page.locator('section[aria-label="Sample data"][inert]').getByText('Sample data').count()).toBe(1);
  const sidebar = page.getByRole('complementary', { name: 'Pages' });
  expect(await sidebar.getByRole('link').filter({ hasText: 'Enterprise' }).allInnerTexts()).toEqual([
    expect.stringContaining('Analytics'),
  ]);
  await follow(page, inFreeTeam('/team'));
  await page.getByText('Usage of each member comes with the Enterprise plan').waitFor();
  await page.getByText('Oskar Lindgren').waitFor();
  await follow(page, inFreeTeam('/audit-log'));
  await page.getByText('comes with the Enterprise plan').waitFor();
});

it('offers a personal organization to become a team where the pages of teams are', async () => {
  const { page } = await visit('basic');
  for (const path of ['/team', '/budgets']) {
    await page.goto(`/dashboard/orgs/${personal?.id}${path}`);
    await page.getByRole('heading', { name: 'Convert to a team' }).waitFor();
    await page.getByRole('heading', { name: 'Join a team' }).waitFor();
  }
});

it('tells a stranger of no page that the organization is there, and who is not signed in to sign in', async () => {
  const stranger = await visit('owner');
  const nobody = await visit(null);
  await stranger.page.goto(inOrganization(''));
  await nobody.page.goto(inOrganization(''));
  for (const { path } of TABLE) {
    await follow(stranger.page, `/dashboard/orgs/${freeTeam?.id}${path}`);
    await stranger.page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
    expect(await stranger.page.getByRole('complementary', { name: 'Pages' }).count()).toBe(0);
    await follow(nobody.page, inOrganization(path));
    await nobody.page.waitForURL(/sign-in\?to=/);
    await nobody.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  }
});
