/** Transactions as the API shows them: in a list, whole with what their document says, and as CSV. */
import { z } from '@hono/zod-openapi';
import { csvLine } from '../csv.ts';
import { decimalOf, type MinorUnits, minorUnits } from '../money/minor-units.ts';
import { formatUsd } from '../money/nanos.ts';
import { DAY, idOf, instant, like, orNull, usd } from '../reference/fields.ts';
import { instantOrNull } from '../teams/status.ts';
import { fileNameOf } from './document-of.ts';
import { payByMs } from './seat-charges.ts';
import { TRANSACTION_KINDS, TRANSACTION_STATUSES, type Transaction } from './transaction.ts';

const amount = (example = '119.00', description = 'Decimal, in the currency') => like(example, description);

export const TransactionShown = z
  .object({
    id: idOf('txn'),
    kind: z.enum(TRANSACTION_KINDS),
    status: z.enum(TRANSACTION_STATUSES).openapi({ example: 'completed' }),
    description: like('Credit for model usage', 'Its first line'),
    amount: amount('119.00', 'With fees and taxes, decimal, in the currency; of a refund below 0'),
    currency: like('USD', 'ISO 4217'),
    credit: usd('100', 'What the wallet gets, decimal USD; of a refund below 0'),
    refundOf: orNull(idOf('txn')).openapi({ description: 'Of a refund: the charge' }),
    number: like('2026-000123').nullable().openapi({ description: "Its document's" }),
    fileName: like('invoice-2026-000123.pdf').nullable().openapi({ description: 'Null: there is no document' }),
    issuedOn: DAY.nullable().openapi({ description: "The document's day" }),
    dueOn: orNull(DAY).openapi({ description: 'Of an invoice that is sent before it is paid' }),
    paidThrough: z.enum(['manual', 'stripe']),
    reference: like('wire 4711').nullable().openapi({ description: 'What it is called there' }),
    createdAt: instant(),
    completedAt: instant().nullable(),
    failedAt: orNull(instant()),
    failure: orNull(z.string()).openapi({ description: 'Why it failed' }),
    payBy: orNull(instant()).openapi({
      description: 'Until when seats that the card was refused for can be paid on a page; then they are taken back',
    }),
  })
  .openapi('Transaction');

const Party = z
  .object({
    name: like('Engines Ltd'),
    addressLines: z.array(like('1 Analytical Way, London')),
    country: z.object({ code: like('GB', 'ISO 3166-1; empty: not known'), name: like('United Kingdom') }),
    taxId: like('GB123456789').nullable(),
    email: like('invoices@example.com').nullable(),
  })
  .openapi('BillingParty');

const Period = z.object({ from: DAY, to: DAY }).nullable().openapi({ example: null });
const taxPercent = like('19').nullable();

export const TransactionWhole = TransactionShown.extend({
  seller: Party,
  buyer: Party,
  lines: z.array(
    z.object({
      description: like('Credit for model usage'),
      period: Period,
      quantity: like('1'),
      unitPrice: amount('100.00'),
      taxPercent,
      amount: amount('100.00'),
    }),
  ),
  fees: z
    .array(z.object({ description: like('Processing'), taxPercent, amount: amount('1.00') }))
    .openapi({ example: [] }),
  taxes: z.array(
    z.object({ name: like('VAT'), percent: like('19'), taxable: amount('100.00'), amount: amount('19.00') }),
  ),
  subtotal: amount('100.00'),
  reverseCharge: z.boolean().openapi({ example: false, description: 'The buyer owes the tax' }),
  refunded: amount('0.00', 'What refunds have taken of it, those under way included'),
}).openapi('TransactionWhole');

export function showTransaction(transaction: Transaction): z.infer<typeof TransactionShown> {
  const { id, kind, status, snapshot, currency, total, credit, refundOf, number, issued } = transaction;
  const { paidThrough, reference, createdAtMs, completedAtMs, failedAtMs, failure } = transaction;
  return {
    id,
    kind,
    status,
    description: snapshot.lines[0]?.description ?? '',
    amount: decimalOf(total, currency),
    currency,
    credit: formatUsd(credit),
    refundOf,
    number,
    fileName: fileNameOf(transaction),
    issuedOn: issued,
    dueOn: snapshot.kind === 'invoice' ? snapshot.due : null,
    paidThrough,
    reference,
    createdAt: new Date(createdAtMs).toISOString(),
    completedAt: instantOrNull(completedAtMs),
    failedAt: status === 'failed' ? instantOrNull(failedAtMs) : null,
    payBy: instantOrNull(payByMs(transaction)),
    failure,
  };
}

/** `refunded`: the sum of its refunds, which is not above 0. */
export function showWholeTransaction(transaction: Transaction, refunded: MinorUnits): z.infer<typeof TransactionWhole> {
  const { snapshot, currency } = transaction;
  const shown = (units: MinorUnits) => decimalOf(units, currency);
  const party = ({ addressLines, ...rest }: typeof snapshot.seller) => ({ ...rest, addressLines: [...addressLines] });
  return {
    ...showTransaction(transaction),
    seller: party(snapshot.seller),
    buyer: party(snapshot.buyer),
    lines: snapshot.lines.map((line) => ({ ...line, unitPrice: shown(line.unitPrice), amount: shown(line.amount) })),
    fees: snapshot.fees.map((fee) => ({ ...fee, amount: shown(fee.amount) })),
    taxes: snapshot.taxes.map((tax) => ({ ...tax, taxable: shown(tax.taxable), amount: shown(tax.amount) })),
    subtotal: shown(snapshot.totals.subtotal),
    reverseCharge: snapshot.reverseCharge,
    refunded: shown(minorUnits(-refunded)),
  };
}

const COLUMNS = [
  'createdAt',
  'completedAt',
  'kind',
  'status',
  'description',
  'amount',
  'currency',
  'credit',
  'number',
  'issuedOn',
  'dueOn',
  'paidThrough',
  'reference',
  'refundOf',
  'failure',
  'id',
] as const satisfies readonly (keyof z.infer<typeof TransactionShown>)[];

const AMOUNTS: ReadonlySet<string> = new Set(['amount', 'credit']);

export function transactionsCsv(transactions: readonly z.infer<typeof TransactionShown>[]): string {
  const lines = transactions.map((one) =>
    csvLine(COLUMNS.map((name) => (AMOUNTS.has(name) ? { amount: String(one[name]) } : one[name]))),
  );
  return [csvLine(COLUMNS), ...lines, ''].join('\r\n');
}
