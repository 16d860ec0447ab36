/** A project's routing in D1. It is part of the policy of every member who has a key in the project, and pushed to them. */
import { changeAudited } from '../audit/change.ts';
import { changedFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { LIMITS } from '../limits.ts';
import { notFound, staleVersion } from './api-error.ts';
import type { Caller } from './guard.ts';
import { type FanOut, policyChange, pushPolicies } from './policy.ts';
import { findProject, keyOwners } from './projects.ts';
import { routingText, type StoredRouting, storedRouting } from './routing-body.ts';

interface Versioned {
  routing: StoredRouting;
  version: number;
}

/** Throws a 404 for a project that the caller does not see. */
export async function readRouting(env: Env, caller: Caller, projectId: string): Promise<Versioned> {
  await findProject(env, caller, projectId);
  const row = await env.DB.withSession('first-primary')
    .prepare('SELECT routing, routing_version AS version FROM projects WHERE id = ?1 AND organization_id = ?2')
    .bind(projectId, caller.organizationId)
    .first<{ routing: string | null; version: number }>();
  if (!row) throw notFound('project');
  return { routing: storedRouting(row.routing), version: row.version };
}

/** Replaces it. `version`: the one that was read; a 409 where it is not the newest any more. */
export async function setRouting(
  env: Env,
  trail: Trail,
  caller: Caller,
  projectId: string,
  asked: { routing: StoredRouting; version: number | undefined },
  nowMs: number,
): Promise<Versioned & FanOut> {
  const { routing, version: expected } = asked;
  let version = 0;
  const changed = await changeAudited<{ id: string }>(env.DB, trail, nowMs, async () => {
    const before = await readRouting(env, caller, projectId);
    if (expected !== undefined && expected !== before.version) throw staleVersion('routing', expected);
    version = before.version + 1;
    return {
      action: 'project.routing.updated',
      targetId: projectId,
      ...changedFields(before.routing, routing),
      ahead: policyChange(env.DB, keyOwners(projectId, trail.organizationId), nowMs),
      statement: env.DB.prepare(
        `UPDATE projects SET routing = ?3, routing_version = CAST(?4 AS INTEGER)
         WHERE id = ?1 AND organization_id = ?2`,
      ).bind(projectId, trail.organizationId, routingText(routing), version),
    };
  });
  if (!changed) throw notFound('project');
  const fanOut = await pushPolicies(env, changed[0]?.results ?? [], nowMs + LIMITS.policyFanOutMs);
  return { routing, version, ...fanOut };
}
