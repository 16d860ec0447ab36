/** Many rows into D1 in few statements. */
import { eachRow, jsonChunks } from '../database/json-rows.ts';

export type Row = Record<string, string | number | null>;

/** Statements that insert `rows` in their order, with the columns of the first: many rows by one parameter. */
export function insertRows(db: D1Database, table: string, rows: readonly Row[]): D1PreparedStatement[] {
  const columns = Object.keys(rows[0] ?? {});
  const statement = `
    INSERT INTO ${table} (${columns.join(', ')})
    SELECT ${columns.map((_, i) => `value ->> ${i}`).join(', ')}
    FROM ${eachRow('?1')}
    ORDER BY key`;
  return jsonChunks(rows.map((row) => columns.map((column) => row[column]))).map((chunk) =>
    db.prepare(statement).bind(chunk),
  );
}
