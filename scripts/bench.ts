/** `npm run bench`: picks a bench by name and prints its report. Exits with 1 only where something is broken. */
import { parseArgs } from 'node:util';
import { analytics } from '../bench/analytics.ts';
import type { Bench } from '../bench/bench.ts';
import { crash } from '../bench/crash.ts';
import { dashboard } from '../bench/dashboard.ts';
import { documents } from '../bench/documents.ts';
import { overshoot } from '../bench/overshoot.ts';
import { isPlant, PLANTS } from '../bench/plants.ts';
import { rollups } from '../bench/rollups.ts';
import { speed } from '../bench/speed.ts';
import { streams } from '../bench/streams.ts';
import { teams } from '../bench/teams.ts';
import { translate } from '../bench/translate.ts';
import { wallet } from '../bench/wallet.ts';

const BENCHES: Record<string, Bench> = {
  speed,
  overshoot,
  crash,
  wallet,
  teams,
  streams,
  translate,
  rollups,
  analytics,
  documents,
  dashboard,
};
const BENCH_DEFAULT = 'speed';
const SECONDS_DEFAULT = 2;
const KILLS_DEFAULT = 50;
/** Stopping by itself takes less; past this it hangs, and workerd's guard ends what is left. */
const STOP_MS_MAX = 10_000;

const HELP = `npm run bench -- [${Object.keys(BENCHES).join(' | ')}] [--seconds ${SECONDS_DEFAULT}] [--seed S] [--kills N] [--dishonest] [--plant BUG] [--json]

  speed      Purser beside a bare Worker and Portkey, and what a request costs the platform
  overshoot  a thousand calls at once against a small cap: what was truly made, charged, refused
  crash      killed fifty times under load: what was lost, charged by expiry, unresolved
  wallet     a metered organization: how many requests come to one call of its wallet
  streams    five hundred streams of a minute at once: none dropped, and the memory they take
  teams      lists of 1,000 members and 10,000 keys, and an audit log of 100,000 entries: time, D1, objects
  analytics  a year of 3.3 million requests a month: every page of analytics, for a month and for the year
  rollups    a million usage events shipped and rolled up: events a second, runs, rows written for a request
  translate  every protocol served by every other: CPU for each chunk of a stream, and for each request
  documents  an invoice as a PDF: how long it takes in workerd, and what its code costs those who need none
  dashboard  in a browser: from page to page with warm data, and a year of usage until it answers a click

  --seconds N  speed, translate, documents: length of one measured round
  --seed S     overshoot, crash: the run of that seed
  --kills N    crash: how often it is killed, ${KILLS_DEFAULT} unless told
  --dishonest  overshoot: providers that lie about what they made, or make more than they may
  --plant BUG  overshoot: with this bug in Purser, which is to be found: ${Object.keys(PLANTS).join(', ')}
  --json       after the report, the same as one line of JSON

All on loopback, with data of its own that is deleted at the end. Progress goes to stderr.`;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// Not left to an empty event loop: the channel to scripts/bootstrap.mjs may hold it.
process.exit();

/** Answers with the exit code. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: String(SECONDS_DEFAULT) },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      kills: { type: 'string', default: String(KILLS_DEFAULT) },
      dishonest: { type: 'boolean', default: false },
      plant: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [name = BENCH_DEFAULT] = positionals;
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (!bench || positionals.length > 1) throw new Error(`There is no bench "${positionals.join(' ')}".\n\n${HELP}`);
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 60))
    throw new Error(`--seconds must be above 0 and at most 60, not ${values.seconds}.`);

  const kills = Number(values.kills);
  if (!Number.isInteger(kills) || kills < 1)
    throw new Error(`--kills must be a whole number above 0, not ${values.kills}.`);

  const { plant = null } = values;
  if (plant !== null && !(isPlant(plant) && bench === overshoot))
    throw new Error(`--plant takes ${Object.keys(PLANTS).join(', ')}, and only overshoot takes --plant.`);

  const options = { ...values, seconds, kills, plant, say: console.error, signal: endedEarly() };
  const { text, json, broken } = await bench(options);
  console.log(`\n${text}`);
  if (values.json) console.log(JSON.stringify(json));
  return broken.length === 0 ? 0 : 1;
}

/** Aborted by Ctrl-C, by a signal, or when who started us is gone. */
function endedEarly(): AbortSignal {
  const controller = new AbortController();
  const end = (why: string) => {
    if (controller.signal.aborted) return;
    console.error(`Stopping (${why}) ...`);
    controller.abort(new Error('The bench was ended early.'));
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
  };
  process.on('SIGINT', () => end('interrupted'));
  process.on('SIGTERM', () => end('terminated'));
  process.on('SIGHUP', () => end('hung up'));
  process.on('disconnect', () => end('starter gone'));
  return controller.signal;
}
