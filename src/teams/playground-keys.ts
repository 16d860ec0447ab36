/**
 * Keys of the playground: by one of them the dashboard asks the gateway as whoever is signed in. It is an API key like any
 * other to budgets, rules and books, but lives some minutes, is in no list, and takes no place under a cap of keys.
 */
import { changeAudited } from '../audit/change.ts';
import { createdFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { ApiError, badRequest } from './api-error.ts';
import { memberOfCaller } from './api-keys.ts';
import { NO_KEY_LIMITS } from './budget-body.ts';
import type { Caller } from './guard.ts';
import { makeKey } from './keys.ts';
import { policyChange, pushPolicy } from './policy.ts';
import { findProject, listProjects } from './projects.ts';

export interface PlaygroundKey {
  id: string;
  secret: string;
  projectId: string;
  expiresAtMs: number;
  pending: boolean;
}

/** Makes a key for the caller, in the project asked for or the first that is theirs to use. */
export async function createPlaygroundKey(
  env: Env,
  trail: Trail,
  caller: Caller,
  asked: string | undefined,
  nowMs: number,
): Promise<PlaygroundKey> {
  const memberId = memberOfCaller(caller);
  if (memberId === null) throw new ApiError(404, 'not_found', 'A master key is no member and has no playground.');
  const key = await makeKey('api', memberId, env.KEY_SECRET);
  const made = { id: newId('key'), projectId: '', expiresAtMs: nowMs + LIMITS.playgroundKeyMs };
  await changeAudited(env.DB, trail, nowMs, async () => {
    made.projectId = await projectFor(env, caller, asked);
    return {
      action: 'playground_key.created',
      targetId: made.id,
      ...createdFields({ memberId, projectId: made.projectId, expiresAt: new Date(made.expiresAtMs).toISOString() }),
      ahead: [
        ...policyChange(env.DB, { sql: 'id = ?1', values: [memberId] }, nowMs),
        endOlder(env.DB, memberId, nowMs),
      ],
      statement: env.DB.prepare(
        `INSERT INTO api_keys (
           id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at, expires_at, playground
         )
         VALUES (?1, ?2, ?3, ?4, 'Playground', ?5, ?6, 'active', ?7, CAST(?8 AS INTEGER), CAST(?9 AS INTEGER), 1)`,
      ).bind(
        made.id,
        caller.organizationId,
        made.projectId,
        memberId,
        key.hash,
        key.masked,
        JSON.stringify(NO_KEY_LIMITS),
        nowMs,
        made.expiresAtMs,
      ),
    };
  });
  return { ...made, secret: key.secret, pending: !(await pushPolicy(env, memberId)) };
}

/** Those that expired count as deleted from then on. They keep their rows, by which usage has its names. */
export async function endPlaygroundKeys(db: D1Database, nowMs: number): Promise<void> {
  await db
    .prepare(
      `UPDATE api_keys SET deleted_at = expires_at
       WHERE id IN (
         SELECT id FROM api_keys
         WHERE playground = 1 AND deleted_at IS NULL AND expires_at <= CAST(?1 AS INTEGER)
         LIMIT ?2
       )`,
    )
    .bind(nowMs, LIMITS.pruneRowsMax)
    .run();
}

/** Ends a member's keys that expired, and the oldest where one more would be too many: all of them are in their policy. */
function endOlder(db: D1Database, memberId: string, nowMs: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE api_keys SET deleted_at = CAST(?2 AS INTEGER)
       WHERE member_id = ?1 AND playground = 1 AND deleted_at IS NULL AND id NOT IN (
         SELECT id FROM api_keys
         WHERE member_id = ?1 AND playground = 1 AND deleted_at IS NULL AND expires_at > CAST(?2 AS INTEGER)
         ORDER BY expires_at DESC, id
         LIMIT ${LIMITS.playgroundKeysMax - 1}
       )`,
    )
    .bind(memberId, nowMs);
}

async function projectFor(env: Env, caller: Caller, asked: string | undefined): Promise<string> {
  if (asked === undefined) {
    const { rows } = await listProjects(env, caller, { limit: 1, sort: 'name', archived: 'false' });
    if (rows[0]) return rows[0].id;
    throw badRequest('projectId', 'There is no project that you may use. An owner or admin can grant you one.');
  }
  const project = await findProject(env, caller, asked).catch((error) => {
    throw error instanceof ApiError ? badRequest('projectId', error.message) : error;
  });
  if (project.archived_at !== null) throw badRequest('projectId', 'The project is archived.');
  return project.id;
}
