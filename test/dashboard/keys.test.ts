/** API keys on their page: made with limits, shown once, rolled, disabled and deleted, and each of it at once true for the gateway. */
import { expect, it } from 'vitest';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

/** The status of a request under this key. */
async function asked(secret: string): Promise<number> {
  const { status } = await fetch(`${demo.baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  return status;
}

it('makes a key whose secret is shown once, rolls, disables and deletes it', async () => {
  const { page } = await visit('developer');
  await page.goto(inOrganization('/keys'));
  await page.getByRole('button', { name: 'New API key' }).click();
  const dialog = page.getByRole('dialog', { name: 'New API key' });
  await dialog.getByLabel('Name').fill('Made by a test');

  // What the server refuses stands at its field, and what was typed stays.
  await dialog.getByLabel('Limit in total, in USD').fill('much');
  await dialog.getByRole('button', { name: 'Make key' }).click();
  await dialog.getByText('Spend limits must be non-negative numbers.').waitFor();
  expect(await page.evaluate('document.activeElement.name')).toBe('limits.usageLimit');
  await dialog.getByLabel('Limit in total, in USD').fill('0.5');
  await dialog.getByRole('button', { name: 'Make key' }).click();

  const once = page.getByRole('dialog', { name: 'The secret of Made by a test' });
  const first = await once.getByRole('textbox', { name: 'Secret of Made by a test' }).inputValue();
  expect(first).toMatch(/^psr_/);
  expect(await asked(first)).toBe(200);
  await once.getByRole('button', { name: 'I have kept it' }).click();
  expect(await page.content()).not.toContain(first);

  const row = page.getByRole('row').filter({ hasText: 'Made by a test' });
  await row.getByText('$0.50').waitFor();
  const deed = async (name: string) => {
    await row.getByRole('button', { name: 'Actions for Made by a test' }).click();
    await page.getByRole('menuitem', { name }).click();
  };
  await deed('Roll');
  await page.getByRole('button', { name: 'Roll key' }).click();
  const second = await once.getByRole('textbox', { name: 'Secret of Made by a test' }).inputValue();
  expect([await asked(first), await asked(second)]).toEqual([401, 200]);
  await once.getByRole('button', { name: 'I have kept it' }).click();

  await deed('Disable');
  await row.getByText('Disabled').waitFor();
  expect(await asked(second)).toBe(401);

  await deed('Delete');
  await page.getByRole('button', { name: 'Delete key' }).click();
  await row.waitFor({ state: 'detached' });
});

it('keeps search and sort in the address, so that the back button undoes them', async () => {
  const { page } = await visit('owner');
  await page.goto(inOrganization('/keys?everybody=true'));
  const rows = page.getByRole('table', { name: 'API keys of everybody' }).getByRole('row');
  await rows.filter({ hasText: 'Notebook' }).waitFor();
  await page.getByRole('searchbox', { name: 'Search keys' }).fill('translator');
  await rows.filter({ hasText: 'Notebook' }).waitFor({ state: 'detached' });
  expect(page.url()).toContain('q=translator');
  await page.getByRole('button', { name: 'Name', exact: true }).click();
  await page.waitForURL(/sort=name/);
  await page.goBack();
  await page.goBack();
  await rows.filter({ hasText: 'Notebook' }).waitFor();
  expect(await page.getByRole('searchbox', { name: 'Search keys' }).inputValue()).toBe('');
});
