/** What documents say, in each of their languages. Amounts and days are written here too, where a language writes them otherwise. */
import type { Day, Language, Period } from './document.ts';

export interface Words {
  title: Record<'invoice' | 'credit-note' | 'statement', string>;
  number: Record<'invoice' | 'credit-note', string>;
  issued: string;
  due: string;
  servicePeriod: string;
  currency: string;
  credits: string;
  ofInvoice(percent: string, number: string, issued: Day): string;
  from: string;
  billTo: string;
  taxId: string;
  description: string;
  quantity: string;
  unitPrice: string;
  tax: string;
  amount: string;
  subtotal: string;
  taxOn(name: string, percent: string, taxable: string): string;
  total: Record<'invoice' | 'credit-note', string>;
  paid: Record<'invoice' | 'credit-note', string>;
  left: Record<'invoice' | 'credit-note', string>;
  dueOn(amount: string, day: Day | null): string;
  paidOn(amount: string, day: Day | null): string;
  credited(amount: string): string;
  /** Of what is not owed any more, and was not paid. */
  voided: string;
  refundedOn(amount: string, day: Day | null): string;
  reverseCharge: string;
  codePoints: string;
  page(page: number, pages: number): string;
  day(day: Day): string;
  period(period: Period): string;
  /** Of "2026-10". */
  month(month: string): string;
  statement: StatementWords;
}

interface StatementWords {
  organization: string;
  project: string;
  member: string;
  period: string;
  timeZone: string;
  asOf: string;
  instant(instant: string): string;
  usedIn(amount: string, month: string): string;
  preliminary: string;
  nothing: string;
  memberAndModel: string;
  model: string;
  requests: string;
  inputTokens: string;
  outputTokens: string;
  cost: string;
  total: string;
  rounding(exact: string, less: string, lessBelowZero: string): string;
  ledger: string;
  ledgerMeans: string;
  first: string;
  last: string;
  entries: string;
  exactCost: string;
}

/** Written out: 11/12 is a day of December to some and of November to others. */
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

function englishDay(day: Day): string {
  const [, month = '', date] = /^([0-9]{4}-[0-9]{2})-([0-9]{2})$/.exec(day) ?? [];
  if (!date) throw new RangeError(`not a day: ${day}`);
  return `${Number(date)} ${englishMonth(month)}`;
}

function englishMonth(month: string): string {
  const [, year, number] = /^([0-9]{4})-([0-9]{2})$/.exec(month) ?? [];
  const name = MONTHS[Number(number) - 1];
  if (!name) throw new RangeError(`not a month: ${month}`);
  return `${name} ${year}`;
}

const on = (preposition: string, day: Day | null) => (day === null ? '' : ` ${preposition} ${englishDay(day)}`);

const ENGLISH: Words = {
  title: { invoice: 'Invoice', 'credit-note': 'Credit note', statement: 'Statement of usage' },
  number: { invoice: 'Invoice number', 'credit-note': 'Credit note number' },
  issued: 'Date of issue',
  due: 'Date due',
  servicePeriod: 'Service period',
  currency: 'Currency',
  credits: 'Credits',
  ofInvoice: (percent, number, issued) => `${percent}% of invoice ${number} of ${englishDay(issued)}`,
  from: 'From',
  billTo: 'Bill to',
  taxId: 'Tax ID',
  description: 'Description',
  quantity: 'Qty',
  unitPrice: 'Unit price',
  tax: 'Tax',
  amount: 'Amount',
  subtotal: 'Subtotal',
  taxOn: (name, percent, taxable) => `${name} ${percent}% on ${taxable}`,
  total: { invoice: 'Total', 'credit-note': 'Total credit' },
  paid: { invoice: 'Amount paid', 'credit-note': 'Amount refunded' },
  left: { invoice: 'Amount due', 'credit-note': 'Left to refund' },
  dueOn: (amount, day) => `${amount} due${on('by', day)}`,
  paidOn: (amount, day) => `${amount} paid${on('on', day)}`,
  credited: (amount) => `${amount} credited`,
  voided: 'No longer due',
  refundedOn: (amount, day) => `${amount} refunded${on('on', day)}`,
  reverseCharge: 'Reverse charge: the recipient of the service accounts for the tax.',
  codePoints: 'Characters that this document has no letters for are shown as their Unicode numbers in brackets.',
  page: (page, pages) => `Page ${page} of ${pages}`,
  day: englishDay,
  period: ({ from, to }) => (from === to ? englishDay(from) : `${englishDay(from)} – ${englishDay(to)}`),
  month: englishMonth,
  statement: {
    organization: 'Organization',
    project: 'Project',
    member: 'Member',
    period: 'Period',
    timeZone: 'Time zone',
    asOf: 'As of',
    instant: (instant) => `${englishDay(instant.slice(0, 10))}, ${instant.slice(11, 16)} UTC`,
    usedIn: (amount, month) => `${amount} used in ${englishMonth(month)}`,
    preliminary: 'Preliminary: more usage of this month may come.',
    nothing: 'Nothing was used.',
    memberAndModel: 'Project and member',
    model: 'Model',
    requests: 'Requests',
    inputTokens: 'Input tokens',
    outputTokens: 'Output tokens',
    cost: 'Cost',
    total: 'Total',
    rounding: (exact, less, lessBelowZero) =>
      `The exact total is ${exact}. Amounts above are in cents: the total is rounded to the nearest cent, half away from zero; those of projects, and of the lines of each, are rounded down or up to a cent, up where the most would be cut off, so that they add up. "${less}" is more than nothing and "${lessBelowZero}" less; either counts as none. The same statement as CSV or JSON has every amount exactly.`,
    ledger: 'Ledger entries of the month',
    ledgerMeans:
      "Each member's ledger numbers its entries without a gap. Those of a member in this month are from the first number to the last, in all projects; every line above is of entries among these.",
    first: 'First',
    last: 'Last',
    entries: 'Entries',
    exactCost: 'Exact cost',
  },
};

export const WORDS: Record<Language, Words> = { en: ENGLISH };
