/** What a signed-in person has for themselves: sessions, password, second factor, passkeys. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type ApiEnv, answers, apiRouter, body, jsonBody } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { idOf, instant, like, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { badRequest, notFound } from '../teams/api-error.ts';
import { tellSetting } from './account-log.ts';
import { ATTESTATION, CODE, name, newPassword, PASSKEY_OPTIONS, PASSWORD } from './fields.ts';
import { asJson, ask, type Call } from './library.ts';
import { type Session, signedIn } from './session.ts';
import { giveBackTry, takeTry } from './throttle.ts';

const route = routesOf('Account');

/** Of every route that takes a password or a code: the wrong one, too many tries, no throttle to count them. */
const ON_TRY = [403, 409, 429, 503] as const;

const PasswordBody = z
  .strictObject({ password: PASSWORD })
  .openapi('PasswordBody', { example: { password: 'correct horse battery' } });

const ChangePasswordBody = z
  .strictObject({ password: PASSWORD, newPassword: newPassword('newPassword') })
  .openapi('ChangePasswordBody', {
    example: { password: 'correct horse battery', newPassword: 'staple of the battery' },
  });

const CodeBody = z.strictObject({ code: CODE }).openapi('CodeBody', { example: { code: '123456' } });

const NewPasskeyBody = z
  .strictObject({ name: name('name').openapi({ example: 'My laptop' }), response: ATTESTATION })
  .openapi('NewPasskeyBody');

const BackupCodes = z.array(like('a1b2c-d3e4f'));

const SignedInBrowser = z
  .object({
    id: idOf('ses'),
    current: z.boolean(),
    createdAt: instant('2026-01-15T09:30:00.000Z'),
    lastSeenAt: instant(),
    expiresAt: instant('2026-11-28T09:30:00.000Z'),
    ipAddress: like('192.0.2.1').nullable(),
    userAgent: like('Mozilla/5.0').nullable(),
  })
  .openapi('Session');

const Passkey = z
  .object({
    id: idOf('pky'),
    name: like('My laptop').nullable(),
    createdAt: instant('2026-01-15T09:30:00.000Z'),
    backedUp: z.boolean().openapi({ description: 'Whether other devices of its owner have it too' }),
  })
  .openapi('Passkey');

