/** A document that contradicts itself throws, and says where. */
import { expect, it } from 'vitest';
import { checkDocument } from '../../../src/billing/documents/checks.ts';
import type { BillingDocument } from '../../../src/billing/documents/document.ts';
import { minorUnits } from '../../../src/money/minor-units.ts';
import { invoice, line, longInvoice, manyScripts, plainInvoice, reverseChargeCreditNote } from './samples.ts';

it('takes documents whose sums fit', () => {
  for (const document of [plainInvoice(), reverseChargeCreditNote(), longInvoice(), manyScripts()])
    expect(() => checkDocument(document)).not.toThrow();
});

const SAMPLE = plainInvoice();
const [LINE = line('', '1', 1), ...OTHERS] = SAMPLE.lines;
const [TAX = { name: '', percent: '', taxable: minorUnits(0), amount: minorUnits(0) }] = SAMPLE.taxes;
const CENT_MORE = minorUnits(LINE.amount + 1);

it.each<[what: string, document: BillingDocument, says: RegExp]>([
  ['no line', invoice([]), /has no lines/],
  [
    'a line that is not quantity times price',
    { ...SAMPLE, lines: [{ ...LINE, amount: CENT_MORE }, ...OTHERS] },
    /the amount of "Pro plan, seats" is \$348\.01, but should be \$348\.00/,
  ],
  ['a line left out', { ...SAMPLE, lines: OTHERS }, /what is taxed at 19% is/],
  ['a line taxed at a rate that no tax has', { ...SAMPLE, taxes: [] }, /no such tax/],
  ['two taxes of one rate', { ...SAMPLE, taxes: [TAX, TAX] }, /two taxes of 19%/],
  [
    'a tax that is not its rate',
    { ...SAMPLE, taxes: [{ ...TAX, amount: minorUnits(TAX.amount - 3) }] },
    /are not 19% of \$917\.60/,
  ],
  [
    'a subtotal that is not the lines',
    { ...SAMPLE, totals: { ...SAMPLE.totals, subtotal: minorUnits(1) } },
    /the subtotal is \$0\.01/,
  ],
  [
    'a total without the fee',
    { ...SAMPLE, totals: { ...SAMPLE.totals, total: minorUnits(SAMPLE.totals.total - 1_450) } },
    /the total is/,
  ],
  [
    'a due amount that forgets what is paid',
    { ...SAMPLE, totals: { ...SAMPLE.totals, paid: minorUnits(100) } },
    /what is due is/,
  ],
  ['a tax where the buyer owes it', { ...SAMPLE, reverseCharge: true }, /charges a tax that the buyer owes/],
  [
    'a reverse charge to nobody',
    {
      ...invoice([LINE], { reverseCharge: true, taxes: [] }),
      lines: [line('a', '1', 1)],
      buyer: { ...SAMPLE.buyer, taxId: null },
    },
    /without both tax ids/,
  ],
  ['a credit note that takes', { ...reverseChargeCreditNote(), ...taken() }, /has the wrong sign/],
])('throws at %s', (_, document, says) => {
  expect(() => checkDocument(document)).toThrow(says);
});

it('takes a tax rounded line by line as well as one rounded once', () => {
  const lines = Array.from({ length: 4 }, () => line('', '1', 50, { taxPercent: '19' }));
  const taxed = (amount: number) =>
    invoice(lines, { taxes: [{ name: 'VAT', percent: '19', taxable: minorUnits(200), amount: minorUnits(amount) }] });
  for (const amount of [38, 40]) expect(() => checkDocument(taxed(amount))).not.toThrow();
  expect(() => checkDocument(taxed(41))).toThrow(/are not 19%/);
});

function taken() {
  const { lines, taxes, totals } = invoice([line('Credit top-up', '1', 100)]);
  return { lines, taxes, totals };
}
