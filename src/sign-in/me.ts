/**
 * Who is signed in and what they may: the first question of every page of the dashboard, so also what keeps a session
 * alive.
 */
import { createRoute } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { ApiError } from '../teams/api-error.ts';
import { abilitiesOf, featuresOf, type Plan, type Role } from '../teams/roles.ts';
import { ask } from './library.ts';

interface MembershipRow {
  organizationId: string;
  name: string;
  kind: 'personal' | 'team';
  plan: Plan;
  timeZone: string;
  memberId: string;
  role: Role;
}

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
    const { results } = await c.env.DB.withSession('first-primary')
      .prepare(
        `SELECT organization.id AS organizationId, organization.name, organization.kind, organization.plan,
                organization.time_zone AS timeZone, member.id AS memberId, member.role
         FROM members AS member
         JOIN organizations AS organization ON organization.id = member.organization_id
         WHERE member.user_id = ?1 AND member.removed_at IS NULL
         ORDER BY member.created_at, member.id`,
      )
      .bind(user.id)
      .all<MembershipRow>();
    const memberships = results.map((row) => ({
      ...row,
      abilities: abilitiesOf(row.role),
      features: featuresOf(row.plan),
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
