/**
 * What a refund takes back: the whole charge as it stands in its invoice, or a part of it.
 *
 * A part is shared among the charge's tax rates as they share the total, and within each among its lines and fees, so that
 * the sum is exactly what is refunded; whole minor units are given out one after the other, so no share is off by one or more.
 * The wallet loses the same part of the credit, rounded down, and with the last of the charge whatever is left of that.
 *
 * What a bank takes back because a payment is disputed is the same under another kind; where the dispute is won, all of that is
 * charged anew (`regainedDraft`), with an invoice of its own.
 */
import { addMinorUnits, type MinorUnits, minorUnits, netOf } from '../money/minor-units.ts';
import { nanos } from '../money/nanos.ts';
import type { Line } from './documents/document.ts';
import type { ChargeSnapshot, CreditNoteSnapshot, Draft, PaidThrough, Transaction } from './transaction.ts';
import { readByReference, readRefunded } from './transaction-rows.ts';
import { openTransaction, tooMuch } from './transactions.ts';

export interface Refunded {
  kind?: 'refund' | 'dispute';
  /** Of the total with its taxes; null: all that is left. */
  amount: MinorUnits | null;
  paidThrough: PaidThrough;
  reference: string | null;
}

/**
 * Opens the refund of a charge; the same refund (`paidThrough` and `reference`) again is the one that is there. Throws a 400
 * where so much is not left of the charge or it is not completed, and a 409 where the reference stands for something else.
 */
export async function openRefund(
  env: Env,
  charge: Transaction,
  refunded: Refunded,
  nowMs: number,
): Promise<Transaction> {
  const { paidThrough, reference, amount } = refunded;
  // In this order: the same refund, opened at the same time, is known or it is not yet among those that took something.
  const before = await readRefunded(env.DB, charge.id);
  const known = reference === null ? null : await readByReference(env.DB, paidThrough, reference);
  if (known?.refundOf === charge.id && (amount === null || amount === -known.total)) return known;
  return openTransaction(env, refundDraft(charge, before, refunded), nowMs);
}

/** `before`: what other refunds have taken of it. */
export function refundDraft(
  charge: Transaction,
  before: { total: MinorUnits; credit: number },
  { amount, kind = 'refund', ...how }: Refunded,
): Draft {
  const rest = minorUnits(charge.total + before.total);
  const taken = amount ?? rest;
  if (charge.status !== 'completed' || taken <= 0 || taken > rest) throw tooMuch(charge, rest);
  const part = Number((BigInt(charge.credit) * BigInt(taken)) / BigInt(charge.total));
  return {
    ...how,
    organizationId: charge.organizationId,
    kind,
    snapshot: creditNoteOf(charge, taken),
    credit: nanos(0 - (taken === rest ? charge.credit + before.credit : part)),
    refundOf: charge.id,
  };
}

/** What takes an invoice back that was sent and not paid: nothing was credited, so nothing goes back. */
export function voidingDraft(invoice: Transaction): Draft {
  const { organizationId, id, paidThrough, total } = invoice;
  const snapshot = { ...creditNoteOf(invoice, total), voids: true as const };
  return {
    organizationId,
    kind: 'refund',
    snapshot,
    credit: nanos(0),
    refundOf: id,
    paidThrough,
    reference: `void ${id}`,
  };
}

/** What a dispute had taken, come back: the charge can be refunded again as before. */
export function regainedDraft(dispute: Transaction, reference: string): Draft {
  const { organizationId, snapshot, credit, refundOf, paidThrough, number, total } = dispute;
  if (snapshot.kind !== 'credit-note') throw new Error(`${dispute.id} has taken nothing that could come back`);
  const { original, refundedOn: _refundedOn, ...note } = snapshot;
  const subtotal = minus(snapshot.totals.subtotal);
  return {
    organizationId,
    kind: 'dispute',
    snapshot: {
      ...note,
      kind: 'invoice',
      due: null,
      paidOn: null,
      ...whole(note),
      totals: { subtotal, total: minus(total), paid: minus(total), due: minorUnits(0) },
      notes: [`The dispute of invoice ${original.number} was won: this stands in the place of credit note ${number}.`],
    },
    credit: nanos(0 - credit),
    refundOf,
    paidThrough,
    reference,
  };
}

