/**
 * `npm run bench -- speed`: what Purser costs in time, beside a Worker that only passes calls through.
 *
 * Both sides take turns, round by round, so that whatever else the machine does hits both; every figure is the median
 * over the rounds, every comparison the median of what each pair of rounds gives. Everything of Purser is on: admission
 * in all four scopes, durable settlement before the answer, shipping, crons. After each of its rounds all events are
 * shipped to D1 at once, and that time is counted: by alarm they would travel during the other side's turn.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { ROOT } from '../scripts/server.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { type Loaded, load } from './load.ts';
import { openStage, type Stage, type StagedSide } from './stage.ts';
import { table } from './table.ts';
import { callOf, DEMO_STREAM, SMALL, STREAM, type Traffic } from './traffic.ts';

const MEMBERS = 64;
const CONNECTIONS = 16;
const ROUNDS = 4;
/** Where one connection is enough to see a latency, a shorter round has samples enough. */
const SHORT = 0.5;
const DEMO_FIRST_BYTE_MS_MAX = 20;

interface Scenario {
  name: string;
  traffic: Traffic;
  connections: number;
  /** How many of the members call, in turn. */
  members: number;
  /** Of a whole round. */
  length: number;
  /** Whether the bare Worker can serve it. */
  beside: boolean;
}

const SCENARIOS = {
  small: {
    name: `Small answers, ${CONNECTIONS} connections, ${MEMBERS} members`,
    traffic: SMALL,
    connections: CONNECTIONS,
    members: MEMBERS,
    length: 1,
    beside: true,
  },
  alone: {
    name: 'Small answers, 1 connection',
    traffic: SMALL,
    connections: 1,
    members: MEMBERS,
    length: SHORT,
    beside: true,
  },
  stream: {
    name: 'Streams, 1 connection',
    traffic: STREAM,
    connections: 1,
    members: MEMBERS,
    length: SHORT,
    beside: true,
  },
  demo: {
    name: 'Demo streams, 1 connection',
    traffic: DEMO_STREAM,
    connections: 1,
    members: MEMBERS,
    length: SHORT,
    beside: false,
  },
  hot: {
    name: `Small answers, ${CONNECTIONS} connections, 1 member`,
    traffic: SMALL,
    connections: CONNECTIONS,
    members: 1,
    length: 1,
    beside: false,
  },
} satisfies Record<string, Scenario>;

type ScenarioName = keyof typeof SCENARIOS;

/** One side's turn. */
interface Turn {
  perSecond: number;
  /** The time of shipping added to the time of serving. */
  perSecondShipped: number;
  p50Ms: number;
  p99Ms: number;
  firstByteP50Ms: number;
  firstByteP99Ms: number;
  /** CPU time of workerd for one request, shipping included; null where the system does not tell. */
  cpuUs: number | null;
}

interface Round {
  bare: Turn | null;
  purser: Turn;
}

type Rounds = Record<ScenarioName, Round[]>;

export async function speed({ seconds, say, signal }: BenchOptions): Promise<BenchReport> {
  const loadBefore = loadavg()[0] ?? 0;
  const stage = await openStage(MEMBERS, say);
  try {
    const machine = await describeMachine(stage, loadBefore, seconds);
    const rounds: Rounds = { small: [], alone: [], stream: [], demo: [], hot: [] };
    for (const name of Object.keys(SCENARIOS) as ScenarioName[]) {
      rounds[name] = await play(stage, SCENARIOS[name], seconds * 1000, say, signal);
    }
    say('Comparing the books with what was served ...');
    const books = await stage.settle();
    const report = describe(rounds);
    const proof =
      books.wrong.length === 0
        ? `Every answer was right, and the books agree: ${books.requests} requests, ${books.costNanos} nanodollars, nothing held.`
        : `The books are WRONG:\n${books.wrong.map((line) => `  ${line}`).join('\n')}`;
    return {
      text: [machineText(machine), report.text, proof].join('\n\n'),
      json: { bench: 'speed', machine, figures: report.figures, books, rounds },
      broken: books.wrong,
    };
  } finally {
    await stage.stop();
  }
}

