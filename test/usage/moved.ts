/** Words for tests that move an organization's usage: what a database has of it, told without what is each database's own. */
import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import type { Trail } from '../../src/audit/trail.ts';
import { LIMITS } from '../../src/limits.ts';
import { goOn, type Move, startMove } from '../../src/usage/moving/move.ts';
import { MOVED_TABLES } from '../../src/usage/moving/tables.ts';

type Figures = Record<string, unknown[]>;

/** Every row of the organization in every table that a move copies, ids told by what they stand for, in a fixed order. */
export async function figuresIn(db: D1Database, organizationId: string): Promise<Figures> {
  const figures: Figures = {};
  for (const { name, columns, parent } of MOVED_TABLES) {
    const own = columns.map((column) => `row.${column}`);
    const told = [...(parent?.columns ?? []).map((column) => `parent.${column}`), ...own].join(', ');
    const from = parent ? `JOIN ${parent.name} AS parent ON parent.${parent.id} = row.${parent.by}` : '';
    const { results } = await db
      .prepare(`SELECT ${told} FROM ${name} AS row ${from} WHERE ${parent ? 'parent' : 'row'}.organization_id = ?1`)
      .bind(organizationId)
      .all();
    figures[name] = results.map((row) => JSON.stringify(row)).toSorted();
  }
  return figures;
}

/** How many rows there are of the organization, of all its tables. */
export async function rowsIn(db: D1Database, organizationId: string): Promise<number> {
  return Object.values(await figuresIn(db, organizationId)).reduce((sum, rows) => sum + rows.length, 0);
}

export function operatorTrail(organizationId: string): Trail {
  const from = { ip: null, userAgent: null, requestId: 'req_move' };
  return { organizationId, actor: { kind: 'operator' }, from, entries: 0, changesNothing: false };
}

export interface MoveOptions {
  /** In place of the real databases. */
  through?: Env;
  piecesPerCall?: number;
  /** Told after every call that came to an answer. */
  after?: (move: Move) => Promise<void>;
  /** Whether to stop at a phase. */
  until?: Move['phase'];
}

/** Calls until the move is done, as the operator's command does, but waits for nobody. Answers with how many calls failed. */
export async function moveTo(organizationId: string, to: string, options: MoveOptions = {}): Promise<number> {
  const { through = env, piecesPerCall, after, until = 'done' } = options;
  let failures = 0;
  for (let calls = 0; calls < 2_000; calls++) {
    const restedMs = Date.now() + 2 * LIMITS.moveRestMs;
    try {
      const started = await startMove(through, organizationId, to, Date.now());
      if ('refused' in started) {
        expect(started.refused).toBe('is there');
        return failures;
      }
      // Where the clock says that everybody had the time to hear of it.
      const move = await goOn(
        through,
        operatorTrail(organizationId),
        started.move,
        started.move.phase === 'switched' || started.move.phase === 'emptying' ? restedMs : Date.now(),
        piecesPerCall,
      );
      await after?.(move);
      if (move.phase === until) return failures;
    } catch (error) {
      if (through === env) throw error;
      failures += 1;
    }
  }
  throw new Error(`the move of ${organizationId} to ${to} comes to no end`);
}
