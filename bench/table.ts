/** Plain text in columns. */

/** The first column to the left, the others to the right. A line of one cell is a heading and makes no column wider. */
export function table(lines: readonly string[][]): string {
  const columns = Math.max(...lines.map((cells) => cells.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...lines.filter((cells) => cells.length > 1).map((cells) => cells[column]?.length ?? 0)),
  );
  const write = (cells: string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return lines.map((cells) => (cells.length === 1 ? `\n${cells[0]}` : write(cells))).join('\n');
}
