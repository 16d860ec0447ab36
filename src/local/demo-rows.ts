/** Many rows into D1 in few statements: each takes its rows as one JSON parameter. */

export type Row = Record<string, string | number | null>;

/** D1 takes values of 2 MB; all names and texts here are ASCII, so characters are bytes. */
const JSON_LENGTH_MAX = 1_000_000;

/** Statements that insert `rows` in their order, with the columns of the first: many rows by one parameter. */
export function insertRows(db: D1Database, table: string, rows: readonly Row[]): D1PreparedStatement[] {
  const columns = Object.keys(rows[0] ?? {});
  const statement = `
    INSERT INTO ${table} (${columns.join(', ')})
    SELECT ${columns.map((_, i) => `value ->> ${i}`).join(', ')}
    FROM json_each(?1)
    ORDER BY key`;
  return inChunks(rows.map((row) => JSON.stringify(columns.map((column) => row[column])))).map((chunk) =>
    db.prepare(statement).bind(`[${chunk.join(',')}]`),
  );
}

function inChunks(texts: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let room = 0;
  for (const text of texts) {
    if (text.length + 1 > room) {
      chunks.push([]);
      room = JSON_LENGTH_MAX;
    }
    chunks.at(-1)?.push(text);
    room -= text.length + 1;
  }
  return chunks;
}
