/**
 * What a request costs the platform, counted: calls of objects, rows written, time awake. A second, short pass over the
 * same Worker with counters around it (counting-worker.ts), so that counting slows nothing that is timed.
 *
 * How much is gathered depends on how calls come, so three ways are counted: members that call now and then, many busy
 * ones, and one hot one. Events travel by alarm, as they do deployed, and are rolled up once.
 */
import type { Server } from '../scripts/server.ts';
import type { BenchOptions } from './bench.ts';
import type { Counts } from './counting-worker.ts';
import { makeMembers, openGround } from './ground.ts';
import { load } from './load.ts';
import { BUDGET, KEY_LIMITS } from './stage.ts';
import { callOf, type Side, SMALL } from './traffic.ts';

const ROLL_UP = '*/5 * * * *';
/** Calls a member, where many are busy, and of the hot one. */
const BUSY_CALLS = 16;
const HOT_CALLS = 500;
/** Shipping waits 5 s for company; past this it does not come. */
const SHIP_MS_MAX = 30_000;

export interface Counted {
  /** How the calls came. */
  name: string;
  requests: number;
  counts: Counts;
}

export interface CountedWork {
  ways: Counted[];
  wrong: string[];
}

interface CountOptions extends Pick<BenchOptions, 'say' | 'signal'> {
  members: number;
  connections: number;
}

export async function countWork({ members, connections, say, signal }: CountOptions): Promise<CountedWork> {
  say('Starting Purser once more, with counters around it ...');
  const ground = await openGround({
    folder: 'bench-counts',
    upstream: './fake-upstream.ts',
    entry: 'bench/counting-worker.ts',
    crons: false,
    say,
  });
  const { server } = ground;
  try {
    const made = await makeMembers(server, members, { budget: BUDGET, keyLimits: KEY_LIMITS });
    const keys = made.map(({ apiKey }) => apiKey);
    const side: Side = { name: 'purser', url: server.url, headers: {} };
    let total = 0;

    const serve = async (name: string, apiKeys: readonly string[], requests: number) => {
      say(`Counting: ${name} ...`);
      let made = 0;
      const next = () => (made < requests ? callOf(SMALL, side, apiKeys[made++ % apiKeys.length] ?? '') : null);
      await load({ connections, forMs: Number.POSITIVE_INFINITY, next, signal });
      total += requests;
      await shipped(server, total, signal);
      await server.cron(ROLL_UP);
      return { name, requests, counts: await readCounts(server) };
    };
    // Objects open from D1, and first rows are made that later calls only change.
    await serve(`${members} members, their first call`, keys, members);
    const ways = [
      await serve(`${members} members, one call each`, keys, members),
      await serve(`${members} members, ${BUSY_CALLS} calls each`, keys, members * BUSY_CALLS),
      await serve(`1 member, ${HOT_CALLS} calls`, keys.slice(0, 1), HOT_CALLS),
    ];
    const wrong = ways.filter(({ counts }) => counts.objectRows === 0 || counts.d1.rowsWritten === 0);
    return { ways, wrong: wrong.map(({ name }) => `nothing was counted: ${name}`) };
  } finally {
    await ground.stop();
  }
}

/** Waits until D1 has so many requests. */
async function shipped(server: Server, requests: number, signal: AbortSignal): Promise<void> {
  const giveUpAt = Date.now() + SHIP_MS_MAX;
  for (;;) {
    signal.throwIfAborted();
    const row = await server.db
      .prepare('SELECT sum(requests) AS requests FROM member_ledgers')
      .first<{ requests: number | null }>();
    if (row?.requests === requests) return;
    if (Date.now() > giveUpAt) throw new Error(`D1 has ${row?.requests} requests, not ${requests}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function readCounts(server: Server): Promise<Counts> {
  return (await (await fetch(`${server.url}/bench/counts`)).json()) as Counts;
}
