/** Takes out of D1 what nobody can use any more: sessions that ended, links and challenges that were never followed. */
import { LIMITS } from '../limits.ts';

const TABLES = ['sessions', 'verifications', 'sign_ups'] as const;

/** Some of each table, so that no statement holds D1 for long; the next cron takes the rest. */
export async function forgetExpired(db: D1Database, nowMs: number): Promise<void> {
  const statements = TABLES.map((table) => {
    const key = table === 'sign_ups' ? 'token_hash' : 'id';
    return db
      .prepare(`DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE expires_at <= ?1 LIMIT ?2)`)
      .bind(nowMs, LIMITS.pruneRowsMax);
  });
  await db.batch(statements);
}
