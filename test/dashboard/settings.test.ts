/** Settings and the audit log: what is changed on one page is told on the other, with what was there before. */
import { expect, it } from 'vitest';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

it('changes the warnings, says what is wrong at its field, and the audit log tells who did it', async () => {
  const { page } = await visit('admin');
  await page.goto(inOrganization('/settings'));
  const warnings = page.getByLabel('Warn members at these percents');
  await warnings.fill('half');
  await page.getByRole('button', { name: 'Save warnings' }).click();
  await page.getByText('budgetWarnings must be whole percents from 1 to 100.').waitFor();
  await warnings.fill('40, 80');
  await page.getByRole('button', { name: 'Save warnings' }).click();
  await page.getByText('Saved.').first().waitFor();

  await page.goto(inOrganization('/audit-log'));
  await page.getByText('Verified', { exact: true }).waitFor();
  await page.getByRole('combobox', { name: 'About' }).selectOption('Organization');
  await page.waitForURL(/action=organization/);
  const entry = page.getByRole('row').filter({ hasText: 'organization.settings.updated' }).first();
  await entry.getByText('[40,80]').waitFor();
  expect(await entry.innerText()).toContain('Mateo Alvarez');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download JSON lines' }).click();
  expect((await download).suggestedFilename()).toMatch(/^audit-log-.*\.jsonl$/);
  await page.getByRole('button', { name: 'Verified' }).click();
  await page.getByText('entries were checked').waitFor();
});

it('makes a master key whose secret is shown once, and which is refused once it is deleted', async () => {
  const { page } = await visit('owner');
  await page.goto(inOrganization('/settings?view=master-keys'));
  await page.getByRole('button', { name: 'New master key' }).click();
  await page.getByLabel('Name').fill('Made by a test');
  await page.getByRole('button', { name: 'Make master key' }).click();
  const secret = await page.getByRole('textbox', { name: 'Secret of Made by a test' }).inputValue();
  const asked = async () =>
    (await fetch(`${demo.baseUrl}/orgs/${demo.organizationId}`, { headers: { authorization: `Bearer ${secret}` } }))
      .status;
  expect(await asked()).toBe(200);
  await page.getByRole('button', { name: 'I have kept it' }).click();
  await page.getByRole('button', { name: 'Delete Made by a test' }).click();
  await page.getByRole('button', { name: 'Delete master key' }).click();
  await page.getByRole('row').filter({ hasText: 'Made by a test' }).waitFor({ state: 'detached' });
  expect(await asked()).toBe(401);
});

it('adds a provider key, which it never shows again, and deletes it', async () => {
  const { page } = await visit('owner');
  await page.goto(inOrganization('/settings?view=provider-keys&new=true'));
  const dialog = page.getByRole('dialog', { name: 'Add provider key' });
  await dialog
    .getByRole('combobox', { name: 'Provider' })
    .selectOption('One of your own, that speaks OpenAI’s protocol');
  await dialog.getByLabel('Name').fill('Our cluster');
  await dialog.getByLabel('Slug').fill('cluster');
  await dialog.getByLabel('Key', { exact: true }).fill('a-secret-of-a-test');
  await dialog.getByLabel('Models').fill('llama-4-70b, 0.40, 1.20');
  await dialog.getByRole('button', { name: 'Add provider key' }).click();
  await dialog.getByText('custom needs a baseUrl.').waitFor();
  await dialog.getByLabel('Base URL').fill('https://llm.example.com/v1');
  await dialog.getByRole('button', { name: 'Add provider key' }).click();
  const row = page.getByRole('row').filter({ hasText: 'Our cluster' });
  await row.waitFor();
  expect(await page.content()).not.toContain('a-secret-of-a-test');
  await row.getByRole('button', { name: 'Delete Our cluster' }).click();
  await page.getByRole('button', { name: 'Delete provider key' }).click();
  await row.waitFor({ state: 'detached' });
});

it('proves the books for finance admins, who see no other setting', async () => {
  const { page } = await visit('finance');
  await page.goto(inOrganization('/settings'));
  await page.getByRole('table', { name: 'Books of each member' }).waitFor();
  expect(await page.getByRole('tab').allInnerTexts()).toEqual(['Books']);
  await page.getByRole('button', { name: 'Prove now' }).click();
  await page
    .getByText(/^Proven: /)
    .first()
    .waitFor();
  const developer = await visit('developer');
  await developer.page.goto(inOrganization('/settings'));
  await developer.page.getByText('Only owners, admins and finance admins can see settings.').waitFor();
});
