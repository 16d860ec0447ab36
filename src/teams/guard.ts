/**
 * The one guard of the management routes: who calls, in which organization, with which role and plan.
 *
 * Checked in this order everywhere: 401 signed in; 404 not of that organization (its existence is not told); 403
 * role_required; 403 plan_required; 403 team_required. A master key acts as an admin of its organization, a signed-in
 * person as the member that D1 has now: one query for session, member and organization, so that a removed member is a
 * stranger at once. A change by cookie must come from a page of ours (403 cross_origin, once it is known to be theirs).
 */
import { createMiddleware } from 'hono/factory';
import { type Actor, type Trail, trailOf, withTrail } from '../audit/trail.ts';
import { tells } from '../reference/route.ts';
import { refuseOtherSites, sessionTokenOf } from '../sign-in/session.ts';
import { noteUsageDatabase } from '../usage/databases.ts';
import { ApiError, badRequest } from './api-error.ts';
import { checkKey } from './keys.ts';
import { type Ability, PLAN_NAMES, type Plan, type PlanFeature, planHas, type Role, roleMay } from './roles.ts';

export interface Caller {
  organizationId: string;
  kind: 'personal' | 'team';
  plan: Plan;
  timeZone: string;
  /** Whether the organization is deleted: then its owners may undo that, and that is all. */
  deleted: boolean;
  role: Role;
  actor: Actor;
}

/** The caller's own membership; null for a master key. */
export function memberIdOf({ actor }: Caller): string | null {
  return actor.kind === 'user' ? actor.memberId : null;
}

interface Needs {
  ability: Ability;
  /** Whether the path's member, or else the query's, signed in, may too, whatever their role. */
  orSelf?: boolean;
  /** Of a route that a deleted organization still has. */
  evenDeleted?: boolean;
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
  const guarding = createMiddleware<GuardedEnv>(async (c, next) => {
    const query = c.req.query();
    const organizationId = c.req.param('orgId') ?? query.organizationId;
    const needed = typeof needs === 'function' ? needs(query) : needs;
    const memberId = c.req.param('memberId') ?? query.memberId;
    const caller = await guard(c.env, c.req.raw, organizationId, memberId, needed);
    c.set('caller', caller);
    const trail = trailOf(c.req.raw, caller.organizationId, caller.actor);
    trail.changesNothing = needed.changesNothing ?? false;
    await withTrail(c, trail, next);
  });
  // A change is told by the audit log, which takes one at a time.
  return tells(guarding, { refuses: [401, 403, 404], refusesChanges: [503], lets: ['masterKey', 'session'] });
}

async function guard(
  env: Env,
  request: Request,
  organizationId: string | undefined,
  memberId: string | undefined,
  needs: Needs,
): Promise<Caller> {
  const caller = await identify(env, request, organizationId);
  if (!caller) {
    throw new ApiError(401, 'unauthorized', 'Sign in, or send a master key as "Authorization: Bearer psm_...".');
  }
  if (organizationId === undefined) throw badRequest('organizationId', 'organizationId is required.');
  const known = caller !== 'stranger' && caller.organizationId === organizationId;
  if (!known || (caller.deleted && !needs.evenDeleted)) {
    throw new ApiError(404, 'not_found', 'There is no such organization.');
  }
  const isSelf = memberId !== undefined && memberId === memberIdOf(caller);
  if (!roleMay(caller.role, needs.ability) && !(needs.orSelf && isSelf))
    throw new ApiError(403, 'role_required', needs.roleMessage);
  if (needs.feature && !planHas(caller.plan, needs.feature)) {
    const message = needs.planMessage ?? `This requires the ${PLAN_NAMES.enterprise} plan.`;
    throw new ApiError(403, 'plan_required', message, { metadata: { plan: 'enterprise' } });
  }
  if (needs.teamMessage !== undefined && caller.kind === 'personal') {
    throw new ApiError(403, 'team_required', needs.teamMessage);
  }
  return caller;
}

/** Null where nobody is signed in; 'stranger' where somebody is who is no member of this organization. */
async function identify(env: Env, request: Request, organizationId?: string): Promise<Caller | 'stranger' | null> {
  // A header is sent on purpose, a cookie with everything.
  const authorization = request.headers.get('authorization');
  if (authorization !== null) return byMasterKey(env, authorization);
  return bySession(env, request, organizationId ?? '');
}

interface OrganizationRow {
  id: string;
  kind: Caller['kind'];
  plan: Plan;
  time_zone: string;
  deleted_at: number | null;
  usage_database: string | null;
}

/** What a master key in the header Authorization opens, or null. */
export async function byMasterKey(env: Env, authorization: string): Promise<Caller | null> {
  const bearer = /^Bearer (.+)$/i.exec(authorization)?.[1];
  if (!bearer) return null;
  const key = await checkKey(bearer.trim(), env.KEY_SECRET);
  if (key?.kind !== 'master') return null;
  // The primary: a master key deleted a moment ago must not work on a replica that has not heard of it.
  const row = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT key.id AS master_key_id, organization.id, organization.kind, organization.plan, organization.time_zone,
              organization.deleted_at, organization.usage_database
       FROM master_keys AS key
       JOIN organizations AS organization ON organization.id = key.organization_id
       WHERE key.hash = ?1 AND key.deleted_at IS NULL AND organization.id = ?2`,
    )
    .bind(key.hash, key.ownerId)
    .first<OrganizationRow & { master_key_id: string }>();
  return row && callerOf(row, 'admin', { kind: 'master_key', masterKeyId: row.master_key_id });
}

async function bySession(env: Env, request: Request, organizationId: string): Promise<Caller | 'stranger' | null> {
  const token = await sessionTokenOf(request, env);
  if (token === null) return null;
  const row = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT session.id AS session_id, session.user_id, member.id AS member_id, member.role,
              organization.id, organization.kind, organization.plan, organization.time_zone, organization.deleted_at,
              organization.usage_database
       FROM sessions AS session
       LEFT JOIN members AS member
         ON member.user_id = session.user_id AND member.organization_id = ?2 AND member.removed_at IS NULL
       LEFT JOIN organizations AS organization ON organization.id = member.organization_id
       WHERE session.token = ?1 AND session.expires_at > ?3`,
    )
    .bind(token, organizationId, Date.now())
    .first<{ session_id: string; user_id: string } & (Membership | { member_id: null })>();
  if (!row) return null;
  refuseOtherSites(request);
  if (row.member_id === null) return 'stranger';
  const actor: Actor = { kind: 'user', userId: row.user_id, memberId: row.member_id, sessionId: row.session_id };
  return callerOf(row, row.role, actor);
}

type Membership = OrganizationRow & { member_id: string; role: Role };

function callerOf(row: OrganizationRow, role: Role, actor: Actor): Caller {
  const { id, kind, plan, time_zone, deleted_at } = row;
  noteUsageDatabase(id, row.usage_database);
  return { actor, organizationId: id, kind, plan, timeZone: time_zone, deleted: deleted_at !== null, role };
}
