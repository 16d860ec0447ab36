/**
 * `npm run bench -- streams`: five hundred streams of a minute at once in one workerd. Each must come whole, to its last word and
 * its cost. What is measured is the memory that the isolate holds, which is what a deployment's limit is about, and that of the
 * process, beside two Workers that show what the runtime itself takes: one that only hands streams on, and one that pumps them.
 *
 * Purser plays twice, the second time for its isolate: to look at that its garbage is collected, and a process whose garbage was
 * just collected grows for a while as if it leaked.
 */
import { MODEL } from './answers.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { type Ground, makeMembers, manage, openGround } from './ground.ts';
import { openIsolate } from './isolate.ts';
import { type Call, type Loaded, load } from './load.ts';
import { describeMachine, machineText } from './machine.ts';
import { costNanosOf, PACE_MS, textOf } from './paced-answers.ts';
import { startPlainWorker } from './plain-worker.ts';
import { type Runtime, runtimeOf } from './runtimes.ts';
import { table } from './table.ts';
import { callOf, readStream, type Side, type Traffic } from './traffic.ts';

const STREAMS = 500;
const STREAM_MS = 60_000;
const MEMBERS = 50;
/** When memory is looked at; the second just before the first streams end. */
const LOOKS_MS = { early: 10_000, late: STREAM_MS - 1_000 };
const BYTES_A_STREAM_MAX = 200_000;
const GROWTH_MAX = 0.1;
const WARM_UP_STREAMS = 50;
const WARM_UP_TOKENS = 10;

interface Memory {
  before: number;
  early: number;
  late: number;
}

interface Played {
  costNanos: number;
  cpuMs: number;
  memory: Memory;
}

interface Stage {
  side: Side;
  keys: readonly string[];
  runtime: Runtime;
  /** How much memory is in use now, of whatever is looked at. */
  look: () => number | Promise<number>;
  signal: AbortSignal;
}

export async function streams({ say, signal }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  const ground = await openGround({
    folder: 'bench-streams',
    upstream: './paced-upstream.ts',
    crons: true,
    inspector: true,
    say,
  });
  try {
    const members = await makeMembers(ground.server, MEMBERS, { budget: { usageLimit: '100' } });
    const purser = runtimeOf(ground.runtimes.next());
    const plain = async (name: 'pass-worker.js' | 'pump-worker.js'): Promise<Played> => {
      const worker = await startPlainWorker(name, ground.upstreamUrl);
      ground.stops.push(() => worker.dispose());
      const runtime = runtimeOf(ground.runtimes.next());
      const { origin } = await worker.unsafeGetDirectURL();
      say(`${STREAMS} streams of ${STREAM_MS / 1000} s through ${name} ...`);
      const side = { name: 'bare', url: origin, headers: {} } as const;
      return play({ side, keys: [''], runtime, look: () => runtime.rssBytes(), signal });
    };
    const passed = await plain('pass-worker.js');
    const pumped = await plain('pump-worker.js');

    say(`${STREAMS} streams of ${STREAM_MS / 1000} s through Purser, and again ...`);
    const keys = members.map(({ apiKey }) => apiKey);
    const side = { name: 'purser', url: ground.server.url, headers: {} } as const;
    const ours = { side, keys, runtime: purser, signal };
    const played = await play({ ...ours, look: () => purser.rssBytes() });
    if (!ground.server.inspectorUrl) throw new Error('the server was asked for an inspector');
    const isolate = await openIsolate(ground.server.inspectorUrl);
    ground.stops.push(() => isolate.close());
    const held = await play({ ...ours, look: () => isolate.heldBytes() });
    const broken = await judge(ground, { played, held }, members[0]);
    return { ...report(machineText(machine), { held, played, pumped, passed }, broken), broken };
  } finally {
    await ground.stop();
  }
}

/** All streams at once, after a few short ones. Throws where one does not come whole. */
async function play({ side, keys, runtime, look, signal }: Stage): Promise<Played> {
  const run = (count: number, tokens: number): Promise<Loaded> => {
    let begun = 0;
    const next = (): Call | null =>
      begun < count ? callOf(pacedStream(tokens), side, keys[begun++ % keys.length] ?? '') : null;
    return load({ connections: count, forMs: Number.POSITIVE_INFINITY, next, signal });
  };
  const warm = await run(WARM_UP_STREAMS, WARM_UP_TOKENS);
  const before = await look();
  const cpuBeforeMs = runtime.cpuMs() ?? 0;
  const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)).then(look);
  const [played, early, late] = await Promise.all([
    run(STREAMS, STREAM_MS / PACE_MS),
    later(LOOKS_MS.early),
    later(LOOKS_MS.late),
  ]);
  return {
    costNanos: warm.costNanos + played.costNanos,
    cpuMs: (runtime.cpuMs() ?? 0) - cpuBeforeMs,
    memory: { before, early, late },
  };
}

