/** Admissions and refusals as they are made, before they leave: against the numbers they give themselves and what is durable. */
import { isNewer, type PolicyVersion } from '../src/budgets/policy.ts';
import type { Admission, AuthorizeRequest } from '../src/budgets/protocol.ts';
import type { LedgerRefusal } from '../src/budgets/refusals.ts';
import { attemptMadeAt } from '../src/ids.ts';
import { LIMITS } from '../src/limits.ts';
import { givenBack } from './durable.ts';
import type { Instance } from './instance.ts';
import { limitsOf, spent } from './limits.ts';
import type { Member } from './truth.ts';
import type { Witness } from './witness.ts';

/** `decidedUnder`: the policy that the object had, durable or not. `sinceMs`: when it was asked. */
export function checkDecision(
  witness: Witness,
  instance: Instance,
  member: Member,
  request: AuthorizeRequest,
  admission: Admission,
  decidedUnder: PolicyVersion | null,
  sinceMs: number,
): void {
  if (admission.granted) checkGrant(witness, instance, member, request.attemptId, decidedUnder);
  else checkRefusal(witness, member, request, admission.refusal, sinceMs);
}

/** Who is refused for money has a reason in it. */
function checkRefusal(
  witness: Witness,
  member: Member,
  request: AuthorizeRequest,
  refusal: LedgerRefusal,
  sinceMs: number,
): void {
  witness.simulation.count(`refused: ${refusal.kind}`);
  const { amount, otherwise, least } = request;
  const asked = [amount ?? 0, otherwise?.amount].filter((each) => each !== undefined);
  const ofCredit = refusal.kind === 'insufficient_credits' || refusal.kind === 'credits_in_flight';
  if (ofCredit && request.about.providerKeyId !== undefined) witness.credit?.checkOwn(request.attemptId);
  // The last of a budget, `least` or more, is only given where it is free at once.
  if (refusal.kind === 'insufficient_credits') witness.credit?.checkRefusal(Math.min(...asked), sinceMs);
  if (!('view' in refusal || 'remaining' in refusal)) return;
  member.refusedSince += 1;
  if (!('view' in refusal)) return;
  const { view } = refusal;
  const needed = refusal.kind === 'exhausted' ? 0 : refusal.needed;
  const held = refusal.kind === 'budget_in_flight' ? view.held : 0;
  const sum = view.spent + held + needed;
  if (refusal.kind === 'exhausted' ? sum < view.limit : sum <= view.limit) {
    witness.report('1: what fits is admitted', `refused as ${refusal.kind}: ${sum} of ${view.limit} in ${view.scope}`);
  }
  if (needed !== 0 && needed !== least && !asked.includes(needed)) {
    witness.report('1: what fits is admitted', `asked ${asked}, refused for ${needed}`);
  }
}

/** Nothing new is admitted where a limit is reached, nor what is too old. */
function checkGrant(
  witness: Witness,
  instance: Instance,
  member: Member,
  attemptId: string,
  decidedUnder: PolicyVersion | null,
): void {
  const { simulation, profile } = witness;
  const attempt = member.attempts.get(attemptId);
  if (!attempt || attempt.admitted || !member.policy) return;
  const apartMs = Math.abs(instance.clock() - (attemptMadeAt(attemptId) ?? 0));
  // Its clock never goes back within a life, so it may be ahead of what it shows now.
  if (apartMs > LIMITS.authorizeAgeMsMax + 2 * profile.clockErrorMsMax) {
    witness.report('an authorize older than 2 minutes is refused', `granted ${apartMs} ms apart`);
  }
  // Under a policy that is not durable yet what was spent cannot be told from outside.
  if (!decidedUnder || isNewer(decidedUnder, member.policy.version)) return;
  for (const limited of limitsOf(member.policy, simulation.nowMs, profile)) {
    if (limited.scope !== 'member' && limited.scope !== attempt.keyId) continue;
    const already = spent(member, limited, simulation.nowMs, profile.clockErrorMsMax);
    // A correction that becomes durable with this grant may have given something back.
    if (already >= limited.limit && already - givenBack(instance.disk, member) >= limited.limit) {
      witness.report('1: spend >= limit refuses', `${limited.scope} ${limited.kind}: ${already} of ${limited.limit}`);
    }
  }
}
