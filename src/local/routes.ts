/**
 * Routes of local builds only: the dashboard's files, which the platform serves by itself in a deployment (wrangler.toml), and ship and roll up now, so that a test or a curious newcomer need not wait for the cron.
 */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { forEachObject, settledBudget } from '../objects.ts';
import { count, ORG_ID } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { guarded } from '../teams/guard.ts';
import { usageDatabase } from '../usage/databases.ts';
import { rollUp } from '../usage/rollups.ts';

export const localRouter = apiRouter();

for (const path of ['/dashboard', '/dashboard/*']) {
  localRouter.get(path, (c) => c.env.DASHBOARD?.fetch(c.req.raw) ?? c.notFound());
}

localRouter.openapi(
  routesOf('Service')({
    method: 'post',
    path: '/orgs/{orgId}/rollups',
    summary: 'Ship and roll up now; answers when D1 has every settled event of the organization',
    middleware: guarded({
      ability: 'rollups.run',
      roleMessage: 'Only owners and admins can run the rollups.',
      changesNothing: true,
    }),
    request: { params: z.object({ orgId: ORG_ID }) },
    responses: { 200: answers('Done', z.object({ waiting: count(0) })) },
  }),
  async (c) => {
    const { orgId } = c.req.valid('param');
    const { results } = await c.env.DB.prepare('SELECT id FROM members WHERE organization_id = ?1')
      .bind(orgId)
      .all<{ id: string }>();
    await forEachObject(results, ({ id: memberId }) =>
      settledBudget(c.env, memberId, (object) => object.ship({ memberId })),
    );
    const { waiting } = await rollUp(await usageDatabase(c.env, orgId), Date.now());
    return c.json({ waiting }, 200);
  },
);
