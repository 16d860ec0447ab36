/**
 * A wrangler whose Cloudflare is a folder: `node fake-wrangler.ts <folder> <arguments of wrangler>`. It answers as wrangler 4.155 does, to
 * the letter where a program reads it; its D1 databases are SQLite files, on which the true migrations run. It notes how it was called,
 * and fails when told: before it has done what it was asked, or when it has done it and cannot say so any more.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

interface Version {
  id: string;
  message?: string;
  bindings: string[];
  vars?: string[];
  objectsTag?: string;
}

export interface Cloud {
  loggedIn: boolean;
  accounts: { id: string; name: string }[];
  /** Ids by name. */
  databases: Record<string, string>;
  worker: { secrets: Record<string, string>; versions: Version[] } | null;
  /** Where what is deployed answers. */
  url: string;
  /** The next command that begins so fails. */
  fail: { command: string; when: 'before' | 'after' } | null;
}

export const readCloud = (folder: string): Cloud => JSON.parse(readFileSync(join(folder, 'cloud.json'), 'utf8'));

export const writeCloud = (folder: string, cloud: Cloud): void =>
  writeFileSync(join(folder, 'cloud.json'), JSON.stringify(cloud));

export function openDatabase(folder: string, name: string): DatabaseSync {
  const db = new DatabaseSync(join(folder, `${name}.sqlite`));
  // It need not outlive the machine.
  db.exec('PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF');
  return db;
}

export interface Call {
  args: string[];
  stdin: string;
  env: Record<string, string | undefined>;
}

/** Beside cloud.json, because several run at a time: a line is appended in one piece. */
const callsFile = (folder: string) => join(folder, 'calls.ndjson');

export function readCalls(folder: string): Call[] {
  if (!existsSync(callsFile(folder))) return [];
  const lines = readFileSync(callsFile(folder), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Call);
}

export const forgetCalls = (folder: string): void => rmSync(callsFile(folder), { force: true });

interface Config {
  name: string;
  account_id: string;
  main: string;
  d1_databases: { binding: string; database_name: string; database_id: string; migrations_dir: string }[];
  durable_objects: { bindings: { name: string }[] };
  migrations: { tag: string }[];
  triggers: { crons: string[] };
  vars: Record<string, string>;
}

class Complaint extends Error {}

if (import.meta.main) {
  const [folder = '', ...args] = process.argv.slice(2);
  const cloud = readCloud(folder);
  const stdin = readFileSync(0, 'utf8');
  const call: Call = { args, stdin, env: process.env };
  appendFileSync(callsFile(folder), `${JSON.stringify(call)}\n`);
  const before = JSON.stringify(cloud);
  const fail = cloud.fail && args.join(' ').startsWith(cloud.fail.command) ? cloud.fail.when : null;
  if (fail) cloud.fail = null;
  try {
    if (fail === 'before') throw new Complaint('A request to the Cloudflare API failed.');
    const answer = carryOut(folder, cloud, args, stdin);
    if (fail === 'after') throw new Complaint('The connection was lost.');
    console.log(answer);
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    console.error(`\n✘ [ERROR] ${error.message}\n`);
    process.exitCode = 1;
  } finally {
    // What only reads runs beside others.
    if (JSON.stringify(cloud) !== before) writeCloud(folder, cloud);
  }
}

