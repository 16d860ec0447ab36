/**
 * What the speed bench plays on: the fake upstream, the bare Worker, Portkey and Purser, each in a process of its own,
 * both Workers in the same plain workerd with one direct socket, and one organization of members with budgets. All on
 * loopback, all ended by `stop`.
 *
 * It also keeps the score: every call it hands out is counted, and `settle` compares what was served with the books.
 */
import type { ChildProcess } from 'node:child_process';
import type { Server } from '../scripts/server.ts';
import type { Seeded } from '../test/support/organization.ts';
import { messageOf } from './children.ts';
import { type Ground, makeMembers, manage, openGround } from './ground.ts';
import type { Loaded } from './load.ts';
import { startPlainWorker } from './plain-worker.ts';
import { type Portkey, portkeyHeaders, startPortkey } from './portkey.ts';
import { type Runtime, runtimeOf, versionOf } from './runtimes.ts';
import type { Side, SideName, Traffic } from './traffic.ts';

/** Limits in all four scopes, so that each is checked and counted, and none is ever reached. */
export const BUDGET = {
  usageLimit: '1000000',
  usageLimitBasis: 'lifetime',
  periodUsageLimit: '100000',
  periodUsageDurationValue: 1,
  periodUsageDurationUnit: 'day',
  periodAlignment: 'rolling',
} as const;
export const KEY_LIMITS = {
  usageLimit: '1000000',
  periodUsageLimit: '100000',
  periodUsageDurationValue: 1,
  periodUsageDurationUnit: 'day',
  periodAlignment: 'rolling',
} as const;

export interface StagedSide extends Side {
  runtime: Runtime;
}

export interface Books {
  requests: number;
  costNanos: number;
  /** Every way in which the books are not what was served. */
  wrong: string[];
}

type Sides = { bare: StagedSide; purser: StagedSide; portkey: StagedSide | null };

export class Stage {
  /** `portkey` is null where npm could not get it. */
  readonly sides: Sides;
  readonly members: readonly Seeded[];
  readonly versions: { workerd: string; portkey: string | null };
  readonly #server: Server;
  readonly #upstream: ChildProcess;
  readonly stop: () => Promise<void>;
  #sentUpstream = 0;
  #served = 0;
  #estimated = 0;
  #costNanos = 0;

  constructor(parts: {
    sides: Sides;
    members: Seeded[];
    versions: Stage['versions'];
    ground: Ground;
  }) {
    this.sides = parts.sides;
    this.members = parts.members;
    this.versions = parts.versions;
    this.#server = parts.ground.server;
    this.#upstream = parts.ground.upstream;
    this.stop = parts.ground.stop;
  }

  /** Counts what a load had answered, for the books. */
  count(side: SideName, traffic: Traffic, { requests, costNanos }: Loaded): void {
    if (traffic.upstream) this.#sentUpstream += requests;
    if (side !== 'purser') return;
    this.#served += requests;
    if (traffic.estimated) this.#estimated += requests;
    this.#costNanos += costNanos;
  }

  /** Ships all that is settled to D1 and rolls it up; answers with the time that took, in ms. */
  async ship(): Promise<number> {
    const startedAt = performance.now();
    await this.#manage('POST', 'rollups');
    return performance.now() - startedAt;
  }

  /** Whether every call served is in the books, once, at its cost, and nothing else is. */
  async settle(): Promise<Books> {
    await this.ship();
    const wrong: string[] = [];
    const compare = (what: string, is: unknown, wanted: unknown) => {
      if (is !== wanted) wrong.push(`${what}: ${is}, not ${wanted}`);
    };
    for (const table of ['member_ledgers', 'usage_events', 'usage_rollups']) {
      const sums = await this.#server.db
        .prepare(`SELECT sum(requests) AS requests, sum(cost) AS cost FROM ${table}`)
        .first<{ requests: number; cost: number }>();
      compare(`requests in ${table}`, sums?.requests, this.#served);
      compare(`nanodollars in ${table}`, sums?.cost, this.#costNanos);
    }
    const odd = await this.#server.db
      .prepare(
        `SELECT count(*) FILTER (WHERE outcome <> 'completed') AS broken, count(*) FILTER (WHERE estimated <> 0) AS estimated
         FROM usage_events`,
      )
      .first<{ broken: number; estimated: number }>();
    compare('events not completed', odd?.broken, 0);
    compare('events with an estimate', odd?.estimated, this.#estimated);
    const health = await this.#manage('GET', 'health');
    const books = health.books as { held: string; overrun: string }[];
    compare('the books agree with the objects', health.ok, true);
    compare('members in the books', books.length, this.members.length);
    compare('members with money still held', books.filter(({ held }) => held !== '0').length, 0);
    compare('members with an overrun', books.filter(({ overrun }) => overrun !== '0').length, 0);
    compare('calls that reached the upstream', await this.#askUpstream(), this.#sentUpstream);
    return { requests: this.#served, costNanos: this.#costNanos, wrong };
  }

  #manage(method: string, path: string): Promise<Record<string, unknown>> {
    const [first] = this.members;
    if (!first) throw new Error('a stage without members');
    return manage(this.sides.purser.url, first, method, path);
  }

  async #askUpstream(): Promise<number> {
    this.#upstream.send('served?');
    const { served } = (await messageOf(this.#upstream, 'the fake upstream')) as { served: number };
    return served;
  }
}

/** Starts everything with `memberCount` members; throws, with nothing left running, where a part does not start. */
export async function openStage(memberCount: number, say: (line: string) => void): Promise<Stage> {
  const ground = await openGround({ folder: 'bench', upstream: './fake-upstream.ts', crons: true, say });
  const { server, upstreamUrl, runtimes, stops } = ground;
  try {
    const workerd = runtimes.next();
    const purser: StagedSide = { name: 'purser', url: server.url, headers: {}, runtime: runtimeOf(workerd) };

    // After Purser: the server's guard ends every workerd that is started while it runs, should we be killed.
    const worker = await startPlainWorker('bare-worker.js', upstreamUrl);
    stops.push(() => worker.dispose());
    const { origin: url } = await worker.unsafeGetDirectURL();
    const bare: StagedSide = { name: 'bare', url, headers: {}, runtime: runtimeOf(runtimes.next()) };

    const peer = await startPeer(say);
    if (peer) stops.push(() => peer.process.kill());
    const portkey: StagedSide | null = peer && {
      name: 'portkey',
      url: peer.url,
      headers: portkeyHeaders(upstreamUrl),
      runtime: runtimeOf(peer.process),
    };

    say(`Making ${memberCount} members with budgets ...`);
    const members = await makeMembers(server, memberCount, { budget: BUDGET, keyLimits: KEY_LIMITS });
    const versions = { workerd: await versionOf(workerd), portkey: peer?.version ?? null };
    return new Stage({ sides: { bare, purser, portkey }, members, versions, ground });
  } catch (error) {
    await ground.stop();
    throw error;
  }
}

/** Portkey, or null, with the reason told, where npm cannot get it: the rest is worth measuring without. */
async function startPeer(say: (line: string) => void): Promise<Portkey | null> {
  try {
    return await startPortkey(say);
  } catch (error) {
    say(`Going on without Portkey: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}
