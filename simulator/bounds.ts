/**
 * Invariant 1 after every step: neither what attempts were granted nor what stands on an object's disk ever passes a limit,
 * in any scope.
 *
 * The bound is the limit. Only where it was lowered below what had been granted before is it that, until the next admission
 * under the new limit.
 */
import { isNewer, type MemberPolicy, type PolicyVersion } from '../src/budgets/policy.ts';
import type { WindowSpec } from '../src/budgets/windows.ts';
import type { Instance } from './instance.ts';
import { type Limited, liability, limitsOf, spent, worst } from './limits.ts';
import { told } from './owner.ts';
import type { Attempt, Member } from './truth.ts';
import type { Witness } from './witness.ts';

export class Bounds {
  readonly #witness: Witness;
  readonly #bounds = new Map<string, number>();

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  /** From here on the policy counts. `eventsBefore`: the last event before it. */
  adopt(member: Member, policy: MemberPolicy, eventsBefore: number): void {
    const { simulation, profile } = this.#witness;
    const { nowMs } = simulation;
    const before = member.policy;
    if (before && !isNewer(policy.version, before.version)) return;
    if (before && policy.cycle > before.cycle) member.cycleAfterN = eventsBefore;
    if (!before) member.openedAtMs = nowMs;
    for (const scope of ['member', ...member.keys.map(({ keyId }) => keyId)]) {
      const changed = before && JSON.stringify(windowOf(before, scope)) !== JSON.stringify(windowOf(policy, scope));
      if (changed) member.windowSinceMs.set(scope, nowMs);
    }
    member.policy = policy;
    member.touched = true;
    simulation.tell(() => `${member.id} has policy ${nameOf(policy.version)}: ${told(policy)}`);
    for (const limited of this.#limitsOf(policy)) {
      const granted = worst(member, limited, nowMs, profile.clockErrorMsMax);
      // One that was superseded may go by the old policy for a while.
      const old = member.host?.superseded ? this.#of(member, limited, Number.POSITIVE_INFINITY) : 0;
      this.#bounds.set(boundName(member, limited), Math.max(limited.limit, granted, old));
    }
  }

  /** Something was granted under the policy in force: from here on its limits bound what there is. */
  granted(instance: Instance, { member, keyId }: Attempt): void {
    if (instance.superseded || instance.host.superseded || !member.policy) return;
    for (const limited of this.#limitsOf(member.policy)) {
      const counts = limited.scope === 'member' || limited.scope === keyId;
      if (counts) this.#bounds.set(boundName(member, limited), limited.limit);
    }
  }

  /** Against the truth. */
  check(member: Member): void {
    const { simulation, profile, fair } = this.#witness;
    for (const limited of this.#limitsOf(member.policy)) {
      const sum = liability(member, limited, simulation.nowMs, profile.clockErrorMsMax, fair);
      this.#compare(member, limited, sum, 'spent and granted');
    }
  }

  /** Against what is durable: spent, and held by rows. Where clocks are wrong by minutes the truth alone counts. */
  checkDisk(member: Member, rows: readonly { keyId: string; held: number }[]): void {
    const { simulation, profile, fair } = this.#witness;
    if (!fair) return;
    for (const limited of this.#limitsOf(member.policy)) {
      const { scope } = limited;
      const held = rows.reduce((sum, row) => (scope === 'member' || row.keyId === scope ? sum + row.held : sum), 0);
      const sum = held + spent(member, limited, simulation.nowMs, profile.clockErrorMsMax);
      this.#compare(member, limited, sum, 'spent and held on disk');
    }
  }

  #compare(member: Member, limited: Limited, sum: number, what: string): void {
    const bound = this.#of(member, limited, limited.limit);
    if (sum <= bound) return;
    const { scope, kind } = limited;
    this.#witness.report('1: no limit is passed', `${member.id}, ${scope} ${kind}: ${sum} ${what}, of ${bound}`);
  }

  #limitsOf(policy: MemberPolicy | null): Limited[] {
    return limitsOf(policy, this.#witness.simulation.nowMs, this.#witness.profile);
  }

  #of(member: Member, limited: Limited, otherwise: number): number {
    return this.#bounds.get(boundName(member, limited)) ?? otherwise;
  }
}

function boundName(member: Member, { scope, kind }: Limited): string {
  return `${member.id} ${scope} ${kind}`;
}

function windowOf(policy: MemberPolicy, scope: string): WindowSpec | undefined {
  const limits = scope === 'member' ? policy.limits : policy.keys.find(({ keyId }) => keyId === scope)?.limits;
  return limits?.period?.window;
}

function nameOf({ generation, n }: PolicyVersion): string {
  return `${generation}.${n}`;
}
