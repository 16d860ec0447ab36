/** A member's page: what they spent is what the API tells, and how their budget was set is told after it is set. */
import { expect, it } from 'vitest';
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

/** Days that the demo's year of usage surely has. */
const day = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
const from = day(40);
const to = day(10);

it('shows what a member uses most as the API tells it, by model, provider and app, and their keys', async () => {
  const { page } = await visit('owner');
  const query = `organizationId=${demo.organizationId}&timezone=Europe/Stockholm&from=${from}&to=${to}`;
  const told = await fetch(`${demo.baseUrl}/analytics/members/${demo.memberId}?${query}`, {
    headers: { authorization: `Bearer ${demo.masterKey}` },
  });
  const { mostUsed } = (await told.json()) as { mostUsed: { model: string; app: string } };
  await page.goto(inOrganization(`/team/${demo.memberId}?from=${from}&to=${to}`));
  await page.getByRole('heading', { name: 'Lena Fischer' }).waitFor();
  await page.locator('dl > div').filter({ hasText: 'Top model' }).getByText(mostUsed.model).waitFor();
  await page.locator('dl > div').filter({ hasText: 'Top app' }).getByText(mostUsed.app).waitFor();
  await page.getByRole('tab', { name: 'Provider' }).click();
  await page.waitForURL(/by=provider/);
  await page.getByText('Cost by provider over time').first().waitFor();
  await page.getByRole('table', { name: 'API keys of this member' }).getByRole('link', { name: 'CI' }).waitFor();
});

it('sets the budget and tells it in the history', async () => {
  const { page } = await visit('owner');
  const mateo = DEMO_ORGANIZATIONS[0].members.find(({ name }) => name === 'Mateo Alvarez');
  await page.goto(inOrganization(`/team/${mateo?.id}?budget=true`));
  const dialog = page.getByRole('dialog', { name: 'Budget of Mateo Alvarez' });
  await dialog.getByLabel('Limit per period, in USD').fill('300');
  await dialog.getByRole('button', { name: 'Save budget' }).click();
  await dialog.waitFor({ state: 'detached' });
  const history = page.getByRole('table', { name: 'Budget history' });
  await history.getByText('$250.00 → $300.00').waitFor();
  await history.getByText('Ingrid Solberg').first().waitFor();
  await page.getByRole('meter', { name: 'Spend in any month' }).waitFor();
});

it('tells finance the budget, and that usage is for owners and admins', async () => {
  const { page } = await visit('finance');
  await page.goto(inOrganization(`/team/${demo.memberId}`));
  await page.getByText('Only owners and admins can see what members used.').waitFor();
  expect(await page.getByRole('table', { name: 'API keys of this member' }).count()).toBe(0);
});
