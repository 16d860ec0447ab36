/**
 * The one way to change what the audit log tells of: `changeAudited` puts the entry into the D1 batch of the change, so
 * that there is neither without the other.
 *
 * The entry's number is its primary key. Of two changes made at once for one organization the second fails as a whole,
 * reads the new head and is described and tried again. So nothing audited has changed between the moment a change was
 * described and the moment it was made: what it says was before, was.
 */
import { LIMITS } from '../limits.ts';
import { ApiError } from '../teams/api-error.ts';
import { type Action, targetKindOf } from './actions.ts';
import { type Entry, type Fields, seal } from './chain.ts';
import { insertAlways, insertIfChanged, readNewest } from './entries.ts';
import { recordable } from './fields.ts';
import type { Actor, Trail } from './trail.ts';

/** What a log entry tells. */
interface Told {
  action: Action;
  /** The id of what was changed; its kind is the action's. */
  targetId: string;
  before: Fields | null;
  after: Fields | null;
}

export interface Change extends Told {
  /** Makes the change. Where it changes no row, nothing has taken place and no entry is written. */
  statement: D1PreparedStatement;
  /** What belongs into the same batch, before and after; guarded by the same conditions, for they run in any case. */
  ahead?: readonly D1PreparedStatement[];
  behind?: readonly D1PreparedStatement[];
}

/**
 * Makes a change and its entry, or neither. `describe` is called again for each try, and reads what it tells of itself
 * unless its statement asks for the version that was read. Answers with the results of `ahead`, `statement` and
 * `behind` in this order, or null where `statement` changed nothing.
 * Throws a 503 where others change the same organization without a pause, and what D1 throws; then nothing has changed.
 */
export async function changeAudited<Row = Record<string, unknown>>(
  db: D1Database,
  trail: Trail,
  nowMs: number,
  describe: () => Change | Promise<Change>,
): Promise<D1Result<Row>[] | null> {
  for (let tries = 1; ; tries++) {
    const newest = await readNewest(db, trail.organizationId);
    const { ahead = [], statement, behind = [], ...told } = await describe();
    const entry = insertIfChanged(db, entryAfter(newest, trail, nowMs, told));
    try {
      const results = await db.batch<Row>([...ahead, statement, entry, ...behind]);
      const [inserted] = results.splice(ahead.length + 1, 1);
      if (inserted?.meta.changes !== 1) return null;
      trail.entries += 1;
      return results;
    } catch (error) {
      await waitForTurn(error, tries);
    }
  }
}

/**
 * Writes an entry of its own, for a change that is not made in D1, or by a library that keeps its statements to itself:
 * once it has taken place. Everything else goes through `changeAudited`.
 */
export async function noteAudited(db: D1Database, trail: Trail, nowMs: number, told: Told): Promise<void> {
  for (let tries = 1; ; tries++) {
    const newest = await readNewest(db, trail.organizationId);
    try {
      await insertAlways(db, entryAfter(newest, trail, nowMs, told)).run();
      trail.entries += 1;
      return;
    } catch (error) {
      await waitForTurn(error, tries);
    }
  }
}

function entryAfter(
  newest: { n: number; hash: string; atMs: number },
  { organizationId, actor, from }: Trail,
  nowMs: number,
  { action, targetId, before, after }: Told,
) {
  const entry: Entry = {
    organizationId,
    n: newest.n + 1,
    // Clocks of two machines differ: the order of the log is that of its numbers, and its times must not contradict it.
    at: new Date(Math.max(nowMs, newest.atMs)).toISOString(),
    actor: showActor(actor),
    action,
    target: { kind: targetKindOf(action), id: targetId },
    before,
    after,
    from: { ...from },
    previousHash: newest.hash,
  };
  return seal(recordable(entry));
}

function showActor(actor: Actor): Entry['actor'] {
  switch (actor.kind) {
    case 'user':
      return { kind: actor.kind, id: actor.userId, memberId: actor.memberId, sessionId: actor.sessionId };
    case 'master_key':
      return { kind: actor.kind, id: actor.masterKeyId, memberId: null, sessionId: null };
    case 'operator':
    case 'billing':
      return { kind: actor.kind, id: null, memberId: null, sessionId: null };
  }
}

/** After a try that another change came before. Throws whatever else went wrong, and after too many tries a 503. */
async function waitForTurn(error: unknown, tries: number): Promise<void> {
  if (!/UNIQUE constraint failed: audit_entries\./.test(String(error))) throw error;
  if (tries >= LIMITS.auditTriesMax) {
    throw new ApiError(
      503,
      'audit_log_busy',
      'Too much is being changed here at once. Nothing has changed; try again.',
    );
  }
  // Jittered over a time that grows, so that of many who wait each finds a moment of its own.
  const pauseMsMax = Math.min(LIMITS.auditPauseMs * 2 ** tries, LIMITS.auditPauseMsMax);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * pauseMsMax));
}
