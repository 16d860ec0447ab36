/** What a move copies is all that the schema has of usage: a table or a column that is added later is not forgotten. */
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import { expect, it } from 'vitest';
import * as schema from '../../src/database/schema.ts';
import { MOVED_TABLES } from '../../src/usage/moving/tables.ts';

/** What lies in the main database only. */
const OF_THE_MAIN_DATABASE = [
  'accounts',
  'api_keys',
  'audit_anchors',
  'audit_entries',
  'billing_accounts',
  'budget_requests',
  'budget_warnings',
  'document_series',
  'invitations',
  'known_prices',
  'master_keys',
  'members',
  'organizations',
  'passkeys',
  'policy_pushes',
  'price_notices',
  'price_overrides',
  'project_grants',
  'projects',
  'provider_keys',
  'seat_purchases',
  'sessions',
  'set_up_codes',
  'sign_ups',
  'subscriptions',
  'transactions',
  'two_factors',
  'usage_moves',
  'users',
  'verifications',
  'webhook_events',
];

/** What each database with usage has of its own. */
const OF_EACH_DATABASE = ['rollup_watermark', 'usage_fences'];

const tables: SQLiteTable[] = Object.values(schema);

it('every table is copied, or said to lie elsewhere: decide where a new one lies', () => {
  const moved = MOVED_TABLES.map(({ name }) => name);
  const all = tables.map((table) => getTableConfig(table).name);
  expect([...moved, ...OF_THE_MAIN_DATABASE, ...OF_EACH_DATABASE].toSorted()).toEqual(all.toSorted());
});

it('every column of a copied table travels, is given anew, or is what its parent says', () => {
  for (const table of tables) {
    const { name, columns } = getTableConfig(table);
    const moved = MOVED_TABLES.find((one) => one.name === name);
    if (!moved) continue;
    const known = [...moved.columns, ...Object.keys(moved.anew), ...(moved.parent ? [moved.parent.by] : [])];
    expect(known.toSorted(), name).toEqual(columns.map((column) => column.name).toSorted());
    // Ids of other rows of usage are each database's own.
    expect(
      moved.columns.filter((column) => column === 'id' || column === 'dimension_id' || column === 'series_id'),
    ).toEqual([]);
  }
});

it('what others belong to is copied before them', () => {
  const order = MOVED_TABLES.map(({ name }) => name);
  for (const { name, parent } of MOVED_TABLES) {
    if (parent) expect(order.indexOf(parent.name)).toBeLessThan(order.indexOf(name));
  }
});
