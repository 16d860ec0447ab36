/** Invariant 6: an object that starts holds no less than it had granted, in every scope, and knows what was spent. */
import type { ScopeStatus } from '../src/budgets/protocol.ts';
import type { Instance } from './instance.ts';
import { limitsOf, spent } from './limits.ts';
import type { Member } from './truth.ts';
import type { Witness } from './witness.ts';

export async function checkStart(witness: Witness, instance: Instance, member: Member): Promise<void> {
  const { policy } = member;
  const statuses = await statusesOf(instance, member);
  const limits = limitsOf(policy, witness.simulation.nowMs, witness.profile);
  for (const [scope, { held, lifetimeUsage, period }] of statuses) {
    let granted = 0;
    let booked = 0;
    for (const attempt of member.attempts.values()) {
      if (scope !== 'member' && attempt.keyId !== scope) continue;
      booked += attempt.booked;
      if (!attempt.lost && !attempt.resolved) granted += attempt.open;
    }
    if (witness.fair && held < granted) {
      witness.report('6: a restart assumes no less held', `${scope} starts with ${held} held, ${granted} is granted`);
    }
    if (lifetimeUsage !== booked) {
      witness.report('3: counters and events are one', `${scope} starts with ${lifetimeUsage} spent, not ${booked}`);
    }
    const limited = limits.find((each) => each.scope === scope && each.kind === 'period');
    if (!limited || !period) continue;
    const least = spent(member, limited, witness.simulation.nowMs, witness.profile.clockErrorMsMax);
    if (period.usage < least) {
      witness.report('3: counters and events are one', `${scope} counts ${period.usage} in its period, not ${least}`);
    }
  }
}

async function statusesOf(instance: Instance, member: Member): Promise<Map<string, ScopeStatus>> {
  const statuses = new Map<string, ScopeStatus>();
  const { id: memberId, keys } = member;
  const keyIds = keys.map(({ keyId }) => keyId);
  await instance.run(async () => {
    statuses.set('member', (await instance.object.status?.({ memberId })) as ScopeStatus);
    const ofKeys = (await instance.object.keyStatuses?.({ memberId, keyIds })) as ScopeStatus[];
    ofKeys.forEach((status, i) => {
      statuses.set(keyIds[i] ?? '', status);
    });
  });
  return statuses;
}
