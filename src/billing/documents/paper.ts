/** The paper of a document, in points (1/72 inch). */

export interface Paper {
  width: number;
  height: number;
}

const A4: Paper = { width: 595.28, height: 841.89 };
const LETTER: Paper = { width: 612, height: 792 };

/** The territories that print on Letter, by Unicode's CLDR (supplemental data, paperSize). */
const LETTER_COUNTRIES = new Set('BZ CA CL CO CR GT MX NI PA PH PR SV US VE'.split(' '));

/** What the one who will print the document has in the printer; A4 where nobody knows (empty). */
export function paperOf(countryCode: string): Paper {
  return LETTER_COUNTRIES.has(countryCode) ? LETTER : A4;
}
