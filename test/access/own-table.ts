/**
 * The rest of the table (access-table.ts): what everybody has for themselves in a browser, what takes no credentials at
 * all, and the gateway. Here a row brings its own state, because most of these take one step after another.
 */
import { env } from 'cloudflare:workers';
import { hashPassword } from 'better-auth/crypto';
import { newId, randomText } from '../../src/ids.ts';
import { sha256Hex } from '../../src/teams/keys.ts';
import { Authenticator } from '../support/authenticator.ts';
import { codeOf } from '../support/authenticator-app.ts';
import { Browser, insertUser, PASSWORD, signedInBrowser } from '../support/browser.ts';
import { ORIGIN } from '../support/gateway.ts';
import type { Caller, Who } from './callers.ts';
import { OUTBOX, type World } from './world.ts';

export interface OwnRow {
  route: string;
  /**
   * `people`: who is signed in, wherever, and 401 for all others. `anybody`: all the same. `api key`: the gateway's. `nobody`: what
   * this deployment does not have, so that there is nothing for anybody.
   */
  for: 'people' | 'anybody' | 'api key' | 'nobody';
  otherwise?: Partial<Record<Who, string>>;
  /** The entry that it writes to each organization whose member the person is. */
  tells?: string;
  /** The entry that it writes to one organization. */
  tellsOnce?: string;
  /** Of a route that is no GET: why it writes none. */
  tellsNothing?: string;
  /** The path's parameters and the body, once what they need is there. */
  ask?: (caller: Caller, world: World) => Promise<Asked> | Asked;
}

interface Asked {
  path?: Record<string, string>;
  body?: unknown;
  /** In the place of the caller's own browser, where a step before was taken in another. */
  browser?: Browser;
  /** To whose organizations the change is told, where it is not the caller's. */
  userId?: string;
}

const NO_SETTING = 'nobody is another, or may more, by it';
const IN_FORCE_LATER = 'in force by its second step, which tells';
const CONTENT = { contents: [{ parts: [{ text: 'one two' }] }], generationConfig: { maxOutputTokens: 2 } };
const USAGE = 'it is usage: one event';
const SURFACES: OwnRow[] = Object.entries({
  embeddings: { model: 'demo/embed', input: 'one two' },
  moderations: { model: 'demo/moderate', input: 'one two' },
  rerank: { model: 'demo/rerank', query: 'one', documents: ['one two'] },
  'images/generations': { model: 'demo/image', prompt: 'a harbour' },
  'images/edits': null,
  'audio/speech': { model: 'demo/speech', input: 'one two', voice: 'alloy' },
  'audio/transcriptions': null,
  ocr: { model: 'demo/ocr', document: { type: 'image_url', image_url: 'https://example.com/a.png' } },
}).map(([endpoint, body]) => ({
  route: `POST /v1/${endpoint}`,
  for: 'api key' as const,
  tellsNothing: USAGE,
  // A form is asked for, where this sends JSON: it is served in billable.worker.test.ts.
  ...(body === null && { otherwise: { 'API key': '400 invalid_request_error' } }),
  ask: () => ({ body }),
}));
const CHAT = { model: 'demo/words', messages: [{ role: 'user', content: 'one two' }], max_tokens: 2 };
const RESPONSE = { model: 'demo/words', input: 'one two', max_output_tokens: 16 };

const freshEmail = () => `${newId('usr').slice(4)}@fresh.example`;

/** One that the caller has asked for, where it may. */
async function storedResponse({ send }: Caller): Promise<Asked> {
  const { body } = await send('POST', '/v1/responses', RESPONSE);
  return { path: { id: String(body.id ?? 'resp_0') } };
}

/** Another browser in which this person is signed in. */
async function otherSession({ person }: Caller): Promise<string> {
  const id = newId('ses');
  const nowMs = Date.now();
  await env.DB.prepare(
    'INSERT INTO sessions (id, user_id, token, created_at, updated_at, expires_at) VALUES (?1, ?2, ?1, ?3, ?3, ?4)',
  )
    .bind(id, person?.userId ?? newId('usr'), nowMs, nowMs + 3_600_000)
    .run()
    .catch(ignoreMissingUser);
  return id;
}

/** Who is nobody has nothing, and the row is asked for all the same. */
function ignoreMissingUser(error: unknown): void {
  if (!String(error).includes('FOREIGN KEY')) throw error;
}

