/** What a charge and its refunds come to: sums that fit to the last minor unit, in currencies with decimals and without. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chargeAmountOf, topUpAmountOf } from '../../src/billing/amounts.ts';
import { countryOf } from '../../src/billing/countries.ts';
import { documentOf } from '../../src/billing/document-of.ts';
import { checkDocument } from '../../src/billing/documents/checks.ts';
import type { Party } from '../../src/billing/documents/document.ts';
import { type Payment, seatsDraft, subscriptionDraft, topUpDraft } from '../../src/billing/drafts.ts';
import { refundDraft } from '../../src/billing/refunds.ts';
import { linesOf, sellerOf } from '../../src/billing/seller.ts';
import type { Draft, Transaction } from '../../src/billing/transaction.ts';
import { decimalOf, minorUnits } from '../../src/money/minor-units.ts';

const SELLER = {
  SELLER_NAME: 'Purser Example GmbH',
  SELLER_ADDRESS: 'Musterstraße 12|10115 Berlin',
  SELLER_COUNTRY: 'Germany',
  SELLER_TAX_ID: 'DE123456789',
};
const VAT = { ...SELLER, SELLER_TAX_NAME: 'VAT', SELLER_TAX_PERCENT: '19' };
const REVERSE = { ...VAT, SELLER_REVERSE_CHARGE: '1' };

function buyer(country: string, taxId: string | null): Party {
  return { name: 'Buyer', addressLines: [], country: countryOf(country), taxId, email: null };
}

function paymentOf(settings: typeof SELLER, rest: Partial<Payment> = {}): Payment {
  return {
    organizationId: 'org_1',
    seller: sellerOf(settings),
    buyer: buyer('Denmark', 'DK12345678'),
    currency: 'USD',
    paidThrough: 'manual',
    reference: null,
    ...rest,
  };
}

/** As it is once it was completed. */
function completed(draft: Draft): Transaction {
  const { currency, totals, kind } = draft.snapshot;
  return {
    ...draft,
    id: 'txn_1',
    status: 'completed',
    total: totals.total,
    currency,
    number: `${kind === 'invoice' ? '' : 'CN-'}2026-000001`,
    issued: '2026-11-22',
    createdAtMs: 0,
    completedAtMs: 0,
    failedAtMs: null,
    failure: null,
    creditedAtMs: null,
  };
}

/** Throws where its sums do not fit. */
function check(transaction: Transaction): void {
  const document = documentOf(transaction, { logo: null, colour: null });
  if (!document) throw new Error('there is no document');
  checkDocument(document);
}

const NOTHING = { total: minorUnits(0), credit: 0 };
const ALL = { amount: null, paidThrough: 'manual', reference: null } as const;

describe('the tax of a charge', () => {
  it.each<[string, typeof SELLER, Party, [percent: string | null, tax: number, reverseCharge: boolean]]>([
    ['is none where the seller has none', SELLER, buyer('DE', 'DE1'), [null, 0, false]],
    ['is on top for a buyer of the same country', REVERSE, buyer('DE', 'DE1'), ['19', 1_900, false]],
    [
      'is on top elsewhere, where the seller does not leave it to buyers',
      VAT,
      buyer('DK', 'DK1'),
      ['19', 1_900, false],
    ],
    ['is the buyer’s elsewhere, with a tax id', REVERSE, buyer('dk', 'DK1'), ['0', 0, true]],
    ['is on top elsewhere without a tax id', REVERSE, buyer('Denmark', null), ['19', 1_900, false]],
    ['is on top where nobody knows the country', REVERSE, buyer('Atlantis', 'AT1'), ['19', 1_900, false]],
  ])('%s', (_, settings, who, expected) => {
    const draft = topUpDraft(paymentOf(settings, { buyer: who }), minorUnits(10_000));
    const { taxes, totals, lines, reverseCharge } = draft.snapshot;
    const tax = totals.total - totals.subtotal;
    expect([lines[0]?.taxPercent, tax, reverseCharge]).toEqual(expected);
    expect(taxes).toHaveLength(expected[0] === null ? 0 : 1);
    expect(draft.credit).toBe(100_000_000_000);
    check(completed(draft));
  });
});

describe('a charge', () => {
  it.each([
    ['USD', '0.01', '0.01', '0.00'],
    ['USD', '0.03', '0.04', '0.01'],
    ['USD', '999999.99', '1189999.99', '190000.00'],
    ['EUR', '0.01', '0.01', '0.00'],
    ['EUR', '0.50', '0.60', '0.10'],
    ['EUR', '999999.99', '1189999.99', '190000.00'],
    ['JPY', '1', '1', '0'],
    ['JPY', '50', '60', '10'],
    ['JPY', '999999', '1189999', '190000'],
  ])('in %s of %s comes to %s with a tax of %s', (currency, amount, total, tax) => {
    const line = { description: 'Plan', quantity: '1', unitPrice: chargeAmountOf(amount, currency), period: null };
    const draft = subscriptionDraft(paymentOf(VAT, { currency }), [line]);
    const { totals, taxes } = draft.snapshot;
    expect([decimalOf(totals.total, currency), decimalOf(taxes[0]?.amount ?? minorUnits(0), currency)]).toEqual([
      total,
      tax,
    ]);
    check(completed(draft));
  });

  it('of several lines is served from the first day of any to the last', () => {
    const line = { description: 'Plan', quantity: '1', unitPrice: minorUnits(100) };
    const draft = subscriptionDraft(paymentOf(VAT), [
      { ...line, period: { from: '2026-11-12', to: '2026-11-30' } },
      { ...line, period: { from: '2026-11-01', to: '2026-11-20' } },
      { ...line, period: null },
    ]);
    expect(draft.snapshot.servicePeriod).toEqual({ from: '2026-11-01', to: '2026-11-30' });
  });

  it('of credit is in USD, from $5 to $999,999.99', () => {
    expect(topUpAmountOf('5', 'USD')).toBe(500);
    expect(topUpAmountOf('999999.99', 'USD')).toBe(99_999_999);
    for (const amount of ['4.99', '0', '1000000', '5.001', '-5', '', 'five', '05'])
      expect(() => topUpAmountOf(amount, 'USD')).toThrow('from 5.00 to 999999.99');
    expect(() => topUpAmountOf('5', 'EUR')).toThrow('USD');
    expect(() => topUpDraft(paymentOf(SELLER, { currency: 'EUR' }), minorUnits(500))).toThrow('USD');
  });
});

