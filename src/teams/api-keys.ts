/**
 * API keys as people see them: their own or, who manages them, everybody's. The secret is shown once, when a key is made
 * or rolled, and stored nowhere. What changes a key is in api-key-changes.ts.
 */
import { z } from '@hono/zod-openapi';
import type { ScopeStatus } from '../budgets/protocol.ts';
import { LIMITS } from '../limits.ts';
import { forEachObject, settledBudget } from '../objects.ts';
import { idOf, instant, like, orNull, usd } from '../reference/fields.ts';
import { badRequest, notFound } from './api-error.ts';
import { KeyLimits, storedKeyLimits } from './budget-body.ts';
import type { Caller } from './guard.ts';
import { cutPage, orderBy, type Page } from './page.ts';
import { roleMay } from './roles.ts';
import { ShownRules, storedRules } from './rules-body.ts';
import { instantOrNull, KeyUsage, showKeyUsage } from './status.ts';

/** What a key is, to people and to the program that holds it. */
export const KeyIdentity = z.object({
  id: idOf('key'),
  projectId: idOf('prj'),
  memberId: idOf('mem'),
  name: like('My laptop'),
  maskedKey: like('psr_…a1b2'),
  status: z.enum(['active', 'disabled']),
  createdAt: instant('2026-01-15T09:30:00.000Z'),
  expiresAt: orNull(instant()),
});

/** All of a key that is set by people. */
const KeySettings = z.object({
  ...KeyIdentity.shape,
  ...KeyLimits.shape,
  rules: ShownRules,
});

export const ApiKey = z
  .object({
    ...KeySettings.shape,
    lastUsedAt: instant().nullable(),
    ...KeyUsage.partial().shape,
    usage: usd('61.27', "Decimal USD; null, and no other usage, where the member's object does not answer").nullable(),
  })
  .openapi('ApiKey');

export interface KeyRow {
  id: string;
  project_id: string;
  member_id: string;
  name: string;
  masked: string;
  status: 'active' | 'disabled';
  limits: string;
  rules: string | null;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  deleted_at: number | null;
  playground: number;
}

const COLUMNS =
  'id, project_id, member_id, name, masked, status, limits, rules, created_at, expires_at, last_used_at, deleted_at, playground';

/**
 * SQL: whether a row of api_keys, by the name it has there, is of a key that counts as active at an instant (a parameter):
 * it could be used, and is none of the playground's.
 */
export function isActiveKey(key: string, now: string): string {
  return `${key}.deleted_at IS NULL AND ${key}.playground = 0 AND ${key}.status = 'active'
    AND (${key}.expires_at IS NULL OR ${key}.expires_at > CAST(${now} AS INTEGER))`;
}

export const KEY_SORTS = {
  createdAt: 'created_at',
  name: 'lower(name)',
  lastUsedAt: 'coalesce(last_used_at, 0)',
  expiresAt: 'coalesce(expires_at, 9e15)',
};

/** The caller's own member; null for a master key, which is none. */
export function memberOfCaller({ actor }: Caller): string | null {
  return actor.kind === 'user' ? actor.memberId : null;
}

/** Whether the caller manages the keys of everybody; who does not has only their own. */
export function managesAllKeys({ role }: Caller): boolean {
  return roleMay(role, 'keys.manage');
}

/** A page of the keys that the caller may see; `memberId` of one member, `me` for one's own. */
export async function listKeys(
  env: Env,
  caller: Caller,
  page: Page & { memberId?: string | undefined; projectId?: string | undefined },
): Promise<{ rows: KeyRow[]; nextCursor: string | null }> {
  const own = memberOfCaller(caller);
  if (page.memberId === 'me' && own === null) {
    throw badRequest('memberId', 'A master key has no keys of its own.');
  }
  const memberId = page.memberId === 'me' ? own : (page.memberId ?? null);
  const { after, by } = orderBy(KEY_SORTS, page.sort, 'api_keys', '?2');
  const { results } = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT ${COLUMNS}
       FROM api_keys
       WHERE organization_id = ?1
         AND deleted_at IS NULL
         AND playground = 0
         AND ${after}
         AND (?3 IS NULL OR instr(lower(name), lower(?3)) > 0)
         AND (?4 IS NULL OR member_id = ?4)
         AND (?5 IS NULL OR member_id = ?5)
         AND (?6 IS NULL OR project_id = ?6)
       ORDER BY ${by}
       LIMIT CAST(?7 AS INTEGER)`,
    )
    .bind(
      caller.organizationId,
      page.cursor ?? null,
      page.q ?? null,
      memberId,
      managesAllKeys(caller) ? null : own,
      page.projectId ?? null,
      page.limit + 1,
    )
    .all<KeyRow>();
  return cutPage(results, page.limit);
}

/** One key that the caller may see; throws a 404 for any other, which one that is deleted or the playground's is too. */
export async function findKey(env: Env, caller: Caller, keyId: string): Promise<KeyRow> {
  const row = await findKeyEver(env, caller, keyId);
  if (row.deleted_at !== null || row.playground === 1) throw notFound('key');
  return row;
}

/** The same, also of what is deleted: its usage is still told. */
export async function findKeyEver(env: Env, caller: Caller, keyId: string): Promise<KeyRow> {
  const row = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT ${COLUMNS}
       FROM api_keys
       WHERE organization_id = ?1 AND id = ?2 AND (?3 IS NULL OR member_id = ?3)`,
    )
    .bind(caller.organizationId, keyId, managesAllKeys(caller) ? null : memberOfCaller(caller))
    .first<KeyRow>();
  if (!row) throw notFound('key');
  return row;
}

/** Keys as the API shows them: their usage read from their members' objects; null where one does not answer. */
export async function showApiKeys(env: Env, rows: readonly KeyRow[]): Promise<z.infer<typeof ApiKey>[]> {
  const keyIdsOf = Map.groupBy(rows, (row) => row.member_id);
  const usage = new Map<string, ScopeStatus>();
  await forEachObject([...keyIdsOf], async ([memberId, keys]) => {
    const keyIds = keys.map((key) => key.id);
    const asked = settledBudget(
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
    // What the object remembers is newer; D1 knows from before the object was last started.
    const lastUsedAt = instantOrNull(Math.max(row.last_used_at ?? 0, status?.lastUsedAtMs ?? 0) || null);
    return { ...describeKey(row), lastUsedAt, ...(status ? showKeyUsage(status) : { usage: null }) };
  });
}

/** When a key was last used as far as D1 was told, epoch ms. Null also where D1 does not answer: a key can be read without it. */
export function readLastUsed(env: Env, keyId: string): Promise<number | null> {
  return env.DB.prepare('SELECT last_used_at FROM api_keys WHERE id = ?1')
    .bind(keyId)
    .first<number | null>('last_used_at')
    .catch(() => null);
}

export function describeKey(row: KeyRow): z.infer<typeof KeySettings> {
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
    rules: storedRules(row.rules),
  };
}
