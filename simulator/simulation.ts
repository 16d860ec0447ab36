/**
 * Simulated time, and the processes that live in it.
 *
 * Purser's own code runs here unchanged. What it takes from its platform (Date.now, timers, chance) answers for the
 * process that runs at the moment: by its clock, with its timers. A step is one thing that happens (a message arrives, a
 * timer fires, a disk has written, a machine dies) and lasts until every process waits again. All chance comes from one
 * seed, so a run repeats itself exactly.
 */
import { SeededRandom } from '../src/local/demo-random.ts';
import { type Planned, Queue } from './queue.ts';

/** A Monday. */
const START_MS = Date.UTC(2026, 0, 5, 12);

export class Simulation {
  nowMs = START_MS;
  steps = 0;
  /** How often what was simulated happened: shows that a run exercises what it claims to. */
  readonly counts = new Map<string, number>();
  /** The first thing that Purser's code complained of in its log, and should not have. */
  complaint: string | null = null;
  readonly random: SeededRandom;
  readonly #queue = new Queue();
  readonly #tell: ((line: string) => void) | null;

  /** `tell` is told what happens, line by line; null where nobody listens. */
  constructor(seed: string, tell: ((line: string) => void) | null = null) {
    this.random = new SeededRandom(seed);
    this.#tell = tell;
  }

  tell(line: () => string): void {
    if (!this.#tell) return;
    const seconds = ((this.nowMs - START_MS) / 1_000).toFixed(3);
    this.#tell(`${String(this.steps).padStart(4)} ${seconds.padStart(10)} s  ${line()}`);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  chance(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  /** One of them, each as likely. */
  pick<T>(items: readonly T[]): T {
    return items[this.random.between(0, items.length - 1)] as T;
  }

  after(ms: number, run: () => void | Promise<void>): Planned {
    return this.#queue.add(this.nowMs + Math.max(0, Math.round(ms)), run);
  }

  /** Does the next thing that is due. False: nothing will ever happen any more. */
  async step(): Promise<boolean> {
    const next = this.#queue.take();
    if (!next) return false;
    this.nowMs = next.atMs;
    this.steps += 1;
    await next.run();
    return true;
  }
}

interface Timer {
  planned: Planned;
}

/** Code with a clock and timers of its own that may end at any moment: a Worker's invocation, or an object in memory. */
export class Process {
  alive = true;
  /** How far its clock is ahead of the true time. */
  clockOffsetMs = 0;
  /** No timer fires later than so much after its time. */
  timersLateMsMax = 0;
  /** Until then nothing of it runs, and what would have waits. */
  #frozenUntilMs = 0;
  readonly name: string;
  readonly simulation: Simulation;
  readonly #timers = new Set<Timer>();

  constructor(simulation: Simulation, name: string) {
    this.simulation = simulation;
    this.name = name;
  }

  get wasFrozen(): boolean {
    return this.#frozenUntilMs > 0;
  }

  freeze(ms: number): void {
    this.#frozenUntilMs = this.simulation.nowMs + ms;
  }

  get hasTimers(): boolean {
    return this.#timers.size > 0;
  }

  clock(): number {
    return this.simulation.nowMs + this.clockOffsetMs;
  }

  /** Sends something out; an object's output gate may keep it for a while, or for ever. */
  emit(send: () => void): void {
    send();
  }

  /** A throw that nothing caught. */
  failed(error: unknown): void {
    throw error;
  }

  /** Runs code of this process until it waits for something. */
  async run(code: () => unknown): Promise<void> {
    if (!this.alive) return;
    const frozenMs = this.#frozenUntilMs - this.simulation.nowMs;
    if (frozenMs > 0) {
      this.simulation.after(frozenMs, () => this.run(code));
      return;
    }
    running = this;
    try {
      code();
      // A turn of the event loop: by then every promise that can go on has gone on.
      await new Promise<void>((resolve) => soon(resolve));
    } catch (error) {
      this.failed(error);
    } finally {
      running = null;
    }
  }

  /** Nothing of it happens any more. */
  end(): void {
    this.alive = false;
    for (const { planned } of this.#timers) planned.cancelled = true;
    this.#timers.clear();
  }

  startTimer(ms: number, repeats: boolean, code: () => unknown): Timer {
    const { simulation } = this;
    const plan = () =>
      simulation.after(ms + simulation.random.mostlySmall(0, this.timersLateMsMax), () => {
        if (repeats) timer.planned = plan();
        else this.#timers.delete(timer);
        return this.run(code);
      });
    const timer: Timer = { planned: plan() };
    this.#timers.add(timer);
    return timer;
  }

  stopTimer(timer: Timer | undefined): void {
    if (!timer || !this.#timers.delete(timer)) return;
    timer.planned.cancelled = true;
  }
}

const soon = setImmediate;
let running: Process | null = null;

/** The process whose code runs now. */
function current(): Process {
  if (!running) throw new Error('this code runs outside of every process');
  return running;
}

/** Whether a failure that Purser's code throws or logs was simulated. */
export function isExpected(failure: string): boolean {
  return /simulated: |no answer from|the wallet does not answer/.test(failure);
}

/** Replaces what Purser's code takes from its platform, for the rest of this thread's life. */
export function replaceGlobals(): void {
  Date.now = () => current().clock();
  Math.random = () => current().simulation.random.fraction();
  crypto.getRandomValues = (bytes) => {
    const { random } = current().simulation;
    const view = bytes as unknown as Uint8Array;
    for (let i = 0; i < view.length; i++) view[i] = random.between(0, 255);
    return bytes;
  };
  const timers = {
    setTimeout: (code: () => unknown, ms = 0) => current().startTimer(ms, false, code),
    setInterval: (code: () => unknown, ms = 0) => current().startTimer(ms, true, code),
    clearTimeout: (timer?: Timer) => current().stopTimer(timer),
    clearInterval: (timer?: Timer) => current().stopTimer(timer),
  };
  Object.assign(globalThis, timers);
  const complain = (line: string) => {
    const { simulation } = current();
    simulation.tell(() => line);
    if (!isExpected(line)) simulation.complaint ??= line;
  };
  Object.assign(console, { warn: complain, error: complain });
  process.on('unhandledRejection', (error) => complain(error instanceof Error ? String(error.stack) : String(error)));
}
