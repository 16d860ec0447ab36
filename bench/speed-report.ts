/** The speed bench's figures: medians over the rounds, compared round by round, each beside the goal it is held to. */
import type { Played, Round, ScenarioName, Turn } from './speed.ts';
import { table } from './table.ts';

/** What a figure is held to: Purser's own, its share of another's rate, or what it adds to another's time. */
interface Goal {
  than: 'itself' | 'bare' | 'portkey';
  min?: number;
  max?: number;
}

const TOLD: { scenario: ScenarioName; measure: keyof Turn; what: string; goals?: Goal[] }[] = [
  { scenario: 'small', measure: 'perSecond', what: 'requests a second' },
  {
    scenario: 'small',
    measure: 'perSecondShipped',
    what: 'requests a second, shipped',
    goals: [
      { than: 'bare', min: 0.3 },
      { than: 'portkey', min: 1.25 },
    ],
  },
  { scenario: 'small', measure: 'p50Ms', what: 'p50' },
  { scenario: 'small', measure: 'p99Ms', what: 'p99' },
  { scenario: 'small', measure: 'cpuUs', what: 'CPU a request' },
  { scenario: 'alone', measure: 'p50Ms', what: 'p50', goals: [{ than: 'bare', max: 1 }] },
  { scenario: 'alone', measure: 'p99Ms', what: 'p99' },
  { scenario: 'alone', measure: 'cpuUs', what: 'CPU a request' },
  { scenario: 'stream', measure: 'firstByteP50Ms', what: 'first byte, p50', goals: [{ than: 'bare', max: 1 }] },
  { scenario: 'stream', measure: 'firstByteP99Ms', what: 'first byte, p99' },
  { scenario: 'demo', measure: 'firstByteP50Ms', what: 'first byte, p50' },
  { scenario: 'demo', measure: 'firstByteP99Ms', what: 'first byte, p99', goals: [{ than: 'itself', max: 20 }] },
  { scenario: 'hot', measure: 'perSecond', what: 'requests a second' },
  {
    scenario: 'hot',
    measure: 'perSecondShipped',
    what: 'requests a second, shipped',
    goals: [{ than: 'itself', min: 1000 }],
  },
  { scenario: 'hot', measure: 'p99Ms', what: 'p99' },
];

const PLAIN_ADDED_MS_MAX = 5;
const HOSTILE_RATIO_MAX = 3;

const MEANING = `bare: a Worker that only passes calls on and does nothing else, in the same workerd. Portkey: a gateway on Node that
enforces no budget, and waits 25 ms on purpose before the first event of a stream. Purser: everything on.
  requests a second           answered, each connection sending its next call when its last was answered; beside it
                              Purser's share of the other's
  requests a second, shipped  the same, with the time added that bringing all usage events to D1 took afterwards
  p50, p99                    half, and 99 of 100, of the answers were complete within this time; beside it what Purser
                              adds to the other's time
  CPU a request               processor time of the serving process, shipping included; depends least on what else the
                              machine does
  first byte                  from the call to the first byte of the stream's body
Demo streams come from Purser's own demo provider: no upstream, so nothing to compare with. 1 member: all calls decided
by one object, the most that one member can get. Long prompts: p50 of a whole call; beside it what Purser adds to the
bare Worker's, and how many times that is what it adds for English words.
Load generator, upstream and the serving process share the cores named above. What is not measured: Cloudflare's
network, where an object is not in the Worker's process and a durable write takes longer.`;

export interface Figure {
  scenario: string;
  what: string;
  bare: number | null;
  portkey: number | null;
  purser: number;
  /** Purser's share of a rate, or what it adds to a time. */
  toBare: number | null;
  toPortkey: number | null;
  verdicts: string[];
}

export function describeSpeed(
  played: Record<ScenarioName, Played>,
  portkeyVersion: string | null,
): { text: string; figures: Figure[] } {
  const figures: Figure[] = [];
  const lines: string[][] = [['', 'bare', 'Portkey', 'Purser', 'to bare', 'to Portkey', 'goal']];
  for (const { scenario, measure, what, goals = [] } of TOLD) {
    const { name, rounds } = played[scenario];
    const kind = kindOf(measure);
    const median = (lane: string) => medianOf(rounds.map((round) => round[lane]?.[measure] ?? null));
    const purser = median('purser');
    if (purser === null) continue;
    const toBare = compare(rounds, measure, 'bare', 'purser');
    const toPortkey = compare(rounds, measure, 'portkey', 'purser');
    const verdicts = goals.map((goal) => verdictOf(goal, { itself: purser, bare: toBare, portkey: toPortkey }, kind));
    const figure = {
      scenario: name,
      what,
      bare: median('bare'),
      portkey: median('portkey'),
      purser,
      toBare,
      toPortkey,
    };
    if (figures.at(-1)?.scenario !== name) lines.push([name]);
    figures.push({ ...figure, verdicts });
    lines.push([
      `  ${what}`,
      show(figure.bare, kind),
      show(figure.portkey, kind),
      show(purser, kind),
      showComparison(toBare, kind),
      showComparison(toPortkey, kind),
      verdicts.join(', '),
    ]);
  }
  const prompts = (['prompts', 'uncounted'] as const).map((scenario) => promptLines(played[scenario]));
  figures.push(...prompts.flatMap((told) => told.figures));
  const promptTable = table([
    ['', 'bare', 'Purser', 'added', 'x plain', 'goal'],
    ...prompts.flatMap((told) => told.lines),
  ]);
  const peer = portkeyVersion === null ? 'Portkey could not be had here: see above.\n' : `Portkey ${portkeyVersion}.\n`;
  return { text: `${peer}${table(lines)}\n\n${promptTable}\n\n${MEANING}`, figures };
}

