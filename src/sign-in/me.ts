/**
 * Who is signed in and what they may: the first question of every page of the dashboard, so also what keeps a session
 * alive. And the one thing of it that they change themselves, their name.
 */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { idOf, instant, like } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { ApiError } from '../teams/api-error.ts';
import { MembershipShown, membershipsOf } from '../teams/organizations.ts';
import { ABILITY_NAMES, abilitiesOf, FEATURE_NAMES, featuresOf } from '../teams/roles.ts';
import { tellSetting } from './account-log.ts';
import { name } from './fields.ts';
import { ask } from './library.ts';
import { signedIn } from './session.ts';

const route = routesOf('Account');

const Me = z
  .object({
    user: z.object({
      id: idOf('usr'),
      name: like('Ada Lovelace'),
      email: like('ada@example.com'),
      secondFactor: z.boolean(),
    }),
    session: z.object({ id: idOf('ses'), expiresAt: instant('2026-11-28T09:30:00.000Z') }),
    memberships: z.array(
      z.object({
        organizationId: idOf('org'),
        ...MembershipShown.omit({ id: true }).shape,
        abilities: z.array(z.enum(ABILITY_NAMES)),
        features: z.array(z.enum(FEATURE_NAMES)),
      }),
    ),
  })
  .openapi('Me');

const MeBody = z.strictObject({ name: name('name') }).openapi('MeBody', { example: { name: 'Ada King' } });

export const meRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/me',
      summary: 'Who is signed in, in which organizations, and what they may in each',
      responses: { 200: answers('`user`, `session` and `memberships`, the oldest first', Me) },
      lets: ['session'],
      refuses: [401],
    }),
    async (c) => {
      // By the library, because it puts off the end of the session and of its cookie.
      const asked = await ask(c, (api, withCookies) => api.getSession(withCookies));
      if (!asked) throw new ApiError(401, 'unauthorized', 'Sign in first.');
      const { user, session } = asked;
      const memberships = (await membershipsOf(c.env, user.id)).map(({ id: organizationId, ...membership }) => ({
        organizationId,
        ...membership,
        abilities: abilitiesOf(membership.role),
        features: featuresOf(membership.plan),
      }));
      const { id, name, email, twoFactorEnabled } = user;
      c.header('cache-control', 'no-store');
      return c.json(
        {
          user: { id, name, email, secondFactor: twoFactorEnabled === true },
          session: { id: session.id, expiresAt: session.expiresAt.toISOString() },
          memberships,
        },
        200,
      );
    },
  )
  .openapi(
    route({
      method: 'patch',
      path: '/me',
      summary: "Change one's own name, in every organization whose member one is",
      middleware: [signedIn, ...jsonBody] as const,
      request: { body: body(MeBody) },
      responses: { 200: answers('The name', z.object({ name: like('Ada King') })) },
    }),
    async (c) => {
      const session = c.get('session');
      const { name: next } = c.req.valid('json');
      const was = await rename(c.env.DB, session.userId, next);
      const who = { userId: session.userId, sessionId: session.id };
      await tellSetting(c.env, c.req.raw, who, {
        action: 'user.name.changed',
        before: { name: was },
        after: { name: next },
      });
      return c.json({ name: next }, 200);
    },
  );

/** Answers what they were called. Who left an organization keeps the name there that they left it with. */
async function rename(db: D1Database, userId: string, next: string): Promise<string> {
  const [before] = (await db.batch([
    db.prepare('SELECT name FROM users WHERE id = ?1').bind(userId),
    db
      .prepare('UPDATE users SET name = ?2, updated_at = CAST(?3 AS INTEGER) WHERE id = ?1')
      .bind(userId, next, Date.now()),
    db.prepare('UPDATE members SET name = ?2 WHERE user_id = ?1 AND removed_at IS NULL').bind(userId, next),
  ])) as [D1Result<{ name: string }>, D1Result, D1Result];
  const was = before.results[0];
  if (!was) throw new Error(`a session of no user: ${userId}`);
  return was.name;
}
