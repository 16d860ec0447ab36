/** API keys: making them for a member, listing them. The secret is shown once and stored nowhere. */

import { changeAudited } from '../audit/change.ts';
import { createdFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import type { ScopeLimits } from '../budgets/policy.ts';
import type { ScopeStatus } from '../budgets/protocol.ts';
import { isSameWindow } from '../budgets/windows.ts';
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { forEachObject, memberBudget } from '../objects.ts';
import { badRequest } from './api-error.ts';
import { type StoredKeyLimits, storedKeyLimits } from './budget-body.ts';
import { type EffectiveBudget, effectiveBudget, enforcedOfKey } from './effective-budget.ts';
import type { Caller } from './guard.ts';
import { makeKey } from './keys.ts';
import { keyLimitAboveBudget, type MemberRow } from './members.ts';
import { type Members, policyChange, pushPolicy } from './policy.ts';
import { isProjectScoped, mayOwnKeys, PLAN_KEYS_MAX, PLAN_NAMES } from './roles.ts';
import { instantOrNull, showKeyUsage } from './status.ts';

export interface KeyRow {
  id: string;
  project_id: string;
  member_id: string;
  name: string;
  masked: string;
  status: 'active' | 'disabled';
  limits: string;
  created_at: number;
  expires_at: number | null;
}

export interface KeyRequest {
  projectId: string;
  name: string;
  expiresAtMs: number | null;
  limits: StoredKeyLimits;
}

/** Makes a key for `member`. Throws a 400 by api.md's messages; two that race for the last place never both win. */
export async function createKey(
  env: Env,
  trail: Trail,
  caller: Caller,
  member: MemberRow,
  asked: KeyRequest,
  nowMs: number,
): Promise<{ row: KeyRow; secret: string; pending: boolean }> {
  if (!mayOwnKeys(member.role))
    throw badRequest('memberId', `A member with the role ${member.role} cannot own API keys.`);
  await checkProject(env, caller, member, asked.projectId);
  const budget = effectiveBudget(member);
  checkLimits(enforcedOfKey(asked.limits, member.time_zone).limits, budget.limits);
  if (asked.expiresAtMs !== null && asked.expiresAtMs <= nowMs) {
    throw badRequest('expiresAt', 'expiresAt must be in the future.');
  }

  const key = await makeKey('api', member.id, env.KEY_SECRET);
  const row: KeyRow = {
    id: newId('key'),
    project_id: asked.projectId,
    member_id: member.id,
    name: asked.name,
    masked: key.masked,
    status: 'active',
    limits: JSON.stringify(asked.limits),
    created_at: nowMs,
    expires_at: asked.expiresAtMs,
  };
  const onceMade: Members = {
    sql: 'id = ?1 AND EXISTS (SELECT 1 FROM api_keys WHERE api_keys.id = ?2)',
    values: [member.id, row.id],
  };
  const planMax = PLAN_KEYS_MAX[caller.plan];
  const memberMax = budget.maxApiKeys ?? planMax;
  const inserted = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'api_key.created',
    targetId: row.id,
    ...createdFields(describeKey(row)),
    statement: env.DB.prepare(
      `INSERT INTO api_keys (
         id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at, expires_at
       )
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, 'active', ?8, CAST(?9 AS INTEGER), CAST(?10 AS INTEGER)
       WHERE ${ACTIVE_KEYS} AND member_id = ?4) < CAST(?11 AS INTEGER)
         AND ${ACTIVE_KEYS} AND organization_id = ?2) < CAST(?12 AS INTEGER)`,
    ).bind(
      row.id,
      caller.organizationId,
      row.project_id,
      row.member_id,
      row.name,
      key.hash,
      row.masked,
      row.limits,
      nowMs,
      row.expires_at,
      memberMax,
      planMax,
    ),
    behind: policyChange(env.DB, onceMade, nowMs),
  }));
  if (!inserted) throw await capReached(env, caller, member, budget, nowMs);
  return { row, secret: key.secret, pending: !(await pushPolicy(env, member.id)) };
}

/** Keys that count against a cap: not deleted, not disabled, not expired. Ends open, for one more condition. */
const ACTIVE_KEYS = `(
  SELECT count(*)
  FROM api_keys
  WHERE deleted_at IS NULL AND status = 'active' AND (expires_at IS NULL OR expires_at > CAST(?9 AS INTEGER))`;

