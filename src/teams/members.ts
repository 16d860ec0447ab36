/** Members and their budgets: how they are shown, one with its live status, setting a budget. Lists: member-list.ts. */
import { z } from '@hono/zod-openapi';
import { changeAudited } from '../audit/change.ts';
import { changedFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { limitsAt } from '../budgets/policy.ts';
import { LIMITS } from '../limits.ts';
import { formatUsd, nanos } from '../money/nanos.ts';
import { settledBudget } from '../objects.ts';
import { count, idOf, instant, like } from '../reference/fields.ts';
import type { ShippedStatus } from '../usage/shipping.ts';
import { notFound, staleVersion } from './api-error.ts';
import { Budget, type BudgetChange, type StoredBudget, storedBudget } from './budget-body.ts';
import { type BudgetSource, becomesOneTime, effectiveBudget, GRANTED_EXTRAS } from './effective-budget.ts';
import { type Members, policyChange, pushPolicy, wakeObjects } from './policy.ts';
import { ROLES } from './roles.ts';
import { ShownRules, storedRules } from './rules-body.ts';
import {
  ExtraShown,
  instantOrNull,
  MemberLimits,
  MemberStatus,
  restated,
  showExtras,
  showKeyLimits,
  showMemberStatus,
} from './status.ts';

const EffectiveBudget = z
  .object({
    maxApiKeys: count(5).nullable(),
    ...MemberLimits.shape,
    extras: z.array(ExtraShown).openapi({ description: 'What was granted on top, and is in force' }),
    inherited: z.array(like('maxApiKeys')).openapi({ description: 'The fields that the developer default gave' }),
  })
  .openapi('EffectiveBudget');

const SETTINGS = z.object({
  id: idOf('mem'),
  userId: idOf('usr').nullable().openapi({ description: 'Null for API-only members' }),
  name: like('Ada Lovelace'),
  email: like('ada@example.com').nullable(),
  role: z.enum(ROLES).openapi({ example: 'developer' }),
  projects: z.array(idOf('prj')),
  rules: ShownRules,
  budget: Budget,
  effectiveBudget: EffectiveBudget,
  budgetWarnings: z.array(count(90)).openapi({
    description: 'Percents of a limit at which they want to be warned, besides those of the organization',
  }),
  createdAt: instant('2026-01-15T09:30:00.000Z'),
  version: count(1),
});

export const Member = z
  .object({
    ...SETTINGS.shape,
    status: MemberStatus.nullable().openapi({ description: "Null where the member's object does not answer" }),
  })
  .openapi('Member');

export const ListedMember = z
  .object({
    ...SETTINGS.shape,
    status: MemberStatus,
    statusAt: instant().nullable().openapi({ description: 'When the status was told; null: not yet' }),
  })
  .openapi('ListedMember');

export type MemberRow = BudgetSource & {
  id: string;
  user_id: string | null;
  name: string;
  email: string | null;
  created_at: number;
  member_version: number;
  rules: string | null;
  budget_warnings: string | null;
  default_budget_version: number;
  /** Granted projects as a JSON array of ids. */
  projects: string;
};

/** What D1 knows of a member's spending besides. */
export type ListedRow = MemberRow & {
  active_keys: number;
  /** Everything shipped, nanodollars; null: nothing was. */
  shipped_cost: number | null;
  shipped_status: string | null;
};

/** SQL that shows members of the organization ?1, with more of each. */
export const selectMembers = (more: { columns: string; from: string; joins: string }) => `
  SELECT
    member.id, member.user_id, member.name, user.email, member.role, member.created_at,
    member.budget, member.budget_version, member.budget_cycle, member.member_version, member.rules,
    member.budget_warnings, ${GRANTED_EXTRAS},
    organization.default_developer_budget, organization.default_budget_version, organization.time_zone,
    (SELECT json_group_array(project_id) FROM project_grants WHERE member_id = member.id) AS projects
    ${more.columns}
  FROM ${more.from}
  JOIN organizations AS organization ON organization.id = member.organization_id
  LEFT JOIN users AS user ON user.id = member.user_id
  ${more.joins}
  WHERE member.organization_id = ?1 AND member.removed_at IS NULL`;

const SELECT_MEMBERS = selectMembers({ columns: '', from: 'members AS member', joins: '' });

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
export async function showMember(env: Env, row: MemberRow): Promise<z.infer<typeof Member>> {
  const memberId = row.id;
  const asked = settledBudget(env, memberId, (object) => object.status({ memberId }), LIMITS.policyPushMs);
  const status = await asked.catch((error) => {
    console.warn(JSON.stringify({ event: 'member_status_failed', memberId, error: String(error) }));
    return null;
  });
  return { ...describe(row, Date.now()), status: status && showMemberStatus(status) };
}

/**
 * A member as a list shows it, without asking its object: the status is that of `statusAt`, when the object last shipped,
 * under the limits of now. `statusAt` is null where it has not told a status yet.
 */
export function showListed(row: ListedRow, nowMs: number): z.infer<typeof ListedMember> {
  const shipped = row.shipped_status === null ? null : (JSON.parse(row.shipped_status) as ShippedStatus);
  const budget = effectiveBudget(row);
  const limits = limitsAt(budget.limits, budget.extras, nowMs);
  const status = restated({ ...budget, limits }, shipped?.status ?? null, {
    spent: nanos(row.shipped_cost ?? 0),
    budgetVersion: row.budget_version,
    activeKeys: row.active_keys,
  });
  return { ...describe(row, nowMs), status: showMemberStatus(status), statusAt: instantOrNull(shipped?.atMs ?? null) };
}

function describe(row: MemberRow, nowMs: number): z.infer<typeof SETTINGS> {
  const { limits, extras, basis, throttles, maxApiKeys, inherited } = effectiveBudget(row);
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    email: row.email,
    role: row.role,
    projects: JSON.parse(row.projects) as string[],
    rules: storedRules(row.rules),
    budget: { ...storedBudget(row.budget), version: row.budget_version },
    effectiveBudget: {
      maxApiKeys,
      ...showKeyLimits(limitsAt(limits, extras, nowMs)),
      usageLimitBasis: limits.total === null ? null : basis,
      ...throttles,
      inherited,
      extras: showExtras(extras, nowMs),
    },
    budgetWarnings: JSON.parse(row.budget_warnings ?? '[]') as number[],
    createdAt: new Date(row.created_at).toISOString(),
    version: row.member_version,
  };
}

