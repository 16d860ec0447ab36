/**
 * A deployment from nothing, as its first owner lives it: set-up with the code, the first key, the first request, a budget that refuses, a
 * request for more, and served again. All that a person does is done in the browser; what a tool does, an official client does.
 */
import OpenAI, { PermissionDeniedError } from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newSetUpCode } from '../../src/sign-in/set-up-code.ts';
import { startEmpty } from '../support/purser.ts';
import { mailedToken } from './mails.ts';
import { visiting } from './visiting.ts';

const { visit } = visiting();

const EMAIL = 'ada@first-run.example';
const PASSWORD = 'a first long password';

let purser: Awaited<ReturnType<typeof startEmpty>>;
beforeAll(async () => {
  purser = await startEmpty();
});
afterAll(() => purser.stop());

it('leads from the set-up code to a request that is served, refused, and served again', async () => {
  const { server, dataDir } = purser;
  const code = await newSetUpCode(server.db, Date.now());
  const { page } = await visit(null, { baseURL: server.url });

  await page.goto('/dashboard');
  await page.getByRole('link', { name: 'Set up Purser with the set-up code' }).click();
  await page.getByLabel('Set-up code').fill('not-the-code');
  await page.getByLabel('Your name').fill('Ada Lovelace');
  await page.getByLabel('Email').fill(EMAIL);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByLabel('Organization').fill('Analytical Engines');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('This set-up code is wrong, or was used.').waitFor();
  await page.getByLabel('Set-up code').fill(code ?? '');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Look into your mail').waitFor();
  await page.goto(`/dashboard/confirm#token=${await mailedToken(dataDir, EMAIL)}`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Confirm and sign in' }).click();

  // The guide, to which an empty home leads as well.
  await page.getByRole('heading', { name: 'Get started' }).waitFor();
  await page.getByRole('button', { name: 'Organization: Analytical Engines. Switch' }).waitFor();
  await page.getByRole('link', { name: 'Home' }).click();
  await page.getByRole('link', { name: 'Get started' }).click();
  await page.getByRole('button', { name: 'Make a key' }).click();
  const making = page.getByRole('dialog', { name: 'New API key' });
  await making.getByLabel('Name').fill('Notebook');
  await making.getByRole('button', { name: 'Make key' }).click();
  const apiKey = await page.getByRole('textbox', { name: 'Secret of Notebook' }).inputValue();
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 });
  const ask = () =>
    client.chat.completions.create({ model: 'demo/echo', messages: [{ role: 'user', content: 'To the letter' }] });
  expect((await ask()).choices[0]?.message.content).toBe('To the letter');
  await page.getByText('It arrived').waitFor();
  // Three words in for $0.000001 each, three out for $0.000002.
  await page.getByRole('status').locator('data[value="0.000009"]').waitFor();

  await page.getByRole('link', { name: 'Team' }).click();
  await page.getByRole('button', { name: 'Actions for Ada Lovelace' }).click();
  await page.getByRole('menuitem', { name: 'Manage budget' }).click();
  const budget = page.getByRole('dialog', { name: 'Budget of Ada Lovelace' });
  await budget.getByRole('combobox', { name: 'In total', exact: true }).selectOption('lifetime');
  await budget.getByLabel('Limit in total, in USD').fill('0.000009');
  await budget.getByRole('button', { name: 'Save budget' }).click();
  await budget.waitFor({ state: 'detached' });
  const refusal = await ask().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(PermissionDeniedError);
  expect(refusal).toMatchObject({ status: 403, code: 'member_budget_exhausted' });

  await page.getByRole('link', { name: 'Home' }).click();
  await page.getByText('used up').waitFor();
  await page.getByRole('button', { name: 'Ask for more' }).click();
  const asking = page.getByRole('dialog', { name: 'Ask for more' });
  await asking.getByLabel('How much more, in USD').fill('0.5');
  await asking.getByRole('button', { name: 'Ask' }).click();
  await page.getByText('waits for a decision').waitFor();
  await page.getByRole('link', { name: 'Team' }).click();
  await page.getByRole('button', { name: 'Grant $0.50 to Ada Lovelace' }).click();
  await page.getByText('Granted to Ada Lovelace, and in force.').waitFor();
  expect((await ask()).choices[0]?.message.content).toBe('To the letter');
});
