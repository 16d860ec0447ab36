/**
 * What every bench stands on: a data folder of its own, a fake upstream in a process of its own, and Purser in plain
 * workerd between them. All on loopback; all ended, and the data deleted, by `stop`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { lockData } from '../scripts/data-lock.ts';
import { ROOT, type Server, type ServerOptions, startServer } from '../scripts/server.ts';
import { insertOrganization, type Seeded, type SeedOptions } from '../test/support/organization.ts';
import { messageOf, stopAll } from './children.ts';
import { watchRuntimes } from './runtimes.ts';

interface GroundOptions extends Pick<ServerOptions, 'crons' | 'say' | 'patch' | 'inspector'> {
  /** The data's folder, in the one where `npm start` keeps its data too: what a durable write takes depends on the disk. */
  folder: string;
  /** The upstream's program, beside this file. It sends {port} once it listens. */
  upstream: string;
  entry?: string;
  bindings?: Record<string, string>;
}

export interface Ground {
  server: Server;
  upstream: ChildProcess;
  /** With its /v1. */
  upstreamUrl: string;
  /** Every workerd that is started, Purser's first. */
  runtimes: ReturnType<typeof watchRuntimes>;
  /** What a bench starts beside it is added here, to be stopped before the rest. */
  stops: (() => unknown)[];
  /** Ends Purser in order, and starts it again on the same data; `meanwhile`, nobody has that open. */
  restart(meanwhile?: () => void): Promise<void>;
  stop(): Promise<void>;
}

/** Throws, with nothing left running, where a part does not start. */
export async function openGround({ folder, upstream: program, bindings, ...options }: GroundOptions): Promise<Ground> {
  const stops: (() => unknown)[] = [];
  const stop = () => stopAll(stops);
  const dataDir = join(ROOT, '.purser', folder);
  try {
    const lock = await lockData(dataDir);
    const tidy = () => {
      lock.release();
      rmSync(dataDir, { recursive: true, force: true });
    };
    stops.push(() => {
      process.off('exit', tidy);
      tidy();
    });
    // Miniflare exits by itself on a signal, before anyone could stop us in order.
    process.once('exit', tidy);
    // What a killed run left.
    rmSync(join(dataDir, 'v3'), { recursive: true, force: true });

    const upstream = fork(fileURLToPath(new URL(program, import.meta.url)));
    stops.push(() => upstream.kill());
    const { port } = (await messageOf(upstream, 'the fake upstream')) as { port: number };
    const upstreamUrl = `http://127.0.0.1:${port}/v1`;

    const runtimes = watchRuntimes();
    stops.push(() => runtimes.stop());
    const start = () =>
      startServer({
        ...options,
        port: 0,
        dataDir,
        bindings: { OPENAI_API_KEY: 'sk-bench', OPENAI_BASE_URL: upstreamUrl, ...bindings },
      });
    const ground: Ground = {
      server: await start(),
      upstream,
      upstreamUrl,
      runtimes,
      stops,
      async restart(meanwhile = () => {}) {
        await ground.server.stop();
        meanwhile();
        ground.server = await start();
      },
      stop,
    };
    stops.push(() => ground.server.stop());
    return ground;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One organization of so many members. Each is made with an organization of its own, and then moves into the first. */
export async function makeMembers({ db, keySecret }: Server, count: number, options: SeedOptions): Promise<Seeded[]> {
  const members: Seeded[] = [];
  for (let i = 0; i < count; i++) members.push(await insertOrganization(db, keySecret, options));
  const organizationId = members[0]?.organizationId ?? '';
  await db.batch(
    ['projects', 'members', 'api_keys'].map((table) =>
      db.prepare(`UPDATE ${table} SET organization_id = ?1`).bind(organizationId),
    ),
  );
  return members.map((member) => ({ ...member, organizationId }));
}

/** A call of the management API, by the organization's master key. Throws on any status but 200. */
export async function manage(
  url: string,
  { organizationId, masterKey }: Seeded,
  method: string,
  path: string,
): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${masterKey}` };
  const response = await fetch(`${url}/orgs/${organizationId}/${path}`, { method, headers });
  if (response.status !== 200)
    throw new Error(`${method} ${path} answers ${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
