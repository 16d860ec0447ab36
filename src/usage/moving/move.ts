/**
 * Moves an organization's usage to another database, while requests are served and their events shipped.
 *
 * A call does a bounded part and notes how far it is; it may die anywhere, and the next goes on. Every step may be done again:
 * a piece is compared, and copied where it differs, in one transaction of the target. First all of it is copied while shipments
 * go on; then they wait in the members' objects (the source's fence), what has changed is copied again, and every piece must be
 * equal on both sides; then the main database says that the target is the place. Rows of the source go when nobody can still
 * be reading there. Who takes a move over gets the next turn, and what an earlier one still sends to a database has no effect.
 * docs/decisions/0026-usage-databases.md has the argument.
 */
import { changeAudited } from '../../audit/change.ts';
import type { Trail } from '../../audit/trail.ts';
import { LIMITS } from '../../limits.ts';
import { databaseNamed, MAIN_DATABASE, noteUsageDatabase } from '../databases.ts';
import { rollUp } from '../rollups.ts';
import { setFence } from './fences.ts';
import type { MovePhase } from './phases.ts';
import { type Comparable, compared, deleteRows, nextPiece, readRows, writeRows } from './rows.ts';
import { MOVED_TABLES, type MovedTable } from './tables.ts';

/** How far a move is. */
export interface Move {
  source: string;
  target: string;
  phase: MovePhase;
  /** The table that is being walked. */
  table: string | null;
  copied: number;
  deleted: number;
  /** What it waits for, should it wait. */
  waits: { forWhat: string; ms: number } | null;
}

export type MoveStart = { move: Row } | { refused: 'is there' | 'another move' };

interface Row {
  source: string;
  target: string;
  phase: MovePhase;
  at_table: number;
  after: string | null;
  turn: number;
  copied: number;
  deleted: number;
  switched_at: number | null;
}

const FIND = `
  SELECT organization.usage_database AS place, move.*
  FROM organizations AS organization
  LEFT JOIN usage_moves AS move ON move.organization_id = organization.id AND move.phase <> 'done'
  WHERE organization.id = ?1`;

/** ?4: now. A new move has a later turn than the last. */
const BEGIN = `
  INSERT INTO usage_moves (organization_id, source, target, phase, began_at)
  VALUES (?1, ?2, ?3, 'clearing', CAST(?4 AS INTEGER))
  ON CONFLICT DO UPDATE SET
    source = excluded.source, target = excluded.target, phase = excluded.phase, at_table = 0, after = NULL,
    turn = turn + 1, copied = 0, deleted = 0, began_at = excluded.began_at, switched_at = NULL
  WHERE usage_moves.phase = 'done'
  RETURNING *`;

const TAKE_OVER = `
  UPDATE usage_moves SET turn = turn + 1 WHERE organization_id = ?1 AND turn = CAST(?2 AS INTEGER) RETURNING *`;

/** A move that is called off has all in its source, and what was copied goes: as if it had been moved back. ?3: now. */
const CALL_OFF = `
  UPDATE usage_moves
  SET source = target, target = source, phase = 'switched', at_table = 0, after = NULL, turn = turn + 1,
    switched_at = CAST(?3 AS INTEGER)
  WHERE organization_id = ?1 AND turn = CAST(?2 AS INTEGER) AND phase IN ('clearing', 'copying', 'closing')
  RETURNING *`;

const NOTE = `
  UPDATE usage_moves
  SET phase = ?3, at_table = CAST(?4 AS INTEGER), after = ?5, copied = CAST(?6 AS INTEGER), deleted = CAST(?7 AS INTEGER)
  WHERE organization_id = ?1 AND turn = CAST(?2 AS INTEGER)`;

/** ?2: the new place, ?3: turn. */
const SWITCH = `
  UPDATE organizations
  SET usage_database = ?2
  WHERE id = ?1 AND EXISTS (
    SELECT 1 FROM usage_moves WHERE organization_id = ?1 AND turn = CAST(?3 AS INTEGER) AND phase = 'closing'
  )`;

const NOTE_SWITCH = `
  UPDATE usage_moves
  SET phase = 'switched', at_table = 0, after = NULL, switched_at = CAST(?3 AS INTEGER)
  WHERE organization_id = ?1 AND turn = CAST(?2 AS INTEGER) AND phase = 'closing'`;

/** Sums of a move are made nowhere else meanwhile. */
const IS_BACKFILLED = 'SELECT 1 FROM usage_backfills WHERE organization_id = ?1 AND finished_at IS NULL';

