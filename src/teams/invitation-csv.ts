/**
 * Invitations as CSV: a line of column names, then a line for each address. Columns are `email`, `role`, `projects` (ids or
 * names, parted by `;`) and any field of a budget; what a line leaves empty is as the request says for all. What is wrong is
 * told by line, all of it at once.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';
import { count, like } from '../reference/fields.ts';
import { badRequest } from './api-error.ts';
import { NO_BUDGET } from './budget-body.ts';

/** What is wrong with a line. */
export const LineError = z.object({
  line: count(3),
  param: like('role').nullable(),
  message: like('role must be one of owner, admin, finance, developer, basic.'),
});

type LineError = z.infer<typeof LineError>;

/** The cells of a line by column, as text. */
export interface CsvLine {
  line: number;
  cells: Map<string, string>;
}

export class LineErrors {
  readonly all: LineError[] = [];

  add(line: number, param: string | null, message: string): void {
    this.all.push({ line, param, message });
  }

  has(line: number): boolean {
    return this.all.some((error) => error.line === line);
  }
}

const COLUMNS = ['email', 'role', 'projects', ...Object.keys(NO_BUDGET)];

/** Throws a 400 where it is no such CSV at all. */
export function readCsv(text: string): CsvLine[] {
  const [head, ...rows] = parse(text.replace(/^\uFEFF/, ''));
  const columns = head?.cells.map((cell) => cell.trim()) ?? [];
  const unknown = columns.find((column) => !COLUMNS.includes(column));
  if (unknown !== undefined) throw badRequest('csv', `Unknown column: ${unknown}. There are ${COLUMNS.join(', ')}.`);
  if (!columns.includes('email')) throw badRequest('csv', 'The first line must name the columns, email among them.');
  const lines = rows.filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  if (lines.length === 0) throw badRequest('csv', 'No line invites anybody.');
  if (lines.length > LIMITS.invitationsAtOnceMax) {
    throw badRequest('csv', `At most ${LIMITS.invitationsAtOnceMax} addresses are invited at once.`);
  }
  return lines.map(({ line, cells }) => ({
    line,
    cells: new Map(columns.map((column, i) => [column, cells[i]?.trim() ?? ''])),
  }));
}

/** The budget's fields of a line, as its JSON would have them; those left empty are not there. */
export function budgetCells({ cells }: CsvLine): Record<string, string | number> {
  const fields = Object.keys(NO_BUDGET).flatMap((field): [string, string | number][] => {
    const cell = cells.get(field) ?? '';
    if (cell === '') return [];
    // Amounts of money are text, all other numbers are numbers.
    return [[field, /^\d{1,15}$/.test(cell) && !field.endsWith('Limit') ? Number(cell) : cell]];
  });
  return Object.fromEntries(fields);
}

/** RFC 4180: cells parted by commas, lines by CR and LF or either; a cell in quotes may hold all of these. */
function parse(text: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  let line = 1;
  let row = { line, cells: [] as string[] };
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/y;
  while (cell.lastIndex < text.length || row.cells.length > 0) {
    const found = cell.exec(text);
    if (!found) throw badRequest('csv', `Line ${line} has quotes that do not fit.`);
    const [whole, quoted, plain = '', end = ''] = found;
    row.cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.split(/\r\n|\r|\n/).length - 1;
    if (end === ',') continue;
    rows.push(row);
    row = { line, cells: [] };
    if (end === '') break;
  }
  return rows;
}
