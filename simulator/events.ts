/** What every durable usage event must be: the next one, of an attempt that was, telling what is true of it. */
import type { UsageEvent } from '../src/budgets/usage-event.ts';
import type { Attempt, Member } from './truth.ts';
import type { Witness } from './witness.ts';

export function checkEvent(witness: Witness, member: Member, event: UsageEvent): void {
  const { n, attemptId, outcome, costNanos, unresolvedNanos } = event;
  if (n !== member.events.length + 1) {
    witness.report('3: gapless', `event ${n} of ${member.id} comes after event ${member.events.length}`);
  }
  if (attemptId === '') {
    // Counted refusals, or a ghost that nobody claimed.
    if (costNanos !== 0) witness.report('2: a hold is resolved once', `event ${n} of nobody costs ${costNanos}`);
    return;
  }
  const attempt = member.attempts.get(attemptId);
  if (!attempt) {
    witness.report('2: a hold is resolved once', `nobody made ${attemptId} of event ${n}`);
    return;
  }
  if ((event.providerKeyId !== undefined) !== attempt.own) {
    witness.report('7: the wallet lends what it has', `event ${n} does not tell who pays for ${attemptId}`);
  }
  const [first] = attempt.events;
  if (first) {
    if (outcome !== 'correction' || first.outcome !== 'expired' || attempt.events.length > 1) {
      const before = attempt.events.map((known) => `${known.n} ${known.outcome}`);
      witness.report('2: a hold is resolved once', `${attemptId}: event ${n} ${outcome} after ${before}`);
    }
    checkSettled(witness, attempt, attempt.booked + costNanos);
    return;
  }
  if (attempt.released) witness.report('2: a hold is resolved once', `${attemptId} was released, and then ${outcome}`);
  if (outcome === 'correction') witness.report('2: a hold is resolved once', `${attemptId}: a correction of nothing`);
  if (outcome === 'expired') {
    checkExpiry(witness, attempt, costNanos, unresolvedNanos);
    return;
  }
  checkSettled(witness, attempt, costNanos);
  const honest = costNanos <= attempt.granted;
  if (witness.fair && honest && !attempt.lost && !attempt.grantedAgain && event.overrunNanos > 0) {
    witness.report(
      '1: overruns are the providers',
      `${attemptId} cost ${costNanos} of ${attempt.granted}: an overrun?`,
    );
  }
}

function checkSettled(witness: Witness, attempt: Attempt, booked: number): void {
  if (booked !== attempt.settledWith?.cost) {
    witness.report('3: what was settled is booked', `${attempt.id}: ${booked}, not ${attempt.settledWith?.cost}`);
  }
}

/** Invariant 5: charged at the last report, else at the worst case; the rest is named. Never 0, and no living Worker's. */
function checkExpiry(witness: Witness, attempt: Attempt, cost: number, unresolved: number): void {
  if (witness.fair && attempt.phase === 'running' && !attempt.lost) {
    witness.report('5: only the silent expire', `${attempt.id} expired while its Worker lived`);
  }
  // Of one that was granted twice this is the second time; the first is in a ghost.
  if (attempt.grantedAgain) return;
  if (cost + unresolved < attempt.granted) {
    witness.report('5: nothing is forgotten', `${attempt.id} expired at ${cost} + ${unresolved} of ${attempt.granted}`);
  }
  const { reports, reportConfirmed, granted } = attempt;
  // What was confirmed, or anything sent after it that may have arrived.
  const told = [...reports].filter(([n]) => n >= reportConfirmed).map(([, charge]) => charge);
  const least = Math.min(granted, ...told, reportConfirmed === 0 ? granted : Number.POSITIVE_INFINITY);
  if (cost < least) {
    witness.report('5: charged at the last report', `${attempt.id} expired at ${cost}, its report was ${least}`);
  }
}
