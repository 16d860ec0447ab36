/** The lines of a document, and the sums under them, with all amounts in one column at the right. */
import { formatDecimal } from '../../money/minor-units.ts';
import type { TextStyle } from './canvas.ts';
import type { Line } from './document.ts';
import {
  baseline,
  block,
  HAIRLINE,
  lineHeight,
  type PageBlock,
  type Sheet,
  secondColumn,
  space,
  wrapped,
} from './sheet.ts';

const COLUMN_GAP = 16;
const ROW_PADDING = 4.5;
const RULE = 0.6;
/** So many rows go with the sums: a page that begins with a total says of nothing what it is the total of. */
const ROWS_WITH_SUMS = 2;

/** What stands at the right of a description, each ending at its `end`. */
interface NumberColumn {
  title: string;
  end: number;
  cell(line: Line): string;
}

interface Columns {
  numbers: readonly NumberColumn[];
  descriptionWidth: number;
}

/** As wide as what is in them, so that no amount of any currency runs into another. */
function columnsOf({ document, words, faces, styles, left, right, money }: Sheet): Columns {
  const shown: Omit<NumberColumn, 'end'>[] = [
    { title: words.quantity, cell: ({ quantity }) => formatDecimal(quantity) },
    { title: words.unitPrice, cell: ({ unitPrice }) => money(unitPrice) },
    { title: words.tax, cell: ({ taxPercent }) => (taxPercent === null ? '–' : `${taxPercent}%`) },
    { title: words.amount, cell: ({ amount }) => money(amount) },
  ];
  const wanted = shown.filter(({ title }) => title !== words.tax || document.taxes.length > 0);
  let end = right;
  const numbers = wanted.reverse().map((column) => {
    const texts = [column.title, ...document.lines.map(column.cell)];
    const placed = { ...column, end };
    end -= Math.max(...texts.map((text) => faces.regular.width(text, styles.body.size))) + COLUMN_GAP;
    return placed;
  });
  return { numbers: numbers.reverse(), descriptionWidth: end - left };
}

function tableHeader(sheet: Sheet): PageBlock {
  const { words, styles, left, width, accent } = sheet;
  const { numbers } = columnsOf(sheet);
  const style = styles.label;
  const height = lineHeight(style) + ROW_PADDING + 1;
  return block(height, (canvas, top) => {
    const at = baseline(top, style);
    canvas.text(words.description, left, at, style);
    for (const { title, end } of numbers) canvas.text(title, end, at, style, 'end');
    canvas.box(left, top + height - 1, width, 1, accent);
  });
}

export function tableRows(sheet: Sheet): PageBlock[] {
  const { document, words, styles, left, width } = sheet;
  const header = tableHeader(sheet);
  const { numbers, descriptionWidth } = columnsOf(sheet);
  const firstWithSums = document.lines.length - ROWS_WITH_SUMS;
  return document.lines.flatMap((line, row) => {
    const texts = [
      ...wrapped(line.description, styles.body, descriptionWidth),
      ...(line.period ? wrapped(words.period(line.period), styles.small, descriptionWidth) : []),
    ];
    // A line without a description still has its amount.
    const lines = texts.length > 0 ? texts : [{ text: '', style: styles.body }];
    return lines.map(({ text, style }, i) => {
      const [above, isLast] = [i === 0 ? ROW_PADDING : 0, i === lines.length - 1];
      const height = above + lineHeight(style) + (isLast ? ROW_PADDING + RULE : 0);
      return block(
        height,
        (canvas, top) => {
          const at = baseline(top + above, style);
          canvas.text(text, left, at, style);
          if (i === 0) for (const { cell, end } of numbers) canvas.text(cell(line), end, at, styles.body, 'end');
          if (isLast) canvas.box(left, top + height - RULE, width, RULE, HAIRLINE);
        },
        { tableHeader: header, keepsWithNext: !isLast || row >= firstWithSums },
      );
    });
  });
}

/** Subtotal, fees, taxes, total, and what of it is paid. */
export function sums(sheet: Sheet): PageBlock[] {
  const { document, words, styles, money } = sheet;
  const { kind, fees, taxes, totals } = document;
  const isVoid = document.kind === 'credit-note' && document.voids;
  const rows: [name: string, amount: string, style: TextStyle][] = [
    [words.subtotal, money(totals.subtotal), styles.body],
    ...fees.map(({ description, amount }) => [description, money(amount), styles.body] as (typeof rows)[number]),
    ...taxes.map(
      ({ name, percent, taxable, amount }) =>
        [words.taxOn(name, percent, money(taxable)), money(amount), styles.body] as (typeof rows)[number],
    ),
    [words.total[kind], money(totals.total), styles.strong],
    [isVoid ? words.voided : words.paid[kind], money(totals.paid), styles.body],
    [words.left[kind], money(totals.due), styles.strong],
  ];
  const blocks = rows.flatMap(([name, amount, style], i) => sumRow(sheet, name, amount, style, i === rows.length - 1));
  return [space(4), ...blocks];
}

function sumRow(sheet: Sheet, name: string, amount: string, style: TextStyle, isLast: boolean): PageBlock[] {
  const { right, accent } = sheet;
  const left = secondColumn(sheet);
  const room = right - left - style.face.width(amount, style.size) - COLUMN_GAP;
  const lines = wrapped(name, style, room);
  const padding = 3.5;
  return lines.map(({ text }, i) => {
    const [isFirstLine, isLastLine] = [i === 0, i === lines.length - 1];
    const above = isFirstLine ? padding : 0;
    const height = above + lineHeight(style) + (isLastLine ? padding + (isLast ? 0 : RULE) : 0);
    return block(
      height,
      (canvas, top) => {
        if (isLast && isFirstLine) canvas.box(left, top - 1, right - left, 1, accent);
        const at = baseline(top + above, style);
        canvas.text(text, left, at, style);
        if (isFirstLine) canvas.text(amount, right, at, style, 'end');
        if (isLastLine && !isLast) canvas.box(left, top + height - RULE, right - left, RULE, HAIRLINE);
      },
      { keepsWithNext: !(isLast && isLastLine) },
    );
  });
}
