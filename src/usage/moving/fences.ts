/** The fence of an organization in one database: whether its usage may be added to there, and who may copy to it or delete. */
import type { FenceState } from './phases.ts';

/** Of two who set it the one with the later turn prevails, in whatever order they come. */
const SET = `
  INSERT INTO usage_fences (organization_id, state, turn)
  VALUES (?1, ?2, CAST(?3 AS INTEGER))
  ON CONFLICT DO UPDATE SET state = excluded.state, turn = excluded.turn
  WHERE excluded.turn >= usage_fences.turn`;

export async function setFence(db: D1Database, organizationId: string, state: FenceState, turn: number): Promise<void> {
  await db.prepare(SET).bind(organizationId, state, turn).run();
}