async function beginSecondFactor({ browser, person }: Caller): Promise<string> {
  if (!person) return '000000';
  const begun = await browser.post('/auth/second-factor', { password: PASSWORD });
  return codeOf(String(begun.body.totpUri));
}

async function withSecondFactor(caller: Caller): Promise<Asked> {
  const code = await beginSecondFactor(caller);
  if (caller.person) await caller.browser.post('/auth/second-factor/confirm', { code });
  return { body: { password: PASSWORD } };
}

async function makePasskey(browser: Browser): Promise<{ authenticator: Authenticator; body: unknown }> {
  const authenticator = new Authenticator(ORIGIN);
  const { body } = await browser.post('/auth/passkeys/options');
  const options = body as unknown as Parameters<Authenticator['create']>[0];
  return { authenticator, body: { name: 'Notebook', response: await authenticator.create(options) } };
}

async function passkeyOf({ browser, person }: Caller): Promise<string> {
  if (!person) return 'pky_nobody';
  const { body } = await makePasskey(browser);
  return String((await browser.post('/auth/passkeys', body)).body.id);
}

const NO_PASSKEY = {
  name: 'Notebook',
  response: { id: 'AA', rawId: 'AA', type: 'public-key', response: { clientDataJSON: 'AA', attestationObject: 'AA' } },
};

async function signUpWaiting(): Promise<Asked> {
  const token = randomText(32);
  await env.DB.prepare(
    `INSERT INTO sign_ups (token_hash, email, name, password_hash, organization_name, time_zone, created_at, expires_at)
     VALUES (?, ?, 'Fresh', ?, 'Fresh', 'UTC', 0, ?)`,
  )
    .bind(await sha256Hex(token), freshEmail(), await hashPassword(PASSWORD), Date.now() + 3_600_000)
    .run();
  return { body: { token, password: PASSWORD } };
}

async function atSecondStep(): Promise<Asked> {
  const email = freshEmail();
  await insertUser(email);
  const first = await signedInBrowser(email, OUTBOX.env);
  const begun = await first.post('/auth/second-factor', { password: PASSWORD });
  const code = await codeOf(String(begun.body.totpUri));
  await first.post('/auth/second-factor/confirm', { code });
  const browser = new Browser(OUTBOX.env);
  await browser.post('/auth/sign-in', { email, password: PASSWORD });
  return { body: { code }, browser };
}

async function atPasskey(): Promise<Asked> {
  const email = freshEmail();
  await insertUser(email);
  const first = await signedInBrowser(email, OUTBOX.env);
  const { authenticator, body } = await makePasskey(first);
  await first.post('/auth/passkeys', body);
  const browser = new Browser(OUTBOX.env);
  const options = await browser.post('/auth/sign-in/passkey/options');
  const response = await authenticator.get(options.body as unknown as Parameters<Authenticator['get']>[0]);
  return { body: { response }, browser };
}

async function passwordForgotten(_: Caller, { people: { developer } }: World): Promise<Asked> {
  await new Browser(OUTBOX.env).post('/auth/password-reset', { email: developer.email });
  const token = await OUTBOX.tokenTo(developer.email, /password/);
  return { body: { token, password: 'another fine password' }, userId: developer.userId };
}

async function signInHere(): Promise<Asked> {
  const email = freshEmail();
  await insertUser(email);
  return { body: { email, password: PASSWORD } };
}

