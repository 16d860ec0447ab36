/** What an object's disk says once it is durable, against what it was before and against the truth. */
import type { UsageEvent } from '../src/budgets/usage-event.ts';
import { LIMITS } from '../src/limits.ts';
import type { Disk } from './disk.ts';
import { checkEvent } from './events.ts';
import type { Host } from './platform.ts';
import type { Member } from './truth.ts';
import type { Witness } from './witness.ts';

/** Invariant 3: events that are new become the truth, and counters are their sum. */
export function takeEvents(witness: Witness, disk: Disk, member: Member): void {
  for (const event of newEvents(disk, member)) {
    checkEvent(witness, member, event);
    member.add(event);
  }
  const [total] = disk.exec<{ lifetime: number }>("SELECT lifetime FROM totals WHERE scope = 'member'");
  const booked = member.costUpTo(member.events.length);
  const lifetime = total?.lifetime ?? 0;
  if (lifetime !== booked) {
    witness.report('3: counters and events are one', `${member.id} has spent ${lifetime}, its events sum to ${booked}`);
  }
}

/** Events on the disk that were not durable yet when the witness last looked. */
function newEvents(disk: Disk, member: Member): UsageEvent[] {
  const rows = disk.exec<{ events: string }>('SELECT events FROM outbox WHERE n > ? ORDER BY n', member.events.length);
  return rows.flatMap((row) => JSON.parse(row.events) as UsageEvent[]);
}

/** What corrections take back that are on the disk and not durable yet. */
export function givenBack(disk: Disk, member: Member): number {
  return newEvents(disk, member).reduce((sum, { costNanos }) => sum - Math.min(0, costNanos), 0);
}

export interface OpenRow {
  id: string;
  keyId: string;
  held: number;
}

export function openRows(disk: Disk): OpenRow[] {
  return disk.exec<{ id: string; keyId: string; held: number }>(
    "SELECT id, key_id AS keyId, held FROM holds WHERE state = 'open'",
  );
}

/** A row holds all that its attempt was granted. */
export function checkRows(witness: Witness, member: Member, rows: readonly OpenRow[]): void {
  for (const { id, held } of rows) {
    const attempt = member.attempts.get(id);
    if (!attempt || attempt.grantedAgain || held >= attempt.granted) continue;
    witness.report('2: a hold never shrinks', `${id} holds ${held} on disk, it was granted ${attempt.granted}`);
  }
}

/** A ghost only ever gets smaller, and ends when it was to end when it was made. */
export function checkGhosts(witness: Witness, host: Host, member: Member): void {
  const { simulation, profile } = witness;
  const lateMs = LIMITS.shipRetryMsMax + profile.alarmLateMsMax + 2 * profile.clockErrorMsMax;
  const ghosts = host.disk.exec<{ epoch: string; amount: number; untilMs: number; dissolved: number }>(
    'SELECT epoch, amount, until_at AS untilMs, dissolved FROM ghosts',
  );
  for (const { epoch, amount, untilMs, dissolved } of ghosts) {
    const before = member.ghosts.get(epoch);
    if (before && (before.amount < amount || before.untilMs !== untilMs)) {
      const was = `${before.amount} until ${before.untilMs}`;
      witness.report('5: nothing leaks', `the ghost of ${epoch} was ${was}, and is ${amount} until ${untilMs}`);
    }
    if (!dissolved && simulation.nowMs > untilMs + lateMs) {
      witness.report('5: nothing leaks', `the ghost of ${epoch} is ${simulation.nowMs - untilMs} ms too old`);
    }
    member.ghosts.set(epoch, { amount, untilMs });
  }
}
