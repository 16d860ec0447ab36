/** What documents say, in each of their languages. Amounts and days are written here too, where a language writes them otherwise. */
import type { Day, Language, Period } from './document.ts';

export interface Words {
  title: Record<'invoice' | 'credit-note', string>;
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
  refundedOn(amount: string, day: Day | null): string;
  reverseCharge: string;
  codePoints: string;
  page(page: number, pages: number): string;
  day(day: Day): string;
  period(period: Period): string;
}

/** Written out: 11/12 is a day of December to some and of November to others. */
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

function englishDay(day: Day): string {
  const [year = '', month = '', date = ''] = day.split('-');
  const name = MONTHS[Number(month) - 1];
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(day) || !name) throw new RangeError(`not a day: ${day}`);
  return `${Number(date)} ${name} ${year}`;
}

const on = (preposition: string, day: Day | null) => (day === null ? '' : ` ${preposition} ${englishDay(day)}`);

const ENGLISH: Words = {
  title: { invoice: 'Invoice', 'credit-note': 'Credit note' },
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
  refundedOn: (amount, day) => `${amount} refunded${on('on', day)}`,
  reverseCharge: 'Reverse charge: the recipient of the service accounts for the tax.',
  codePoints: 'Characters that this document has no letters for are shown as their Unicode numbers in brackets.',
  page: (page, pages) => `Page ${page} of ${pages}`,
  day: englishDay,
  period: ({ from, to }) => (from === to ? englishDay(from) : `${englishDay(from)} – ${englishDay(to)}`),
};

export const WORDS: Record<Language, Words> = { en: ENGLISH };
