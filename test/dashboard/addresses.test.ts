/** Every state of a page has an address: changing it changes the address, which opens that state anew, and the back button undoes it. */
import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { follow } from './browser.ts';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

interface Change {
  page: string;
  path: string;
  /** What shows the state before, and what shows it after. */
  was: (page: Page) => Locator;
  is: (page: Page) => Locator;
  change: (page: Page) => Promise<void>;
  /** What the address then says. */
  says: RegExp;
}

const tab = (page: Page, name: string, selected = true) => page.getByRole('tab', { name, exact: true, selected });

const byTab = (from: string, to: string, says: RegExp): Omit<Change, 'page' | 'path'> => ({
  was: (page) => tab(page, from),
  is: (page) => tab(page, to),
  change: (page) => tab(page, to, false).click(),
  says,
});

/** A chosen option is no text that is seen; the browser knows which it is. */
const chosen = (page: Page, label: string, value: string) =>
  page.getByRole('combobox', { name: label, exact: true }).and(page.locator(`:has(option[value="${value}"]:checked)`));

const bySelect = (label: string, from: string, to: string, says: RegExp): Omit<Change, 'page' | 'path'> => ({
  was: (page) => chosen(page, label, from),
  is: (page) => chosen(page, label, to),
  change: async (page) => void (await page.getByRole('combobox', { name: label, exact: true }).selectOption(to)),
  says,
});

const bySort = (header: string, from: string, to: string, says: RegExp): Omit<Change, 'page' | 'path'> => {
  const sorted = (page: Page, how: string) =>
    page.locator(`th[aria-sort=${how}]`).filter({ has: page.getByRole('button', { name: header, exact: true }) });
  return {
    was: (page) => sorted(page, from),
    is: (page) => sorted(page, to),
    change: (page) => page.getByRole('button', { name: header, exact: true }).click(),
    says,
  };
};

const byRange: Omit<Change, 'page' | 'path'> = {
  was: (page) => page.getByRole('button', { name: 'Last 7 days' }),
  is: (page) => page.locator('main').getByRole('button', { name: 'Last 90 days' }),
  change: async (page) => {
    await page.getByRole('button', { name: 'Last 7 days' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Last 90 days' }).click();
  },
  says: /range=90d/,
};

const byDialog = (button: string, dialog: string, says: RegExp): Omit<Change, 'page' | 'path'> => ({
  was: (page) => page.getByRole('button', { name: button, exact: true }),
  is: (page) => page.getByRole('dialog', { name: dialog }),
  change: (page) => page.getByRole('button', { name: button, exact: true }).click(),
  says,
});

const organization = inOrganization('');

const CHANGES: Change[] = [
  { page: 'home', path: organization, ...byRange },
  { page: 'keys', path: inOrganization('/keys'), ...bySort('Name', 'none', 'ascending', /sort=name/) },
  { page: 'keys', path: inOrganization('/keys'), ...byDialog('New API key', 'New API key', /new=true/) },
  { page: 'projects', path: inOrganization('/projects'), ...byTab('In use', 'Archived', /archived=true/) },
  { page: 'project', path: inOrganization(`/projects/${demo.projectId}`), ...byTab('Usage', 'People', /view=people/) },
  {
    page: 'project',
    path: inOrganization(`/projects/${demo.projectId}`),
    ...byTab('Canonical', 'Mappings', /models=mappings/),
  },
  { page: 'team', path: inOrganization('/team'), ...bySort('Spend', 'descending', 'ascending', /sort=lifetimeUsage/) },
  { page: 'team', path: inOrganization('/team'), ...byDialog('Invite', 'Invite somebody', /invite=true/) },
  { page: 'member', path: inOrganization(`/team/${demo.memberId}`), ...byTab('Model', 'App', /by=app/) },
  { page: 'budgets', path: inOrganization('/budgets'), ...byTab('Open', 'Granted', /status=granted/) },
  { page: 'analytics', path: inOrganization('/analytics'), ...byTab('Model', 'Project', /by=project/) },
  { page: 'analytics', path: inOrganization('/analytics'), ...byTab('Cost', 'Tokens', /measure=tokens/) },
  { page: 'requests', path: inOrganization('/requests'), ...bySelect('Outcome', '', 'refused', /outcome=refused/) },
  { page: 'billing', path: inOrganization('/billing'), ...bySelect('Kind', '', 'refund', /kind=refund/) },
  { page: 'billing', path: inOrganization('/billing'), ...byTab('Transactions', 'Credit', /view=credit/) },
  { page: 'audit log', path: inOrganization('/audit-log'), ...bySelect('About', '', 'member.', /action=member\./) },
  {
    page: 'settings',
    path: inOrganization('/settings'),
    ...byTab('Organization', 'Provider keys', /view=provider-keys/),
  },
  { page: 'welcome', path: inOrganization('/welcome'), ...byTab('curl', 'Python', /tool=python/) },
  {
    page: 'playground',
    path: inOrganization('/playground?model=demo/echo'),
    ...bySelect('Model', 'demo/echo', 'demo/words', /model=demo%2Fwords/),
  },
  { page: 'account', path: '/dashboard/account', ...byDialog('Change password', 'Change password', /open=password/) },
];

it('has an address for every state of every page, and undoes each by the back button', async () => {
  const { page } = await visit('owner');
  await page.goto(organization);
  await page.getByText('Your usage').first().waitFor();
  for (const { page: name, path, was, is, change, says } of CHANGES) {
    await follow(page, path);
    await was(page).first().waitFor();
    const before = page.url();
    expect([name, before]).not.toEqual([name, expect.stringMatching(says)]);
    await change(page);
    await is(page).first().waitFor();
    await page.waitForURL(says);
    await page.reload();
    await is(page).first().waitFor();
    await page.goBack();
    await was(page).first().waitFor();
    expect([name, page.url()]).toEqual([name, before]);
  }
});
