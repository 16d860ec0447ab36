/**
 * All deadlines of one request under one timer of the platform. A timer costs workerd more than anything else that a
 * small request does between its two calls to the member's object, and nearly every deadline of a request is cancelled
 * long before it is due: so cancelling one only forgets it, and setting a later one leaves the timer as it is. When the
 * timer fires, it runs what is due and goes on to the earliest deadline left.
 *
 * Timers belong to the request that set them: one of these for each, ended with it.
 */

export interface Deadline {
  atMs: number;
  readonly run: () => void;
}

export class Deadlines {
  readonly #pending = new Set<Deadline>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firesAtMs = Number.POSITIVE_INFINITY;

  /** Runs `run` once after `ms`, unless it is cancelled before. */
  set(ms: number, run: () => void): Deadline {
    const deadline = { atMs: Date.now() + ms, run };
    this.#pending.add(deadline);
    this.#fireBy(deadline.atMs);
    return deadline;
  }

  /** Moves one that has not run to `ms` from now. */
  postpone(deadline: Deadline, ms: number): void {
    deadline.atMs = Date.now() + ms;
  }

  /** May be called again, and after it ran. */
  cancel(deadline: Deadline | undefined): void {
    if (deadline) this.#pending.delete(deadline);
  }

  /** The request is over. */
  end(): void {
    this.#pending.clear();
    clearTimeout(this.#timer);
    this.#firesAtMs = Number.POSITIVE_INFINITY;
  }

  #fireBy(atMs: number): void {
    if (atMs >= this.#firesAtMs) return;
    clearTimeout(this.#timer);
    this.#firesAtMs = atMs;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, atMs - Date.now()));
  }

  #fire(): void {
    this.#firesAtMs = Number.POSITIVE_INFINITY;
    const now = Date.now();
    for (const deadline of [...this.#pending]) {
      if (deadline.atMs > now || !this.#pending.delete(deadline)) continue;
      deadline.run();
    }
    let earliest = Number.POSITIVE_INFINITY;
    for (const { atMs } of this.#pending) earliest = Math.min(earliest, atMs);
    if (earliest < Number.POSITIVE_INFINITY) this.#fireBy(earliest);
  }
}