export const OWN: readonly OwnRow[] = [
  { route: 'GET /me', for: 'people' },
  { route: 'PATCH /me', for: 'people', tells: 'user.name.changed', ask: () => ({ body: { name: 'Somebody Else' } }) },
  // A master key has the one that it opens.
  { route: 'GET /orgs', for: 'people', otherwise: { 'master key': 'ok', 'master key elsewhere': 'ok' } },
  {
    route: 'POST /orgs',
    for: 'people',
    tellsOnce: 'organization.created',
    ask: () => ({ body: { name: 'One more' } }),
  },
  {
    route: 'POST /invitations/{token}/accept',
    for: 'people',
    otherwise: Object.fromEntries(
      ['owner elsewhere', 'owner', 'admin', 'finance', 'developer', 'developer not granted', 'basic'].map((who) => [
        who,
        '403 other_address',
      ]),
    ),
    tellsOnce: 'member.joined',
    ask: (_, { invitationToken }) => ({ path: { token: invitationToken } }),
  },
  { route: 'GET /auth/sessions', for: 'people' },
  {
    route: 'DELETE /auth/sessions',
    for: 'people',
    tells: 'user.sessions.ended',
    ask: async (caller) => {
      await otherSession(caller);
      return {};
    },
  },
  {
    route: 'DELETE /auth/sessions/{sessionId}',
    for: 'people',
    tells: 'user.sessions.ended',
    ask: async (caller) => ({ path: { sessionId: await otherSession(caller) } }),
  },
  {
    route: 'PUT /auth/password',
    for: 'people',
    tells: 'user.password.changed',
    ask: () => ({ body: { password: PASSWORD, newPassword: 'another fine password' } }),
  },
  {
    route: 'POST /auth/second-factor',
    for: 'people',
    tellsNothing: IN_FORCE_LATER,
    ask: () => ({ body: { password: PASSWORD } }),
  },
  {
    route: 'POST /auth/second-factor/confirm',
    for: 'people',
    tells: 'user.second_factor.enabled',
    ask: async (caller) => ({ body: { code: await beginSecondFactor(caller) } }),
  },
  {
    route: 'POST /auth/second-factor/backup-codes',
    for: 'people',
    tells: 'user.backup_codes.renewed',
    ask: withSecondFactor,
  },
  { route: 'POST /auth/second-factor/off', for: 'people', tells: 'user.second_factor.disabled', ask: withSecondFactor },
  { route: 'GET /auth/passkeys', for: 'people' },
  { route: 'POST /auth/passkeys/options', for: 'people', tellsNothing: IN_FORCE_LATER },
  {
    route: 'POST /auth/passkeys',
    for: 'people',
    tells: 'user.passkey.added',
    ask: async ({ browser, person }) => ({ body: person ? (await makePasskey(browser)).body : NO_PASSKEY }),
  },
  {
    route: 'DELETE /auth/passkeys/{passkeyId}',
    for: 'people',
    tells: 'user.passkey.removed',
    ask: async (caller) => ({ path: { passkeyId: await passkeyOf(caller) } }),
  },

  { route: 'GET /auth/methods', for: 'anybody' },
  {
    route: 'POST /auth/sign-up',
    for: 'anybody',
    tellsNothing: IN_FORCE_LATER,
    ask: () => ({ body: { email: freshEmail(), name: 'Fresh', password: PASSWORD } }),
  },
  { route: 'POST /auth/sign-up/confirm', for: 'anybody', tellsOnce: 'organization.created', ask: signUpWaiting },
  { route: 'POST /auth/sign-in', for: 'anybody', tellsNothing: NO_SETTING, ask: signInHere },
  { route: 'POST /auth/sign-in/second-factor', for: 'anybody', tellsNothing: NO_SETTING, ask: atSecondStep },
  { route: 'POST /auth/sign-in/passkey/options', for: 'anybody', tellsNothing: NO_SETTING },
  { route: 'POST /auth/sign-in/passkey', for: 'anybody', tellsNothing: NO_SETTING, ask: atPasskey },
  {
    route: 'POST /auth/sign-in/with/{provider}',
    for: 'anybody',
    tellsNothing: NO_SETTING,
    ask: () => ({ path: { provider: 'github' }, body: {} }),
  },
  // Without a state of our own it leads to the sign-in page; that it links an account is told of in settings.worker.test.ts.
  { route: 'GET /auth/callback/{provider}', for: 'anybody', ask: () => ({ path: { provider: 'github' } }) },
  { route: 'POST /auth/sign-out', for: 'anybody', tellsNothing: NO_SETTING },
  {
    route: 'POST /auth/password-reset',
    for: 'anybody',
    tellsNothing: IN_FORCE_LATER,
    ask: () => ({ body: { email: freshEmail() } }),
  },
  { route: 'POST /auth/password-reset/confirm', for: 'anybody', tells: 'user.password.reset', ask: passwordForgotten },
  // Whoever has the link: it says where it leads.
  {
    route: 'GET /invitations/{token}',
    for: 'anybody',
    ask: (_, { invitationToken }) => ({ path: { token: invitationToken } }),
  },
  { route: 'GET /health', for: 'anybody' },
  { route: 'GET /openapi.json', for: 'anybody' },
  { route: 'GET /docs', for: 'anybody' },

  {
    route: 'POST /v1/chat/completions',
    for: 'api key',
    tellsNothing: USAGE,
    ask: () => ({ body: CHAT }),
  },
  {
    route: 'POST /v1/messages',
    for: 'api key',
    tellsNothing: USAGE,
    ask: () => ({ body: CHAT }),
  },
  {
    route: 'POST /v1/messages/count_tokens',
    for: 'api key',
    tellsNothing: 'it only counts',
    ask: () => ({ body: { model: CHAT.model, messages: CHAT.messages } }),
  },
  {
    route: 'POST /v1/responses',
    for: 'api key',
    tellsNothing: USAGE,
    ask: () => ({ body: RESPONSE }),
  },
  { route: 'GET /v1/responses/{id}', for: 'api key', ask: storedResponse },
  { route: 'GET /v1/responses/{id}/input_items', for: 'api key', ask: storedResponse },
  {
    route: 'DELETE /v1/responses/{id}',
    for: 'api key',
    tellsNothing: "it is the caller's own, and kept by nobody for the organization",
    ask: storedResponse,
  },
  ...['/v1beta/models/{model}', '/v1/models/{model}'].map(
    (path): OwnRow => ({
      route: `POST ${path}`,
      for: 'api key',
      tellsNothing: USAGE,
      ask: () => ({ path: { model: 'demo/words:generateContent' }, body: CONTENT }),
    }),
  ),
  ...SURFACES,
  {
    route: 'POST /v1/videos',
    for: 'api key',
    tellsNothing: USAGE,
    ask: () => ({ body: { model: 'demo/video', prompt: 'a harbour' } }),
  },
  ...[
    ['GET', ''],
    ['GET', '/content'],
    ['DELETE', ''],
  ].map(
    ([method, part]): OwnRow => ({
      route: `${method} /v1/videos/{id}${part}`,
      for: 'api key',
      ...(method === 'DELETE' && { tellsNothing: NO_SETTING }),
      // Nobody's: whose a video is, is tested in videos.worker.test.ts.
      otherwise: { 'API key': '404 not_found' },
      ask: () => ({ path: { id: 'video_0123456789abcdef' } }),
    }),
  ),
  { route: 'GET /v1/models', for: 'api key' },
  { route: 'GET /v1beta/models', for: 'api key' },
  { route: 'GET /v1beta/models/{model}', for: 'api key', ask: () => ({ path: { model: 'demo/words' } }) },
  { route: 'GET /v1/models/{model}', for: 'api key', ask: () => ({ path: { model: 'demo/words' } }) },
  { route: 'GET /v1/key', for: 'api key' },
];