function creditNoteOf(charge: Transaction, taken: MinorUnits): CreditNoteSnapshot {
  const { number, issued, total, snapshot } = charge;
  if (snapshot.kind !== 'invoice' || number === null || issued === null)
    throw new Error(`${charge.id} has no invoice to credit`);
  const { due: _due, paidOn: _paidOn, ...invoice } = snapshot;
  const { lines, fees, taxes } = taken === total ? whole(invoice) : partOf(invoice, taken, total);
  const subtotal = addMinorUnits(...lines.map(({ amount }) => amount));
  return {
    ...invoice,
    kind: 'credit-note',
    original: { number, issued, percent: percentText(taken, total) },
    refundedOn: null,
    lines,
    fees,
    taxes,
    totals: { subtotal, total: minus(taken), paid: minus(taken), due: minorUnits(0) },
  };
}

type Sums = Pick<ChargeSnapshot, 'lines' | 'fees' | 'taxes'>;

function whole({ lines, fees, taxes }: Sums): Sums {
  return {
    lines: lines.map((line) => ({ ...line, unitPrice: minus(line.unitPrice), amount: minus(line.amount) })),
    fees: fees.map((fee) => ({ ...fee, amount: minus(fee.amount) })),
    taxes: taxes.map((tax) => ({ ...tax, taxable: minus(tax.taxable), amount: minus(tax.amount) })),
  };
}

function partOf({ lines, fees, taxes }: Sums, taken: MinorUnits, total: MinorUnits): Sums {
  const untaxed = { name: '', percent: null, taxable: sumOf([...lines, ...fees], null), amount: minorUnits(0) };
  const rates = [untaxed, ...taxes];
  const gross = shares(
    taken,
    total,
    rates.map(({ taxable, amount }) => taxable + amount),
  );
  const amounts = new Map<object, MinorUnits>();
  const taxesBack = rates.map(({ name, percent, taxable }, i) => {
    const share = gross[i] ?? minorUnits(0);
    const net = percent === null ? share : netOf(share, percent);
    const those = [...lines, ...fees].filter(({ taxPercent }) => taxPercent === percent);
    const parts = shares(
      net,
      taxable,
      those.map(({ amount }) => amount),
    );
    for (const [n, one] of those.entries()) amounts.set(one, parts[n] ?? minorUnits(0));
    return { name, percent, taxable: minus(net), amount: minorUnits(net - share) };
  });
  const back = (one: object) => minus(amounts.get(one) ?? minorUnits(0));
  return {
    // One of each, at what is given back of it: a part of a quantity would not be exact.
    lines: lines.map((line): Line => ({ ...line, quantity: '1', unitPrice: back(line), amount: back(line) })),
    fees: fees.map((fee) => ({ ...fee, amount: back(fee) })),
    taxes: taxesBack.flatMap(({ percent, ...tax }) => (percent === null ? [] : [{ ...tax, percent }])),
  };
}

function sumOf(charged: readonly Pick<Line, 'taxPercent' | 'amount'>[], percent: string | null): MinorUnits {
  return addMinorUnits(...charged.filter(({ taxPercent }) => taxPercent === percent).map(({ amount }) => amount));
}

/** `amount` in the proportions of `parts`, whose sum is `whole`: each the difference of two roundings of what came up to it. */
function shares(amount: MinorUnits, whole: number, parts: readonly number[]): MinorUnits[] {
  if (whole === 0) return parts.map(() => minorUnits(0));
  let reached = 0n;
  let given = 0n;
  return parts.map((part) => {
    reached += BigInt(part);
    const upTo = (BigInt(amount) * reached) / BigInt(whole);
    const share = upTo - given;
    given = upTo;
    return minorUnits(Number(share));
  });
}

/** How many percent of it, with two decimals at most; a part is never told as all or as nothing. */
function percentText(taken: MinorUnits, total: MinorUnits): string {
  if (taken === total) return '100';
  const rounded = Number((BigInt(taken) * 20_000n + BigInt(total)) / (BigInt(total) * 2n));
  const hundredths = Math.min(Math.max(rounded, 1), 9_999);
  const text = `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, '0')}`;
  return text.replace(/\.?0+$/, '');
}

function minus(amount: MinorUnits): MinorUnits {
  return minorUnits(-amount);
}
