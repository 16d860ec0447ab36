/**
 * One episode: an organization, requests near its limits and every fault its profile has, for at most STEPS_MAX steps; then
 * quiet, until nothing will ever happen any more; then what must be true at the end of everything.
 */
import { MemberBudget } from '../durable-objects/member-budget.ts';
import { OrgWallet } from '../durable-objects/org-wallet.ts';
import { creditWallets } from '../src/billing/transactions.ts';
import { MINUTE_MS } from '../src/limits.ts';
import { memberBudget, orgWallet } from '../src/objects.ts';
import { pushPending, pushPolicies } from '../src/teams/policy.ts';
import { proveInTurns } from '../src/usage/books-cron.ts';
import { rollUp } from '../src/usage/rollups.ts';
import { Billing, checkBilling, type Payment } from './billing.ts';
import { Credit } from './credit.ts';
import { bindingOf, D1 } from './d1.ts';
import { checkEnd } from './ending.ts';
import type { ObjectClass } from './instance.ts';
import { Network } from './network.ts';
import { ORGANIZATION, Owner } from './owner.ts';
import { Host } from './platform.ts';
import { drawProfile, type Profile, QUICK_COMMIT_MS } from './profile.ts';
import { Requests } from './requests.ts';
import { Process, Simulation } from './simulation.ts';
import type { Member } from './truth.ts';
import { type Violation, Witness } from './witness.ts';

const STEPS_MAX = 500;
/** Quiet comes after some dozens of steps; what goes on for this long goes on for ever. */
const QUIET_STEPS_MAX = 20_000;
/** Few, so that a backlog takes several turns. */
const ROLLUP_ROWS = 20;
/** In how much time somebody who records a payment dies, if at all: a payment takes some five statements and a call. */
const OPERATOR_MS_MAX = 120;
/** After so many refusals an owner does something, so that an episode goes on near its limits. */
const REFUSALS_BORNE = 4;

/** What a cron or a person's call throws was simulated, and is tried again. */
const ignore = () => {};

export interface EpisodeReport {
  steps: number;
  violation: Violation | null;
  /** How often what happened. */
  counts: ReadonlyMap<string, number>;
}

export async function runEpisode(seed: string, tell: ((line: string) => void) | null = null): Promise<EpisodeReport> {
  const simulation = new Simulation(seed, tell);
  const episode = new Episode(simulation, drawProfile(simulation.random));
  try {
    await episode.run();
  } catch (error) {
    episode.witness.report('a throw is a bug', error instanceof Error ? (error.stack ?? '') : String(error));
  }
  return episode.report();
}

class Episode {
  readonly witness: Witness;
  readonly #simulation: Simulation;
  readonly #profile: Profile;
  readonly #d1 = new D1();
  readonly #network: Network;
  readonly #owner: Owner;
  readonly #billing: Billing;
  readonly #members: Member[];
  readonly #hosts = new Map<string, Host>();
  readonly #requests: Requests;
  #quiet = false;
  /** Of the last proof of the books; null before the first. */
  #unproven: number | null = null;

