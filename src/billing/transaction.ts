/**
 * What a transaction is made of. A charge or refund is described once, as a draft (who pays for what); `transactions.ts`
 * stores it pending with a snapshot of everything its document will say, completes it once, and only then does it have a
 * number and does the wallet hear of it.
 */
import type { MinorUnits } from '../money/minor-units.ts';
import type { Nanos } from '../money/nanos.ts';
import type { BillingDocument, Day } from './documents/document.ts';

/** A dispute is below 0 where the bank has taken a payment back, and above 0 where it was won and the money came back. */
export const TRANSACTION_KINDS = [
  'top_up',
  'auto_top_up',
  'subscription',
  'seats',
  'refund',
  'dispute',
  /** Credit that the operator gave or took, which nobody paid for. */
  'correction',
] as const;
export type TransactionKind = (typeof TRANSACTION_KINDS)[number];

export const TRANSACTION_STATUSES = ['pending', 'completed', 'failed'] as const;
export type TransactionStatus = (typeof TRANSACTION_STATUSES)[number];

export type PaidThrough = 'manual' | 'stripe';

type WithoutNumber<T> = T extends unknown ? Omit<T, 'number' | 'issued' | 'logo' | 'colour'> : never;

/** A document before it has a number and a date; how it looks (logo, colour) is the seller's and may change. */
export type ChargeSnapshot = WithoutNumber<BillingDocument>;
export type CreditNoteSnapshot = Extract<ChargeSnapshot, { kind: 'credit-note' }>;

export interface Draft {
  organizationId: string;
  kind: TransactionKind;
  snapshot: ChargeSnapshot;
  /** Nanodollars for the wallet, below 0 for a refund; 0 for what is no credit. */
  credit: Nanos;
  refundOf: string | null;
  paidThrough: PaidThrough;
  /** The payment's id at Stripe, or the operator's: a second draft with it is the first. Null: told later. */
  reference: string | null;
}

export interface Transaction extends Draft {
  id: string;
  status: TransactionStatus;
  /** All of it, with fees and taxes; of a refund below 0. */
  total: MinorUnits;
  currency: string;
  /** Its document's; null: it has none. */
  number: string | null;
  /** The day of its document; null: it has none. */
  issued: Day | null;
  createdAtMs: number;
  completedAtMs: number | null;
  /** Of what is pending: when it had failed before it was tried again. */
  failedAtMs: number | null;
  failure: string | null;
  /** When the wallet took `credit`; null: not yet, or there is none. */
  creditedAtMs: number | null;
}
