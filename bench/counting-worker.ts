/**
 * Purser's local build with counters put around it from outside: what the platform would bill an object for. Nothing of
 * it is in the product; the bench alone starts this Worker (counts.ts), and reads GET /bench/counts.
 *
 * Rows are the ones SQLite itself says it wrote (`rowsWritten`, what Cloudflare bills), in objects and in D1. An object
 * is billed as awake while a call runs in it or a timer of its own is pending; idle otherwise.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import * as local from '../src/local/worker.ts';
import { countD1, type D1Counts, NO_D1_COUNTS } from '../test/support/d1-counts.ts';

export interface Counts {
  /** Calls of objects by method; an alarm that runs is one. */
  calls: Record<string, number>;
  objectRows: number;
  /** Each is billed as one row. */
  alarmsSet: number;
  d1: D1Counts;
  awakeMs: number;
}

let counts = zero();
let cursors: SqlStorageCursor<never>[] = [];
let patchedD1 = false;
const inside = new AsyncLocalStorage<Awake>();

function zero(): Counts {
  return { calls: {}, objectRows: 0, alarmsSet: 0, d1: { ...NO_D1_COUNTS }, awakeMs: 0 };
}

/** How long one object is awake: while anything keeps it so. */
class Awake {
  #reasons = 0;
  #sinceMs = 0;

  begin(): void {
    if (this.#reasons++ === 0) this.#sinceMs = performance.now();
  }

  end(): void {
    if (--this.#reasons === 0) counts.awakeMs += performance.now() - this.#sinceMs;
  }
}

type ObjectClass = new (ctx: DurableObjectState, env: Env) => object;

/** The class with its calls, rows, alarms and waking time counted. */
function counted<Class extends ObjectClass>(Original: Class): Class {
  const methods = new Map<string, (...args: unknown[]) => unknown>();
  for (const name of Object.getOwnPropertyNames(Original.prototype)) {
    const value: unknown = Object.getOwnPropertyDescriptor(Original.prototype, name)?.value;
    if (name !== 'constructor' && typeof value === 'function') methods.set(name, value as () => unknown);
  }
  const Counted = class extends (Original as ObjectClass) {
    /** Not private: the methods below are put on from outside. */
    readonly awake = new Awake();

    constructor(ctx: DurableObjectState, env: Env) {
      countStorage(ctx.storage);
      super(ctx, env);
    }
  };
  for (const [name, method] of methods) {
    Object.defineProperty(Counted.prototype, name, {
      value(this: { awake: Awake }, ...args: unknown[]): unknown {
        counts.calls[name] = (counts.calls[name] ?? 0) + 1;
        this.awake.begin();
        const done = () => this.awake.end();
        return inside.run(this.awake, () => Promise.resolve(method.apply(this, args)).finally(done));
      },
    });
  }
  return Counted as unknown as Class;
}

function countStorage(storage: DurableObjectStorage): void {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  // A cursor knows all its rows only once it was read to its end, so it is asked when the counts are.
  sql.exec = ((query: string, ...bindings: unknown[]) => {
    const cursor = exec(query, ...bindings);
    cursors.push(cursor as unknown as SqlStorageCursor<never>);
    return cursor;
  }) as typeof sql.exec;
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (...args) => {
    counts.alarmsSet += 1;
    return setAlarm(...args);
  };
}

/** Every answer of D1 tells what it took. */
function countStatements(db: D1Database): void {
  if (patchedD1) return;
  patchedD1 = true;
  countD1(db, ({ statements, rowsRead, rowsWritten }) => {
    counts.d1.statements += statements;
    counts.d1.rowsRead += rowsRead;
    counts.d1.rowsWritten += rowsWritten;
  });
}

const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;
const timers = new Map<unknown, Awake>();

/** A timer that an object starts keeps it awake until it fires or is cleared. */
globalThis.setTimeout = ((work: (...args: unknown[]) => void, ...rest: [number?, ...unknown[]]) => {
  const awake = inside.getStore();
  if (!awake) return startTimer(work, ...rest);
  awake.begin();
  const timer = startTimer(() => {
    timers.delete(timer);
    awake.end();
    work(...rest.slice(1));
  }, rest[0]);
  timers.set(timer, awake);
  return timer;
}) as typeof setTimeout;

globalThis.clearTimeout = ((timer: Parameters<typeof stopTimer>[0]) => {
  timers.get(timer)?.end();
  timers.delete(timer);
  stopTimer(timer);
}) as typeof clearTimeout;

export const MemberBudget = counted(local.MemberBudget);
export const OrgWallet = counted(local.OrgWallet);
/** Not counted: a Worker asks the one once in ten seconds, whatever it serves, and the other for no request of a bench. */
// Those above are exported in place of the Worker's own.
export * from '../src/local/worker.ts';

export default {
  async fetch(request, env, ctx) {
    countStatements(env.DB);
    if (new URL(request.url).pathname !== '/bench/counts') return local.default.fetch(request, env, ctx);
    for (const cursor of cursors) counts.objectRows += cursor.rowsWritten;
    cursors = [];
    const told = counts;
    counts = zero();
    return Response.json(told);
  },
  scheduled: local.default.scheduled,
} satisfies ExportedHandler<Env>;
