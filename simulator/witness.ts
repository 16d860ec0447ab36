/**
 * Sees all that passes between processes and all that becomes durable, keeps the truth (truth.ts), and says so when an
 * invariant of design.md is broken. Purser's code does not know of it. The first violation counts; the rest may follow
 * from it.
 */
import type { MemberPolicy, PolicyVersion } from '../src/budgets/policy.ts';
import { isNewer } from '../src/budgets/policy.ts';
import type {
  Admission,
  AuthorizeRequest,
  ExtendRequest,
  Extension,
  ReleaseRequest,
  ScopeStatus,
  Settlement,
  SettleRequest,
  Ticket,
} from '../src/budgets/protocol.ts';
import type { UsageEvent } from '../src/budgets/usage-event.ts';
import type { WindowSpec } from '../src/budgets/windows.ts';
import { attemptMadeAt } from '../src/ids.ts';
import { LIMITS } from '../src/limits.ts';
import type { D1 } from './d1.ts';
import type { Disk } from './disk.ts';
import { checkEvent } from './events.ts';
import { liability, limitsOf, spent, worst } from './limits.ts';
import type { Answer, Call } from './network.ts';
import { told } from './owner.ts';
import type { Host, Instance } from './platform.ts';
import { CLOCK_FAIR_MS, type Profile } from './profile.ts';
import type { Process, Simulation } from './simulation.ts';
import { Attempt, type Member } from './truth.ts';

/** Something that must never be, and which invariant says so. */
export interface Violation {
  invariant: string;
  what: string;
}

export class Witness {
  readonly members = new Map<string, Member>();
  violation: Violation | null = null;
  readonly #simulation: Simulation;
  readonly #profile: Profile;
  /** The one attempt that each Worker makes. */
  readonly #attempts = new Map<Process, Attempt>();
  /** What spent and held may come to together: the limit, or more where it was lowered below what had been granted. */
  readonly #bounds = new Map<string, number>();
  /** The policy that each instance is known to have on its disk. */
  readonly #policies = new WeakMap<Instance, { text: string; policy: MemberPolicy }>();
  /** The ghosts of each object as they were durable last. */
  readonly #ghosts = new Map<string, { amount: number; untilMs: number }>();

  constructor(simulation: Simulation, profile: Profile) {
    this.#simulation = simulation;
    this.#profile = profile;
  }

  /** Whether clocks are as right as the fence needs them. */
  get fair(): boolean {
    return this.#profile.clockErrorMsMax <= CLOCK_FAIR_MS;
  }

  report(invariant: string, what: string): void {
    this.violation ??= { invariant, what };
  }

  attemptOf(worker: Process): Attempt | null {
    return this.#attempts.get(worker) ?? null;
  }

