/** The names of those who made entries, as they are called now. Names are in no entry: people may change or take back theirs. */
import type { SealedEntry } from './chain.ts';

export async function actorNames(db: D1Database, entries: readonly SealedEntry[]): Promise<Map<string, string>> {
  const ids = new Set(entries.flatMap(({ actor }) => actor.id ?? []));
  if (ids.size === 0) return new Map();
  const { results } = await db
    .withSession('first-primary')
    .prepare(
      `SELECT id, name FROM users WHERE id IN (SELECT value FROM json_each(?1))
       UNION ALL
       SELECT id, name FROM master_keys WHERE id IN (SELECT value FROM json_each(?1))`,
    )
    .bind(JSON.stringify([...ids]))
    .all<{ id: string; name: string }>();
  return new Map(results.map(({ id, name }) => [id, name]));
}
