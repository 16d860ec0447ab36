/**
 * What an organization needs after D1 was restored to an earlier time. Its log lacks entries that were anchored; its members'
 * objects have policies of a later time, and take none that D1 makes anew until those are newer again. Only the operator
 * may say that this was so, and both are told by one entry; see restoration.ts.
 */
import { auditAnchor } from '../objects.ts';
import { ApiError, badRequest } from '../teams/api-error.ts';
import { changeOrganization, type FanOut } from '../teams/policy.ts';
import { readNewest } from './entries.ts';
import { type Restoration, toldOf } from './restoration.ts';
import type { Trail } from './trail.ts';
import { verifyLog } from './verify.ts';

type Planned = Omit<Restoration, 'at' | 'entry'>;

/** What would be told. Throws a 409 where the log shows something else than a restored D1, a 400 where `restoredTo` cannot be. */
export async function planRestoration(env: Env, organizationId: string, restoredTo: string): Promise<Planned> {
  const { ok, firstBad, anchoredHead } = await verifyLog(env, organizationId);
  if (firstBad && firstBad.kind !== 'cut' && firstBad.kind !== 'rewritten') {
    const message = `This is not what a restored D1 looks like. ${firstBad.message}`;
    throw new ApiError(409, 'audit_log_broken', message, { metadata: { firstBad } });
  }
  const db = env.DB.withSession('first-primary');
  const kept =
    (await db
      .prepare('SELECT max(n) AS n FROM audit_entries WHERE organization_id = ?1 AND at <= ?2')
      .bind(organizationId, Date.parse(restoredTo))
      .first<number | null>('n')) ?? 0;
  const entriesLost = ok ? 0 : Math.max(0, anchoredHead.n - kept);
  if (!ok && entriesLost === 0) {
    const message = `restoredTo must be the instant to which D1 was restored: the log has lost entries up to ${anchoredHead.n}, and then had ${kept}.`;
    throw badRequest('restoredTo', message);
  }
  const { n, hash } = await readNewest(env.DB, organizationId);
  const firstLost = ok ? n + 1 : kept + 1;
  return { restoredTo, anchoredHead, head: { n, hash }, firstLost, entriesLost };
}

/**
 * Tells it, gives all members' policies a generation of their own, newer than any before, and has the anchor begin again. May be
 * repeated where it failed in between.
 */
export async function tellRestored(
  env: Env,
  trail: Trail,
  restoredTo: string,
  nowMs: number,
): Promise<Planned & FanOut> {
  const { organizationId } = trail;
  let planned: Planned | undefined;
  const fanOut = await changeOrganization(
    env,
    trail,
    async () => {
      planned = await planRestoration(env, organizationId, restoredTo);
      return {
        action: 'database.restored',
        ...toldOf(planned),
        // The instant: also a second restoration, to before the first, makes a generation that no object has seen.
        statement: env.DB.prepare(
          'UPDATE members SET policy_generation = max(policy_generation + 1, CAST(?2 AS INTEGER)) WHERE organization_id = ?1',
        ).bind(organizationId, nowMs),
      };
    },
    nowMs,
  );
  if (!planned) throw new Error('nothing was planned');
  if (planned.entriesLost > 0) await restartAnchor(env, organizationId);
  return { ...planned, ...fanOut };
}

async function restartAnchor(env: Env, organizationId: string): Promise<void> {
  const restarted = await auditAnchor(env, organizationId, (object) => object.restart({ organizationId }));
  if (!restarted) {
    throw new ApiError(409, 'audit_log_busy', 'The anchor has moved meanwhile. Run the command again.');
  }
  // The cron's note of how far it was anchored went back with it.
  await env.DB.prepare('UPDATE audit_anchors SET n = 0 WHERE organization_id = ?1').bind(organizationId).run();
}
