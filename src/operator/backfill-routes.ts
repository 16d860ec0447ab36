/** What the operator does where the sums of usage are not what they are sums of: src/usage/backfill.ts, a few seconds at a time. */
import { createRoute, z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { noteAudited } from '../audit/change.ts';
import { notFound } from '../teams/api-error.ts';
import { goOnBackfilling, showBackfills, startBackfill } from '../usage/backfill.ts';
import { usageDatabases } from '../usage/databases.ts';
import { DEPLOYMENT, operatorOfAll } from './guard.ts';

/** `begin`: from the beginning, of one organization or (null) of all. Else: go on with what was begun. */
const BackfillBody = z.strictObject({ begin: z.boolean(), organizationId: z.string().nullable() });

/** Not in the reference: for scripts/purser.ts. */
const Backfilled = z.looseObject({ more: z.boolean() });

export const backfillRouter = apiRouter().openapi(
  createRoute({
    method: 'post',
    path: '/operator/backfill',
    hide: true,
    middleware: [operatorOfAll, ...jsonBody] as const,
    request: { body: body(BackfillBody) },
    responses: { 200: answers('How far it is, and what it has changed', Backfilled) },
  }),
  async (c) => {
    const { begin, organizationId } = c.req.valid('json');
    const trail = c.get('trail');
    const nowMs = Date.now();
    const databases = usageDatabases(c.env);
    if (begin) {
      for (const db of databases) await startBackfill(db, organizationId, nowMs);
      const targetId = organizationId ?? DEPLOYMENT;
      await noteAudited(c.env.DB, trail, nowMs, { action: 'usage.backfilled', targetId, before: null, after: {} });
    } else {
      trail.changesNothing = true;
    }
    let more = false;
    for (const db of databases) more = (await goOnBackfilling(db, nowMs)).more || more;
    const all = (await Promise.all(databases.map(showBackfills))).flat();
    const shown = organizationId === null ? all : all.filter((one) => one.organizationId === organizationId);
    if (organizationId !== null && shown.length === 0) throw notFound('organization with usage');
    const organizations = shown.map(({ nextAt, finishedAt, ...rest }) => ({
      ...rest,
      doneUpTo: finishedAt === null ? new Date(nextAt).toISOString() : null,
      finished: finishedAt !== null,
    }));
    return c.json({ more: more && organizations.some(({ finished }) => !finished), organizations }, 200);
  },
);
