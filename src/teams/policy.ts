/**
 * Policies flow one way, from D1 to the member's object.
 *
 * A change to anything that a member's object enforces raises the member's policy version and leaves a row in
 * policy_pushes, in one D1 batch with the change (`policyChange`). Then the whole policy is pushed; the row goes once
 * the object confirms a version as new. What is not confirmed in time is retried by the cron each minute.
 */
import type { KeyPolicy, MemberPolicy } from '../budgets/policy.ts';
import { isNewer, NO_THROTTLES } from '../budgets/policy.ts';
import { LIMITS } from '../limits.ts';
import { forEachObject, memberBudget } from '../objects.ts';
import { effectiveLimits, type StoredBudget, type StoredKeyLimits } from './budget-body.ts';
import { isProjectScoped, mayOwnKeys, type Plan, type Role } from './roles.ts';

type MemberRow = {
  id: string;
  organization_id: string;
  role: Role;
  plan: Plan;
  removed_at: number | null;
  budget: string;
  budget_cycle: number;
  policy_generation: number;
  policy_version: number;
};

type KeyRow = {
  id: string;
  hash: string;
  name: string;
  masked: string;
  project_id: string;
  status: 'active' | 'disabled';
  limits: string;
  created_at: number;
  expires_at: number | null;
  archived_at: number | null;
  granted: number;
};

/** The member's policy as D1 has it now, or null where there is no such member. */
export async function readPolicy(db: D1Database | D1DatabaseSession, memberId: string): Promise<MemberPolicy | null> {
  const [members, keys] = (await db.batch([
    db
      .prepare(
        `SELECT member.*, organization.plan
         FROM members AS member
         JOIN organizations AS organization ON organization.id = member.organization_id
         WHERE member.id = ?1`,
      )
      .bind(memberId),
    db
      .prepare(
        `SELECT
           key.*,
           project.archived_at,
           EXISTS (
             SELECT 1 FROM project_grants AS granted
             WHERE granted.member_id = key.member_id AND granted.project_id = key.project_id
           ) AS granted
         FROM api_keys AS key
         JOIN projects AS project ON project.id = key.project_id
         WHERE key.member_id = ?1 AND key.deleted_at IS NULL
         ORDER BY key.created_at, key.id`,
      )
      .bind(memberId),
  ])) as [D1Result<MemberRow>, D1Result<KeyRow>];
  const member = members.results[0];
  if (!member) return null;
  const budget = JSON.parse(member.budget) as StoredBudget;
  const scoped = isProjectScoped(member.role, member.plan);
  return {
    memberId: member.id,
    organizationId: member.organization_id,
    version: { generation: member.policy_generation, n: member.policy_version },
    active: member.removed_at === null,
    metered: false,
    limits: effectiveLimits(budget),
    throttles: NO_THROTTLES,
    cycle: member.budget_cycle,
    totalBasis: budget.usageLimitBasis ?? 'lifetime',
    keys: keys.results.map(
      (row): KeyPolicy => ({
        keyId: row.id,
        hash: row.hash,
        name: row.name,
        masked: row.masked,
        projectId: row.project_id,
        projectGranted: mayOwnKeys(member.role) && (!scoped || row.granted === 1),
        projectArchived: row.archived_at !== null,
        status: row.status,
        createdAtMs: row.created_at,
        expiresAtMs: row.expires_at,
        limits: effectiveLimits(JSON.parse(row.limits) as StoredKeyLimits),
        throttles: NO_THROTTLES,
      }),
    ),
  };
}

/** Tells, in the batch of a change that may not take place, whether it does: `sql` over the member's row, with `?1`. */
interface OnlyWhere {
  sql: string;
  value: string | number;
}

/** The statements that belong into the same D1 batch as any change to what the member's object enforces. */
export function policyChange(
  db: D1Database,
  memberId: string,
  nowMs: number,
  onlyWhere: OnlyWhere,
): D1PreparedStatement[] {
  return [
    db
      .prepare(`UPDATE members SET policy_version = policy_version + 1 WHERE id = ?2 AND ${onlyWhere.sql}`)
      .bind(onlyWhere.value, memberId),
    db
      .prepare(
        `INSERT INTO policy_pushes (member_id, requested_at)
         SELECT id, CAST(?3 AS INTEGER) FROM members WHERE id = ?2 AND ${onlyWhere.sql}
         ON CONFLICT DO UPDATE SET requested_at = excluded.requested_at`,
      )
      .bind(onlyWhere.value, memberId, nowMs),
  ];
}

/** Pushes the member's policy to its object. True once the object has confirmed it; false where it did not in time. */
export async function pushPolicy(env: Env, memberId: string): Promise<boolean> {
  const policy = await readPolicy(env.DB.withSession('first-primary'), memberId);
  if (!policy) return true;
  try {
    const inForce = await memberBudget(env, memberId, (object) => object.configure({ policy }), LIMITS.policyPushMs);
    if (isNewer(policy.version, inForce)) return false;
    // Only this version is confirmed: a change made meanwhile keeps its row.
    await env.DB.prepare(
      `DELETE FROM policy_pushes
       WHERE member_id = ?1
         AND EXISTS (SELECT 1 FROM members WHERE id = ?1 AND policy_version = CAST(?2 AS INTEGER))`,
    )
      .bind(memberId, policy.version.n)
      .run();
    return true;
  } catch (error) {
    console.warn(JSON.stringify({ event: 'policy_push_failed', memberId, error: String(error) }));
    return false;
  }
}

/** Retries everything that was not confirmed; called by the cron each minute. */
export async function pushPending(env: Env): Promise<{ pending: number }> {
  const { results } = await env.DB.prepare('SELECT member_id FROM policy_pushes ORDER BY requested_at').all<{
    member_id: string;
  }>();
  // All of them, not only the oldest: objects that stay away must not keep the others waiting.
  const confirmed = await forEachObject(results, (row) => pushPolicy(env, row.member_id));
  return { pending: confirmed.filter((done) => !done).length };
}
