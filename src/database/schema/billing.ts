/** Money in and out, and how Stripe and we agree on it. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { Day } from '../../billing/documents/document.ts';
import type { ChargeSnapshot, PaidThrough, TransactionKind, TransactionStatus } from '../../billing/transaction.ts';
import type { Plan } from '../../teams/roles.ts';
import { organizations } from './teams.ts';

/**
 * Money in or out of an organization. A completed one never changes: what its document says is `snapshot` and `number`,
 * whatever became of the organization since.
 */
export const transactions = sqliteTable(
  'transactions',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    kind: text('kind').$type<TransactionKind>().notNull(),
    status: text('status').$type<TransactionStatus>().notNull(),
    /** ISO 4217. */
    currency: text('currency').notNull(),
    /** All of it, with fees and taxes, in minor units; of a refund below 0. */
    total: integer('total').notNull(),
    /** Nanodollars that completing it posts to the wallet, of a refund below 0; 0: it has nothing to do with the wallet. */
    credit: integer('credit').notNull(),
    /** Seller, buyer, lines, fees and tax as they were at the time. */
    snapshot: text('snapshot', { mode: 'json' }).$type<ChargeSnapshot>().notNull(),
    /** Of a refund: the charge it takes back from. */
    refundOf: text('refund_of'),
    /**
     * Its document's: "2026-000123", of a credit note "CN-2026-000001". Given as it is completed, or before that to an invoice
     * that is yet to be paid. Null: none (neither of these, or nothing was charged).
     */
    number: text('number'),
    /** When the number was given, and which day that was for the seller: the date of the document. */
    numberedAt: integer('numbered_at'),
    issued: text('issued').$type<Day>(),
    /** Who was paid: 'manual' or 'stripe'. */
    paidThrough: text('paid_through').$type<PaidThrough>().notNull(),
    /** What it is called there, or what the operator called it: one transaction each. Null: not known yet. */
    reference: text('reference'),
    createdAt: integer('created_at').notNull(),
    completedAt: integer('completed_at'),
    failedAt: integer('failed_at'),
    /** Why it failed, for people. */
    failure: text('failure'),
    /** When the wallet took `credit`: until then it is posted again and again. Null while it has not, or need not. */
    creditedAt: integer('credited_at'),
    /** When its document had been mailed to everybody. */
    mailedAt: integer('mailed_at'),
    /** Who has it already, of several. */
    mailedTo: text('mailed_to', { mode: 'json' }).$type<string[]>().notNull().default([]),
    /** Until when nobody else may mail it. */
    mailLeasedUntil: integer('mail_leased_until').notNull().default(0),
  },
  (table) => [
    index('transactions_by_organization').on(table.organizationId, table.createdAt, table.id),
    uniqueIndex('transactions_by_reference').on(table.paidThrough, table.reference),
    index('transactions_by_refunded').on(table.refundOf).where(sql`refund_of IS NOT NULL`),
    index('transactions_uncredited')
      .on(table.completedAt)
      .where(sql`completed_at IS NOT NULL AND credited_at IS NULL AND credit <> 0`),
    index('transactions_unmailed').on(table.numberedAt).where(sql`number IS NOT NULL AND mailed_at IS NULL`),
    uniqueIndex('transactions_by_number').on(table.number),
  ],
);

/** The last number given in each series of documents: each year has one of invoices and one of credit notes. */
export const documentSeries = sqliteTable(
  'document_series',
  {
    kind: text('kind').$type<'invoice' | 'credit-note'>().notNull(),
    year: integer('year').notNull(),
    last: integer('last').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.year] })],
);

