/**
 * Organizations as a person has them: listing, making, converting, deleting and having back.
 *
 * A deleted organization is gone for everybody but its owners, who can undo that for thirty days; its keys are refused
 * meanwhile. Then a cron erases what only served to use it. What was spent, and the audit log, stay: they are records.
 */
import { z } from '@hono/zod-openapi';
import { changeAudited } from '../audit/change.ts';
import { createdFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { LIMITS } from '../limits.ts';
import { idOf, instant } from '../reference/fields.ts';
import { ApiError, badRequest } from './api-error.ts';
import { insertOrganization, OWNED } from './new-organization.ts';
import { ORGANIZATION_NAMED, readOrganization } from './organization.ts';
import { changeOrganization, type FanOut } from './policy.ts';
import { ROLES } from './roles.ts';
import { instantOrNull } from './status.ts';

/** An organization in one's own list. */
export const MembershipShown = z
  .object({
    ...ORGANIZATION_NAMED,
    memberId: idOf('mem').nullable().openapi({ description: 'Null for a master key' }),
    role: z.enum(ROLES),
    deletedAt: instant().nullable().openapi({
      description: 'Since when it is deleted; only owners see it then',
      example: null,
    }),
  })
  .openapi('Membership');

export type Membership = z.infer<typeof MembershipShown>;

/** Those of a user, the oldest membership first. */
export async function membershipsOf(env: Env, userId: string): Promise<Membership[]> {
  const { results } = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT organization.id, organization.name, organization.kind, organization.plan,
              organization.time_zone AS timeZone, member.id AS memberId, member.role,
              organization.deleted_at AS deletedAtMs
       FROM members AS member
       JOIN organizations AS organization ON organization.id = member.organization_id
       WHERE member.user_id = ?1
         AND member.removed_at IS NULL
         AND (organization.deleted_at IS NULL OR (member.role = 'owner' AND organization.erased_at IS NULL))
       ORDER BY member.created_at, member.id`,
    )
    .bind(userId)
    .all<Omit<Membership, 'deletedAt'> & { deletedAtMs: number | null }>();
  return results.map(({ deletedAtMs, ...membership }) => ({ ...membership, deletedAt: instantOrNull(deletedAtMs) }));
}

/**
 * Makes the organization that the trail is of, owned by its actor. It spends only prepaid credit, unless its owner owns one
 * that need not: else anybody who was ever invited could spend without limit by making one.
 */
export async function createOrganization(
  env: Env,
  trail: Trail,
  asked: { name: string; kind: 'personal' | 'team'; timeZone: string },
  nowMs: number,
): Promise<void> {
  const { actor, organizationId } = trail;
  if (actor.kind !== 'user') throw new Error('organizations are made by people');
  const metered = !(await ownsUnmetered(env, actor.userId));
  const [statement, ...behind] = insertOrganization(
    env,
    { ...asked, metered, ownerId: actor.userId, organizationId, memberId: actor.memberId },
    nowMs,
  );
  if (!statement) throw new Error('nothing makes an organization');
  const made = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'organization.created',
    targetId: organizationId,
    ...createdFields({ ...asked, metered }),
    statement,
    behind,
  }));
  if (!made) throw badRequest(null, `Nobody owns more than ${LIMITS.organizationsOwnedMax} organizations.`);
}

async function ownsUnmetered(env: Env, userId: string): Promise<boolean> {
  const one = await env.DB.withSession('first-primary')
    .prepare(`SELECT 1 ${OWNED} = ?1 AND organization.metered = 0 LIMIT 1`)
    .bind(userId)
    .first();
  return one !== null;
}

/** Makes a team of a personal organization. Throws a 400 where it is one. */
export async function convertToTeam(env: Env, trail: Trail, name: string | undefined, nowMs: number): Promise<void> {
  const { organizationId } = trail;
  const changed = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'organization.converted',
    targetId: organizationId,
    before: { kind: 'personal' },
    after: name === undefined ? { kind: 'team' } : { kind: 'team', name },
    statement: env.DB.prepare(
      "UPDATE organizations SET kind = 'team', name = coalesce(?2, name) WHERE id = ?1 AND kind = 'personal'",
    ).bind(organizationId, name ?? null),
  }));
  if (!changed) throw badRequest(null, 'This is a team already.');
}

/** Deletes the organization: every key of it is refused from now on. */
export function deleteOrganization(env: Env, trail: Trail, nowMs: number): Promise<FanOut> {
  return changeOrganization(
    env,
    trail,
    () => ({
      action: 'organization.deleted',
      before: { deletedAt: null },
      after: { deletedAt: new Date(nowMs).toISOString() },
      statement: env.DB.prepare('UPDATE organizations SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL').bind(
        trail.organizationId,
        nowMs,
      ),
    }),
    nowMs,
  );
}

/** Undoes that, with everything as it was. Throws a 409 where it is not deleted, a 404 where it is too late. */
export function restoreOrganization(env: Env, trail: Trail, nowMs: number): Promise<FanOut> {
  return changeOrganization(
    env,
    trail,
    async () => {
      const { deletedAt } = await readOrganization(env, trail.organizationId);
      if (deletedAt === null) throw new ApiError(409, 'not_deleted', 'This organization is not deleted.');
      return {
        action: 'organization.restored',
        before: null,
        after: { deletedAt: null },
        statement: env.DB.prepare(
          `UPDATE organizations SET deleted_at = NULL
           WHERE id = ?1 AND deleted_at > CAST(?2 AS INTEGER) AND erased_at IS NULL`,
        ).bind(trail.organizationId, nowMs - LIMITS.organizationUndoMs),
      };
    },
    nowMs,
  );
}

/** Those whose time to be had back is over, as a condition over organizations; `?1` is when it ended. */
const OVER = `
  SELECT id FROM organizations
  WHERE deleted_at <= CAST(?1 AS INTEGER) AND erased_at IS NULL
  ORDER BY deleted_at
  LIMIT ${LIMITS.erasedPerRun}`;

/**
 * Erases what only served to use an organization that nobody can have back: keys (the provider's too), grants, memberships,
 * invitations, notes, billing details. In one batch, the mark last; the next run takes those that are left.
 */
export async function eraseDeleted(db: D1Database, nowMs: number): Promise<void> {
  const endedMs = nowMs - LIMITS.organizationUndoMs;
  const statements = [
    `DELETE FROM project_grants
     WHERE member_id IN (SELECT id FROM members WHERE organization_id IN (${OVER}))`,
    `UPDATE api_keys SET deleted_at = coalesce(deleted_at, CAST(?2 AS INTEGER)), hash = '' WHERE organization_id IN (${OVER})`,
    `UPDATE master_keys SET deleted_at = coalesce(deleted_at, CAST(?2 AS INTEGER)), hash = id WHERE organization_id IN (${OVER})`,
    `UPDATE provider_keys SET deleted_at = coalesce(deleted_at, CAST(?2 AS INTEGER)), sealed = '' WHERE organization_id IN (${OVER})`,
    `UPDATE members SET removed_at = coalesce(removed_at, CAST(?2 AS INTEGER)) WHERE organization_id IN (${OVER})`,
    `DELETE FROM invitations WHERE organization_id IN (${OVER})`,
    `UPDATE budget_requests SET note = NULL, decision_note = NULL WHERE organization_id IN (${OVER})`,
    `UPDATE organizations SET billing_details = NULL, erased_at = CAST(?2 AS INTEGER) WHERE id IN (${OVER})`,
  ];
  await db.batch(
    statements.map((text) => db.prepare(text).bind(...(text.includes('?2') ? [endedMs, nowMs] : [endedMs]))),
  );
}
