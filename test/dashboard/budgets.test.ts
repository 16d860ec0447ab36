/** Budgets on their page: the developer default with whom it reaches, and requests for more decided otherwise than asked. */
import { expect, it } from 'vitest';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

async function told(path: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${demo.baseUrl}/orgs/${demo.organizationId}${path}`, {
    headers: { authorization: `Bearer ${demo.masterKey}` },
  });
  return (await answer.json()) as Record<string, unknown>;
}

it('sets the developer default, and says whom it reaches before', async () => {
  const { page } = await visit('finance');
  await page.goto(inOrganization('/budgets'));
  await page.getByRole('combobox', { name: 'API keys', exact: true }).selectOption('count');
  await page.getByLabel('Active API keys at most').fill('7');
  await page.getByText(/It applies at once to .*Lena Fischer/).waitFor();
  await page.getByRole('button', { name: 'Save default' }).click();
  await page.getByText(/Saved/).waitFor();
  expect(await told('/default-developer-budget')).toMatchObject({ maxApiKeys: 7 });
  expect(await told(`/members/${demo.memberId}`)).toMatchObject({ effectiveBudget: { maxApiKeys: 7 } });
});

it('grants otherwise than asked, declines, and keeps what came of it', async () => {
  const basic = await visit('basic');
  const ask = async (amount: string, note: string) => {
    await basic.page.goto(inOrganization('?ask=true'));
    const dialog = basic.page.getByRole('dialog', { name: 'Ask for more' });
    await dialog.getByLabel('How much more, in USD').fill(amount);
    await dialog.getByLabel('What for').fill(note);
    await dialog.getByRole('button', { name: 'Ask' }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  await ask('30', 'Too much');
  await ask('40', 'Far too much');

  const { page } = await visit('admin');
  await page.goto(inOrganization('/budgets'));
  await page.getByRole('row').filter({ hasText: 'Far too much' }).getByRole('button', { name: 'Decline' }).click();
  const declining = page.getByRole('dialog', { name: 'Decline Tom Becker' });
  await declining.getByLabel('A word to them').fill('Not this month');
  await declining.getByRole('button', { name: 'Decline' }).click();
  await declining.waitFor({ state: 'detached' });
  const row = page.getByRole('row').filter({ hasText: 'Too much', hasNotText: 'Far too much' });
  await row.getByRole('button', { name: 'Grant otherwise' }).click();
  const granting = page.getByRole('dialog', { name: 'Grant more to Tom Becker' });
  await granting.getByLabel('Extra amount, in USD').fill('none');
  await granting.getByRole('button', { name: 'Grant' }).click();
  await granting.getByText(/amount must be above 0/).waitFor();
  await granting.getByLabel('Extra amount, in USD').fill('5');
  await granting.getByRole('button', { name: 'Grant' }).click();
  await granting.waitFor({ state: 'detached' });
  await page.getByText('Nobody waits for a decision').waitFor();
  await page.getByRole('tab', { name: 'Granted' }).click();
  await page.getByRole('row').filter({ hasText: 'Too much' }).getByText('$5.00').waitFor();
  await page.getByRole('tab', { name: 'Declined' }).click();
  await page.getByText('Not this month').waitFor();
});
