/**
 * When anchors move: behind the answer to a change, and by cron for whatever that missed. And pruning, which follows the
 * anchor: the object moves the beginning first, then D1 lets go of what lies before it. A run that dies between the two
 * leaves entries that nobody counts any more, for the next run to remove.
 */
import { DAY_MS, LIMITS } from '../limits.ts';
import { auditAnchor, forEachObject } from '../objects.ts';
import { PLAN_AUDIT_DAYS, type Plan } from '../teams/roles.ts';
import { removeUpTo } from './entries.ts';

/** Anchors the newest entry, if it can be. Never throws: the cron comes back to what could not. */
export async function anchorHead(env: Env, organizationId: string): Promise<void> {
  const failed = (error: unknown) => {
    console.warn(JSON.stringify({ event: 'audit_anchor_failed', organizationId, error: String(error) }));
    return null;
  };
  const moved = await auditAnchor(env, organizationId, (object) => object.advance({ organizationId })).catch(failed);
  await env.DB.prepare(
    `INSERT INTO audit_anchors (organization_id, n, looked_at)
     VALUES (?1, ?2, ?3)
     ON CONFLICT DO UPDATE SET n = max(n, excluded.n), looked_at = excluded.looked_at`,
  )
    .bind(organizationId, moved?.anchored.head.n ?? 0, Date.now())
    .run()
    .catch(failed);
}

/** Anchors the logs that have come further than they were anchored, those that have waited longest first. */
export async function anchorPending(env: Env): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT organization.id
     FROM organizations AS organization
     LEFT JOIN audit_anchors AS anchor ON anchor.organization_id = organization.id
     WHERE coalesce(anchor.n, 0) < (SELECT max(n) FROM audit_entries WHERE organization_id = organization.id)
     ORDER BY anchor.looked_at
     LIMIT CAST(?1 AS INTEGER)`,
  )
    .bind(LIMITS.auditAnchorsPerRun)
    .all<{ id: string }>();
  await forEachObject(results, ({ id }) => anchorHead(env, id));
}

/** Removes the entries that are older than the plan keeps them, but never the anchored head. */
export async function pruneAudit(env: Env, nowMs: number): Promise<void> {
  // By chance, so that a log which cannot be pruned keeps no other waiting.
  const { results } = await env.DB.prepare(
    `SELECT organization.id, organization.plan
     FROM organizations AS organization
     JOIN json_each(?1) AS plan ON plan.key = organization.plan
     JOIN audit_entries AS oldest
       ON oldest.organization_id = organization.id
      AND oldest.n = (SELECT min(n) FROM audit_entries WHERE organization_id = organization.id)
     WHERE oldest.at < ?2 - plan.value * ?3
       AND oldest.n < (SELECT max(n) FROM audit_entries WHERE organization_id = organization.id)
     ORDER BY random()
     LIMIT CAST(?4 AS INTEGER)`,
  )
    .bind(JSON.stringify(PLAN_AUDIT_DAYS), nowMs, DAY_MS, LIMITS.auditPrunedPerRun)
    .all<{ id: string; plan: Plan }>();
  await forEachObject(results, async ({ id: organizationId, plan }) => {
    try {
      const beforeMs = nowMs - PLAN_AUDIT_DAYS[plan] * DAY_MS;
      const { anchored } = await auditAnchor(env, organizationId, (object) =>
        object.prune({ organizationId, beforeMs }),
      );
      await removeUpTo(env.DB, organizationId, anchored.beginning.n);
    } catch (error) {
      console.warn(JSON.stringify({ event: 'audit_pruning_failed', organizationId, error: String(error) }));
    }
  });
}
