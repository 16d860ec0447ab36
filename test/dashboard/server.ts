/** Purser with the demo as `npm start` serves it, without npm: the same server, data and dashboard, on any free port. */
import { rmSync } from 'node:fs';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { startServer } from '../../scripts/server.ts';
import { seedDemo } from '../../src/local/demo-data.ts';
import { DEMO_SELLER } from '../../src/local/demo-transactions.ts';
import { temporaryDirectory } from '../support/purser.ts';
import type { Demo } from './browser.ts';

export interface StartedDemo {
  demo: Demo;
  dataDir: string;
  stop: () => Promise<void>;
}

export async function startDemo(): Promise<StartedDemo> {
  await buildDashboard(console.log);
  const dataDir = temporaryDirectory();
  const server = await startServer({
    port: 0,
    dataDir,
    bindings: { ...DEMO_SELLER, OPEN_SIGN_UP: '1' },
    crons: false,
    say: () => undefined,
  });
  const stop = async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const account = await seedDemo(server.db, { keySecret: server.keySecret, nowMs: Date.now() });
    return { demo: { baseUrl: server.url, ...account }, dataDir, stop };
  } catch (error) {
    // Left running, it would keep vitest from ending.
    await stop();
    throw error;
  }
}
