/**
 * Resolutions that wait to be written together. It is the messages that wait, not their effects: until they are written
 * their holds count as held, so that nothing is freed before its durable write.
 */
import { LIMITS } from '../limits.ts';
import type { Progress, Settlement } from './protocol.ts';
import { attemptOf, type Resolution } from './resolutions.ts';

/** One that waits, and who is told: `done` once it is written, `failed` where it could not be. */
export interface Waiting {
  resolution: Resolution;
  done: (settlement: Settlement) => void;
  failed: (error: unknown) => void;
}

/** Writes resolutions in one block; all or, when it throws, none. */
type Write = (resolutions: readonly Resolution[]) => Settlement[];

export class Gathering {
  readonly #write: Write;
  readonly #life: string;
  #waiting: Waiting[] = [];
  /** Those of the waiting: each request asks for its own, and a busy member has a hundred waiting. */
  #attempts = new Set<string>();
  #dueAtMs = Number.POSITIVE_INFINITY;
  #taken = 0;
  #written = 0;
  #failures = 0;

  /** `life`: a name that no other has or had. */
  constructor(write: Write, life: string) {
    this.#write = write;
    this.#life = life;
  }

  /** Whatever could not be written begins another life: nobody must take it for written because later ones were. */
  get progress(): Progress {
    return { life: `${this.#life}.${this.#failures}`, taken: this.#taken, written: this.#written };
  }

  get waiting(): readonly Waiting[] {
    return this.#waiting;
  }

  /** When the first of them is due (epoch ms); null while none waits. */
  get dueAtMs(): number | null {
    return this.#waiting.length === 0 ? null : this.#dueAtMs;
  }

  waitsFor(attemptId: string): boolean {
    return this.#attempts.has(attemptId);
  }

  /** It is due by `dueAtMs`. */
  add(waiting: Waiting, dueAtMs: number): void {
    this.#dueAtMs = this.#waiting.length === 0 ? dueAtMs : Math.min(this.#dueAtMs, dueAtMs);
    this.#waiting.push(waiting);
    this.#attempts.add(attemptOf(waiting.resolution));
    this.#taken += 1;
    if (this.#waiting.length >= LIMITS.gatherMax) this.flush();
  }

  /** Writes all that wait. False: there was nothing to write. */
  flush(): boolean {
    const waiting = this.#waiting;
    if (waiting.length === 0) return false;
    this.#waiting = [];
    this.#attempts = new Set();
    if (!this.#flushed(waiting)) {
      // One that cannot be written must not keep the others from it.
      for (const each of waiting) this.#flushed([each]);
    }
    this.#written = this.#taken;
    return true;
  }

  #flushed(waiting: readonly Waiting[]): boolean {
    let settlements: Settlement[];
    try {
      settlements = this.#write(waiting.map(({ resolution }) => resolution));
    } catch (error) {
      if (waiting.length > 1) return false;
      this.#failures += 1;
      waiting[0]?.failed(error);
      return true;
    }
    waiting.forEach(({ done }, i) => {
      done(settlements[i] as Settlement);
    });
    return true;
  }
}
