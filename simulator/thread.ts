/**
 * A thread that simulates: takes the seed of an episode, answers with its report. It replaces globals for the rest of its
 * life, so nothing else may run in it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { EpisodeReport } from './episode.ts';
import { hookModules } from './modules.ts';
import { plantNamed } from './plants.ts';

export interface ThreadData {
  /** The bug to be planted; null for none. */
  plant: string | null;
}

/** `tells`: whether what happens is told, line by line. */
export interface Order {
  seed: string;
  tells: boolean;
}

export type Told = { line: string } | { report: EpisodeReport };

const { plant } = workerData as ThreadData;
hookModules(plant === null ? null : plantNamed(plant));
// Not before the hooks are there.
const { runEpisode } = await import('./episode.ts');
const { replaceGlobals } = await import('./simulation.ts');
replaceGlobals();

const say = (told: Told) => parentPort?.postMessage(told);

parentPort?.on('message', async ({ seed, tells }: Order) => {
  say({ report: await runEpisode(seed, tells ? (line) => say({ line }) : null) });
});
