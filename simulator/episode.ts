/**
 * One episode: an organization, requests near its limits and every fault its profile has, for at most STEPS_MAX steps; then
 * quiet, until nothing will ever happen any more; then what must be true at the end of everything.
 */
import { MemberBudget } from '../durable-objects/member-budget.ts';
import { OrgWallet } from '../durable-objects/org-wallet.ts';
import { MINUTE_MS } from '../src/limits.ts';
import { memberBudget, orgWallet } from '../src/objects.ts';
import { pushPending, pushPolicies } from '../src/teams/policy.ts';
import { proveInTurns } from '../src/usage/books-cron.ts';
import { rollUp } from '../src/usage/rollups.ts';
import { bindingOf, D1 } from './d1.ts';
import { checkEnd } from './ending.ts';
import type { ObjectClass } from './instance.ts';
import { Network } from './network.ts';
import { ORGANIZATION, Owner } from './owner.ts';
import { Payments } from './payments.ts';
import { Host } from './platform.ts';
import { drawProfile, type Profile } from './profile.ts';
import { Requests } from './requests.ts';
import { Process, Simulation } from './simulation.ts';
import type { Member } from './truth.ts';
import { type Violation, Witness } from './witness.ts';

const STEPS_MAX = 500;
/** Quiet comes after some dozens of steps; what goes on for this long goes on for ever. */
const QUIET_STEPS_MAX = 20_000;
/** Few, so that a backlog takes several turns. */
const ROLLUP_ROWS = 20;
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
  readonly #members: Member[];
  readonly #hosts = new Map<string, Host>();
  readonly #requests: Requests;
  readonly #payments: Payments;
  #quiet = false;
  /** Whether the organization is metered from then on. */
  #quietMetered = false;
  /** Of the last proof of the books; null before the first. */
  #unproven: number | null = null;

  constructor(simulation: Simulation, profile: Profile) {
    this.#simulation = simulation;
    this.#profile = profile;
    this.witness = new Witness(simulation, profile);
    this.#network = new Network(simulation, profile, this.witness, this.#d1);
    this.#owner = new Owner(this.#d1, profile, simulation.random);
    this.#members = this.#owner.found();
    for (const member of this.#members) {
      member.host = this.#place(member.id, MemberBudget as unknown as ObjectClass);
      this.witness.members.set(member.id, member);
    }
    if (profile.wallet) this.witness.wallet = this.#place(ORGANIZATION, OrgWallet as unknown as ObjectClass);
    this.#payments = new Payments(this.witness);
    this.#requests = new Requests(this.witness, this.#members, (process) => this.#environment(process));
  }

  #place(name: string, objectClass: ObjectClass): Host {
    const host = new Host(name, objectClass, this.#network, this.witness, (process) => this.#environment(process));
    this.#hosts.set(name, host);
    return host;
  }

  async run(): Promise<void> {
    const simulation = this.#simulation;
    simulation.tell(() => JSON.stringify(this.#profile));
    this.#requests.plan();
    this.#planCron();
    if (this.#profile.wallet) await this.#pay();
    while (simulation.steps < STEPS_MAX && (await simulation.step())) {
      await this.#fault();
      if (this.#broken()) return;
    }
    simulation.tell(() => 'quiet');
    await this.#beQuiet();
    await this.#rest();
    if (this.#profile.wallet) await this.#endCredit();
    if (this.witness.violation) return;
    if (this.#unproven !== 0) this.witness.report('4: books', `the last proof left ${this.#unproven} members unproven`);
    checkEnd(this.witness, this.#d1, this.#profile);
  }

  /** Until nothing will ever happen any more. */
  async #rest(): Promise<void> {
    const simulation = this.#simulation;
    while (await simulation.step()) {
      if (this.#broken()) return;
      if (simulation.steps > QUIET_STEPS_MAX) return this.witness.report('5: nothing leaks', 'it never comes to rest');
    }
  }

  /** When all is at rest the wallet hears of everything, and the last of the credit is anybody's. */
  async #endCredit(): Promise<void> {
    const { credit, fair } = this.witness;
    const simulation = this.#simulation;
    const dashboard = new Process(simulation, 'dashboard');
    const env = this.#environment(dashboard);
    await dashboard.run(() => {
      orgWallet(env, ORGANIZATION, (object) => object.status()).catch(ignore);
    });
    await this.#rest();
    credit.checkEnd();
    // Where clocks are apart by minutes nobody is served for sure.
    const mayAsk = this.#members.filter((member) => !member.policy || credit.isMetered(member));
    if (!this.#quietMetered || !fair || mayAsk.length === 0) return;
    for (const part of [simulation.random.fraction(), 1]) {
      const { unspent } = credit;
      if (this.witness.violation || unspent <= 0) break;
      const attempt = await this.#requests.ask(simulation.pick(mayAsk), unspent, Math.round(unspent * part));
      await this.#rest();
      simulation.count('asked for the last of the credit');
      if (attempt?.granted !== unspent) {
        this.witness.report('7: the last of the credit is for anybody', `${unspent} is left, and was refused`);
      }
    }
    if (credit.unspent > 0 || credit.indebted) return;
    const attempt = await this.#requests.ask(simulation.pick(mayAsk), 1, 1);
    await this.#rest();
    if (attempt?.granted !== 0) this.witness.report('7: no more than the credit', 'a nanodollar more was granted');
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
      this.#payments.postAgain(env);
      proveInTurns(env, Date.now()).then(({ unproven }) => {
        this.#unproven = unproven;
      }, ignore);
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
      simulation.trouble('clock jumps');
      simulation.tell(() => `${host.name}: clock ${host.instance?.clockOffsetMs} ms off`);
    }
    if (simulation.chance(profile.d1OutageRate)) {
      simulation.trouble('outages of D1');
      this.#d1.down = true;
      simulation.after(random.mostlySmall(100, 10 * MINUTE_MS), () => {
        this.#d1.down = false;
      });
    }
    if (simulation.chance(profile.lookRate)) await this.#look();
    if (simulation.chance(profile.policyRate)) await this.#changePolicy(simulation.pick(this.#members));
    if (profile.wallet) await this.#faultOfCredit();
    const stuck = this.#members.find(({ refusedSince }) => refusedSince > REFUSALS_BORNE);
    if (stuck && simulation.chance(profile.reliefRate)) await this.#changePolicy(stuck);
  }

  async #faultOfCredit(): Promise<void> {
    const simulation = this.#simulation;
    const { payRate, reliefRate, meterRate, lookRate } = this.#profile;
    const { credit } = this.witness;
    if (simulation.chance(payRate)) await this.#pay();
    if (credit.refusedSince > REFUSALS_BORNE && simulation.chance(reliefRate)) await this.#pay();
    if (simulation.chance(meterRate)) await this.#meter(simulation.chance(0.8));
    if (!simulation.chance(lookRate)) return;
    const process = new Process(simulation, 'dashboard');
    const env = this.#environment(process);
    await process.run(() => {
      orgWallet(env, ORGANIZATION, (object) => object.status()).catch(ignore);
    });
  }

  async #pay(): Promise<void> {
    this.witness.credit.refusedSince = 0;
    const process = new Process(this.#simulation, 'owner');
    await this.#payments.pay(process, this.#environment(process));
  }

  async #meter(metered: boolean): Promise<void> {
    this.#simulation.count('switches of metering');
    const process = new Process(this.#simulation, 'operator');
    const env = this.#environment(process);
    this.#owner.switchMetered(env.DB, metered, this.#simulation.nowMs);
    await process.run(() => {
      pushPolicies(env, this.#members).catch(ignore);
    });
  }

  async #changePolicy(member: Member): Promise<void> {
    const simulation = this.#simulation;
    simulation.count('policy changes');
    member.refusedSince = 0;
    const process = new Process(simulation, 'owner');
    const env = this.#environment(process);
    this.#owner.change(env.DB, member, simulation.nowMs);
    await process.run(() => {
      pushPolicies(env, [member]).catch(ignore);
    });
  }

  /** No more requests and faults; the crons that come confirm what is left. */
  async #beQuiet(): Promise<void> {
    this.#quiet = true;
    this.#d1.down = false;
    const profile = this.#profile;
    Object.assign(profile, { lossRate: 0, repeatRate: 0, delayRate: 0, deathRate: 0, freezeRate: 0 });
    if (profile.wallet) {
      Object.assign(profile, { commitMsMax: 20 });
      this.#quietMetered = this.#simulation.chance(0.8);
      const process = new Process(this.#simulation, 'operator');
      this.#owner.liftLimits(this.#environment(process).DB, this.#simulation.nowMs);
      await this.#meter(this.#quietMetered);
    }
    for (let minute = 1; minute <= 3; minute++) this.#simulation.after(minute * 30 * MINUTE_MS, () => this.#cron());
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
