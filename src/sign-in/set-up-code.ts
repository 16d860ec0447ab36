/**
 * The set-up code: whoever has it becomes the first owner of a deployment. It is told once, to the operator, and kept
 * as a hash; a new one ends the old one. Where there is an owner none is made any more.
 */
import { randomText } from '../ids.ts';
import { sha256Hex } from '../teams/keys.ts';

/** 80 random bits. */
const CODE_LENGTH = 16;

/**
 * Makes the set-up code of a deployment without an owner; null where there is one. Also called outside of workerd, by
 * `npm start`.
 */
export async function newSetUpCode(db: D1Database, nowMs: number): Promise<string | null> {
  const { code, sql } = await setUpCodeStatement(nowMs);
  const { meta } = await db.prepare(sql).run();
  return meta.changes > 0 ? code : null;
}

/**
 * A new code, and the statement that makes it the one; it changes nothing where there is an owner. The statement tells the code to
 * nobody, and stands for itself: a first deployment runs it through wrangler, which binds no values.
 */
export async function setUpCodeStatement(nowMs: number): Promise<{ code: string; sql: string }> {
  const code = randomText(CODE_LENGTH);
  const sql = `INSERT INTO set_up_codes (only_row, hash, created_at)
    SELECT 1, '${await setUpCodeHash(code)}', ${nowMs}
    WHERE NOT EXISTS (SELECT 1 FROM members WHERE role = 'owner' AND user_id IS NOT NULL AND removed_at IS NULL)
    ON CONFLICT (only_row) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at, used_at = NULL`;
  return { code: shown(code), sql };
}

/** Whether a deployment still waits for its first owner, and has a code to let one in. */
export async function waitsForSetUp(db: D1Database): Promise<boolean> {
  return (await db.prepare('SELECT 1 FROM set_up_codes WHERE used_at IS NULL').first()) !== null;
}

/** Case, blanks and dashes are for the eyes. */
export function setUpCodeHash(code: string): Promise<string> {
  return sha256Hex(code.toLowerCase().replace(/[\s-]/g, ''));
}

function shown(code: string): string {
  return (code.match(/.{4}/g) ?? []).join('-');
}