const RAISE_VERSION = 'UPDATE rollup_watermark SET version = version + 1';

const WAITS_FOR_ROLLUP = `
  SELECT 1
  FROM usage_events NOT INDEXED
  WHERE seq > (SELECT seq FROM rollup_watermark) AND organization_id = ?1
  LIMIT 1`;

/**
 * Begins the move, takes over one that is under way, or calls off one where `to` is the place that it leads away from. Whoever
 * did so before is out of it.
 */
export async function startMove(env: Env, organizationId: string, to: string, nowMs: number): Promise<MoveStart> {
  const main = env.DB.withSession('first-primary');
  const found = await main
    .prepare(FIND)
    .bind(organizationId)
    .first<{ place: string | null } & (Row | { turn: null })>();
  if (!found) throw new Error(`no organization ${organizationId}`);
  const place = found.place ?? MAIN_DATABASE;
  if (found.turn === null) {
    if (place === to) return { refused: 'is there' };
    const move = await main.prepare(BEGIN).bind(organizationId, place, to, nowMs).first<Row>();
    return move ? { move } : { refused: 'another move' };
  }
  const isBack = found.source === to;
  if (!isBack && found.target !== to) return { refused: 'another move' };
  const values = isBack ? [organizationId, found.turn, nowMs] : [organizationId, found.turn];
  const move = await main
    .prepare(isBack ? CALL_OFF : TAKE_OVER)
    .bind(...values)
    .first<Row>();
  return move ? { move } : { refused: 'another move' };
}

/** Goes on with a move for a while. Throws what a database throws, and where the two cannot be made equal; then call again. */
export async function goOn(
  env: Env,
  trail: Trail,
  row: Row,
  nowMs: number,
  piecesMax: number = LIMITS.movePiecesPerCall,
): Promise<Move> {
  const { organizationId } = trail;
  const step = new Step(env, organizationId, row);
  const untilMs = Date.now() + LIMITS.moveCallMs;
  let waits: Move['waits'] = null;
  for (let pieces = 0; pieces < piecesMax && Date.now() < untilMs && row.phase !== 'done' && !waits; pieces++) {
    if (row.phase === 'switched') waits = await step.settle(nowMs);
    else if (row.phase === 'clearing') await step.remove(step.target, 'arriving', 'copying');
    else if (row.phase === 'emptying') await step.remove(step.source, 'gone', 'done');
    else if (row.phase === 'copying') waits = await step.copy();
    else {
      const closed = await step.close(nowMs);
      if (closed === 'equal') await switchOver(env, trail, row, nowMs);
      else waits = closed;
    }
  }
  const { source, target, phase, copied, deleted } = row;
  return { source, target, phase, table: step.table()?.name ?? null, copied, deleted, waits };
}

/** One entry of the audit log and the new place, or neither. */
async function switchOver(env: Env, trail: Trail, row: Row, nowMs: number): Promise<void> {
  const { organizationId } = trail;
  const { source, target, turn } = row;
  const changed = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'organization.usage.moved',
    targetId: organizationId,
    before: { usageDatabase: source },
    after: { usageDatabase: target },
    statement: env.DB.prepare(SWITCH).bind(organizationId, target === MAIN_DATABASE ? null : target, turn),
    behind: [env.DB.prepare(NOTE_SWITCH).bind(organizationId, turn, nowMs)],
  }));
  if (!changed) throw new Error(`the move of ${organizationId} was taken over by another call`);
  noteUsageDatabase(organizationId, target);
  Object.assign(row, { phase: 'switched', at_table: 0, after: null, switched_at: nowMs });
}

/** The steps of a move, each a piece of a table at most. They change the row as they go, in the main database as well. */
class Step {
  readonly source: D1Database;
  readonly target: D1Database;
  /** Whether this call has found the source to have nothing that waits to be rolled up: nothing is added to it any more. */
  #isStill = false;
  private readonly env: Env;
  private readonly organizationId: string;
  private readonly row: Row;

  constructor(env: Env, organizationId: string, row: Row) {
    this.env = env;
    this.organizationId = organizationId;
    this.row = row;
    this.source = databaseNamed(env, row.source);
    this.target = databaseNamed(env, row.target);
  }

  table(): MovedTable | undefined {
    return MOVED_TABLES[this.row.at_table];
  }