/** How an organization pays by itself: who it is at Stripe, its saved card, its automatic top-ups. */
export const billingAccounts = sqliteTable('billing_accounts', {
  organizationId: text('organization_id')
    .primaryKey()
    .references(() => organizations.id),
  /** Stripe's id of the customer. */
  customer: text('customer').unique(),
  /** Stripe's id of the saved card, and how people know it: "Visa 4242". */
  paymentMethod: text('payment_method'),
  paymentMethodShown: text('payment_method_shown'),
  /** When it was last paid with: an older payment that is heard of later does not bring an older card back. */
  paymentMethodAt: integer('payment_method_at').notNull().default(0),
  /** Nanodollars of available credit below which a top-up is bought; null: never. */
  topUpBelow: integer('top_up_below'),
  /** How much is bought then, in minor units of USD. */
  topUpAmount: integer('top_up_amount'),
  /** Until when nobody else may begin an automatic top-up: one at a time. */
  topUpLeasedUntil: integer('top_up_leased_until').notNull().default(0),
  /** At most how much is bought in a month of UTC, in minor units of USD; null: as LIMITS says. */
  topUpMonthMax: integer('top_up_month_max'),
  /** Why the last automatic one failed, and when; null: it did not. */
  topUpFailedAt: integer('top_up_failed_at'),
  topUpFailure: text('top_up_failure'),
  /** How many have failed in a row, and the last of them: news of it that comes twice counts once. */
  topUpFailures: integer('top_up_failures').notNull().default(0),
  topUpFailedBy: text('top_up_failed_by'),
  /** From when on another is tried after a failure; null: not until the card or the settings change. */
  topUpRetryAt: integer('top_up_retry_at'),
  /** When owners and finance were mailed that it has stopped. */
  topUpStopToldAt: integer('top_up_stop_told_at'),
});

/** What a paid plan runs on. */
export const subscriptions = sqliteTable('subscriptions', {
  organizationId: text('organization_id')
    .primaryKey()
    .references(() => organizations.id),
  paidThrough: text('paid_through').$type<PaidThrough>().notNull(),
  /** Stripe's id of it. */
  reference: text('reference').unique(),
  /** As Stripe has it. */
  status: text('status').$type<'active' | 'past_due' | 'canceled'>().notNull(),
  plan: text('plan').$type<Plan>().notNull(),
  /** Beyond those of the plan. */
  seats: integer('seats').notNull(),
  periodStart: integer('period_start').notNull(),
  periodEnd: integer('period_end').notNull(),
  /** What it becomes at the end of its period; null: what it is. */
  nextPlan: text('next_plan').$type<Plan>(),
  nextSeats: integer('next_seats'),
  /** Since when a payment is owed: the plan stays until LIMITS' grace is over. */
  pastDueSince: integer('past_due_since'),
  /** When Stripe made the newest event that was heard of it: an older one that comes later changes nothing. */
  heardAt: integer('heard_at').notNull().default(0),
});

/** Events that Stripe has told, each handled once. What cannot be handled now is tried again by the cron. */
export const webhookEvents = sqliteTable(
  'webhook_events',
  {
    /** Stripe's. */
    id: text('id').primaryKey(),
    type: text('type').notNull(),
    /** When Stripe made it. */
    createdAt: integer('created_at').notNull(),
    receivedAt: integer('received_at').notNull(),
    /** The event as it came; null once it was handled. */
    body: text('body'),
    handledAt: integer('handled_at'),
    tries: integer('tries').notNull().default(0),
    nextTryAt: integer('next_try_at').notNull(),
    /** What went wrong last. */
    problem: text('problem'),
  },
  (table) => [index('webhook_events_to_handle').on(table.nextTryAt).where(sql`handled_at IS NULL`)],
);

/** Seats that were bought, each to be charged once: src/billing/seat-charges.ts. Written with the change that needs them. */
export const seatPurchases = sqliteTable(
  'seat_purchases',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    seats: integer('seats').notNull(),
    /** Cents for each of them, until the period ends. */
    unitCost: integer('unit_cost').notNull(),
    boughtAt: integer('bought_at').notNull(),
    periodEnd: integer('period_end').notNull(),
    /** Who bought them beforehand: the same again within a minute is a second click. Null: an invitation needed them. */
    boughtBy: text('bought_by'),
    /** What charges them; null: nothing yet. */
    transactionId: text('transaction_id'),
    /** Whether Stripe has yet to be told of them for its next bill. */
    untold: integer('untold', { mode: 'boolean' }).notNull().default(false),
    /** When they were taken back, because nobody paid for them. */
    takenBackAt: integer('taken_back_at'),
    /** When nothing more could come of it: it was paid, and the seats are there. */
    settledAt: integer('settled_at'),
  },
  (table) => [
    index('seat_purchases_to_charge').on(table.id).where(sql`transaction_id IS NULL`),
    index('seat_purchases_to_settle').on(table.id).where(sql`settled_at IS NULL`),
    index('seat_purchases_by_organization').on(table.organizationId, table.boughtAt),
  ],
);
