/** Settings and the audit log: what is changed on one page is told on the other, with what was there before. */
import { expect, it } from 'vitest';
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
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
  // Under the dialog no row is there for anybody: that one is gone tells nothing until it is closed.
  await page.getByText('Made by a test is deleted.').waitFor();
  await page.getByRole('row').filter({ hasText: 'Made by a test' }).waitFor({ state: 'detached' });
  expect(await asked()).toBe(401);
});

it('adds a provider key, which it never shows again, changes it and deletes it', async () => {
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

  await row.getByRole('button', { name: 'Change Our cluster' }).click();
  const changing = page.getByRole('dialog', { name: 'Change Our cluster' });
  expect(await changing.getByLabel('Key', { exact: true }).inputValue()).toBe('');
  expect(await changing.getByLabel('Models').inputValue()).toBe('llama-4-70b, 0.40, 1.20');
  await changing.getByLabel('Models').fill('llama-4-70b, 0.50, 1.20\nllama-4-8b, cheap, 1');
  await changing.getByRole('button', { name: 'Save' }).click();
  await changing.getByText('inputPrice must be USD per million tokens').waitFor();
  await changing.getByLabel('Models').fill('llama-4-70b, 0.50, 1.20');
  await changing.getByLabel('Base URL').fill('https://llm.example.com/v2');
  await changing.getByRole('button', { name: 'Save' }).click();
  await changing.getByText('A new baseUrl needs the key again').waitFor();
  await changing.getByLabel('Key', { exact: true }).fill('another-secret-of-a-test');
  await changing.getByRole('button', { name: 'Save' }).click();
  await row.getByText('https://llm.example.com/v2').waitFor();
  const listed = await fetch(`${demo.baseUrl}/orgs/${demo.organizationId}/provider-keys?q=Our cluster`, {
    headers: { authorization: `Bearer ${demo.masterKey}` },
  });
  const { providerKeys } = (await listed.json()) as { providerKeys: { models: object[] }[] };
  expect(providerKeys[0]?.models).toEqual([
    expect.objectContaining({ name: 'llama-4-70b', inputPrice: '0.50', outputPrice: '1.20' }),
  ]);
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

it('deletes an organization once its name is typed, and its owner has it back', async () => {
  const { page } = await visit('owner');
  await page.goto(inOrganization('/settings'));
  const id = await page.evaluate(async () => {
    const answer = await fetch('/orgs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Short lived' }),
    });
    return ((await answer.json()) as { id: string }).id;
  });
  await page.goto(`/dashboard/orgs/${id}/settings`);
  await page.getByRole('button', { name: 'Delete organization' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete Short lived?' });
  const deed = dialog.getByRole('button', { name: 'Delete organization' });
  await dialog.getByLabel('Type Short lived to confirm').fill('Short');
  expect(await deed.isDisabled()).toBe(true);
  await dialog.getByLabel('Type Short lived to confirm').fill('Short lived');
  await deed.click();
  await page.getByText('This organization is deleted.').waitFor();
  expect(await page.getByRole('link', { name: 'Settings' }).count()).toBe(0);
  const status = () => page.evaluate(async (path) => (await fetch(path)).status, `/orgs/${id}`);
  expect(await status()).toBe(404);
  await page.getByRole('button', { name: 'Have it back' }).click();
  await page.getByRole('button', { name: 'Delete organization' }).waitFor();
  expect(await status()).toBe(200);
});

it('offers whoever has a personal organization to convert it or to join a team, and admins no deletion', async () => {
  const { page } = await visit('basic');
  await page.goto(`/dashboard/orgs/${DEMO_ORGANIZATIONS[2]?.id}/settings`);
  await page.getByRole('button', { name: 'Convert' }).waitFor();
  await page.getByRole('heading', { name: 'Join a team' }).waitFor();
  const admin = await visit('admin');
  await admin.page.goto(inOrganization('/settings'));
  await admin.page.getByRole('button', { name: 'Save warnings' }).waitFor();
  expect(await admin.page.getByRole('button', { name: 'Delete organization' }).count()).toBe(0);
});
