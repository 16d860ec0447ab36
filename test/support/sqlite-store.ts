/** The ledger's store over node:sqlite, for running the core in plain Node. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { SqlValue, Store } from '../../src/budgets/store.ts';

export class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path = ':memory:') {
    this.#database = new DatabaseSync(path);
  }

  exec<Row extends Record<string, SqlValue>>(sql: string, ...bindings: SqlValue[]): Row[] {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement.all(...bindings) as Row[];
  }

  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN');
    try {
      const answer = work();
      this.#database.exec('COMMIT');
      return answer;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
