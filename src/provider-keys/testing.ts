/** The test button of a provider key: opens it, tries it (test-call.ts), and keeps what was wrong with it. */
import { changeAudited } from '../audit/change.ts';
import type { Trail } from '../audit/trail.ts';
import { checkOrganizationsBaseUrl } from '../gateway/providers/upstream.ts';
import { notFound } from '../teams/api-error.ts';
import { findProviderKey, type ProviderKeyRow, sealOrRefuse, settingsOf } from './provider-keys.ts';
import { problemOfCall } from './test-call.ts';

const UNREADABLE =
  'The key cannot be read: it was sealed under another PROVIDER_KEY_SECRET. Give it again, or have the operator bind that secret as PROVIDER_KEY_SECRET_PREVIOUS.';

/** Answers with the key as it is after the test. `own`: where we are, and no provider is. */
export async function testProviderKey(
  env: Env,
  trail: Trail,
  own: string,
  id: string,
  nowMs: number,
): Promise<ProviderKeyRow> {
  const { organizationId } = trail;
  const row = await findProviderKey(env, organizationId, id);
  const seal = await sealOrRefuse(env);
  const key = await seal.open(row.sealed, { organizationId, id });
  const tried = { provider: row.provider, baseUrl: row.base_url, settings: settingsOf(row) };
  // It was fit to be called when it was given, by the rules of then.
  const base = row.base_url === null ? null : checkOrganizationsBaseUrl(env, row.base_url, own);
  const unfit = base && 'problem' in base ? base.problem : null;
  const problem = unfit ?? (key === null ? UNREADABLE : await problemOfCall(env, { ...tried, key }));
  const changed = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'provider_key.tested',
    targetId: id,
    before: null,
    after: { ok: problem === null, problem },
    statement: env.DB.prepare(
      `UPDATE provider_keys SET tested_at = CAST(?3 AS INTEGER), test_problem = ?4
       WHERE id = ?1 AND organization_id = ?2 AND deleted_at IS NULL`,
    ).bind(id, organizationId, nowMs, problem),
  }));
  if (!changed) throw notFound('provider key');
  return { ...row, tested_at: nowMs, test_problem: problem };
}
