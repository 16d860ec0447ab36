/**
 * The disk of one object: SQLite, where what was written is durable only at a commit that comes later than the call.
 *
 * Between two commits one transaction stays open. `commit` makes all of it durable, `lose` takes all of it back, as the
 * death of the machine does; the transactions of the object itself are savepoints inside. The alarm is written with it.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { SqlValue, Store } from '../src/budgets/store.ts';

interface Statement {
  prepared: StatementSync;
  writes: boolean;
  returns: boolean;
}

export class Disk implements Store {
  /** Whether there is anything that a crash would take back. */
  dirty = false;
  /** When the alarm is due (epoch ms); null where none is set. */
  alarmAtMs: number | null = null;
  #durableAlarmAtMs: number | null = null;
  /** While its handler runs the alarm is not set, and yet durable: it is deleted at the handler's end. */
  #ringing = false;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Statement>();
  /** A disk that somebody else has taken over can be read, but no write to it succeeds. */
  readonly #writable: boolean;

  constructor(image: Uint8Array | null = null) {
    this.#database = new DatabaseSync(':memory:');
    this.#writable = image === null;
    if (image) this.#database.deserialize(image);
  }

  exec<Row extends Record<string, SqlValue>>(sql: string, ...bindings: SqlValue[]): Row[] {
    const { prepared, writes, returns } = this.#statement(sql);
    if (!writes) return prepared.all(...bindings) as Row[];
    this.#begin();
    if (returns) {
      this.dirty = true;
      return prepared.all(...bindings) as Row[];
    }
    const { changes } = prepared.run(...bindings);
    if (Number(changes) > 0) this.dirty = true;
    return [];
  }

  transaction<T>(work: () => T): T {
    if (!this.#writable) return work();
    this.#begin();
    const wasDirty = this.dirty;
    this.#database.exec('SAVEPOINT work');
    try {
      const answer = work();
      this.#database.exec('RELEASE work');
      return answer;
    } catch (error) {
      this.#database.exec('ROLLBACK TO work; RELEASE work');
      this.dirty = wasDirty;
      throw error;
    }
  }

  setAlarm(atMs: number | null): void {
    this.#begin();
    this.alarmAtMs = atMs;
    this.#ringing = false;
    this.dirty = true;
  }

  /** The alarm's handler begins. */
  ring(): void {
    this.alarmAtMs = null;
    this.#ringing = true;
  }

  /** The handler has come to its end, or `failed`: then the alarm is as it was. */
  rang(failed: boolean): void {
    if (!this.#ringing) return;
    if (failed) {
      this.alarmAtMs = this.#durableAlarmAtMs;
      this.#ringing = false;
    } else this.setAlarm(null);
  }

  commit(): void {
    if (this.#database.isTransaction) this.#database.exec('COMMIT');
    if (!this.#ringing) this.#durableAlarmAtMs = this.alarmAtMs;
    this.dirty = false;
  }

  lose(): void {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    this.alarmAtMs = this.#durableAlarmAtMs;
    this.#ringing = false;
    this.dirty = false;
  }

  /** The disk as it is durable now, for one who goes on reading it beside the one who writes it. */
  image(): Disk {
    if (this.dirty) throw new Error('there is no image of what is not durable');
    this.commit();
    const image = new Disk(this.#database.serialize());
    image.alarmAtMs = this.alarmAtMs;
    return image;
  }

  close(): void {
    this.#database.close();
  }

  #begin(): void {
    if (!this.#writable) throw new Superseded();
    if (!this.#database.isTransaction) this.#database.exec('BEGIN');
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      const writes = !/^\s*(SELECT|WITH)\b/i.test(sql);
      statement = { prepared: this.#database.prepare(sql), writes, returns: writes && /\bRETURNING\b/i.test(sql) };
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** What the platform says to an object whose place another instance has taken. */
export class Superseded extends Error {
  constructor() {
    super('simulated: another instance has taken over');
  }
}