  /** Deletes some rows of one database, what belongs to others before those. */
  async remove(db: D1Database, state: 'arriving' | 'gone', next: MovePhase): Promise<void> {
    const { organizationId, row } = this;
    await setFence(db, organizationId, state, row.turn);
    const table = MOVED_TABLES.at(-1 - row.at_table);
    if (!table) return this.#note({ phase: next, at_table: 0, after: null });
    const deleted = await deleteRows(db, organizationId, table, row.turn);
    const at_table = row.at_table + (deleted < LIMITS.moveRowsMax ? 1 : 0);
    await this.#note({ at_table, deleted: row.deleted + deleted });
  }

  /** Copies a piece while shipments go on; at the end has them wait. */
  async copy(): Promise<Move['waits']> {
    const { organizationId, row } = this;
    await setFence(this.target, organizationId, 'arriving', row.turn);
    if (!(await this.#isCopied())) return null;
    const waits = await this.#backfill();
    if (waits) return waits;
    await this.#note({ phase: 'closing', at_table: 0, after: null });
    return null;
  }

  /** Copies what has changed of a piece, until every piece is equal on both sides. */
  async close(nowMs: number): Promise<Move['waits'] | 'equal'> {
    const { organizationId, row, source, target } = this;
    if (!this.#isStill) {
      await setFence(target, organizationId, 'arriving', row.turn);
      await setFence(source, organizationId, 'leaving', row.turn);
      if (await source.prepare(WAITS_FOR_ROLLUP).bind(organizationId).first()) {
        await rollUp(source, nowMs, LIMITS.rollupRowsMax, 1);
        return null;
      }
      const waits = await this.#backfill();
      if (waits) return waits;
      this.#isStill = true;
    }
    return (await this.#isCopied()) ? 'equal' : null;
  }

  async #backfill(): Promise<Move['waits']> {
    const isUnderWay = await this.source.prepare(IS_BACKFILLED).bind(this.organizationId).first();
    return isUnderWay ? { forWhat: 'the backfill of its sums', ms: LIMITS.moveRestMs } : null;
  }

  /** The source refuses from now on, and only then does the target take. Whoever still reads in the source is waited for. */
  async settle(nowMs: number): Promise<Move['waits']> {
    const { organizationId, row } = this;
    await setFence(this.source, organizationId, 'gone', row.turn);
    await setFence(this.target, organizationId, 'open', row.turn);
    const ms = (row.switched_at ?? 0) + LIMITS.moveRestMs - nowMs;
    if (ms > 0) return { forWhat: 'whoever may still read in the old place', ms };
    await this.#note({ phase: 'emptying', at_table: 0, after: null });
    return null;
  }

  /** Makes one piece equal on both sides, and goes on to the next; true once there is none. */
  async #isCopied(): Promise<boolean> {
    const { organizationId, row, source, target } = this;
    const table = this.table();
    if (!table) return true;
    const piece = await nextPiece(source, organizationId, table, row.after);
    const [theirs, ours] = (await Promise.all([source, target].map((db) => compared(db, organizationId, piece)))) as [
      Comparable,
      Comparable,
    ];
    let copied = 0;
    if (ours.text !== theirs.text) {
      const texts = await readRows(source, organizationId, piece);
      await writeRows(target, organizationId, piece, texts, row.turn);
      copied = theirs.rows;
      if (row.phase === 'closing' && (await compared(target, organizationId, piece)).text !== theirs.text) {
        throw new Error(`${table.name} of ${organizationId} differs in ${row.target} after it was copied`);
      }
    }
    const isLast = piece.upTo === null;
    // A backfill of the target that has read of a table what was not whole yet writes nothing of it any more.
    if (isLast && row.phase === 'closing') await target.prepare(RAISE_VERSION).run();
    await this.#note({
      at_table: row.at_table + (isLast ? 1 : 0),
      after: isLast ? null : piece.upTo,
      copied: row.copied + copied,
    });
    return false;
  }

  async #note(change: Partial<Row>): Promise<void> {
    const { env, organizationId, row } = this;
    const { phase, at_table, after, copied, deleted } = { ...row, ...change };
    const noted = await env.DB.prepare(NOTE)
      .bind(organizationId, row.turn, phase, at_table, after, copied, deleted)
      .run();
    if (noted.meta.changes !== 1) throw new Error(`the move of ${organizationId} was taken over by another call`);
    Object.assign(row, { phase, at_table, after, copied, deleted });
  }
}
