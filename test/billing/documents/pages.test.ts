/**
 * Documents as they look, against pictures that a person has looked at (pictures/, and beside each what is read out of it).
 * Text can be read out of a page on which no letter is drawn, so neither stands for the other. After a change of the
 * layout: `NEW_PICTURES=1 npx vitest run --project core test/billing/documents/pages.test.ts -u`, and look at each.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PrintedDocument } from '../../../src/billing/documents/document.ts';
import { type Fonts, loadFonts } from '../../../src/billing/documents/fonts.ts';
import { renderDocument } from '../../../src/billing/documents/render.ts';
import { TrueType } from '../../../src/billing/documents/truetype.ts';
import { statementDocument } from '../../../src/billing/statements/paper.ts';
import { type DrawnPage, differingPixels, drawPages, readPng, writePng } from '../../support/grey-picture.ts';
import { october } from '../statements/samples.ts';
import { longInvoice, manyScripts, plainInvoice, reverseChargeCreditNote } from './samples.ts';

const PICTURES = join(import.meta.dirname, 'pictures');

/** 90 dots an inch: a comma has some pixels, a page 25 KB. */
const SCALE = 1.25;

/** The smallest accent has more; the same page drawn twice differs in none. */
const PIXELS_MAX = 4;

async function drawn(document: PrintedDocument, fonts?: Fonts): Promise<DrawnPage[]> {
  return drawPages(await renderDocument(document, fonts ?? (await loadFonts())), SCALE);
}

/** On each page, how many pixels are not as in its stored picture. */
function differences(name: string, pages: readonly DrawnPage[]): number[] {
  return pages.map(({ picture }, i) => {
    const file = join(PICTURES, `${name}-${i + 1}.png`);
    if (process.env.NEW_PICTURES) writeFileSync(file, writePng(picture));
    return differingPixels(picture, readPng(readFileSync(file)));
  });
}

it.each([
  ['invoice', plainInvoice(), 1],
  ['credit-note', reverseChargeCreditNote(), 1],
  ['80-lines', longInvoice(), 4],
  ['scripts', manyScripts(), 1],
  ['statement', statementDocument(october()), 1],
] as const)('%s looks and reads as it did', async (name, document, count) => {
  const pages = await drawn(document);
  expect(pages).toHaveLength(count);
  const text = pages.map((page) => page.text.replaceAll('\r\n', '\n')).join('\n\n---\n\n');
  await expect(`${text}\n`).toMatchFileSnapshot(join(PICTURES, `${name}.txt`));
  for (const different of differences(name, pages)) expect(different).toBeLessThanOrEqual(PIXELS_MAX);
});

it('a single letter that is not drawn shows in the picture, and not in the text', async () => {
  const fonts = await loadFonts();
  const [right, wrong] = [
    await drawn(manyScripts()),
    await drawn(manyScripts(), { ...fonts, regular: withoutOutline(fonts.regular, 'ґ') }),
  ];
  expect(wrong.map(({ text }) => text)).toEqual(right.map(({ text }) => text));
  expect(differences('scripts', wrong)[0]).toBeGreaterThan(PIXELS_MAX);
});

it('every letter that the fonts say they have has an outline, and both have the same', async () => {
  const { regular, semiBold } = await loadFonts();
  const [letters, others] = [new TrueType(regular), new TrueType(semiBold)].map((font) => {
    for (const code of font.characterSet) {
      // Spaces; and the soft hyphen, which is left out of every text.
      if ([0x20, 0xa0, 0xad].includes(code)) continue;
      expect(font.outline(glyphOf(font, code)).length, `U+${code.toString(16)}`).toBeGreaterThan(10);
    }
    return font.characterSet;
  });
  expect(letters).toEqual(others);
});

/** The font with nothing where one letter was. */
function withoutOutline(font: Uint8Array, letter: string): Uint8Array {
  const id = glyphOf(new TrueType(font), letter.codePointAt(0) ?? 0);
  const copy = Uint8Array.from(font);
  const view = new DataView(copy.buffer);
  const tables = new Map(
    Array.from({ length: view.getUint16(4) }, (_, i) => {
      const at = 12 + i * 16;
      return [String.fromCharCode(...copy.subarray(at, at + 4)), view.getUint32(at + 8)];
    }),
  );
  const [loca = 0, head = 0] = [tables.get('loca'), tables.get('head')];
  // Where each glyph begins; the next one's beginning is its end. The one before gets what was its outline, and never looks there.
  if (view.getInt16(head + 50) === 0) view.setUint16(loca + id * 2, view.getUint16(loca + id * 2 + 2));
  else view.setUint32(loca + id * 4, view.getUint32(loca + id * 4 + 4));
  return copy;
}

function glyphOf(font: TrueType, code: number): number {
  return font.layout(String.fromCodePoint(code)).glyphs[0]?.id ?? 0;
}