function promptLines({ name, rounds }: Played): { lines: string[][]; figures: Figure[] } {
  const prompts = Object.keys(rounds[0] ?? {})
    .filter((lane) => lane.startsWith('purser '))
    .map((lane) => lane.slice('purser '.length))
    .sort((a, b) => Number(b === 'plain') - Number(a === 'plain'));
  const addedIn = (round: Round, prompt: string) => {
    const [bare, purser] = [round[`bare ${prompt}`], round[`purser ${prompt}`]];
    return bare && purser ? purser.p50Ms - bare.p50Ms : null;
  };
  const lines: string[][] = [[name]];
  const figures: Figure[] = [];
  for (const prompt of prompts) {
    const median = (side: string) => medianOf(rounds.map((round) => round[`${side} ${prompt}`]?.p50Ms ?? null));
    const added = medianOf(rounds.map((round) => addedIn(round, prompt)));
    const ratio = medianOf(
      rounds.map((round) => {
        const [one, plain] = [addedIn(round, prompt), addedIn(round, 'plain')];
        return one === null || plain === null ? null : one / plain;
      }),
    );
    const purser = median('purser');
    if (purser === null || added === null || ratio === null) continue;
    const verdict =
      prompt === 'plain'
        ? verdictOf({ than: 'bare', max: PLAIN_ADDED_MS_MAX }, { itself: purser, bare: added, portkey: null }, 'ms')
        : `${ratio <= HOSTILE_RATIO_MAX ? 'PASS' : 'FAIL'} (<= x ${HOSTILE_RATIO_MAX})`;
    lines.push([
      `  ${prompt}`,
      show(median('bare'), 'ms'),
      show(purser, 'ms'),
      showComparison(added, 'ms'),
      prompt === 'plain' ? '' : `x ${ratio.toFixed(2)}`,
      verdict,
    ]);
    figures.push({
      scenario: name,
      what: `${prompt}, p50`,
      bare: median('bare'),
      portkey: null,
      purser,
      toBare: added,
      toPortkey: null,
      verdicts: [verdict],
    });
  }
  return { lines, figures };
}

type Kind = 'rate' | 'us' | 'ms';

function kindOf(measure: keyof Turn): Kind {
  if (measure === 'perSecond' || measure === 'perSecondShipped') return 'rate';
  return measure === 'cpuUs' ? 'us' : 'ms';
}

function compare(rounds: readonly Round[], measure: keyof Turn, with_: string, lane: string): number | null {
  return medianOf(
    rounds.map((round) => {
      const [one, other] = [round[with_]?.[measure] ?? null, round[lane]?.[measure] ?? null];
      if (one === null || other === null) return null;
      return kindOf(measure) === 'rate' ? other / one : other - one;
    }),
  );
}

function verdictOf({ than, min, max }: Goal, values: Record<Goal['than'], number | null>, kind: Kind): string {
  const value = values[than];
  const bound = min === undefined ? `<= ${max}` : `>= ${min}`;
  const of = than === 'itself' ? '' : than === 'bare' ? ' bare' : ' Portkey';
  const unit = kind === 'rate' ? (than === 'itself' ? '/s' : ' x') : ` ${kind}`;
  const kept =
    value === null ? 'not measured' : value >= (min ?? -Infinity) && value <= (max ?? Infinity) ? 'PASS' : 'FAIL';
  return `${kept} (${bound}${unit}${of})`;
}

/** Null where any value is missing. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (known.length === 0 || known.length < values.length) return null;
  const middle = (known.length - 1) / 2;
  return ((known[Math.floor(middle)] ?? 0) + (known[Math.ceil(middle)] ?? 0)) / 2;
}

function show(value: number | null, kind: Kind): string {
  if (value === null) return '';
  if (kind === 'rate') return Math.round(value).toLocaleString('en-US');
  return kind === 'ms' ? `${value.toFixed(2)} ms` : `${Math.round(value)} us`;
}

function showComparison(value: number | null, kind: Kind): string {
  if (value === null) return '';
  if (kind === 'rate') return `x ${value.toFixed(2)}`;
  return `${value < 0 ? '-' : '+'} ${show(Math.abs(value), kind)}`;
}
