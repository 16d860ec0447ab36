/**
 * One life of an object: a process with a disk, whose messages wait at the output gate until all that was written before
 * them is durable.
 */
import type { SqlValue } from '../src/budgets/store.ts';
import { type Disk, Superseded } from './disk.ts';
import type { Call } from './network.ts';
import type { Host } from './platform.ts';
import { Process } from './simulation.ts';

/** An object's class, as the platform sees it. */
export type ObjectClass = new (ctx: DurableObjectState, env: Env) => object;

type Methods = Record<string, (argument: unknown) => Promise<unknown>>;

export class Instance extends Process {
  readonly host: Host;
  disk: Disk;
  superseded = false;
  /** Calls that it has yet to answer. */
  readonly unanswered = new Set<Call>();
  object: Methods = {};
  lastCallMs = 0;
  /** When this life ended, or was superseded. */
  endedAtMs: number | null = null;
  /** What waits for a commit, in order: messages, and what the witness learns with them. */
  #gate: { send: () => void; isMessage: boolean }[] = [];
  #broken = false;

  constructor(host: Host, disk: Disk, life: number) {
    super(host.simulation, `${host.name}#${life}`);
    this.host = host;
    this.disk = disk;
    this.timersLateMsMax = host.profile.timersLateMsMax;
    // Every life may be on another machine, with another clock.
    const { clockErrorMsMax } = host.profile;
    this.clockOffsetMs = this.simulation.random.between(-clockErrorMsMax, clockErrorMsMax);
  }

  override emit(send: () => void): void {
    if (!this.alive || this.#broken) return;
    if (this.disk.dirty) this.#gate.push({ send, isMessage: true });
    else send();
  }

  /** Tells the witness of something when it is durable, before whatever is sent out after it. */
  whenDurable(tell: () => void): void {
    if (!this.alive || this.#broken) return;
    if (this.disk.dirty) this.#gate.push({ send: tell, isMessage: false });
    else tell();
  }

  /** All that was written is durable. `silently`: and yet no message leaves, because the machine dies in that moment. */
  openGate(silently = false): void {
    const waiting = this.#gate;
    this.#gate = [];
    for (const { send, isMessage } of waiting) if (!(isMessage && silently)) send();
  }

  override async run(code: () => unknown): Promise<void> {
    await super.run(code);
    if (!this.alive) return;
    if (this.#broken) this.host.kill(this, 'a write failed');
    else this.host.commitInTime();
  }

  override failed(error: unknown): void {
    if (this.superseded) this.broken();
    else throw error;
  }

  /** Its storage has failed: nothing it says leaves any more. */
  broken(): void {
    this.#broken = true;
  }

  get idle(): boolean {
    return !this.hasTimers && !this.disk.dirty && this.unanswered.size === 0;
  }
}

/** What the platform gives an object of itself. */
export function stateOf(instance: Instance): DurableObjectState {
  const { simulation } = instance;
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      // Some instances live on for a while after a write of theirs has failed.
      if (error instanceof Superseded && simulation.chance(0.5)) instance.broken();
      throw error;
    }
  };
  const storage = {
    sql: {
      exec: (sql: string, ...bindings: SqlValue[]) => {
        const rows = attempt(() => instance.disk.exec(sql, ...bindings));
        return { toArray: () => rows };
      },
    },
    transactionSync: <T>(work: () => T) => instance.disk.transaction(work),
    getAlarm: () => Promise.resolve(instance.disk.alarmAtMs),
    setAlarm: (atMs: number) => {
      if (instance.superseded) instance.broken();
      else instance.disk.setAlarm(atMs);
      return Promise.resolve();
    },
  };
  return {
    storage,
    blockConcurrencyWhile: (work: () => Promise<unknown>) => work(),
  } as unknown as DurableObjectState;
}
