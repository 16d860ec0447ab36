/** Where an organization's usage lies: its events, ledger sums, rollups and watermarks. */

/** The database of an organization's usage. */
export async function usageDatabase(env: Env, _organizationId: string): Promise<D1Database> {
  return env.DB;
}

/** All of them: crons go through each. */
export function usageDatabases(env: Env): D1Database[] {
  return [env.DB];
}
