/** Brings an object's tables up to date: each migration once, in order, and all of them in one transaction. */
import type { Store } from './store.ts';

export function migrate(store: Store, migrations: readonly string[]): void {
  store.transaction(() => {
    // PRAGMA user_version is not to be had in an object, so the count of migrations done is a table.
    store.exec('CREATE TABLE IF NOT EXISTS migrations (done INTEGER PRIMARY KEY)');
    const [row] = store.exec<{ done: number }>('SELECT coalesce(max(done), 0) AS done FROM migrations');
    const done = row?.done ?? 0;
    migrations.slice(done).forEach((sql, i) => {
      for (const statement of sql.split(';\n')) if (statement.trim() !== '') store.exec(statement);
      store.exec('INSERT INTO migrations (done) VALUES (?)', done + i + 1);
    });
  });
}
