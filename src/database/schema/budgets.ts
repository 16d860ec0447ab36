/** What is asked and told about budgets, and whom the newest policy has yet to reach. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Extra } from '../../budgets/policy.ts';
import type { WarnedAbout } from '../../teams/warning-levels.ts';
import { members, organizations } from './teams.ts';

/** Members who asked for more on one of their limits, and what became of it. Kept: what was granted is history. */
export const budgetRequests = sqliteTable(
  'budget_requests',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    memberId: text('member_id')
      .notNull()
      .references(() => members.id),
    limit: text('limit_name').$type<Extra['limit']>().notNull(),
    /** How much more was asked for, decimal USD; null: whoever decides may say. */
    amount: text('amount'),
    note: text('note'),
    createdAt: integer('created_at').notNull(),
    /** Null while it is open. */
    decision: text('decision').$type<'granted' | 'declined'>(),
    decidedAt: integer('decided_at'),
    /** The member who decided; null: a master key. */
    decidedBy: text('decided_by'),
    decisionNote: text('decision_note'),
    /** The extra, decimal USD. */
    grantedAmount: text('granted_amount'),
    /** The instant at which it lapses. */
    grantedUntil: integer('granted_until'),
    /** The limit as it stood: the extra counts only as long as it stands so (`standing` in teams/effective-budget.ts). */
    grantedOn: text('granted_on'),
  },
  (table) => [
    index('budget_requests_by_organization').on(table.organizationId, table.createdAt),
    index('budget_requests_by_member').on(table.memberId, table.grantedUntil),
  ],
);

/** What each member was last warned of, for each limit of theirs and of their keys, and to whom that has yet to be mailed. */
export const budgetWarnings = sqliteTable(
  'budget_warnings',
  {
    memberId: text('member_id')
      .notNull()
      .references(() => members.id),
    /** Whose limit it is: 'member', or a key's id. */
    scope: text('scope').notNull().default('member'),
    limit: text('limit_name').$type<Extra['limit']>().notNull(),
    /** When the object told the status that this goes by. One that is older changes nothing: the row's version. */
    statusAt: integer('status_at').notNull(),
    /** The highest threshold that was reached under this limit in this window or cycle; 0: none. */
    percent: integer('percent').notNull(),
    /** Nanodollars. */
    limitAmount: integer('limit_amount').notNull(),
    /** The window or cycle: when it began (0: of no matter; below: how long it is, as it rolls), and when it is another one (null: not by time). */
    windowStart: integer('window_start').notNull(),
    windowEnd: integer('window_end'),
    /** What the mail says of it. */
    about: text('about', { mode: 'json' }).$type<WarnedAbout>().notNull(),
    /** Users whom this has yet to be mailed to. */
    unsent: text('unsent', { mode: 'json' }).$type<string[]>().notNull(),
    /** Until then somebody is mailing it. */
    leasedUntil: integer('leased_until').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.memberId, table.scope, table.limit] }),
    index('budget_warnings_unsent').on(table.statusAt).where(sql`${table.unsent} <> '[]'`),
  ],
);

/** A member whose object has yet to confirm its newest policy. The row goes when it does. */
export const policyPushes = sqliteTable('policy_pushes', {
  memberId: text('member_id')
    .primaryKey()
    .references(() => members.id),
  requestedAt: integer('requested_at').notNull(),
});