const charges = fc.record({
  unitPrices: fc.array(fc.integer({ min: 1, max: 9_999_999 }), { minLength: 1, maxLength: 6 }),
  seats: fc.integer({ min: 1, max: 50 }),
  percent: fc.constantFrom('19', '7.7', '25', '5.5', '0.1', '99.9'),
  taxed: fc.boolean(),
  currency: fc.constantFrom('USD', 'EUR', 'JPY', 'KWD'),
});

describe('refunds', () => {
  it('of whatever parts of a charge are documents that fit, and sum to exactly it', () => {
    fc.assert(
      fc.property(charges, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }), (charge, parts) => {
        const { unitPrices, seats, percent, taxed, currency } = charge;
        const settings = taxed ? { ...SELLER, SELLER_TAX_NAME: 'VAT', SELLER_TAX_PERCENT: percent } : SELLER;
        const lines = unitPrices.map((price, i) => ({
          description: `Line ${i}`,
          quantity: i === 0 ? String(seats) : '1',
          unitPrice: minorUnits(price),
          period: null,
        }));
        const draft = subscriptionDraft(paymentOf(settings, { currency }), lines);
        // Of credit too: its last nanodollar goes with the last of the charge.
        const paid = completed({ ...draft, credit: 1_000_000_007 as Draft['credit'] });
        check(paid);
        const before = { total: 0, credit: 0 };
        for (const part of [...parts, 1]) {
          const rest = paid.total + before.total;
          const amount = part === 1 ? rest : Math.floor(rest * part);
          if (amount === 0) continue;
          const back = refundDraft(
            paid,
            { total: minorUnits(before.total), credit: before.credit },
            { ...ALL, amount: minorUnits(amount) },
          );
          const refund = completed(back);
          check(refund);
          expect(refund.total).toBe(-amount);
          expect(refund.credit).toBeLessThanOrEqual(0);
          before.total += refund.total;
          before.credit += refund.credit;
        }
        expect(before).toEqual({ total: -paid.total, credit: -paid.credit });
      }),
      { numRuns: 300 },
    );
  });

  it('of all of it say what the invoice said, turned round', () => {
    const period = { from: '2026-11-12', to: '2026-11-30' };
    const seats = seatsDraft(paymentOf(VAT), { seats: 3, unitPrice: minorUnits(633), period });
    const { lines, taxes, totals, ...rest } = refundDraft(completed(seats), NOTHING, ALL).snapshot;
    expect(lines).toMatchObject([{ quantity: '3', unitPrice: -633, amount: -1_899, period }]);
    expect(taxes).toMatchObject([{ percent: '19', taxable: -1_899, amount: -361 }]);
    expect(totals).toEqual({ subtotal: -1_899, total: -2_260, paid: -2_260, due: 0 });
    expect(rest).toMatchObject({ original: { number: '2026-000001', issued: '2026-11-22', percent: '100' } });
  });

  it('name their part of the invoice with two decimals at most, and never as all or nothing of it', () => {
    const paid = completed(topUpDraft(paymentOf(SELLER), minorUnits(60_000)));
    const percents = [30_000, 20_000, 1, 59_999].map((amount) => {
      const { snapshot } = refundDraft(paid, NOTHING, { ...ALL, amount: minorUnits(amount) });
      return snapshot.kind === 'credit-note' ? snapshot.original.percent : null;
    });
    expect(percents).toEqual(['50', '33.33', '0.01', '99.99']);
  });
});

describe('a country', () => {
  it.each([
    ['DE', 'DE', 'Germany'],
    ['germany', 'DE', 'Germany'],
    [' United Kingdom ', 'GB', 'United Kingdom'],
    ['côte d’ivoire', 'CI', 'Côte d’Ivoire'],
    ['Atlantis', '', 'Atlantis'],
    ['EU', '', 'EU'],
    ['', '', ''],
  ])('written %j is %s, %s', (text, code, name) => {
    expect(countryOf(text)).toEqual({ code, name });
  });
});

it('an address has a line for each that was written, however they were parted', () => {
  for (const text of ['A\nB C\n\nD', 'A|B C|D', 'A\\nB C\\nD', 'A\r\n B C \r\nD'])
    expect(linesOf(text)).toEqual(['A', 'B C', 'D']);
});
