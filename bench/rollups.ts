/**
 * `npm run bench -- rollups`: usage events through shipping and rollups, inside workerd, on an organization of 3.3 million
 * requests a month: how many a second, how a backlog of a million of them is caught up with, and what a request costs in
 * rows written, when there are many requests and when there are few.
 */
import { DAY_MS, HOUR_MS, LIMITS, MINUTE_MS } from '../src/limits.ts';
import { NO_D1_COUNTS } from '../test/support/d1-counts.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { openGround } from './ground.ts';
import { describeMachine, machineText } from './machine.ts';
import { table } from './table.ts';
import type { BenchOrganization } from './usage-events.ts';
import type { Done, Shipment } from './usage-worker.ts';

const BACKLOG = 1_000_000;
/** Members that ship at once. */
const AT_ONCE = 4;

/** What is promised. */
const EVENTS_PER_SECOND_MIN = 50_000;
/** What one run of a cron may take at most; the next comes after five minutes. */
const RUN_MS_MAX = 2 * MINUTE_MS;

/** USD for a million rows written, as D1 has it. */
const ROWS_USD = 1;

/** 3.3 million requests in 30 days. */
const BUSY_BETWEEN_MS = Math.round((30 * DAY_MS) / 3_300_000);
const CRON_MS = 5 * MINUTE_MS;
/** Crons of the busy organization that are counted, and requests of the idle one, each after a first that is not. */
const CRONS = 4;
const IDLE_REQUESTS = 24;

const SHAPE = { projects: 50, keys: 500, members: 100, models: 60, apps: 20 };
const ONE = { projects: 1, keys: 1, members: 1, models: 1, apps: 1 };

/** Ships, or with null rolls up. */
type Ask = (body: Shipment | null) => Promise<Timed>;
/** What D1 was asked for it. */
type Timed = Done & { ms: number };

/** What events of one way of coming took. */
interface Way {
  name: string;
  events: number;
  shipped: Timed;
  runs: Timed[];
}