/**
 * Replaces a member's budget, and so ends what was granted beside it. A cycle starts at zero when the budget becomes one-time from anything else, or when asked.
 * Answers whether the change has yet to reach the member's object. Throws 409 where the version is stale; then nothing
 * has changed.
 */
export async function setBudget(
  env: Env,
  trail: Trail,
  row: MemberRow,
  change: BudgetChange,
  nowMs: number,
): Promise<boolean> {
  const budget = JSON.stringify(change.budget);
  const startsCycle = change.newCycle || becomesOneTime(effectiveBudget(row), effectiveBudget({ ...row, budget }));
  const expected = change.version ?? row.budget_version;
  if (expected !== row.budget_version) throw staleVersion('budget', expected);
  if (startsCycle) await wakeObjects(env, [row]);
  // Also the default must be the one that was read: whether a cycle starts depends on it. The guard is in every
  // statement: the push row is left, and the version raised, only by a change that takes place.
  const unchanged: Members = {
    sql: `id = ?1 AND budget_version = CAST(?2 AS INTEGER) AND CAST(?3 AS INTEGER) = (
      SELECT default_budget_version FROM organizations WHERE organizations.id = members.organization_id
    )`,
    values: [row.id, expected, row.default_budget_version],
  };
  const changed = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'member.budget.updated',
    targetId: row.id,
    ...changedBudget(
      { ...storedBudget(row.budget), extras: showExtras(effectiveBudget(row).extras, nowMs) },
      { ...change.budget, extras: [] },
      startsCycle,
    ),
    ahead: policyChange(env.DB, unchanged, nowMs),
    statement: env.DB.prepare(
      `UPDATE members
       SET budget = ?4, budget_version = budget_version + 1, budget_cycle = budget_cycle + CAST(?5 AS INTEGER)
       WHERE ${unchanged.sql}`,
    ).bind(...unchanged.values, budget, startsCycle ? 1 : 0),
  }));
  if (!changed) throw staleVersion('budget', expected);
  return !(await pushPolicy(env, row.id));
}

/** What the audit log tells of a changed budget. */
export function changedBudget<T extends StoredBudget>(before: T, after: T, startsCycle: boolean) {
  return changedFields({ ...before, newCycle: false }, { ...after, newCycle: startsCycle });
}

/** Tells both amounts where a key's limit is above what its owner may spend. */
export function keyLimitAboveBudget(keyLimit: number, memberLimit: number): string {
  const usd = (amount: number) => `$${formatUsd(BigInt(amount))}`;
  return `The key's spend limit (${usd(keyLimit)}) must be at or below its member's budget (${usd(memberLimit)}).`;
}
