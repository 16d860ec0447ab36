/** Members and their budgets: reading with status, setting a budget. */
import { LIMITS } from '../limits.ts';
import { formatUsd } from '../money/nanos.ts';
import { memberBudget } from '../objects.ts';
import { ApiError, notFound } from './api-error.ts';
import { effectiveLimits, type StoredBudget } from './budget-body.ts';
import { policyChange, pushPolicy } from './policy.ts';
import type { Role } from './roles.ts';
import { showKeyLimits, showMemberStatus } from './status.ts';

export type MemberRow = {
  id: string;
  user_id: string | null;
  name: string;
  email: string | null;
  role: Role;
  created_at: number;
  budget: string;
  budget_version: number;
  budget_cycle: number;
  /** Granted projects as a JSON array of ids. */
  projects: string;
};

const SELECT_MEMBERS = `
  SELECT
    member.id, member.user_id, member.name, user.email, member.role, member.created_at,
    member.budget, member.budget_version, member.budget_cycle,
    (SELECT json_group_array(project_id) FROM project_grants WHERE member_id = member.id) AS projects
  FROM members AS member
  LEFT JOIN users AS user ON user.id = member.user_id
  WHERE member.organization_id = ?1 AND member.removed_at IS NULL`;

export interface MemberPage {
  rows: MemberRow[];
  nextCursor: string | null;
}

/** A page of members by id; `cursor` is the last id seen, `q` a part of a name or e-mail. */
export async function listMembers(
  env: Env,
  organizationId: string,
  page: { limit: number; cursor?: string | undefined; q?: string | undefined },
): Promise<MemberPage> {
  const { results } = await env.DB.withSession('first-primary')
    .prepare(
      `${SELECT_MEMBERS}
        AND member.id > coalesce(?2, '')
        AND (?3 IS NULL OR instr(lower(member.name), lower(?3)) > 0 OR instr(lower(coalesce(user.email, '')), lower(?3)) > 0)
      ORDER BY member.id
      LIMIT CAST(?4 AS INTEGER)`,
    )
    .bind(organizationId, page.cursor ?? null, page.q ?? null, page.limit + 1)
    .all<MemberRow>();
  const rows = results.slice(0, page.limit);
  return { rows, nextCursor: results.length > page.limit ? (rows.at(-1)?.id ?? null) : null };
}

/** One member of the organization; throws a 404 where there is none. */
export async function findMember(env: Env, organizationId: string, memberId: string): Promise<MemberRow> {
  const row = await env.DB.withSession('first-primary')
    .prepare(`${SELECT_MEMBERS} AND member.id = ?2`)
    .bind(organizationId, memberId)
    .first<MemberRow>();
  if (!row) throw notFound('member');
  return row;
}

/** A member as the API shows it, its state read from its object. Status is null where the object does not answer. */
export async function showMember(env: Env, row: MemberRow): Promise<Record<string, unknown>> {
  const memberId = row.id;
  const asked = memberBudget(env, memberId, (object) => object.status({ memberId }), LIMITS.policyPushMs);
  const status = await asked.catch((error) => {
    console.warn(JSON.stringify({ event: 'member_status_failed', memberId, error: String(error) }));
    return null;
  });
  const budget = JSON.parse(row.budget) as StoredBudget;
  const limits = effectiveLimits(budget);
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    email: row.email,
    role: row.role,
    projects: JSON.parse(row.projects) as string[],
    budget: { ...budget, version: row.budget_version },
    effectiveBudget: {
      ...showKeyLimits(limits),
      usageLimitBasis: limits.total === null ? null : (budget.usageLimitBasis ?? 'lifetime'),
      maxApiKeys: budget.maxApiKeys,
    },
    status: status && { ...showMemberStatus(status), version: row.budget_version },
    createdAt: new Date(row.created_at).toISOString(),
  };
}

/** How a change reached the member's object: confirmed, or still on its way. */
export type Pushed = { pending: false } | { pending: true };

export interface BudgetChange {
  budget: StoredBudget;
  newCycle: boolean;
  /** Refuse when the budget is not at this version any more. */
  version: number | undefined;
}

/**
 * Replaces a member's budget. A cycle starts at zero when the budget becomes one-time from anything else, or when asked.
 * Throws 409 where the version is stale; then nothing has changed.
 */
export async function setBudget(env: Env, row: MemberRow, change: BudgetChange, nowMs: number): Promise<Pushed> {
  const before = JSON.parse(row.budget) as StoredBudget;
  const oneTime = (budget: StoredBudget) =>
    effectiveLimits(budget).total !== null && budget.usageLimitBasis === 'cycle';
  const startsCycle = change.newCycle || (oneTime(change.budget) && !oneTime(before));
  const expected = change.version ?? row.budget_version;
  const stale = () =>
    new ApiError(
      409,
      'version_conflict',
      `The budget was changed meanwhile: it is not at version ${expected} any more.`,
      {
        param: 'version',
      },
    );
  if (expected !== row.budget_version) throw stale();
  if (startsCycle) await wake(env, row.id);
  // The guard is in every statement: the push row is left, and the version raised, only by a change that takes place.
  const [, , changed] = await env.DB.batch([
    ...policyChange(env.DB, row.id, nowMs, { sql: 'budget_version = CAST(?1 AS INTEGER)', value: expected }),
    env.DB.prepare(
      `UPDATE members
       SET budget = ?2, budget_version = budget_version + 1, budget_cycle = budget_cycle + CAST(?3 AS INTEGER)
       WHERE id = ?1 AND budget_version = CAST(?4 AS INTEGER)`,
    ).bind(row.id, JSON.stringify(change.budget), startsCycle ? 1 : 0, expected),
  ]);
  if (changed?.meta.changes === 0) throw stale();
  return { pending: !(await pushPolicy(env, row.id)) };
}

/**
 * Lets an object that was never called open from D1 while the old cycle still stands there: opened later, it would count
 * the member's past into the new one. Where it does not answer the past is counted, which refuses rather than overspends.
 */
async function wake(env: Env, memberId: string): Promise<void> {
  await memberBudget(env, memberId, (object) => object.status({ memberId }), LIMITS.policyPushMs).catch((error) => {
    console.warn(JSON.stringify({ event: 'member_status_failed', memberId, error: String(error) }));
  });
}

/** Tells both amounts where a key's limit is above what its owner may spend. */
export function keyLimitAboveBudget(keyLimit: number, memberLimit: number): string {
  const usd = (amount: number) => `$${formatUsd(BigInt(amount))}`;
  return `The key's spend limit (${usd(keyLimit)}) must be at or below its member's budget (${usd(memberLimit)}).`;
}