async function play(
  stage: Stage,
  scenario: Scenario,
  roundMs: number,
  say: BenchOptions['say'],
  signal: AbortSignal,
): Promise<Round[]> {
  const forMs = roundMs * scenario.length;
  const { bare, purser } = stage;
  say(`${scenario.name}: warming up ...`);
  if (scenario.beside) await turn(stage, bare, scenario, forMs, signal);
  await turn(stage, purser, scenario, forMs, signal);
  const rounds: Round[] = [];
  for (let i = 1; i <= ROUNDS; i++) {
    const round: Round = {
      bare: scenario.beside ? await turn(stage, bare, scenario, forMs, signal) : null,
      purser: await turn(stage, purser, scenario, forMs, signal),
    };
    rounds.push(round);
    const told = Object.entries(round).map(([side, made]) => made && `${side} ${made.perSecond.toFixed(0)}/s`);
    say(`  round ${i} of ${ROUNDS}: ${told.filter(Boolean).join(', ')}`);
  }
  return rounds;
}

async function turn(
  stage: Stage,
  side: StagedSide,
  scenario: Scenario,
  forMs: number,
  signal: AbortSignal,
): Promise<Turn> {
  const { traffic, connections } = scenario;
  const calls = stage.members.slice(0, scenario.members).map(({ apiKey }) => callOf(traffic, side, apiKey));
  let made = 0;
  const next = () => {
    const call = calls[made++ % calls.length];
    if (!call) throw new Error('a scenario without members');
    return call;
  };
  const cpuBefore = side.runtime.cpuMs();
  const loaded = await load({ connections, forMs, next, signal });
  stage.count(side, traffic, loaded);
  const shippingMs = side.name === 'purser' ? await stage.ship() : 0;
  const cpuAfter = side.runtime.cpuMs();
  const { requests, elapsedMs, wholeMs, firstByteMs } = loaded;
  return {
    perSecond: (requests * 1000) / elapsedMs,
    perSecondShipped: (requests * 1000) / (elapsedMs + shippingMs),
    ...percentiles({ wholeMs, firstByteMs }),
    cpuUs: cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1000) / requests,
  };
}

function percentiles({ wholeMs, firstByteMs }: Pick<Loaded, 'wholeMs' | 'firstByteMs'>) {
  return {
    p50Ms: percentile(wholeMs, 50),
    p99Ms: percentile(wholeMs, 99),
    firstByteP50Ms: percentile(firstByteMs, 50),
    firstByteP99Ms: percentile(firstByteMs, 99),
  };
}

/** The nearest rank in ascending values. */
function percentile(ascending: readonly number[], percent: number): number {
  return ascending[Math.ceil((ascending.length * percent) / 100) - 1] ?? Number.NaN;
}

interface Figure {
  scenario: string;
  what: string;
  unit: 'per second' | 'ms' | 'us';
  bare: number | null;
  purser: number;
  /** Purser's share of the bare Worker's throughput, or what it adds to its time; null without the bare Worker. */
  ratio: number | null;
  added: number | null;
  /** Whether a stated limit is kept, where one is stated. */
  verdict: 'PASS' | 'FAIL' | null;
}

/** The figures that are told, in their order, each with what it means. */
const TOLD: { scenario: ScenarioName; measure: keyof Turn; what: string; max?: number }[] = [
  { scenario: 'small', measure: 'perSecond', what: 'requests a second' },
  { scenario: 'small', measure: 'perSecondShipped', what: 'requests a second, shipped' },
  { scenario: 'small', measure: 'p50Ms', what: 'p50' },
  { scenario: 'small', measure: 'p99Ms', what: 'p99' },
  { scenario: 'small', measure: 'cpuUs', what: 'CPU of workerd a request' },
  { scenario: 'alone', measure: 'p50Ms', what: 'p50' },
  { scenario: 'alone', measure: 'p99Ms', what: 'p99' },
  { scenario: 'stream', measure: 'firstByteP50Ms', what: 'first byte, p50' },
  { scenario: 'stream', measure: 'firstByteP99Ms', what: 'first byte, p99' },
  { scenario: 'demo', measure: 'firstByteP50Ms', what: 'first byte, p50' },
  { scenario: 'demo', measure: 'firstByteP99Ms', what: 'first byte, p99', max: DEMO_FIRST_BYTE_MS_MAX },
  { scenario: 'hot', measure: 'perSecond', what: 'requests a second' },
  { scenario: 'hot', measure: 'perSecondShipped', what: 'requests a second, shipped' },
  { scenario: 'hot', measure: 'p99Ms', what: 'p99' },
];

