/** People of a database from before there was sign-in survive its migration, and can get a password by mail. */
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

const MIGRATIONS = 'd1-migrations';

describe('the migration to sign-in', () => {
  it('keeps users as they were, unproven', () => {
    const db = new DatabaseSync(':memory:');
    const files = readdirSync(MIGRATIONS)
      .filter((name) => name.endsWith('.sql'))
      .toSorted();
    const signIn = files.findIndex((name) => name.endsWith('_sign_in.sql'));
    expect(signIn).toBeGreaterThan(0);
    const apply = (names: string[]) => {
      for (const name of names) db.exec(readFileSync(`${MIGRATIONS}/${name}`, 'utf8'));
    };
    apply(files.slice(0, signIn));
    const old = { id: 'usr_0000000000000001', name: 'Ada', email: 'ada@example.com', created_at: 1_700_000_000_123 };
    db.prepare('INSERT INTO users (id, name, email, created_at) VALUES (?, ?, ?, ?)').run(...Object.values(old));
    apply(files.slice(signIn));
    const kept = db.prepare('SELECT * FROM users').all();
    expect(kept).toEqual([expect.objectContaining({ ...old, email_verified: 0, two_factor_enabled: 0 })]);
  });
});
