/** A signed-in person's second factor: an authenticator app, and backup codes for when it is lost. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { like } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { CODE, PASSWORD } from './fields.ts';
import { askOnTry, ON_TRY, type SignedIn, tell } from './own-account.ts';
import { signedIn } from './session.ts';

const route = routesOf('Account');

const PasswordBody = z
  .strictObject({ password: PASSWORD })
  .openapi('PasswordBody', { example: { password: 'correct horse battery' } });

const CodeBody = z.strictObject({ code: CODE }).openapi('CodeBody', { example: { code: '123456' } });

const BackupCodes = z.array(like('a1b2c-d3e4f'));

export const secondFactorRouter = apiRouter()
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
  );

/** Whether it is asked for already: then a right code, or the password, changes nothing that is to be told. */
async function hasSecondFactor(c: SignedIn): Promise<boolean> {
  const on = await c.env.DB.prepare('SELECT two_factor_enabled FROM users WHERE id = ?1')
    .bind(c.get('session').userId)
    .first<number>('two_factor_enabled');
  return on === 1;
}
