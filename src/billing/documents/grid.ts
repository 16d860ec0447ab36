/** A table of texts at its left and numbers at its right, in one style a row; its header repeats on each page. */
import type { PrintedDocument } from './document.ts';
import { baseline, block, HAIRLINE, lineHeight, type PageBlock, type Sheet } from './sheet.ts';

const COLUMN_GAP = 14;
const ROW_PADDING = 3.5;
const RULE = 0.6;

export interface GridRow {
  /** The last one has what room there is up to the numbers. */
  texts: readonly string[];
  numbers: readonly string[];
  style: 'body' | 'strong';
  keepsWithNext?: boolean;
}

/** `head` has a title for each column; texts share the room that numbers leave, which are as wide as they are. */
export function grid(
  sheet: Sheet<PrintedDocument>,
  head: { texts: readonly string[]; numbers: readonly string[] },
  rows: readonly GridRow[],
): PageBlock[] {
  const { faces, styles, left, right, width, accent } = sheet;
  const widths = head.numbers.map((title, i) => {
    const shown = rows.map(({ numbers, style }) => styles[style].face.width(numbers[i] ?? '', styles[style].size));
    return Math.max(faces.regular.width(title, styles.label.size), ...shown);
  });
  // From the right: where each of them ends.
  let end = right;
  const ends = widths
    .toReversed()
    .map((columnWidth) => {
      const at = end;
      end -= columnWidth + COLUMN_GAP;
      return at;
    })
    .toReversed();
  const textWidth = (end - left) / head.texts.length;

  const draw = (texts: readonly string[], numbers: readonly string[], style: Sheet['styles']['body']) => {
    const lines = texts.map((text, i) => {
      const room = i === texts.length - 1 ? end - left - i * textWidth : textWidth - COLUMN_GAP;
      return style.face.lines(text, style.size, room);
    });
    const count = Math.max(1, ...lines.map((of) => of.length));
    const at = (line: number, top: number) => baseline(top + line * lineHeight(style), style);
    return {
      height: count * lineHeight(style),
      draw: (canvas: Parameters<PageBlock['draw']>[0], top: number) => {
        for (const [i, of] of lines.entries())
          for (const [line, text] of of.entries()) canvas.text(text, left + i * textWidth, at(line, top), style);
        for (const [i, number] of numbers.entries()) canvas.text(number, ends[i] ?? right, at(0, top), style, 'end');
      },
    };
  };

  const titles = draw(head.texts, head.numbers, styles.label);
  const header = block(titles.height + ROW_PADDING + 1, (canvas, top) => {
    titles.draw(canvas, top);
    canvas.box(left, top + titles.height + ROW_PADDING, width, 1, accent);
  });
  return rows.map(({ texts, numbers, style, keepsWithNext = false }) => {
    const row = draw(texts, numbers, styles[style]);
    const height = row.height + 2 * ROW_PADDING + RULE;
    return block(
      height,
      (canvas, top) => {
        row.draw(canvas, top + ROW_PADDING);
        canvas.box(left, top + height - RULE, width, RULE, HAIRLINE);
      },
      { tableHeader: header, keepsWithNext },
    );
  });
}
