/** What stands around the pages: signing in and out, what each role sees, moving by keyboard, light and dark. */
import { expect, it } from 'vitest';
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
import { visiting } from './visiting.ts';

const { visit, demo, inOrganization } = visiting();

it('lets in by e-mail and password, to the page that was asked for, and out again', async () => {
  const { page } = await visit(null);
  await page.goto(inOrganization('/keys?sort=name'));
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  const account = demo.signIns.find(({ role }) => role === 'developer');
  if (!account) throw new Error('the demo has no developer');
  await page.getByLabel('Email').fill(account.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText(/./).waitFor();
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'API keys' }).waitFor();
  expect(page.url()).toContain('sort=name');
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

it('goes to a page by the command palette, from the keyboard alone', async () => {
  const { page } = await visit('owner');
  await page.goto(inOrganization(''));
  await page.getByText('Your usage').first().waitFor();
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Go to a page, project or organization').fill('analy');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Analytics' }).waitFor();
  await page.goBack();
  await page.getByText('Your usage').first().waitFor();
});

it('is dark where the visitor says so, and stays it', async () => {
  const { page } = await visit('developer', { colorScheme: 'light' });
  await page.goto(inOrganization(''));
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await page.locator('html[data-mode=dark]').waitFor();
  await page.reload();
  await page.locator('html[data-mode=dark]').waitFor();
});

it('says that the browser is offline, and when it is back', async () => {
  const { page, context } = await visit('developer');
  await page.goto(inOrganization(''));
  await page.getByText('Your usage').first().waitFor();
  await context.setOffline(true);
  await page.getByText('You are offline.').waitFor();
  await context.setOffline(false);
  await page.getByText('You are offline.').waitFor({ state: 'detached' });
});

it('waits for the network where a page was not loaded yet, and then shows it', async () => {
  const { page, context, problems } = await visit('developer');
  await page.goto(inOrganization(''));
  await page.getByText('Your usage').first().waitFor();
  await context.setOffline(true);
  await page.getByRole('complementary', { name: 'Pages' }).getByRole('link', { name: 'API keys' }).click();
  await page.getByRole('heading', { name: 'This page did not load' }).waitFor();
  await page
    .getByText('You are offline. Nothing was changed; what is missing is asked for once you are back.')
    .waitFor();
  await context.setOffline(false);
  await page.getByRole('heading', { name: 'API keys', exact: true }).waitFor();
  // The browser tells of each request by itself.
  expect(problems.splice(0).filter((problem) => !/ERR_INTERNET_DISCONNECTED|Offline: /.test(problem))).toEqual([]);
});

it('shows nothing of the organization before while the next one has not answered', async () => {
  const [, , personal] = DEMO_ORGANIZATIONS;
  if (!personal) throw new Error('the demo has no personal organization');
  const { page } = await visit('basic');
  await page.goto(inOrganization(''));
  const figures = page.locator('dl data');
  await figures.first().waitFor();
  let answer = () => {};
  const late = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route(new RegExp(`(/orgs/|organizationId=)${personal.id}`), async (route) => {
    if (route.request().isNavigationRequest()) return route.continue();
    await late;
    await route.continue();
  });
  await page.getByRole('button', { name: /Switch$/ }).click();
  await page.getByRole('menuitem', { name: personal.name }).click();
  await page.waitForURL(new RegExp(personal.id));
  await page.getByRole('button', { name: `Organization: ${personal.name}. Switch` }).waitFor();
  await expect.poll(() => figures.count()).toBe(0);
  answer();
  await figures.first().waitFor();
});
