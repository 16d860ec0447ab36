/**
 * How lists are asked for and cut into pages: `limit`, `cursor` (the last id seen), `q`, and `sort`, a field's name, with
 * a minus before it downwards. Rows of one value are in the order of their ids, so that no page repeats or leaves out one.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';

export const PAGE = {
  limit: z.coerce.number().int().min(1).max(LIMITS.pageMax).default(LIMITS.pageDefault),
  cursor: z.string().max(LIMITS.idLengthMax).optional(),
  q: z.string().max(LIMITS.nameLengthMax).optional(),
};

/** The cursor of a list whose rows are numbered: the last number seen. */
export const NUMBER_CURSOR = z
  .string()
  .regex(/^\d{1,15}$/, { error: 'cursor must be what nextCursor said.' })
  .optional();

export interface Page {
  limit: number;
  cursor?: string | undefined;
  q?: string | undefined;
  sort: string;
}

/** What a list can be sorted by: SQL over one row, by the API's name of it. Never null, or the row would be in no page. */
export type Sorts = Record<string, string>;

export function sortOf(sorts: Sorts, first: string) {
  const names = Object.keys(sorts).flatMap((name) => [name, `-${name}`]);
  return z.enum(names, { error: `sort must be one of: ${names.join(', ')}.` }).default(first);
}

/** The SQL of an order by one `value`, then by id: `after` is true of rows behind that with the id `cursor` (a parameter) in `table`. */
export function orderBy(sorts: Sorts, sort: string, table: string, cursor: string) {
  const down = sort.startsWith('-');
  const value = sorts[down ? sort.slice(1) : sort];
  if (value === undefined) throw new Error(`no list is sorted by ${sort}`);
  const direction = down ? 'DESC' : 'ASC';
  return {
    after: `(${cursor} IS NULL OR (${value}, id) ${down ? '<' : '>'} (
      SELECT ${value}, id FROM ${table} WHERE id = ${cursor} AND organization_id = ?1
    ))`,
    by: `${value} ${direction}, id ${direction}`,
    value,
    direction,
  };
}

/** The page, of rows of which one more was read than it takes. */
export function cutPage<Row extends { id: string }>(
  rows: readonly Row[],
  limit: number,
): { rows: Row[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  return { rows: page, nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** A list that needs no more than one table: whose rows count (`where`), and in which column `q` searches. */
interface List {
  table: string;
  columns: string;
  where: string;
  searched: string;
  sorts: Sorts;
}

/** A page of an organization's list, as of now. */
export async function readPage<Row extends { id: string }>(
  db: D1Database,
  { table, columns, where, searched, sorts }: List,
  organizationId: string,
  page: Page,
): Promise<{ rows: Row[]; nextCursor: string | null }> {
  const { after, by } = orderBy(sorts, page.sort, table, '?2');
  const { results } = await db
    .withSession('first-primary')
    .prepare(
      `SELECT ${columns}
       FROM ${table}
       WHERE organization_id = ?1
         AND ${where}
         AND ${after}
         AND (?3 IS NULL OR instr(lower(${searched}), lower(?3)) > 0)
       ORDER BY ${by}
       LIMIT CAST(?4 AS INTEGER)`,
    )
    .bind(organizationId, page.cursor ?? null, page.q ?? null, page.limit + 1)
    .all<Row>();
  return cutPage(results, page.limit);
}
