/**
 * What of a text can be drawn. A letter that the font lacks would be an empty box or nothing at all, while the text in the
 * file still reads right; so every text of a document passes here first.
 *
 * The declared fallback: the letter's compatibility form where that can be drawn (a full-width "Ａ" becomes "A"), else its
 * Unicode number, those of a run in one pair of brackets: "[U+5F35 U+4E09]". Controls and marks of direction, which have
 * no picture in any font, are left out.
 */

const INVISIBLE = /[\p{Cf}\p{Cc}\p{Cs}\p{Variation_Selector}]/u;
const SPACE = /^\s$/u;
const NO_BREAK_SPACES = new Set(['\u00a0', '\u202f', '\u2007']);

export interface Drawable {
  text: string;
  /** Whether some of it is told by numbers. */
  hasCodePoints: boolean;
}

/** `text` as it can be drawn with the letters of `known` (code points). Line breaks become spaces. */
export function drawable(text: string, known: ReadonlySet<number>): Drawable {
  const has = (part: string) => [...part].every((char) => known.has(char.codePointAt(0) ?? -1));
  let out = '';
  let numbers: string[] = [];
  let hasCodePoints = false;
  const endRun = () => {
    if (numbers.length > 0) out += `[${numbers.join(' ')}]`;
    numbers = [];
  };
  // Composed first: the font has "ễ" as one letter, and not the marks by themselves.
  for (const char of text.normalize('NFC')) {
    if (SPACE.test(char)) {
      endRun();
      out += NO_BREAK_SPACES.has(char) ? '\u00a0' : ' ';
      continue;
    }
    if (INVISIBLE.test(char)) continue;
    const drawn = has(char) ? char : char.normalize('NFKC');
    if (has(drawn)) {
      endRun();
      out += drawn;
    } else {
      numbers.push(`U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`);
      hasCodePoints = true;
    }
  }
  endRun();
  return { text: out, hasCodePoints };
}
