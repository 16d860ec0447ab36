/**
 * Mails the warnings that were decided (budget-warnings.ts): what is due to a reader about one member is one mail.
 *
 * Whoever mails has a lease on the rows. Who was mailed is taken off them at once; a mail that fails stays on them until the
 * lease ends, behind those that were not tried yet. Should a run die in between, the mail goes again under the same id, which
 * the mail API knows, unless something else is to be told by then.
 */
import { MEMBER_SCOPE } from '../budgets/ledger-state.ts';
import type { Extra } from '../budgets/policy.ts';
import { LIMITS } from '../limits.ts';
import { isSent } from '../mail/mail.ts';
import { isActiveKey } from './api-keys.ts';
import { type Warning, warningMail } from './budget-warning-mail.ts';
import { sha256Hex } from './keys.ts';
import type { WarnedAbout } from './warning-levels.ts';

/** A member of whom there is something to be mailed. */
interface Due {
  member_id: string;
  member_name: string;
  member_user_id: string | null;
  organization_id: string;
  organization_name: string;
  time_zone: string;
}

export async function mailWarnings(env: Env, nowMs: number): Promise<void> {
  await giveUp(env.DB, nowMs);
  const { results } = await env.DB.prepare(
    `SELECT
       member.id AS member_id, member.name AS member_name, member.user_id AS member_user_id,
       organization.id AS organization_id, organization.name AS organization_name, organization.time_zone
     FROM budget_warnings AS warning
     JOIN members AS member ON member.id = warning.member_id
     JOIN organizations AS organization ON organization.id = member.organization_id
     WHERE warning.unsent <> '[]' AND warning.leased_until <= CAST(?1 AS INTEGER)
     GROUP BY member.id
     ORDER BY min(warning.leased_until), min(warning.status_at)
     LIMIT ${LIMITS.warnedMembersPerRun}`,
  )
    .bind(nowMs)
    .all<Due>();
  // One after the other: a mail API takes a few in a second.
  const endMs = Date.now() + LIMITS.warningRunMs;
  for (const due of results) {
    if (Date.now() > endMs) return;
    await mailOf(env, due, nowMs);
  }
}

/** What is too late for anybody, and what is about who has gone or about a key that nobody can use. */
async function giveUp(db: D1Database, nowMs: number): Promise<void> {
  await db
    .prepare(
      `UPDATE budget_warnings SET unsent = '[]'
       WHERE unsent <> '[]' AND (
         status_at < CAST(?1 AS INTEGER)
         OR NOT EXISTS (
           SELECT 1
           FROM members AS member
           JOIN organizations AS organization ON organization.id = member.organization_id
           WHERE member.id = budget_warnings.member_id AND member.removed_at IS NULL AND organization.deleted_at IS NULL
         )
         OR (scope <> '${MEMBER_SCOPE}' AND NOT EXISTS (
           SELECT 1 FROM api_keys AS key WHERE key.id = budget_warnings.scope AND ${isActiveKey('key', '?2')}
         ))
       )`,
    )
    .bind(nowMs - LIMITS.warningMailMsMax, nowMs)
    .run();
}

interface LeasedRow {
  scope: string;
  limit_name: Extra['limit'];
  status_at: number;
  percent: number;
  about: string;
  unsent: string;
  key_name: string | null;
  key_masked: string | null;
}

/** Mails what is due about one member to all who have yet to get it, if nobody else is at it. */
async function mailOf(env: Env, due: Due, nowMs: number): Promise<void> {
  const { results: leased } = await env.DB.prepare(
    `UPDATE budget_warnings SET leased_until = CAST(?3 AS INTEGER)
     WHERE member_id = ?1 AND unsent <> '[]' AND leased_until <= CAST(?2 AS INTEGER)
     RETURNING scope, limit_name, status_at, percent, about, unsent,
       (SELECT name FROM api_keys WHERE id = scope) AS key_name,
       (SELECT masked FROM api_keys WHERE id = scope) AS key_masked`,
  )
    .bind(due.member_id, nowMs, nowMs + LIMITS.warningLeaseMs)
    .all<LeasedRow>();
  const rowsOf = new Map<string, LeasedRow[]>();
  for (const row of leased.toSorted(byUrgency)) {
    for (const userId of JSON.parse(row.unsent) as string[]) {
      rowsOf.set(userId, [...(rowsOf.get(userId) ?? []), row]);
    }
  }
  const readers = await readersOf(env, due.organization_id, [...rowsOf.keys()]);
  for (const [userId, rows] of rowsOf) {
    const email = readers.get(userId);
    const versions = rows.map(({ scope, limit_name, status_at }) => [scope, limit_name, status_at]);
    const id = `${due.member_id}-${userId}-${await sha256Hex(JSON.stringify(versions))}`;
    if (email !== undefined && !(await isSent(env, { ...mailTo(email, due, rows), id }))) continue;
    await env.DB.prepare(
      `UPDATE budget_warnings
       SET unsent = (SELECT json_group_array(reader.value) FROM json_each(unsent) AS reader WHERE reader.value <> ?2)
       WHERE member_id = ?1 AND (scope, limit_name, status_at) IN (
         SELECT mailed.value ->> 0, mailed.value ->> 1, mailed.value ->> 2 FROM json_each(?3) AS mailed
       )`,
    )
      .bind(due.member_id, userId, JSON.stringify(versions))
      .run();
  }
}

/** What is used up most comes first, and the member's own before its keys'. The same rows always in one order: their mail has an id. */
function byUrgency(a: LeasedRow, b: LeasedRow): number {
  const name = ({ key_name, scope, limit_name }: LeasedRow) => `${key_name ?? ''} ${scope} ${limit_name}`;
  return b.percent - a.percent || name(a).localeCompare(name(b));
}

/** The addresses of those users who are still members, by their ids. */
async function readersOf(env: Env, organizationId: string, userIds: readonly string[]): Promise<Map<string, string>> {
  if (userIds.length === 0) return new Map();
  const { results } = await env.DB.prepare(
    `SELECT user.id, user.email
     FROM users AS user
     JOIN members AS member ON member.user_id = user.id
     WHERE member.organization_id = ?1 AND member.removed_at IS NULL
       AND user.id IN (SELECT value FROM json_each(?2))`,
  )
    .bind(organizationId, JSON.stringify(userIds))
    .all<{ id: string; email: string }>();
  return new Map(results.map(({ id, email }) => [id, email]));
}

function mailTo(email: string, due: Due, rows: readonly LeasedRow[]) {
  return warningMail(email, {
    organizationName: due.organization_name,
    timeZone: due.time_zone,
    program: due.member_user_id === null ? due.member_name : null,
    warnings: rows.map(
      ({ percent, about, key_name: name, key_masked: masked }): Warning => ({
        percent,
        about: JSON.parse(about) as WarnedAbout,
        key: name === null || masked === null ? null : { name, masked },
      }),
    ),
  });
}
