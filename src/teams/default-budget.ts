/**
 * The developer default: the budget that developers, basic and API-only members inherit, kept with the organization.
 *
 * A change of it is one D1 batch: the default, the policy version and push row of exactly those members who inherit a
 * field that changes, and the new cycle of those whose budget becomes one-time by it. Then it is pushed to them.
 */
import { changeAudited } from '../audit/change.ts';
import type { Trail } from '../audit/trail.ts';
import { LIMITS } from '../limits.ts';
import { usageDatabase } from '../usage/databases.ts';
import { notFound, staleVersion } from './api-error.ts';
import { type BudgetChange, type StoredBudget, storedBudget } from './budget-body.ts';
import { becomesOneTime, changedGroups, enforced, type GroupName } from './effective-budget.ts';
import { changedBudget } from './members.ts';
import { type FanOut, type Members, policyChange, pushPolicies, wakeObjects } from './policy.ts';
import { INHERITING_ROLES } from './roles.ts';

export interface DefaultBudget {
  budget: StoredBudget;
  version: number;
}

export async function readDefaultBudget(env: Env, organizationId: string): Promise<DefaultBudget> {
  const row = await env.DB.withSession('first-primary')
    .prepare('SELECT default_developer_budget, default_budget_version FROM organizations WHERE id = ?1')
    .bind(organizationId)
    .first<{ default_developer_budget: string | null; default_budget_version: number }>();
  if (!row) throw notFound('organization');
  return { budget: storedBudget(row.default_developer_budget), version: row.default_budget_version };
}

/** Replaces the default. Throws 409 where the version is stale; then nothing has changed. */
export async function setDefaultBudget(
  env: Env,
  trail: Trail,
  { organizationId, timeZone }: { organizationId: string; timeZone: string },
  change: BudgetChange,
  nowMs: number,
): Promise<DefaultBudget & FanOut> {
  const deadlineMs = nowMs + LIMITS.policyFanOutMs;
  const before = await readDefaultBudget(env, organizationId);
  const expected = change.version ?? before.version;
  if (expected !== before.version) throw staleVersion('default budget', expected);

  const startsCycle =
    change.newCycle || becomesOneTime(enforced(before.budget, timeZone), enforced(change.budget, timeZone));
  const groups = new Set(changedGroups(before.budget, change.budget));
  const cycles: D1PreparedStatement[] = [];
  if (startsCycle) {
    groups.add('usageLimit');
    const theirs = inheriting(organizationId, expected, ['usageLimit']);
    await wakeThoseWithAPast(env, organizationId, theirs, deadlineMs);
    const newCycle = `UPDATE members SET budget_cycle = budget_cycle + 1 WHERE ${theirs.sql}`;
    cycles.push(env.DB.prepare(newCycle).bind(...theirs.values));
  }
  const results = await changeAudited<{ id: string }>(env.DB, trail, nowMs, () => ({
    action: 'default_budget.updated',
    targetId: organizationId,
    ...changedBudget(before.budget, change.budget, startsCycle),
    ahead: [...policyChange(env.DB, inheriting(organizationId, expected, [...groups]), nowMs), ...cycles],
    statement: env.DB.prepare(
      `UPDATE organizations
       SET default_developer_budget = ?3, default_budget_version = default_budget_version + 1
       WHERE id = ?1 AND default_budget_version = CAST(?2 AS INTEGER)`,
    ).bind(organizationId, expected, JSON.stringify(change.budget)),
  }));
  if (!results) throw staleVersion('default budget', expected);
  const fanOut = await pushPolicies(env, results[0]?.results ?? [], deadlineMs);
  return { budget: change.budget, version: expected + 1, ...fanOut };
}

/** Members who inherit one of these groups, as long as the default is at `version`. */
function inheriting(organizationId: string, version: number, groups: readonly GroupName[]): Members {
  return {
    sql: `organization_id = ?1
      AND removed_at IS NULL
      AND role IN (SELECT value FROM json_each(?2))
      AND EXISTS (SELECT 1 FROM json_each(?3) WHERE json_extract(members.budget, '$.' || value) IS NULL)
      AND CAST(?4 AS INTEGER) = (SELECT default_budget_version FROM organizations WHERE organizations.id = ?1)`,
    values: [organizationId, JSON.stringify(INHERITING_ROLES), JSON.stringify(groups), version],
  };
}

/** Who never spent has nothing that could count into a new cycle. */
async function wakeThoseWithAPast(
  env: Env,
  organizationId: string,
  members: Members,
  deadlineMs: number,
): Promise<void> {
  const { results } = await env.DB.withSession('first-primary')
    .prepare(`SELECT id FROM members WHERE ${members.sql}`)
    .bind(...members.values)
    .all<{ id: string }>();
  const withAPast = await (await usageDatabase(env, organizationId))
    .withSession('first-primary')
    .prepare('SELECT member_id AS id FROM member_ledgers WHERE member_id IN (SELECT value FROM json_each(?1))')
    .bind(JSON.stringify(results.map(({ id }) => id)))
    .all<{ id: string }>();
  await wakeObjects(env, withAPast.results, deadlineMs);
}
