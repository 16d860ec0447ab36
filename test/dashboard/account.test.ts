/** The account of somebody new: password, second factor and sessions, each changed on the page and at once true for signing in. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { codeOf } from '../support/authenticator-app.ts';
import { until } from '../support/purser.ts';
import { visiting } from './visiting.ts';

const { visit, demo, dataDir } = visiting();

const EMAIL = 'nadia@account.example';
const FIRST = 'a first long password';
const SECOND = 'another long password';

const send = (path: string, body: object) =>
  fetch(demo.baseUrl + path, {
    method: 'POST',
    headers: { origin: demo.baseUrl, 'content-type': 'application/json', 'user-agent': 'Mozilla/5.0 Firefox/140.0' },
    body: JSON.stringify(body),
  });

const signIn = (password: string) => send('/auth/sign-in', { email: EMAIL, password });

/** The token of the mail to them. */
async function mailedToken(): Promise<string> {
  const outbox = join(dataDir, 'outbox');
  let token: string | undefined;
  await until(() => {
    // It is made with the first mail of all.
    if (!existsSync(outbox)) return false;
    const mails = readdirSync(outbox).map((name) => readFileSync(join(outbox, name), 'utf8').replaceAll('=\r\n', ''));
    token = /#token=(?:3D)?([\w-]+)/.exec(mails.find((mail) => mail.includes(EMAIL)) ?? '')?.[1];
    return token !== undefined;
  }, 'the mail that confirms an address');
  return token ?? '';
}

it('changes password, sessions and second factor', async () => {
  expect((await send('/auth/sign-up', { email: EMAIL, name: 'Nadia', password: FIRST })).status).toBe(202);
  const { page, context } = await visit(null);
  const confirmed = await context.request.post('/auth/sign-up/confirm', {
    headers: { origin: demo.baseUrl },
    data: { token: await mailedToken(), password: FIRST },
  });
  expect(confirmed.status()).toBe(201);

  await page.goto('/dashboard/account');
  await page.getByText(EMAIL).waitFor();
  const sessions = page.getByRole('table', { name: 'Sessions' });
  await sessions.getByText('This one').waitFor();

  await page.getByRole('button', { name: 'Change name' }).click();
  const naming = page.getByRole('dialog', { name: 'Change name' });
  await naming.getByLabel('Name').fill(' ');
  await naming.getByRole('button', { name: 'Change name' }).click();
  await naming.getByText('name must not be empty.').waitFor();
  await naming.getByLabel('Name').fill('Nadia Rahman');
  await naming.getByRole('button', { name: 'Change name' }).click();
  await naming.waitFor({ state: 'detached' });
  await page.getByText('Nadia Rahman', { exact: true }).waitFor();

  // Another browser is signed out from here.
  expect((await signIn(FIRST)).status).toBe(200);
  await page.reload();
  await sessions.getByRole('button', { name: 'Sign out Firefox' }).click();
  await sessions.getByText('Firefox').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Change password' }).click();
  const password = page.getByRole('dialog', { name: 'Change password' });
  await password.getByLabel('Present password').fill('not the password');
  await password.getByLabel('New password').fill(SECOND);
  await password.getByRole('button', { name: 'Change password' }).click();
  await password.getByText('The password is wrong.').waitFor();
  await password.getByLabel('Present password').fill(FIRST);
  await password.getByRole('button', { name: 'Change password' }).click();
  await password.waitFor({ state: 'detached' });
  expect([(await signIn(FIRST)).status, (await signIn(SECOND)).status]).toEqual([401, 200]);

  await page.getByRole('button', { name: 'Turn on' }).click();
  const factor = page.getByRole('dialog', { name: 'Turn on the second factor' });
  await factor.getByLabel('Your password').fill(SECOND);
  await factor.getByRole('button', { name: 'Continue' }).click();
  const uri = await factor.getByRole('link', { name: 'open it in the app' }).getAttribute('href');
  expect(await factor.getByRole('textbox', { name: 'Secret for the authenticator app' }).inputValue()).not.toBe('');
  await factor.getByLabel('Code that the app shows').fill(await codeOf(uri ?? ''));
  await factor.getByRole('button', { name: 'Turn on' }).click();
  await factor.waitFor({ state: 'detached' });
  await page.getByText('On', { exact: true }).waitFor();
  expect(await (await signIn(SECOND)).json()).toMatchObject({ next: 'second_factor' });
});

it('says why a passkey cannot be made here', async () => {
  const { page } = await visit('basic');
  await page.goto('/dashboard/account?open=passkey');
  const dialog = page.getByRole('dialog', { name: 'Add a passkey' });
  await dialog.getByLabel('Name').fill('Laptop');
  await dialog.getByRole('button', { name: 'Add passkey' }).click();
  await dialog.getByText('Passkeys belong to a name').waitFor();
});
