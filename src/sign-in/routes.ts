/** Signing up, in and out, and a forgotten password: what somebody does who is not signed in. */

import { waitUntil } from 'cloudflare:workers';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type ApiEnv, answers, apiRouter, body, jsonBody } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { deliversMail } from '../mail/mail.ts';
import { idOf, like } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { notFound } from '../teams/api-error.ts';
import { sha256Hex } from '../teams/keys.ts';
import { tellSignedUp } from './account-log.ts';
import { ASSERTION, CODE, EMAIL, name, newPassword, PASSKEY_OPTIONS, PASSWORD, TIME_ZONE, TOKEN } from './fields.ts';
import { asJson, ask, libraryFor, originOf } from './library.ts';
import { PROVIDER_NAMES, socialProviders } from './providers.ts';
import { withoutValues } from './refusals.ts';
import { ownSite } from './session.ts';
import { setUpCodeHash, waitsForSetUp } from './set-up-code.ts';
import { beginSignUp, confirmSignUp, mailMissing } from './sign-up.ts';
import { giveBackTry, takeMail, takeTry } from './throttle.ts';

const route = routesOf('Sign-in');

/** Of every route that takes a try: it is throttled, and needs the throttle. */
const ON_TRY = [429, 503] as const;

const SignUpBody = z
  .strictObject({
    email: EMAIL,
    name: name('name'),
    password: newPassword('password'),
    setUpCode: z.string().min(1).max(LIMITS.linkTokenLengthMax).optional(),
    invitationToken: z.string().min(1).max(LIMITS.linkTokenLengthMax).optional(),
    organizationName: name('organizationName').optional(),
    timeZone: TIME_ZONE.default('UTC'),
  })
  .openapi('SignUpBody', {
    example: { email: 'ada@example.com', name: 'Ada', password: 'correct horse battery', timeZone: 'Europe/London' },
  });

const SignInBody = z
  .strictObject({ email: EMAIL, password: PASSWORD, remember: z.boolean().default(true) })
  .openapi('SignInBody', { example: { email: 'ada@example.com', password: 'correct horse battery' } as never });

const SecondFactorBody = z
  .strictObject({ code: CODE, kind: z.enum(['app', 'backup']).default('app') })
  .openapi('SecondFactorBody', { example: { code: '123456', kind: 'app' } });

const PasskeyBody = z.strictObject({ response: ASSERTION }).openapi('PasskeySignInBody');

const Provider = z.object({ provider: z.enum(PROVIDER_NAMES) });

const ReturnBody = z
  .strictObject({
    returnTo: z
      .string()
      .max(200)
      .regex(/^\/dashboard(\/[\w/-]*)?$/, { error: 'returnTo must be a page of the dashboard.' })
      .default('/dashboard'),
  })
  .openapi('ProviderSignInBody', { example: { returnTo: '/dashboard' } });

const EmailBody = z.strictObject({ email: EMAIL }).openapi('EmailBody', { example: { email: 'ada@example.com' } });

const LINKED = { example: { token: '0123456789abcdefghjkmnpqrstvwxyz', password: 'correct horse battery' } };

const LinkBody = z.strictObject({ token: TOKEN, password: PASSWORD }).openapi('ConfirmSignUpBody', LINKED);

const ResetBody = z
  .strictObject({ token: TOKEN, password: newPassword('password') })
  .openapi('ResetPasswordBody', LINKED);

/** What goes on in the mail. The same for every address. */
const MAILED = { next: 'email' } as const;

const Mailed = z.object({ next: z.literal('email') });

const User = z.object({ id: idOf('usr'), name: like('Ada Lovelace'), email: like('ada@example.com') }).openapi('User');

type ShownUser = z.infer<typeof User>;

const SignedIn = z.object({ user: User });

const Methods = z.object({
  password: z.boolean(),
  passkey: z.boolean(),
  providers: z.array(z.enum(PROVIDER_NAMES)),
  signUp: z.enum(['open', 'invited']).openapi({ example: 'invited' }),
  waitsForSetUp: z.boolean().openapi({ description: 'Whether there is no owner yet', example: false }),
});

