/** What must be true once nothing will ever happen any more: every true cost accounted for, nothing held, books that agree. */
import { LIMITS } from '../src/limits.ts';
import type { D1 } from './d1.ts';
import type { Profile } from './profile.ts';
import type { Attempt, Member } from './truth.ts';
import type { Witness } from './witness.ts';

interface Row {
  n: number;
  attempt_id: string;
  cost: number;
  unresolved: number;
}

export function checkEnd(witness: Witness, d1: D1, profile: Profile): void {
  witness.d1Changed(d1);
  witness.credit?.checkEnd();
  for (const member of witness.members.values()) {
    const rows = d1.rows<Row>(
      'SELECT n, attempt_id, cost, unresolved FROM usage_events WHERE member_id = ? ORDER BY seq',
      member.id,
    );
    checkEvents(witness, member, rows);
    checkAttempts(witness, member, profile);
    checkRest(witness, member);
  }
}

/** All that became durable is in D1, once and in order. */
function checkEvents(witness: Witness, member: Member, rows: readonly Row[]): void {
  const same = (row: Row, i: number) => {
    const event = member.events[i];
    return event && row.n === event.n && row.attempt_id === event.attemptId && row.cost === event.costNanos;
  };
  if (rows.length !== member.events.length || !rows.every(same)) {
    const ns = rows.map(({ n }) => n);
    witness.report('4: every event once', `${member.id} made ${member.events.length} events, D1 has ${ns}`);
  }
}

/** Every cost is booked once, was charged by expiry, or lies within what was reported as unresolved. */
function checkAttempts(witness: Witness, member: Member, profile: Profile): void {
  let unknown = 0;
  let unresolved = member.ghostsUnresolved;
  for (const attempt of member.attempts.values()) {
    const { id, settled, settledWith, booked, charged, granted } = attempt;
    if (settled && booked !== settledWith?.cost) {
      witness.report(
        '3: what was settled is never lost',
        `${id} was settled at ${settledWith?.cost}, D1 has ${booked}`,
      );
    }
    unknown += Math.max(0, Math.min(charged, granted) - booked - Math.max(0, attempt.unresolved));
    unresolved += Math.min(0, attempt.unresolved);
    checkForgotten(witness, attempt, profile);
  }
  if (unknown > unresolved) {
    witness.report(
      '5: what nobody knows is named',
      `${member.id}: ${unknown} charged and not booked, ${unresolved} reported`,
    );
  }
}

/** Only a hold of the last seconds may go with its object, and leave nothing but a ghost. */
function checkForgotten(witness: Witness, attempt: Attempt, profile: Profile): void {
  const { admitted } = attempt;
  if (!witness.fair || attempt.granted === 0 || attempt.resolved || attempt.letGo) return;
  if (!admitted?.life) return;
  const livedMs = (admitted.life.endedAtMs ?? Number.POSITIVE_INFINITY) - admitted.atMs;
  const slackMs = profile.timersLateMsMax + profile.commitMsMax + 3 * profile.clockErrorMsMax;
  if (livedMs > LIMITS.youngHoldMsMax + slackMs) {
    witness.report(
      '5: an old hold is a row',
      `${attempt.id} was forgotten by an object that lived ${livedMs} ms after its grant`,
    );
  }
}

/** The object holds nothing, waits for nothing, and owes D1 nothing. */
function checkRest(witness: Witness, member: Member): void {
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
    witness.report('5: nothing leaks', `${member.id} rests with ${JSON.stringify(row)}`);
  }
  for (const { scope, lifetime } of host.disk.exec<{ scope: string; lifetime: number }>(
    'SELECT scope, lifetime FROM totals',
  )) {
    const booked = member.events.reduce(
      (sum, { keyId, costNanos }) => (scope === 'member' || keyId === scope ? sum + costNanos : sum),
      0,
    );
    if (lifetime !== booked) {
      witness.report('3: counters and events are one', `${scope} has spent ${lifetime}, its events sum to ${booked}`);
    }
  }
}
