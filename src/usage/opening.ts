/**
 * What D1 knows of a member's past, for an object that starts without memory: a member's first request, or a rebuild.
 * Read in one transaction on the primary, so that ledger, rollups and events belong to one instant.
 */
import type { MemberPolicy, Opening } from '../budgets/policy.ts';
import { Window } from '../budgets/windows.ts';
import { nanos } from '../money/nanos.ts';
import { readPolicy } from '../teams/policy.ts';
import { QUARTER_MS } from './measures.ts';

const EVER_BY_KEY = `
  SELECT key_id, sum(cost) AS cost
  FROM (
    SELECT dimension.key_id, sum(rollup.cost) AS cost
    FROM usage_dimensions AS dimension
    JOIN usage_rollups AS rollup ON rollup.dimension_id = dimension.id
    WHERE dimension.organization_id = ?1 AND dimension.member_id = ?2
    GROUP BY dimension.key_id
    UNION ALL
    SELECT key_id, sum(cost)
    FROM usage_events
    WHERE seq > (SELECT seq FROM rollup_watermark) AND member_id = ?2
    GROUP BY key_id
  )
  GROUP BY key_id`;

const RECENT_BY_KEY = `
  SELECT key_id, bucket_at, sum(cost) AS cost
  FROM (
    SELECT dimension.key_id, rollup.bucket_at, rollup.cost
    FROM usage_dimensions AS dimension
    JOIN usage_rollups AS rollup ON rollup.dimension_id = dimension.id
    WHERE dimension.organization_id = ?1 AND dimension.member_id = ?2 AND rollup.bucket_at >= CAST(?3 AS INTEGER)
    UNION ALL
    SELECT key_id, settled_at - settled_at % ${QUARTER_MS}, cost
    FROM usage_events
    WHERE seq > (SELECT seq FROM rollup_watermark) AND member_id = ?2
  )
  GROUP BY key_id, bucket_at
  HAVING sum(cost) > 0`;

/** Null where there is no such member. Throws where D1 does not answer: then nothing may be admitted. */
export async function readOpening(db: D1Database, memberId: string, nowMs: number): Promise<Opening | null> {
  const session = db.withSession('first-primary');
  const policy = await readPolicy(session, memberId);
  if (!policy) return null;
  // A new member, as every member once is: nothing to look for among the whole organization's usage.
  const shipped = await session.prepare('SELECT 1 FROM member_ledgers WHERE member_id = ?1').bind(memberId).first();
  if (!shipped) return { policy, sequence: 0, lifetime: [], recent: [] };
  const [ledger, ever, recent] = await session.batch<Record<string, number | string>>([
    session.prepare('SELECT shipped, cost FROM member_ledgers WHERE member_id = ?1').bind(memberId),
    session.prepare(EVER_BY_KEY).bind(policy.organizationId, memberId),
    session.prepare(RECENT_BY_KEY).bind(policy.organizationId, memberId, historyStartMs(policy, nowMs)),
  ]);
  const recentOfMember = new Map<number, number>();
  const recentOfKeys = (recent?.results ?? []).map((row) => {
    const startMs = Number(row.bucket_at);
    recentOfMember.set(startMs, (recentOfMember.get(startMs) ?? 0) + Number(row.cost));
    return { scope: String(row.key_id), startMs, endMs: startMs + QUARTER_MS, spent: nanos(Number(row.cost)) };
  });
  return {
    policy,
    sequence: Number(ledger?.results[0]?.shipped ?? 0),
    lifetime: [
      { scope: 'member', spent: nanos(Number(ledger?.results[0]?.cost ?? 0)) },
      ...(ever?.results ?? []).map((row) => ({ scope: String(row.key_id), spent: nanos(Number(row.cost)) })),
    ],
    recent: [
      ...[...recentOfMember].map(([startMs, spent]) => ({
        scope: 'member',
        startMs,
        endMs: startMs + QUARTER_MS,
        spent: nanos(spent),
      })),
      ...recentOfKeys,
    ],
  };
}

/** The first quarter of an hour that may still count in a window of the member or of one of its keys. */
function historyStartMs(policy: MemberPolicy, nowMs: number): number {
  const horizons = [policy, ...policy.keys].map(({ limits }) =>
    new Window(limits.period?.window ?? null).horizon(nowMs),
  );
  return Math.min(...horizons) - QUARTER_MS;
}
