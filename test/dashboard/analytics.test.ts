/** What analytics show besides totals (totals.test.ts): the table behind a chart, the CSV, ranges. How soon: `npm run bench -- dashboard`. */
import { expect, it } from 'vitest';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

/** Days that the demo's year of usage surely has. */
const day = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
const from = day(40);
const to = day(10);

it('shows every day that the address names, as a table and as CSV too', async () => {
  const { page } = await visit('owner');
  const query = `organizationId=${demo.organizationId}&timezone=Europe/Stockholm&groupBy=model&from=${from}&to=${to}`;
  const told = await fetch(`${demo.baseUrl}/analytics/activity?${query}`, {
    headers: { authorization: `Bearer ${demo.masterKey}` },
  });
  const { activity } = (await told.json()) as { activity: { cost: string }[] };
  await page.goto(inOrganization(`/analytics?from=${from}&to=${to}`));
  await page.getByRole('button', { name: 'Show as table' }).click();
  expect(await page.getByRole('table', { name: 'Cost by model over time' }).locator('tbody tr').count()).toBe(
    activity.length,
  );
  await page.getByRole('tab', { name: 'Requests' }).click();
  await page.waitForURL(/measure=requests/);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download CSV' }).click();
  expect((await download).suggestedFilename()).toMatch(/\.csv$/);
});

it('changes the range by its picker, and undoes it by the back button', async () => {
  const { page } = await visit('admin');
  await page.goto(inOrganization('/analytics'));
  await page.getByRole('button', { name: 'Last 7 days' }).click();
  await page.getByRole('button', { name: 'Last 30 days' }).click();
  await page.waitForURL(/range=30d/);
  await page.getByText('Cost by model over time').first().waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.goBack();
  await page.getByRole('button', { name: 'Last 7 days' }).waitFor();
});
