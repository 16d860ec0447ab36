/**
 * The books (invariant 4), proven from both ends. Per member, at D1's shipped sequence k: D1's ledger = what the object
 * settled up to k, and D1's ledger = rollups + events above the rollup watermark. A difference is named, never repaired.
 */
import { formatUsd } from '../money/nanos.ts';
import { forEachObject, memberBudget } from '../objects.ts';

type LedgerRow = {
  member_id: string;
  shipped: number;
  cost: string;
  rolled: string;
  waiting: string;
  overrun: string;
  unresolved: string;
};

/** Ledger, rollups and events of each member in one statement, so that they belong to one instant. */
const LEDGERS = `
  WITH
    rolled AS (
      SELECT dimension.member_id, sum(rollup.cost) AS cost
      FROM usage_rollups AS rollup
      JOIN usage_dimensions AS dimension ON dimension.id = rollup.dimension_id
      WHERE rollup.organization_id = ?1
      GROUP BY dimension.member_id
    ),
    waiting AS (
      SELECT member_id, sum(cost) AS cost
      FROM usage_events
      WHERE seq > (SELECT seq FROM rollup_watermark) AND organization_id = ?1
      GROUP BY member_id
    )
  SELECT
    member.id AS member_id,
    coalesce(ledger.shipped, 0) AS shipped,
    CAST(coalesce(ledger.cost, 0) AS TEXT) AS cost,
    CAST(coalesce(rolled.cost, 0) AS TEXT) AS rolled,
    CAST(coalesce(waiting.cost, 0) AS TEXT) AS waiting,
    CAST(coalesce(ledger.overrun, 0) AS TEXT) AS overrun,
    CAST(coalesce(ledger.unresolved, 0) AS TEXT) AS unresolved
  FROM members AS member
  LEFT JOIN member_ledgers AS ledger ON ledger.member_id = member.id
  LEFT JOIN rolled ON rolled.member_id = member.id
  LEFT JOIN waiting ON waiting.member_id = member.id
  WHERE member.organization_id = ?1 AND (?2 IS NULL OR member.id = ?2)
  ORDER BY member.created_at, member.id`;

export interface MemberBooks {
  memberId: string;
  /** Nanodollars, as text: object against D1, and D1 against its rollups and events. "0" when the books agree. */
  difference: string;
  objectDifference: string | null;
  rollupDifference: string;
  shipped: number;
  unshipped: number | null;
  /** Decimal USD, as the others below. */
  held: string | null;
  overrun: string;
  unresolved: string;
  /** Why the object's side could not be read, or null. */
  stale: string | null;
}

/** How often a member is looked at again that shipped between the two readings. */
const LOOKS_MAX = 5;

/** Proves the books of an organization now. Members whose object does not answer are named as stale, not as right. */
export async function proveBooks(env: Env, organizationId: string): Promise<MemberBooks[]> {
  const ledgers = await readLedgers(env, organizationId, null);
  return forEachObject(ledgers, (row) => proveMember(env, organizationId, row));
}

async function readLedgers(env: Env, organizationId: string, memberId: string | null): Promise<LedgerRow[]> {
  const session = env.DB.withSession('first-primary');
  const { results } = await session.prepare(LEDGERS).bind(organizationId, memberId).all<LedgerRow>();
  return results;
}

async function proveMember(env: Env, organizationId: string, first: LedgerRow): Promise<MemberBooks> {
  const memberId = first.member_id;
  let row = first;
  let confirmed = 0;
  try {
    for (let look = 1; ; look++) {
      const side = await memberBudget(env, memberId, (object) => object.books({ memberId, k: row.shipped }));
      // The object has let go of events that this reading of D1 does not have yet: read D1 again. What D1 lacks of
      // what was confirmed before it was read, it has lost: that is a difference.
      if (side.shipped > row.shipped && row.shipped >= confirmed) {
        if (look === LOOKS_MAX) throw new Error('it ships faster than its books can be read');
        confirmed = side.shipped;
        row = (await readLedgers(env, organizationId, memberId))[0] ?? row;
        continue;
      }
      const objectDifference = BigInt(side.settledUpTo) - BigInt(row.cost);
      const { difference, ...known } = fromD1(row);
      return {
        ...known,
        difference: objectDifference === 0n ? difference : objectDifference.toString(),
        objectDifference: objectDifference.toString(),
        unshipped: side.unshipped,
        held: formatUsd(side.held),
        stale: null,
      };
    }
  } catch (error) {
    const stale = `the member's object could not be read: ${String(error)}`;
    return { ...fromD1(row), objectDifference: null, unshipped: null, held: null, stale };
  }
}

/** What D1 tells by itself. */
function fromD1(row: LedgerRow) {
  const rollupDifference = (BigInt(row.cost) - BigInt(row.rolled) - BigInt(row.waiting)).toString();
  return {
    memberId: row.member_id,
    difference: rollupDifference,
    rollupDifference,
    shipped: row.shipped,
    overrun: formatUsd(BigInt(row.overrun)),
    unresolved: formatUsd(BigInt(row.unresolved)),
  };
}

/**
 * Proves every organization's books and, where all agree, lets pruning go as far as the rollups went before the proof
 * began. Called by the cron; a difference is an error in the log.
 */
export async function reconcile(env: Env, nowMs: number): Promise<{ agreed: boolean }> {
  const watermark = await env.DB.prepare('SELECT seq FROM rollup_watermark').first<{ seq: number }>();
  const { results } = await env.DB.prepare('SELECT id FROM organizations').all<{ id: string }>();
  let agreed = true;
  for (const { id } of results) {
    for (const member of await proveBooks(env, id)) {
      if (member.difference === '0' && member.stale === null) continue;
      agreed = false;
      console.error(JSON.stringify({ event: 'books_differ', organizationId: id, ...member }));
    }
  }
  if (agreed) {
    await env.DB.prepare(
      'UPDATE rollup_watermark SET proven_seq = max(proven_seq, CAST(?1 AS INTEGER)), proven_at = CAST(?2 AS INTEGER)',
    )
      .bind(watermark?.seq ?? 0, nowMs)
      .run();
  }
  return { agreed };
}
