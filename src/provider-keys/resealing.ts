/**
 * Rotating the secret of provider keys: what was sealed under the one before is sealed under that of now, and pushed. Until all
 * of it is, PROVIDER_KEY_SECRET_PREVIOUS opens the rest.
 */
import { LIMITS } from '../limits.ts';
import { type FanOut, policyChange, pushPolicies } from '../teams/policy.ts';
import { sealOrRefuse } from './provider-keys.ts';

export interface Resealed extends FanOut {
  /** Keys that were sealed anew. */
  resealed: number;
  /** Keys that neither secret opens: whoever they are of must give them again. */
  unreadable: string[];
  /** Keys that are still to be sealed anew: by the next call. */
  left: number;
}

interface Row {
  id: string;
  organization_id: string;
  sealed: string;
}

/** Seals anew what was not sealed under the secret of now, some hundred keys a call. Throws a 503 where there is no secret. */
export async function resealProviderKeys(env: Env, nowMs: number): Promise<Resealed> {
  const seal = await sealOrRefuse(env);
  const { results } = await env.DB.withSession('first-primary')
    .prepare(
      'SELECT id, organization_id, sealed FROM provider_keys WHERE deleted_at IS NULL AND instr(sealed, ?1) <> 1',
    )
    .bind(seal.prefix)
    .all<Row>();
  const opened = await Promise.all(
    results.map(async (row) => {
      const of = { organizationId: row.organization_id, id: row.id };
      return { ...row, of, key: await seal.open(row.sealed, of) };
    }),
  );
  const readable = opened.flatMap(({ key, ...row }) => (key === null ? [] : [{ ...row, key }]));
  const unreadable = opened.filter(({ key }) => key === null).map(({ id }) => id);
  const taken = readable.slice(0, LIMITS.resealedPerCall);
  const members: { id: string }[] = [];
  for (const [organizationId, rows] of Map.groupBy(taken, (row) => row.organization_id)) {
    const statements = await Promise.all(
      rows.map(async ({ id, sealed, of, key }) =>
        // Only what was read: a key that was changed meanwhile is sealed under the secret of now already.
        env.DB.prepare('UPDATE provider_keys SET sealed = ?3 WHERE id = ?1 AND sealed = ?2').bind(
          id,
          sealed,
          await seal.seal(key, of),
        ),
      ),
    );
    const everybody = { sql: 'organization_id = ?1 AND removed_at IS NULL', values: [organizationId] };
    const [raised] = await env.DB.batch<{ id: string }>([...policyChange(env.DB, everybody, nowMs), ...statements]);
    members.push(...(raised?.results ?? []));
  }
  const fanOut = await pushPolicies(env, members, nowMs + LIMITS.policyFanOutMs);
  return { resealed: taken.length, unreadable, left: readable.length - taken.length, ...fanOut };
}
