/** The declared fallback for what the font lacks. */
import { expect, it } from 'vitest';
import { drawable } from '../../../src/billing/documents/characters.ts';

const KNOWN = new Set([...'ABCabc ễ.-'].map((char) => char.codePointAt(0) ?? 0));

it.each([
  ['Abc', 'Abc'],
  ['a\nb\tc', 'a b c'],
  ['e\u0302\u0303', 'ễ'],
  ['ＡＢＣ', 'ABC'],
  ['a張三b', 'a[U+5F35 U+4E09]b'],
  ['張 三', '[U+5F35] [U+4E09]'],
  ['😀', '[U+1F600]'],
  ['b\u030c', 'b[U+030C]'],
  ['a\u200b\u202eb\ufe0f\u0000c', 'abc'],
  ['\uffff\ud800', '[U+FFFF]'],
  ['', ''],
])('%j is drawn as %j', (text, drawn) => {
  expect(drawable(text, KNOWN)).toEqual({ text: drawn, hasCodePoints: drawn.includes('[') });
});
