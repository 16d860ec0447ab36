/** A started Purser for journeys: `npm start` as a newcomer runs it, or the server alone with an organization of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, type Server, startServer } from '../../scripts/server.ts';
import type { DemoAccount } from '../../src/local/demo-data.ts';
import { insertOrganization, type Seeded, type SeedOptions } from './organization.ts';

interface Demo extends DemoAccount {
  baseUrl: string;
}

interface Running {
  npm: ChildProcess;
  output: () => string;
  /** Milliseconds until it said that it is ready. */
  startedInMs: number;
  exited: Promise<void>;
}

export interface StartedByNpm extends Running {
  demo: Demo;
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'purser-test-'));
}

/** Runs `npm start` on any free port, with the demo, and waits until it says that it is ready. */
export async function npmStart(dataDir: string, environment: Record<string, string> = {}): Promise<StartedByNpm> {
  const running = await npmRun(dataDir, [], environment);
  const demo = JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8')) as Demo;
  return { ...running, demo };
}

/** The same with flags, and no demo to tell of. */
export async function npmRun(
  dataDir: string,
  flags: string[],
  environment: Record<string, string> = {},
): Promise<Running> {
  const startedAt = Date.now();
  const npm = spawn('npm', ['start', '--', '--port', '0', '--data', dataDir, ...flags], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, as a shell gives it: Ctrl-C goes to the group.
    detached: true,
  });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  const exited = new Promise<void>((resolve) => npm.once('exit', () => resolve()));
  await until(
    () => {
      if (npm.exitCode !== null) throw new Error(`npm start ended: ${output}`);
      return /^Purser is ready/m.test(output);
    },
    `"Purser is ready" in: ${output}`,
    60_000,
  );
  return { npm, output: () => output, startedInMs: Date.now() - startedAt, exited };
}

/** The server with an empty database, for tests that make their own organization. */
export async function startEmpty(bindings: Record<string, string> = {}, { inspector = false } = {}) {
  const dataDir = temporaryDirectory();
  const server = await startServer({ port: 0, dataDir, bindings, inspector, crons: false, say: () => undefined });
  return {
    server,
    dataDir,
    seed: (options?: SeedOptions) => insertOrganization(server.db, server.keySecret, options),
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export interface MemberStatus {
  usage: string;
  lifetimeUsage: string;
  held: string;
  remaining: string | null;
}

/** Short words for what a journey asks the API. */
export function api(server: Pick<Server, 'url'>, seeded: Pick<Seeded, 'organizationId' | 'apiKey' | 'masterKey'>) {
  const ask = async <T>(path: string, key: string, init: RequestInit = {}): Promise<T> => {
    const response = await fetch(server.url + path, { ...init, headers: { authorization: `Bearer ${key}` } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const { organizationId, apiKey, masterKey } = seeded;
  return {
    status: async () => (await ask<{ member: { status: MemberStatus } }>('/v1/key', apiKey)).member.status,
    health: () =>
      ask<{ ok: boolean; difference: string; unresolved: string }>(`/orgs/${organizationId}/health`, masterKey),
    rollUp: () => ask<{ waiting: number }>(`/orgs/${organizationId}/rollups`, masterKey, { method: 'POST' }),
    activity: (query = '') =>
      ask<{ totals: { cost: string; requestCount: number } }>(
        `/analytics/activity?organizationId=${organizationId}${query}`,
        masterKey,
      ),
  };
}

/** Micro-dollars, in which the demo provider's prices are whole numbers: 1 a token in, 2 a token out. */
export function micros(usd: string): number {
  return Math.round(Number(usd) * 1e6);
}

/** Polls until `probe` is true; throws after `limitMs`. */
export async function until(probe: () => boolean | Promise<boolean>, what: string, limitMs = 10_000): Promise<void> {
  const giveUpAt = Date.now() + limitMs;
  while (!(await probe())) {
    if (Date.now() > giveUpAt) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
