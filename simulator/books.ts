/** Invariant 4, from outside: D1's ledgers against what objects made durable, and against D1's own rollups and events. */
import type { D1 } from './d1.ts';
import type { Witness } from './witness.ts';

export function checkBooks(witness: Witness, d1: D1): void {
  for (const { memberId, shipped, cost } of d1.rows<{ memberId: string; shipped: number; cost: number }>(
    'SELECT member_id AS memberId, shipped, cost FROM member_ledgers',
  )) {
    const member = witness.members.get(memberId);
    if (!member) continue;
    const booked = member.costUpTo(shipped);
    if (shipped > member.events.length || cost !== booked) {
      witness.report('4: books', `D1 has ${cost} up to event ${shipped}, ${memberId} made ${booked} durable`);
    }
  }
  const [sums] = d1.rows<{ ledgers: number; known: number }>(
    `SELECT
       (SELECT coalesce(sum(cost), 0) FROM member_ledgers) AS ledgers,
       (SELECT coalesce(sum(cost), 0) FROM usage_rollups) + (
         SELECT coalesce(sum(cost), 0) FROM usage_events WHERE seq > (SELECT seq FROM rollup_watermark)
       ) AS known`,
  );
  if (sums?.ledgers !== sums?.known) {
    witness.report('4: books', `ledgers in D1 sum to ${sums?.ledgers}, rollups and events to ${sums?.known}`);
  }
}
