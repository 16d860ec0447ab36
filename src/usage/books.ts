/**
 * The books (invariant 4), proven from both ends. Per member, at D1's shipped sequence k: D1's ledger = what the object
 * settled up to k, and D1's ledger = rollups + events above the rollup watermark. A difference is named and logged, never
 * repaired.
 *
 * A turn proves some members of one organization and stores what it found (member_books); the cron gives turns to as
 * many organizations as one invocation can, the longest unproven first, and GET /orgs/{orgId}/health gives one on demand.
 * The ledger is compared with the sums of the member's days, the days with rollups and events by turns (books-days.ts).
 * Turns may overlap, come twice or die at any point: each writes only what it has just read.
 */
import { LIMITS } from '../limits.ts';
import { formatUsd } from '../money/nanos.ts';
import { forEachObject, settledBudget } from '../objects.ts';
import { compareDays, missingSequences, sequencesText } from './books-days.ts';
import {
  type Accounts,
  type DaySums,
  type Finding,
  findDifferences,
  type Proof,
  rollupDifference,
  sizeOf,
} from './books-findings.ts';

/** How often a member is looked at again that shipped between the two readings. */
const LOOKS_MAX = 5;

/** So many differences of one member are told, and of so many members one is searched for the events that are missing. */
const FINDINGS_MAX = 20;
const NAMED_MAX = 20;

type LedgerRow = {
  member_id: string;
  shipped: number;
  ledger: string;
  days: string;
  waiting: string;
  /** Null while a backfill makes them. */
  totals: string | null;
  watermark: number;
  /** 0 for somebody who has usage here and is no member: then there is no object to ask. */
  is_member: 0 | 1;
  /** Of the last look, if there was one. */
  proof: string | null;
  proven_at: number | null;
  proven_seq: number | null;
  unproven_since: number | null;
  alarmed_at: number | null;
};

/**
 * The longest unproven; and, so that it is told at once, whoever has a day that differs now (?3, a JSON array) or differed
 * when last looked at. ?1 organization, ?2 how many.
 */
const WHOSE_TURN = `
  SELECT id
  FROM (
    SELECT member.id
    FROM members AS member
    LEFT JOIN member_books AS books ON books.member_id = member.id
    WHERE member.organization_id = ?1
    ORDER BY coalesce(books.looked_at, 0), member.created_at, member.id
    LIMIT CAST(?2 AS INTEGER)
  )
  UNION
  SELECT value FROM json_each(?3)
  UNION
  SELECT member_id
  FROM (
    SELECT member_id
    FROM member_books
    WHERE organization_id = ?1 AND differs = 1
    ORDER BY looked_at
    LIMIT CAST(?2 AS INTEGER)
  )`;

/**
 * All of D1's side in one statement, so that it belongs to one instant. ?1 organization, ?2 member ids as a JSON array.
 * NOT INDEXED: by the sequence numbers, of which few wait, not by the organization, of which all events would be read.
 */
const READ_LEDGERS = `
  WITH
    waiting AS (
      SELECT member_id, sum(cost) AS cost
      FROM usage_events NOT INDEXED
      WHERE seq > (SELECT seq FROM rollup_watermark) AND organization_id = ?1
      GROUP BY member_id
    )
  SELECT
    asked.value AS member_id,
    coalesce(ledger.shipped, 0) AS shipped,
    CAST(coalesce(ledger.cost, 0) AS TEXT) AS ledger,
    CAST(coalesce((SELECT sum(cost) FROM member_days WHERE member_id = asked.value), 0) AS TEXT) AS days,
    CAST(coalesce(waiting.cost, 0) AS TEXT) AS waiting,
    CASE
      WHEN NOT EXISTS (SELECT 1 FROM usage_backfills WHERE organization_id = ?1 AND finished_at IS NULL)
      THEN CAST(
        coalesce(
          (
            SELECT total.cost
            FROM usage_series AS series
            JOIN usage_totals AS total ON total.series_id = series.id
            WHERE series.organization_id = ?1 AND series.kind = 'member' AND series.value = asked.value
            ORDER BY total.bucket_at DESC
            LIMIT 1
          ),
          0
        ) AS TEXT
      )
    END AS totals,
    (SELECT seq FROM rollup_watermark) AS watermark,
    EXISTS (SELECT 1 FROM members WHERE id = asked.value AND organization_id = ?1) AS is_member,
    books.proof,
    books.proven_at,
    books.proven_seq,
    books.unproven_since,
    books.alarmed_at
  FROM json_each(?2) AS asked
  LEFT JOIN member_ledgers AS ledger ON ledger.member_id = asked.value
  LEFT JOIN waiting ON waiting.member_id = asked.value
  LEFT JOIN member_books AS books ON books.member_id = asked.value
  ORDER BY asked.key`;

/**
 * Running totals of organization ?1 that do not add up: each kind of series divides the same usage, so each comes to what the
 * members' series come to, which are compared member by member. Nothing while a backfill makes them.
 */