export const accountRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/auth/sessions',
      summary: 'The browsers in which you are signed in, the last used first',
      middleware: signedIn,
      responses: { 200: answers('The sessions', pageOf('sessions', SignedInBrowser)) },
    }),
    async (c) => {
      const { id: current, userId } = c.get('session');
      const { results } = await c.env.DB.prepare(
        `SELECT id, created_at, updated_at, expires_at, ip_address, user_agent
         FROM sessions WHERE user_id = ?1 AND expires_at > ?2 ORDER BY updated_at DESC, id LIMIT ?3`,
      )
        .bind(userId, Date.now(), LIMITS.sessionsShownMax)
        .all<SessionRow>();
      return c.json({ sessions: results.map((row) => showSession(row, current)), nextCursor: null }, 200);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/auth/sessions/{sessionId}',
      summary: 'Sign out one of your browsers',
      middleware: signedIn,
      request: { params: z.object({ sessionId: idOf('ses') }) },
      responses: { 204: { description: 'It is signed out' } },
      refuses: [404],
    }),
    async (c) => {
      const { sessionId } = c.req.valid('param');
      const { meta } = await c.env.DB.prepare('DELETE FROM sessions WHERE id = ?1 AND user_id = ?2')
        .bind(sessionId, c.get('session').userId)
        .run();
      if (meta.changes === 0) throw notFound('session');
      await tell(c, { action: 'user.sessions.ended', before: { sessions: [sessionId] } });
      return c.body(null, 204);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/auth/sessions',
      summary: 'Sign out all your browsers but this one',
      middleware: signedIn,
      responses: { 204: { description: 'They are signed out' } },
    }),
    async (c) => {
      const { id, userId } = c.get('session');
      const { results } = await c.env.DB.prepare('DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2 RETURNING id')
        .bind(userId, id)
        .all<{ id: string }>();
      const sessions = results.map((ended) => ended.id);
      if (sessions.length > 0) await tell(c, { action: 'user.sessions.ended', before: { sessions } });
      return c.body(null, 204);
    },
  )
  .openapi(
    route({
      method: 'put',
      path: '/auth/password',
      summary: 'Change the password; signs out all other browsers',
      middleware: [signedIn, ...jsonBody] as const,
      request: { body: body(ChangePasswordBody) },
      responses: { 204: { description: 'It is changed' } },
      refuses: ON_TRY,
    }),
    async (c) => {
      const { password: currentPassword, newPassword } = c.req.valid('json');
      const change = { currentPassword, newPassword, revokeOtherSessions: true };
      await askOnTry(c, c.get('session'), (api, withCookies) => api.changePassword({ body: change, ...withCookies }));
      await tell(c, { action: 'user.password.changed' });
      return c.body(null, 204);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/second-factor',
      summary: 'Begin with a second factor: the secret for an authenticator app, and backup codes, shown once',
      middleware: [signedIn, ...jsonBody] as const,
      request: { body: body(PasswordBody) },
      responses: {
        201: answers(
          '`totpUri` for the app, `backupCodes`; in force once confirmed',
          z.object({ totpUri: like('otpauth://totp/Purser:ada@example.com?secret=…'), backupCodes: BackupCodes }),
        ),
      },
      refuses: ON_TRY,
    }),
    async (c) => {
      const begun = await askOnTry(c, c.get('session'), (api, withCookies) =>
        api.enableTwoFactor({ body: { ...c.req.valid('json'), method: 'totp' }, ...withCookies }),
      );
      if (begun.method !== 'totp') throw new Error(`the second factor began as ${begun.method}`);
      return c.json({ totpUri: begun.totpURI, backupCodes: begun.backupCodes }, 201);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/second-factor/confirm',
      summary: 'Turn the second factor on, by a first code of the app',
      middleware: [signedIn, ...jsonBody] as const,
      request: { body: body(CodeBody) },
      responses: { 204: { description: 'It is on' } },
      refuses: ON_TRY,
    }),
    async (c) => {
      const wasOn = await hasSecondFactor(c);
      await askOnTry(c, c.get('session'), (api, withCookies) =>
        api.verifyTOTP({ body: c.req.valid('json'), ...withCookies }),
      );
      if (!wasOn) await tell(c, { action: 'user.second_factor.enabled' });
      return c.body(null, 204);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/second-factor/backup-codes',
      summary: 'New backup codes in place of the old ones, shown once',
      middleware: [signedIn, ...jsonBody] as const,
      request: { body: body(PasswordBody) },
      responses: { 201: answers('`backupCodes`', z.object({ backupCodes: BackupCodes })) },
      refuses: ON_TRY,
    }),
    async (c) => {
      const { backupCodes } = await askOnTry(c, c.get('session'), (api, withCookies) =>
        api.generateBackupCodes({ body: c.req.valid('json'), ...withCookies }),
      );
      await tell(c, { action: 'user.backup_codes.renewed' });
      return c.json({ backupCodes }, 201);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/second-factor/off',
      summary: 'Turn the second factor off',
      middleware: [signedIn, ...jsonBody] as const,
      request: { body: body(PasswordBody) },
      responses: { 204: { description: 'It is off' } },
      refuses: ON_TRY,
    }),
    async (c) => {
      const wasOn = await hasSecondFactor(c);
      await askOnTry(c, c.get('session'), (api, withCookies) =>
        api.disableTwoFactor({ body: c.req.valid('json'), ...withCookies }),
      );
      if (wasOn) await tell(c, { action: 'user.second_factor.disabled' });
      return c.body(null, 204);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/auth/passkeys',
      summary: 'Your passkeys, newest first',
      middleware: signedIn,
      responses: { 200: answers('The passkeys', pageOf('passkeys', Passkey)) },
    }),
    async (c) => {
      const { results } = await c.env.DB.prepare(
        'SELECT id, name, created_at, backed_up FROM passkeys WHERE user_id = ?1 ORDER BY created_at DESC, id',
      )
        .bind(c.get('session').userId)
        .all<PasskeyRow>();
      return c.json({ passkeys: results.map(showPasskey), nextCursor: null }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/passkeys/options',
      summary: 'What a browser needs to make a passkey',
      middleware: signedIn,
      responses: { 200: answers('For `navigator.credentials.create`', PASSKEY_OPTIONS) },
      refuses: [400],
    }),
    async (c) => {
      checkHasName(new URL(c.req.url).hostname);
      const { count } = (await c.env.DB.prepare('SELECT count(*) AS count FROM passkeys WHERE user_id = ?1')
        .bind(c.get('session').userId)
        .first<{ count: number }>()) ?? { count: 0 };
      if (count >= LIMITS.passkeysMax) throw tooManyPasskeys();
      const options = await ask(c, (api, withCookies) =>
        api.generatePasskeyRegistrationOptions({ query: {}, ...withCookies }),
      );
      return c.json(asJson(options), 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/auth/passkeys',
      summary: 'Keep a passkey that the browser has made',
      middleware: [signedIn, ...jsonBody] as const,
      request: { body: body(NewPasskeyBody) },
      responses: { 201: answers('The passkey', Passkey) },
      refuses: [409],
    }),
    async (c) => {
      const { id } = await ask(c, (api, withCookies) =>
        api.verifyPasskeyRegistration({ body: c.req.valid('json'), ...withCookies }),
      );
      // The library inserts unconditionally, and options may have been asked for many times before: counted once it is there.
      const { meta } = await c.env.DB.prepare(
        `DELETE FROM passkeys
         WHERE id = ?1 AND (SELECT count(*) FROM passkeys WHERE user_id = ?2) > ${LIMITS.passkeysMax}`,
      )
        .bind(id, c.get('session').userId)
        .run();
      if (meta.changes > 0) throw tooManyPasskeys();
      const row = await c.env.DB.prepare('SELECT id, name, created_at, backed_up FROM passkeys WHERE id = ?1')
        .bind(id)
        .first<PasskeyRow>();
      if (!row) throw new Error(`the passkey ${id} was made and is not there`);
      await tell(c, { action: 'user.passkey.added', after: { passkeyId: id } });
      return c.json(showPasskey(row), 201);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/auth/passkeys/{passkeyId}',
      summary: 'Remove a passkey',
      middleware: signedIn,
      request: { params: z.object({ passkeyId: idOf('pky') }) },
      responses: { 204: { description: 'It is removed' } },
      refuses: [404],
    }),
    async (c) => {
      const { passkeyId } = c.req.valid('param');
      const { meta } = await c.env.DB.prepare('DELETE FROM passkeys WHERE id = ?1 AND user_id = ?2')
        .bind(passkeyId, c.get('session').userId)
        .run();
      if (meta.changes === 0) throw notFound('passkey');
      await tell(c, { action: 'user.passkey.removed', before: { passkeyId } });
      return c.body(null, 204);
    },
  );

