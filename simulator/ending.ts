/** What must be true once nothing will ever happen any more: every true cost accounted for, nothing held, books that agree. */
import type { D1 } from './d1.ts';
import type { Simulation } from './simulation.ts';
import type { Member } from './truth.ts';
import type { Witness } from './witness.ts';

interface Row {
  n: number;
  attempt_id: string;
  cost: number;
  unresolved: number;
}

export async function checkEnd(witness: Witness, d1: D1, simulation: Simulation): Promise<void> {
  witness.d1Changed(d1);
  for (const member of witness.members.values()) {
    const rows = d1.rows<Row>(
      'SELECT n, attempt_id, cost, unresolved FROM usage_events WHERE member_id = ? ORDER BY seq',
      member.id,
    );
    checkEvents(witness, member, rows);
    checkAttempts(witness, member, rows);
    await checkRest(witness, member, simulation);
  }
}

/** All that became durable is in D1, once and in order. */
function checkEvents(witness: Witness, member: Member, rows: readonly Row[]): void {
  if (rows.length !== member.events.length || rows.some(({ n }, i) => n !== i + 1)) {
    const ns = rows.map(({ n }) => n);
    witness.report('4: every event once', `${member.id} made ${member.events.length} events, D1 has ${ns}`);
  }
}

/** Every cost is booked once, was charged by expiry, or lies within what was reported as unresolved. */
function checkAttempts(witness: Witness, member: Member, rows: readonly Row[]): void {
  const booked = new Map<string, number>();
  let unresolved = 0;
  for (const { attempt_id, cost, unresolved: left } of rows) {
    booked.set(attempt_id, (booked.get(attempt_id) ?? 0) + cost);
    unresolved += left;
  }
  let unknown = 0;
  for (const attempt of member.attempts.values()) {
    const cost = booked.get(attempt.id);
    if (attempt.settled && cost !== attempt.settledWith?.cost) {
      witness.report(
        '3: what was settled is never lost',
        `${attempt.id} was settled at ${attempt.settledWith?.cost}, D1 has ${cost}`,
      );
    }
    unknown += Math.max(0, Math.min(attempt.charged, attempt.granted) - (cost ?? 0));
  }
  if (unknown > unresolved) {
    witness.report('5: what nobody knows is named', `${member.id}: ${unknown} charged and not booked, ${unresolved} reported`);
  }
}

/** The object holds nothing, waits for nothing, and owes D1 nothing. */
async function checkRest(witness: Witness, member: Member, simulation: Simulation): Promise<void> {
  const { host } = member;
  if (!host || !member.policy) return;
  const [row] = host.disk.exec<{ open: number; waiting: number; ghosts: number; ceiling: number }>(
    `SELECT
       (SELECT count(*) FROM holds WHERE state = 'open') AS open,
       (SELECT count(*) FROM outbox) AS waiting,
       (SELECT count(*) FROM ghosts) AS ghosts,
       (SELECT coalesce(sum(ceiling), 0) FROM young_holds) AS ceiling`,
  );
  if (!row || row.open + row.waiting + row.ghosts + row.ceiling !== 0) {
    witness.report('5: nothing leaks', `${member.id} rests with ${JSON.stringify(row)} (${simulation.steps} steps)`);
  }
}
