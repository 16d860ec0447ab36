/** Who used what: all members of an organization beside each other. */
import { z } from '@hono/zod-openapi';
import { count, idOf, like } from '../reference/fields.ts';
import { notFound } from '../teams/api-error.ts';
import { ROLES } from '../teams/roles.ts';
import { type Databases, readUsages } from './analytics.ts';
import { byCost, Measures, nothingUsed, showUsed, type Usage } from './used.ts';

export const MemberShown = z.object({
  userId: idOf('usr').nullable().openapi({ description: 'Null for API-only members' }),
  memberId: idOf('mem'),
  name: like('Ada Lovelace'),
  email: like('ada@example.com').nullable(),
  role: z.enum(ROLES).openapi({ example: 'developer' }),
  removed: z.boolean().openapi({ description: 'Whether they have left; their usage stays', example: false }),
});

export const UsingMember = z.object({
  ...MemberShown.shape,
  apiKeyCount: count(3, 'Keys that are not deleted'),
  ...Measures.shape,
});

interface MemberRow {
  userId: string | null;
  memberId: string;
  name: string;
  email: string | null;
  role: (typeof ROLES)[number];
  removed: number;
  apiKeyCount: number;
}

const SELECT = `
  SELECT
    member.user_id AS userId, member.id AS memberId, member.name, user.email, member.role,
    member.removed_at IS NOT NULL AS removed,
    (
      SELECT count(*) FROM api_keys AS key
      WHERE key.member_id = member.id AND key.deleted_at IS NULL AND key.playground = 0
    ) AS apiKeyCount
  FROM members AS member
  LEFT JOIN users AS user ON user.id = member.user_id
  WHERE member.organization_id = ?1`;

/** Everybody who is a member, or used something between these instants, dearest first. */
export async function membersUsing(databases: Databases, organizationId: string, range: readonly [number, number]) {
  const asked = { organizationId, groupBy: 'member', instants: range, limit: Number.POSITIVE_INFINITY } as const;
  const [{ usages, freshness }, { results }] = await Promise.all([
    readUsages(databases.usage, [asked]),
    databases.names.withSession('first-unconstrained').prepare(SELECT).bind(organizationId).all<MemberRow>(),
  ]);
  const usage = usages[0] as Usage;
  const known = new Set(results.map(({ memberId }) => memberId));
  const unknown = [...usage.groups.keys()].filter((memberId) => !known.has(memberId)).map(nobody);
  const members = [...results, ...unknown]
    .map((row) => ({ row, used: usage.groups.get(row.memberId)?.[0] }))
    .filter(({ row, used }) => used || !row.removed)
    .map(({ row, used = nothingUsed() }) => ({ row, used }))
    .sort((a, b) => byCost(a.used, b.used) || (a.row.memberId < b.row.memberId ? -1 : 1));
  return {
    members: members.map(({ row, used }) => ({ ...row, removed: row.removed !== 0, ...showUsed(used) })),
    totals: showUsed(usage.total[0] ?? nothingUsed()),
    ...freshness,
  };
}

/** Of usage whose member D1 does not know, so that rows sum to the total all the same. */
function nobody(memberId: string): MemberRow {
  return { userId: null, memberId, name: memberId, email: null, role: 'api', removed: 1, apiKeyCount: 0 };
}

/** A member by its user's id or its own, also one who was removed. Throws a 404 where there is none. */
export async function findMemberEver(db: D1Database, organizationId: string, id: string) {
  const row = await db
    .withSession('first-primary')
    .prepare(`${SELECT} AND (member.user_id = ?2 OR member.id = ?2)`)
    .bind(organizationId, id)
    .first<MemberRow>();
  if (!row) throw notFound('member');
  const { apiKeyCount: _, ...member } = row;
  return { ...member, removed: row.removed !== 0 };
}
