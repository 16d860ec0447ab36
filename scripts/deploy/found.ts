/** What is in the account already: read before anything is changed, and changes nothing itself. */
import { MADE_SECRETS, type MadeSecret } from './secrets.ts';
import { databasesOf, type Settings } from './settings.ts';
import { askJson, query, type Wrangler, WranglerFailed } from './wrangler.ts';

/** Bound in every version of Purser, and in no other program. */
const OF_EVERY_VERSION = 'MEMBER_BUDGET';

interface Database {
  binding: string;
  name: string;
  /** Null: it is not there yet. */
  id: string | null;
  /** The migrations that it has had, in their order. */
  applied: string[];
  tables: ReadonlySet<string>;
}

interface Running {
  versionId: string;
  /** As the deployment that made it said; else empty. */
  message: string;
  /** The last migration of object classes; null where wrangler does not tell. */
  objectsTag: string | null;
  /** Names of what is bound that is neither secret nor a thing of the platform's. */
  vars: string[];
}

export interface Found {
  /** The main one first. */
  databases: Database[];
  /** Names of the Worker's secrets; null where there is no Worker. */
  secrets: ReadonlySet<string> | null;
  /** Null where nothing was ever deployed. */
  running: Running | null;
  /** Secrets that are not there, though there are rows which only they open. */
  missed: MadeSecret[];
  /** Bindings of databases in which the usage of organizations lies. */
  usageLiesIn: string[];
  hasOwner: boolean;
  /** When the set-up code was made that nobody has used yet. */
  setUpCodeMadeAt: Date | null;
}

/** Ids of databases in the account, by name. */
export async function idsByName(wrangler: Wrangler): Promise<Map<string, string>> {
  const databases = await askJson<{ name: string; uuid: string }[]>(wrangler, ['d1', 'list', '--json']);
  return new Map(databases.map(({ name, uuid }) => [name, uuid]));
}

export async function look(wrangler: Wrangler, settings: Settings, ids: ReadonlyMap<string, string>): Promise<Found> {
  // Each of wrangler's starts takes a second or two: side by side.
  const [worker, ...known] = await Promise.all([
    workerOf(wrangler),
    ...databasesOf(settings).map(async ({ binding, name }) => {
      const id = ids.get(name) ?? null;
      return { binding, name, id, ...(id === null ? EMPTY : await contentsOf(wrangler, binding)) };
    }),
  ]);
  const main = known[0]?.answers ?? {};
  const madeAt = main.setUpCodes?.[0]?.createdAt;
  return {
    ...worker,
    databases: known.map(({ binding, name, id, tables, answers }) => {
      return { binding, name, id, tables, applied: (answers.applied ?? []).map((row) => String(row.name)) };
    }),
    missed: MADE_SECRETS.filter(({ name, table }) => !worker.secrets?.has(name) && main[table]?.length),
    usageLiesIn: (main.usageLiesIn ?? []).map((row) => String(row.binding)),
    hasOwner: Boolean(main.owners?.length),
    setUpCodeMadeAt: madeAt ? new Date(Number(madeAt)) : null,
  };
}

type Answers = Record<string, Record<string, unknown>[]>;

const EMPTY = { tables: new Set<string>(), answers: {} as Answers };

/** What is asked of a database that has the table. */
const QUESTIONS: { as: string; table: string; sql: string }[] = [
  { as: 'applied', table: 'd1_migrations', sql: 'SELECT name FROM d1_migrations ORDER BY id' },
  {
    as: 'owners',
    table: 'members',
    sql: "SELECT id FROM members WHERE role = 'owner' AND user_id IS NOT NULL AND removed_at IS NULL LIMIT 1",
  },
  {
    as: 'setUpCodes',
    table: 'set_up_codes',
    sql: 'SELECT created_at AS createdAt FROM set_up_codes WHERE used_at IS NULL',
  },
  {
    as: 'usageLiesIn',
    // As old as the column.
    table: 'usage_fences',
    sql: 'SELECT DISTINCT usage_database AS binding FROM organizations WHERE usage_database IS NOT NULL',
  },
  ...MADE_SECRETS.map(({ table }) => ({ as: table, table, sql: `SELECT id FROM ${table} LIMIT 1` })),
];

const TABLES =
  "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'";

async function contentsOf(wrangler: Wrangler, binding: string): Promise<typeof EMPTY> {
  const [listed] = await query<{ name: string }>(wrangler, binding, [TABLES]);
  const tables = new Set(listed?.rows.map(({ name }) => name));
  const questions = QUESTIONS.filter(({ table }) => tables.has(table));
  if (questions.length === 0) return { tables, answers: {} };
  const results = await query<Record<string, unknown>>(
    wrangler,
    binding,
    questions.map(({ sql }) => sql),
  );
  return { tables, answers: Object.fromEntries(questions.map(({ as }, index) => [as, results[index]?.rows ?? []])) };
}

async function workerOf(wrangler: Wrangler): Promise<Pick<Found, 'secrets' | 'running'>> {
  const secrets = await secretsOf(wrangler);
  return { secrets, running: secrets && (await runningOf(wrangler)) };
}

async function secretsOf(wrangler: Wrangler): Promise<ReadonlySet<string> | null> {
  try {
    const args = ['secret', 'list', '--format', 'json'];
    const secrets = await askJson<{ name: string }[]>(wrangler, args);
    return new Set(secrets.map(({ name }) => name));
  } catch (error) {
    if (error instanceof WranglerFailed && /Worker ".*" not found/.test(error.said)) return null;
    throw error;
  }
}

async function runningOf(wrangler: Wrangler): Promise<Running | null> {
  try {
    const deployment = await askJson<{ versions: { version_id: string; percentage: number }[] }>(wrangler, [
      'deployments',
      'status',
      '--json',
    ]);
    const most = deployment.versions.toSorted((a, b) => b.percentage - a.percentage)[0];
    if (!most) return null;
    const version = await askJson<{
      annotations?: Record<string, string>;
      resources?: { bindings?: { name: string; type: string }[]; script_runtime?: { migration_tag?: string } };
    }>(wrangler, ['versions', 'view', most.version_id, '--json']);
    // Secrets put before the first code make an empty Worker, which is nothing to go back to.
    const bindings = version.resources?.bindings ?? [];
    if (!bindings.some(({ name }) => name === OF_EVERY_VERSION)) return null;
    return {
      versionId: most.version_id,
      message: version.annotations?.['workers/message'] ?? '',
      objectsTag: version.resources?.script_runtime?.migration_tag ?? null,
      vars: bindings.filter(({ type }) => type === 'plain_text').map(({ name }) => name),
    };
  } catch (error) {
    if (error instanceof WranglerFailed && error.said.includes('has no deployments')) return null;
    throw error;
  }
}
