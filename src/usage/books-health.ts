/**
 * What GET /orgs/{orgId}/health tells: the last proof of each member's books with its instant, and what is stale.
 * Reads what books.ts stored; proves nothing itself.
 */
import { z } from '@hono/zod-openapi';
import { readWalletBooks, WalletBooks } from '../billing/wallet-books.ts';
import { LIMITS } from '../limits.ts';
import { formatUsd } from '../money/nanos.ts';
import { count, idOf, instant, like, usd } from '../reference/fields.ts';
import { instantOrNull } from '../teams/status.ts';
import { type Proof, ProofShown } from './books-findings.ts';
import { usageDatabase } from './databases.ts';

type MemberRow = {
  member_id: string;
  proof: string | null;
  proven_at: number | null;
  unproven_since: number | null;
  unproven_why: string | null;
  overrun: string;
  unresolved: string;
};

type SumsRow = {
  members: number;
  unproven: number;
  differing: number;
  /** 0 where somebody was never proven. */
  oldest: number | null;
  overrun: string;
  unresolved: string;
  rolled_up_to: number;
  compared_since: number | null;
};

/** Members (?2, a JSON array), and whoever else the organization's sums tell of: usage of nobody's is a difference too. */
const EVERYONE = `
  SELECT value AS id FROM json_each(?2)
  UNION
  SELECT member_id FROM member_books WHERE organization_id = ?1 AND differs = 1`;

const READ_MEMBERS = `
  SELECT
    everyone.id AS member_id,
    books.proof,
    books.proven_at,
    books.unproven_since,
    books.unproven_why,
    CAST(coalesce(ledger.overrun, 0) AS TEXT) AS overrun,
    CAST(coalesce(ledger.unresolved, 0) AS TEXT) AS unresolved
  FROM (${EVERYONE}) AS everyone
  LEFT JOIN member_ledgers AS ledger ON ledger.member_id = everyone.id
  LEFT JOIN member_books AS books ON books.member_id = everyone.id
  ORDER BY coalesce(books.differs, 0) DESC, coalesce(books.proven_at, 0), everyone.id
  LIMIT ${LIMITS.booksShownMax}`;

const READ_SUMS = `
  SELECT
    count(*) AS members,
    coalesce(sum(books.proven_at IS NULL OR books.unproven_since IS NOT NULL), 0) AS unproven,
    coalesce(sum(books.differs), 0) AS differing,
    min(coalesce(books.proven_at, 0)) AS oldest,
    CAST(coalesce(sum(ledger.overrun), 0) AS TEXT) AS overrun,
    CAST(coalesce(sum(ledger.unresolved), 0) AS TEXT) AS unresolved,
    (SELECT rolled_up_to FROM rollup_watermark) AS rolled_up_to,
    (SELECT compared_since FROM books_turns WHERE organization_id = ?1) AS compared_since
  FROM (${EVERYONE}) AS everyone
  LEFT JOIN member_ledgers AS ledger ON ledger.member_id = everyone.id
  LEFT JOIN member_books AS books ON books.member_id = everyone.id`;

/** Differences are nanodollars as text, the other amounts USD. */
const MemberBooks = z
  .object({
    memberId: idOf('mem'),
    name: like('Ada Lovelace').nullable().openapi({
      description: 'Of removed members too; null: usage is recorded of somebody who was never a member',
    }),
    ...ProofShown.shape,
    overrun: usd('0', 'What providers charged beyond holds'),
    unresolved: usd('0', 'Charged at most, where nobody can know any more'),
    provenAt: instant().nullable().openapi({ description: 'When both sides were last compared; null: never' }),
    unproven: z
      .object({ since: instant().nullable(), why: like('The object did not answer.') })
      .nullable()
      .openapi({ description: 'Why they could not be compared at the last look', example: null }),
  })
  .openapi('MemberBooks');

export type MemberBooks = z.infer<typeof MemberBooks>;

