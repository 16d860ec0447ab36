/** Requests: what one cost is shown by part and adds up, what was refused says by which limit, and filters are in the address. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { nanosOf } from '../../src/dashboard/parts/amounts.ts';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

async function asMaster(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${demo.baseUrl}/orgs/${demo.organizationId}${path}`, {
    method,
    headers: { authorization: `Bearer ${demo.masterKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

/** Its id, once it can be looked up. */
async function ask(secret: string, words: number): Promise<string> {
  const answer = await fetch(`${demo.baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo/echo', messages: [{ role: 'user', content: 'word '.repeat(words) }] }),
  });
  const id = answer.headers.get('x-request-id');
  if (!id) throw new Error(`no id: ${answer.status}`);
  await asMaster('POST', '/rollups');
  return id;
}

const exact = (page: Page) => page.getByRole('table', { name: 'Cost by part' }).locator('td:last-child data');

it('shows what a request cost by part, which adds up to the last digit', async () => {
  const id = await ask(demo.apiKey, 100);
  const { page } = await visit('developer');
  await page.goto(inOrganization(`/requests/${id}`));
  await page.getByText('Input tokens').waitFor();
  const amounts = await exact(page).evaluateAll((all) => all.map((each) => each.getAttribute('value') ?? ''));
  const total = amounts.pop() ?? '';
  // 100 words in at $1 for a million, the same out at $2.
  expect(total).toBe('0.0003');
  expect(amounts.reduce((sum, amount) => sum + nanosOf(amount), 0n)).toBe(nanosOf(total));
});

it('says by which limit a request was refused, and finds it by its outcome', async () => {
  const key = await asMaster('POST', '/keys', {
    name: 'Blocked by a test',
    projectId: demo.projectId,
    memberId: demo.memberId,
    limits: { usageLimit: '0' },
  });
  await ask(String(key.secret), 3);
  const { page } = await visit('finance');
  await page.goto(inOrganization('/requests'));
  await page.getByRole('combobox', { name: 'Outcome' }).selectOption('Refused');
  await page.waitForURL(/outcome=refused/);
  const row = page.getByRole('row').filter({ hasText: 'Blocked by a test' });
  await row.getByText('API key has reached its total spend limit.').waitFor();
  await row.getByRole('link').first().click();
  await page.getByText('the key’s total').waitFor();
  await page.getByText('api_key_budget_exhausted').waitFor();
  await page.goBack();
  await row.waitFor();
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes('outcome'));
});
