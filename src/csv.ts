/** CSV as RFC 4180 has it, for files that people open in a spreadsheet. */

type Cell = string | number | boolean | null | Amount;

/** Digits of ours: below zero they begin as a formula does, and are to be summed. */
interface Amount {
  amount: string;
}

/** One line without its end, which is CR LF. Null is an empty cell. */
export function csvLine(cells: readonly Cell[]): string {
  return cells.map(csvCell).join(',');
}

/** A spreadsheet takes what begins so for a formula, and runs what a caller put into a header. */
const FORMULA = /^[\t\r\n]|^\s*[=+\-@＝＋－＠]/;

function csvCell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'object') return value.amount;
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
