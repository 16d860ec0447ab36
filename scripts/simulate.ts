/** `npm run simulate`: lives of organizations under simulated time, disks, network and faults. Exits with 1 on a violation. */
import { parseArgs } from 'node:util';
import { PLANTS, plantNamed } from '../simulator/plants.ts';
import { type Outcome, replay, simulate } from '../simulator/simulate.ts';

const STEPS_DEFAULT = 1_000_000;
/** Every planted bug is found in fewer. */
const PLANT_STEPS_MAX = 3_000_000;
const PROGRESS_EVERY_MS = 5_000;

const NAME_LENGTH = Math.max(...PLANTS.map(({ name }) => name.length));

const HELP = `npm run simulate -- [--seed S] [--steps N] [--plant NAME | all] [--episode E]

  --seed S      the run of that seed; else one is drawn, and printed
  --steps N     simulate so many steps, ${STEPS_DEFAULT} unless told
  --plant NAME  with a bug planted, which must be found; all: each of them, in turn
  --episode E   one episode again (as a violation names it), with all that happens in it
  --help        this, and the bugs there are

What it simulates and what it proves: docs/simulator.md.`;

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
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      steps: { type: 'string' },
      plant: { type: 'string' },
      episode: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(`${HELP}\n\n${PLANTS.map(({ name, what }) => `  ${name.padEnd(NAME_LENGTH)}  ${what}`).join('\n')}`);
    return 0;
  }
  const { seed } = values;
  const plant = values.plant ?? null;
  if (plant !== null && plant !== 'all') plantNamed(plant);
  if (values.episode !== undefined) return replayed(values.episode, plant);
  const steps = Number(values.steps ?? (plant === null ? STEPS_DEFAULT : PLANT_STEPS_MAX));
  if (!Number.isInteger(steps) || steps < 1)
    throw new Error(`--steps must be a whole number above 0, not ${values.steps}.`);
  if (plant !== null) return findPlants(plant, seed, steps);

  console.log(`Seed ${seed}, ${steps} steps.`);
  const outcome = await simulate({ seed, steps, plant: null, progress: progressTo(steps) });
  console.log(summaryOf(outcome));
  if (!outcome.found) return 0;
  const { invariant, what, episode } = outcome.found;
  console.log(`\nBroken: ${invariant}\n${what}\n\nnpm run simulate -- --episode ${episode}`);
  return 1;
}

async function replayed(episode: string, plant: string | null): Promise<number> {
  const { steps, violation } = await replay(episode, plant, console.log);
  console.log(`\nEpisode ${episode}, ${steps} steps.`);
  if (violation) console.log(`Broken: ${violation.invariant}\n${violation.what}`);
  return violation ? 1 : 0;
}

/** Plants bugs, one after the other: each must be found within so many steps. */
async function findPlants(which: string, seed: string, steps: number): Promise<number> {
  const names = which === 'all' ? PLANTS.map(({ name }) => name) : [which];
  console.log(`Seed ${seed}, at most ${steps} steps each.\n`);
  let missed = 0;
  for (const plant of names) {
    const { found, ...outcome } = await simulate({ seed, steps, plant });
    if (!found) missed += 1;
    const caught = found ? `${found.invariant} (episode ${found.episode})` : 'NOT FOUND';
    console.log(`${plant.padEnd(NAME_LENGTH)}  ${String(outcome.steps).padStart(8)} steps  ${caught}`);
  }
  console.log(`\n${names.length - missed} of ${names.length} planted bugs were found.`);
  return missed === 0 ? 0 : 1;
}

/** A line now and then. */
function progressTo(steps: number): (done: number) => void {
  let lastMs = performance.now();
  return (done) => {
    if (performance.now() - lastMs < PROGRESS_EVERY_MS) return;
    lastMs = performance.now();
    console.error(`  ${done} steps, ${Math.floor((100 * done) / steps)} %`);
  };
}

function summaryOf({ steps, episodes, seconds, counts }: Outcome): string {
  const lines = [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, n]) => `${String(n).padStart(9)}  ${what}`);
  return `\n${steps} steps in ${episodes} episodes, ${seconds.toFixed(1)} s.\n${lines.join('\n')}`;
}
