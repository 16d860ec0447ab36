/**
 * Purser on this machine: the real Worker in workerd, D1 and objects on disk, its crons. Used by `npm start`, the
 * journeys and the bench.
 *
 * Requests reach workerd directly, without wrangler's development proxy. workerd never outlives this process: a guard
 * of its own ends it even when we are killed.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import diagnostics from 'node:diagnostics_channel';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Cron } from 'croner';
import { convertV4MiniflareOptions, Miniflare, Response } from 'miniflare';
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler';
import type { Mail } from '../src/mail/mail.ts';
import { ensureWebFolder } from './dashboard.ts';
import { applyMigrations } from './migrations.ts';
import { writeOperator } from './operator-file.ts';
import { openOutbox } from './outbox.ts';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const run = promisify(execFile);
const CONFIG = join(ROOT, 'wrangler.toml');

/** Databases for usage beside the main one, so that `move-usage` has somewhere to go (wrangler.toml has how to deploy one). */
const FURTHER_DATABASES = { USAGE_DB_1: { id: 'purser-usage-1' } };

/** The local build of the Worker. */
const ENTRY = 'src/local/worker.ts';

export interface ServerOptions {
  /** The Worker's main file, should it be another than the local build's. */
  entry?: string;
  /** Changes the built Worker's text: for a bug that is planted on purpose. */
  patch?: (script: string) => string;
  /** 0 takes any free port. */
  port: number;
  /** Where D1, the objects, the local secrets and the mails live. */
  dataDir: string;
  /** What is bound beside wrangler.toml: provider keys, base URLs. */
  bindings: Record<string, string>;
  /** Whether the memory of its isolates can be looked at, by V8's inspector. */
  inspector?: boolean;
  /** Whether the crons run by themselves, as deployed. */
  crons: boolean;
  /** Told what is being done, and what the Worker logs. */
  say: (line: string) => void;
  /** Told every line that the Worker logs, of whatever level. */
  logged?: (line: string) => void;
}

export interface Server {
  url: string;
  db: D1Database;
  keySecret: string;
  /** Where the inspector listens, if asked for. */
  inspectorUrl: URL | null;
  /** Runs a cron now. */
  cron(expression: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const { dataDir, say } = options;
  mkdirSync(dataDir, { recursive: true });
  const port = await freePort(options.port);
  const keySecret = localSecret(dataDir, 'key-secret');
  const operatorSecret = randomBytes(32).toString('base64url');
  say('Building the Worker and applying migrations ...');
  const built = await buildWorker(options.entry ?? ENTRY, dataDir);
  const script = options.patch?.(built) ?? built;

  const web = ensureWebFolder();
  // Without its assets: with them Miniflare puts a router of its own before each request, which costs nearly half of what all of Purser does.
  const {
    modulesRules: _,
    rootPath: __,
    assets: ___,
    ...worker
  } = unstable_getMiniflareWorkerOptions(CONFIG).workerOptions;
  const guard = guardRuntime();
  const outbox = openOutbox(join(dataDir, 'outbox'), say);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      logRequests: false,
      ...(options.inspector && { inspectorPort: 0 }),
      resourcePersistencePath: join(dataDir, 'v3'),
      handleStructuredLogs: ({ level, message }) => {
        options.logged?.(message);
        if (level === 'warn' || level === 'error') say(`worker ${level}: ${message}`);
      },
      workers: [
        {
          ...worker,
          d1Databases: { ...(worker.d1Databases as Record<string, { id: string }>), ...FURTHER_DATABASES },
          name: 'purser',
          modules: [{ type: 'ESModule', path: 'worker.js', contents: script }],
          bindings: {
            ALLOW_LOOPBACK_UPSTREAMS: '1',
            PROVIDER_KEY_SECRET: localSecret(dataDir, 'provider-key-secret'),
            ...options.bindings,
            KEY_SECRET: keySecret,
            OPERATOR_SECRET: operatorSecret,
          },
          serviceBindings: {
            DASHBOARD: 'dashboard',
            // workerd's network itself: before the Worker's own fetch, Miniflare puts a Worker of its own.
            EGRESS: { network: { allow: ['public', 'private'] } },
            OUTBOX: async (request) => {
              outbox.put((await request.json()) as Mail);
              return new Response();
            },
          },
          unsafeDirectSockets: [{ host: '127.0.0.1', port }],
        },
        // The assets of the first, which asks it for them (src/local/routes.ts).
        {
          name: 'dashboard',
          compatibilityDate: String(worker.compatibilityDate),
          modules: [{ type: 'ESModule', path: 'none.js', contents: 'export default {}' }],
          assets: {
            directory: web,
            routerConfig: { has_user_worker: false },
            assetConfig: { not_found_handling: 'single-page-application' },
          },
        },
      ],
    }),
  );
  await miniflare.ready;
  const database = async (name: string) => (await miniflare.getD1Database(name)) as unknown as D1Database;
  for (const name of ['DB', ...Object.keys(FURTHER_DATABASES)]) {
    await applyMigrations(await database(name), join(ROOT, 'd1-migrations'));
  }
  const url = `http://127.0.0.1:${port}`;
  writeOperator(dataDir, { url, secret: operatorSecret });
  const handle = await miniflare.getWorker();
  const cron = async (expression: string) => {
    await handle.scheduled({ cron: expression });
  };
  const crons = options.crons
    ? (unstable_readConfig({ config: CONFIG }).triggers.crons ?? []).map((expression: string) =>
        schedule(expression, cron, say),
      )
    : [];
  return {
    url,
    db: await database('DB'),
    keySecret,
    inspectorUrl: options.inspector ? await miniflare.getInspectorURL() : null,
    cron,
    async stop() {
      for (const job of crons) job.stop();
      await miniflare.dispose();
      guard.stop();
    },
  };
}

