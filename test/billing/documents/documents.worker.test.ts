/** Documents inside workerd, where they are made: the library's streams and timers are other ones there. */
import { expect, it } from 'vitest';
import { documentPdf } from '../../../src/billing/documents/pdf.ts';
import { longInvoice, manyScripts, plainInvoice, reverseChargeCreditNote } from './samples.ts';

it('renders each kind, ten at once, to the same bytes', async () => {
  for (const document of [plainInvoice(), reverseChargeCreditNote(), longInvoice(), manyScripts()]) {
    const files = await Promise.all(Array.from({ length: 10 }, () => documentPdf(document)));
    const [first = new Uint8Array()] = files;
    expect(new TextDecoder('latin1').decode(first.subarray(0, 8))).toBe('%PDF-1.7');
    for (const file of files) expect(file).toEqual(first);
  }
});
