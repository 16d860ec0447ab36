/**
 * D1 over SQLite: the real schema and, of its interface, what Purser's code calls. A process's binding sends every
 * statement through the network, and through its output gate where it is an object.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Network } from './network.ts';
import type { Process } from './simulation.ts';

const MIGRATIONS = `${import.meta.dirname}/../d1-migrations`;

export interface Query {
  sql: string;
  values: SQLInputValue[];
}

interface Result {
  results: Record<string, SQLInputValue>[];
  success: true;
  meta: { changes: number };
}

export class D1 {
  /** While true no statement reaches it. */
  down = false;
  readonly #database = new DatabaseSync(':memory:');
  readonly #statements = new Map<string, StatementSync>();

  constructor() {
    for (const file of readdirSync(MIGRATIONS).sort()) {
      if (file.endsWith('.sql')) this.#database.exec(readFileSync(`${MIGRATIONS}/${file}`, 'utf8'));
    }
  }

  /** Runs all of them, or none. */
  batch(queries: readonly Query[]): Result[] {
    this.#database.exec('BEGIN');
    try {
      const results = queries.map(({ sql, values }) => this.#run(sql, values));
      this.#database.exec('COMMIT');
      return results;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** What the simulator itself reads or writes there, past the network. */
  rows<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#run(sql, values).results as Row[];
  }

  close(): void {
    this.#database.close();
  }

  #run(sql: string, values: SQLInputValue[]): Result {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    const results = statement.all(...values) as Result['results'];
    return { results, success: true, meta: { changes: 0 } };
  }
}

/** D1 as a process sees it. */
export function bindingOf(process: Process, network: Network): D1Database {
  const batch = (queries: readonly Query[]) => network.query(process, (d1) => d1.batch(queries));
  const statement = (query: Query) => ({
    ...query,
    bind: (...values: SQLInputValue[]) => statement({ sql: query.sql, values }),
    all: async () => (await batch([query]))[0],
    run: async () => (await batch([query]))[0],
    first: async () => (await batch([query]))[0]?.results[0] ?? null,
  });
  const binding = {
    prepare: (sql: string) => statement({ sql, values: [] }),
    batch,
    withSession: () => binding,
  };
  return binding as unknown as D1Database;
}