  /** A call goes out. */
  sent({ from, to, method, argument }: Call): void {
    const member = this.members.get(to.name);
    if (!member) return;
    if (method === 'authorize') {
      const { attemptId, keyHash, amount, otherwise } = argument as AuthorizeRequest;
      if (this.#attempts.has(from)) return;
      const keyId = member.keys.find(({ hash }) => hash === keyHash)?.keyId ?? '';
      const attempt = new Attempt(attemptId, member, keyId, from);
      attempt.asked = Math.max(amount ?? 0, otherwise?.amount ?? 0);
      this.#attempts.set(from, attempt);
      member.attempts.set(attemptId, attempt);
      return;
    }
    const attempt = this.#attempts.get(from);
    if (method === 'release' && attempt) attempt.letGo = true;
    if (method === 'extend' && attempt) {
      const { report, chargeAtExpiry, toAmount } = argument as ExtendRequest;
      attempt.asked = Math.max(attempt.asked, toAmount);
      attempt.reports.set(report, chargeAtExpiry);
    }
  }

  /** An object has made its answer, which has yet to leave it. */
  answered(instance: Instance, call: Call, answer: Answer): void {
    if (!instance.superseded) this.#lookAtPolicy(instance);
    if ('value' in answer) this.#noteGrant(instance, call, answer.value);
    if (instance.superseded) return;
    if ('error' in answer) {
      const text = String(answer.error);
      if (!text.includes('simulated')) this.report('a throw is a bug', `${call.method}: ${text}`);
      return;
    }
    if (call.method === 'authorize') this.#justified(instance, call, answer.value as Admission);
    if (call.method === 'settle' || call.method === 'release') {
      // Where the object knew nothing yet, the call waited for D1 first.
      const opened = this.#memberOf(call).openedAtMs <= call.receivedAtMs;
      const waitedMs = this.#simulation.nowMs - call.receivedAtMs;
      const mayWaitMs = LIMITS.gatherMs + this.#profile.timersLateMsMax + 2 * this.#profile.clockErrorMsMax;
      if (opened && waitedMs > mayWaitMs) {
        this.report('gathered for gatherMs', `a ${call.method} waited ${waitedMs} ms for its write`);
      }
    }
  }

  /** An answer has left its object: from here on the object is bound by it. */
  answerLeft(instance: Instance, call: Call, answer: Answer): void {
    if ('error' in answer) return;
    const member = this.#memberOf(call);
    member.touched = true;
    switch (call.method) {
      case 'settle': {
        const attempt = member.attempts.get((call.argument as SettleRequest).ticket.attemptId);
        if (!attempt) return;
        const { booked } = answer.value as Settlement;
        if (booked) attempt.settled = true;
        else if (this.fair && attempt.phase === 'ending' && !attempt.lost) {
          this.report('3: what was settled is never lost', `${attempt.id} was granted and settled in time, not booked`);
        }
        return;
      }
      case 'release': {
        const { attemptId } = call.argument as ReleaseRequest;
        const attempt = member.attempts.get(attemptId);
        const ageMs = instance.clock() - (attemptMadeAt(attemptId) ?? 0);
        if (attempt && !attempt.resolved && ageMs < LIMITS.authorizeAgeMsMax) attempt.released = true;
        return;
      }
    }
  }

  /** A Worker that still lives has its answer. */
  answerArrived(call: Call, answer: Answer): void {
    const attempt = this.#attempts.get(call.from);
    if (!attempt || 'error' in answer) return;
    if (call.method === 'authorize' && (answer.value as Admission).granted) {
      // Of a call that was delivered twice the first answer is the one that was waited for.
      if (attempt.confirmedSentAtMs === Number.POSITIVE_INFINITY) attempt.confirmedSentAtMs = call.sentAtMs;
    }
    if (call.method === 'extend' && (answer.value as Extension).extended) {
      const { report } = call.argument as ExtendRequest;
      attempt.reportConfirmed = Math.max(attempt.reportConfirmed, report);
      attempt.confirmedSentAtMs = Math.max(attempt.confirmedSentAtMs, call.sentAtMs);
    }
  }

  /** A Worker takes its request for admitted. */
  begins(attempt: Attempt): void {
    if (attempt.confirmedSentAtMs === Number.POSITIVE_INFINITY) {
      this.report('8: no free pass', `${attempt.id} runs, and no grant of it ever arrived`);
    }
  }

  /** A provider makes something for a Worker that has not cancelled it. */
  charges(attempt: Attempt): void {
    attempt.member.touched = true;
    const unconfirmedMs = this.#simulation.nowMs - attempt.confirmedSentAtMs;
    if (unconfirmedMs > LIMITS.holdTtlMs && !attempt.lost) {
      this.report(
        'the fence',
        `${attempt.id} still runs ${unconfirmedMs} ms after its last confirmed renewal was sent`,
      );
    }
  }

  /** Invariant 6, at the start of every instance: it remembers what was granted, and what was spent. */
  async started(instance: Instance): Promise<void> {
    const member = this.members.get(instance.host.name);
    if (!member?.policy) return;
    const { policy } = member;
    const statuses = await statusesOf(instance, member);
    for (const [scope, { held, lifetimeUsage, period }] of statuses) {
      let granted = 0;
      let booked = 0;
      for (const attempt of member.attempts.values()) {
        if (scope !== 'member' && attempt.keyId !== scope) continue;
        booked += attempt.booked;
        if (!attempt.lost && !attempt.resolved) granted += attempt.open;
      }
      if (this.fair && held < granted) {
        this.report('6: a restart assumes no less held', `${scope} starts with ${held} held, ${granted} is granted`);
      }
      if (lifetimeUsage !== booked) {
        this.report(
          '3: counters and events are one',
          `${scope} starts with ${lifetimeUsage} spent, ${booked} is booked`,
        );
      }
      const ofPeriod = limitsOf(policy).find((limited) => limited.scope === scope && limited.kind === 'period');
      if (!ofPeriod || !period) continue;
      const least = spent(member, ofPeriod, this.#simulation.nowMs, this.#profile.clockErrorMsMax);
      if (period.usage < least) {
        this.report('3: counters and events are one', `${scope} counts ${period.usage} in its period, not ${least}`);
      }
    }
  }

  /** All that the object wrote so far is durable. */
  committed(host: Host): void {
    const member = this.members.get(host.name);
    if (!member) return;
    const { disk } = host;
    for (const event of newEvents(disk, member)) {
      checkEvent(this, member, event);
      member.add(event);
    }
    const [total] = disk.exec<{ lifetime: number }>("SELECT lifetime FROM totals WHERE scope = 'member'");
    const booked = member.costUpTo(member.events.length);
    if ((total?.lifetime ?? 0) !== booked) {
      this.report(
        '3: counters and events are one',
        `the object has spent ${total?.lifetime}, its events sum to ${booked}`,
      );
    }
    this.#checkGhosts(host);
  }

  /** Something was done in D1. */
  d1Changed(d1: D1): void {
    for (const row of d1.rows<{ member_id: string; shipped: number; cost: number }>(
      'SELECT member_id, shipped, cost FROM member_ledgers',
    )) {
      const member = this.members.get(row.member_id);
      if (!member) continue;
      const booked = member.costUpTo(row.shipped);
      if (row.shipped > member.events.length || row.cost !== booked) {
        this.report('4: books', `D1 has ${row.cost} up to event ${row.shipped}, the object made ${booked} durable`);
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
      this.report('4: books', `ledgers in D1 sum to ${sums?.ledgers}, rollups and events to ${sums?.known}`);
    }
  }

  /** Invariant 1, after every step. */
  checkLimits(): void {
    for (const member of this.members.values()) {
      if (!member.touched || !member.policy) continue;
      member.touched = false;
      for (const limited of limitsOf(member.policy)) {
        const { scope, kind } = limited;
        const { nowMs } = this.#simulation;
        const sum = liability(member, limited, nowMs, this.#profile.clockErrorMsMax, this.fair);
        const bound = this.#bounds.get(`${member.id} ${scope} ${kind}`) ?? limited.limit;
        if (sum > bound) {
          this.report('1: no limit is passed', `${member.id}, ${scope} ${kind}: ${sum} spent and granted of ${bound}`);
        }
      }
    }
  }

  /** A policy that is new on the disk counts for whatever leaves the object from now on, once it is durable. */
  #lookAtPolicy(instance: Instance): void {
    const member = this.members.get(instance.host.name);
    const [row] = instance.disk.exec<{ policy: string }>('SELECT policy FROM policy');
    if (!member || !row || row.policy === this.#policies.get(instance)?.text) return;
    const policy = JSON.parse(row.policy) as MemberPolicy;
    this.#policies.set(instance, { text: row.policy, policy });
    const [newest] = instance.disk.exec<{ n: number | null }>('SELECT max(n) AS n FROM outbox');
    const eventsBefore = Math.max(newest?.n ?? 0, member.events.length);
    instance.whenDurable(() => this.#adopt(member, policy, eventsBefore));
  }

  #memberOf(call: Call): Member {
    const member = this.members.get(call.to.name);
    if (!member) throw new Error(`nobody knows ${call.to.name}`);
    return member;
  }

  /** A grant counts once it is durable, should its answer never leave: the object may give the same answer later. */
  #noteGrant(instance: Instance, call: Call, value: unknown): void {
    if (call.method !== 'authorize' && call.method !== 'extend') return;
    const answer = value as Admission | Extension;
    const ticket = 'ticket' in answer ? answer.ticket : null;
    if (ticket) instance.whenDurable(() => this.#granted(instance, this.#memberOf(call), ticket));
  }

  #granted(instance: Instance, member: Member, { attemptId, amount, openedAtMs }: Ticket): void {
    member.touched = true;
    const attempt = member.attempts.get(attemptId);
    if (!attempt) {
      this.report('2: a hold is one attempt', `nobody made ${attemptId}`);
      return;
    }
    if (amount > attempt.asked) {
      this.report('2: extend is absolute', `${attemptId} asked for ${attempt.asked} in all and was given ${amount}`);
    }
    if (!attempt.admitted) {
      attempt.admitted = true;
      attempt.grantedAtMs = this.#simulation.nowMs;
      attempt.openedAtMs = openedAtMs;
      attempt.life = instance.superseded ? null : instance;
    }
    if (openedAtMs !== attempt.openedAtMs) attempt.grantedAgain = true;
    if (amount <= attempt.granted) return;
    attempt.granted = amount;
    // Decided now, under the policy in force: from here on its limits bound what there is.
    if (instance.superseded || instance.host.superseded || !member.policy) return;
    for (const { scope, kind, limit } of limitsOf(member.policy)) {
      if (scope === 'member' || scope === attempt.keyId) this.#bounds.set(`${member.id} ${scope} ${kind}`, limit);
    }
  }

  #adopt(member: Member, policy: MemberPolicy, eventsBefore: number): void {
    const { nowMs } = this.#simulation;
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
    this.#simulation.tell(() => `${member.id} has policy ${nameOf(policy.version)}: ${told(policy)}`);
    for (const limited of limitsOf(policy)) {
      const name = `${member.id} ${limited.scope} ${limited.kind}`;
      const granted = worst(member, limited, nowMs, this.#profile.clockErrorMsMax);
      // One that was superseded may go by the old policy for a while.
      const old = member.host?.superseded ? (this.#bounds.get(name) ?? Number.POSITIVE_INFINITY) : 0;
      this.#bounds.set(name, Math.max(limited.limit, granted, old));
    }
  }

  /** An admission or refusal, against the numbers it gives itself and what is durable. */
  #justified(instance: Instance, call: Call, admission: Admission): void {
    const { attemptId, amount, otherwise } = call.argument as AuthorizeRequest;
    const member = this.#memberOf(call);
    const attempt = member.attempts.get(attemptId);
    if (!admission.granted) {
      const { refusal } = admission;
      this.#simulation.count(`refused: ${refusal.kind}`);
      if (!('view' in refusal)) return;
      member.refusedSince += 1;
      const { view } = refusal;
      const needed = refusal.kind === 'exhausted' ? 0 : refusal.needed;
      const held = refusal.kind === 'budget_in_flight' ? view.held : 0;
      const sum = view.spent + held + needed;
      if (refusal.kind === 'exhausted' ? sum < view.limit : sum <= view.limit) {
        this.report('1: what fits is admitted', `refused as ${refusal.kind}: ${sum} of ${view.limit} in ${view.scope}`);
      }
      if (needed !== 0 && needed !== amount && needed !== otherwise?.amount) {
        this.report('1: what fits is admitted', `asked ${amount}, refused for ${needed}`);
      }
      return;
    }
    if (!attempt || attempt.admitted || !member.policy) return;
    const apartMs = Math.abs(instance.clock() - (attemptMadeAt(attemptId) ?? 0));
    // Its clock never goes back within a life, so it may be ahead of what it shows now.
    if (apartMs > LIMITS.authorizeAgeMsMax + 2 * this.#profile.clockErrorMsMax) {
      this.report('an authorize older than 2 minutes is refused', `granted ${apartMs} ms apart`);
    }
    // Under a policy that is not durable yet what was spent cannot be told from outside.
    const decidedUnder = this.#policies.get(instance)?.policy.version;
    if (!decidedUnder || isNewer(decidedUnder, member.policy.version)) return;
    for (const limited of limitsOf(member.policy)) {
      if (limited.scope !== 'member' && limited.scope !== attempt.keyId) continue;
      const already = spent(member, limited, this.#simulation.nowMs, this.#profile.clockErrorMsMax);
      // A correction that becomes durable with this grant may have given something back.
      if (already >= limited.limit && already - givenBack(instance.disk, member) >= limited.limit) {
        this.report('1: spend >= limit refuses', `${limited.scope} ${limited.kind}: ${already} of ${limited.limit}`);
      }
    }
  }

  /** Invariant 1 as it stands on the disk: what is spent, and held by rows. */
  told(host: Host): void {
    const member = this.members.get(host.name);
    if (!member?.policy || !this.fair) return;
    const rows = host.disk.exec<{ id: string; keyId: string; held: number }>(
      "SELECT id, key_id AS keyId, held FROM holds WHERE state = 'open'",
    );
    for (const { id, held } of rows) {
      const { granted, grantedAgain } = member.attempts.get(id) ?? { granted: 0, grantedAgain: false };
      if (held < granted && !grantedAgain)
        this.report('2: extend never lowers', `${id} holds ${held} on disk, it was granted ${granted}`);
    }
    for (const limited of limitsOf(member.policy)) {
      const { scope, kind } = limited;
      const held = rows.reduce((sum, row) => (scope === 'member' || row.keyId === scope ? sum + row.held : sum), 0);
      const sum = held + spent(member, limited, this.#simulation.nowMs, this.#profile.clockErrorMsMax);
      const bound = this.#bounds.get(`${member.id} ${scope} ${kind}`) ?? limited.limit;
      if (sum > bound)
        this.report('1: no limit is passed', `${scope} ${kind}: ${sum} spent and held on disk of ${bound}`);
    }
  }

  /** A ghost only ever gets smaller, and ends when it was to end when it was made. */
  #checkGhosts(host: Host): void {
    const { nowMs } = this.#simulation;
    const lateMs = LIMITS.shipRetryMsMax + this.#profile.alarmLateMsMax + 2 * this.#profile.clockErrorMsMax;
    for (const { epoch, amount, untilMs, dissolved } of host.disk.exec<{
      epoch: string;
      amount: number;
      untilMs: number;
      dissolved: number;
    }>('SELECT epoch, amount, until_at AS untilMs, dissolved FROM ghosts')) {
      const name = `${host.name} ${epoch}`;
      const before = this.#ghosts.get(name);
      if (before && (before.amount < amount || before.untilMs !== untilMs)) {
        this.report(
          '5: nothing leaks',
          `the ghost of ${epoch} grew to ${amount} until ${untilMs}: ${JSON.stringify(before)}`,
        );
      }
      if (!dissolved && nowMs > untilMs + lateMs) {
        this.report('5: nothing leaks', `the ghost of ${epoch} is ${nowMs - untilMs} ms too old`);
      }
      this.#ghosts.set(name, { amount, untilMs });
    }
  }
}

/** Events on the disk that were not durable yet when the witness last looked. */
function newEvents(disk: Disk, member: Member): UsageEvent[] {
  const rows = disk.exec<{ events: string }>('SELECT events FROM outbox WHERE n > ? ORDER BY n', member.events.length);
  return rows.flatMap((row) => JSON.parse(row.events) as UsageEvent[]);
}

function givenBack(disk: Disk, member: Member): number {
  return newEvents(disk, member).reduce((sum, { costNanos }) => sum - Math.min(0, costNanos), 0);
}

async function statusesOf(instance: Instance, member: Member): Promise<Map<string, ScopeStatus>> {
  const statuses = new Map<string, ScopeStatus>();
  await instance.run(async () => {
    const memberId = member.id;
    const keyIds = member.keys.map(({ keyId }) => keyId);
    statuses.set('member', (await instance.object.status?.({ memberId })) as ScopeStatus);
    const ofKeys = (await instance.object.keyStatuses?.({ memberId, keyIds })) as ScopeStatus[];
    ofKeys.forEach((status, i) => {
      statuses.set(keyIds[i] ?? '', status);
    });
  });
  return statuses;
}

function windowOf(policy: MemberPolicy, scope: string): WindowSpec | undefined {
  const { limits } = scope === 'member' ? policy : (policy.keys.find(({ keyId }) => keyId === scope) ?? policy);
  return limits.period?.window;
}

function nameOf({ generation, n }: PolicyVersion): string {
  return `${generation}.${n}`;
}
