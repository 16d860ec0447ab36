/**
 * `npm run bench -- speed`: what Purser costs in time, beside a Worker that only passes calls through and beside
 * Portkey, which enforces no budget.
 *
 * All sides take turns, round by round, each round beginning with another, so that whatever else the machine does hits
 * all; every figure is the median over the rounds, every comparison the median of what each round gives. Everything of
 * Purser is on: admission in all four scopes, durable settlement, shipping, crons. After each of its turns all events
 * are shipped to D1 at once, and that time is counted: by alarm they would travel during another side's turn.
 */
import type { BenchOptions, BenchReport } from './bench.ts';
import { countWork } from './counts.ts';
import { load } from './load.ts';
import { describeMachine, machineText } from './machine.ts';
import { platformText } from './platform.ts';
import { PROMPTS, type PromptName } from './prompts.ts';
import { describeSpeed, medianOf } from './speed-report.ts';
import { openStage, type Stage, type StagedSide } from './stage.ts';
import { callOf, DEMO_STREAM, prompt, promptUncounted, type SideName, SMALL, STREAM, type Traffic } from './traffic.ts';

const MEMBERS = 64;
const CONNECTIONS = 16;
const ROUNDS = 4;
/** Where one connection is enough to see a latency, a shorter round has samples enough. */
const SHORT = 0.5;
const SHORTER = 0.15;

/** One side with one kind of call; `name` tells it from the others of its scenario. */
interface Lane {
  name: string;
  side: SideName;
  traffic: Traffic;
}

interface Scenario {
  name: string;
  lanes: Lane[];
  connections: number;
  /** How many of the members call, in turn. */
  members: number;
  /** Of a whole round. */
  length: number;
}

const SCENARIOS = {
  small: {
    name: `Small answers, ${CONNECTIONS} connections, ${MEMBERS} members`,
    lanes: everySide(SMALL),
    connections: CONNECTIONS,
    members: MEMBERS,
    length: 1,
  },
  alone: {
    name: 'Small answers, 1 connection',
    lanes: everySide(SMALL),
    connections: 1,
    members: MEMBERS,
    length: SHORT,
  },
  stream: {
    name: 'Streams, 1 connection',
    lanes: everySide(STREAM),
    connections: 1,
    members: MEMBERS,
    length: SHORT,
  },
  demo: {
    name: 'Demo streams, 1 connection',
    lanes: [{ name: 'purser', side: 'purser', traffic: DEMO_STREAM }],
    connections: 1,
    members: MEMBERS,
    length: SHORT,
  },
  hot: {
    name: `Small answers, ${CONNECTIONS} connections, 1 member`,
    lanes: [{ name: 'purser', side: 'purser', traffic: SMALL }],
    connections: CONNECTIONS,
    members: 1,
    length: 1,
  },
  prompts: {
    name: 'Prompts of 100 KB, 1 connection',
    lanes: eachPrompt(prompt),
    connections: 1,
    members: MEMBERS,
    length: SHORTER,
  },
  uncounted: {
    name: 'The same, the provider reporting no usage',
    lanes: eachPrompt(promptUncounted),
    connections: 1,
    members: MEMBERS,
    length: SHORTER,
  },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

/** One lane's turn. */
export interface Turn {
  perSecond: number;
  /** The time of shipping added to the time of serving. */
  perSecondShipped: number;
  p50Ms: number;
  p99Ms: number;
  firstByteP50Ms: number;
  firstByteP99Ms: number;
  /** CPU time of the serving process for one request, shipping included; null where the system does not tell. */
  cpuUs: number | null;
}

/** By lane. */
export type Round = Record<string, Turn>;

export interface Played {
  name: string;
  rounds: Round[];
}

export async function speed({ seconds, say, signal }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  const stage = await openStage(MEMBERS, say);
  let played: Record<ScenarioName, Played>;
  let books: Awaited<ReturnType<Stage['settle']>>;
  try {
    const all: [string, Played][] = [];
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      all.push([name, { name: scenario.name, rounds: await play(stage, scenario, seconds * 1000, say, signal) }]);
    }
    played = Object.fromEntries(all) as Record<ScenarioName, Played>;
    say('Comparing the books with what was served ...');
    books = await stage.settle();
  } finally {
    await stage.stop();
  }
  const counts = await countWork({ members: MEMBERS, connections: CONNECTIONS, say, signal });
  const { text, figures } = describeSpeed(played, stage.versions.portkey);
  const proof =
    books.wrong.length === 0
      ? `Every answer was right, and the books agree: ${books.requests} requests, ${books.costNanos} nanodollars, nothing held.`
      : `The books are WRONG:\n${books.wrong.map((line) => `  ${line}`).join('\n')}`;
  const head = [
    `${machineText(machine)}, workerd ${stage.versions.workerd}`,
    `Medians of ${ROUNDS} rounds, the sides in turn, ${seconds} s each (shorter at 1 connection).`,
  ].join('\n');
  return {
    text: [
      head,
      text,
      platformText(counts, medianOf(played.small.rounds.map((round) => round.purser?.cpuUs ?? null))),
      proof,
    ].join('\n\n'),
    json: { bench: 'speed', machine, versions: stage.versions, figures, counts, books, played },
    broken: [...books.wrong, ...counts.wrong],
  };
}

