/** An object's SQLite as the cores see it. */
import type { SqlValue, Store } from '../src/budgets/store.ts';

export function storeOf(storage: DurableObjectStorage): Store {
  return {
    exec: <Row extends Record<string, SqlValue>>(sql: string, ...bindings: SqlValue[]) =>
      storage.sql.exec<Row>(sql, ...bindings).toArray(),
    transaction: (work) => storage.transactionSync(work),
  };
}
