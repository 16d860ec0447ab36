/** What every part of a document is laid out with: its words, its typefaces, its measures, and small blocks to build from. */
import { formatMinorUnits, type MinorUnits } from '../../money/minor-units.ts';
import type { Canvas, Colour, TextStyle } from './canvas.ts';
import type { BillingDocument, PrintedDocument } from './document.ts';
import type { Block } from './paginate.ts';
import type { Paper } from './paper.ts';
import type { Typefaces } from './typeface.ts';
import type { Words } from './words.ts';

export type PageBlock = Block<Canvas>;

export const MARGIN = 48;
const COLUMN_GAP = 28;
const INK: Colour = [0.1, 0.12, 0.16];
const GREY: Colour = [0.39, 0.42, 0.47];
export const HAIRLINE: Colour = [0.87, 0.88, 0.9];

export interface Sheet<Printed extends PrintedDocument = BillingDocument> {
  document: Printed;
  words: Words;
  faces: Typefaces;
  paper: Paper;
  left: number;
  right: number;
  width: number;
  accent: Colour;
  styles: Record<'title' | 'headline' | 'body' | 'strong' | 'label' | 'small', TextStyle>;
  money(amount: MinorUnits): string;
}

export function sheetOf<Printed extends PrintedDocument>(
  document: Printed,
  words: Words,
  faces: Typefaces,
  paper: Paper,
): Sheet<Printed> {
  const [left, right] = [MARGIN, paper.width - MARGIN];
  const { regular, semiBold } = faces;
  return {
    document,
    words,
    faces,
    paper,
    left,
    right,
    width: right - left,
    accent: document.colour === null ? INK : colourOf(document.colour),
    styles: {
      title: { face: semiBold, size: 20, colour: INK },
      headline: { face: semiBold, size: 14, colour: INK },
      body: { face: regular, size: 9, colour: INK },
      strong: { face: semiBold, size: 9, colour: INK },
      label: { face: regular, size: 9, colour: GREY },
      small: { face: regular, size: 8, colour: GREY },
    },
    money: (amount) => formatMinorUnits(amount, document.currency),
  };
}

/** Where the right one of two columns begins: the buyer, and under it the sums. */
export function secondColumn({ left, width }: Sheet): number {
  return left + (width + COLUMN_GAP) / 2;
}

/** How far one line's top is from the next one's. */
export function lineHeight({ size }: TextStyle): number {
  return size * 1.45;
}

/** Where letters stand within a line of this top: a fifth of the size hangs below, and the rest is parted evenly. */
export function baseline(top: number, style: TextStyle): number {
  return top + lineHeight(style) / 2 + style.size * 0.36;
}

export function block(height: number, draw: PageBlock['draw'], rest: Partial<PageBlock> = {}): PageBlock {
  return { height, draw, keepsWithNext: false, tableHeader: null, isSpace: false, ...rest };
}

/** A space belongs to what comes after it, so that it never ends a page by itself. */
export function space(height: number): PageBlock {
  return block(height, () => {}, { isSpace: true, keepsWithNext: true });
}

/** A column: its lines from `x` on. */
export interface Column {
  x: number;
  lines: readonly { text: string; style: TextStyle }[];
}

/** Columns side by side, a block for each of their lines: so they may be parted by a page where they must. */
export function columns(beside: readonly Column[], rest: Partial<PageBlock> = {}): PageBlock[] {
  const count = Math.max(...beside.map(({ lines }) => lines.length));
  return Array.from({ length: count }, (_, i) => {
    const line = beside.flatMap(({ x, lines }) => (lines[i] ? [{ x, ...lines[i] }] : []));
    return block(
      Math.max(...line.map(({ style }) => lineHeight(style))),
      (canvas, top) => {
        for (const { x, text, style } of line) canvas.text(text, x, baseline(top, style), style);
      },
      { keepsWithNext: true, ...rest },
    );
  });
}

/** The lines of a text in one style, for a column. */
export function wrapped(text: string, style: TextStyle, width: number): Column['lines'] {
  return style.face.lines(text, style.size, width).map((line) => ({ text: line, style }));
}

/** A text of its own below what is above. */
export function paragraph({ styles, left, width }: Sheet<PrintedDocument>, text: string): PageBlock[] {
  const lines = wrapped(text, styles.label, width);
  const blocks = [space(14), ...columns([{ x: left, lines }], { keepsWithNext: false })];
  return lines.length > 0 ? blocks : [];
}

function colourOf(hex: string): Colour {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  if (!match) throw new RangeError(`not a colour: ${hex}`);
  const [, red = '', green = '', blue = ''] = match;
  return [Number.parseInt(red, 16) / 255, Number.parseInt(green, 16) / 255, Number.parseInt(blue, 16) / 255];
}
