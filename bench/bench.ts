/** What scripts/bench.ts needs of a bench: one file, one function of this type. */

import type { PlantName } from './plants.ts';

export interface BenchOptions {
  /** The length of one measured round. */
  seconds: number;
  /** Decides all that is left to chance, where anything is. */
  seed: string;
  /** How often a bench that kills Purser does so. */
  kills: number;
  /** Whether providers lie about what they made, or make more than they may. */
  dishonest: boolean;
  /** A bug to be planted into Purser, which the bench shall then find. */
  plant: PlantName | null;
  /** Told what is being done, in lines for a person. */
  say: (line: string) => void;
  /** Aborted when the bench shall end early; it then stops what it started and throws the signal's reason. */
  signal: AbortSignal;
}

export interface BenchReport {
  /** For a person: what was measured, and what each figure means. */
  text: string;
  /** The same for a program, with the figures of every round. */
  json: Record<string, unknown>;
  /** What went wrong, one line each. Empty: every answer was right and so are the books. A slow figure is not wrong. */
  broken: string[];
}

export type Bench = (options: BenchOptions) => Promise<BenchReport>;