export async function rollups({ say, signal }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  const ground = await openGround({
    folder: 'bench-rollups',
    upstream: './fake-upstream.ts',
    entry: 'bench/usage-worker.ts',
    crons: false,
    say,
  });
  let before = NOTHING;
  const ask: Ask = async (body) => {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const init = { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${ground.server.url}/bench/usage`, init);
    if (!response.ok) throw new Error(`it answers ${response.status}: ${await response.text()}`);
    const ms = performance.now() - startedAt;
    // It counts from when it began. Of those that ask at once any may be told first: only their sum is right.
    const since = { ...((await response.json()) as Done), ms: 0 };
    const own = { ...add(since, before, -1), waiting: since.waiting, ms };
    before = since;
    return own;
  };
  try {
    say(`Shipping a backlog of ${BACKLOG} events, and rolling it up ...`);
    const backlog = await catchUp(ask);
    say('Counting rows: a busy organization, rolled up every five minutes ...');
    const busy = await byCron(ask, 'busy', { organizationId: 'org_busy', ...SHAPE, betweenMs: BUSY_BETWEEN_MS });
    say('Counting rows: an idle one, a request an hour ...');
    const idle = await byCron(ask, 'a request an hour', { organizationId: 'org_idle', ...ONE, betweenMs: HOUR_MS });
    return report(machineText(machine), [backlog, busy, idle]);
  } finally {
    await ground.stop();
  }
}

/** All that an organization made while D1 was away: every member ships as fast as it can, then the crons come. */
async function catchUp(ask: Ask): Promise<Way> {
  const startMs = Date.now() - 30 * DAY_MS;
  const organization = { organizationId: 'org_backlog', ...SHAPE, startMs, betweenMs: BUSY_BETWEEN_MS };
  const events = LIMITS.shipRowsMax;
  const shipments: Shipment[] = [];
  for (let first = 1; first <= BACKLOG / SHAPE.members; first += events) {
    for (let member = 0; member < SHAPE.members; member++) {
      shipments.push({ organization, member, first, events, batches: 1 });
    }
  }
  const startedAt = performance.now();
  const shipped = await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      let sum = NOTHING;
      for (let shipment = shipments.shift(); shipment; shipment = shipments.shift())
        sum = add(sum, await ask(shipment));
      return sum;
    }),
  );
  const ms = performance.now() - startedAt;
  const runs: Timed[] = [];
  do runs.push(await ask(null));
  while ((runs.at(-1)?.waiting ?? 0) > 0);
  return {
    name: `a backlog of ${BACKLOG}`,
    events: BACKLOG,
    shipped: { ...shipped.reduce((a, b) => add(a, b)), ms },
    runs,
  };
}

/**
 * Every request ships by itself, as members' requests are minutes apart; then a cron comes, again and again. Before that each member
 * has shipped so much that nearly every combination is known: their rows are written once for good, not for each request.
 */
async function byCron(ask: Ask, name: string, shape: Omit<BenchOrganization, 'startMs'>): Promise<Way> {
  const organization = { ...shape, startMs: Date.now() - DAY_MS };
  const perCron = Math.max(1, Math.round(CRON_MS / (shape.betweenMs * shape.members)));
  const way: Way = { name, events: 0, shipped: NOTHING, runs: [] };
  const crons = shape.members === 1 ? IDLE_REQUESTS : CRONS;
  const known = shape.members === 1 ? 0 : LIMITS.shipRowsMax;
  if (known > 0) {
    for (let member = 0; member < shape.members; member++) {
      await ask({ organization, member, first: 1, events: known, batches: 1 });
    }
  }
  for (let cron = 0; cron <= crons; cron++) {
    let shipped = NOTHING;
    for (let member = 0; member < shape.members; member++) {
      const first = 1 + known + cron * perCron;
      shipped = add(shipped, await ask({ organization, member, first, events: 1, batches: perCron }));
    }
    const run = await ask(null);
    // With the first comes what was shipped before, and what is new.
    if (cron === 0) continue;
    way.events += perCron * shape.members;
    way.shipped = add(way.shipped, shipped);
    way.runs.push(run);
  }
  return way;
}

const NOTHING: Timed = { ...NO_D1_COUNTS, waiting: 0, ms: 0 };

function add(a: Timed, b: Timed, times = 1): Timed {
  return {
    statements: a.statements + times * b.statements,
    rowsRead: a.rowsRead + times * b.rowsRead,
    rowsWritten: a.rowsWritten + times * b.rowsWritten,
    sqlMs: a.sqlMs + times * b.sqlMs,
    waiting: b.waiting,
    ms: a.ms + times * b.ms,
  };
}

function report(machine: string, ways: readonly Way[]): BenchReport {
  const [backlog] = ways;
  if (!backlog) throw new Error('nothing was measured');
  const rolledUp = backlog.runs.reduce((a, b) => add(a, b));
  const perSecond = (ms: number) => Math.round((backlog.events / ms) * 1_000);
  const longestMs = Math.max(...backlog.runs.map(({ ms }) => ms));
  const both = perSecond(backlog.shipped.sqlMs + rolledUp.sqlMs);
  const broken = [
    ...(both < EVENTS_PER_SECOND_MIN ? [`${both} events a second in SQL, not ${EVENTS_PER_SECOND_MIN}`] : []),
    ...(longestMs > RUN_MS_MAX ? [`a run of ${longestMs.toFixed(0)} ms, not ${RUN_MS_MAX}`] : []),
  ];
  const rows = ways.map(({ name, events, shipped, runs }) => {
    const rolled = runs.reduce((a, b) => add(a, b));
    const written = (shipped.rowsWritten + rolled.rowsWritten) / events;
    return {
      name,
      shipped: shipped.rowsWritten / events,
      rolledUp: rolled.rowsWritten / events,
      usd: written * ROWS_USD,
    };
  });
  const speed = (name: string, ms: number, sqlMs: number) => [
    `  ${name}`,
    String(perSecond(sqlMs)),
    String(perSecond(ms)),
    (ms / 1_000).toFixed(1),
  ];
  const speeds = table([
    ['', 'events/s in SQL', 'events/s in all', 'seconds'],
    speed('shipped', backlog.shipped.ms, backlog.shipped.sqlMs),
    speed('rolled up', rolledUp.ms, rolledUp.sqlMs),
    speed('one after the other', backlog.shipped.ms + rolledUp.ms, backlog.shipped.sqlMs + rolledUp.sqlMs),
  ]);
  const runs = `Rolled up by ${backlog.runs.length} runs, the longest of ${(longestMs / 1_000).toFixed(1)} s (promised: at most ${RUN_MS_MAX / 1_000} s).`;
  const money = table([
    ['rows written for each request', 'shipping', 'rollups', 'USD for a million requests'],
    ...rows.map((row) => [`  ${row.name}`, row.shipped.toFixed(2), row.rolledUp.toFixed(2), row.usd.toFixed(2)]),
  ]);
  const verdict = broken.length === 0 ? 'PASS' : `FAIL\n${broken.join('\n')}`;
  return {
    text: [
      machine,
      `${BACKLOG} events (promised: ${EVENTS_PER_SECOND_MIN} a second through the SQL of shipping and rollups)`,
      speeds,
      runs,
      money,
      verdict,
    ].join('\n\n'),
    json: { bench: 'rollups', machine, eventsPerSecondInSql: both, shipped: backlog.shipped, runs: backlog.runs, rows },
    broken,
  };
}
