/**
 * Kinds of test, by what they run in: `core` in plain Node (parts of src that know no platform), `worker` inside workerd
 * with real D1 and objects, `deployed` the same with the build that is deployed, `journeys` in Node against a server,
 * `dashboard` a real browser before one (test/dashboard/global-setup.ts starts both, once).
 *
 * So many files run at a time as `WORKERS` says: each has a process and a database of its own. Journeys come after them, one
 * by one: a server finds its free port some seconds before it listens there, and what runs beside it might take that.
 */
import { availableParallelism } from 'node:os';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig, type Plugin } from 'vitest/config';
import { ensureWebFolder } from './scripts/dashboard.ts';

const JOURNEYS = 'test/journeys/**/*.test.ts';
const DASHBOARD = 'test/dashboard/**/*.test.ts';
const DEPLOYED = 'test/deployed/**/*.worker.test.ts';
const WORKER = 'test/**/*.worker.test.ts';

/** For a machine whose cores are busy with something else: no test waits so long by itself. */
const BUSY_MS = 30_000;

/** Never one at a time, which is what vitest takes on two cores: many tests wait for something without computing. */
const WORKERS = Math.max(2, availableParallelism() - 1);

/**
 * Packages joined into one file each, once, in node_modules/.vite: every test file has a workerd of its own, which loads
 * its modules one by one through vitest, and packages are most of them. What is not listed here only loads slower; but
 * parts of one package belong here together, or each has classes of its own.
 *
 * Isolation stays on (`isolate: false` would save the loading too): `reset` of cloudflare:test forgets no object that
 * sleeps, so that counters and alarms of one file would turn up in another.
 */
const JOINED = [
  '@better-auth/passkey',
  '@hono/zod-openapi',
  'better-auth/adapters/drizzle',
  'better-auth/api',
  'better-auth/crypto',
  'better-auth/minimal',
  'better-auth/plugins/two-factor',
  'drizzle-orm',
  'drizzle-orm/d1',
  'drizzle-orm/sqlite-core',
  'eventsource-parser',
  'fast-check',
  'hono',
  'hono/body-limit',
  'hono/factory',
  'hono/html',
  'hono/http-exception',
  'hono/utils/cookie',
  // Not only for speed: its files import each other without endings, which workerd does not resolve.
  'itty-durable',
  'pdf-lib',
  'stripe',
  'temporal-polyfill',
  'tokenx',
];

/** Two thirds of what would be sent to workerd for a joined package is a source map that nobody reads. */
const withoutPackageMaps: Plugin = {
  name: 'without-package-maps',
  transform: (code, id) => (id.includes('/deps_ssr/') ? { code, map: { mappings: '' } } : null),
};

/** Tests inside workerd, against one of the two builds. */
function inWorkerd(name: string, main: string, include: string, exclude: string[], bindings: Record<string, string>) {
  return {
    plugins: [
      withoutPackageMaps,
      cloudflareTest(async () => ({
        main,
        wrangler: { configPath: './wrangler.toml' },
        miniflare: {
          // Beside the one of wrangler.toml.
          d1Databases: ['USAGE_DB_1'],
          bindings: {
            TEST_MIGRATIONS: await readD1Migrations('d1-migrations'),
            KEY_SECRET: 'a secret for tests only',
            PROVIDER_KEY_SECRET: 'another secret, also for tests only',
            REQUEST_LOG: 'off',
            FUZZ_RUNS: process.env.FUZZ_RUNS ?? '',
            FUZZ_SEED: process.env.FUZZ_SEED ?? '',
            ALL_ZONES: process.env.ALL_ZONES ?? '',
            ...bindings,
          },
        },
      })),
    ],
    test: {
      name,
      include: [include],
      exclude,
      maxWorkers: WORKERS,
      setupFiles: ['test/support/migrate.ts'],
      testTimeout: BUSY_MS,
      hookTimeout: BUSY_MS,
      deps: {
        optimizer: {
          // What the runtime brings cannot be joined.
          ssr: { enabled: true, include: JOINED, rolldownOptions: { external: [/^(node|cloudflare):/] } },
        },
      },
    },
  };
}

// wrangler.toml names it, and whoever reads that wants it there.
ensureWebFolder();

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'core',
          include: ['test/**/*.test.ts'],
          exclude: [JOURNEYS, WORKER, DASHBOARD],
          maxWorkers: WORKERS,
          testTimeout: BUSY_MS,
        },
      },
      inWorkerd('worker', './src/local/worker.ts', WORKER, [DEPLOYED], { ALLOW_LOOPBACK_UPSTREAMS: '1' }),
      inWorkerd('deployed', './src/worker.ts', DEPLOYED, [], {
        OPENAI_API_KEY: 'sk-test',
        OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
      }),
      {
        test: {
          name: 'journeys',
          include: [JOURNEYS],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'dashboard',
          include: [DASHBOARD],
          globalSetup: 'test/dashboard/global-setup.ts',
          maxWorkers: WORKERS,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
