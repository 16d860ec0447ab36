/**
 * What was used: events as they were shipped, and the sums made of them.
 * An organization may have them in another database than all else (src/usage/databases.ts), so none refers to a table outside.
 */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { RefusedRequest } from '../../budgets/usage-event.ts';
import type { SeriesKind } from '../../usage/measures.ts';
import type { FenceState } from '../../usage/moving/phases.ts';
import type { ShippedStatus } from '../../usage/shipping.ts';

/** The one record of each attempt, kept for the retention, in the order in which it arrived. */
export const usageEvents = sqliteTable(
  'usage_events',
  {
    /** Only ever rises, also after pruning: what the rollup watermark counts in. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    organizationId: text('organization_id').notNull(),
    memberId: text('member_id').notNull(),
    /** The member's gapless sequence number. */
    n: integer('n').notNull(),
    attemptId: text('attempt_id').notNull(),
    requestId: text('request_id').notNull(),
    projectId: text('project_id').notNull(),
    keyId: text('key_id').notNull(),
    endpoint: text('endpoint').notNull(),
    mapping: text('mapping').notNull(),
    canonicalModel: text('canonical_model').notNull(),
    provider: text('provider').notNull(),
    app: text('app').notNull(),
    outcome: text('outcome').notNull(),
    refusal: text('refusal'),
    /** Of refused: the last of those that it counts. */
    refused: text('refused', { mode: 'json' }).$type<RefusedRequest[]>(),
    /** How many attempts this row stands for: many for counted refusals, 0 for a correction. */
    requests: integer('requests').notNull(),
    openedAt: integer('opened_at').notNull(),
    settledAt: integer('settled_at').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    cachedTokens: integer('cached_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    reasoningTokens: integer('reasoning_tokens').notNull(),
    cost: integer('cost').notNull(),
    inputCost: integer('input_cost').notNull(),
    outputCost: integer('output_cost').notNull(),
    overrun: integer('overrun').notNull(),
    unresolved: integer('unresolved').notNull(),
    priceVersion: text('price_version').notNull(),
    estimated: integer('estimated').notNull(),
    streamed: integer('streamed').notNull(),
    latencyMs: integer('latency_ms'),
    firstTokenMs: integer('first_token_ms'),
    /** The organization's own provider key that it was made with, which no wallet pays for; null: the deployment's. */
    providerKeyId: text('provider_key_id'),
  },
  // Member and cost ride along so that a day's sums, and one member's events among the organization's, are found in the
  // index alone; an index of their own would be one more row written for every request.
  (table) => [
    index('usage_events_by_organization').on(table.organizationId, table.settledAt, table.memberId, table.cost),
    // One more row for every request: without it nobody who has an id from an error, a log or a support case finds what it cost.
    index('usage_events_by_request').on(table.organizationId, table.requestId, table.settledAt),
    // Refusals are counted by the dozen, so this costs next to nothing.
    index('usage_events_refused').on(table.organizationId, table.settledAt).where(sql`${table.outcome} = 'refused'`),
  ],
);

/**
 * In the database with the usage itself: organizations whose usage was ever moved from or to it. Nothing may be added but where it
 * is open, as it is where there is no row. A shipment asks in its own transaction, so what anybody else remembers may be stale.
 */
export const usageFences = sqliteTable('usage_fences', {
  organizationId: text('organization_id').primaryKey(),
  /** arriving: it is being copied to here; leaving: all of it is here, and waits; gone: it lies elsewhere. */
  state: text('state').$type<FenceState>().notNull(),
  /** Of the one (usage_moves.turn) who may copy to here, or delete; it never goes back. */
  turn: integer('turn').notNull(),
});

/** Per member, for good: everything shipped so far. D1's side of the books. */
export const memberLedgers = sqliteTable(
  'member_ledgers',
  {
    memberId: text('member_id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** The last sequence number here. */
    shipped: integer('shipped').notNull(),
    /** Nanodollars of all events up to it. */
    cost: integer('cost').notNull(),
    requests: integer('requests').notNull(),
    overrun: integer('overrun').notNull(),
    unresolved: integer('unresolved').notNull(),
    /** What the object told of its budget with the last of these events; null: nothing yet. */
    status: text('status', { mode: 'json' }).$type<ShippedStatus>(),
    /** 1 until that status was looked at for warnings. */
    statusIsNews: integer('status_is_news').notNull().default(0),
  },
  (table) => [
    // With the member: who asks for the members of an organization reads no row for it.
    index('member_ledgers_by_organization').on(table.organizationId, table.memberId),
    index('member_ledgers_with_news').on(table.statusIsNews).where(sql`${table.statusIsNews} = 1`),
  ],
);

/** Every combination of dimensions that usage has been seen with. */
export const usageDimensions = sqliteTable(
  'usage_dimensions',
  {
    id: integer('id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    projectId: text('project_id').notNull(),
    keyId: text('key_id').notNull(),
    memberId: text('member_id').notNull(),
    mapping: text('mapping').notNull(),
    canonicalModel: text('canonical_model').notNull(),
    provider: text('provider').notNull(),
    app: text('app').notNull(),
  },
  (table) => [
    uniqueIndex('usage_dimensions_unique').on(
      table.organizationId,
      table.projectId,
      table.keyId,
      table.memberId,
      table.mapping,
      table.canonicalModel,
      table.provider,
      table.app,
    ),
  ],
);

/**
 * Usage summed per quarter of an hour and dimensions, for good: the ground truth of every other sum. WITHOUT ROWID, by
 * dimension first: a row is one write, and what is filtered by a project or a key reads no row of another.
 */
export const usageRollups = sqliteTable(
  'usage_rollups',
  {
    dimensionId: integer('dimension_id').notNull(),
    /** Epoch ms of the quarter of an hour, UTC: the only grain from which every zone's days are exact. */
    bucketAt: integer('bucket_at').notNull(),
    ...measures(),
    /** A letter for each (src/usage/measures.ts). Rows from before they were kept have none. */
    latencies: text('latencies').notNull().default(''),
    firstTokens: text('first_tokens').notNull().default(''),
  },
  (table) => [primaryKey({ columns: [table.dimensionId, table.bucketAt] })],
);

/** What has running totals: an organization, and each value of each of its dimensions. */
export const usageSeries = sqliteTable(
  'usage_series',
  {
    id: integer('id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    kind: text('kind').$type<SeriesKind>().notNull(),
    /** A project's id, a model's name...; '' for the organization. */
    value: text('value').notNull(),
  },
  (table) => [
    uniqueIndex('usage_series_unique').on(table.organizationId, table.kind, table.value),
    // What metrics are by, in the order in which they were first used; a row for each provider that an organization ever uses.
    index('usage_series_of_providers').on(table.kind).where(sql`${table.kind} = 'provider'`),
  ],
);

/**
 * Running totals: a row for each quarter of an hour in which the series had usage, with the sum of all its usage from the
 * beginning of time to the end of that quarter. What was used between two instants is the difference of two rows, however
 * much it was. WITHOUT ROWID: a row is one write.
 */
export const usageTotals = sqliteTable(
  'usage_totals',
  {
    seriesId: integer('series_id').notNull(),
    bucketAt: integer('bucket_at').notNull(),
    ...measures(),
    /** Counts of each bin, encoded (src/usage/measures.ts). */
    latencies: text('latencies').notNull().default(''),
    firstTokens: text('first_tokens').notNull().default(''),
  },
  (table) => [primaryKey({ columns: [table.seriesId, table.bucketAt] })],
);

/** The columns of src/usage/measures.ts. */
function measures() {
  return {
    requests: integer('requests').notNull(),
    upstreamErrors: integer('upstream_errors').notNull(),
    clientErrors: integer('client_errors').notNull(),
    refused: integer('refused').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    cachedTokens: integer('cached_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    reasoningTokens: integer('reasoning_tokens').notNull(),
    cost: integer('cost').notNull(),
    inputCost: integer('input_cost').notNull(),
    outputCost: integer('output_cost').notNull(),
    /** Rows from before they were counted have none. */
    events: integer('events').notNull().default(0),
  };
}

/** Organizations whose sums are to be compared with what they are sums of, and made right: src/usage/backfill.ts. */
export const usageBackfills = sqliteTable('usage_backfills', {
  organizationId: text('organization_id').primaryKey(),
  requestedAt: integer('requested_at').notNull(),
  /** All quarters of an hour before this one are done. */
  nextAt: integer('next_at').notNull(),
  /** Null: there is more to do. */
  finishedAt: integer('finished_at'),
  /** Rows that were wrong or missing and are right now. */
  factsChanged: integer('facts_changed').notNull(),
  totalsChanged: integer('totals_changed').notNull(),
});

/** One row: how far events are rolled up, and when that was last looked at. */
export const rollupWatermark = sqliteTable('rollup_watermark', {
  onlyRow: integer('only_row').primaryKey(),
  /** Events with seq up to this are in the rollups, all others are not. */
  seq: integer('seq').notNull(),
  /** When the newest run began, epoch ms: whatever had arrived by then is in the rollups. */
  rolledUpTo: integer('rolled_up_to').notNull(),
  /** Rises with every change of a sum, so that one who read sums writes only if nobody else did meanwhile. */
  version: integer('version').notNull().default(0),
  /** Whether the books agreed at the last reconciliation, and when; pruning asks for it. */
  provenSeq: integer('proven_seq').notNull(),
  provenAt: integer('proven_at'),
});

/**
 * Cost per member and UTC day, for good, added by the transaction that adds to the rollups. What the books compare on
 * both sides, so that neither a ledger nor a day is ever compared with a whole history.
 */
export const memberDays = sqliteTable(
  'member_days',
  {
    memberId: text('member_id').notNull(),
    /** Epoch ms at which the day begins in UTC. */
    dayAt: integer('day_at').notNull(),
    cost: integer('cost').notNull(),
  },
  (table) => [primaryKey({ columns: [table.memberId, table.dayAt] })],
);
