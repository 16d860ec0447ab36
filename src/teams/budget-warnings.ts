/**
 * Warnings by mail that a limit is being used up. An object's status travels to D1 with its usage events and is marked as
 * news there; a cron looks at the news, never a request. Crons may come late, twice or at once:
 *
 *   deciding   One row per member and limit says what was told last. It is written under the version that was read (its
 *              status' instant), so of two crons one decides; who is to be mailed stands in the row from the same statement on.
 *   mailing    A lease on the row keeps others off. Whoever was mailed is taken off the row at once; a mail that fails stays on
 *              it until the lease ends, behind those that were not tried yet. Should a run die in between, the mail goes again
 *              under the same id, which the mail API knows.
 *
 * The member is warned, and nobody else: who may raise the limit hears of it when the member asks. An API-only member has no
 * address and asks nobody, so its organization's owners are warned.
 */
import { changeAudited } from '../audit/change.ts';
import { changedFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import type { Extra } from '../budgets/policy.ts';
import { LIMITS } from '../limits.ts';
import { deliversMail, isSent } from '../mail/mail.ts';
import type { ShippedStatus } from '../usage/shipping.ts';
import { notFound } from './api-error.ts';
import { warningMail } from './budget-warning-mail.ts';
import { findMember } from './members.ts';
import { type Level, levelsOf, nextWarning, type Told, thresholdsOf, type WarnedAbout } from './warning-levels.ts';

/** Looks at what is new, and mails what is due. */
export async function warnOfBudgets(env: Env, nowMs: number): Promise<void> {
  // The news keeps until there is a way for it.
  if (!deliversMail(env)) return;
  for (let looked = 0; looked < LIMITS.warningStatusesPerRun; looked += LIMITS.warningStatusesAtOnce) {
    if (!(await lookAtNews(env.DB))) break;
  }
  await mailDue(env, nowMs);
}

interface News {
  member_id: string;
  status: string;
  /** Of a member and an organization that are there. */
  active: number;
  organization_warnings: string | null;
  own_warnings: string | null;
  /** A JSON object for each limit that the member was warned of. */
  told: string;
}

const READ_NEWS = `
  SELECT
    ledger.member_id, ledger.status,
    member.removed_at IS NULL AND organization.deleted_at IS NULL AS active,
    organization.budget_warnings AS organization_warnings,
    member.budget_warnings AS own_warnings,
    (
      SELECT json_group_object(limit_name, json_object(
        'statusAt', status_at, 'percent', percent, 'limitAmount', limit_amount, 'windowStart', window_start,
        'windowEnd', window_end
      ))
      FROM budget_warnings WHERE member_id = ledger.member_id
    ) AS told
  FROM member_ledgers AS ledger
  JOIN members AS member ON member.id = ledger.member_id
  JOIN organizations AS organization ON organization.id = member.organization_id
  WHERE ledger.status_is_news = 1
  LIMIT ${LIMITS.warningStatusesAtOnce}`;

/** Decides about some statuses, in one transaction with taking them off the news. False: there were none. */
async function lookAtNews(db: D1Database): Promise<boolean> {
  const { results } = await db.withSession('first-primary').prepare(READ_NEWS).all<News>();
  if (results.length === 0) return false;
  await db.batch(
    results.flatMap((news) => {
      const shipped = JSON.parse(news.status) as ShippedStatus;
      const told = JSON.parse(news.told) as Partial<Record<Extra['limit'], Told>>;
      const thresholds = [...thresholdsOf(news.organization_warnings), ...ownThresholds(news.own_warnings)];
      const levels = news.active === 1 ? levelsOf(shipped) : [];
      const decided = levels.flatMap((level) => {
        const before = told[level.limit] ?? null;
        const next = nextWarning(before, level, thresholds);
        return next ? [remember(db, news.member_id, level, before, next)] : [];
      });
      // A status that has come meanwhile is news still.
      const looked = db
        .prepare("UPDATE member_ledgers SET status_is_news = 0 WHERE member_id = ?1 AND status ->> 'atMs' = ?2")
        .bind(news.member_id, shipped.atMs);
      return [...decided, looked];
    }),
  );
  return true;
}

function ownThresholds(stored: string | null): number[] {
  return stored === null ? [] : (JSON.parse(stored) as number[]);
}

/** Writes what is told now, and to whom it is to be mailed, unless another run has decided since `before` was read. */
function remember(
  db: D1Database,
  memberId: string,
  level: Level,
  before: Told | null,
  { percent, mailed }: { percent: number; mailed: boolean },
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO budget_warnings (
         member_id, limit_name, status_at, percent, limit_amount, window_start, window_end, about, unsent
       )
       SELECT
         ?1, ?2, CAST(?3 AS INTEGER), CAST(?4 AS INTEGER), CAST(?5 AS INTEGER), CAST(?6 AS INTEGER), CAST(?7 AS INTEGER), ?8,
         CASE WHEN CAST(?9 AS INTEGER) = 0 THEN '[]' ELSE (
           SELECT json_group_array(user_id) FROM (
             SELECT reader.user_id
             FROM members AS member
             JOIN members AS reader ON reader.organization_id = member.organization_id
             WHERE member.id = ?1 AND reader.user_id IS NOT NULL AND reader.removed_at IS NULL
               AND (reader.id = member.id OR (member.user_id IS NULL AND reader.role = 'owner'))
             ORDER BY reader.created_at, reader.id
             LIMIT ${LIMITS.warnedOwnersMax}
           )
         ) END
       WHERE TRUE
       ON CONFLICT DO UPDATE SET
         status_at = excluded.status_at, percent = excluded.percent, limit_amount = excluded.limit_amount,
         window_start = excluded.window_start, window_end = excluded.window_end, about = excluded.about,
         unsent = excluded.unsent, leased_until = 0
       WHERE budget_warnings.status_at = CAST(?10 AS INTEGER)`,
    )
    .bind(
      memberId,
      level.limit,
      level.statusAt,
      percent,
      level.limitAmount,
      level.windowStart,
      level.windowEnd,
      JSON.stringify(level.about),
      Number(mailed),
      before?.statusAt ?? -1,
    );
}

interface Due {
  member_id: string;
  limit_name: Extra['limit'];
  status_at: number;
  percent: number;
  about: string;
  member_name: string;
  member_user_id: string | null;
  organization_id: string;
  organization_name: string;
  time_zone: string;
}

async function mailDue(env: Env, nowMs: number): Promise<void> {
  // What is too late for anybody, and what is about who has gone.
  await env.DB.prepare(
    `UPDATE budget_warnings SET unsent = '[]'
     WHERE unsent <> '[]' AND (status_at < CAST(?1 AS INTEGER) OR NOT EXISTS (
       SELECT 1
       FROM members AS member
       JOIN organizations AS organization ON organization.id = member.organization_id
       WHERE member.id = budget_warnings.member_id AND member.removed_at IS NULL AND organization.deleted_at IS NULL
     ))`,
  )
    .bind(nowMs - LIMITS.warningMailMsMax)
    .run();
  const { results } = await env.DB.prepare(
    `SELECT
       warning.member_id, warning.limit_name, warning.status_at, warning.percent, warning.about,
       member.name AS member_name, member.user_id AS member_user_id,
       organization.id AS organization_id, organization.name AS organization_name, organization.time_zone
     FROM budget_warnings AS warning
     JOIN members AS member ON member.id = warning.member_id
     JOIN organizations AS organization ON organization.id = member.organization_id
     WHERE warning.unsent <> '[]' AND warning.leased_until <= CAST(?1 AS INTEGER)
     ORDER BY warning.leased_until, warning.status_at
     LIMIT ${LIMITS.warningsMailedPerRun}`,
  )
    .bind(nowMs)
    .all<Due>();
  // One after the other: a mail API takes a few in a second.
  const endMs = Date.now() + LIMITS.warningRunMs;
  for (const due of results) {
    if (Date.now() > endMs) return;
    await mailOne(env, due, nowMs);
  }
}

/** Mails one warning to all who have yet to get it, if nobody else is at it. */
async function mailOne(env: Env, due: Due, nowMs: number): Promise<void> {
  const { member_id: memberId, limit_name: limit, status_at: statusAt } = due;
  const leased = await env.DB.prepare(
    `UPDATE budget_warnings SET leased_until = CAST(?5 AS INTEGER)
     WHERE member_id = ?1 AND limit_name = ?2 AND status_at = CAST(?3 AS INTEGER) AND leased_until <= CAST(?4 AS INTEGER)
     RETURNING unsent`,
  )
    .bind(memberId, limit, statusAt, nowMs, nowMs + LIMITS.warningLeaseMs)
    .first<string>('unsent');
  if (leased === null) return;
  const readers = await readersOf(env, due.organization_id, leased);
  for (const userId of JSON.parse(leased) as string[]) {
    const email = readers.get(userId);
    const mail =
      email === undefined ? null : { ...mailTo(email, due), id: `${memberId}-${limit}-${statusAt}-${userId}` };
    if (mail && !(await isSent(env, mail))) continue;
    await env.DB.prepare(
      `UPDATE budget_warnings
       SET unsent = (SELECT json_group_array(value) FROM json_each(unsent) WHERE value <> ?4)
       WHERE member_id = ?1 AND limit_name = ?2 AND status_at = CAST(?3 AS INTEGER)`,
    )
      .bind(memberId, limit, statusAt, userId)
      .run();
  }
}

/** The addresses of those users who are still members, by their ids. */
async function readersOf(env: Env, organizationId: string, userIds: string): Promise<Map<string, string>> {
  const { results } = await env.DB.prepare(
    `SELECT user.id, user.email
     FROM users AS user
     JOIN members AS member ON member.user_id = user.id
     WHERE member.organization_id = ?1 AND member.removed_at IS NULL
       AND user.id IN (SELECT value FROM json_each(?2))`,
  )
    .bind(organizationId, userIds)
    .all<{ id: string; email: string }>();
  return new Map(results.map(({ id, email }) => [id, email]));
}

function mailTo(email: string, due: Due) {
  return warningMail(email, {
    organizationName: due.organization_name,
    timeZone: due.time_zone,
    percent: due.percent,
    about: JSON.parse(due.about) as WarnedAbout,
    program: due.member_user_id === null ? due.member_name : null,
  });
}

/** Sets the thresholds at which a member is warned besides those of the organization. */
export async function setOwnWarnings(
  env: Env,
  trail: Trail,
  memberId: string,
  percents: readonly number[],
  nowMs: number,
): Promise<void> {
  const changed = await changeAudited(env.DB, trail, nowMs, async () => {
    const before = await findMember(env, trail.organizationId, memberId);
    return {
      action: 'member.warnings.updated',
      targetId: memberId,
      ...changedFields({ budgetWarnings: ownThresholds(before.budget_warnings) }, { budgetWarnings: [...percents] }),
      statement: env.DB.prepare('UPDATE members SET budget_warnings = ?2 WHERE id = ?1').bind(
        memberId,
        JSON.stringify(percents),
      ),
    };
  });
  if (!changed) throw notFound('member');
}
