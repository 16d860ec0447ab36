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
  // Each kind of running total is all of the facts, divided in its way.
  for (const { kind, totals, facts } of d1.rows<{ kind: string; totals: number; facts: number }>(
    `SELECT kind, sum(cost) AS totals, (SELECT coalesce(sum(cost), 0) FROM usage_rollups) AS facts
     FROM usage_series AS series
     JOIN usage_totals AS total
       ON total.series_id = series.id
       AND total.bucket_at = (SELECT max(bucket_at) FROM usage_totals WHERE series_id = series.id)
     GROUP BY kind`,
  )) {
    if (totals !== facts) witness.report('4: books', `running totals by ${kind} come to ${totals}, facts to ${facts}`);
  }
}