/** What is wrong, a line each. */
async function judge(
  ground: Ground,
  { played, held }: Record<'played' | 'held', Played>,
  member: Parameters<typeof manage>[1] | undefined,
) {
  const broken: string[] = [];
  if (!member) throw new Error('nobody to judge');
  const costNanos = played.costNanos + held.costNanos;
  await manage(ground.server.url, member, 'POST', 'rollups');
  const { results } = await ground.server.db
    .prepare('SELECT CAST(SUM(cost) AS TEXT) AS cost FROM usage_events')
    .all<{ cost: string }>();
  const booked = Number(results[0]?.cost ?? 0);
  if (booked !== costNanos) broken.push(`${booked} nanodollars are booked, not ${costNanos}`);
  const { memory } = held;
  if (bytesAStream(memory) > BYTES_A_STREAM_MAX) broken.push(`a stream takes ${kb(bytesAStream(memory))}`);
  if (growthOf(memory) > GROWTH_MAX) broken.push(`memory grows by ${percent(growthOf(memory))}`);
  return broken;
}

function report(machine: string, plays: Record<'held' | 'played' | 'pumped' | 'passed', Played>, broken: string[]) {
  const { held, played, pumped, passed } = plays;
  const line = (what: string, of: (memory: Memory) => string) => [
    what,
    ...[held, played, pumped, passed].map(({ memory }) => of(memory)),
  ];
  const text = table([
    ['', 'isolate', 'process', 'process that only pumps', 'that only hands on'],
    line('before', ({ before }) => mb(before)),
    line('after 10 s', ({ early }) => mb(early)),
    line('after 60 s', ({ late }) => mb(late)),
    line('growth from 10 s to 60 s', (memory) => percent(growthOf(memory))),
    line('a stream', (memory) => kb(bytesAStream(memory))),
    ['CPU an event', '', ...[played, pumped, passed].map(({ cpuMs }) => `${Math.round((cpuMs * 1_000) / EVENTS)} us`)],
  ]);
  const meaning = `${STREAMS} streams of ${STREAM_MS / 1000} s at once, ${1_000 / PACE_MS} tokens a second each, ${MEMBERS} members with a budget; ${broken.length === 0 ? 'all came whole, and the books agree.' : 'see below.'}
Isolate: what Purser holds once its garbage is collected, 128 MB at most where it is deployed. Promised of it: at most
${kb(BYTES_A_STREAM_MAX)} a stream, and after 60 s within ${percent(GROWTH_MAX)} of what it was after 10 s. The process holds garbage besides, and the runtime.`;
  return {
    text: [machine, text, meaning, ...broken].join('\n\n'),
    json: { bench: 'streams', machine, ...plays },
  };
}

const EVENTS = (STREAMS * STREAM_MS) / PACE_MS;

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const kb = (bytes: number) => `${(bytes / 1e3).toFixed(0)} KB`;
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

function bytesAStream({ before, early, late }: Memory): number {
  return (Math.max(early, late) - before) / STREAMS;
}

function growthOf({ early, late }: Memory): number {
  return late / early - 1;
}

function pacedStream(tokens: number): Traffic {
  const body = JSON.stringify({
    model: MODEL,
    messages: [{ role: 'user', content: 'Take your time.' }],
    max_tokens: tokens,
    stream: true,
    stream_options: { include_usage: true },
  });
  return {
    body,
    upstream: true,
    estimated: false,
    check(side, { status, body: said }) {
      if (status !== 200) throw new Error(`status ${status}: ${said.slice(0, 300)}`);
      const { text, usage } = readStream(said);
      if (text !== textOf(tokens)) throw new Error(`other words than were sent: ${text.slice(-100)}`);
      if (side !== 'purser') return 0;
      const cost = Math.round(Number(usage?.cost) * 1e9);
      if (cost !== costNanosOf(tokens)) throw new Error(`a cost of ${usage?.cost}`);
      return cost;
    },
  };
}
