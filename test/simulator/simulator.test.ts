/** A short run of what `npm run simulate` does for long, and the proof that it can fail. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PLANTS, planted } from '../../simulator/plants.ts';
import { type Outcome, replay, simulate } from '../../simulator/simulate.ts';

const STEPS = 60_000;
const TIMEOUT_MS = 180_000;
const RANDOM_SEED = String(Date.now());

/** Found in a few episodes: the rest is for `npm run simulate -- --plant all`. */
const SOON_FOUND = [
  'tombstone-dropped-at-shipping',
  'ceiling-left-to-its-ghost',
  'freed-before-its-write',
  'credit-noted-before-it-is-posted',
  'number-wasted-by-a-repeat',
];

/** What broke, and how to see it again. */
function told({ found }: Outcome): string | null {
  return found && `${found.invariant}: ${found.what} (npm run simulate -- --episode ${found.episode})`;
}

describe('the simulator', () => {
  it.each(['fixed', RANDOM_SEED])(
    'finds no invariant broken in the lives of organizations from seed %s',
    async (seed) => {
      const outcome = await simulate({ seed, steps: STEPS, plant: null });
      expect(told(outcome)).toBeNull();
      for (const what of [
        'granted',
        'expired',
        'ghosts unclaimed',
        'corrections',
        'crashes in a write',
        'overruns',
        'deaths over a payment',
      ]) {
        expect(outcome.counts.get(what), what).toBeGreaterThan(0);
      }
    },
    TIMEOUT_MS,
  );

  it.each(SOON_FOUND)(
    'finds a planted bug: %s',
    async (plant) => {
      expect(told(await simulate({ seed: 'fixed', steps: STEPS, plant }))).not.toBeNull();
    },
    TIMEOUT_MS,
  );

  it(
    'repeats an episode exactly',
    async () => {
      const once: string[] = [];
      const again: string[] = [];
      const report = await replay('fixed-1', null, (line) => once.push(line));
      expect(await replay('fixed-1', null, (line) => again.push(line))).toEqual(report);
      expect(once.length).toBeGreaterThan(100);
      expect(again).toEqual(once);
    },
    TIMEOUT_MS,
  );

  it.each(PLANTS.map((plant) => [plant.name, plant] as const))('still has the ground to plant %s in', (_, plant) => {
    for (const file of new Set(plant.changes.map((change) => change.file))) {
      const text = readFileSync(`${import.meta.dirname}/../../${file}`, 'utf8');
      expect(planted(plant, file, text)).not.toBe(text);
    }
  });
});
