/**
 * Whoever pays for a model is told when its price changes: by a date that has come, by a new version of Purser, or by the
 * operator. A cron compares the price in force of each model with the one that it last saw. Owners are mailed once per change of
 * a model that their organization has used in the last 30 days; a line of the log tells of every change.
 *
 * Crons may come late, twice or at once: the known price is changed only from what was read, in one transaction with the
 * notices, so one run notices a change; whoever mails a notice has a lease on it, and the row goes with the mail.
 */
import { LIMITS } from '../limits.ts';
import { deliversMail, isSent } from '../mail/mail.ts';
import type { Mapping } from '../models/catalogue.ts';
import { overridden } from '../models/overrides.ts';
import { priceAt } from '../money/price.ts';
import { usageDatabases } from '../usage/databases.ts';
import { priceMail } from './notice-mail.ts';
import { readOverrides } from './overrides.ts';
import { type Terms, termsOf } from './terms.ts';

/** Looks at all prices of a build, and mails what is due. */
export async function noticePriceChanges(env: Env, builtIn: readonly Mapping[], nowMs: number): Promise<void> {
  await lookAtPrices(env, overridden(builtIn, await readOverrides(env.DB)), nowMs);
  await mailDue(env, nowMs);
}

async function lookAtPrices(env: Env, mappings: readonly Mapping[], nowMs: number): Promise<void> {
  const { results } = await env.DB.withSession('first-primary')
    .prepare('SELECT mapping, terms FROM known_prices')
    .all<{ mapping: string; terms: string }>();
  const known = new Map(results.map(({ mapping, terms }) => [mapping, terms]));
  const news: { mapping: string; terms: string }[] = [];
  for (const { id: mapping, prices } of mappings) {
    const price = priceAt(prices, nowMs);
    if (!price) continue;
    const terms = termsOf(price);
    const before = known.get(mapping);
    if (before === undefined) news.push({ mapping, terms });
    else if (before !== terms && (await notice(env, mapping, before, terms, nowMs))) {
      console.log(JSON.stringify({ event: 'price_changed', mapping, before, after: terms }));
    }
  }
  if (news.length === 0) return;
  // A model that nobody has seen before has no price that could have changed.
  await env.DB.prepare(
    `INSERT OR IGNORE INTO known_prices (mapping, terms)
       SELECT value ->> 'mapping', value ->> 'terms' FROM json_each(?1)`,
  )
    .bind(JSON.stringify(news))
    .run();
}

/** Organizations that have used a model (?1) since an instant (?2). */
const WHO_USED = `
  SELECT DISTINCT dimension.organization_id AS id
  FROM usage_dimensions AS dimension
  WHERE dimension.mapping = ?1
    AND EXISTS (
      SELECT 1
      FROM usage_rollups AS rollup
      WHERE rollup.dimension_id = dimension.id
        AND rollup.bucket_at >= CAST(?2 AS INTEGER) AND rollup.cost > 0
    )`;

/** False where another run has noticed. Throws where a database does not tell who used the model: then the next run notices. */
async function notice(env: Env, mapping: string, before: string, after: string, nowMs: number): Promise<boolean> {
  const db = env.DB;
  const used = await Promise.all(
    usageDatabases(env).map((usage) =>
      usage
        .prepare(WHO_USED)
        .bind(mapping, nowMs - LIMITS.priceNoticeUsedMs)
        .all<{ id: string }>(),
    ),
  );
  const organizationIds = used.flatMap(({ results }) => results.map(({ id }) => id));
  const owners = db
    .prepare(
      `INSERT OR IGNORE INTO price_notices (organization_id, user_id, mapping, noticed_at, before, after)
       SELECT owner.organization_id, owner.user_id, ?1, CAST(?4 AS INTEGER), ?2, ?3
       FROM members AS owner
       JOIN organizations AS organization ON organization.id = owner.organization_id
       WHERE owner.role = 'owner' AND owner.user_id IS NOT NULL AND owner.removed_at IS NULL
         AND organization.deleted_at IS NULL
         AND organization.id IN (SELECT value FROM json_each(?5))
         AND EXISTS (SELECT 1 FROM known_prices WHERE mapping = ?1 AND terms = ?2)`,
    )
    .bind(mapping, before, after, nowMs, JSON.stringify(organizationIds));
  const known = db
    .prepare('UPDATE known_prices SET terms = ?3 WHERE mapping = ?1 AND terms = ?2')
    .bind(mapping, before, after);
  const [, changed] = await db.batch([owners, known]);
  return changed?.meta.changes === 1;
}

interface Due {
  organization_id: string;
  user_id: string;
  mapping: string;
  noticed_at: number;
  before: string;
  after: string;
  organization_name: string;
  email: string;
}

async function mailDue(env: Env, nowMs: number): Promise<void> {
  // What is too late for anybody, and what is for who has gone.
  await env.DB.prepare(
    `DELETE FROM price_notices
     WHERE noticed_at < CAST(?1 AS INTEGER) OR NOT EXISTS (
       SELECT 1 FROM members AS owner
       WHERE owner.organization_id = price_notices.organization_id AND owner.user_id = price_notices.user_id
         AND owner.role = 'owner' AND owner.removed_at IS NULL
     )`,
  )
    .bind(nowMs - LIMITS.priceNoticeMsMax)
    .run();
  if (!deliversMail(env)) return;
  const { results } = await env.DB.prepare(
    `SELECT notice.*, organization.name AS organization_name, user.email
     FROM price_notices AS notice
     JOIN organizations AS organization ON organization.id = notice.organization_id
     JOIN users AS user ON user.id = notice.user_id
     WHERE notice.leased_until <= CAST(?1 AS INTEGER)
     ORDER BY notice.leased_until, notice.noticed_at
     LIMIT ${LIMITS.priceNoticesPerRun}`,
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

async function mailOne(env: Env, due: Due, nowMs: number): Promise<void> {
  const key = [due.organization_id, due.user_id, due.mapping, due.noticed_at] as const;
  const whose = 'organization_id = ?1 AND user_id = ?2 AND mapping = ?3 AND noticed_at = CAST(?4 AS INTEGER)';
  const leased = await env.DB.prepare(
    `UPDATE price_notices SET leased_until = CAST(?6 AS INTEGER) WHERE ${whose} AND leased_until <= CAST(?5 AS INTEGER)`,
  )
    .bind(...key, nowMs, nowMs + LIMITS.warningLeaseMs)
    .run();
  if (leased.meta.changes !== 1) return;
  const mail = priceMail(due.email, {
    organizationName: due.organization_name,
    mapping: due.mapping,
    before: JSON.parse(due.before) as Terms,
    after: JSON.parse(due.after) as Terms,
  });
  if (!(await isSent(env, { ...mail, id: key.join('-') }))) return;
  await env.DB.prepare(`DELETE FROM price_notices WHERE ${whose}`)
    .bind(...key)
    .run();
}
