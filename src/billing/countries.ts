/** Countries as people write them: a code (ISO 3166-1, two letters) or an English name, as Intl has them. */
import type { Party } from './documents/document.ts';

const FIRST = 'A'.charCodeAt(0);
const LETTERS = Array.from({ length: 26 }, (_, i) => String.fromCharCode(FIRST + i));

/** What Intl calls no country: groups of them, and places without a postman. */
const NONE = new Set(['EU', 'EZ', 'UN', 'XA', 'XB', 'ZZ', 'QO']);

let known: Map<string, Party['country']> | undefined;

/** The country; where nobody knows it, what was typed under no code. */
export function countryOf(text: string): Party['country'] {
  known ??= countries();
  const typed = text.trim();
  return known.get(typed.toLowerCase()) ?? { code: '', name: typed };
}

function countries(): Map<string, Party['country']> {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const byText = new Map<string, Party['country']>();
  for (const code of LETTERS.flatMap((first) => LETTERS.map((second) => first + second))) {
    const name = NONE.has(code) ? undefined : names.of(code);
    // Codes of countries that are no more have the names of their heirs: the first code of a name in use is not theirs.
    if (name === undefined || Intl.getCanonicalLocales(`und-${code}`)[0] !== `und-${code}`) continue;
    byText.set(code.toLowerCase(), { code, name });
    byText.set(name.toLowerCase(), { code, name });
  }
  return byText;
}
