/**
 * What changes an API key. Every change is pushed to its member's object, so it is in force with the next request, and a
 * stream that runs under a key that may be used no more ends at its next slice.
 *
 * All that a change depends on is read while it is described: of two changes made at once in an organization the second is
 * described again (audit/change.ts). So two that race for the last place of a cap never both win.
 */
import { changeAudited } from '../audit/change.ts';
import { changedFields, createdFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import type { ScopeLimits } from '../budgets/policy.ts';
import { isSameWindow } from '../budgets/windows.ts';
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { ApiError, badRequest } from './api-error.ts';
import { describeKey, findKey, isActiveKey, type KeyRow, managesAllKeys, memberOfCaller } from './api-keys.ts';
import type { StoredKeyLimits } from './budget-body.ts';
import { effectiveBudget, enforcedOfKey } from './effective-budget.ts';
import type { Caller } from './guard.ts';
import { makeKey } from './keys.ts';
import { findMember, keyLimitAboveBudget, type MemberRow } from './members.ts';
import { policyChange, pushPolicy } from './policy.ts';
import { isProjectScoped, mayOwnKeys, PLAN_KEYS_MAX, PLAN_NAMES } from './roles.ts';
import { rulesText, type StoredRules } from './rules-body.ts';

export interface KeyRequest {
  projectId: string;
  name: string;
  /** Left out: the caller's own. */
  memberId: string | undefined;
  expiresAtMs: number | null;
  limits: StoredKeyLimits;
  rules: StoredRules | null;
}

/** A changed key, and whether the change has yet to reach its member's object. */
interface Changed {
  row: KeyRow;
  pending: boolean;
}

/** Makes a key. Throws a 400 by api.md's messages, a 403 where it would be somebody else's. */
export async function createKey(
  env: Env,
  trail: Trail,
  caller: Caller,
  asked: KeyRequest,
  nowMs: number,
): Promise<Changed & { secret: string }> {
  const owner = await ownerOf(env, caller, asked.memberId);
  const key = await makeKey('api', owner.id, env.KEY_SECRET);
  const row: KeyRow = {
    id: newId('key'),
    project_id: asked.projectId,
    member_id: owner.id,
    name: asked.name,
    masked: key.masked,
    status: 'active',
    limits: JSON.stringify(asked.limits),
    rules: rulesText(asked.rules),
    created_at: nowMs,
    expires_at: asked.expiresAtMs,
    last_used_at: null,
    deleted_at: null,
    playground: 0,
  };
  await changeAudited(env.DB, trail, nowMs, async () => {
    const member = await ownerOf(env, caller, owner.id);
    if (!mayOwnKeys(member.role)) {
      throw badRequest('memberId', `A member with the role ${member.role} cannot own API keys.`);
    }
    await checkProject(env, caller, member, asked.projectId);
    checkLimits(asked.limits, member);
    checkExpiry(asked.expiresAtMs, nowMs);
    await checkKept(env, member);
    await checkCaps(env, caller, member, nowMs);
    return {
      action: 'api_key.created',
      targetId: row.id,
      ...createdFields(describeKey(row)),
      ahead: policyOf(env, owner.id, nowMs),
      statement: env.DB.prepare(
        `INSERT INTO api_keys (
           id, organization_id, project_id, member_id, name, hash, masked, status, limits, rules, created_at, expires_at
         )
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'active', ?8, ?9, CAST(?10 AS INTEGER), CAST(?11 AS INTEGER))`,
      ).bind(
        row.id,
        caller.organizationId,
        row.project_id,
        row.member_id,
        row.name,
        key.hash,
        row.masked,
        row.limits,
        row.rules,
        nowMs,
        row.expires_at,
      ),
    };
  });
  return { row, secret: key.secret, pending: !(await pushPolicy(env, owner.id)) };
}

/** What is left out stays as it is; limits and rules are given whole. */
export interface KeyChange {
  name?: string | undefined;
  status?: KeyRow['status'] | undefined;
  expiresAtMs?: number | null | undefined;
  limits?: StoredKeyLimits | undefined;
  rules?: StoredRules | null | undefined;
}

/** Changes a key. One that becomes active again, by its status or its expiry, needs a place under the caps like a new one. */
export async function changeKey(
  env: Env,
  trail: Trail,
  caller: Caller,
  keyId: string,
  change: KeyChange,
  nowMs: number,
): Promise<Changed> {
  const found = await findKey(env, caller, keyId);
  let row = changedKey(found, change);
  const differs = (a: KeyRow, b: KeyRow) => JSON.stringify(describeKey(a)) !== JSON.stringify(describeKey(b));
  if (!differs(found, row)) {
    trail.changesNothing = true;
    return { row, pending: false };
  }
  await changeAudited(env.DB, trail, nowMs, async () => {
    const before = await findKey(env, caller, keyId);
    const member = await findMember(env, caller.organizationId, before.member_id);
    row = changedKey(before, change);
    if (change.limits) checkLimits(change.limits, member);
    if (change.expiresAtMs !== undefined && row.expires_at !== before.expires_at) checkExpiry(row.expires_at, nowMs);
    if (isActive(row, nowMs) && !isActive(before, nowMs)) await checkCaps(env, caller, member, nowMs);
    return {
      action: 'api_key.updated',
      targetId: keyId,
      ...changedFields(describeKey(before), describeKey(row)),
      ahead: policyOf(env, row.member_id, nowMs),
      statement: env.DB.prepare(
        `UPDATE api_keys
         SET name = ?2, status = ?3, expires_at = CAST(?4 AS INTEGER), limits = ?5, rules = ?6
         WHERE id = ?1`,
      ).bind(keyId, row.name, row.status, row.expires_at, row.limits, row.rules),
    };
  });
  return { row, pending: !(await pushPolicy(env, row.member_id)) };
}

/** Gives a key another secret: same id, usage, limits and rules. The old one is refused, and what runs under it ends. */
export async function rollKey(
  env: Env,
  trail: Trail,
  caller: Caller,
  keyId: string,
  nowMs: number,
): Promise<Changed & { secret: string }> {
  let row = await findKey(env, caller, keyId);
  const key = await makeKey('api', row.member_id, env.KEY_SECRET);
  await changeAudited(env.DB, trail, nowMs, async () => {
    const before = await findKey(env, caller, keyId);
    row = { ...before, masked: key.masked };
    return {
      action: 'api_key.rolled',
      targetId: keyId,
      before: { maskedKey: before.masked },
      after: { maskedKey: key.masked },
      ahead: policyOf(env, row.member_id, nowMs),
      statement: env.DB.prepare('UPDATE api_keys SET hash = ?2, masked = ?3 WHERE id = ?1').bind(
        keyId,
        key.hash,
        key.masked,
      ),
    };
  });
  return { row, secret: key.secret, pending: !(await pushPolicy(env, row.member_id)) };
}

/** Deletes a key. Its usage stays its member's, and in every history. */
export async function deleteKey(
  env: Env,
  trail: Trail,
  caller: Caller,
  keyId: string,
  nowMs: number,
): Promise<Changed> {
  let row = await findKey(env, caller, keyId);
  await changeAudited(env.DB, trail, nowMs, async () => {
    row = await findKey(env, caller, keyId);
    return {
      action: 'api_key.deleted',
      targetId: keyId,
      before: createdFields(describeKey(row)).after,
      after: null,
      ahead: policyOf(env, row.member_id, nowMs),
      statement: env.DB.prepare('UPDATE api_keys SET deleted_at = CAST(?2 AS INTEGER) WHERE id = ?1').bind(
        keyId,
        nowMs,
      ),
    };
  });
  return { row, pending: !(await pushPolicy(env, row.member_id)) };
}

function policyOf(env: Env, memberId: string, nowMs: number): D1PreparedStatement[] {
  return policyChange(env.DB, { sql: 'id = ?1', values: [memberId] }, nowMs);
}

function changedKey(before: KeyRow, { name, status, expiresAtMs, limits, rules }: KeyChange): KeyRow {
  return {
    ...before,
    name: name ?? before.name,
    status: status ?? before.status,
    expires_at: expiresAtMs === undefined ? before.expires_at : expiresAtMs,
    limits: limits ? JSON.stringify(limits) : before.limits,
    rules: rules === undefined ? before.rules : rulesText(rules),
  };
}

function isActive(row: KeyRow, nowMs: number): boolean {
  return row.status === 'active' && (row.expires_at === null || row.expires_at > nowMs);
}

/** Whose key it shall be: the caller's own, or who manages all keys names a member. */
async function ownerOf(env: Env, caller: Caller, asked: string | undefined): Promise<MemberRow> {
  const own = memberOfCaller(caller);
  const memberId = asked ?? own;
  if (memberId === null) throw badRequest('memberId', 'memberId is required: a master key has no keys of its own.');
  if (memberId !== own && !managesAllKeys(caller)) {
    throw new ApiError(403, 'role_required', 'Only owners and admins can make API keys for other members.');
  }
  return findMember(env, caller.organizationId, memberId).catch((error) => {
    throw error instanceof ApiError ? badRequest('memberId', error.message) : error;
  });
}

async function checkProject(env: Env, caller: Caller, member: MemberRow, projectId: string): Promise<void> {
  const project = await env.DB.withSession('first-primary')
    .prepare('SELECT archived_at FROM projects WHERE id = ?1 AND organization_id = ?2')
    .bind(projectId, caller.organizationId)
    .first<{ archived_at: number | null }>();
  const granted = JSON.parse(member.projects) as string[];
  const mayUse = !isProjectScoped(member.role, caller.plan) || granted.includes(projectId);
  // Who makes a key for themselves hears of no project that they do not see.
  if (!project || (!mayUse && !managesAllKeys(caller))) throw badRequest('projectId', 'There is no such project.');
  if (project.archived_at !== null) throw badRequest('projectId', 'The project is archived.');
  if (!mayUse) throw badRequest('projectId', 'The project is not granted to this member.');
}

function checkExpiry(expiresAtMs: number | null, nowMs: number): void {
  if (expiresAtMs !== null && expiresAtMs <= nowMs) throw badRequest('expiresAt', 'expiresAt must be in the future.');
}

function checkLimits(asked: StoredKeyLimits, owner: MemberRow): void {
  const key: ScopeLimits = enforcedOfKey(asked, owner.time_zone).limits;
  const member: ScopeLimits = effectiveBudget(owner).limits;
  if (key.total !== null && member.total !== null && key.total > member.total) {
    throw badRequest('limits.usageLimit', keyLimitAboveBudget(key.total, member.total));
  }
  // Amounts of different windows do not compare: $10 a month may well be below $5 a day.
  const comparable = key.period && member.period && isSameWindow(key.period.window, member.period.window);
  if (key.period && member.period && comparable && key.period.limit > member.period.limit) {
    throw badRequest('limits.periodUsageLimit', keyLimitAboveBudget(key.period.limit, member.period.limit));
  }
}

/** Throws where a member has as many keys as fit into one policy: also those that are not active are in it. */
async function checkKept(env: Env, member: MemberRow): Promise<void> {
  const kept = await env.DB.withSession('first-primary')
    .prepare('SELECT count(*) AS kept FROM api_keys WHERE member_id = ?1 AND deleted_at IS NULL AND playground = 0')
    .bind(member.id)
    .first<number>('kept');
  if ((kept ?? 0) < LIMITS.apiKeysKeptPerMemberMax) return;
  const message = `A member has at most ${LIMITS.apiKeysKeptPerMemberMax} API keys, disabled and expired ones included. Delete some first.`;
  throw badRequest('memberId', message);
}

/** Throws where there is no place for one more active key. Deleted, disabled and expired ones do not count. */
async function checkCaps(env: Env, caller: Caller, member: MemberRow, nowMs: number): Promise<void> {
  const active = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT count(*) AS everybody, coalesce(sum(member_id = ?2), 0) AS own
       FROM api_keys
       WHERE organization_id = ?1 AND ${isActiveKey('api_keys', '?3')}`,
    )
    .bind(caller.organizationId, member.id, nowMs)
    .first<{ everybody: number; own: number }>();
  const { everybody = 0, own = 0 } = active ?? {};
  const { maxApiKeys } = effectiveBudget(member);
  if (maxApiKeys !== null && own >= maxApiKeys) {
    const message = `You have reached your limit of ${maxApiKeys} active API keys set by an organization admin.`;
    throw badRequest('memberId', message);
  }
  const max = PLAN_KEYS_MAX[caller.plan];
  if (everybody >= max) {
    const message = `API key limit reached. Maximum ${max} active API keys on the ${PLAN_NAMES[caller.plan]} plan.`;
    throw badRequest(null, message);
  }
}
