/** What things are called that usage tells by their ids: also those that are deleted or removed, which keep their rows. */
import type { GroupBy } from './from-totals.ts';

/** Where the name is, of what goes by an id; anything else is a name already. */
const TABLES: Partial<Record<GroupBy, string>> = { project: 'projects', apiKey: 'api_keys', member: 'members' };

/** The names of those that have one, by id. */
export async function namesOf(
  db: D1Database,
  organizationId: string,
  kind: GroupBy,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const table = TABLES[kind];
  if (!table || ids.length === 0) return new Map();
  const { results } = await db
    .withSession('first-unconstrained')
    .prepare(`SELECT id, name FROM ${table} WHERE organization_id = ?1 AND id IN (SELECT value FROM json_each(?2))`)
    .bind(organizationId, JSON.stringify(ids))
    .all<{ id: string; name: string }>();
  return new Map(results.map(({ id, name }) => [id, name]));
}
