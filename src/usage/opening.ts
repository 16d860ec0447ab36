/**
 * What D1 knows of a member's past, for an object that starts without memory: a member's first request, or a rebuild.
 * Its usage is read in one transaction on the primary, so that ledger, rollups and events belong to one instant.
 */
import type { MemberPolicy, Opening } from '../budgets/policy.ts';
import { Window } from '../budgets/windows.ts';
import { nanos } from '../money/nanos.ts';
import { readPolicy } from '../teams/policy.ts';
import { usageDatabase } from './databases.ts';
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

/** Whether anything was shipped of the member (?1), and whether its organization's usage (?2) has left this database. */
const LOOK = `
  SELECT
    EXISTS (SELECT 1 FROM member_ledgers WHERE member_id = ?1) AS shipped,
    EXISTS (SELECT 1 FROM usage_fences WHERE organization_id = ?2 AND state = 'gone') AS gone`;

/**
 * Null where there is no such member. Throws where D1 does not answer, or the usage is just being moved: then nothing may be
 * admitted.
 */
export async function readOpening(env: Env, memberId: string, nowMs: number): Promise<Opening | null> {
  const policy = await readPolicy(env.DB.withSession('first-primary'), memberId);
  if (!policy) return null;
  const { organizationId } = policy;
  const session = (await usageDatabase(env, organizationId, 0)).withSession('first-primary');
  const look = session.prepare(LOOK).bind(memberId, organizationId);
  const first = await look.first<{ shipped: number; gone: number }>();
  // A new member, as every member once is: nothing to look for among the whole organization's usage.
  if (first?.shipped === 0 && first.gone === 0) return { policy, sequence: 0, lifetime: [], recent: [] };
  const [ledger, ever, recent, last] = await session.batch<Record<string, number | string>>([
    session.prepare('SELECT shipped, cost FROM member_ledgers WHERE member_id = ?1').bind(memberId),
    session.prepare(EVER_BY_KEY).bind(organizationId, memberId),
    session.prepare(RECENT_BY_KEY).bind(organizationId, memberId, historyStartMs(policy, nowMs)),
    look,
  ]);
  // Nothing is added to the next place before this one says so, and nothing taken from here: until then it is all here.
  if (last?.results[0]?.gone !== 0) throw new Error(`the usage of ${organizationId} is just being moved: ask again`);
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
