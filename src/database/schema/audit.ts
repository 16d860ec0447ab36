/** Who changed what. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Action } from '../../audit/actions.ts';
import type { Actor } from '../../audit/trail.ts';

/**
 * The audit log: one row for every change that an organization's people, programs or operator made, chained by hashes
 * (src/audit/chain.ts has the format). Written in the batch of the change it tells; never changed; pruned from its beginning.
 */
export const auditEntries = sqliteTable(
  'audit_entries',
  {
    organizationId: text('organization_id').notNull(),
    /** Gapless from 1. As the primary key it makes one of two concurrent changes fail as a whole, and try again. */
    n: integer('n').notNull(),
    /** Epoch ms; never before that of the entry before. */
    at: integer('at').notNull(),
    actorKind: text('actor_kind').$type<Actor['kind']>().notNull(),
    /** The user or master key; null for the operator. */
    actorId: text('actor_id'),
    memberId: text('member_id'),
    sessionId: text('session_id'),
    action: text('action').$type<Action>().notNull(),
    targetKind: text('target_kind').notNull(),
    targetId: text('target_id').notNull(),
    /** The changed fields as they were, JSON as JSON.stringify writes it; null: there was nothing. Never a secret. */
    before: text('before'),
    /** The same fields as they are now; null: there is nothing any more. */
    after: text('after'),
    ip: text('ip'),
    userAgent: text('user_agent'),
    requestId: text('request_id'),
    previousHash: text('previous_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.n] })],
);

/** How far each organization's log was last anchored: a note for the cron, which the anchor object itself never reads. */
export const auditAnchors = sqliteTable('audit_anchors', {
  organizationId: text('organization_id').primaryKey(),
  n: integer('n').notNull(),
  /** When that was last tried, so that a log that cannot be anchored keeps no other waiting. */
  lookedAt: integer('looked_at').notNull(),
});
