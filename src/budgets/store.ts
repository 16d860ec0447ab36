/**
 * What the ledger needs from its host: synchronous SQL and a transaction that rolls back on a throw. A Durable Object
 * gives both; so does node:sqlite.
 */

export type SqlValue = string | number | null;

export interface Store {
  /** Runs one statement and answers with all its rows. */
  exec<Row extends Record<string, SqlValue>>(sql: string, ...bindings: SqlValue[]): Row[];
  /** Runs `work` so that all its writes become durable together or, when it throws, none. Not nested. */
  transaction<T>(work: () => T): T;
}

/** Epoch milliseconds. */
export type Clock = () => number;
