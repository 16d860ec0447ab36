/** Many episodes on all cores: how `npm run simulate` and the tests run the simulator. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EpisodeReport } from './episode.ts';
import type { Order, ThreadData, Told } from './thread.ts';
import type { Violation } from './witness.ts';

export interface Wish {
  seed: string;
  /** Episodes are begun until this many steps are done. */
  steps: number;
  /** A bug to be planted; null for none. */
  plant: string | null;
  /** Called after every episode with all steps so far. */
  progress?: (steps: number) => void;
}

export interface Outcome {
  steps: number;
  episodes: number;
  seconds: number;
  /** How often what happened, over all episodes. */
  counts: Map<string, number>;
  /** The first that was found, and the seed of its episode: then nothing more was simulated. */
  found: (Violation & { episode: string }) | null;
}

export async function simulate({ seed, steps: stepsMax, plant, progress }: Wish): Promise<Outcome> {
  const startedAtMs = performance.now();
  const outcome: Outcome = { steps: 0, episodes: 0, seconds: 0, counts: new Map(), found: null };
  let begun = 0;
  const work = async () => {
    const thread = new Thread(plant);
    try {
      while (outcome.steps < stepsMax && !outcome.found) {
        begun += 1;
        const episode = `${seed}-${begun}`;
        add(outcome, await thread.run(episode), episode);
        progress?.(outcome.steps);
      }
    } finally {
      await thread.end();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  outcome.seconds = (performance.now() - startedAtMs) / 1_000;
  return outcome;
}

/** One episode again, as it was, with all that happens in it told line by line. */
export async function replay(
  episode: string,
  plant: string | null,
  tell: (line: string) => void,
): Promise<EpisodeReport> {
  const thread = new Thread(plant);
  try {
    return await thread.run(episode, tell);
  } finally {
    await thread.end();
  }
}

function add(outcome: Outcome, { steps, violation, counts }: EpisodeReport, episode: string): void {
  outcome.steps += steps;
  outcome.episodes += 1;
  for (const [what, times] of counts) outcome.counts.set(what, (outcome.counts.get(what) ?? 0) + times);
  if (violation) outcome.found ??= { ...violation, episode };
}

const THREAD = join(import.meta.dirname, 'thread.ts');

class Thread {
  readonly #worker: Worker;

  constructor(plant: string | null) {
    const workerData: ThreadData = { plant };
    this.#worker = new Worker(THREAD, { workerData });
  }

  /** One at a time. Throws where the thread itself fails. */
  run(seed: string, tell: ((line: string) => void) | null = null): Promise<EpisodeReport> {
    return new Promise((resolve, reject) => {
      const worker = this.#worker;
      const hear = (told: Told) => {
        if ('line' in told) {
          tell?.(told.line);
          return;
        }
        worker.off('message', hear);
        worker.off('error', reject);
        resolve(told.report);
      };
      worker.on('message', hear);
      worker.once('error', reject);
      worker.postMessage({ seed, tells: tell !== null } satisfies Order);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
