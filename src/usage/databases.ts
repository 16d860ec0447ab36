/**
 * Where usage lies. An organization's is all in one database: its events, ledgers, rollups, books. Beside the main one (`DB`)
 * there may be further ones, bound as USAGE_DB_1, ..., with the same tables; organizations.usage_database says which it is.
 *
 * What is remembered of that may be stale. Who adds to usage need not care: the database itself refuses an organization that
 * has left it (usage_fences), in the same transaction, and the caller looks again. Who reads may see what was there up to
 * LIMITS.usageDatabaseFreshMs ago; a move leaves the old rows for longer than that (moving/).
 */
import { LIMITS } from '../limits.ts';

/** The main database, where usage lies unless something else is said. */
export const MAIN_DATABASE = 'DB';

const FURTHER = /^USAGE_DB_\w+$/;

/** By organization. */
const known = new Map<string, { name: string; atMs: number }>();

/** The names of all databases that are bound. */
export function usageDatabaseNames(env: Env): string[] {
  return [MAIN_DATABASE, ...Object.keys(env).filter((name) => FURTHER.test(name))];
}

/** The database of that name. Throws where none is bound. */
export function databaseNamed(env: Env, name: string): D1Database {
  const database = name === MAIN_DATABASE ? env.DB : FURTHER.test(name) && env[name as `USAGE_DB_${string}`];
  if (!database) throw new Error(`no database is bound as ${name}`);
  return database;
}

/**
 * The name of the database of an organization's usage, as of at most `freshMs` ago: 0 asks, in the main database, and
 * Infinity is for who would be told of a move.
 */
async function usageDatabaseName(env: Env, organizationId: string, freshMs: number): Promise<string> {
  const remembered = known.get(organizationId);
  if (remembered && Date.now() - remembered.atMs < freshMs) return remembered.name;
  const row = await env.DB.withSession('first-primary')
    .prepare('SELECT usage_database FROM organizations WHERE id = ?1')
    .bind(organizationId)
    .first<{ usage_database: string | null }>();
  return noteUsageDatabase(organizationId, row?.usage_database ?? null);
}

/** The database of an organization's usage. */
export async function usageDatabase(
  env: Env,
  organizationId: string,
  freshMs: number = LIMITS.usageDatabaseFreshMs,
): Promise<D1Database> {
  return databaseNamed(env, await usageDatabaseName(env, organizationId, freshMs));
}

/** Remembers what somebody has just read of organizations.usage_database, and so spares others the question. */
export function noteUsageDatabase(organizationId: string, stored: string | null): string {
  const name = stored ?? MAIN_DATABASE;
  if (!known.has(organizationId) && known.size >= LIMITS.usageDatabasesKnownMax) {
    for (const oldest of known.keys()) {
      known.delete(oldest);
      break;
    }
  }
  known.set(organizationId, { name, atMs: Date.now() });
  return name;
}

/** All of them. */
export function usageDatabases(env: Env): D1Database[] {
  return usageDatabaseNames(env).map((name) => databaseNamed(env, name));
}

/**
 * Does something with each of them at once, for a cron: one that fails is logged, and costs the others nothing. The answers
 * of those that did not.
 */
export async function withEachUsageDatabase<T>(
  env: Env,
  what: string,
  run: (db: D1Database) => Promise<T>,
): Promise<T[]> {
  const answers = await Promise.all(
    usageDatabaseNames(env).map(async (name) => {
      try {
        return [await run(databaseNamed(env, name))];
      } catch (error) {
        console.error(JSON.stringify({ event: 'usage_database_failed', database: name, what, error: String(error) }));
        return [];
      }
    }),
  );
  return answers.flat();
}
