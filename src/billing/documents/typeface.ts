/**
 * A font inside one PDF: how wide a text is, where it is broken into lines, and how it is written into a page. Texts come
 * from people; what the font lacks is told by numbers (characters.ts).
 */
import type { PDFDocument, PDFFont, PDFHexString } from 'pdf-lib';
import { drawable } from './characters.ts';
import type { Fonts } from './fonts.ts';
import { TrueType } from './truetype.ts';

/** Reading a font takes longer than writing a page, so it happens once in an isolate. */
const read = new WeakMap<Uint8Array, TrueType>();

/** After these a word may be broken, besides at spaces. */
const BREAKS = /(?<=[-/@_,;:])(?=[^\s])/u;

export class Typeface {
  /** Whether some text was told by numbers. */
  hasCodePoints = false;
  readonly #font: PDFFont;
  readonly #known: ReadonlySet<number>;
  readonly #widths = new Map<string, number>();

  constructor(font: PDFFont) {
    this.#font = font;
    this.#known = new Set(font.getCharacterSet());
  }

  get ref() {
    return this.#font.ref;
  }

  /** `text` as it will be drawn; every other method wants it so. */
  drawn(text: string): string {
    const { text: drawn, hasCodePoints } = drawable(text, this.#known);
    if (hasCodePoints) this.hasCodePoints = true;
    return drawn;
  }

  /** In points. The fonts have neither kerning nor ligatures, so that it is the sum over the letters. */
  width(text: string, size: number): number {
    let width = 0;
    for (const char of text) {
      let one = this.#widths.get(char);
      if (one === undefined) {
        one = this.#font.widthOfTextAtSize(char, 1);
        this.#widths.set(char, one);
      }
      width += one;
    }
    return width * size;
  }

  encode(text: string): PDFHexString {
    return this.#font.encodeText(text);
  }

  /** The lines of `text` within `width` points: broken at spaces, else behind a hyphen or the like, else within a word. */
  lines(text: string, size: number, width: number): string[] {
    const lines: string[] = [];
    let line = '';
    const add = (piece: string, gap: string) => {
      const longer = line === '' ? piece : line + gap + piece;
      if (this.width(longer, size) <= width) {
        line = longer;
        return true;
      }
      return false;
    };
    const end = () => {
      if (line !== '') lines.push(line);
      line = '';
    };
    for (const word of this.drawn(text).split(' ')) {
      if (word === '' || add(word, ' ')) continue;
      if (this.width(word, size) <= width) {
        end();
        line = word;
        continue;
      }
      // Too long for any line: it goes on where the line is, so that no line is left half empty.
      let gap = ' ';
      for (const piece of word.split(BREAKS)) {
        if (!add(piece, gap)) {
          end();
          for (const char of piece) {
            if (add(char, '')) continue;
            end();
            line = char;
          }
        }
        gap = '';
      }
    }
    end();
    return lines;
  }
}

export interface Typefaces {
  regular: Typeface;
  semiBold: Typeface;
}

export async function embedFonts(pdf: PDFDocument, fonts: Fonts): Promise<Typefaces> {
  const fontkit = {
    create(bytes: Uint8Array): TrueType {
      const font = read.get(bytes) ?? new TrueType(bytes);
      read.set(bytes, font);
      return font;
    },
  };
  // Its type is all that fontkit has; what pdf-lib uses of it, TrueType has.
  pdf.registerFontkit(fontkit as unknown as Parameters<PDFDocument['registerFontkit']>[0]);
  // A file has the letters that it uses, some 10 KB instead of 180. Six letters and a plus say so to who reads it.
  const embed = async (bytes: Uint8Array, style: string) =>
    new Typeface(await pdf.embedFont(bytes, { subset: true, customName: `PURSER+NotoSans-${style}` }));
  return { regular: await embed(fonts.regular, 'Regular'), semiBold: await embed(fonts.semiBold, 'SemiBold') };
}
