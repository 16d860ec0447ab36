/** What the last proofs of the books found, and how far they have come. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Proof } from '../../usage/books-findings.ts';

/** What the last look at each member's books found. */
export const memberBooks = sqliteTable(
  'member_books',
  {
    memberId: text('member_id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** The last look, whether the member's object answered or not. */
    lookedAt: integer('looked_at').notNull(),
    /** The last look at which it answered. Null: none yet. */
    provenAt: integer('proven_at'),
    /** The rollup watermark of the last look at which everything agreed; 0 while something differs. Pruning asks for it. */
    provenSeq: integer('proven_seq').notNull(),
    /** Since when the object has not answered; null while it does. */
    unprovenSince: integer('unproven_since'),
    unprovenWhy: text('unproven_why'),
    /** 1 while anything differs. */
    differs: integer('differs').notNull(),
    proof: text('proof', { mode: 'json' }).$type<Proof>().notNull(),
    /** When the difference that stands was last logged. */
    alarmedAt: integer('alarmed_at'),
  },
  (table) => [index('member_books_that_differ').on(table.organizationId).where(sql`${table.differs} = 1`)],
);

/** Days on which a member's sums differ, as of the last time each was compared. Empty when all is well. */
export const dayDifferences = sqliteTable(
  'day_differences',
  {
    organizationId: text('organization_id').notNull(),
    dayAt: integer('day_at').notNull(),
    memberId: text('member_id').notNull(),
    /** Nanodollars: the rollups of the day, its row in member_days, and its events below the watermark (null: pruned). */
    rollups: integer('rollups').notNull(),
    days: integer('days').notNull(),
    events: integer('events'),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.dayAt, table.memberId] })],
);

/** How far the comparing of an organization's days has come. */
export const booksTurns = sqliteTable('books_turns', {
  organizationId: text('organization_id').primaryKey(),
  /** Days before this one were compared in the present round. */
  nextDayAt: integer('next_day_at').notNull(),
  roundBeganAt: integer('round_began_at').notNull(),
  /** When the last whole round began: every day was compared at or after it. Null: no round is complete. */
  comparedSince: integer('compared_since'),
});
