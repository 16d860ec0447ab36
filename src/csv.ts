/** Cells of the CSV files that people open in a spreadsheet. */

/** A spreadsheet takes what begins so for a formula, and runs what a caller put into a header. */
const FORMULA = /^[\t\r\n]|^\s*[=+\-@＝＋－＠]/;

export function csvCell(value: string | number | boolean | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
