/** A statement's pages: what was used by project, with its members and models, and then which ledger entries that was. */
import type { PDFImage } from 'pdf-lib';
import { formatDecimal, minorUnits } from '../../money/minor-units.ts';
import type { Statement, UsageSum } from './document.ts';
import { type GridRow, grid } from './grid.ts';
import { named, title } from './heading.ts';
import { columns, type PageBlock, paragraph, type Sheet, space, wrapped } from './sheet.ts';

/** So many rows stand with the total, and with the title of a table. */
const ROWS_TOGETHER = 2;

export function usageBlocks(sheet: Sheet<Statement>, logo: PDFImage | null): PageBlock[] {
  const { document, words, styles, left, width, money } = sheet;
  const said = words.statement;
  const headline = wrapped(said.usedIn(money(document.total.amount), document.month), styles.headline, width);
  const exact = `${formatDecimal(document.total.exact)} ${document.currency}`;
  return [
    title(sheet, logo),
    space(10),
    ...named(sheet, [
      [said.organization, document.organization],
      [said.project, document.project],
      [said.member, document.member],
      [said.period, words.period(document.period)],
      [said.timeZone, document.timeZone],
      [words.currency, document.currency],
      [said.asOf, said.instant(document.asOf)],
    ]),
    space(22),
    ...columns([{ x: left, lines: headline }]),
    ...(document.preliminary ? columns([{ x: left, lines: wrapped(said.preliminary, styles.strong, width) }]) : []),
    space(12),
    ...(document.groups.length > 0 ? usageTable(sheet) : paragraph(sheet, said.nothing)),
    ...paragraph(sheet, said.rounding(exact, ...lessThanCent(sheet))),
    ...(document.ledger.length > 0 ? ledgerTable(sheet) : []),
  ];
}

function usageTable(sheet: Sheet<Statement>): PageBlock[] {
  const { document, words } = sheet;
  const said = words.statement;
  const rows = document.groups.flatMap((group): GridRow[] => [
    { texts: [group.project], numbers: numbersOf(sheet, group), style: 'strong', keepsWithNext: true },
    ...group.lines.map(
      (line): GridRow => ({ texts: [line.member, line.model], numbers: numbersOf(sheet, line), style: 'body' }),
    ),
  ]);
  const total: GridRow = { texts: [said.total], numbers: numbersOf(sheet, document.total), style: 'strong' };
  const together = rows.map((row, i) => (i >= rows.length - ROWS_TOGETHER ? { ...row, keepsWithNext: true } : row));
  const numbers = [said.requests, said.inputTokens, said.outputTokens, said.cost];
  return grid(sheet, { texts: [said.memberAndModel, said.model], numbers }, [...together, total]);
}

function numbersOf(sheet: Sheet<Statement>, sum: UsageSum): string[] {
  const counts = [sum.requests, sum.inputTokens, sum.outputTokens].map((count) => formatDecimal(String(count)));
  return [...counts, shownAmount(sheet, sum)];
}

/** What is less than a cent and yet something is not shown as nothing. */
function shownAmount(sheet: Sheet<Statement>, { amount, exact }: UsageSum): string {
  const [less, lessBelowZero] = lessThanCent(sheet);
  if (amount !== 0 || exact === '0') return sheet.money(amount);
  return exact.startsWith('-') ? lessBelowZero : less;
}

function lessThanCent({ money }: Sheet<Statement>): [less: string, lessBelowZero: string] {
  return [`<${money(minorUnits(1))}`, `>${money(minorUnits(-1))}`];
}

function ledgerTable(sheet: Sheet<Statement>): PageBlock[] {
  const { document, words, styles, left, width } = sheet;
  const said = words.statement;
  const count = (n: number | null) => (n === null ? '–' : formatDecimal(String(n)));
  const rows = document.ledger.map(({ member, first, last, requests, exact }, i): GridRow => {
    const entries = first === null || last === null ? null : last - first + 1;
    const counts = [first, last, entries, requests].map(count);
    const numbers = [...counts, `${formatDecimal(exact)} ${document.currency}`];
    return { texts: [member], numbers, style: 'body', keepsWithNext: i < ROWS_TOGETHER - 1 };
  });
  const titles = [said.first, said.last, said.entries, said.requests, said.exactCost];
  return [
    space(24),
    ...columns([{ x: left, lines: wrapped(said.ledger, styles.headline, width) }]),
    space(4),
    ...columns([{ x: left, lines: wrapped(said.ledgerMeans, styles.label, width) }]),
    space(12),
    ...grid(sheet, { texts: [said.member], numbers: titles }, rows),
  ];
}
