/** Where an organization's usage lies, as the operator decides: the command asks again and again until the move is done. */
import { createRoute, z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { ApiError, badRequest } from '../teams/api-error.ts';
import { usageDatabaseNames } from '../usage/databases.ts';
import type { Move } from '../usage/moving/move.ts';
import { operatorOnly } from './guard.ts';

const Org = z.object({ orgId: z.string() });

const MoveBody = z.strictObject({ database: z.string({ error: 'database must be the name of a binding.' }) });

/** Not in the reference: it is for scripts/purser.ts. */
const Moved = z.object({
  database: z.string(),
  /** Whether it is there, with nothing left behind. */
  done: z.boolean(),
  phase: z.string(),
  table: z.string().nullable(),
  copied: z.int(),
  deleted: z.int(),
  /** What to wait for before the next call, and how long. */
  waits: z.object({ forWhat: z.string(), ms: z.int() }).nullable(),
});

export const operatorUsageRouter = apiRouter().openapi(
  createRoute({
    method: 'put',
    path: '/operator/orgs/{orgId}/usage-database',
    hide: true,
    middleware: [operatorOnly, ...jsonBody] as const,
    request: { params: Org, body: body(MoveBody) },
    responses: { 200: answers('It is there', Moved), 202: answers('How far it is; call again', Moved) },
  }),
  async (c) => {
    const { orgId } = c.req.valid('param');
    const { database } = c.req.valid('json');
    const names = usageDatabaseNames(c.env);
    if (!names.includes(database)) throw badRequest('database', `database must be one of ${names.join(', ')}.`);
    const trail = c.get('trail');
    const nowMs = Date.now();
    // Not with every isolate's start: nobody else needs the schema as a value.
    const { goOn, startMove } = await import('../usage/moving/move.ts');
    const start = await startMove(c.env, orgId, database, nowMs);
    if ('refused' in start) {
      if (start.refused === 'another move') throw underWay();
      trail.changesNothing = true;
      const nothing = { phase: 'done', table: null, copied: 0, deleted: 0, waits: null };
      return c.json({ database, done: true, ...nothing }, 200);
    }
    const move = await goOn(c.env, trail, start.move, nowMs).catch((error) => {
      console.error(JSON.stringify({ event: 'usage_move_failed', organizationId: orgId, error: String(error) }));
      throw interrupted(error);
    });
    // It switches in one of these calls.
    trail.changesNothing = trail.entries === 0;
    const { phase, table, copied, deleted, waits } = move satisfies Move;
    const told = { database, phase, table, copied, deleted, waits };
    return phase === 'done' ? c.json({ ...told, done: true }, 200) : c.json({ ...told, done: false }, 202);
  },
);

function underWay(): ApiError {
  const message =
    'The usage of this organization is being moved elsewhere. Go on with that, or move it back to where it was.';
  return new ApiError(409, 'usage_move_under_way', message);
}

/** Nothing is lost by it: the next call goes on. */
function interrupted(error: unknown): ApiError {
  return new ApiError(503, 'usage_move_interrupted', `The move was interrupted; call again. ${String(error)}`);
}