/** Served, and in no document, as they are for other programs: `hide` or a plain route says so where each is made. */
export const UNDOCUMENTED: readonly OwnRow[] = [
  // Leads to the dashboard, whose files the platform serves; the local build has them from a Worker that is not here.
  { route: 'GET /', for: 'anybody' },
  { route: 'GET /dashboard', for: 'nobody' },
  { route: 'GET /dashboard/*', for: 'nobody' },
  // Opened by their own secrets, which are not set here: metrics.worker.test.ts, stripe.worker.test.ts.
  { route: 'GET /metrics', for: 'nobody' },
  {
    route: 'POST /webhooks/stripe',
    for: 'nobody',
    tellsNothing: 'only what Stripe has signed has an effect, which tells for itself',
    ask: () => ({ body: { id: 'evt_1', type: 'invoice.paid' } }),
  },
];

const PEOPLE: readonly Who[] = [
  'invited',
  'owner elsewhere',
  'owner',
  'admin',
  'finance',
  'developer',
  'developer not granted',
  'basic',
];

/** What each caller is to hear. */
export function ownOutcomeFor(row: OwnRow, who: Who): string {
  const given = row.otherwise?.[who];
  if (given !== undefined) return given;
  switch (row.for) {
    case 'anybody':
      return 'ok';
    case 'nobody':
      return '404 not_found';
    case 'people':
      return PEOPLE.includes(who) ? 'ok' : '401 unauthorized';
    case 'api key':
      return who === 'API key' ? 'ok' : '401 invalid_api_key';
  }
}
