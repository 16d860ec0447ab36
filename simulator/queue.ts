/** What is yet to happen, the earliest first; of one instant, what was planned first. A binary heap. */

export interface Planned {
  readonly atMs: number;
  readonly run: () => void | Promise<void>;
  cancelled: boolean;
}

interface Entry extends Planned {
  readonly order: number;
}

export class Queue {
  readonly #heap: Entry[] = [];
  #added = 0;

  add(atMs: number, run: () => void | Promise<void>): Planned {
    const entry: Entry = { atMs, run, cancelled: false, order: this.#added++ };
    let i = this.#heap.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = this.#heap[parent];
      if (!above || isBefore(above, entry)) break;
      this.#heap[i] = above;
      i = parent;
    }
    this.#heap[i] = entry;
    return entry;
  }

  /** Takes out what comes next; null: nothing does. */
  take(): Planned | null {
    for (;;) {
      const first = this.#heap[0];
      if (!first) return null;
      this.#removeFirst();
      if (!first.cancelled) return first;
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (!last || this.#heap.length === 0) return;
    let i = 0;
    for (;;) {
      const left = this.#heap[2 * i + 1];
      const right = this.#heap[2 * i + 2];
      const smaller = right && left && isBefore(right, left) ? right : left;
      if (!smaller || isBefore(last, smaller)) break;
      this.#heap[i] = smaller;
      i = smaller === left ? 2 * i + 1 : 2 * i + 2;
    }
    this.#heap[i] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
