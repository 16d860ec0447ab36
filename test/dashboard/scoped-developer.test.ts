/**
 * From an invitation to a developer of one project, who sees what is theirs and nothing else: on every page, in every answer of
 * analytics, and by no address of what is others'.
 */
import type { BrowserContext } from 'playwright-core';
import { expect, it } from 'vitest';
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
import { follow } from './browser.ts';
import { mailedToken } from './mails.ts';
import { visiting } from './visiting.ts';

const { visit, demo, dataDir, inOrganization } = visiting();

const EMAIL = 'mina@scoped-developer.example';
const [acme] = DEMO_ORGANIZATIONS;
const projectOf = (name: string) => acme.projects.find((project) => project.name === name)?.id ?? '';
const granted = projectOf('Support assistant');
const notGranted = projectOf('Fleet control');
const keysIn = (projectId: string) =>
  acme.members.flatMap(({ keys }) => keys).filter((key) => key.projectId === projectId);

async function told<T>(context: BrowserContext, path: string): Promise<{ status: number; body: T }> {
  const answer = await context.request.get(path);
  return { status: answer.status(), body: (await answer.json()) as T };
}

it('is invited, joins in another browser, and sees only what is theirs', async () => {
  const owner = await visit('owner');
  await owner.page.goto(inOrganization('/team?invite=true'));
  const inviting = owner.page.getByRole('dialog', { name: 'Invite somebody' });
  await inviting.getByLabel('Email').fill(EMAIL);
  await inviting.getByRole('radio', { name: /^Developer/ }).check();
  await inviting.getByLabel('Support assistant').check();
  await inviting.getByRole('button', { name: 'Invite' }).click();
  await inviting.waitFor({ state: 'detached' });

  const { page, context } = await visit(null);
  await page.goto(`/dashboard/invitation#token=${await mailedToken(dataDir, EMAIL)}`);
  await page.getByText(`${EMAIL} is invited as developer.`).waitFor();
  await page.getByLabel('Your name').fill('Mina Aziz');
  await page.getByLabel('Password').fill('a first long password');
  await page.getByRole('button', { name: 'Make an account and join' }).click();
  await page.getByRole('heading', { name: 'Hello, Mina' }).waitFor();
  const sidebar = page.getByRole('complementary', { name: 'Pages' });
  expect((await sidebar.getByRole('link').allInnerTexts()).map((text) => text.trim())).toEqual([
    'Home',
    'Playground',
    'API keys',
    'Projects',
  ]);

  // One request of their own, in a project in which others spend much more.
  await follow(page, inOrganization('/keys?new=true'));
  const making = page.getByRole('dialog', { name: 'New API key' });
  await making.getByLabel('Name').fill('Mina’s first');
  expect(await making.getByRole('combobox', { name: 'Project' }).locator('option').allInnerTexts()).toEqual([
    'Support assistant',
  ]);
  await making.getByRole('button', { name: 'Make key' }).click();
  const secret = await page.getByRole('textbox', { name: 'Secret of Mina’s first' }).inputValue();
  await page.getByRole('button', { name: 'I have kept it' }).click();
  const answer = await fetch(`${demo.baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo/echo', messages: [{ role: 'user', content: 'Only mine' }] }),
  });
  const cost = answer.headers.get('x-purser-cost');
  expect(cost).toBe('0.000006');
  const rollups = await fetch(`${demo.baseUrl}/orgs/${demo.organizationId}/rollups`, {
    method: 'POST',
    headers: { authorization: `Bearer ${demo.masterKey}` },
  });
  expect(rollups.status).toBe(200);

  const { body: me } = await told<{ memberships: { memberId: string }[] }>(context, '/me');
  const memberId = me.memberships[0]?.memberId ?? '';
  const { body: keys } = await told<{ keys: { id: string; name: string }[] }>(
    context,
    `/orgs/${demo.organizationId}/keys`,
  );
  expect(keys.keys.map(({ name }) => name)).toEqual(['Mina’s first']);
  const keyId = keys.keys[0]?.id ?? '';

  // Every answer of analytics: their own cost where it is theirs, else a refusal.
  const asked = `organizationId=${demo.organizationId}&timezone=UTC`;
  type Usage = {
    totals?: { cost: string };
    summary?: { cost: string };
    activity?: { breakdown?: { key: string | null }[] }[];
  };
  const sumOf = ({ totals, summary }: Usage) => (totals ?? summary)?.cost;
  for (const path of [
    `/analytics/me?${asked}`,
    `/analytics/keys/${keyId}?${asked}`,
    ...['model', 'mapping', 'apiKey', 'provider', 'app'].map(
      (by) => `/analytics/activity?${asked}&projectId=${granted}&groupBy=${by}`,
    ),
  ]) {
    const { status, body } = await told<Usage>(context, path);
    expect([path, status, sumOf(body)]).toEqual([path, 200, cost]);
  }
  const byKey = await told<Usage>(context, `/analytics/activity?${asked}&projectId=${granted}&groupBy=apiKey`);
  const seen = byKey.body.activity?.flatMap(({ breakdown }) => breakdown?.map(({ key }) => key) ?? []) ?? [];
  expect([...new Set(seen)]).toEqual([keyId]);
  const all = await told<Usage>(owner.context, `/analytics/activity?${asked}&projectId=${granted}`);
  expect(Number(sumOf(all.body))).toBeGreaterThan(100 * Number(cost));
  for (const [path, status] of [
    [`/analytics/activity?${asked}`, 403],
    [`/analytics/activity?${asked}&projectId=${granted}&groupBy=member`, 403],
    [`/analytics/members?${asked}`, 403],
    [`/analytics/members/${demo.memberId}?${asked}`, 403],
    [`/analytics/activity?${asked}&projectId=${notGranted}`, 404],
    [`/analytics/activity?${asked}&apiKeyId=${keysIn(granted)[0]?.id}`, 404],
    [`/analytics/keys/${keysIn(granted)[0]?.id}?${asked}`, 404],
  ] as const) {
    expect([path, (await told(context, path)).status]).toEqual([path, status]);
  }

  // Every page that is theirs shows theirs.
  const spend = page.locator('main dl > div').filter({ hasText: 'Spend' }).locator(`data[value="${cost}"]`).first();
  const rowsOf = (table: string) => page.getByRole('table', { name: table }).locator('tbody tr');
  const onlyRow = async (table: string, text: string) => {
    await rowsOf(table).filter({ hasText: text }).waitFor();
    expect(await rowsOf(table).count()).toBe(1);
  };
  await page.goto(inOrganization(''));
  await spend.waitFor();
  await onlyRow('Your API keys', 'Mina’s first');
  await follow(page, inOrganization('/keys?everybody=true'));
  await onlyRow('Your API keys', 'Mina’s first');
  await follow(page, inOrganization('/projects'));
  await onlyRow('Projects in use', 'Support assistant');
  await follow(page, inOrganization(`/projects/${granted}`));
  await spend.waitFor();
  await follow(page, inOrganization(`/projects/${granted}?view=keys`));
  await page.getByText('Mina’s first').waitFor();
  for (const { name } of keysIn(granted)) expect(await page.getByText(name, { exact: true }).count()).toBe(0);
  await follow(page, inOrganization(`/keys/${keyId}`));
  await spend.waitFor();
  await follow(page, inOrganization('/requests'));
  await onlyRow('Requests', 'Mina’s first');
  await follow(page, inOrganization('/playground'));
  await page.getByText('What it has cost').waitFor();
  expect(await page.getByRole('combobox', { name: 'Project' }).count()).toBe(0);

  // No address leads to what is others'.
  const { body: others } = await told<{ requests: { requestId: string }[] }>(
    owner.context,
    `/orgs/${demo.organizationId}/requests?limit=1&memberId=${demo.memberId}`,
  );
  for (const path of [
    `/projects/${notGranted}`,
    `/projects/${notGranted}?view=routing`,
    `/keys/${keysIn(granted)[0]?.id}`,
    `/keys/${keysIn(notGranted)[0]?.id}`,
    `/requests/${others.requests[0]?.requestId}`,
  ]) {
    await follow(page, inOrganization(path));
    await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
    await page.getByRole('button', { name: 'Go home' }).click();
    await page.getByRole('heading', { name: 'Hello, Mina' }).waitFor();
  }
  for (const path of [`/team/${demo.memberId}`, `/team/${memberId}`, '/team', '/analytics', '/billing', '/audit-log']) {
    await follow(page, inOrganization(path));
    await page.getByText(/^Only owners.* can see/).waitFor();
    await follow(page, inOrganization(''));
    await page.getByRole('heading', { name: 'Hello, Mina' }).waitFor();
  }
});
