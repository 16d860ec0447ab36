/** What models cost by the operator's word, and who has to be told. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Price } from '../../money/price.ts';
import { users } from './sign-in.ts';
import { organizations } from './teams.ts';

/** What the operator says that a model costs, in place of the built-in price: read by every isolate (src/prices/live-catalogue.ts). */
export const priceOverrides = sqliteTable(
  'price_overrides',
  {
    /** The pinned name of a model. */
    mapping: text('mapping').notNull(),
    /** Epoch ms from which it is in force; 0: since ever. */
    effectiveFrom: integer('effective_from').notNull(),
    price: text('price', { mode: 'json' }).$type<Price>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.mapping, table.effectiveFrom] })],
);

/** The price of each model as it was when it was last looked at: what differs from this has changed. */
export const knownPrices = sqliteTable('known_prices', {
  mapping: text('mapping').primaryKey(),
  /** Tiers and images as JSON.stringify writes them; the text is what is compared. */
  terms: text('terms').notNull(),
});

/** Whom to mail of a price that has changed. A row goes when it was mailed. */
export const priceNotices = sqliteTable(
  'price_notices',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    mapping: text('mapping').notNull(),
    noticedAt: integer('noticed_at').notNull(),
    /** As in known_prices. */
    before: text('before').notNull(),
    after: text('after').notNull(),
    /** Until when one run has it to itself. */
    leasedUntil: integer('leased_until').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.userId, table.mapping, table.noticedAt] })],
);
