/**
 * Drafts of charges, from who sells, who buys and what for. Amounts are in minor units; every product is rounded half away from
 * zero, once, and the tax is that of the sum of all lines. What a refund takes back is in refunds.ts.
 */
import { addMinorUnits, type MinorUnits, minorUnits, percentOf, timesDecimal } from '../money/minor-units.ts';
import { type Nanos, ZERO } from '../money/nanos.ts';
import { badRequest } from '../teams/api-error.ts';
import { centsInNanos } from './amounts.ts';
import type { Day, Line, Party, Period } from './documents/document.ts';
import type { Seller } from './seller.ts';
import type { ChargeSnapshot, Draft, PaidThrough, TransactionKind } from './transaction.ts';

/** Who pays whom, and how that is known. */
export interface Payment {
  organizationId: string;
  seller: Seller;
  buyer: Party;
  /** ISO 4217, as in "USD". */
  currency: string;
  paidThrough: PaidThrough;
  reference: string | null;
  /** Until when it is to be paid, of an invoice that is sent before; null: it is paid when it is completed. */
  due?: Day | null;
}

export interface ChargedLine {
  description: string;
  /** A decimal number. */
  quantity: string;
  unitPrice: MinorUnits;
  period: Period | null;
}

/** Credit for the wallet, which counts in USD: taxes come on top and are no credit. Throws a 400 for another currency. */
export function topUpDraft(payment: Payment, amount: MinorUnits, kind: 'top_up' | 'auto_top_up' = 'top_up'): Draft {
  if (payment.currency !== 'USD') throw badRequest('currency', 'Credit is bought in USD.');
  const line = { description: 'Credit for model usage', quantity: '1', unitPrice: amount, period: null };
  return draft(payment, kind, [line], centsInNanos(amount));
}

/** A plan, and the seats beside it, for a period. */
export function subscriptionDraft(payment: Payment, lines: readonly ChargedLine[]): Draft {
  return draft(payment, 'subscription', lines, ZERO);
}

/** Seats that were added, until the period ends; `unitPrice` is that of one of them for what is left of it. */
export function seatsDraft(
  payment: Payment,
  { seats, unitPrice, period }: { seats: number; unitPrice: MinorUnits; period: Period | null },
): Draft {
  const line = { description: 'Additional seats, prorated', quantity: String(seats), unitPrice, period };
  return draft(payment, 'seats', [line], ZERO);
}

/** Credit that is given (above 0) or taken, and comes to nothing: so it has no document. `name`: what the operator calls it. */
export function correctionDraft(payment: Payment, credit: Nanos, name: string): Draft {
  const line = { description: `Correction of credit: ${name}`, quantity: '1', unitPrice: minorUnits(0), period: null };
  return draft(payment, 'correction', [line], credit);
}

function draft(payment: Payment, kind: TransactionKind, lines: readonly ChargedLine[], credit: Nanos): Draft {
  const { organizationId, paidThrough, reference } = payment;
  return { organizationId, kind, snapshot: invoiceOf(payment, lines), credit, refundOf: null, paidThrough, reference };
}

/** What the invoice says. `paidOn` is left to its number's day, unless it is sent before it is paid. */
function invoiceOf(payment: Payment, charged: readonly ChargedLine[]): ChargeSnapshot {
  const { seller, buyer, currency, due = null } = payment;
  const reverseCharge = leavesTax(seller, buyer);
  const percent = reverseCharge ? '0' : (seller.tax?.percent ?? null);
  const lines = charged.map(
    (line): Line => ({ ...line, taxPercent: percent, amount: timesDecimal(line.unitPrice, line.quantity) }),
  );
  const subtotal = addMinorUnits(...lines.map(({ amount }) => amount));
  const tax = percent === null ? minorUnits(0) : percentOf(subtotal, percent);
  const total = addMinorUnits(subtotal, tax);
  const paid = due === null ? total : minorUnits(0);
  return {
    kind: 'invoice',
    due,
    paidOn: null,
    servicePeriod: servicePeriodOf(lines),
    seller: seller.party,
    buyer,
    currency,
    lines,
    fees: [],
    taxes: seller.tax && percent !== null ? [{ name: seller.tax.name, percent, taxable: subtotal, amount: tax }] : [],
    totals: { subtotal, total, paid, due: minorUnits(total - paid) },
    reverseCharge,
    notes: [],
    language: 'en',
  };
}

/** Whether the buyer owes the tax: a business in another country, where the seller's tax is of that kind. */
export function leavesTax({ tax, reverseCharge, party }: Seller, buyer: Party): boolean {
  const elsewhere = buyer.country.code !== '' && buyer.country.code !== party.country.code;
  return tax !== null && reverseCharge && elsewhere && party.taxId !== null && buyer.taxId !== null;
}

/** From the first day of any line to the last one; null where no line has a period. */
function servicePeriodOf(lines: readonly Line[]): Period | null {
  const periods = lines.flatMap(({ period }) => period ?? []);
  const from = periods
    .map((period) => period.from)
    .sort()
    .at(0);
  const to = periods
    .map((period) => period.to)
    .sort()
    .at(-1);
  return from === undefined || to === undefined ? null : { from, to };
}
