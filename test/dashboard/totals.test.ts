/** Every total on a page is the API's, to the last digit: what is asked and what is shown, side by side. */
import { expect, it } from 'vitest';
import { shortMoney } from '../../src/dashboard/parts/amounts.ts';
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
import type { Who } from './browser.ts';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

/** Days that the demo's year of usage surely has, and to which no other test adds. */
const day = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
const range = `from=${day(40)}&to=${day(10)}`;
const analytics = (path: string, more = '') =>
  `/analytics/${path}?organizationId=${demo.organizationId}&timezone=Europe/Stockholm&${range}${more}`;

const [laptop] = DEMO_ORGANIZATIONS[0].members.find(({ id }) => id === demo.memberId)?.keys ?? [];

interface Totals {
  cost: string;
  requestCount: number;
  totalTokens: number;
}

it.each<{ page: string; who: Who; path: string; asked: string; in: 'totals' | 'summary' }>([
  { page: 'analytics', who: 'owner', path: '/analytics', asked: analytics('activity'), in: 'totals' },
  {
    page: 'project',
    who: 'admin',
    path: `/projects/${demo.projectId}`,
    asked: analytics('activity', `&projectId=${demo.projectId}`),
    in: 'totals',
  },
  {
    page: 'project of a developer',
    who: 'developer',
    path: `/projects/${demo.projectId}`,
    asked: analytics('activity', `&projectId=${demo.projectId}`),
    in: 'totals',
  },
  {
    page: 'member',
    who: 'owner',
    path: `/team/${demo.memberId}`,
    asked: analytics(`members/${demo.memberId}`),
    in: 'summary',
  },
  {
    page: 'key',
    who: 'developer',
    path: `/keys/${laptop?.id}`,
    asked: analytics(`keys/${laptop?.id}`),
    in: 'summary',
  },
  { page: 'home', who: 'developer', path: '', asked: analytics('me'), in: 'summary' },
])('shows on the page $page what the API tells', async ({ who, path, asked, in: where }) => {
  const { page, context } = await visit(who);
  const told = ((await (await context.request.get(asked)).json()) as Record<string, Totals>)[where];
  if (!told) throw new Error(`${asked} tells no ${where}`);
  expect(told.cost).toMatch(/^\d+\.\d{2,9}$/);
  await page.goto(inOrganization(`${path}?${range}`));
  const figure = (label: string) => page.locator('dl > div').filter({ has: page.getByText(label, { exact: true }) });
  const spend = figure('Spend').locator('data');
  expect(await spend.getAttribute('value')).toBe(told.cost);
  expect(await spend.innerText()).toBe(shortMoney(told.cost));
  expect(await figure('Requests').locator('dd').innerText()).toBe(told.requestCount.toLocaleString('en-US'));
  expect(await figure('Tokens').locator('[title]').getAttribute('title')).toBe(
    told.totalTokens.toLocaleString('en-US'),
  );
  // Under the ranking.
  expect(await page.locator('tfoot data').first().getAttribute('value')).toBe(told.cost);
});

it('shows in the team what the API tells of each member, and of all of them what analytics tell', async () => {
  const { page, context } = await visit('owner');
  const read = async <T>(path: string) => (await (await context.request.get(path)).json()) as T;
  const list = `/orgs/${demo.organizationId}/members?limit=100&timezone=Europe/Stockholm&${range}`;
  const { members } = await read<{ members: { name: string; usage: { cost: string; requests: number } }[] }>(list);
  await page.goto(inOrganization(`/team?${range}`));
  const table = page.getByRole('table', { name: 'Members' });
  await table.getByRole('link', { name: 'Lena Fischer' }).waitFor();
  const headers = await table.getByRole('columnheader').allInnerTexts();
  const column = headers.findIndex((header) => header.trim() === 'Cost');
  for (const { name, usage } of members) {
    const row = table.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
    expect([name, await row.locator('td').nth(column).locator('data').getAttribute('value')]).toEqual([
      name,
      usage.cost,
    ]);
  }
  const ranked = await read<{ members: { cost: string; name: string }[] }>(analytics('members'));
  const byName = (rows: { name: string; cost: string }[]) =>
    Object.fromEntries(rows.filter(({ cost }) => cost !== '0').map(({ name, cost }) => [name, cost]));
  expect(byName(ranked.members)).toEqual(byName(members.map(({ name, usage }) => ({ name, cost: usage.cost }))));
});
