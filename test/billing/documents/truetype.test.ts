/** Fonts read and cut down without a library. That what is drawn is right is seen in pages.test.ts. */
import { expect, it } from 'vitest';
import { loadFonts } from '../../../src/billing/documents/fonts.ts';
import { TrueType } from '../../../src/billing/documents/truetype.ts';

it('reads the widths of letters as Noto Sans has them, in thousandths', async () => {
  const { regular } = await loadFonts();
  const { glyphs } = new TrueType(regular).layout('A0ễЖ');
  expect(glyphs.map(({ advanceWidth }) => advanceWidth)).toEqual([639, 572, 564, 905]);
});

it('makes a font that has the outlines of the letters used, with all parts of a composed one, and no others', async () => {
  const { regular } = await loadFonts();
  const font = new TrueType(regular);
  const { glyphs } = font.layout('Aễ');
  const subset = font.createSubset();
  expect(glyphs.map((glyph) => subset.includeGlyph(glyph))).toEqual([1, 2]);
  const files: Uint8Array[] = [];
  subset.encodeStream().on('data', (bytes) => bytes && files.push(bytes));
  const [file = new Uint8Array()] = files;
  expect(file.length).toBeLessThan(2_000);
  const view = new DataView(file.buffer);
  const tags = Array.from({ length: view.getUint16(4) }, (_, i) =>
    String.fromCharCode(...file.subarray(12 + i * 16, 16 + i * 16)),
  );
  expect(tags).toEqual(['glyf', 'head', 'hhea', 'hmtx', 'loca', 'maxp']);
});

it('throws at a letter that the font lacks, and at what is no font', async () => {
  const { regular } = await loadFonts();
  expect(() => new TrueType(regular).layout('張')).toThrow('U+5f35');
  expect(() => new TrueType(new Uint8Array(64))).toThrow('not a TrueType font');
});

it('gives no two letters one glyph, so that each is read as it was written', async () => {
  const { regular } = await loadFonts();
  const font = new TrueType(regular);
  const shared = Map.groupBy(font.characterSet, (code) => font.layout(String.fromCodePoint(code)).glyphs[0]?.id);
  const groups = [...shared.values()]
    .filter((codes) => codes.length > 1)
    .map((codes) => String.fromCodePoint(...codes));
  expect(groups).toEqual([]);
});
