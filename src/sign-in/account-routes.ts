/** What a signed-in person has for themselves: the browsers in which they are, and a password. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { idOf, instant, like, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { notFound } from '../teams/api-error.ts';
import { newPassword, PASSWORD } from './fields.ts';
import { askOnTry, ON_TRY, tell } from './own-account.ts';
import { signedIn } from './session.ts';

const route = routesOf('Account');

const ChangePasswordBody = z
  .strictObject({ password: PASSWORD, newPassword: newPassword('newPassword') })
  .openapi('ChangePasswordBody', {
    example: { password: 'correct horse battery', newPassword: 'staple of the battery' },
  });

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
  );

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
    createdAt: new Date(row.created_at).toISOString(),
    lastSeenAt: new Date(row.updated_at).toISOString(),
    expiresAt: new Date(row.expires_at).toISOString(),
    ipAddress: row.ip_address || null,
    userAgent: row.user_agent || null,
  };
}
