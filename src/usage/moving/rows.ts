/**
 * The SQL of a move: pieces of a table's rows of one organization, found by their key, compared, read and written.
 *
 * Rows travel as JSON that SQLite writes and SQLite reads: running totals pass 2^53, which JavaScript would round. Ids of
 * dimensions and series are each database's own, so rows that have one travel with what it stands for in its place.
 */
import { eachRow } from '../../database/json-rows.ts';
import { LIMITS } from '../../limits.ts';
import type { MovedTable } from './tables.ts';

/** A piece of a table: the rows after one key (a JSON array; null: from the first on) up to another (null: to the last). */
export interface Piece {
  table: MovedTable;
  after: string | null;
  upTo: string | null;
}

/** D1 allows functions 32 arguments. */
const ARGUMENTS_MAX = 30;

/** A prime below which sums of a piece stay exact in JavaScript. */
const PRIME = 1_000_000_007;

/** What a row is told by in every database: the columns that travel, and those of what it belongs to before them. */
function travelling({ parent, columns }: MovedTable): string[] {
  return [...(parent?.columns ?? []).map((column) => `parent.${column}`), ...columns.map((column) => `row.${column}`)];
}

function columnOf({ parent }: MovedTable, column: string): string {
  return parent?.columns.includes(column) ? `parent.${column}` : `row.${column}`;
}

/** By what it is walked: what it belongs to, then its own key. */
function keyOf({ parent, key }: MovedTable): string[] {
  return [...(parent?.columns ?? []).map((column) => `parent.${column}`), ...key.map((column) => `row.${column}`)];
}

interface Sql {
  sql: string;
  /** What is bound, from ?1 (the organization) on. */
  values: string[];
}

/** FROM and WHERE of a piece. */
function rowsOf({ table, after, upTo }: Piece, organizationId: string): Sql {
  const { name, parent, key } = table;
  const values = [organizationId];
  const parameter = (value: string) => `?${values.push(value)}`;
  const of = (key: string, count: number) => Array.from({ length: count }, (_, i) => `${key} ->> ${i}`).join(', ');
  if (!parent) {
    const own = key.map((column) => `row.${column}`).join(', ');
    const conditions = [
      'row.organization_id = ?1',
      ...(after === null ? [] : [`(${own}) > (${of(parameter(after), key.length)})`]),
      ...(upTo === null ? [] : [`(${own}) <= (${of(parameter(upTo), key.length)})`]),
    ];
    return { sql: `FROM ${name} AS row WHERE ${conditions.join(' AND ')}`, values };
  }
  const theirs = parent.columns.map((column) => `parent.${column}`).join(', ');
  const names = parent.columns.length;
  // Of what the edge itself names a part, of all within it everything: said so that an index finds each.
  const within = (edge: string, sign: '>' | '<', open: number) => [
    `(${theirs}) ${sign}= (${of(edge, names)})`,
    `row.${key[0]} ${sign === '>' ? '>' : '<='} CASE WHEN (${theirs}) = (${of(edge, names)}) THEN ${edge} ->> ${names} ELSE ${open} END`,
  ];
  const conditions = [
    'parent.organization_id = ?1',
    ...(after === null ? [] : within(parameter(after), '>', Number.MIN_SAFE_INTEGER)),
    ...(upTo === null ? [] : within(parameter(upTo), '<', Number.MAX_SAFE_INTEGER)),
  ];
  const sql = `FROM ${parent.name} AS parent CROSS JOIN ${name} AS row ON row.${parent.by} = parent.${parent.id}
    WHERE ${conditions.join(' AND ')}`;
  return { sql, values };
}

/** JSON of values, in arrays that no function is too long for; `pathOf` finds the n-th in it. */
function jsonOf(values: readonly string[]): string {
  const parts: string[] = [];
  for (let i = 0; i < values.length; i += ARGUMENTS_MAX) {
    parts.push(`json_array(${values.slice(i, i + ARGUMENTS_MAX).join(', ')})`);
  }
  return `json_array(${parts.join(', ')})`;
}

function pathOf(i: number): string {
  return `given.value ->> '$[${Math.floor(i / ARGUMENTS_MAX)}][${i % ARGUMENTS_MAX}]'`;
}

/** The piece that begins after a key. */
export async function nextPiece(
  db: D1Database,
  organizationId: string,
  table: MovedTable,
  after: string | null,
): Promise<Piece> {
  const key = keyOf(table).join(', ');
  const rows = rowsOf({ table, after, upTo: null }, organizationId);
  const sql = `SELECT json_array(${key}) AS last ${rows.sql}
    ORDER BY ${key} LIMIT 1 OFFSET ${LIMITS.moveRowsMax - 1}`;
  const last = await db
    .prepare(sql)
    .bind(...rows.values)
    .first<{ last: string }>();
  return { table, after, upTo: last?.last ?? null };
}

