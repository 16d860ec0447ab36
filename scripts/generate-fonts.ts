/**
 * Writes src/billing/documents/noto-sans.generated.ts: Noto Sans for documents, cut down to the letters below.
 *
 *   node_modules/.bin/node scripts/generate-fonts.ts           writes the file
 *   node_modules/.bin/node scripts/generate-fonts.ts --check   writes nothing, exits 1 if the fonts differ
 *
 * It runs by hand when the font's package is upgraded. Cut beforehand, because the PDF library embeds hardly any glyph of
 * the whole font; without kerning and ligatures, which the library does not place; without hints, which no printer needs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import subsetFont from 'subset-font';
import { REGULAR, SEMI_BOLD } from '../src/billing/documents/noto-sans.generated.ts';

const FILE = join(import.meta.dirname, '../src/billing/documents/noto-sans.generated.ts');
const PACKAGE = '@expo-google-fonts/noto-sans';

/** First and last code point of each range; the font has not all of them. */
const LETTERS: readonly (readonly [first: number, last: number])[] = [
  // Latin, with what Polish, Turkish, Romanian and the other languages of Europe and Africa add to it.
  [0x20, 0x7e],
  [0xa0, 0x24f],
  [0x259, 0x259],
  [0x2bb, 0x2bc],
  [0x2c6, 0x2dd],
  // Greek, with the accents of older Greek: names have them.
  [0x370, 0x3ff],
  [0x1f00, 0x1fff],
  // Cyrillic.
  [0x400, 0x52f],
  // Vietnamese, and the rest of Latin.
  [0x1e00, 0x1eff],
  // Punctuation, currencies, and signs of firms and products.
  [0x2010, 0x2027],
  [0x2030, 0x203a],
  [0x20a0, 0x20c0],
  [0x2116, 0x2116],
  [0x2122, 0x2122],
  [0x2212, 0x2212],
];

const text = LETTERS.map(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)).join(''),
).join('');

const [regular, semiBold] = [await cut('400Regular'), await cut('600SemiBold')];
if (process.argv.includes('--check')) {
  const same = [
    [REGULAR, regular],
    [SEMI_BOLD, semiBold],
  ] as const;
  // What is packed is compared, not how: another zlib packs otherwise.
  if (!same.every(([packed, font]) => inflateRawSync(Buffer.from(packed, 'base64')).equals(font))) {
    console.error('The fonts differ from what this script makes. Run it without --check.');
    process.exit(1);
  }
} else {
  const version = JSON.parse(readFileSync(join(folder(), 'package.json'), 'utf8')).version;
  writeFileSync(
    FILE,
    `// Written by scripts/generate-fonts.ts from ${PACKAGE} ${version}. Copyright 2022 The Noto Project Authors, OFL.txt.
// TrueType, deflated, base64.
export const REGULAR = '${packed(regular)}';
export const SEMI_BOLD = '${packed(semiBold)}';
`,
  );
}

async function cut(style: string): Promise<Buffer> {
  const font = readFileSync(join(folder(), style, `NotoSans_${style}.ttf`));
  return subsetFont(font, text, {
    targetFormat: 'truetype',
    noHinting: true,
    dropTables: ['GSUB', 'GPOS', 'GDEF'],
  });
}

function packed(font: Buffer): string {
  return deflateRawSync(font, { level: 9 }).toString('base64');
}

function folder(): string {
  return join(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`), '..');
}