function schedule(expression: string, run: (expression: string) => Promise<void>, say: ServerOptions['say']): Cron {
  return new Cron(expression, { timezone: 'UTC' }, () =>
    run(expression).catch((error) => say(`cron ${expression} failed: ${error}`)),
  );
}

/** The Worker in one piece, as text. */
export async function buildWorker(entry: string, dataDir: string): Promise<string> {
  const outDir = join(dataDir, 'build');
  await wrangler(['deploy', entry, '--dry-run', '--outdir', outDir]);
  return readFileSync(join(outDir, basename(entry).replace(/\.ts$/, '.js')), 'utf8');
}

async function wrangler(args: string[]): Promise<void> {
  ensureWebFolder();
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true', NO_COLOR: '1' };
  try {
    await run(process.execPath, [join(ROOT, 'node_modules/wrangler/bin/wrangler.js'), ...args], { cwd: ROOT, env });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`wrangler ${args.slice(0, 3).join(' ')} failed:\n${stdout ?? ''}${stderr ?? error}`);
  }
}

/** A secret of this data's, which tags or seals its keys: made once and readable by its owner only. */
function localSecret(dataDir: string, name: string): string {
  const file = join(dataDir, name);
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

/** The port, if it is free on loopback; any free one for 0. Throws with what to do where it is taken. */
export async function freePort(port: number): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', () =>
      reject(
        new Error(
          `Port ${port} is taken by another program. Choose another: npm start -- --port ${port + 1}, or 0 for any that is free.`,
        ),
      ),
    );
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}

/**
 * Watches for workerd being started, and gives each a shell of its own that kills it once our end of a pipe is closed:
 * by us at the end, or by the system when we are killed.
 */
function guardRuntime(): { stop(): void } {
  const guards: ChildProcess[] = [];
  const started = (message: unknown) => {
    const { process: child } = message as { process: ChildProcess };
    setImmediate(() => {
      if (!child.spawnfile?.includes('workerd') || child.pid === undefined || process.platform === 'win32') return;
      const script = 'read -r _; kill -9 "$0" 2>/dev/null';
      const guard = spawn('sh', ['-c', script, String(child.pid)], {
        stdio: ['pipe', 'ignore', 'ignore'],
        detached: true,
      });
      guard.unref();
      guards.push(guard);
      child.once('exit', () => guard.kill('SIGKILL'));
    });
  };
  diagnostics.subscribe('child_process', started);
  return {
    stop() {
      diagnostics.unsubscribe('child_process', started);
      for (const guard of guards) guard.kill('SIGKILL');
    },
  };
}
