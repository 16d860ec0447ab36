/** The team on its page: budgets set with what follows said before, requests for more granted by a click, people invited, changed and removed. */
import { expect, it } from 'vitest';
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

const memberOf = (name: string) => {
  const member = DEMO_ORGANIZATIONS[0].members.find((each) => each.name === name);
  if (!member) throw new Error(`the demo has no ${name}`);
  return member.id;
};

async function api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${demo.baseUrl}/orgs/${demo.organizationId}${path}`, {
    method,
    headers: { authorization: `Bearer ${demo.masterKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Record<string, unknown>;
}

it('lists the team by spend, as the API tells it, sorts, searches and refreshes', async () => {
  const { page } = await visit('owner');
  // What this very page was told: other tests add people meanwhile.
  const asked = page.waitForResponse((response) => response.url().includes(`${demo.organizationId}/members?`));
  await page.goto(inOrganization('/team'));
  const told = await asked;
  expect(new URL(told.url()).searchParams.get('sort')).toBe('-lifetimeUsage');
  const { members } = (await told.json()) as { members: { name: string }[] };
  const rows = page.getByRole('table', { name: 'Members' }).locator('tbody tr');
  await rows.filter({ hasText: 'Lena Fischer' }).waitFor();
  const shown = await rows.getByRole('link').allInnerTexts();
  expect(shown).toEqual(members.map(({ name }) => name));
  await page.getByRole('button', { name: 'Member', exact: true }).click();
  await page.waitForURL(/sort=name/);
  await page.getByRole('searchbox', { name: 'Search members' }).fill('fischer');
  await page.waitForURL(/q=fischer/);
  await expect.poll(() => rows.count()).toBe(1);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('As of').waitFor();
});

it('says what a change of budget does and would have refused before it is saved', async () => {
  const { page } = await visit('owner');
  await page.goto(inOrganization('/team'));
  await page.getByRole('button', { name: 'Actions for Contractor: manual translation' }).click();
  await page.getByRole('menuitem', { name: 'Manage budget' }).click();
  const dialog = page.getByRole('dialog', { name: 'Budget of Contractor: manual translation' });
  await dialog.getByRole('combobox', { name: 'In total', exact: true }).selectOption('cycle');
  await dialog.getByText('The budget changes from total to one-time.').waitFor();
  await dialog.getByText(/A new cycle starts at zero/).waitFor();
  await dialog.getByLabel('One-time budget, in USD').fill('0.000001');
  await dialog.getByText(/it would have refused/).waitFor();

  // What the server refuses stands at its field.
  await dialog.getByLabel('One-time budget, in USD').fill('plenty');
  await dialog.getByRole('button', { name: 'Save budget' }).click();
  await dialog.getByText('Spend limits must be non-negative numbers.', { exact: true }).waitFor();
  await dialog.getByLabel('One-time budget, in USD').fill('75');
  await dialog.getByText('How fast, not how much').click();
  await dialog.getByLabel('Requests a minute').fill('-1');
  await dialog.getByText('How fast, not how much').click();
  await dialog.getByRole('button', { name: 'Save budget' }).click();
  // At its field; the preview says so too, after other words.
  await dialog.getByText(/^requestsPerMinute must be a whole number/).waitFor();
  await dialog.getByLabel('Requests a minute').fill('');
  await dialog.getByRole('button', { name: 'Save budget' }).click();
  await dialog.waitFor({ state: 'detached' });
  const { effectiveBudget, status } = await api('GET', `/members/${memberOf('Contractor: manual translation')}`);
  expect(effectiveBudget).toMatchObject({ usageLimit: '75', usageLimitBasis: 'cycle' });
  expect(status).toMatchObject({ budgetType: 'one-time', usage: '0' });
});

it('grants a request for more with one click', async () => {
  const basic = await visit('basic');
  await basic.page.goto(inOrganization('?ask=true'));
  const asking = basic.page.getByRole('dialog', { name: 'Ask for more' });
  await asking.getByLabel('How much more, in USD').fill('12.5');
  await asking.getByLabel('What for').fill('The demo on Friday');
  await asking.getByRole('button', { name: 'Ask' }).click();
  await asking.waitFor({ state: 'detached' });

  const { page } = await visit('finance');
  await page.goto(inOrganization('/team'));
  await page.getByText('The demo on Friday').waitFor();
  await page.getByRole('button', { name: 'Grant $12.50 to Tom Becker' }).click();
  await page.getByText('Granted to Tom Becker, and in force.').waitFor();
  await page.getByText('The demo on Friday').waitFor({ state: 'detached' });
  const { effectiveBudget } = await api('GET', `/members/${memberOf('Tom Becker')}`);
  expect(effectiveBudget).toMatchObject({ extras: [{ limit: 'usageLimit', amount: '12.50' }] });
});

