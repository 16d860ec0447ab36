/**
 * Master keys: what another program presents to manage the organization, as an admin would. Its owners make and delete
 * them; the secret is shown once and stored nowhere. A deleted one is refused with the next request: the guard asks D1.
 */
import { z } from '@hono/zod-openapi';
import { changeAudited } from '../audit/change.ts';
import { createdFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { idOf, instant, like } from '../reference/fields.ts';
import { badRequest, notFound } from './api-error.ts';
import { makeKey } from './keys.ts';
import { type Page, readPage } from './page.ts';

interface MasterKeyRow {
  id: string;
  name: string;
  masked: string;
  created_at: number;
}

export const MASTER_KEY_SORTS = { createdAt: 'created_at', name: 'lower(name)' };

export async function listMasterKeys(
  env: Env,
  organizationId: string,
  page: Page,
): Promise<{ rows: MasterKeyRow[]; nextCursor: string | null }> {
  const list = {
    table: 'master_keys',
    columns: 'id, name, masked, created_at',
    where: 'deleted_at IS NULL',
    searched: 'name',
    sorts: MASTER_KEY_SORTS,
  };
  return readPage<MasterKeyRow>(env.DB, list, organizationId, page);
}

export async function createMasterKey(
  env: Env,
  trail: Trail,
  name: string,
  nowMs: number,
): Promise<{ row: MasterKeyRow; secret: string }> {
  const { organizationId } = trail;
  const key = await makeKey('master', organizationId, env.KEY_SECRET);
  const row: MasterKeyRow = { id: newId('mky'), name, masked: key.masked, created_at: nowMs };
  const made = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'master_key.created',
    targetId: row.id,
    ...createdFields(showMasterKey(row)),
    statement: env.DB.prepare(
      `INSERT INTO master_keys (id, organization_id, name, hash, masked, created_at)
       SELECT ?1, ?2, ?3, ?4, ?5, CAST(?6 AS INTEGER)
       WHERE (SELECT count(*) FROM master_keys WHERE organization_id = ?2 AND deleted_at IS NULL) < ${LIMITS.masterKeysMax}`,
    ).bind(row.id, organizationId, name, key.hash, row.masked, nowMs),
  }));
  if (!made) throw badRequest(null, `An organization has at most ${LIMITS.masterKeysMax} master keys.`);
  return { row, secret: key.secret };
}

export async function deleteMasterKey(env: Env, trail: Trail, masterKeyId: string, nowMs: number): Promise<void> {
  await changeAudited(env.DB, trail, nowMs, async () => {
    const row = await env.DB.prepare(
      `SELECT id, name, masked, created_at
       FROM master_keys
       WHERE id = ?1 AND organization_id = ?2 AND deleted_at IS NULL`,
    )
      .bind(masterKeyId, trail.organizationId)
      .first<MasterKeyRow>();
    if (!row) throw notFound('master key');
    return {
      action: 'master_key.deleted',
      targetId: masterKeyId,
      before: createdFields(showMasterKey(row)).after,
      after: null,
      statement: env.DB.prepare('UPDATE master_keys SET deleted_at = CAST(?2 AS INTEGER) WHERE id = ?1').bind(
        masterKeyId,
        nowMs,
      ),
    };
  });
}

export const MasterKey = z
  .object({
    id: idOf('mky'),
    name: like('Provisioning script'),
    maskedKey: like('psm_…a1b2'),
    createdAt: instant('2026-01-15T09:30:00.000Z'),
  })
  .openapi('MasterKey');

export function showMasterKey(row: MasterKeyRow): z.infer<typeof MasterKey> {
  return {
    id: row.id,
    name: row.name,
    maskedKey: row.masked,
    createdAt: new Date(row.created_at).toISOString(),
  };
}