const MEANING = `bare: a Worker that only passes calls on and does nothing else, in the same workerd. Purser: everything on.
  requests a second           answered, each connection sending its next call when its last was answered; beside it
                              Purser's share of the bare Worker's
  requests a second, shipped  the same, with the time added that bringing all usage events to D1 took afterwards
  p50, p99                    half, and 99 of 100, of the answers were complete within this time; beside it what Purser
                              adds to the bare Worker's time
  CPU of workerd a request    processor time, shipping included; depends least on what else the machine does
  first byte                  from the call to the first byte of the stream's body
Demo streams come from Purser's own demo provider: no upstream, so nothing to compare with. 1 member: all calls decided
by one object, the most that one member can get.
Load generator, upstream and workerd share the cores named above. What is not measured: Cloudflare's network, where an
object is not in the Worker's process and a durable write takes longer.`;

function describe(rounds: Rounds): { text: string; figures: Figure[] } {
  const figures = TOLD.flatMap(({ scenario, measure, what, max }) => {
    const figure = figureOf(rounds[scenario], measure);
    if (!figure) return [];
    const verdict = max === undefined ? null : figure.purser <= max ? ('PASS' as const) : ('FAIL' as const);
    return [{ scenario: SCENARIOS[scenario].name, what, ...figure, verdict, max }];
  });
  const lines: string[][] = [['', 'bare', 'Purser', '']];
  let scenario = '';
  for (const figure of figures) {
    if (figure.scenario !== scenario) lines.push([figure.scenario]);
    scenario = figure.scenario;
    const { unit, bare, purser, ratio, added, verdict, max } = figure;
    const beside =
      verdict !== null
        ? `${verdict} (<= ${max} ms)`
        : ratio !== null
          ? `x ${ratio.toFixed(2)}`
          : added !== null
            ? `+ ${show(added, unit)}`
            : '';
    lines.push([`  ${figure.what}`, bare === null ? '' : show(bare, unit), show(purser, unit), beside]);
  }
  return { text: `${table(lines)}\n\n${MEANING}`, figures: figures.map(({ max: _, ...figure }) => figure) };
}

function figureOf(
  rounds: readonly Round[],
  measure: keyof Turn,
): Pick<Figure, 'unit' | 'bare' | 'purser' | 'ratio' | 'added'> | null {
  const purser = medianOf(rounds.map((round) => round.purser[measure]));
  if (purser === null) return null;
  const bare = medianOf(rounds.map((round) => round.bare?.[measure] ?? null));
  const pairs = rounds.map((round) => [round.bare?.[measure] ?? null, round.purser[measure]] as const);
  const compare = (how: (bare: number, purser: number) => number) =>
    medianOf(pairs.map(([one, other]) => (one === null || other === null ? null : how(one, other))));
  const rate = measure === 'perSecond' || measure === 'perSecondShipped';
  return {
    unit: rate ? 'per second' : measure === 'cpuUs' ? 'us' : 'ms',
    bare,
    purser,
    ratio: rate ? compare((one, other) => other / one) : null,
    added: rate ? null : compare((one, other) => other - one),
  };
}

/** Null where any value is missing. */
function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (known.length === 0 || known.length < values.length) return null;
  const middle = (known.length - 1) / 2;
  return ((known[Math.floor(middle)] ?? 0) + (known[Math.ceil(middle)] ?? 0)) / 2;
}

function show(value: number, unit: Figure['unit']): string {
  if (unit === 'per second') return Math.round(value).toLocaleString('en-US');
  return unit === 'ms' ? `${value.toFixed(2)} ms` : `${Math.round(value)} us`;
}

interface Machine {
  commit: string;
  cores: number;
  cpu: string;
  node: string;
  workerd: string;
  /** Before the run: what is much above 0 took time from both sides. */
  loadBefore: number;
  rounds: number;
  seconds: number;
}

async function describeMachine(stage: Stage, loadBefore: number, seconds: number): Promise<Machine> {
  return {
    commit: commit(),
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    node: process.versions.node,
    workerd: await stage.purser.runtime.version(),
    loadBefore,
    rounds: ROUNDS,
    seconds,
  };
}

function machineText({ commit, cores, cpu, node, workerd, loadBefore, rounds, seconds }: Machine): string {
  return [
    `Purser ${commit}, Node ${node}, workerd ${workerd}, ${cores} cores (${cpu}), load before the run ${loadBefore.toFixed(1)}`,
    `Medians of ${rounds} rounds a side in turn, ${seconds} s each (half of that at 1 connection).`,
  ].join('\n');
}

/** The commit that is measured; "+ changes" where the files are not those of the commit. */
function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' + changes');
  } catch {
    return 'of no known commit';
  }
}
