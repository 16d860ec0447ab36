/**
 * What a transaction is made of. A charge or refund is described once, as a draft (who pays for what); `transactions.ts`
 * stores it pending with a snapshot of everything its document will say, completes it once, and only then does it have a
 * number and does the wallet hear of it.
 */
import type { Nanos } from '../money/nanos.ts';
import type { BillingDocument } from './documents/document.ts';

export const TRANSACTION_KINDS = ['top_up', 'auto_top_up', 'subscription', 'seats', 'refund'] as const;
export type TransactionKind = (typeof TRANSACTION_KINDS)[number];

export const TRANSACTION_STATUSES = ['pending', 'completed', 'failed'] as const;
export type TransactionStatus = (typeof TRANSACTION_STATUSES)[number];

type WithoutNumber<T> = T extends unknown ? Omit<T, 'number' | 'issued' | 'logo' | 'colour'> : never;

/** A document before it has a number and a date; how it looks (logo, colour) is the seller's and may change. */
export type ChargeSnapshot = WithoutNumber<BillingDocument>;

export interface Draft {
  organizationId: string;
  kind: TransactionKind;
  snapshot: ChargeSnapshot;
  /** Nanodollars for the wallet, below 0 for a refund; 0 for what is no credit. */
  credit: Nanos;
  refundOf: string | null;
  paidThrough: 'manual' | 'stripe';
  /** The payment's id at Stripe, or the operator's: a second draft with it is the first. Null: told later. */
  reference: string | null;
}
