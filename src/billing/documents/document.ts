/**
 * What stands in an invoice, a credit note or a statement: everything, so that a document is a function of this value alone and an old
 * one never changes. Whoever charges somebody makes it once, from what was charged; `checkDocument` (checks.ts) throws
 * where its sums do not fit.
 *
 * Money is in minor units of `currency`, quantities and rates are decimal text. A credit note says what an invoice says
 * with negative amounts. A statement tells what was used, and asks for nothing.
 */
import type { MinorUnits } from '../../money/minor-units.ts';

/** A calendar day, "2026-11-22", in whatever zone the document was issued. */
export type Day = string;

/** The languages that documents are written in; words.ts has what they say. */
export type Language = 'en';

export interface Period {
  from: Day;
  /** The last day, which belongs to it. */
  to: Day;
}

export interface Party {
  name: string;
  addressLines: readonly string[];
  /** The code (ISO 3166-1, two letters) decides the paper. The name is kept too: a runtime's list of names changes. */
  country: { code: string; name: string };
  /** As it is to be shown, with the country's letters where they belong to it. */
  taxId: string | null;
  email: string | null;
}

export interface Line {
  description: string;
  period: Period | null;
  /** A decimal number: "3", "0.5". */
  quantity: string;
  unitPrice: MinorUnits;
  /** The rate of the tax on top of `amount`, in percent; null where none applies. */
  taxPercent: string | null;
  /** quantity x unitPrice, rounded half away from zero. */
  amount: MinorUnits;
}

interface Fee {
  description: string;
  taxPercent: string | null;
  amount: MinorUnits;
}

/** All of the document's tax of one rate. */
interface Tax {
  /** What it is called where it is owed: "VAT", "GST". */
  name: string;
  percent: string;
  /** The sum of the lines and fees of this rate. */
  taxable: MinorUnits;
  amount: MinorUnits;
}

interface Totals {
  /** Of the lines. */
  subtotal: MinorUnits;
  /** With fees and taxes. */
  total: MinorUnits;
  /** Of a credit note: what has gone back. */
  paid: MinorUnits;
  /** total - paid. */
  due: MinorUnits;
}

/** How it is written and drawn. */
interface Look {
  /** ISO 4217. */
  currency: string;
  language: Language;
  /** A PNG or JPEG file; anything else throws. */
  logo: Uint8Array | null;
  /** Of the rules, "#1a73e8"; text stays dark, so any colour is readable. */
  colour: string | null;
}

interface Common extends Look {
  /** As it is counted: "2026-000123". */
  number: string;
  issued: Day;
  servicePeriod: Period | null;
  seller: Party;
  buyer: Party;
  lines: readonly Line[];
  fees: readonly Fee[];
  /** One entry a rate. */
  taxes: readonly Tax[];
  totals: Totals;
  /** The buyer owes the tax. The document says so, and charges none. */
  reverseCharge: boolean;
  /** A paragraph each. */
  notes: readonly string[];
}

export interface Invoice extends Common {
  kind: 'invoice';
  /** Until when what is due is to be paid. */
  due: Day | null;
  /** When what is paid was paid. */
  paidOn: Day | null;
}

export interface CreditNote extends Common {
  kind: 'credit-note';
  /** The invoice of which so many percent are taken back. */
  original: { number: string; issued: Day; percent: string };
  refundedOn: Day | null;
  /** The invoice was not paid: what is `paid` here is no longer owed, and nothing goes back. */
  voids?: true;
}

export type BillingDocument = Invoice | CreditNote;

/** Usage added up. */
export interface UsageSum {
  requests: number;
  inputTokens: number;
  outputTokens: number;
  /** As shown: less than a unit from what it is. Those of the parts add up to that of the whole. */
  amount: MinorUnits;
  /** What it is, decimal text. */
  exact: string;
}

/** Which of a member's ledger entries are of the period, and what they add up to. */
interface LedgerRow {
  member: string;
  /** Null: not known. */
  first: number | null;
  last: number | null;
  requests: number;
  exact: string;
}

export interface Statement extends Look {
  kind: 'statement';
  organization: string;
  /** The code of its country (ISO 3166-1, two letters), which decides the paper; empty: not known. */
  country: string;
  /** Its only project or member, where it is of one. */
  project: string | null;
  member: string | null;
  /** "2026-10". */
  month: string;
  period: Period;
  timeZone: string;
  /** ISO 8601, UTC: usage that had arrived by then is in it. */
  asOf: string;
  /** Whether more may come. */
  preliminary: boolean;
  groups: readonly (UsageSum & { project: string; lines: readonly (UsageSum & { member: string; model: string })[] })[];
  total: UsageSum;
  ledger: readonly LedgerRow[];
}

export type PrintedDocument = BillingDocument | Statement;
