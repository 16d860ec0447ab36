/** A signed-in person's passkeys. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { idOf, instant, like, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { badRequest, notFound } from '../teams/api-error.ts';
import { ATTESTATION, name, PASSKEY_OPTIONS } from './fields.ts';
import { asJson, ask } from './library.ts';
import { tell } from './own-account.ts';
import { signedIn } from './session.ts';

const route = routesOf('Account');

const NewPasskeyBody = z
  .strictObject({ name: name('name').openapi({ example: 'My laptop' }), response: ATTESTATION })
  .openapi('NewPasskeyBody');

const Passkey = z
  .object({
    id: idOf('pky'),
    name: like('My laptop').nullable(),
    createdAt: instant('2026-01-15T09:30:00.000Z'),
    backedUp: z.boolean().openapi({ description: 'Whether other devices of its owner have it too' }),
  })
  .openapi('Passkey');

export const passkeyRouter = apiRouter()
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

function tooManyPasskeys() {
  return badRequest(null, `You have ${LIMITS.passkeysMax} passkeys, which is the limit. Remove one first.`);
}

interface PasskeyRow {
  id: string;
  name: string | null;
  created_at: number;
  backed_up: number;
}

function showPasskey({ id, name, created_at, backed_up }: PasskeyRow): z.infer<typeof Passkey> {
  return { id, name, createdAt: new Date(created_at).toISOString(), backedUp: backed_up === 1 };
}

/** Browsers make passkeys for names only. */
function checkHasName(hostname: string): void {
  if (!/^[\d.]+$|^\[/.test(hostname)) return;
  const message = 'Passkeys belong to a name, not to a number: open Purser under its name (here: localhost).';
  throw badRequest(null, message);
}
