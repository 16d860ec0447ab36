/** Many rows into or out of D1 by few statements: each takes its rows as one JSON parameter, for json_each. */

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
