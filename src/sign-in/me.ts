/**
 * Who is signed in and what they may: the first question of every page of the dashboard, so also what keeps a session
 * alive.
 */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { idOf, instant, like } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { ApiError } from '../teams/api-error.ts';
import { MembershipShown, membershipsOf } from '../teams/organizations.ts';
import { ABILITY_NAMES, abilitiesOf, FEATURE_NAMES, featuresOf } from '../teams/roles.ts';
import { ask } from './library.ts';

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

export const meRouter = apiRouter().openapi(
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
    const signedIn = await ask(c, (api, withCookies) => api.getSession(withCookies));
    if (!signedIn) throw new ApiError(401, 'unauthorized', 'Sign in first.');
    const { user, session } = signedIn;
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
);
