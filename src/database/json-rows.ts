/** Many rows into or out of D1 by few statements: each takes its rows as one JSON parameter, for json_each. */

/**
 * SQL: the rows of a parameter, each as `value`, to take columns from. jsonb_each parses a row once; of json_each every column
 * parses its row again (31 columns: 21 microseconds a row instead of 6). It came with SQLite 3.51, which workerd has had since December
 * 2025 and D1 runs on. Both give the same rows: for a database without it, its name is here only. What is older is no help:
 * jsonb(value) of json_each would be made for each column.
 */
export const eachRow = (parameter: string) => `jsonb_each(${parameter})`;

/** D1 takes values of 2 MB, and a character is up to three bytes of them. */
const JSON_LENGTH_MAX = 600_000;

/** The rows as JSON arrays of them, each small enough for one parameter; none of no rows. */
export function jsonChunks(rows: Iterable<unknown>): string[] {
  const chunks: string[] = [];
  let open: string[] = [];
  let length = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (length + text.length > JSON_LENGTH_MAX && open.length > 0) {
      chunks.push(`[${open.join(',')}]`);
      open = [];
      length = 0;
    }
    open.push(text);
    length += text.length + 1;
  }
  if (open.length > 0) chunks.push(`[${open.join(',')}]`);
  return chunks;
}