/** Asks for what takes a password or a code: a try, which is given back where it was right. */
async function askOnTry<T, E extends ApiEnv>(c: Context<E>, { userId }: Session, call: Call<T>): Promise<T> {
  await takeTry(c.env, c.req.raw, userId);
  const answer = await ask(c, call);
  await giveBackTry(c.env, c.req.raw, userId);
  return answer;
}

/** Of a route's context behind `signedIn`, what is needed here. */
interface SignedIn {
  env: Env;
  req: { raw: Request };
  get(key: 'session'): Session;
}

function tooManyPasskeys() {
  return badRequest(null, `You have ${LIMITS.passkeysMax} passkeys, which is the limit. Remove one first.`);
}

/** Whether it is asked for already: then a right code, or the password, changes nothing that is to be told. */
async function hasSecondFactor(c: SignedIn): Promise<boolean> {
  const on = await c.env.DB.prepare('SELECT two_factor_enabled FROM users WHERE id = ?1')
    .bind(c.get('session').userId)
    .first<number>('two_factor_enabled');
  return on === 1;
}

/** Tells the organizations of whoever is signed in what they have changed. */
function tell(c: SignedIn, setting: Parameters<typeof tellSetting>[3]): Promise<void> {
  const { id: sessionId, userId } = c.get('session');
  return tellSetting(c.env, c.req.raw, { userId, sessionId }, setting);
}

interface SessionRow {
  id: string;
  created_at: number;
  updated_at: number;
  expires_at: number;
  ip_address: string | null;
  user_agent: string | null;
}

function showSession(row: SessionRow, currentId: string): z.infer<typeof SignedInBrowser> {
  return {
    id: row.id,
    current: row.id === currentId,
    createdAt: instantOf(row.created_at),
    lastSeenAt: instantOf(row.updated_at),
    expiresAt: instantOf(row.expires_at),
    ipAddress: row.ip_address || null,
    userAgent: row.user_agent || null,
  };
}

interface PasskeyRow {
  id: string;
  name: string | null;
  created_at: number;
  backed_up: number;
}

function showPasskey({ id, name, created_at, backed_up }: PasskeyRow): z.infer<typeof Passkey> {
  return { id, name, createdAt: instantOf(created_at), backedUp: backed_up === 1 };
}

function instantOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Browsers make passkeys for names only. */
function checkHasName(hostname: string): void {
  if (!/^[\d.]+$|^\[/.test(hostname)) return;
  const message = 'Passkeys belong to a name, not to a number: open Purser under its name (here: localhost).';
  throw badRequest(null, message);
}
