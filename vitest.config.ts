/**
 * Kinds of test, by what they run in: `core` in plain Node (parts of src that know no platform), `worker` inside workerd
 * with real D1 and objects, `deployed` the same with the build that is deployed, `journeys` in Node against a server.
 */
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

const JOURNEYS = 'test/journeys/**/*.test.ts';
const DEPLOYED = 'test/deployed/**/*.worker.test.ts';
const WORKER = 'test/**/*.worker.test.ts';

/** Tests inside workerd, against one of the two builds. */
/** For a machine whose cores are busy with something else: no test waits so long by itself. */
const BUSY_MS = 30_000;

function inWorkerd(name: string, main: string, include: string, exclude: string[], bindings: Record<string, string>) {
  return {
    plugins: [
      cloudflareTest(async () => ({
        main,
        wrangler: { configPath: './wrangler.toml' },
        miniflare: {
          bindings: {
            TEST_MIGRATIONS: await readD1Migrations('d1-migrations'),
            KEY_SECRET: 'a secret for tests only',
            PROVIDER_KEY_SECRET: 'another secret, also for tests only',
            FUZZ_RUNS: process.env.FUZZ_RUNS ?? '',
            FUZZ_SEED: process.env.FUZZ_SEED ?? '',
            ...bindings,
          },
        },
      })),
    ],
    test: {
      name,
      include: [include],
      exclude,
      setupFiles: ['test/support/migrate.ts'],
      testTimeout: BUSY_MS,
      hookTimeout: BUSY_MS,
      // The library's files import each other without endings, which workerd does not resolve.
      deps: { optimizer: { ssr: { enabled: true, include: ['itty-durable'] } } },
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'core', include: ['test/**/*.test.ts'], exclude: [JOURNEYS, WORKER], testTimeout: BUSY_MS } },
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
    ],
  },
});