it('invites, tells what each role can do, and revokes', async () => {
  const { page } = await visit('admin');
  await page.goto(inOrganization('/team?invite=true'));
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await dialog.getByLabel('Email').fill('noor.haddad@example.com');
  await dialog.getByRole('button', { name: 'Invite' }).click();
  await dialog.getByText('Developers need at least one project.').waitFor();
  await dialog.getByRole('radio', { name: /^Finance/ }).check();
  await dialog.getByRole('region', { name: 'What the role Finance can do' }).getByText('Plan, seats, wallet').waitFor();
  expect(await dialog.getByRole('radio', { name: /^Owner/ }).count()).toBe(0);
  await dialog.getByRole('radio', { name: /^Developer/ }).check();
  await dialog.getByLabel('Fleet control').check();
  await dialog.getByRole('button', { name: 'Invite' }).click();
  await dialog.waitFor({ state: 'detached' });
  const row = page.getByRole('row').filter({ hasText: 'noor.haddad@example.com' });
  await row.getByRole('button', { name: 'Actions for noor.haddad@example.com' }).click();
  await page.getByRole('menuitem', { name: 'Revoke' }).click();
  await page.getByRole('button', { name: 'Revoke invitation' }).click();
  await row.waitFor({ state: 'detached' });
});

it('tells what a seat costs before it is bought with an invitation', async () => {
  const { page } = await visit('admin');
  const club = DEMO_ORGANIZATIONS[1]?.id;
  await page.route(`**/orgs/${club}/seats`, async (route) => {
    const answer = await route.fetch();
    const seats = { ...((await answer.json()) as object), left: 0, pricePerSeat: '10', proratedCost: '3.33' };
    await route.fulfill({ response: answer, json: seats });
  });
  await page.goto(`/dashboard/orgs/${club}/team?invite=true`);
  await page.getByText('No seat is left').waitFor();
  await page.getByRole('button', { name: 'Invite and buy a seat for $3.33' }).waitFor();
});

it('changes a role, and adds and removes a program', async () => {
  const { page } = await visit('owner');
  await page.goto(inOrganization('/team?program=true'));
  const adding = page.getByRole('dialog', { name: 'Add a program' });
  await adding.getByLabel('Name').fill('Nightly tests');
  await adding.getByLabel('Fleet control').check();
  await adding.getByRole('button', { name: 'Add program' }).click();
  const row = page.getByRole('row').filter({ hasText: 'Nightly tests' });
  await row.getByRole('button', { name: 'Actions for Nightly tests' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove member' }).click();
  await row.waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Actions for Lena Fischer' }).click();
  await page.getByRole('menuitem', { name: 'Role and projects' }).click();
  const changing = page.getByRole('dialog', { name: 'Role of Lena Fischer' });
  await changing.getByRole('radio', { name: /^Basic/ }).check();
  await changing.getByText('The API keys of Lena Fischer are refused').waitFor();
  await changing.getByRole('radio', { name: /^Developer/ }).check();
  await changing.getByLabel('Support assistant').check();
  await changing.getByRole('button', { name: 'Save' }).click();
  await changing.waitFor({ state: 'detached' });
  const { role, projects } = await api('GET', `/members/${demo.memberId}`);
  expect(role).toBe('developer');
  expect(projects).toHaveLength(3);
});

it('fits a phone whatever people are called, and however little they have spent', async () => {
  const { page } = await visit('owner', { viewport: { width: 360, height: 780 } });
  const long = 'x'.repeat(60);
  const changed: [path: RegExp, of: 'members' | 'invitations', row: object][] = [
    [/\/orgs\/\w+\/members\?/, 'members', { name: long, email: `${long}@example.com` }],
    [/\/orgs\/\w+\/invitations\?/, 'invitations', { email: `${long}@example.com` }],
  ];
  for (const [path, of, row] of changed) {
    await page.route(path, async (route) => {
      const response = await route.fetch();
      const told = (await response.json()) as Record<string, { status?: object }[]>;
      const rows = told[of]?.map((was) => ({
        ...was,
        ...row,
        ...(was.status && { status: { ...was.status, lifetimeUsage: '0.000000123' } }),
      }));
      await route.fulfill({ response, json: { ...told, [of]: rows } });
    });
  }
  await page.goto(inOrganization('/team'));
  await page.getByText(`${long}@example.com`).first().waitFor();
  await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
});