async function play(
  stage: Stage,
  scenario: Scenario,
  roundMs: number,
  say: BenchOptions['say'],
  signal: AbortSignal,
): Promise<Round[]> {
  const forMs = roundMs * scenario.length;
  const lanes = scenario.lanes.flatMap((lane) => {
    const side = stage.sides[lane.side];
    return side ? [{ ...lane, side }] : [];
  });
  say(`${scenario.name}: warming up ...`);
  for (const { side, traffic } of lanes) await turn(stage, side, traffic, scenario, forMs / 2, signal);
  const rounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const round: Round = {};
    const first = i % lanes.length;
    for (const { name, side, traffic } of [...lanes.slice(first), ...lanes.slice(0, first)]) {
      round[name] = await turn(stage, side, traffic, scenario, forMs, signal);
    }
    rounds.push(round);
    const told = lanes.map(({ name }) => `${name} ${round[name]?.perSecond.toFixed(0)}/s`);
    say(`  round ${i + 1} of ${ROUNDS}: ${told.join(', ')}`);
  }
  return rounds;
}

async function turn(
  stage: Stage,
  side: StagedSide,
  traffic: Traffic,
  { connections, members }: Scenario,
  forMs: number,
  signal: AbortSignal,
): Promise<Turn> {
  const calls = stage.members.slice(0, members).map(({ apiKey }) => callOf(traffic, side, apiKey));
  let made = 0;
  const next = () => {
    const call = calls[made++ % calls.length];
    if (!call) throw new Error('a scenario without members');
    return call;
  };
  const cpuBefore = side.runtime.cpuMs();
  const loaded = await load({ connections, forMs, next, signal });
  stage.count(side.name, traffic, loaded);
  const shippingMs = side.name === 'purser' ? await stage.ship() : 0;
  const cpuAfter = side.runtime.cpuMs();
  const { requests, elapsedMs, wholeMs, firstByteMs } = loaded;
  return {
    perSecond: (requests * 1000) / elapsedMs,
    perSecondShipped: (requests * 1000) / (elapsedMs + shippingMs),
    p50Ms: percentile(wholeMs, 50),
    p99Ms: percentile(wholeMs, 99),
    firstByteP50Ms: percentile(firstByteMs, 50),
    firstByteP99Ms: percentile(firstByteMs, 99),
    cpuUs: cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1000) / requests,
  };
}

/** The nearest rank in ascending values. */
function percentile(ascending: readonly number[], percent: number): number {
  return ascending[Math.ceil((ascending.length * percent) / 100) - 1] ?? Number.NaN;
}

function everySide(traffic: Traffic): Lane[] {
  return (['bare', 'portkey', 'purser'] as const).map((side) => ({ name: side, side, traffic }));
}

function eachPrompt(traffic: (name: PromptName) => Traffic): Lane[] {
  return (Object.keys(PROMPTS) as PromptName[]).flatMap((name) =>
    (['bare', 'purser'] as const).map((side) => ({ name: `${side} ${name}`, side, traffic: traffic(name) })),
  );
}