function carryOut(folder: string, cloud: Cloud, args: string[], stdin: string): string {
  const after = (flag: string) => args[args.indexOf(flag) + 1] ?? '';
  const shown = (content: unknown) => JSON.stringify(content, null, 2);
  if (args[0] === 'whoami') {
    if (cloud.loggedIn) return shown({ loggedIn: true, authType: 'OAuth Token', accounts: cloud.accounts });
    console.log('{"loggedIn":false}');
    throw new Complaint('Not logged in.');
  }
  if (args.includes('--dry-run')) return 'Total Upload: 6906.07 KiB / gzip: 1448.39 KiB\n--dry-run: exiting now.';
  const file = after('--config');
  const config = JSON.parse(readFileSync(file, 'utf8')) as Config;
  if (!cloud.accounts.some(({ id }) => id === config.account_id))
    throw new Complaint('Authentication error [code: 10000]');
  const worker = () => {
    if (!cloud.worker)
      throw new Complaint(
        `Worker "${config.name}" not found.\n\nIf this is a new Worker, run \`wrangler deploy\` first.`,
      );
    return cloud.worker;
  };
  const database = (binding: string) => {
    const bound = config.d1_databases.find((one) => one.binding === binding);
    if (!bound || cloud.databases[bound.database_name] !== bound.database_id)
      throw new Complaint(`The database ${bound?.database_id} could not be found [code: 7404]`);
    return { bound, db: openDatabase(folder, bound.database_name) };
  };

  switch (args[0] === 'deploy' ? 'deploy' : args.slice(0, 2).join(' ')) {
    case 'd1 list':
      return shown(Object.entries(cloud.databases).map(([name, uuid]) => ({ uuid, name, version: 'production' })));
    case 'd1 create': {
      const name = args[2] ?? '';
      if (cloud.databases[name]) throw new Complaint(`A database with that name already exists [code: 7502]`);
      cloud.databases[name] = crypto.randomUUID();
      return `✅ Successfully created DB '${name}' in region WEUR\nCreated your new D1 database.`;
    }
    case 'd1 execute': {
      const { db } = database(args[2] ?? '');
      const answers = after('--command')
        .split('; ')
        .map((sql) => {
          const statement = db.prepare(sql);
          const isQuery = statement.columns().length > 0;
          const results = isQuery ? statement.all() : [];
          const changes = isQuery ? 0 : Number(statement.run().changes);
          return { results, success: true, meta: { served_by: 'v3-prod', changes } };
        });
      return shown(answers);
    }
    case 'd1 migrations': {
      const { bound, db } = database(args[3] ?? '');
      migrate(db, join(dirname(file), bound.migrations_dir));
      return '🌀 Executing on remote database\n🚣 Executed';
    }
    case 'd1 time-travel':
      database(args[3] ?? '');
      return shown({ bookmark: '00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683' });
    case 'secret list':
      return shown(Object.keys(worker().secrets).map((name) => ({ name, type: 'secret_text' })));
    case 'secret bulk':
      // Secrets of a Worker that is not there make an empty one.
      cloud.worker ??= { secrets: {}, versions: [{ id: crypto.randomUUID(), bindings: [] }] };
      Object.assign(cloud.worker.secrets, JSON.parse(stdin));
      return '✨ Success';
    case 'deployments status':
      return shown({
        id: 'd',
        source: 'wrangler',
        versions: [{ version_id: worker().versions.at(-1)?.id, percentage: 100 }],
      });
    case 'versions view': {
      const version = worker().versions.find(({ id }) => id === args[2]);
      return shown({
        id: version?.id,
        annotations: { ...(version?.message && { 'workers/message': version.message }) },
        resources: {
          bindings: [
            ...(version?.bindings ?? []).map((name) => ({ type: 'durable_object_namespace', name })),
            ...(version?.vars ?? []).map((name) => ({ type: 'plain_text', name })),
          ],
          script_runtime: { ...(version?.objectsTag && { migration_tag: version.objectsTag }) },
        },
      });
    }
    case 'deploy': {
      for (const { binding } of config.d1_databases) database(binding);
      cloud.worker ??= { secrets: {}, versions: [] };
      const id = crypto.randomUUID();
      cloud.worker.versions.push({
        id,
        message: after('--message'),
        bindings: config.durable_objects.bindings.map(({ name }) => name),
        vars: Object.keys(config.vars),
        objectsTag: config.migrations.at(-1)?.tag ?? '',
      });
      const targets = [cloud.url, ...config.triggers.crons.map((cron) => `schedule: ${cron}`)];
      const told = [
        { type: 'wrangler-session', version: 1 },
        { type: 'deploy', version: 1, version_id: id, targets },
      ];
      const output = process.env.WRANGLER_OUTPUT_FILE_PATH;
      if (output) for (const line of told) appendFileSync(output, `${JSON.stringify(line)}\n`);
      return `Uploaded ${config.name}\nDeployed ${config.name} triggers\n  ${targets.join('\n  ')}\nCurrent Version ID: ${id}`;
    }
    default:
      throw new Complaint(`Unknown arguments: ${args.join(' ')}`);
  }
}

function migrate(db: DatabaseSync, folder: string): void {
  db.exec('CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)');
  const applied = new Set(
    db
      .prepare('SELECT name FROM d1_migrations')
      .all()
      .map(({ name }) => name),
  );
  if (!existsSync(folder)) throw new Complaint(`No migrations folder at ${folder}`);
  for (const name of readdirSync(folder)
    .filter((one) => one.endsWith('.sql'))
    .sort()) {
    if (applied.has(name)) continue;
    db.exec(`BEGIN; ${readFileSync(join(folder, name), 'utf8')}; COMMIT`);
    db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').run(name);
  }
}
