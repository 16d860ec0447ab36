/** Rules on the pages of a key and of a member: what follows is said before, what is wrong stands at its field, and the gateway obeys at once. */
import { expect, it } from 'vitest';
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

async function api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${demo.baseUrl}/orgs/${demo.organizationId}${path}`, {
    method,
    headers: { authorization: `Bearer ${demo.masterKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Record<string, unknown>;
}

async function asked(secret: unknown, model: string): Promise<number> {
  const { status } = await fetch(`${demo.baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  return status;
}

it('has a developer rule their own key: one model only, and then all again', async () => {
  const { projectId, memberId } = demo;
  const { id, secret } = await api('POST', '/keys', { projectId, memberId, name: 'Ruled by a test' });
  const { page } = await visit('developer');
  await page.goto(inOrganization(`/keys/${id}`));
  await page.getByRole('button', { name: 'Edit rules' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rules of Ruled by a test' });
  const models = dialog.getByLabel('Only these models');
  const save = dialog.getByRole('button', { name: 'Save rules' });

  // The second of two entries is wrong: that stands at the list they are in.
  await models.fill('demo/words, b!d');
  await save.click();
  await dialog.getByText('Each entry must be a model such as').waitFor();
  expect(await page.evaluate('document.activeElement.name')).toBe('rules.models.allow');
  await models.fill('demo/words');
  await dialog.getByText('Only these models: demo/words').waitFor();
  await save.click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Only these models: demo/words').waitFor();
  expect([await asked(secret, 'demo/echo'), await asked(secret, 'demo/words')]).toEqual([403, 200]);

  await page.goto(inOrganization(`/keys/${id}?rules=true`));
  expect(await models.inputValue()).toBe('demo/words');
  await models.fill('');
  await dialog.getByText('No longer: Only these models: demo/words').waitFor();
  await save.click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('None: whatever its member may.').waitFor();
  expect(await asked(secret, 'demo/echo')).toBe(200);
});

it('has an owner rule a member, opens what is folded up where it is wrong, and offers role and projects', async () => {
  const member = DEMO_ORGANIZATIONS[0].members.find(({ name }) => name === 'Contractor: manual translation');
  const { page } = await visit('owner');
  await page.goto(inOrganization(`/team/${member?.id}`));
  await page.getByRole('button', { name: 'Edit rules' }).click();
  const dialog = page.getByRole('dialog', { name: `Rules of ${member?.name}` });
  await dialog.getByLabel('Never these providers').fill('openrouter');
  await dialog.getByText('Prices, endpoints and addresses').click();
  const price = dialog.getByLabel('Most per million tokens out, in USD');
  await price.fill('cheap');
  await dialog.getByText('Prices, endpoints and addresses').click();
  await dialog.getByRole('button', { name: 'Save rules' }).click();
  await dialog.getByText('maxOutputPrice must be USD per million tokens').waitFor();
  await price.fill('');
  await dialog.getByRole('button', { name: 'Save rules' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Never these providers: openrouter').waitFor();
  expect((await api('GET', `/members/${member?.id}`)).rules).toMatchObject({ providers: { deny: ['openrouter'] } });

  await page.getByRole('button', { name: 'Projects', exact: true }).click();
  await page.getByRole('dialog', { name: `Projects of ${member?.name}` }).waitFor();
  const finance = await visit('finance');
  await finance.page.goto(inOrganization(`/team/${member?.id}?rules=true`));
  await finance.page.getByText('Never these providers: openrouter').waitFor();
  expect(await finance.page.getByRole('button', { name: 'Edit rules' }).count()).toBe(0);
  expect(await finance.page.getByRole('dialog').count()).toBe(0);
});
