/**
 * Lists of members, a page at a time, with what was shipped of each. However many they are, that is one statement where their
 * usage lies beside them. Where it lies elsewhere it is another one for their ledgers, and two more where those are sorted by.
 */
import { usageDatabase } from '../usage/databases.ts';
import { isActiveKey } from './api-keys.ts';
import { type ListedRow, selectMembers } from './members.ts';
import { cutPage, orderBy, type Page } from './page.ts';

/** Over one row of members. What somebody spent is known to D1 as far as it was shipped. */
export const MEMBER_SORTS = {
  name: 'lower(name)',
  email: "coalesce((SELECT lower(users.email) FROM users WHERE users.id = user_id), '')",
  role: 'role',
  createdAt: 'created_at',
  lifetimeUsage: 'coalesce((SELECT ledger.cost FROM member_ledgers AS ledger WHERE ledger.member_id = members.id), 0)',
};

/** Who is listed at all. ?1 organization, ?2 a part of a name or address, ?3 the one whom who asks may see. */
const LISTED = `
  organization_id = ?1
  AND removed_at IS NULL
  AND (?2 IS NULL OR instr(lower(name), lower(?2)) > 0 OR instr(${MEMBER_SORTS.email}, lower(?2)) > 0)
  AND (?3 IS NULL OR id = ?3)`;

/** Active keys are counted as the object counts them: whether their projects may be used is another question. ?4: now. */
const SHOWN = {
  columns: `,
    (
      SELECT count(*) FROM api_keys AS key
      WHERE key.member_id = member.id AND ${isActiveKey('key', '?4')}
    ) AS active_keys`,
  // In this order: whose turn it is to be shown is found first, so that no key of anybody else is looked at.
  from: 'page CROSS JOIN members AS member ON member.id = page.id',
};

const SHOW = selectMembers({ ...SHOWN, joins: '' });

const SHOW_WITH_LEDGERS = selectMembers({
  ...SHOWN,
  columns: `${SHOWN.columns}, ledger.cost AS shipped_cost, ledger.status AS shipped_status`,
  joins: 'LEFT JOIN member_ledgers AS ledger ON ledger.member_id = member.id',
});

type Asked = Page & { only?: string | null };

/** A page of members; `q` is a part of a name or e-mail, `only` the one member that who asks may see. */
export async function listMembers(
  env: Env,
  organizationId: string,
  page: Asked,
  nowMs: number,
): Promise<{ rows: ListedRow[]; nextCursor: string | null }> {
  const usage = await usageDatabase(env, organizationId);
  const session = env.DB.withSession('first-primary');
  const asked = [organizationId, page.q ?? null, page.only ?? null, nowMs];
  if (usage !== env.DB && /^-?lifetimeUsage$/.test(page.sort)) {
    const ids = await byUsage(usage, env.DB, organizationId, page);
    const given = `WITH page AS (SELECT value AS id, key AS sorted_by FROM json_each(?5)) ${SHOW}
      ORDER BY page.sorted_by`;
    // Nobody of them is filtered again, but the parameters keep their places.
    const { results } = await session
      .prepare(given)
      .bind(...asked, JSON.stringify(ids))
      .all<ListedRow>();
    return cutPage(await withLedgers(usage, results), page.limit);
  }
  const { after, by, value, direction } = orderBy(MEMBER_SORTS, page.sort, 'members', '?5');
  const { results } = await session
    .prepare(
      `WITH page AS MATERIALIZED (
         SELECT id, ${value} AS sorted_by
         FROM members
         WHERE ${LISTED} AND ${after}
         ORDER BY ${by}
         LIMIT CAST(?6 AS INTEGER)
       )
       ${usage === env.DB ? SHOW_WITH_LEDGERS : SHOW}
       ORDER BY page.sorted_by ${direction}, member.id ${direction}`,
    )
    .bind(...asked, page.cursor ?? null, page.limit + 1)
    .all<ListedRow>();
  return cutPage(usage === env.DB ? results : await withLedgers(usage, results), page.limit);
}

/** The ids of a page, in the order of what was shipped, where that lies in another database. */
async function byUsage(usage: D1Database, db: D1Database, organizationId: string, page: Asked): Promise<string[]> {
  const listed = await db
    .withSession('first-primary')
    .prepare(`SELECT id FROM members WHERE ${LISTED}`)
    .bind(organizationId, page.q ?? null, page.only ?? null)
    .all<{ id: string }>();
  const cost = '(SELECT cost FROM member_ledgers WHERE member_id = id)';
  const { after, by } = orderBy({ lifetimeUsage: `coalesce(${cost}, 0)` }, page.sort, 'everybody', '?3');
  const { results } = await usage
    .withSession('first-primary')
    .prepare(
      `WITH everybody AS (SELECT ?1 AS organization_id, value AS id FROM json_each(?2))
       SELECT id FROM everybody WHERE ${after} ORDER BY ${by} LIMIT CAST(?4 AS INTEGER)`,
    )
    .bind(organizationId, JSON.stringify(listed.results.map(({ id }) => id)), page.cursor ?? null, page.limit + 1)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

async function withLedgers(usage: D1Database, rows: readonly ListedRow[]): Promise<ListedRow[]> {
  const { results } = await usage
    .withSession('first-primary')
    .prepare('SELECT member_id, cost, status FROM member_ledgers WHERE member_id IN (SELECT value FROM json_each(?1))')
    .bind(JSON.stringify(rows.map(({ id }) => id)))
    .all<{ member_id: string; cost: number; status: string | null }>();
  const ledgers = new Map(results.map((ledger) => [ledger.member_id, ledger]));
  return rows.map((row) => {
    const ledger = ledgers.get(row.id);
    return { ...row, shipped_cost: ledger?.cost ?? null, shipped_status: ledger?.status ?? null };
  });
}
