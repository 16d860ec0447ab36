/**
 * Who is signed in and what they may: the first question of every page of the dashboard, so also what keeps a session
 * alive.
 */
import { createRoute } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { ApiError } from '../teams/api-error.ts';
import { membershipsOf } from '../teams/organizations.ts';
import { abilitiesOf, featuresOf } from '../teams/roles.ts';
import { ask } from './library.ts';

export const meRouter = apiRouter().openapi(
  createRoute({
    method: 'get',
    path: '/me',
    summary: 'Who is signed in, in which organizations, and what they may in each',
    responses: { 200: answers('`user`, `session` and `memberships`, the oldest first') },
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