export const Health = z
  .object({
    ok: z.boolean().openapi({ description: 'Everything is proven and nothing differs' }),
    wallet: WalletBooks,
    difference: like('0', 'Nanodollars, over all members that are shown'),
    overrun: usd('0'),
    unresolved: usd('0'),
    members: count(12),
    differing: count(0),
    unproven: count(0),
    books: z
      .array(MemberBooks)
      .openapi({ description: 'Those that differ first; there may be more members than these' }),
    stale: z
      .array(
        z.object({
          part: z.enum(['member', 'proof', 'rollups']),
          memberId: idOf('mem').optional(),
          since: instant().nullable(),
        }),
      )
      .openapi({ description: 'Parts that have not been looked at for too long', example: [] }),
    provenAt: instant().nullable().openapi({ description: "Nobody's proof is older; null where somebody has none" }),
    daysComparedSince: instant('2026-11-20T09:30:00.000Z').nullable().openapi({
      description: 'Every day of the history was compared since; null before the first round is complete',
    }),
    rolledUpTo: instant().nullable().openapi({ description: 'Usage that had arrived by then is in the rollups' }),
  })
  .openapi('Health');

export type Health = z.infer<typeof Health>;

const NEVER: Proof = {
  difference: '0',
  objectDifference: null,
  rollupDifference: '0',
  findings: [],
  shipped: 0,
  unshipped: null,
  held: null,
};

/** How many members an organization has: whether all of them can be proven while somebody waits. */
export async function countMembers(db: D1Database, organizationId: string): Promise<number> {
  const row = await db
    .prepare('SELECT count(*) AS members FROM members WHERE organization_id = ?1')
    .bind(organizationId)
    .first<{ members: number }>();
  return row?.members ?? 0;
}

const READ_ORGANIZATION = `
  SELECT
    created_at,
    (SELECT json_group_object(id, name) FROM members WHERE organization_id = ?1) AS names
  FROM organizations
  WHERE id = ?1`;

export async function readHealth(env: Env, organizationId: string, nowMs: number): Promise<Health> {
  const organization = await env.DB.withSession('first-primary')
    .prepare(READ_ORGANIZATION)
    .bind(organizationId)
    .first<{ created_at: number; names: string }>();
  const names = JSON.parse(organization?.names ?? '{}') as Record<string, string>;
  const session = (await usageDatabase(env, organizationId)).withSession('first-primary');
  const asked = [organizationId, JSON.stringify(Object.keys(names))];
  const wallet = await readWalletBooks(env, organizationId, nowMs);
  const [members, summed] = (await session.batch([
    session.prepare(READ_MEMBERS).bind(...asked),
    session.prepare(READ_SUMS).bind(...asked),
  ])) as [D1Result<MemberRow>, D1Result<SumsRow>];
  const sums = summed.results[0];
  if (!sums) throw new Error('an aggregate without a row');
  const books = members.results.map((row) => showBooks(row, names[row.member_id] ?? null));
  // Before the first rollup nothing is staler than the organization is old.
  const rolledUpTo = Math.max(sums.rolled_up_to, organization?.created_at ?? 0);
  const isOld = (ms: number) => nowMs - ms > LIMITS.booksStaleMs;
  return {
    ok: sums.differing === 0 && sums.unproven === 0 && wallet.findings.length === 0 && wallet.proven,
    wallet,
    difference: books.reduce((sum, { difference }) => sum + BigInt(difference), 0n).toString(),
    overrun: formatUsd(BigInt(sums.overrun)),
    unresolved: formatUsd(BigInt(sums.unresolved)),
    members: sums.members,
    differing: sums.differing,
    unproven: sums.unproven,
    books,
    stale: [
      ...books.flatMap(({ memberId, unproven }) =>
        unproven ? [{ part: 'member' as const, memberId, since: unproven.since }] : [],
      ),
      ...(isOld(sums.oldest ?? nowMs) ? [{ part: 'proof' as const, since: instantOrNull(sums.oldest || null) }] : []),
      ...(isOld(rolledUpTo) ? [{ part: 'rollups' as const, since: instantOrNull(rolledUpTo || null) }] : []),
    ],
    provenAt: instantOrNull(sums.oldest || null),
    daysComparedSince: instantOrNull(sums.compared_since),
    rolledUpTo: instantOrNull(rolledUpTo || null),
  };
}

function showBooks(row: MemberRow, name: string | null): MemberBooks {
  const proof = row.proof === null ? NEVER : (JSON.parse(row.proof) as Proof);
  const isProven = row.proven_at !== null && row.unproven_since === null;
  return {
    memberId: row.member_id,
    name,
    ...proof,
    overrun: formatUsd(BigInt(row.overrun)),
    unresolved: formatUsd(BigInt(row.unresolved)),
    provenAt: instantOrNull(row.proven_at),
    unproven: isProven
      ? null
      : { since: instantOrNull(row.unproven_since), why: row.unproven_why ?? 'not looked at yet' },
  };
}
