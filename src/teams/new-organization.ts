/** How an organization begins: with its owner and a first project, so that the owner can make a key at once. */
import { newId } from '../ids.ts';
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

/** The statements of a batch that make it. They make nothing where the owner is no user, so that a lost race makes none. */
export function insertOrganization(env: Env, asked: NewOrganization, nowMs: number): D1PreparedStatement[] {
  const { name, kind, timeZone, metered, ownerId, organizationId = newId('org'), memberId = newId('mem') } = asked;
  const sql = (text: string, ...values: (string | number)[]) => env.DB.prepare(text).bind(...values, ownerId);
  return [
    sql(
      `INSERT INTO organizations (id, name, kind, plan, time_zone, metered, created_at)
       SELECT ?, ?, ?, ?, ?, ?, ? FROM users WHERE id = ?`,
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
       SELECT ?, ?, 'Default', ? FROM users WHERE id = ?`,
      newId('prj'),
      organizationId,
      nowMs,
    ),
    sql(
      `INSERT INTO members (id, organization_id, user_id, name, role, created_at, budget)
       SELECT ?, ?, id, name, 'owner', ?, ? FROM users WHERE id = ?`,
      memberId,
      organizationId,
      nowMs,
      JSON.stringify(NO_BUDGET),
    ),
  ];
}

/** What who runs Purser for their own team has is everything. */
function defaultPlan(env: Env): Plan {
  const plan = env.DEFAULT_PLAN ?? 'enterprise';
  if (!(plan in PLAN_NAMES)) throw new Error(`DEFAULT_PLAN must be free, pro or enterprise, not ${plan}`);
  return plan as Plan;
}