const TOTALS_THAT_DIFFER = `
  WITH
    ends AS (
      SELECT
        series.kind,
        sum((SELECT cost FROM usage_totals WHERE series_id = series.id ORDER BY bucket_at DESC LIMIT 1)) AS cost,
        sum((SELECT requests FROM usage_totals WHERE series_id = series.id ORDER BY bucket_at DESC LIMIT 1)) AS requests
      FROM usage_series AS series
      WHERE series.organization_id = ?1
      GROUP BY series.kind
    )
  SELECT
    ends.kind,
    CAST(ends.cost - members.cost AS TEXT) AS amount,
    CAST(ends.requests - members.requests AS TEXT) AS requests
  FROM ends
  JOIN ends AS members ON members.kind = 'member'
  WHERE (ends.cost <> members.cost OR ends.requests <> members.requests)
    AND NOT EXISTS (SELECT 1 FROM usage_backfills WHERE organization_id = ?1 AND finished_at IS NULL)`;

/** What one look at a member found. */
export interface ProvenMember {
  memberId: string;
  /** Since when its object has not answered, and why; null where it did. */
  unproven: { sinceMs: number; why: string } | null;
  proof: Proof;
}

/** Beside it what D1 had, and what the look before it found. */
interface Look extends ProvenMember {
  row: LedgerRow;
  before: Proof | null;
}

interface ObjectSide {
  shipped: number;
  settledUpTo: number;
  unshipped: number;
  held: number;
}

/** One turn of an organization: proves `membersMax` of its members, stores and logs what it found. */
export async function proveBooks(
  env: Env,
  organizationId: string,
  nowMs: number,
  membersMax: number = LIMITS.booksMembersPerTurn,
): Promise<ProvenMember[]> {
  const differing = await compareDays(env.DB, organizationId, nowMs);
  const withADay = JSON.stringify([...differing.keys()].slice(0, membersMax));
  const whoseTurn = await env.DB.withSession('first-primary')
    .prepare(WHOSE_TURN)
    .bind(organizationId, membersMax, withADay)
    .all<{ id: string }>();
  const memberIds = whoseTurn.results.map(({ id }) => id);
  const looks = await forEachObject(await readLedgers(env, organizationId, memberIds), (row) =>
    lookAt(env, organizationId, row, differing.get(row.member_id) ?? [], nowMs),
  );
  await nameSequences(env, organizationId, looks, nowMs);
  await alarmOfTotals(env, organizationId);
  const stored = looks.map((look) => storedLook(look, alarm(organizationId, look, nowMs), nowMs));
  await env.DB.prepare(WRITE_LOOKS).bind(JSON.stringify(stored), organizationId).run();
  return looks;
}

async function readLedgers(env: Env, organizationId: string, memberIds: readonly string[]): Promise<LedgerRow[]> {
  const session = env.DB.withSession('first-primary');
  const { results } = await session
    .prepare(READ_LEDGERS)
    .bind(organizationId, JSON.stringify(memberIds))
    .all<LedgerRow>();
  return results;
}

async function lookAt(
  env: Env,
  organizationId: string,
  first: LedgerRow,
  differingDays: readonly DaySums[],
  nowMs: number,
): Promise<Look> {
  const { row, side, why } = await readBothSides(env, organizationId, first);
  const before = row.proof === null ? null : (JSON.parse(row.proof) as Proof);
  const accounts: Accounts = {
    object: side && BigInt(side.settledUpTo),
    shippedLost: side !== null && side.shipped > row.shipped,
    ledger: BigInt(row.ledger),
    days: BigInt(row.days),
    waiting: BigInt(row.waiting),
    totals: row.totals === null ? null : BigInt(row.totals),
    differingDays,
  };
  const findings = findDifferences(accounts).map((finding): Finding => {
    const lost = finding.side === 'ledger' && accounts.shippedLost && side !== null;
    return { ...finding, sequences: lost ? sequencesText([[row.shipped + 1, side.shipped]]) : null };
  });
  // Of an object that does not answer the last that was known stands: silence does not settle a difference.
  if (!side) findings.push(...(before?.findings.filter((finding) => finding.side === 'object') ?? []));
  return {
    memberId: row.member_id,
    row,
    before,
    unproven: why === null ? null : { sinceMs: row.unproven_since ?? nowMs, why },
    proof: {
      difference: sizeOf(findings).toString(),
      objectDifference: side && (BigInt(side.settledUpTo) - accounts.ledger).toString(),
      rollupDifference: rollupDifference(accounts).toString(),
      findings: findings.slice(0, FINDINGS_MAX),
      shipped: row.shipped,
      unshipped: side?.unshipped ?? null,
      held: side && formatUsd(BigInt(side.held)),
    },
  };
}

