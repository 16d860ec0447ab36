/** Billing: transactions are found and their documents taken away, credit is bought, and each role sees what it may. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
import { temporaryDirectory } from '../support/purser.ts';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

async function downloaded(page: Page, click: () => Promise<void>): Promise<{ name: string; head: string }> {
  const waiting = page.waitForEvent('download');
  await click();
  const download = await waiting;
  const path = join(temporaryDirectory(), 'file');
  await download.saveAs(path);
  return { name: download.suggestedFilename(), head: readFileSync(path).subarray(0, 5).toString('latin1') };
}

it('finds transactions, and hands out their invoices, credit notes, a month of them and the list', async () => {
  const { page } = await visit('finance');
  await page.goto(inOrganization('/billing'));
  const rows = page.getByRole('table', { name: 'Transactions' }).locator('tbody tr');
  const invoice = page.getByRole('link', { name: /^Invoice 20/ }).first();
  const number = (await invoice.getAttribute('aria-label'))?.replace('Invoice ', '');
  expect(await downloaded(page, () => invoice.click())).toEqual({ name: `invoice-${number}.pdf`, head: '%PDF-' });

  await page.getByRole('combobox', { name: 'Kind' }).selectOption('Refund');
  await page.waitForURL(/kind=refund/);
  const note = page.getByRole('link', { name: /^Credit note CN-/ });
  await note.waitFor();
  await expect.poll(() => rows.count()).toBe(1);
  expect(await rows.locator('data').innerText()).toBe('-$500.00');
  const noted = (await note.getAttribute('aria-label'))?.replace('Credit note ', '');
  expect(await downloaded(page, () => note.click())).toEqual({ name: `credit-note-${noted}.pdf`, head: '%PDF-' });

  const csv = await downloaded(page, () => page.getByRole('link', { name: 'Download CSV' }).click());
  expect(csv.name).toMatch(/^transactions-.*\.csv$/);
  const zip = await downloaded(page, () => page.getByRole('link', { name: 'Documents of the month, ZIP' }).click());
  expect(zip).toEqual({
    name: expect.stringMatching(/^invoices-\d{4}-\d{2}\.zip$/),
    head: expect.stringMatching(/^PK/),
  });

  await rows.getByRole('link', { name: 'Credit' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Refund of').waitFor();
  expect(page.url()).toContain('transaction=txn_');
  await page.goBack();
  await dialog.waitFor({ state: 'detached' });
  await page.goBack();
  await expect.poll(() => rows.count()).toBeGreaterThan(1);
});

it('shows the statement of a month as the API tells it, of all and of one member, and hands it out', async () => {
  const { page } = await visit('finance');
  await page.goto(inOrganization('/billing?view=statements'));
  const months = page.getByRole('combobox', { name: 'Month of the statement' });
  const month = await months.inputValue();
  const told = async (rest = '') => {
    const answer = await fetch(`${demo.baseUrl}/orgs/${demo.organizationId}/statements/${month}?format=json${rest}`, {
      headers: { authorization: `Bearer ${demo.masterKey}` },
    });
    return ((await answer.json()) as { totals: { cost: string } }).totals.cost;
  };
  const spend = page.locator('dl > div').filter({ hasText: 'Spend' }).locator('data');
  await expect.poll(() => spend.getAttribute('value')).toBe(await told());
  const members = page.getByRole('table', { name: /^By member/ });
  await members.getByRole('link', { name: 'Lena Fischer' }).click();
  await page.waitForURL(new RegExp(`memberId=${demo.memberId}`));
  const hers = await told(`&memberId=${demo.memberId}`);
  expect(Number(hers)).toBeGreaterThan(0);
  await expect.poll(() => spend.getAttribute('value')).toBe(hers);
  await expect.poll(() => members.locator('tbody tr').count()).toBe(1);
  const pdf = await downloaded(page, () => page.getByRole('link', { name: 'Statement as PDF' }).click());
  expect(pdf).toEqual({ name: `statement-${month}.pdf`, head: '%PDF-' });
  const csv = await downloaded(page, () => page.getByRole('link', { name: 'Statement as CSV' }).click());
  expect(csv).toEqual({ name: `statement-${month}.csv`, head: 'month' });
  await page.getByRole('combobox', { name: 'Member' }).selectOption('All');
  await expect.poll(() => spend.getAttribute('value')).toBe(await told());
});

it('hands a developer their own statement at home, and nobody else’s', async () => {
  const { page } = await visit('developer');
  await page.goto(inOrganization(''));
  const months = page.getByRole('combobox', { name: 'Month of your statement' });
  const month = await months.inputValue();
  const csv = page.getByRole('link', { name: 'Statement as CSV' });
  expect(await csv.getAttribute('href')).toContain(`memberId=${demo.memberId}`);
  expect(await downloaded(page, () => csv.click())).toEqual({ name: `statement-${month}.csv`, head: 'month' });
  const status = await page.evaluate(
    async (path) => (await fetch(path)).status,
    `/orgs/${demo.organizationId}/statements/${month}?format=csv`,
  );
  expect(status).toBe(403);
});

it('opens a top-up, which is then pending in the list, and tells a wrong amount at its field', async () => {
  const { page } = await visit('owner');
  await page.goto(inOrganization('/billing?view=credit'));
  const amount = page.getByLabel('Amount, in USD');
  await amount.fill('1');
  await page.getByRole('button', { name: 'Buy credit' }).click();
  await page.getByText('amount must be decimal USD from 5.00').waitFor();
  await amount.fill('61');
  await page.getByRole('button', { name: 'Buy credit' }).click();
  // The demo's seller charges 25% on top.
  await page.getByText('A top-up of $76.25 with taxes is open').waitFor();
  await page.getByRole('tab', { name: 'Transactions' }).click();
  const row = page.getByRole('row').filter({ hasText: '$76.25' });
  await row.getByText('Pending').last().waitFor();
});

it('says that no credit is needed where requests are not paid from it, and shows no wallet', async () => {
  const { page } = await visit('admin');
  await page.goto(`/dashboard/orgs/${DEMO_ORGANIZATIONS[1]?.id}/billing?view=credit`);
  await page.getByText('No credit is needed').waitFor();
  expect(await page.getByText('Lent to members').count()).toBe(0);
});

it('has credit bought by itself, and no more', async () => {
  const { page } = await visit('finance');
  await page.goto(inOrganization('/billing?view=credit'));
  const save = page.getByRole('button', { name: 'Save' });
  await page.getByLabel('When less is available than').fill('10');
  await save.click();
  await page.getByText('below and amount are both amounts, or both null.').waitFor();
  await page.getByLabel('Buy this much').fill('50');
  await save.click();
  await page.getByText('$50.00 is bought whenever less than $10.00 is available.').waitFor();
  await page.getByLabel('When less is available than').fill('');
  await page.getByLabel('Buy this much').fill('');
  await save.click();
  await page.getByText('Off: credit is bought by hand only.').waitFor();
});

it('shows admins the wallet without a way to pay, and developers that it is not theirs', async () => {
  const admin = await visit('admin');
  await admin.page.goto(inOrganization('/billing?view=credit'));
  await admin.page.getByText('Off: credit is bought by hand only.').waitFor();
  expect(await admin.page.getByRole('button', { name: 'Buy credit' }).count()).toBe(0);
  const developer = await visit('developer');
  await developer.page.goto(inOrganization('/billing'));
  await developer.page.getByText('Only owners, admins and finance admins can see billing.').waitFor();
});
