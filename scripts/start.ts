/** `npm start`: Purser on loopback with everything it needs. Flags and output: README, "Running it". */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { seedDemo } from '../src/local/demo-data.ts';
import { DEMO_SELLER } from '../src/local/demo-transactions.ts';
import { newSetUpCode } from '../src/sign-in/set-up-code.ts';
import { buildDashboard, serveSources } from './dashboard.ts';
import { lockData } from './data-lock.ts';
import { DATA_DEFAULT } from './operator-file.ts';
import { freePort, ROOT, type Server, startServer } from './server.ts';

const PORT_DEFAULT = 8787;

const HELP = `npm start -- [--port ${PORT_DEFAULT}] [--data ${DATA_DEFAULT}] [--fresh] [--no-demo] [--dev]

  --port N     listen on 127.0.0.1:N
  --data DIR   where the data lives
  --fresh      delete the data first and start empty
  --no-demo    no demo organizations and usage
  --dev        also serve the dashboard from its sources, reloading as they change

Providers: set OPENAI_API_KEY, ANTHROPIC_API_KEY, MISTRAL_API_KEY, ... (and ..._BASE_URL) in the environment or in .dev.vars.`;

/** What of the environment or .dev.vars reaches the Worker. */
const PASSED =
  /^(OPENAI|ANTHROPIC|GOOGLE|GITHUB_CLIENT|MISTRAL|CEREBRAS|GROQ|OPENROUTER|AZURE|VERTEX|AWS|RESEND|SELLER|STRIPE)_[A-Z0-9_]+$|^(PROVIDER_KEY_SECRET|PROVIDER_KEY_SECRET_PREVIOUS|MAIL_FROM|OPEN_SIGN_UP|DEFAULT_PLAN|HOLD_TTL_MS|METRICS_TOKEN|REQUEST_LOG)$/;

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS'))
    console.error('What there is: npm start -- --help');
  process.exit(1);
}

async function main(): Promise<void> {
  const startedAt = Date.now();
  const flags = readFlags();
  if (flags.help) return console.log(HELP);
  const dataDir = resolve(flags.data);
  const lock = await lockData(dataDir);
  if (flags.fresh)
    for (const part of ['v3', 'key-secret', 'provider-key-secret', 'demo.json', 'outbox'])
      rmSync(join(dataDir, part), { recursive: true, force: true });

  // Miniflare ends the process on a signal by itself: what must not be left behind goes then.
  process.once('exit', () => lock.release());

  // Looked at again when it is taken; but who must choose another should not wait for builds first.
  await freePort(flags.port);

  let server: Server | undefined;
  let ending = false;
  const end = async (why: string) => {
    if (ending) return;
    ending = true;
    console.log(`Stopping (${why}) ...`);
    await server?.stop();
    lock.release();
    process.exit(0);
  };
  process.on('SIGINT', () => end('interrupted'));
  process.on('SIGTERM', () => end('terminated'));
  process.on('SIGHUP', () => end('hung up'));
  // The channel to scripts/bootstrap.mjs: it closes when that process is killed.
  process.on('disconnect', () => end('starter gone'));

  if (!flags.dev) await buildDashboard(console.log);
  server = await startServer({
    port: flags.port,
    dataDir,
    bindings: readBindings(flags.demo),
    crons: true,
    say: console.log,
  });
  const demo = flags.demo ? await ensureDemo(server, dataDir) : null;
  console.log(`Purser is ready at ${server.url} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
  if (demo) console.log(introduction(server.url, demo, join(flags.data, 'demo.json')));
  else await tellSetUpCode(server);
  if (flags.dev) {
    const url = await serveSources(server.url);
    console.log(`The dashboard from its sources: ${url}/dashboard`);
  }
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: String(PORT_DEFAULT) },
      data: { type: 'string', default: DATA_DEFAULT },
      fresh: { type: 'boolean', default: false },
      demo: { type: 'boolean', default: true },
      dev: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowNegative: true,
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port must be a port number, not ${values.port}.`);
  return { ...values, port };
}

/** The demo has a seller, unless another is set: the settings of two must not mix. */
function readBindings(demo: boolean): Record<string, string> {
  const file = join(ROOT, '.dev.vars');
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const all = { ...fromFile, ...process.env };
  const passed = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => PASSED.test(entry[0]) && Boolean(entry[1])),
  );
  const hasSeller = Object.keys(passed).some((name) => name.startsWith('SELLER_'));
  return demo && !hasSeller ? { ...DEMO_SELLER, ...passed } : passed;
}

/** Tells the code that lets the first owner in: once, when the data is new. */
async function tellSetUpCode({ db }: Server): Promise<void> {
  if (await db.prepare('SELECT 1 FROM set_up_codes').first()) return;
  const code = await newSetUpCode(db, Date.now());
  if (code) console.log(`The set-up code, which lets the first owner sign up, is ${code}. It is not shown again.`);
}

/** What a newcomer is told of demo.json. */
interface Demo {
  apiKey: string;
  owner: { email: string; password: string };
}

/** Seeds the demo into empty data, and writes what a newcomer needs to know into demo.json. */
async function ensureDemo(server: Server, dataDir: string): Promise<Demo | null> {
  const file = join(dataDir, 'demo.json');
  const known = await server.db
    .prepare('SELECT count(*) AS organizations FROM organizations')
    .first<{ organizations: number }>();
  if (known?.organizations === 0) {
    console.log('Making demo organizations with a year of usage ...');
    const account = await seedDemo(server.db, { keySecret: server.keySecret, nowMs: Date.now() });
    // Wallets are told of what was paid, as they would be by the next minute.
    await server.cron('* * * * *');
    writeDemo(file, { baseUrl: server.url, ...account });
    return account;
  }
  if (!existsSync(file)) return null;
  const account = JSON.parse(readFileSync(file, 'utf8')) as Demo;
  writeDemo(file, { ...account, baseUrl: server.url });
  return account;
}

function writeDemo(file: string, content: object): void {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

function introduction(url: string, { apiKey, owner }: Demo, file: string): string {
  return `
The dashboard: ${url}/dashboard
  sign in as ${owner.email} with ${owner.password} (people of other roles, keys and ids are in ${file})

Or try:

  curl ${url}/v1/chat/completions \\
    -H "Authorization: Bearer ${apiKey}" \\
    -H "Content-Type: application/json" \\
    -d '{"model": "demo/echo", "messages": [{"role": "user", "content": "Hello, Purser"}]}'

Ctrl-C ends it.`;
}
