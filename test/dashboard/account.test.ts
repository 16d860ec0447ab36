/** The account of somebody new: password, second factor and sessions, each changed on the page and at once true for signing in. */
import { expect, it } from 'vitest';
import { codeOf } from '../support/authenticator-app.ts';
import { mailedToken } from './mails.ts';
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

it('changes password, sessions and second factor', async () => {
  expect((await send('/auth/sign-up', { email: EMAIL, name: 'Nadia', password: FIRST })).status).toBe(202);
  const { page, context } = await visit(null);
  const confirmed = await context.request.post('/auth/sign-up/confirm', {
    headers: { origin: demo.baseUrl },
    data: { token: await mailedToken(dataDir, EMAIL), password: FIRST },
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

it('keeps a passkey, which then signs in by itself', async () => {
  // Browsers keep passkeys for names only, and for this one without a certificate.
  const { page, context } = await visit(null, { baseURL: demo.baseUrl.replace('127.0.0.1', 'localhost') });
  const debugging = await context.newCDPSession(page);
  await debugging.send('WebAuthn.enable');
  await debugging.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  });
  const byPasskey = page.getByRole('button', { name: 'Sign in with a passkey' });
  await page.goto('/dashboard/account');
  await byPasskey.click();
  await page.getByText('No passkey was used.').waitFor();

  const account = demo.signIns.find(({ role }) => role === 'basic');
  await page.getByLabel('Email').fill(account?.email ?? '');
  await page.getByLabel('Password').fill(account?.password ?? '');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a passkey' });
  await dialog.getByLabel('Name').fill('Laptop');
  await dialog.getByRole('button', { name: 'Add passkey' }).click();
  await page.getByRole('table', { name: 'Passkeys' }).getByText('Laptop').waitFor();

  await context.clearCookies();
  await page.goto('/dashboard/account');
  await byPasskey.click();
  await page.getByRole('table', { name: 'Passkeys' }).getByText('Laptop').waitFor();
  await page.getByText(account?.email ?? '').waitFor();

  // One that was removed here signs nobody in, whatever the device still has.
  await page.getByRole('button', { name: 'Remove Laptop' }).click();
  await page.getByRole('button', { name: 'Remove passkey' }).click();
  await page.getByText('No passkey yet').waitFor();
  await context.clearCookies();
  await page.goto('/dashboard/account');
  await byPasskey.click();
  await page.getByText('Purser does not know this passkey.').waitFor();
});
