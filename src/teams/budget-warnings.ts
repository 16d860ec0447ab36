/**
 * Warnings by mail that a limit, a member's or a key's own, is being used up. An object's status, and those of the keys that
 * were used, travel to D1 with its usage events and are news there; a cron looks at the news, never a request. Crons may come
 * late, twice or at once:
 *
 *   deciding   (here) One row per member, scope and limit says what was told last. It is written under the version that was
 *              read (its status' instant), so of two crons one decides; who is to be mailed stands in the row from the same
 *              statement on.
 *   mailing    (warning-mailing.ts) A lease on the rows keeps others off.
 *
 * The member is warned, of its keys as well, and nobody else: who may raise the limit hears of it when the member asks. An
 * API-only member has no address and asks nobody, so its organization's owners are warned.
 */
import { changeAudited } from '../audit/change.ts';
import { changedFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { MEMBER_SCOPE } from '../budgets/ledger-state.ts';
import { LIMITS } from '../limits.ts';
import { deliversMail } from '../mail/mail.ts';
import { usageDatabases, withEachUsageDatabase } from '../usage/databases.ts';
import type { ShippedKeyStatus, ShippedStatus } from '../usage/shipping.ts';
import { notFound } from './api-error.ts';
import { isActiveKey } from './api-keys.ts';
import { findMember } from './members.ts';
import { type Level, levelsOf, nextWarning, type Told, thresholdsOf } from './warning-levels.ts';
import { mailWarnings } from './warning-mailing.ts';

/** Looks at what is new, and mails what is due. */
export async function warnOfBudgets(env: Env, nowMs: number): Promise<void> {
  // The news keeps until there is a way for it.
  if (!deliversMail(env)) return;
  const perDatabase = LIMITS.warningStatusesPerRun / usageDatabases(env).length;
  await withEachUsageDatabase(env, 'budget warnings', async (usage) => {
    for (let looked = 0; looked < perDatabase; looked += LIMITS.warningStatusesAtOnce) {
      if (!(await lookAtNews(env.DB, usage, nowMs))) break;
    }
  });
  await mailWarnings(env, nowMs);
}

interface News {
  member_id: string;
  /** A JSON object of the statuses of keys, by id: those that are new, of keys that can be used. */
  keys: string;
  /** Of a member and an organization that are there. */
  active: number;
  organization_warnings: string | null;
  own_warnings: string | null;
  /** A JSON object by scope and limit, of what the member was warned of. */
  told: string;
}

/** Not of usage that is being moved: it is news in the new place as well. */
const READ_STATUSES = `
  SELECT member_id, status
  FROM member_ledgers
  WHERE status_is_news = 1 AND organization_id NOT IN (SELECT organization_id FROM usage_fences WHERE state <> 'open')
  LIMIT ${LIMITS.warningStatusesAtOnce}`;

/** ?1: now, ?2: members as a JSON array. */
const READ_NEWS = `
  SELECT
    member.id AS member_id,
    member.removed_at IS NULL AND organization.deleted_at IS NULL AS active,
    organization.budget_warnings AS organization_warnings,
    member.budget_warnings AS own_warnings,
    (
      SELECT json_group_object(key.id, json(key.status_news))
      FROM api_keys AS key
      WHERE key.member_id = member.id AND key.status_news IS NOT NULL AND ${isActiveKey('key', '?1')}
    ) AS keys,
    (
      SELECT json_group_object(told.scope || ' ' || told.limit_name, json_object(
        'statusAt', told.status_at, 'percent', told.percent, 'limitAmount', told.limit_amount,
        'windowStart', told.window_start, 'windowEnd', told.window_end
      ))
      FROM budget_warnings AS told
      LEFT JOIN api_keys AS key ON key.id = told.scope
      WHERE told.member_id = member.id AND (told.scope = '${MEMBER_SCOPE}' OR key.status_news IS NOT NULL)
    ) AS told
  FROM json_each(?2) AS asked
  JOIN members AS member ON member.id = asked.value
  JOIN organizations AS organization ON organization.id = member.organization_id`;

/**
 * A status that has come meanwhile is news still, and so is one whose decision was not taken because another run's was: that is to
 * be decided anew.
 */
const WAS_DECIDED = `NOT EXISTS (
    SELECT 1 FROM json_each(?3) WHERE NOT EXISTS (
      SELECT 1 FROM budget_warnings AS told
      WHERE told.member_id = ?1 AND told.scope = value ->> 'scope' AND told.limit_name = value ->> 'limit'
        AND told.status_at = value ->> 'statusAt'
    )
  )`;

const TAKE_KEYS_OFF_THE_NEWS = `
  UPDATE api_keys SET status_news = NULL WHERE member_id = ?1 AND status_news ->> 'atMs' <= ?2 AND ${WAS_DECIDED}`;

/** Answers with the member and the instant of the status that was decided on. */
const TELL_DECIDED = `SELECT ?1 AS memberId, ?2 AS atMs WHERE ${WAS_DECIDED}`;

/** ?1: rows of a member and the instant of its status. */
const TAKE_OFF_THE_NEWS = `
  UPDATE member_ledgers
  SET status_is_news = 0
  FROM json_each(?1) AS decided
  WHERE member_ledgers.member_id = decided.value ->> 'memberId' AND status ->> 'atMs' = decided.value ->> 'atMs'`;

/**
 * Decides about some statuses, and takes them off the news where they lie once that is written: who dies between the two has the
 * next run decide again, to nothing new. False: there were none.
 */
async function lookAtNews(db: D1Database, usage: D1Database, nowMs: number): Promise<boolean> {
  const { results } = await usage
    .withSession('first-primary')
    .prepare(READ_STATUSES)
    .all<{ member_id: string; status: string }>();
  if (results.length === 0) return false;
  const statuses = new Map(
    results.map(({ member_id, status }) => [member_id, JSON.parse(status) as ShippedStatus] as const),
  );
  const known = await db
    .withSession('first-primary')
    .prepare(READ_NEWS)
    .bind(nowMs, JSON.stringify([...statuses.keys()]))
    .all<News>();
  const news = new Map(known.results.map((row) => [row.member_id, row]));
  const told = await db.batch<{ memberId: string; atMs: number }>(
    [...statuses].flatMap(([memberId, shipped]) => {
      const about = news.get(memberId);
      const decided = about?.active === 1 ? decide(about, shipped) : [];
      return [
        ...(decided.length > 0 ? [remember(db, memberId, decided)] : []),
        ...[TAKE_KEYS_OFF_THE_NEWS, TELL_DECIDED].map((sql) =>
          db.prepare(sql).bind(memberId, shipped.atMs, JSON.stringify(decided)),
        ),
      ];
    }),
  );
  const decided = told.flatMap((result) => result.results);
  await usage.prepare(TAKE_OFF_THE_NEWS).bind(JSON.stringify(decided)).run();
  return true;
}

/** What is told now of one limit. */
interface Decision extends Level {
  /** The member's, or that of the key with this id. */
  scope: string;
  percent: number;
  mailed: boolean;
  /** The version of what was told before; -1: nothing was. */
  toldAt: number;
}

function decide(news: News, shipped: ShippedStatus): Decision[] {
  const ofKeys = JSON.parse(news.keys) as Record<string, ShippedKeyStatus>;
  const told = JSON.parse(news.told) as Record<string, Told>;
  const thresholds = [...thresholdsOf(news.organization_warnings), ...ownThresholds(news.own_warnings)];
  return [[MEMBER_SCOPE, shipped] as const, ...Object.entries(ofKeys)].flatMap(([scope, status]) =>
    levelsOf(status).flatMap((level) => {
      const before = told[`${scope} ${level.limit}`] ?? null;
      const next = nextWarning(before, level, thresholds);
      return next ? [{ ...level, scope, ...next, toldAt: before?.statusAt ?? -1 }] : [];
    }),
  );
}

function ownThresholds(stored: string | null): number[] {
  return stored === null ? [] : (JSON.parse(stored) as number[]);
}

/** Writes what is told now, and to whom it is to be mailed, but for what another run has decided since it was read. */
function remember(db: D1Database, memberId: string, decided: readonly Decision[]): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO budget_warnings (
         member_id, scope, limit_name, status_at, percent, limit_amount, window_start, window_end, about, unsent
       )
       SELECT
         ?1, value ->> 'scope', value ->> 'limit', value ->> 'statusAt', value ->> 'percent', value ->> 'limitAmount',
         value ->> 'windowStart', value ->> 'windowEnd', value ->> 'about',
         CASE WHEN value ->> 'mailed' THEN (
           SELECT json_group_array(user_id) FROM (
             SELECT reader.user_id
             FROM members AS member
             JOIN members AS reader ON reader.organization_id = member.organization_id
             WHERE member.id = ?1 AND reader.user_id IS NOT NULL AND reader.removed_at IS NULL
               AND (reader.id = member.id OR (member.user_id IS NULL AND reader.role = 'owner'))
             ORDER BY reader.created_at, reader.id
             LIMIT ${LIMITS.warnedOwnersMax}
           )
         ) ELSE '[]' END
       FROM json_each(?2)
       WHERE value ->> 'toldAt' = coalesce((
         SELECT told.status_at
         FROM budget_warnings AS told
         WHERE told.member_id = ?1 AND told.scope = value ->> 'scope' AND told.limit_name = value ->> 'limit'
       ), -1)
       ON CONFLICT DO UPDATE SET
         status_at = excluded.status_at, percent = excluded.percent, limit_amount = excluded.limit_amount,
         window_start = excluded.window_start, window_end = excluded.window_end, about = excluded.about,
         unsent = excluded.unsent, leased_until = 0`,
    )
    .bind(memberId, JSON.stringify(decided));
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