/**
 * What two databases are compared by: of each member (or whatever else the rows are apart by) how many rows there are, and the
 * sums of their numbers and of the lengths of their texts. Nothing changes a row of usage without changing one of these.
 */
export async function compared(db: D1Database, organizationId: string, piece: Piece): Promise<Comparable> {
  const { table } = piece;
  const group = table.group.map((column) => columnOf(table, column));
  const sums = table.columns.map((column, i) =>
    table.numbers.has(column) ? `sum(row.${column} % ${PRIME}) AS n${i}` : `sum(length(row.${column})) AS n${i}`,
  );
  const by = group.length === 0 ? '' : `GROUP BY ${group.join(', ')} ORDER BY ${group.join(', ')}`;
  const rows = rowsOf(piece, organizationId);
  const told = [...group.map((column, i) => `${column} AS g${i}`), 'count(*) AS rows', ...sums];
  const { results } = await db
    .prepare(`SELECT ${told.join(', ')} ${rows.sql} ${by}`)
    .bind(...rows.values)
    .all<{ rows: number }>();
  return { rows: results.reduce((sum, { rows }) => sum + rows, 0), text: JSON.stringify(results) };
}

export interface Comparable {
  rows: number;
  text: string;
}

/** The rows of a piece, in texts that are each a JSON array. */
export async function readRows(db: D1Database, organizationId: string, piece: Piece): Promise<string[]> {
  const { table } = piece;
  const rows = rowsOf(piece, organizationId);
  const sql = `
    SELECT json_group_array(json(line)) AS text
    FROM (
      SELECT
        ${jsonOf(travelling(table))} AS line,
        (row_number() OVER (ORDER BY ${keyOf(table).join(', ')}) - 1) / ${LIMITS.moveRowsPerText} AS part
      ${rows.sql}
    )
    GROUP BY part
    ORDER BY part`;
  const { results } = await db
    .prepare(sql)
    .bind(...rows.values)
    .all<{ text: string }>();
  return results.map(({ text }) => text);
}

/** SQL: whether it is still our turn (a parameter) to write here. */
const isOurs = (turn: string) =>
  `EXISTS (SELECT 1 FROM usage_fences WHERE organization_id = ?1 AND turn = CAST(${turn} AS INTEGER))`;

const isAmong = ({ primaryKey }: MovedTable, rows: string) =>
  `(${primaryKey.join(', ')}) IN (SELECT ${primaryKey.map((column) => `row.${column}`).join(', ')} ${rows})`;

/** Makes a piece be these rows, in one transaction; nothing where it is another's turn. */
export async function writeRows(
  db: D1Database,
  organizationId: string,
  piece: Piece,
  texts: readonly string[],
  turn: number,
): Promise<void> {
  const { table } = piece;
  const { name, parent, columns, anew, hasId } = table;
  const first = parent?.columns.length ?? 0;
  const made = Object.entries(anew).filter((entry): entry is [string, string] => entry[1] !== null);
  const into = [...(parent ? [parent.by] : []), ...columns, ...made.map(([column]) => column)];
  const values = [
    ...(parent ? [`parent.${parent.id}`] : []),
    ...columns.map((_, i) => pathOf(first + i)),
    ...made.map(([, sql]) => sql),
  ];
  // What it belongs to and is not here yet comes with a later look, and so does this row.
  const found = parent
    ? `CROSS JOIN ${parent.name} AS parent ON parent.organization_id = ?1
        ${parent.columns.map((column, i) => `AND parent.${column} = ${pathOf(i)}`).join(' ')}`
    : '';
  // Rows that others name by their id must keep it, and are never changed.
  const insert = `INSERT OR ${hasId ? 'IGNORE' : 'REPLACE'} INTO ${name} (${into.join(', ')})
    SELECT ${values.join(', ')}
    FROM ${eachRow('?3')} AS given ${found}
    WHERE ${isOurs('?2')}
    ORDER BY given.key`;
  const rows = rowsOf(piece, organizationId);
  const forget = `DELETE FROM ${name} WHERE ${isAmong(table, rows.sql)} AND ${isOurs(`?${rows.values.length + 1}`)}`;
  await db.batch([
    ...(hasId ? [] : [db.prepare(forget).bind(...rows.values, turn)]),
    ...texts.map((text) => db.prepare(insert).bind(organizationId, turn, text)),
  ]);
}

/** Deletes some rows of a table; none where it is another's turn. Answers with how many went. */
export async function deleteRows(
  db: D1Database,
  organizationId: string,
  table: MovedTable,
  turn: number,
): Promise<number> {
  const rows = rowsOf({ table, after: null, upTo: null }, organizationId);
  const some = `${rows.sql} LIMIT ${LIMITS.moveRowsMax}`;
  const sql = `DELETE FROM ${table.name} WHERE ${isAmong(table, some)} AND ${isOurs('?2')}`;
  const { meta } = await db.prepare(sql).bind(organizationId, turn).run();
  return meta.changes;
}
