/** What was in a database before a migration that moves or changes it is there afterwards. */
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

const MIGRATIONS = 'd1-migrations';

/** A database of now that had `rows` in it before the migration of that name. */
function migrated(name: string, rows: (db: DatabaseSync) => void): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  const files = readdirSync(MIGRATIONS)
    .filter((file) => file.endsWith('.sql'))
    .toSorted();
  const at = files.findIndex((file) => file.endsWith(`_${name}.sql`));
  expect(at).toBeGreaterThan(0);
  const apply = (some: string[]) => {
    for (const file of some) db.exec(readFileSync(`${MIGRATIONS}/${file}`, 'utf8'));
  };
  apply(files.slice(0, at));
  rows(db);
  apply(files.slice(at));
  return db;
}

function insert(db: DatabaseSync, table: string, row: Record<string, string | number | null>): void {
  const columns = Object.keys(row);
  db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`).run(
    ...Object.values(row),
  );
}

describe('the migration to sign-in', () => {
  it('keeps users as they were, unproven', () => {
    const old = { id: 'usr_0000000000000001', name: 'Ada', email: 'ada@example.com', created_at: 1_700_000_000_123 };
    const db = migrated('sign_in', (before) => insert(before, 'users', old));
    const kept = db.prepare('SELECT * FROM users').all();
    expect(kept).toEqual([expect.objectContaining({ ...old, email_verified: 0, two_factor_enabled: 0 })]);
  });
});

describe('the migration to warnings of keys', () => {
  it('keeps what members were warned of, as theirs, and who has yet to be mailed', () => {
    const told = (limit: string, percent: number) => ({
      member_id: 'mem_0000000000000001',
      limit_name: limit,
      status_at: 1_700_000_000_123,
      percent,
      limit_amount: 9_000_000_000_000,
      window_start: 1_700_000_000_000,
      window_end: limit === 'total' ? null : 1_700_086_400_000,
      about: '{"limit":"$9,000 in all","spent":"$8,000","resetsAtMs":null}',
      unsent: '["usr_0000000000000001"]',
      leased_until: 1_700_000_000_456,
    });
    const old = [told('period', 50), told('total', 80)];
    const db = migrated('key_warnings', (before) => {
      insert(before, 'organizations', {
        id: 'org_1',
        name: 'A',
        kind: 'team',
        plan: 'pro',
        time_zone: 'UTC',
        created_at: 0,
      });
      insert(before, 'members', {
        id: 'mem_0000000000000001',
        organization_id: 'org_1',
        name: 'Ada',
        role: 'owner',
        created_at: 0,
        budget: '{}',
      });
      for (const row of old) insert(before, 'budget_warnings', row);
    });
    expect(db.prepare('SELECT * FROM budget_warnings ORDER BY limit_name').all()).toEqual(
      old.map((row) => ({ ...row, scope: 'member' })),
    );
    expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
  });
});