  constructor(simulation: Simulation, profile: Profile) {
    this.#simulation = simulation;
    this.#profile = profile;
    this.witness = new Witness(simulation, profile);
    this.#network = new Network(simulation, profile, this.witness, this.#d1);
    this.#owner = new Owner(this.#d1, profile, simulation.random);
    this.#billing = new Billing(this.#d1, profile, simulation.random);
    this.#members = this.#owner.found();
    for (const member of this.#members) {
      member.host = this.#host(member.id, MemberBudget);
      this.witness.members.set(member.id, member);
    }
    if (profile.metering !== 'off') this.witness.credit = new Credit(this.witness, this.#host(ORGANIZATION, OrgWallet));
    this.#requests = new Requests(this.witness, this.#members, (process) => this.#environment(process));
  }

  async run(): Promise<void> {
    const simulation = this.#simulation;
    simulation.tell(() => JSON.stringify(this.#profile));
    await this.#post('top_up');
    this.#requests.plan();
    this.#planCron();
    while (simulation.steps < STEPS_MAX && (await simulation.step())) {
      await this.#fault();
      if (this.#broken()) return;
    }
    simulation.tell(() => 'quiet');
    this.#beQuiet();
    while (await simulation.step()) {
      if (this.#broken()) return;
      if (simulation.steps > QUIET_STEPS_MAX) return this.witness.report('5: nothing leaks', 'it never comes to rest');
    }
    if (this.#unproven !== 0) this.witness.report('4: books', `the last proof left ${this.#unproven} members unproven`);
    checkEnd(this.witness, this.#d1, this.#profile);
    if (this.witness.credit) checkBilling(this.witness, this.#d1, this.witness.credit.host);
  }

  #broken(): boolean {
    this.witness.checkLimits();
    const { complaint } = this.#simulation;
    if (complaint) this.witness.report('a complaint is a bug', complaint);
    return this.witness.violation !== null;
  }

  report(): EpisodeReport {
    const { violation } = this.witness;
    const { steps } = this.#simulation;
    const { counts } = this.#simulation;
    const count = (what: string) => this.#simulation.count(what);
    for (const member of this.#members) {
      for (const attempt of member.attempts.values()) {
        count('attempts');
        if (attempt.granted > 0) count('granted');
      }
      for (const event of member.events) {
        count('events');
        if (event.outcome === 'expired') count(event.attemptId === '' ? 'ghosts unclaimed' : 'expired');
        if (event.outcome === 'correction') count('corrections');
        if (event.overrunNanos > 0) count('overruns');
      }
    }
    for (const host of this.#hosts.values()) host.disk.close();
    this.#d1.close();
    return { steps, violation, counts };
  }

  /** The cron: late, twice, at once with another. */
  #planCron(): void {
    const simulation = this.#simulation;
    simulation.after(simulation.random.between(1, 2 * MINUTE_MS), async () => {
      if (!this.#quiet) this.#planCron();
      await this.#cron();
    });
  }

  async #cron(): Promise<void> {
    const simulation = this.#simulation;
    simulation.count('crons');
    const process = new Process(simulation, 'cron');
    const env = this.#environment(process);
    await process.run(() => {
      pushPending(env).catch(ignore);
      rollUp(env.DB, Date.now(), ROLLUP_ROWS).catch(ignore);
      proveInTurns(env, Date.now()).then(({ unproven }) => {
        this.#unproven = unproven;
      }, ignore);
      creditWallets(env, Date.now()).catch(ignore);
      if (this.witness.credit) orgWallet(env, ORGANIZATION, (object) => object.status()).catch(ignore);
    });
  }

  /** Somebody looks at a member's budget. */
  async #look(): Promise<void> {
    const process = new Process(this.#simulation, 'dashboard');
    const env = this.#environment(process);
    const { id: memberId, keys } = this.#simulation.pick(this.#members);
    const keyIds = keys.map(({ keyId }) => keyId);
    await process.run(() => {
      memberBudget(env, memberId, (object) => object.status({ memberId })).catch(ignore);
      memberBudget(env, memberId, (object) => object.keyStatuses({ memberId, keyIds })).catch(ignore);
    });
  }

  async #fault(): Promise<void> {
    const simulation = this.#simulation;
    const profile = this.#profile;
    const { random } = simulation;
    const host = simulation.pick([...this.#hosts.values()]);
    if (simulation.chance(profile.crashRate)) host.crash();
    if (simulation.chance(profile.supersedeRate)) await host.supersede();
    if (simulation.chance(profile.evictRate)) host.evict();
    if (simulation.chance(profile.clockJumpRate) && host.instance) {
      host.instance.clockOffsetMs = random.between(-profile.clockErrorMsMax, profile.clockErrorMsMax);
      simulation.count('clock jumps');
      simulation.tell(() => `${host.name}: clock ${host.instance?.clockOffsetMs} ms off`);
    }
    if (simulation.chance(profile.d1OutageRate)) {
      simulation.count('outages of D1');
      this.#d1.down = true;
      simulation.after(random.mostlySmall(100, 10 * MINUTE_MS), () => {
        this.#d1.down = false;
      });
    }
    if (simulation.chance(profile.lookRate)) await this.#look();
    if (simulation.chance(profile.policyRate)) await this.#changePolicy(simulation.pick(this.#members));
    if (simulation.chance(profile.creditRate)) await this.#post(simulation.chance(0.3) ? 'refund' : 'top_up');
    const stuck = this.#members.find(({ refusedSince }) => refusedSince > REFUSALS_BORNE);
    if (stuck && simulation.chance(profile.reliefRate)) {
      stuck.refusedSince = 0;
      if (profile.metering !== 'off' && simulation.chance(0.5)) await this.#post('top_up');
      else await this.#changePolicy(stuck);
    }
  }

  async #changePolicy(member: Member): Promise<void> {
    const simulation = this.#simulation;
    simulation.count('policy changes');
    const process = new Process(simulation, 'owner');
    const env = this.#environment(process);
    const ofAll = this.#profile.metering === 'changes' && simulation.chance(0.3);
    if (ofAll) this.#owner.changeMetering(env.DB, simulation.nowMs);
    else this.#owner.change(env.DB, member, simulation.nowMs);
    await process.run(() => {
      pushPolicies(env, ofAll ? this.#members : [member]).catch(ignore);
    });
  }

  /** Somebody records a payment, perhaps twice, and perhaps not to its end. */
  async #post(kind: 'top_up' | 'refund'): Promise<void> {
    const simulation = this.#simulation;
    if (this.#profile.metering === 'off') return;
    const payment = this.#billing.draw(kind);
    simulation.count(kind === 'refund' ? 'refunds' : 'top-ups');
    await this.#record(payment);
    if (!simulation.chance(0.3)) return;
    simulation.count('payments recorded again');
    simulation.after(simulation.random.mostlySmall(1, MINUTE_MS), () => this.#record(payment));
  }

  async #record(payment: Payment): Promise<void> {
    const simulation = this.#simulation;
    const process = new Process(simulation, 'operator');
    await process.run(() => payment(this.#environment(process)));
    if (!simulation.chance(0.3)) return;
    simulation.after(simulation.random.between(1, OPERATOR_MS_MAX), () => {
      simulation.count('deaths over a payment');
      process.end();
    });
  }

  /** No more requests and faults; the crons that come confirm what is left. */
  #beQuiet(): void {
    this.#quiet = true;
    this.#d1.down = false;
    Object.assign(this.#profile, { lossRate: 0, repeatRate: 0, delayRate: 0, commitMsMaxNow: QUICK_COMMIT_MS });
    for (let minute = 1; minute <= 3; minute++) this.#simulation.after(minute * 30 * MINUTE_MS, () => this.#cron());
  }

  #host(name: string, objectClass: unknown): Host {
    const environment = (process: Process) => this.#environment(process);
    const host = new Host(name, objectClass as ObjectClass, this.#network, this.witness, environment);
    this.#hosts.set(name, host);
    return host;
  }

  #environment(process: Process): Env {
    const stubOf = (name: string) =>
      new Proxy(
        {},
        {
          get: (_, method: string) => (argument: unknown) => {
            const host = this.#hosts.get(name);
            if (!host) throw new Error(`there is no object ${name}`);
            return this.#network.call(process, host, method, argument);
          },
        },
      );
    return {
      DB: bindingOf(process, this.#network),
      MEMBER_BUDGET: { idFromName: (name: string) => name, get: stubOf },
      ORG_WALLET: { idFromName: (name: string) => name, get: stubOf },
    } as unknown as Env;
  }
}
