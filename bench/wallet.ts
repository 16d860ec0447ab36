/**
 * `npm run bench -- wallet`: how often requests of a metered organization call its wallet. Counted, not timed, over HTTP
 * and real objects: from a full wallet down to 50 requests' worth, with members that call as fast as they are answered.
 */
import { join } from 'node:path';
import { readOperator } from '../scripts/operator-file.ts';
import { ROOT, type Server } from '../scripts/server.ts';
import { formatUsd, nanos } from '../src/money/nanos.ts';
import type { Seeded } from '../test/support/organization.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import type { Counts } from './counting-worker.ts';
import { COST_NANOS, DEMO_SMALL, HOLD_NANOS } from './demo-small.ts';
import { type Ground, makeMembers, manage, openGround } from './ground.ts';
import { type Call, load } from './load.ts';
import { describeMachine, machineText } from './machine.ts';
import { table } from './table.ts';
import { callOf } from './traffic.ts';

const MEMBERS = [1, 4, 16];
const CONNECTIONS = 16;
/** The balance at the start of each way and at its end, in what one request holds. */
const FROM = 4_000;
const TO = 50;
/** What is promised while the balance is above that. */
const REQUESTS_PER_CALL_MIN = 20;
const FOLDER = 'bench-wallet';
/** Settlements are gathered a quarter of a second. */
const SETTLE_MS_MAX = 5_000;

interface Way {
  members: number;
  requests: number;
  /** Calls of the wallet by members. */
  asks: number;
  /** Calls of members by the wallet. */
  recalls: number;
  /** Rows written by objects of either class. */
  rows: number;
}

export async function wallet({ say, signal }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  const ground = await openGround({
    folder: FOLDER,
    upstream: './fake-upstream.ts',
    entry: 'bench/counting-worker.ts',
    crons: false,
    say,
  });
  const ways: Way[] = [];
  const broken: string[] = [];
  try {
    const members = await makeMembers(ground.server, Math.max(...MEMBERS), {});
    await ground.server.db.prepare('UPDATE organizations SET metered = 1').run();
    let balance = 0;
    for (const count of MEMBERS) {
      say(`Counting: ${count} members ...`);
      await topUp(members, FROM * HOLD_NANOS - balance, `way-${count}`);
      const way = await countWay(ground.server, members.slice(0, count), signal);
      balance = FROM * HOLD_NANOS - way.requests * COST_NANOS;
      const told = await balanceOf(ground, members, balance);
      if (told !== balance) broken.push(`${count} members: the wallet tells ${told} nanodollars, not ${balance}`);
      ways.push(way);
    }
  } finally {
    await ground.stop();
  }
  for (const way of ways) {
    if (perCall(way) >= REQUESTS_PER_CALL_MIN) continue;
    broken.push(`${way.members} members: ${perCall(way).toFixed(1)} requests a call`);
  }
  const line = (what: string, of: (way: Way) => string | number) => [
    `  ${what}`,
    ...ways.map((way) => String(of(way))),
  ];
  const text = table([
    ['', ...ways.map(({ members }) => `${members} members`)],
    line('requests', ({ requests }) => requests),
    line('calls of the wallet', ({ asks }) => asks),
    line('recalls by it', ({ recalls }) => recalls),
    line('requests for each of either', (way) => perCall(way).toFixed(0)),
    line('rows written by objects, a request', ({ rows, requests }) => (rows / requests).toFixed(2)),
  ]);
  const meaning = `From ${FROM} to ${TO} holds' worth in the wallet, ${CONNECTIONS} connections, no request refused. Promised: fewer than one
call for each ${REQUESTS_PER_CALL_MIN} requests while the wallet has more than ${TO} holds' worth.`;
  return {
    text: [machineText(machine), text, meaning, ...broken].join('\n\n'),
    json: { bench: 'wallet', machine, ways },
    broken,
  };
}

async function countWay(server: Server, members: readonly Seeded[], signal: AbortSignal): Promise<Way> {
  const requests = Math.floor(((FROM - TO) * HOLD_NANOS) / COST_NANOS);
  const side = { name: 'purser', url: server.url, headers: {} } as const;
  let made = 0;
  const next = (): Call | null => {
    if (made >= requests) return null;
    const member = members[made++ % members.length];
    return callOf(DEMO_SMALL, side, member?.apiKey ?? '');
  };
  await countsOf(server);
  await load({ connections: CONNECTIONS, forMs: Number.POSITIVE_INFINITY, next, signal });
  const { calls, objectRows } = await countsOf(server);
  return {
    members: members.length,
    requests,
    asks: calls.sync ?? 0,
    recalls: calls.returnLease ?? 0,
    rows: objectRows,
  };
}

async function countsOf({ url }: Server): Promise<Counts> {
  return (await (await fetch(`${url}/bench/counts`)).json()) as Counts;
}

async function topUp([member]: Seeded[], amount: number, id: string): Promise<void> {
  const operator = readOperator(join(ROOT, '.purser', FOLDER));
  if (!operator) throw new Error('the server left nothing for its operator');
  const response = await fetch(`${operator.url}/operator/orgs/${member?.organizationId}/wallet/entries`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operator.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id, kind: 'top_up', amount: formatUsd(nanos(amount)) }),
  });
  if (response.status !== 201) throw new Error(`the top-up answers ${response.status}: ${await response.text()}`);
}

/** What the wallet has, asked until it is what it must be, or until every settlement on its way must have come. */
async function balanceOf({ server }: Ground, [member]: Seeded[], expected: number): Promise<number> {
  if (!member) throw new Error('no member');
  for (const giveUpAtMs = Date.now() + SETTLE_MS_MAX; ; ) {
    const { balance } = (await manage(server.url, member, 'GET', 'wallet')) as { balance: string };
    const told = Math.round(Number(balance) * 1e9);
    if (told === expected || Date.now() > giveUpAtMs) return told;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function perCall({ requests, asks, recalls }: Way): number {
  return requests / Math.max(1, asks + recalls);
}
