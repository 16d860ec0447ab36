/** How an organization begins: with its owner and a first project, so that the owner can make a key at once. */
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { NO_BUDGET } from './budget-body.ts';
import { PLAN_NAMES, type Plan } from './roles.ts';

export interface NewOrganization {
  name: string;
  kind: 'personal' | 'team';
  timeZone: string;
  /** Whether it may spend only what is in its wallet, which is empty. */
  metered: boolean;
  ownerId: string;
  /** Where they were chosen before. */
  organizationId?: string;
  memberId?: string;
}

/** What a user owns, deleted or not, as long as it can be had back. */
export const OWNED = `
  FROM members AS member
  JOIN organizations AS organization ON organization.id = member.organization_id
  WHERE member.role = 'owner' AND member.removed_at IS NULL AND organization.erased_at IS NULL AND member.user_id`;

/**
 * The statements of a batch that make it. They make nothing where the owner is no user, or owns as many as anybody may, so
 * that a lost race makes none.
 */
export function insertOrganization(env: Env, asked: NewOrganization, nowMs: number): D1PreparedStatement[] {
  const { name, kind, timeZone, metered, ownerId, organizationId = newId('org'), memberId = newId('mem') } = asked;
  const sql = (text: string, ...values: (string | number)[]) => env.DB.prepare(text).bind(...values, ownerId);
  return [
    sql(
      `INSERT INTO organizations (id, name, kind, plan, time_zone, metered, created_at)
       SELECT ?, ?, ?, ?, ?, ?, ? FROM users
       WHERE (SELECT count(*) ${OWNED} = users.id) < ${LIMITS.organizationsOwnedMax} AND id = ?`,
      organizationId,
      name,
      kind,
      defaultPlan(env),
      timeZone,
      metered ? 1 : 0,
      nowMs,
    ),
    sql(
      `INSERT INTO projects (id, organization_id, name, created_at)
       SELECT ?, id, 'Default', ? FROM organizations WHERE id = ? AND EXISTS (SELECT 1 FROM users WHERE id = ?)`,
      newId('prj'),
      nowMs,
      organizationId,
    ),
    sql(
      `INSERT INTO members (id, organization_id, user_id, name, role, created_at, budget)
       SELECT ?, organization.id, users.id, users.name, 'owner', ?, ?
       FROM organizations AS organization JOIN users WHERE organization.id = ? AND users.id = ?`,
      memberId,
      nowMs,
      JSON.stringify(NO_BUDGET),
      organizationId,
    ),
  ];
}

/** What who runs Purser for their own team has is everything. */
function defaultPlan(env: Env): Plan {
  const plan = env.DEFAULT_PLAN ?? 'enterprise';
  if (!(plan in PLAN_NAMES)) throw new Error(`DEFAULT_PLAN must be free, pro or enterprise, not ${plan}`);
  return plan as Plan;
}
