/** What a document's file is, besides how it looks. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PDFDocument, PDFName } from 'pdf-lib';
import { describe, expect, it } from 'vitest';
import { documentPdf } from '../../../src/billing/documents/pdf.ts';
import { LIMITS } from '../../../src/limits.ts';
import { minorUnits } from '../../../src/money/minor-units.ts';
import { drawPages } from '../../support/grey-picture.ts';
import { invoice, line, longInvoice, manyScripts, plainInvoice, reverseChargeCreditNote } from './samples.ts';

const textOf = async (pdf: Uint8Array) => (await drawPages(pdf, 0.2)).map(({ text }) => text).join('\n');

it('is the same bytes for the same document, whatever was rendered in between', async () => {
  const first = await documentPdf(plainInvoice());
  for (const between of [manyScripts(), invoice([line('A\u00a0space', '1', 1)], { currency: 'CHF' })])
    await documentPdf(between);
  const second = await documentPdf(plainInvoice());
  expect(Buffer.compare(first, second)).toBe(0);
  const other = await documentPdf({ ...plainInvoice(), number: '2026-000124' });
  expect(Buffer.compare(first, other)).not.toBe(0);
});

it('names itself, its language and its day', async () => {
  const pdf = await PDFDocument.load(await documentPdf(reverseChargeCreditNote()), { updateMetadata: false });
  expect(pdf.getTitle()).toBe('Credit note CN-2026-000007');
  expect(pdf.getAuthor()).toBe('Purser Example GmbH');
  expect(String(pdf.catalog.get(PDFName.of('Lang')))).toBe('(en)');
  expect(pdf.getCreationDate()).toEqual(new Date('2026-11-22T00:00:00Z'));
  expect(pdf.getModificationDate()).toEqual(new Date('2026-11-22T00:00:00Z'));
});

it('is on the paper of the buyer', async () => {
  const sizeFor = async (code: string) => {
    const { buyer, ...rest } = plainInvoice();
    const bytes = await documentPdf({ ...rest, buyer: { ...buyer, country: { code, name: code } } });
    return (await PDFDocument.load(bytes)).getPage(0).getSize();
  };
  expect(await sizeFor('DE')).toEqual({ width: 595.28, height: 841.89 });
  expect(await sizeFor('US')).toEqual({ width: 612, height: 792 });
});

it('counts its pages and repeats the table header on those with rows', async () => {
  const pages = await drawPages(await documentPdf(longInvoice()), 0.2);
  for (const [i, { text }] of pages.entries()) {
    expect(text).toContain(`Page ${i + 1} of ${pages.length}`);
    expect(text.match(/Description/g)).toHaveLength(1);
  }
});

it('never parts the sums from the last rows, however many rows there are', async () => {
  for (let count = 10; count <= 45; count++) {
    const pages = await drawPages(await documentPdf(longInvoice(count)), 0.1);
    const last = pages.findIndex(({ text }) => text.includes('Subtotal'));
    expect(pages[last]?.text, `${count} lines`).toContain(`Project ${count}:`);
    expect(pages[last]?.text, `${count} lines`).toContain('Amount due');
  }
});

it.each([
  ['USD', 1, '$0.01'],
  ['USD', 99_999_999, '$999,999.99'],
  ['EUR', 99_999_999, '€999,999.99'],
  ['JPY', 99_999_999, '¥99,999,999'],
  ['KWD', 99_999_999, 'KWD 99,999.999'],
])('shows %s %i as %s in the line and in each sum', async (currency, amount, shown) => {
  const text = await textOf(await documentPdf(invoice([line('Credit top-up', '1', amount)], { currency })));
  // Headline, unit price, amount, subtotal, total, paid.
  expect(text.replaceAll('\u00a0', ' ').split(shown)).toHaveLength(7);
});

it('leaves nothing where nothing is said', async () => {
  const party = {
    name: 'A',
    addressLines: [],
    country: { code: 'US', name: 'United States' },
    taxId: null,
    email: null,
  };
  const text = await textOf(
    await documentPdf(invoice([line('', '1', 1)], { seller: party, buyer: party, notes: ['', ' '] })),
  );
  expect(text).not.toMatch(/Tax|undefined|null|Date due|Service period|Credits|\(|\[/);
});

it('breaks a description that is longer than a page over several', async () => {
  const words = Array.from({ length: 3_000 }, (_, i) => `word${i}`);
  const text = await textOf(await documentPdf(invoice([line(words.join(' '), '1', 1)])));
  for (const word of [words[0], words[1_500], words[2_999]]) expect(text).toContain(word);
});

describe('a logo', () => {
  const withLogo = (logo: Uint8Array) => documentPdf({ ...plainInvoice(), logo });

  it('may be a JPEG, which is kept as it is', async () => {
    // A frame of 40 x 20 in one colour: all that is read of it.
    const jpeg = Uint8Array.from([0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 20, 0, 40, 1, 1, 0x11, 0, 0xff, 0xd9]);
    const pdf = new TextDecoder('latin1').decode(await withLogo(jpeg));
    expect(pdf).toContain('/DCTDecode');
    expect(pdf).toMatch(/\/Width 40\s+\/Height 20/);
  });

  it('that is no picture, too many bytes or too many pixels throws', async () => {
    const { logo } = plainInvoice();
    if (!logo) throw new Error('the sample has no logo');
    const wide = Uint8Array.from(logo);
    new DataView(wide.buffer).setUint32(16, LIMITS.logoPixelsMax);
    await expect(withLogo(wide)).rejects.toThrow(/pixels/);
    await expect(withLogo(new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>'))).rejects.toThrow(
      /neither/,
    );
    await expect(withLogo(new Uint8Array(LIMITS.logoBytesMax + 1))).rejects.toThrow(/bytes/);
  });
});

it('throws for a document that does not add up', async () => {
  const { totals, ...rest } = plainInvoice();
  await expect(documentPdf({ ...rest, totals: { ...totals, due: minorUnits(1) } })).rejects.toThrow(/what is due/);
});

const hasPoppler = spawnSync('pdfinfo', ['-v']).error === undefined;

it.skipIf(!hasPoppler)('is accepted by pdfinfo and pdftotext', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'purser-pdf-'));
  try {
    const file = join(folder, 'document.pdf');
    for (const document of [plainInvoice(), reverseChargeCreditNote(), longInvoice(), manyScripts()]) {
      writeFileSync(file, await documentPdf(document));
      const [info, text] = [spawnSync('pdfinfo', [file]), spawnSync('pdftotext', ['-layout', file, '-'])];
      expect([info.status, text.status, String(info.stderr), String(text.stderr)]).toEqual([0, 0, '', '']);
      expect(String(text.stdout)).toContain(document.number);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
