/**
 * An organization's provider keys in D1. A change of one is part of every member's policy, so it is pushed to all of them.
 *
 * Whoever may change a key must not come to read it: a new base URL needs the key anew, or it would be sent wherever the
 * change leads.
 */

import { changedFields, createdFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import type { CustomModel } from '../budgets/routing.ts';
import { checkOrganizationsBaseUrl } from '../gateway/providers/upstream.ts';
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { ApiError, badRequest, notFound } from '../teams/api-error.ts';
import { type Page, readPage } from '../teams/page.ts';
import { changeOrganization, type FanOut } from '../teams/policy.ts';
import { masked, type ShownProviderKey } from './body.ts';
import { type ProviderKeyKind, problemOf, problemOfKey } from './kinds.ts';
import { NO_SEAL, type ProviderKeySeal, providerKeySeal, type SealedOf } from './seal.ts';

export interface ProviderKeyRow {
  id: string;
  organization_id: string;
  provider: ProviderKeyKind;
  slug: string | null;
  name: string;
  base_url: string | null;
  settings: string;
  models: string | null;
  sealed: string;
  masked: string;
  version: number;
  created_at: number;
  created_by: string | null;
  tested_at: number | null;
  test_problem: string | null;
}

/** What may be given of a key, once its shape is right. */
interface Fields {
  name: string;
  key: string;
  baseUrl: string | null;
  settings: Record<string, string>;
  models: CustomModel[] | null;
}

export type NewProviderKey = Fields & { provider: ProviderKeyKind; slug: string | null };

export type ProviderKeyChange = { [Field in keyof Fields]?: Fields[Field] | undefined };

export const PROVIDER_KEY_SORTS = { createdAt: 'created_at', name: 'lower(name)', provider: 'provider' };

export async function listProviderKeys(
  env: Env,
  organizationId: string,
  page: Page,
): Promise<{ rows: ProviderKeyRow[]; nextCursor: string | null }> {
  const list = {
    table: 'provider_keys',
    columns: '*',
    where: 'deleted_at IS NULL',
    searched: 'name',
    sorts: PROVIDER_KEY_SORTS,
  };
  return readPage<ProviderKeyRow>(env.DB, list, organizationId, page);
}

/** Throws a 404 where the organization has no such key. */
export async function findProviderKey(env: Env, organizationId: string, id: string): Promise<ProviderKeyRow> {
  const row = await env.DB.withSession('first-primary')
    .prepare('SELECT * FROM provider_keys WHERE id = ?1 AND organization_id = ?2 AND deleted_at IS NULL')
    .bind(id, organizationId)
    .first<ProviderKeyRow>();
  if (!row) throw notFound('provider key');
  return row;
}

/** Makes one. Its members' objects, and the Workers that ask them, know it once it is pushed. */
export async function createProviderKey(
  env: Env,
  trail: Trail,
  own: string,
  given: NewProviderKey,
  nowMs: number,
): Promise<{ row: ProviderKeyRow } & FanOut> {
  const { organizationId, actor } = trail;
  const seal = await sealOrRefuse(env);
  const baseUrl = checked(env, own, given);
  const id = newId('pvk');
  const row: ProviderKeyRow = {
    id,
    organization_id: organizationId,
    provider: given.provider,
    slug: given.slug,
    name: given.name,
    base_url: baseUrl,
    settings: JSON.stringify(given.settings),
    models: given.models && JSON.stringify(given.models),
    sealed: await sealed(seal, given.provider, given.key, { organizationId, id }),
    masked: masked(given.key),
    version: 1,
    created_at: nowMs,
    created_by: actor.kind === 'user' ? actor.memberId : null,
    tested_at: null,
    test_problem: null,
  };
  const describe = async () => {
    await refuseBeside(env, row);
    return {
      action: 'provider_key.created' as const,
      targetId: id,
      ...createdFields(told(row)),
      statement: env.DB.prepare(
        `INSERT INTO provider_keys
           (id, organization_id, provider, slug, name, base_url, settings, models, sealed, masked, created_at, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, CAST(?11 AS INTEGER), ?12)`,
      ).bind(
        id,
        organizationId,
        row.provider,
        row.slug,
        row.name,
        row.base_url,
        row.settings,
        row.models,
        row.sealed,
        row.masked,
        nowMs,
        row.created_by,
      ),
    };
  };
  return { row, ...(await changeOrganization(env, trail, describe, nowMs)) };
}

/** Changes one. What it is the key of stays: another provider is another key. */
export async function changeProviderKey(
  env: Env,
  trail: Trail,
  own: string,
  id: string,
  change: ProviderKeyChange,
  nowMs: number,
): Promise<{ row: ProviderKeyRow } & FanOut> {
  const { organizationId } = trail;
  const of = { organizationId, id };
  const { provider } = await findProviderKey(env, organizationId, id);
  const seal = change.key === undefined ? null : await sealOrRefuse(env);
  const anew =
    change.key === undefined || !seal
      ? null
      : { sealed: await sealed(seal, provider, change.key, of), masked: masked(change.key) };
  let row = await findProviderKey(env, organizationId, id);
  const describe = async () => {
    const before = await findProviderKey(env, organizationId, id);
    const given = {
      provider: before.provider,
      slug: before.slug,
      baseUrl: change.baseUrl === undefined ? before.base_url : change.baseUrl,
      settings: change.settings ?? settingsOf(before),
      models: change.models === undefined ? modelsOf(before) : change.models,
    };
    const baseUrl = checked(env, own, given);
    if (baseUrl !== before.base_url && !anew) {
      throw badRequest('key', 'A new baseUrl needs the key again: the one that is stored is for where it leads now.');
    }
    row = {
      ...before,
      name: change.name ?? before.name,
      base_url: baseUrl,
      settings: JSON.stringify(given.settings),
      models: given.models && JSON.stringify(given.models),
      sealed: anew?.sealed ?? before.sealed,
      masked: anew?.masked ?? before.masked,
      version: before.version + 1,
      // How another key, or the same one used otherwise, did says nothing of this.
      ...((anew || before.settings !== JSON.stringify(given.settings)) && { tested_at: null, test_problem: null }),
    };
    await refuseBeside(env, row);
    const { before: was, after: is } = changedFields(told(before), told(row));
    return {
      action: 'provider_key.updated' as const,
      targetId: id,
      // A new key may look like the one before.
      before: was,
      after: { ...is, ...(anew && { maskedKey: row.masked }) },
      statement: env.DB.prepare(
        `UPDATE provider_keys
         SET name = ?3, base_url = ?4, settings = ?5, models = ?6, sealed = ?7, masked = ?8, version = CAST(?9 AS INTEGER),
           tested_at = CAST(?10 AS INTEGER), test_problem = ?11
         WHERE id = ?1 AND organization_id = ?2 AND deleted_at IS NULL`,
      ).bind(
        ...[id, organizationId, row.name, row.base_url, row.settings, row.models, row.sealed, row.masked, row.version],
        ...[row.tested_at, row.test_problem],
      ),
    };
  };
  const fanOut = await changeOrganization(env, trail, describe, nowMs);
  return { row, ...fanOut };
}

/** Deletes one, and wipes the sealed key. */
export async function deleteProviderKey(env: Env, trail: Trail, id: string, nowMs: number): Promise<FanOut> {
  const describe = async () => {
    const row = await findProviderKey(env, trail.organizationId, id);
    return {
      action: 'provider_key.deleted' as const,
      targetId: id,
      before: createdFields(told(row)).after,
      after: null,
      statement: env.DB.prepare(
        `UPDATE provider_keys SET deleted_at = CAST(?3 AS INTEGER), sealed = ''
         WHERE id = ?1 AND organization_id = ?2 AND deleted_at IS NULL`,
      ).bind(id, trail.organizationId, nowMs),
    };
  };
  return changeOrganization(env, trail, describe, nowMs);
}

export function showProviderKey(row: ProviderKeyRow): ShownProviderKey {
  return {
    ...told(row),
    id: row.id,
    createdAt: new Date(row.created_at).toISOString(),
    createdBy: row.created_by,
    lastTest: row.tested_at === null ? null : { at: new Date(row.tested_at).toISOString(), ...resultOf(row) },
  };
}

function resultOf({ test_problem: problem }: ProviderKeyRow) {
  return { ok: problem === null, problem };
}

/** What the audit log tells of a key: all that is shown of it and may change. */
function told(row: ProviderKeyRow) {
  return {
    provider: row.provider,
    slug: row.slug,
    name: row.name,
    maskedKey: row.masked,
    baseUrl: row.base_url,
    settings: settingsOf(row),
    models: modelsOf(row),
  };
}

export function settingsOf({ settings }: Pick<ProviderKeyRow, 'settings'>): Record<string, string> {
  return JSON.parse(settings) as Record<string, string>;
}

function modelsOf({ models }: Pick<ProviderKeyRow, 'models'>): CustomModel[] | null {
  return models === null ? null : (JSON.parse(models) as CustomModel[]);
}

/** This deployment's seal. Throws a 503 that says what to set where there is none. */
export async function sealOrRefuse(env: Env): Promise<ProviderKeySeal> {
  const seal = await providerKeySeal(env);
  if (!seal) throw new ApiError(503, 'provider_keys_unavailable', NO_SEAL);
  return seal;
}

function sealed(seal: ProviderKeySeal, provider: ProviderKeyKind, key: string, of: SealedOf): Promise<string> {
  const problem = problemOfKey(provider, key);
  if (problem) throw badRequest(problem.param, problem.message);
  return seal.seal(key, of);
}

/** The base URL as it is called. Throws a 400 that names what is wrong. */
function checked(env: Env, own: string, given: Parameters<typeof problemOf>[0]): string | null {
  const problem = problemOf(given);
  if (problem) throw badRequest(problem.param, problem.message);
  if (given.baseUrl === null) return null;
  const base = checkOrganizationsBaseUrl(env, given.baseUrl, own);
  if ('problem' in base) throw badRequest('baseUrl', base.problem);
  return base.url;
}

/** Throws a 400 where a key does not fit beside the organization's others. Asked while a change is described, so it stays true. */
async function refuseBeside(env: Env, row: ProviderKeyRow): Promise<void> {
  const { results: others } = await env.DB.prepare(
    'SELECT * FROM provider_keys WHERE organization_id = ?1 AND deleted_at IS NULL AND id <> ?2',
  )
    .bind(row.organization_id, row.id)
    .all<ProviderKeyRow>();
  const { providerKeysMax, providerKeysLengthMax } = LIMITS;
  if (others.length >= providerKeysMax) {
    throw badRequest(null, `An organization has at most ${providerKeysMax} provider keys.`);
  }
  if (row.slug !== null && others.some(({ slug }) => slug === row.slug)) {
    throw badRequest('slug', `There is a provider called ${row.slug} already.`);
  }
  if ([row, ...others].reduce((sum, one) => sum + lengthOf(one), 0) > providerKeysLengthMax) {
    const message = `The provider keys of an organization have at most ${providerKeysLengthMax} characters in all, sealed and with their models.`;
    throw badRequest(row.models === null ? 'key' : 'models', message);
  }
}

/** How much a key adds to every member's policy. */
function lengthOf({ sealed: text, settings, models, base_url }: ProviderKeyRow): number {
  return text.length + settings.length + (models?.length ?? 0) + (base_url?.length ?? 0);
}
