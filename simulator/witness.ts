/**
 * Sees all that passes between processes and all that becomes durable, keeps the truth (truth.ts), and says so when an
 * invariant is broken. Purser's code does not know of it. The first violation counts; the rest may follow from it.
 *
 * What each invariant is checked by: 1 bounds.ts and decisions.ts; 2, 3 and 5 events.ts, durable.ts and ending.ts;
 * 4 books.ts and Purser's own cron; 6 starts.ts; 7 credit.ts; 8 and the fence here.
 */
import type { MemberPolicy } from '../src/budgets/policy.ts';
import type {
  Admission,
  AuthorizeRequest,
  ExtendRequest,
  Extension,
  ReleaseRequest,
  Settlement,
  SettleRequest,
  Ticket,
} from '../src/budgets/protocol.ts';
import { attemptMadeAt } from '../src/ids.ts';
import { LIMITS } from '../src/limits.ts';
import { checkBooks } from './books.ts';
import { Bounds } from './bounds.ts';
import type { Credit } from './credit.ts';
import type { D1 } from './d1.ts';
import { checkDecision } from './decisions.ts';
import { checkGhosts, checkRows, openRows, takeEvents } from './durable.ts';
import type { Instance } from './instance.ts';
import type { Answer, Call } from './network.ts';
import type { Host } from './platform.ts';
import { CLOCK_FAIR_MS, type Profile } from './profile.ts';
import { isExpected, type Process, type Simulation } from './simulation.ts';
import { checkStart } from './starts.ts';
import { Attempt, type Member } from './truth.ts';

/** Something that must never be, and which invariant says so. */
export interface Violation {
  invariant: string;
  what: string;
}

export class Witness {
  readonly members = new Map<string, Member>();
  /** The organization's wallet; null where it has none. */
  credit: Credit | null = null;
  violation: Violation | null = null;
  readonly simulation: Simulation;
  readonly profile: Profile;
  readonly #bounds = new Bounds(this);
  /** The one attempt that each Worker makes. */
  readonly #attempts = new Map<Process, Attempt>();
  /** The policy that each instance is known to have on its disk. */
  readonly #policies = new WeakMap<Instance, { text: string; policy: MemberPolicy }>();

  constructor(simulation: Simulation, profile: Profile) {
    this.simulation = simulation;
    this.profile = profile;
  }

  /** Whether clocks are as right as the fence needs them. */
  get fair(): boolean {
    return this.profile.clockErrorMsMax <= CLOCK_FAIR_MS;
  }

  report(invariant: string, what: string): void {
    this.violation ??= { invariant, what };
  }

  attemptOf(worker: Process): Attempt | null {
    return this.#attempts.get(worker) ?? null;
  }

  attemptCalled(id: string): Attempt | null {
    for (const { attempts } of this.members.values()) {
      const attempt = attempts.get(id);
      if (attempt) return attempt;
    }
    return null;
  }

  /** Whoever looked after its settlement has heard that it is written. */
  confirmed(attempt: Attempt): void {
    if (this.fair && !attempt.lost) attempt.settled = true;
  }

  /** A call goes out. */
  sent({ from, to, method, argument }: Call): void {
    const member = this.members.get(to.name);
    if (!member) return;
    const attempt = this.#attempts.get(from);
    if (method === 'authorize' && !attempt) {
      const { attemptId, keyHash, about, amount, otherwise } = argument as AuthorizeRequest;
      const keyId = member.keys.find(({ hash }) => hash === keyHash)?.keyId ?? '';
      const asked = Math.max(amount ?? 0, otherwise?.amount ?? 0);
      const made = new Attempt(attemptId, member, keyId, about.providerKeyId !== undefined, from, asked);
      this.#attempts.set(from, made);
      member.attempts.set(attemptId, made);
    }
    if (method === 'release' && attempt) attempt.letGo = true;
    if (method === 'extend' && attempt) {
      const { report, chargeAtExpiry, toAmount } = argument as ExtendRequest;
      attempt.asked = Math.max(attempt.asked, toAmount);
      attempt.reports.set(report, chargeAtExpiry);
    }
  }

