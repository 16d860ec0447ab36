/**
 * Three kinds of test, by what they run in: `core` in plain Node (src parts that know no platform), `worker` inside
 * workerd with real D1 and objects, `journeys` in Node against a started server.
 */
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

const JOURNEYS = 'test/journeys/**/*.test.ts';
const WORKER = 'test/**/*.worker.test.ts';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'core', include: ['test/**/*.test.ts'], exclude: [JOURNEYS, WORKER] } },
      {
        plugins: [
          cloudflareTest(async () => ({
            main: './src/local/worker.ts',
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                TEST_MIGRATIONS: await readD1Migrations('d1-migrations'),
                KEY_SECRET: 'a secret for tests only',
                ALLOW_LOOPBACK_UPSTREAMS: '1',
              },
            },
          })),
        ],
        test: {
          name: 'worker',
          include: [WORKER],
          setupFiles: ['test/support/migrate.ts'],
          deps: { optimizer: { ssr: { enabled: true, include: ['itty-durable'] } } },
        },
      },
      {
        test: {
          name: 'journeys',
          include: [JOURNEYS],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
