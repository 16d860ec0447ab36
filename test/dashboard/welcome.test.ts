/** The first-run guide: a key is made, what is copied works as it stands, and the first request is seen to arrive. */
import { expect, it } from 'vitest';
import { visiting } from './visiting.ts';

const { visit, inOrganization } = visiting();

it('leads from a new key to its first request', async () => {
  const { page } = await visit('developer');
  await page.goto(inOrganization('/welcome'));
  await page.getByRole('button', { name: 'Make a key' }).click();
  const dialog = page.getByRole('dialog', { name: 'New API key' });
  await dialog.getByLabel('Name').fill('First steps');
  await dialog.getByRole('button', { name: 'Make key' }).click();
  await page.getByText('Waiting for the first request of First steps').waitFor();
  await page.getByRole('region', { name: 'curl set-up' }).getByText('"demo/').waitFor();

  // What is shown is what is sent, to the letter.
  const shown = await page.getByRole('region', { name: 'curl set-up' }).innerText();
  const [, url = '', secret = '', body = ''] = /curl (\S+) [\s\S]*Bearer (psr_\w+)"[\s\S]*-d '(.*)'/.exec(shown) ?? [];
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body,
  });
  expect(answer.status).toBe(200);
  await page.getByText('It arrived').waitFor();
  await page.getByText('Cost', { exact: true }).waitFor({ timeout: 60_000 });

  // The address keeps which key is watched, and never its secret.
  expect(page.url()).toMatch(/keyId=key_/);
  await page.reload();
  await page.getByText('First steps is there.').waitFor();
  expect(await page.content()).not.toContain(secret);
});

it('leads who has no keys to the playground', async () => {
  const { page } = await visit('basic');
  await page.goto(inOrganization('/welcome'));
  await page.getByRole('link', { name: 'Open the playground' }).click();
  await page.getByRole('heading', { name: 'Playground' }).waitFor();
});