/** Both sides of one member's books at the same sequence; `why` there is none of the object, if there should be. */
async function readBothSides(
  env: Env,
  organizationId: string,
  first: LedgerRow,
): Promise<{ row: LedgerRow; side: ObjectSide | null; why: string | null }> {
  const memberId = first.member_id;
  if (first.is_member === 0) return { row: first, side: null, why: null };
  let row = first;
  let confirmed = 0;
  try {
    for (let look = 1; ; look++) {
      const side = await settledBudget(env, memberId, (object) => object.books({ memberId, k: row.shipped }));
      // What D1 lacks of what was confirmed before it was read, it has lost. Else the object has let go of events that
      // this reading of D1 does not have yet: read D1 again.
      if (side.shipped <= row.shipped || row.shipped < confirmed) return { row, side, why: null };
      if (look === LOOKS_MAX) throw new Error('it ships faster than its books can be read');
      confirmed = side.shipped;
      row = (await readLedgers(env, organizationId, [memberId]))[0] ?? row;
    }
  } catch (error) {
    return { row, side: null, why: `the member's object could not be read: ${String(error)}` };
  }
}

/** Says which events are missing, of the first few members whose events are wrong: each is a query. */
async function nameSequences(env: Env, organizationId: string, looks: readonly Look[], nowMs: number): Promise<void> {
  const wrong = looks.flatMap(({ memberId, proof }) => {
    const finding = proof.findings.find(({ side }) => side === 'events');
    return finding ? [{ member: { organizationId, memberId, shipped: proof.shipped }, finding }] : [];
  });
  for (const { member, finding } of wrong.slice(0, NAMED_MAX)) {
    finding.sequences = await missingSequences(env.DB, member, finding.day, nowMs);
  }
}

/**
 * Says in the log what is new: one line for a difference that was not there before or has changed, one a day while it
 * lasts, one when it is gone, one when an object stops answering. Answers when the standing difference was last logged.
 */
function alarm(organizationId: string, { memberId, row, before, unproven, proof }: Look, nowMs: number): number | null {
  if (unproven && row.unproven_since === null) {
    console.warn(JSON.stringify({ event: 'books_unproven', organizationId, memberId, why: unproven.why }));
  }
  if (proof.findings.length === 0) {
    if (row.alarmed_at !== null) {
      console.warn(JSON.stringify({ event: 'books_agree_again', organizationId, memberId, shipped: proof.shipped }));
    }
    return null;
  }
  const same = JSON.stringify(before?.findings) === JSON.stringify(proof.findings);
  if (same && row.alarmed_at !== null && nowMs - row.alarmed_at < LIMITS.booksReminderMs) return row.alarmed_at;
  console.error(JSON.stringify({ event: 'books_differ', organizationId, memberId, ...proof }));
  return nowMs;
}

/** Of no member, so it is in nobody's books: in the log at each turn while it lasts. `npm run purser -- backfill` repairs it. */
async function alarmOfTotals(env: Env, organizationId: string): Promise<void> {
  const { results } = await env.DB.prepare(TOTALS_THAT_DIFFER).bind(organizationId).all();
  if (results.length > 0) console.error(JSON.stringify({ event: 'totals_differ', organizationId, series: results }));
}

interface StoredLook {
  memberId: string;
  lookedAt: number;
  provenAt: number | null;
  provenSeq: number;
  unprovenSince: number | null;
  unprovenWhy: string | null;
  differs: 0 | 1;
  proof: string;
  alarmedAt: number | null;
}

/** ?1 looks as a JSON array, ?2 organization. Of two turns at once the later answer stays; both were true. */
const WRITE_LOOKS = `
  INSERT INTO member_books (
    member_id, organization_id, looked_at, proven_at, proven_seq, unproven_since, unproven_why, differs, proof, alarmed_at
  )
  SELECT
    value ->> 'memberId', ?2, value ->> 'lookedAt', value ->> 'provenAt', value ->> 'provenSeq',
    value ->> 'unprovenSince', value ->> 'unprovenWhy', value ->> 'differs', value ->> 'proof', value ->> 'alarmedAt'
  FROM json_each(?1)
  WHERE true
  ON CONFLICT DO UPDATE SET
    looked_at = excluded.looked_at,
    proven_at = excluded.proven_at,
    proven_seq = excluded.proven_seq,
    unproven_since = excluded.unproven_since,
    unproven_why = excluded.unproven_why,
    differs = excluded.differs,
    proof = excluded.proof,
    alarmed_at = excluded.alarmed_at`;

function storedLook(look: Look, alarmedAtMs: number | null, nowMs: number): StoredLook {
  const { memberId, row, unproven, proof } = look;
  const differs = proof.findings.length > 0;
  return {
    memberId,
    lookedAt: nowMs,
    provenAt: unproven ? row.proven_at : nowMs,
    provenSeq: differs ? 0 : unproven ? (row.proven_seq ?? 0) : row.watermark,
    unprovenSince: unproven?.sinceMs ?? null,
    unprovenWhy: unproven?.why ?? null,
    differs: differs ? 1 : 0,
    proof: JSON.stringify(proof),
    alarmedAt: alarmedAtMs,
  };
}
