/**
 * The one guard of the management routes: who calls, in which organization, with which role and plan.
 *
 * Checked in this order everywhere: 401 signed in; 404 not of that organization (its existence is not told); 403
 * role_required; 403 plan_required; 403 team_required. A master key acts as an admin of its organization.
 */
import { createMiddleware } from 'hono/factory';
import { type Actor, type Trail, trailOf, withTrail } from '../audit/trail.ts';
import { ApiError, badRequest } from './api-error.ts';
import { checkKey } from './keys.ts';
import { type Ability, PLAN_NAMES, type Plan, type PlanFeature, planHas, type Role, roleMay } from './roles.ts';

export interface Caller {
  organizationId: string;
  kind: 'personal' | 'team';
  plan: Plan;
  timeZone: string;
  role: Role;
  actor: Actor;
}

interface Needs {
  ability: Ability;
  /** What to say to a role that may not. */
  roleMessage: string;
  feature?: PlanFeature;
  planMessage?: string;
  /** What to say to a personal organization, where only a team has this. */
  teamMessage?: string;
  /** Of a route that is no GET and yet changes nothing that the audit log tells of; every other one writes one entry. */
  changesNothing?: boolean;
}

type GuardedEnv = { Bindings: Env; Variables: { caller: Caller; trail: Trail } };

/**
 * The guard as a route's middleware: before any part of the request is read, so that its order holds for bad input too.
 * The organization is the path's, or the query's `organizationId`; what is needed may depend on the query.
 */
export function guarded(needs: Needs | ((query: Record<string, string>) => Needs)) {
  return createMiddleware<GuardedEnv>(async (c, next) => {
    const query = c.req.query();
    const organizationId = c.req.param('orgId') ?? query.organizationId;
    const needed = typeof needs === 'function' ? needs(query) : needs;
    const caller = await guard(c.env, c.req.raw, organizationId, needed);
    c.set('caller', caller);
    const trail = trailOf(c.req.raw, caller.organizationId, caller.actor);
    trail.changesNothing = needed.changesNothing ?? false;
    await withTrail(c, trail, next);
  });
}

async function guard(env: Env, request: Request, organizationId: string | undefined, needs: Needs): Promise<Caller> {
  const caller = await identify(env, request);
  if (!caller) {
    throw new ApiError(401, 'unauthorized', 'Sign in, or send a master key as "Authorization: Bearer psm_...".');
  }
  if (organizationId === undefined) throw badRequest('organizationId', 'organizationId is required.');
  if (caller.organizationId !== organizationId) throw new ApiError(404, 'not_found', 'There is no such organization.');
  if (!roleMay(caller.role, needs.ability)) throw new ApiError(403, 'role_required', needs.roleMessage);
  if (needs.feature && !planHas(caller.plan, needs.feature)) {
    const message = needs.planMessage ?? `This requires the ${PLAN_NAMES.enterprise} plan.`;
    throw new ApiError(403, 'plan_required', message, { metadata: { plan: 'enterprise' } });
  }
  if (needs.teamMessage !== undefined && caller.kind === 'personal') {
    throw new ApiError(403, 'team_required', needs.teamMessage);
  }
  return caller;
}

async function identify(env: Env, request: Request): Promise<Caller | null> {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (!bearer) return null;
  const key = await checkKey(bearer.trim(), env.KEY_SECRET);
  if (key?.kind !== 'master') return null;
  // The primary: a master key deleted a moment ago must not work on a replica that has not heard of it.
  const row = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT organization.id, organization.kind, organization.plan, organization.time_zone, key.id AS key_id
       FROM master_keys AS key
       JOIN organizations AS organization ON organization.id = key.organization_id
       WHERE key.hash = ?1 AND key.deleted_at IS NULL AND organization.id = ?2`,
    )
    .bind(key.hash, key.ownerId)
    .first<{ id: string; kind: Caller['kind']; plan: Plan; time_zone: string; key_id: string }>();
  if (!row) return null;
  const actor: Actor = { kind: 'master_key', masterKeyId: row.key_id };
  return { organizationId: row.id, kind: row.kind, plan: row.plan, timeZone: row.time_zone, role: 'admin', actor };
}