  /** An object has made its answer, which has yet to leave it. */
  answered(instance: Instance, call: Call, answer: Answer): void {
    const { method, argument } = call;
    const member = this.members.get(call.to.name);
    if (!member) return;
    if (!instance.superseded) this.#lookAtPolicy(instance, member);
    if ('value' in answer && (method === 'authorize' || method === 'extend')) {
      const { value } = answer as { value: Admission | Extension };
      // It counts once it is durable, should it never leave: the object may give the same answer later.
      if ('ticket' in value) instance.whenDurable(() => this.#granted(instance, member, method, value.ticket));
    }
    // One that was superseded may be behind: only what it grants must be right.
    if (instance.superseded) return;
    if ('error' in answer) {
      const text = String(answer.error);
      if (!isExpected(text)) this.report('a throw is a bug', `${method}: ${text}`);
    } else if (method === 'authorize') {
      const decidedUnder = this.#policies.get(instance)?.policy.version ?? null;
      const request = argument as AuthorizeRequest;
      checkDecision(this, instance, member, request, answer.value as Admission, decidedUnder, call.receivedAtMs);
    } else if (method === 'settle' || method === 'release') {
      this.#checkWait(call, member);
    }
  }

  /** An answer has left its object: from here on the object is bound by it. */
  answerLeft(instance: Instance, { to, method, argument }: Call, answer: Answer): void {
    const member = this.members.get(to.name);
    if (!member || 'error' in answer) return;
    member.touched = true;
    if (method === 'settle') {
      const attempt = member.attempts.get((argument as SettleRequest).ticket.attemptId);
      if (!attempt) return;
      if ((answer.value as Settlement).booked) attempt.settled = true;
      else if (this.fair && attempt.phase === 'ending' && !attempt.lost) {
        this.report('3: what was settled is never lost', `${attempt.id} was granted and settled in time, not booked`);
      }
    }
    if (method === 'release') {
      const { attemptId } = argument as ReleaseRequest;
      const attempt = member.attempts.get(attemptId);
      const ageMs = instance.clock() - (attemptMadeAt(attemptId) ?? 0);
      if (attempt && !attempt.resolved && ageMs < LIMITS.authorizeAgeMsMax) attempt.released = true;
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
    const ms = this.simulation.nowMs - attempt.confirmedSentAtMs;
    if (ms > LIMITS.holdTtlMs && !attempt.lost) {
      this.report('the fence', `${attempt.id} still runs ${ms} ms after its last confirmed renewal was sent`);
    }
  }

  /** An instance was made, and has been asked nothing yet. Asking it is half of the time enough: the rest starts by itself. */
  async started(instance: Instance): Promise<void> {
    const member = this.members.get(instance.host.name);
    if (member?.policy && this.simulation.chance(0.5)) await checkStart(this, instance, member);
  }

  /** All that the object wrote so far is durable. */
  committed(host: Host): void {
    if (host === this.credit?.host) this.credit.walletCommitted();
    const member = this.members.get(host.name);
    if (!member) return;
    takeEvents(this, host.disk, member);
    checkGhosts(this, host, member);
    this.credit?.memberCommitted(member);
  }

  /** And all that waited for it has left, grants and a new policy among it. */
  gateOpened(host: Host): void {
    const member = this.members.get(host.name);
    if (!member) return;
    const rows = openRows(host.disk);
    checkRows(this, member, rows);
    this.#bounds.checkDisk(member, rows);
  }

  /** Something was done in D1. */
  d1Changed(d1: D1): void {
    checkBooks(this, d1);
  }

  /** After every step. */
  checkLimits(): void {
    const touched = [...this.members.values()].filter((member) => member.touched);
    for (const member of touched) {
      member.touched = false;
      this.#bounds.check(member);
    }
    if (touched.length > 0) this.credit?.check();
  }

  /** A policy that is new on the disk counts for whatever leaves the object from now on, once it is durable. */
  #lookAtPolicy(instance: Instance, member: Member): void {
    const [row] = instance.disk.exec<{ policy: string }>('SELECT policy FROM policy');
    if (!row || row.policy === this.#policies.get(instance)?.text) return;
    const policy = JSON.parse(row.policy) as MemberPolicy;
    this.#policies.set(instance, { text: row.policy, policy });
    const [newest] = instance.disk.exec<{ n: number | null }>('SELECT max(n) AS n FROM outbox');
    const eventsBefore = Math.max(newest?.n ?? 0, member.events.length);
    instance.whenDurable(() => this.#bounds.adopt(member, policy, eventsBefore));
  }

  #granted(instance: Instance, member: Member, method: string, { attemptId, amount, openedAtMs }: Ticket): void {
    member.touched = true;
    const attempt = member.attempts.get(attemptId);
    if (!attempt) {
      this.report('2: a hold is one attempt', `nobody made ${attemptId}`);
      return;
    }
    if (amount > attempt.asked) {
      this.report('2: extend is absolute', `${attemptId} asked for ${attempt.asked} in all and was given ${amount}`);
    }
    attempt.admitted ??= {
      atMs: this.simulation.nowMs,
      openedAtMs,
      life: instance.superseded ? null : instance,
    };
    // As far as its ticket tells, of which an honest repeat gives the same.
    const less = method === 'authorize' && amount < attempt.granted;
    if (less || openedAtMs !== attempt.admitted.openedAtMs) attempt.grantedAgain = true;
    if (amount <= attempt.granted) return;
    attempt.granted = amount;
    this.#bounds.granted(instance, attempt);
  }

  /** Whoever settles waits no longer than for others to be written with. */
  #checkWait({ method, receivedAtMs }: Call, member: Member): void {
    // Where the object knew nothing yet, the call waited for D1 first.
    if (receivedAtMs < member.openedAtMs) return;
    const { timersLateMsMax, clockErrorMsMax } = this.profile;
    const waitedMs = this.simulation.nowMs - receivedAtMs;
    if (waitedMs > LIMITS.gatherMs + timersLateMsMax + 2 * clockErrorMsMax) {
      this.report('gathered for gatherMs', `a ${method} waited ${waitedMs} ms for its write`);
    }
  }
}
