/** The playground: an answer that streams and says what it cost, listed with what is billed; and a refusal in words. */
import { expect, it } from 'vitest';
import { visiting } from './visiting.ts';

const { visit, inOrganization } = visiting();

it('answers as oneself, says the cost, and lists it in the history', async () => {
  const { page } = await visit('developer');
  await page.goto(inOrganization('/playground?model=demo/echo'));
  await page.getByText('in and $2.00 out per million tokens').waitFor();
  const question = page.getByRole('textbox', { name: 'Your question' });
  await question.fill('Tell this to nobody');
  await question.press('Enter');
  const log = page.getByRole('log', { name: 'Conversation' });
  await log.getByText('Tell this to nobody').nth(1).waitFor();
  // 4 words in at $1 a million, 4 out at $2.
  await log.getByText('Cost $0.000012 for 4 tokens in, 4 out').waitFor();
  const history = page.getByRole('list', { name: 'Requests of the playground' });
  await history.getByText('$0.000012').waitFor({ timeout: 60_000 });

  // The key of it is none of theirs to see.
  await page.getByRole('link', { name: 'API keys' }).click();
  await page.getByRole('heading', { name: 'API keys' }).waitFor();
  expect(
    await page.getByRole('table', { name: 'Your API keys' }).getByText('Playground', { exact: true }).count(),
  ).toBe(0);

  // A look at another page loses nothing; a new chat is asked about first.
  await page.goBack();
  await log.getByText('Tell this to nobody').nth(1).waitFor();
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('button', { name: 'Begin anew' }).click();
  await page.getByText('Ask a model something').waitFor();
});

it('says why it is refused, and leads to asking for more', async () => {
  const { page } = await visit('developer');
  await page.route('**/v1/chat/completions', (route) =>
    route.fulfill({
      status: 403,
      contentType: 'application/json',
      body: JSON.stringify({
        error: {
          message: 'Member has reached their period spend budget.',
          type: 'permission_denied',
          param: null,
          code: 'member_period_budget_exhausted',
          metadata: { scope: 'member_period', limit: '5.00', spent: '5.00', remaining: '0' },
        },
      }),
    }),
  );
  await page.goto(inOrganization('/playground?model=demo/echo'));
  await page.getByRole('textbox', { name: 'Your question' }).fill('Hello');
  await page.getByRole('button', { name: 'Send' }).click();
  const told = page.getByRole('alert').filter({ hasText: 'Member has reached their period spend budget.' });
  await told.getByText('$5.00').first().waitFor();
  await told.getByRole('link', { name: 'Ask for more' }).click();
  await page.waitForURL(/ask=true/);
});

it('shows the gateway’s own refusal, and stops where it is told to', async () => {
  const { page } = await visit('developer');
  await page.goto(inOrganization('/playground?model=demo/none'));
  await page.getByText('You may not use this model here').waitFor();
  await page.getByRole('textbox', { name: 'Your question' }).fill('Hello');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('alert').getByText('Choose another model.').waitFor();

  await page.getByRole('combobox', { name: 'Model' }).selectOption('demo/words');
  expect(page.url()).toContain('demo');
  // As long as the provider says nothing, so that there is something to stop.
  await page.route('**/v1/chat/completions', async (route) => {
    const body = { ...route.request().postDataJSON(), demo: { outputTokens: 5_000, tokensPerSecond: 20 } };
    await route.continue({ postData: JSON.stringify(body) });
  });
  await page.getByRole('textbox', { name: 'Your question' }).fill('Go on');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopped.').waitFor();
});