async function capReached(
  env: Env,
  caller: Caller,
  member: MemberRow,
  budget: EffectiveBudget,
  nowMs: number,
): Promise<Error> {
  const active = await env.DB.prepare(`SELECT ${ACTIVE_KEYS.replace('?9', '?1')} AND member_id = ?2) AS keys`)
    .bind(nowMs, member.id)
    .first<{ keys: number }>();
  if (budget.maxApiKeys !== null && (active?.keys ?? 0) >= budget.maxApiKeys) {
    const message = `You have reached your limit of ${budget.maxApiKeys} active API keys set by an organization admin.`;
    return badRequest('memberId', message);
  }
  const max = PLAN_KEYS_MAX[caller.plan];
  return badRequest(
    null,
    `API key limit reached. Maximum ${max} active API keys on the ${PLAN_NAMES[caller.plan]} plan.`,
  );
}

async function checkProject(env: Env, caller: Caller, member: MemberRow, projectId: string): Promise<void> {
  const project = await env.DB.withSession('first-primary')
    .prepare('SELECT archived_at FROM projects WHERE id = ?1 AND organization_id = ?2')
    .bind(projectId, caller.organizationId)
    .first<{ archived_at: number | null }>();
  if (!project) throw badRequest('projectId', 'There is no such project.');
  if (project.archived_at !== null) throw badRequest('projectId', 'The project is archived.');
  const granted = JSON.parse(member.projects) as string[];
  if (isProjectScoped(member.role, caller.plan) && !granted.includes(projectId)) {
    throw badRequest('projectId', 'The project is not granted to this member.');
  }
}

function checkLimits(key: ScopeLimits, member: ScopeLimits): void {
  if (key.total !== null && member.total !== null && key.total > member.total) {
    throw badRequest('limits.usageLimit', keyLimitAboveBudget(key.total, member.total));
  }
  // Amounts of different windows do not compare: $10 a month may well be below $5 a day.
  const comparable = key.period && member.period && isSameWindow(key.period.window, member.period.window);
  if (key.period && member.period && comparable && key.period.limit > member.period.limit) {
    throw badRequest('limits.periodUsageLimit', keyLimitAboveBudget(key.period.limit, member.period.limit));
  }
}

/** A page of the organization's keys, newest first; `cursor` is the last id seen. */
export async function listKeys(
  env: Env,
  organizationId: string,
  page: { limit: number; cursor?: string | undefined; q?: string | undefined; memberId?: string | undefined },
): Promise<{ rows: KeyRow[]; nextCursor: string | null }> {
  const { results } = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT id, project_id, member_id, name, masked, status, limits, created_at, expires_at
       FROM api_keys
       WHERE organization_id = ?1
         AND deleted_at IS NULL
         AND (
           ?2 IS NULL
           OR (created_at, id) < (SELECT created_at, id FROM api_keys WHERE id = ?2 AND organization_id = ?1)
         )
         AND (?3 IS NULL OR instr(lower(name), lower(?3)) > 0)
         AND (?4 IS NULL OR member_id = ?4)
       ORDER BY created_at DESC, id DESC
       LIMIT CAST(?5 AS INTEGER)`,
    )
    .bind(organizationId, page.cursor ?? null, page.q ?? null, page.memberId ?? null, page.limit + 1)
    .all<KeyRow>();
  const rows = results.slice(0, page.limit);
  return { rows, nextCursor: results.length > page.limit ? (rows.at(-1)?.id ?? null) : null };
}

/** Keys as the API shows them, their usage read from their members' objects; null where one does not answer. */
export async function showApiKeys(env: Env, rows: readonly KeyRow[]): Promise<Record<string, unknown>[]> {
  const keyIdsOf = Map.groupBy(rows, (row) => row.member_id);
  const usage = new Map<string, ScopeStatus>();
  await forEachObject([...keyIdsOf], async ([memberId, keys]) => {
    const keyIds = keys.map((key) => key.id);
    const asked = memberBudget(
      env,
      memberId,
      (object) => object.keyStatuses({ memberId, keyIds }),
      LIMITS.policyPushMs,
    );
    const statuses = await asked.catch((error) => {
      console.warn(JSON.stringify({ event: 'key_status_failed', memberId, error: String(error) }));
      return [];
    });
    for (const [i, status] of statuses.entries()) usage.set(keyIds[i] ?? '', status);
  });
  return rows.map((row) => {
    const status = usage.get(row.id);
    return { ...describeKey(row), ...(status ? showKeyUsage(status) : { usage: null }) };
  });
}

function describeKey(row: KeyRow): Record<string, unknown> {
  const limits = storedKeyLimits(row.limits);
  return {
    id: row.id,
    projectId: row.project_id,
    memberId: row.member_id,
    name: row.name,
    maskedKey: row.masked,
    status: row.status,
    createdAt: new Date(row.created_at).toISOString(),
    expiresAt: instantOrNull(row.expires_at),
    ...limits,
    periodAlignment: limits.periodUsageLimit === null ? null : (limits.periodAlignment ?? 'rolling'),
  };
}
