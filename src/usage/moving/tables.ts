/**
 * The tables of an organization's usage, as a move copies them: all that lie in its database, but for what belongs to the
 * database itself (the watermark, the fences). Columns are those of the schema, so that a new one is not forgotten; nor is a new
 * table (test/usage/moving.test.ts).
 */
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import {
  booksTurns,
  dayDifferences,
  memberBooks,
  memberDays,
  memberLedgers,
  usageBackfills,
  usageDimensions,
  usageEvents,
  usageRollups,
  usageSeries,
  usageTotals,
} from '../../database/schema.ts';

interface Described {
  table: SQLiteTable;
  /** Columns by which it is walked, in this order. Not unique: rows of one value travel together. */
  key: string[];
  /** Columns by which its rows are compared apart. */
  group?: string[];
  /** Columns that the target has values of its own for, as SQL; `null` leaves it to the table to find one. */
  anew?: Record<string, string | null>;
  /** What its rows belong to, where they do not name the organization, and the column that names that. */
  parent?: { table: MovedTable; by: string };
}

export interface MovedTable {
  name: string;
  /** Its own columns that travel as they are. */
  columns: string[];
  numbers: ReadonlySet<string>;
  primaryKey: string[];
  /** Unique, and what tells a row in every database, where its id does not. */
  hasId: boolean;
  key: string[];
  group: string[];
  anew: Record<string, string | null>;
  parent: { name: string; id: string; by: string; columns: string[] } | null;
}

function described({ table, key, group = [], anew = {}, parent }: Described): MovedTable {
  const { name, columns, primaryKeys } = getTableConfig(table);
  const composite = primaryKeys[0]?.columns.map((column) => column.name);
  const hasId = anew.id === null;
  return {
    name,
    columns: columns.map((column) => column.name).filter((column) => !(column in anew) && column !== parent?.by),
    numbers: new Set(columns.filter((column) => column.columnType === 'SQLiteInteger').map((column) => column.name)),
    primaryKey: composite ?? columns.filter((column) => column.primary).map((column) => column.name),
    hasId,
    key,
    group,
    anew,
    parent: parent
      ? {
          name: parent.table.name,
          id: parent.table.hasId ? 'id' : parent.by,
          by: parent.by,
          columns: parent.table.key,
        }
      : null,
  };
}

const ledgers = described({ table: memberLedgers, key: ['member_id'], group: ['member_id'] });

const dimensions = described({
  table: usageDimensions,
  key: ['project_id', 'key_id', 'member_id', 'mapping', 'canonical_model', 'provider', 'app'],
  group: ['member_id'],
  anew: { id: null },
});

const series = described({ table: usageSeries, key: ['kind', 'value'], group: ['kind'], anew: { id: null } });

/**
 * Events that come from elsewhere are in the sums that come with them, so they get numbers below every watermark: below 0, in the
 * order of each text that they travel in (?3).
 */
const BELOW_ALL = '(SELECT min(0, coalesce(min(seq), 0)) FROM usage_events) - json_array_length(?3) + given.key';

/** In the order in which they are copied; what others belong to comes first. */
export const MOVED_TABLES: readonly MovedTable[] = [
  ledgers,
  dimensions,
  series,
  described({ table: usageEvents, key: ['settled_at'], group: ['member_id'], anew: { seq: BELOW_ALL } }),
  described({
    table: usageRollups,
    key: ['bucket_at'],
    group: ['member_id'],
    parent: { table: dimensions, by: 'dimension_id' },
  }),
  described({
    table: usageTotals,
    key: ['bucket_at'],
    group: ['kind', 'value'],
    parent: { table: series, by: 'series_id' },
  }),
  described({ table: memberDays, key: ['day_at'], group: ['member_id'], parent: { table: ledgers, by: 'member_id' } }),
  // Proven as far as the watermark of another database: as good as not at all.
  described({ table: memberBooks, key: ['member_id'], group: ['member_id'], anew: { proven_seq: '0' } }),
  described({ table: dayDifferences, key: ['day_at', 'member_id'], group: ['member_id'] }),
  described({ table: booksTurns, key: ['organization_id'] }),
  described({ table: usageBackfills, key: ['organization_id'] }),
];