export const signInRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/auth/methods',
      summary: 'How one can sign in here, and whether one can sign up',
      responses: { 200: answers('The ways', Methods) },
      lets: ['anonymous'],
    }),
    async (c) => {
      const configured = socialProviders(c.env);
      const providers = PROVIDER_NAMES.filter((name) => configured[name]);
      const signUp = c.env.OPEN_SIGN_UP === '1' ? 'open' : 'invited';
      const waits = await waitsForSetUp(c.env.DB);
      return c.json({ password: true, passkey: true, providers, signUp, waitsForSetUp: waits } as const, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/sign-up',
      summary: 'Ask for an account: invited, with the set-up code, or where sign-up is open',
      middleware: [ownSite, ...jsonBody] as const,
      request: { body: body(SignUpBody) },
      responses: {
        201: answers(
          'The account, signed in: the link of an invitation has proven the address, or the set-up code had to, as this Purser cannot send mail',
          SignedIn,
        ),
        202: answers('What comes next is in the mail', Mailed),
      },
      refuses: [...ON_TRY, 409],
    }),
    async (c) => {
      const { setUpCode, invitationToken, ...asked } = c.req.valid('json');
      const { email, password, name, organizationName = `${name}'s team` } = asked;
      await takeTry(c.env, c.req.raw, email);
      const codeHash = setUpCode === undefined ? null : await setUpCodeHash(setUpCode);
      const tokenHash = invitationToken === undefined ? null : await sha256Hex(invitationToken);
      const signUp = { ...asked, organizationName, setUpCodeHash: codeHash, invitationTokenHash: tokenHash };
      const step = await beginSignUp(c.env, originOf(c.req.raw), signUp, Date.now());
      if (step.done) {
        await tellSignedUp(c.env, c.req.raw, email);
        return c.json({ user: await signIn(c, email, password) }, 201);
      }
      inBackground(step.afterwards);
      return c.json(MAILED, 202);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/sign-up/confirm',
      summary: 'Make the account of a sign-up, by the mailed link and the password chosen then',
      middleware: [ownSite, ...jsonBody] as const,
      request: { body: body(LinkBody) },
      responses: { 201: answers('The account, signed in', SignedIn) },
      refuses: [...ON_TRY, 401, 409],
    }),
    async (c) => {
      const { token, password } = c.req.valid('json');
      const tokenHash = await sha256Hex(token);
      await takeTry(c.env, c.req.raw, tokenHash);
      const email = await confirmSignUp(c.env, tokenHash, password, Date.now());
      await tellSignedUp(c.env, c.req.raw, email);
      await giveBackTry(c.env, c.req.raw, tokenHash);
      return c.json({ user: await signIn(c, email, password) }, 201);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/sign-in',
      summary: 'Sign in with e-mail address and password',
      middleware: [ownSite, ...jsonBody] as const,
      request: { body: body(SignInBody) },
      responses: {
        200: answers(
          'The user, or `next: second_factor`',
          z.union([SignedIn, z.object({ next: z.literal('second_factor') })]),
        ),
      },
      refuses: [...ON_TRY, 401],
    }),
    async (c) => {
      const { email, password, remember } = c.req.valid('json');
      await takeTry(c.env, c.req.raw, email);
      const signedIn = await ask(c, (api, withCookies) =>
        api.signInEmail({ body: { email, password, rememberMe: remember }, ...withCookies }),
      );
      if (!('user' in signedIn)) return c.json({ next: 'second_factor' as const }, 200);
      await giveBackTry(c.env, c.req.raw, email);
      return c.json({ user: showUser(signedIn.user) }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/sign-in/second-factor',
      summary: 'The second step of signing in: a code of the authenticator app, or a backup code',
      middleware: [ownSite, ...jsonBody] as const,
      request: { body: body(SecondFactorBody) },
      responses: { 200: answers('The user', SignedIn) },
      refuses: [...ON_TRY, 401, 409],
    }),
    async (c) => {
      const { code, kind } = c.req.valid('json');
      await takeTry(c.env, c.req.raw, null);
      const { user } = await ask(c, (api, withCookies) =>
        kind === 'app'
          ? api.verifyTOTP({ body: { code }, ...withCookies })
          : api.verifyBackupCode({ body: { code }, ...withCookies }),
      );
      // This try, and that of the first step.
      await giveBackTry(c.env, c.req.raw, null);
      await giveBackTry(c.env, c.req.raw, user.email);
      return c.json({ user: showUser(user) }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/sign-in/passkey/options',
      summary: 'What a browser needs to sign in with a passkey',
      middleware: ownSite,
      responses: { 200: answers('For `navigator.credentials.get`', PASSKEY_OPTIONS) },
      refuses: ON_TRY,
    }),
    async (c) => {
      await takeTry(c.env, c.req.raw, null);
      const options = await ask(c, (api, withCookies) => api.generatePasskeyAuthenticationOptions(withCookies));
      return c.json(asJson(options), 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/sign-in/passkey',
      summary: 'Sign in with a passkey',
      middleware: [ownSite, ...jsonBody] as const,
      request: { body: body(PasskeyBody) },
      responses: { 200: answers('The user', SignedIn) },
      refuses: [...ON_TRY, 401],
    }),
    async (c) => {
      const { response } = c.req.valid('json');
      const { user } = await ask(c, (api, withCookies) =>
        api.verifyPasskeyAuthentication({ body: { response }, ...withCookies }),
      );
      // Taken with the options.
      await giveBackTry(c.env, c.req.raw, null);
      return c.json({ user: showUser(user) }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/sign-in/with/{provider}',
      summary: 'Where to go to sign in with a provider',
      middleware: [ownSite, ...jsonBody] as const,
      request: { params: Provider, body: body(ReturnBody) },
      responses: { 200: answers('The address', z.object({ url: like('https://accounts.example.com/authorize?…') })) },
      refuses: [...ON_TRY, 404],
    }),
    async (c) => {
      const { provider } = c.req.valid('param');
      if (!socialProviders(c.env)[provider]) throw notFound('way to sign in');
      await takeTry(c.env, c.req.raw, null);
      const { returnTo } = c.req.valid('json');
      const asked = { provider, callbackURL: returnTo, disableRedirect: true };
      const { url } = await ask(c, (api, withCookies) => api.signInSocial({ body: asked, ...withCookies }));
      if (!url) throw new Error(`there is no way to ${provider}`);
      return c.json({ url }, 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/auth/callback/{provider}',
      summary: 'Where a provider sends the browser back to',
      request: { params: Provider },
      responses: { 302: { description: 'To the dashboard; to its sign-in page with `error` where it failed' } },
      lets: ['anonymous'],
      refuses: [400],
    }),
    async (c) => {
      const origin = originOf(c.req.raw);
      const { handler } = await libraryFor(c.env, origin);
      const answer = await handler(c.req.raw);
      if (answer.status < 400) return answer;
      console.error(JSON.stringify({ event: 'provider_sign_in_failed', status: answer.status }));
      return c.redirect(`${origin}/dashboard/sign-in?error=failed`, 302);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/sign-out',
      summary: 'End this session',
      middleware: ownSite,
      responses: { 204: { description: 'Signed out' } },
    }),
    async (c) => {
      await ask(c, (api, withCookies) => api.signOut(withCookies));
      return c.body(null, 204);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/password-reset',
      summary: 'Mail a link that sets a new password',
      middleware: [ownSite, ...jsonBody] as const,
      request: { body: body(EmailBody) },
      responses: { 202: answers('What comes next is in the mail, if there is such an account', Mailed) },
      refuses: ON_TRY,
    }),
    async (c) => {
      const { email } = c.req.valid('json');
      await takeTry(c.env, c.req.raw, email);
      if (!deliversMail(c.env)) throw mailMissing();
      await takeMail(c.env, 'password-reset', email);
      // All of it behind the answer, whose time would else tell whether there is such an account.
      inBackground(
        libraryFor(c.env, originOf(c.req.raw)).then(({ api }) => api.requestPasswordReset({ body: { email } })),
      );
      return c.json(MAILED, 202);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/password-reset/confirm',
      summary: 'Set a new password by the mailed link; ends all sessions',
      middleware: [ownSite, ...jsonBody] as const,
      request: { body: body(ResetBody) },
      responses: { 204: { description: 'The password is set' } },
      refuses: ON_TRY,
    }),
    async (c) => {
      const { token, password } = c.req.valid('json');
      await takeTry(c.env, c.req.raw, null);
      // The request goes along for the audit log (see onPasswordReset).
      const along = { request: c.req.raw, asResponse: false } as const;
      await ask(c, (api, withCookies) =>
        api.resetPassword({ body: { token, newPassword: password }, ...along, ...withCookies }),
      );
      await giveBackTry(c.env, c.req.raw, null);
      return c.body(null, 204);
    },
  );

/** Signs in whoever has just proven the address and the password. */
async function signIn(c: Context<ApiEnv>, email: string, password: string): Promise<ShownUser> {
  const { user } = await ask(c, (api, withCookies) => api.signInEmail({ body: { email, password }, ...withCookies }));
  return showUser(user);
}

function showUser({ id, name, email }: ShownUser): ShownUser {
  return { id, name, email };
}

function inBackground(work: Promise<unknown>): void {
  const failed = (error: unknown) =>
    console.error(JSON.stringify({ event: 'sign_in_mail_failed', error: String(withoutValues(error)) }));
  waitUntil(work.catch(failed));
}
