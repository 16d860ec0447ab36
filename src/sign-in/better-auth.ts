/**
 * better-auth as Purser uses it: passwords, sessions, second factors, passkeys, Google and GitHub. It makes no user but
 * who may sign up, never answers a client itself (routes.ts does), and logs nothing of what it handles.
 *
 * Imported on first use only (library.ts), because no request to the gateway needs any of it.
 */
import { passkey } from '@better-auth/passkey';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { APIError } from 'better-auth/api';
import { betterAuth } from 'better-auth/minimal';
import { twoFactor } from 'better-auth/plugins/two-factor';
import { drizzle } from 'drizzle-orm/d1';
import { accounts, passkeys, sessions, twoFactors, users, verifications } from '../database/schema.ts';
import { type IdKind, newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { send } from '../mail/mail.ts';
import { tellSetting, tellSignedUp } from './account-log.ts';
import { resetPasswordMail } from './mails.ts';
import { socialProviders } from './providers.ts';
import { COOKIE_PREFIX } from './session.ts';
import { permitOf } from './who-may-sign-up.ts';

const ID_KINDS: Record<string, IdKind> = {
  user: 'usr',
  session: 'ses',
  account: 'acc',
  verification: 'ver',
  twoFactor: 'two',
  passkey: 'pky',
};

/** Where a provider's answer leads when it signed nobody in; why is in the query, as `error`. */
const SIGN_IN_PAGE = '/dashboard/sign-in';

/** What the library calls passwords among the ways to sign in. */
const PASSWORD_PROVIDER = 'credential';

const seconds = (ms: number) => ms / 1_000;

export type Library = ReturnType<typeof createLibrary>;

/** The library for one origin: cookies, passkeys and links are of the origin under which Purser is called. */
export function createLibrary(env: Env, origin: string, secret: string) {
  return betterAuth({
    appName: 'Purser',
    baseURL: origin,
    basePath: '/auth',
    secret,
    trustedOrigins: [origin],
    database: drizzleAdapter(drizzle(env.DB), {
      provider: 'sqlite',
      schema: {
        user: users,
        session: sessions,
        account: accounts,
        verification: verifications,
        passkey: passkeys,
        twoFactor: twoFactors,
      },
    }),
    user: {
      // Asked by a provider's sign-in only: passwords come by way of sign-up.ts.
      async validateUserInfo({ user, source }) {
        if (source.action === 'sign-in') return undefined;
        if (!user.email || !user.emailVerified) return { error: 'email_not_verified' };
        if (source.action === 'link-account' || (await permitOfProvider(env, user.email))) return undefined;
        return { error: 'sign_up_closed' };
      },
    },
    session: { expiresIn: seconds(LIMITS.sessionMs), updateAge: seconds(LIMITS.sessionRefreshMs) },
    verification: { storeIdentifier: 'hashed' },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      requireEmailVerification: true,
      minPasswordLength: LIMITS.passwordLengthMin,
      maxPasswordLength: LIMITS.passwordLengthMax,
      resetPasswordTokenExpiresIn: seconds(LIMITS.passwordResetLinkMs),
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: ({ user, token }) => send(env, resetPasswordMail(origin, user.email, user.name, token)),
      // The link has proven the address.
      async onPasswordReset({ user }, request) {
        await env.DB.prepare('UPDATE users SET email_verified = 1 WHERE id = ?1').bind(user.id).run();
        if (!request) throw new Error('a password is reset by a request');
        const proven = { before: { emailVerified: false }, after: { emailVerified: true } };
        const setting = { action: 'user.password.reset', ...(!user.emailVerified && proven) } as const;
        await tellSetting(env, request, { userId: user.id, sessionId: null }, setting);
      },
    },
    socialProviders: socialProviders(env),
    onAPIError: { errorURL: origin + SIGN_IN_PAGE },
    databaseHooks: {
      user: {
        create: {
          // Some providers know of no name.
          before: async (user) => ({
            data: { ...user, name: (user.name || user.email).slice(0, LIMITS.nameLengthMax) },
          }),
          async after(user, context) {
            const nowMs = Date.now();
            const permit = await permitOfProvider(env, user.email);
            const statements = permit?.alongWith(
              { id: user.id, name: user.name, organizationName: user.name, timeZone: 'UTC' },
              nowMs,
            );
            if (!statements?.length) return;
            await env.DB.batch(statements);
            await tellSignedUp(env, requestOf(context), user.email);
          },
        },
      },
      account: {
        // A provider's tokens would open what is none of our business. `undefined` would keep what is there.
        create: {
          before: async (account) => ({ data: { ...account, ...NO_TOKENS } }),
          async after({ userId, providerId }, context) {
            // A first password is told of as its reset.
            if (providerId === PASSWORD_PROVIDER) return;
            const setting = { action: 'user.provider.linked', after: { provider: providerId } } as const;
            await tellSetting(env, requestOf(context), { userId, sessionId: null }, setting);
          },
        },
        update: { before: async (account) => ({ data: { ...account, ...NO_TOKENS } }) },
      },
    },
    plugins: [
      twoFactor({
        issuer: 'Purser',
        accountLockout: {
          maxFailedAttempts: LIMITS.secondFactorTriesMax,
          durationSeconds: seconds(LIMITS.secondFactorLockMs),
        },
      }),
      passkey({
        rpID: new URL(origin).hostname,
        rpName: 'Purser',
        origin,
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        authentication: {
          // A passkey stands for both factors, so it takes the finger or the PIN and not the mere device.
          async afterVerification({ verification }) {
            if (!verification.authenticationInfo.userVerified) {
              throw new APIError('UNAUTHORIZED', { code: 'AUTHENTICATION_FAILED', message: 'not verified' });
            }
          },
        },
      }),
    ],
    // src/sign-in/throttle.ts does that, for all isolates together.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    advanced: {
      cookiePrefix: COOKIE_PREFIX,
      useSecureCookies: origin.startsWith('https:'),
      ipAddress: { ipAddressHeaders: ['cf-connecting-ip'] },
      database: { generateId: ({ model }) => newId(idKindOf(model)) },
    },
  });
}

/** The request in which a provider vouches for somebody. */
function requestOf(context: { request?: Request | undefined } | null): Request {
  if (!context?.request) throw new Error('nobody is signed in with a provider but by a request');
  return context.request;
}

const NO_TOKENS = {
  accessToken: null,
  refreshToken: null,
  idToken: null,
  accessTokenExpiresAt: null,
  refreshTokenExpiresAt: null,
};

function permitOfProvider(env: Env, email: string) {
  return permitOf(env, { email: email.toLowerCase(), setUpCodeHash: null, invitationTokenHash: null }, Date.now());
}

function idKindOf(model: string): IdKind {
  const kind = ID_KINDS[model];
  if (!kind) throw new Error(`the sign-in library asks for the id of an unknown thing: ${model}`);
  return kind;
}
