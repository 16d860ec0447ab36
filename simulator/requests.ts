/**
 * The requests of an episode, each by a Worker of its own: near the limits and often at once, served as worker.ts says. Some
 * Workers die on the way, some stand still for a while.
 */
import type { Fallback } from '../src/budgets/protocol.ts';
import { HOUR_MS, MINUTE_MS } from '../src/limits.ts';
import { nanos, ZERO } from '../src/money/nanos.ts';
import { Isolate } from './isolate.ts';
import { left } from './limits.ts';
import { BUDGET } from './owner.ts';
import { Process } from './simulation.ts';
import type { Key, Member } from './truth.ts';
import type { Witness } from './witness.ts';
import { type Plan, serve } from './worker.ts';

export class Requests {
  readonly #witness: Witness;
  readonly #members: readonly Member[];
  readonly #environment: (process: Process) => Env;
  /** One that serves many, till it ends. */
  #shared: Isolate | null = null;
  #made = 0;

  constructor(witness: Witness, members: readonly Member[], environment: (process: Process) => Env) {
    this.#witness = witness;
    this.#members = members;
    this.#environment = environment;
  }

  /** The next, a moment from now; mostly with others close to it, after longer pauses where windows matter. */
  plan(): void {
    const { simulation, profile } = this.#witness;
    const { random } = simulation;
    let pauseMs = random.mostlySmall(0, Math.round(profile.pauseMsMax));
    if (profile.windows && simulation.chance(0.05)) {
      // Often to just before a full hour: what runs then is opened in one window and settled in another.
      const toFullHourMs = HOUR_MS - (simulation.nowMs % HOUR_MS);
      const justBeforeMs = toFullHourMs - random.between(0, MINUTE_MS);
      pauseMs = simulation.chance(0.5) ? random.between(1, 125) * MINUTE_MS : justBeforeMs;
    }
    simulation.after(pauseMs, async () => {
      if (simulation.steps > profile.requestStepsMax) return;
      this.plan();
      const member = simulation.pick(this.#members);
      await this.#make(member, simulation.pick(member.keys));
    });
  }

  async #make(member: Member, key: Key): Promise<void> {
    const witness = this.#witness;
    const { simulation, profile } = witness;
    const { random } = simulation;
    const plan = this.#draw(left(member, key.keyId, simulation.nowMs));
    this.#made += 1;
    const worker = new Process(simulation, `worker ${this.#made}`);
    const isolate = this.#isolate();
    isolate.requests.add(worker);
    worker.clockOffsetMs = isolate.clockOffsetMs;
    worker.timersLateMsMax = 5;
    simulation.tell(() => `${worker.name} asks for ${member.id} ${key.keyId}: ${JSON.stringify(plan)}`);
    const env = this.#environment(worker);
    const caller = { kind: 'api' as const, ownerId: member.id, hash: key.hash };
    const made = () => {
      const attempt = witness.attemptOf(worker);
      if (!attempt) throw new Error('a Worker was answered that asked nobody');
      return attempt;
    };
    await worker.run(() => {
      serve(env, isolate, caller, plan, simulation, witness, made).catch((error) =>
        witness.report('a throw is a bug', String(error.stack)),
      );
    });
    if (simulation.chance(profile.deathRate)) {
      const inMs = random.mostlySmall(0, simulation.chance(0.5) ? 2_000 : plan.lastsMs + 10_000);
      simulation.after(inMs, () => this.#die(isolate));
    }
    if (simulation.chance(profile.freezeRate)) {
      simulation.after(random.mostlySmall(0, plan.lastsMs + 1_000), () => this.#freeze(isolate));
    }
  }

  /** Mostly the one that serves many; or one for this request alone. */
  #isolate(): Isolate {
    const { simulation, profile } = this.#witness;
    if (this.#shared && simulation.chance(0.6)) return this.#shared;
    // Some are too far from their object's clock to be served.
    const apartMs = simulation.chance(0.03) ? 200_000 : 100_000 - profile.clockErrorMsMax;
    const isolate = new Isolate(
      this.#witness,
      simulation.chance(0.5) ? 0 : simulation.random.between(-apartMs, apartMs),
    );
    this.#shared ??= isolate;
    return isolate;
  }

  /** Never heard of again. The providers stop at once, or make more of what the holds cover. */
  #die(isolate: Isolate): void {
    const { simulation } = this.#witness;
    if (this.#shared === isolate) this.#shared = null;
    for (const worker of isolate.requests) this.#end(worker);
    for (const attempt of isolate.carried.values()) {
      attempt.phase = 'gone';
      attempt.member.touched = true;
    }
    isolate.requests.clear();
    isolate.carried.clear();
    simulation.count('dead isolates');
  }

  #end(worker: Process): void {
    const { simulation } = this.#witness;
    const attempt = this.#witness.attemptOf(worker);
    if (!worker.alive) return;
    worker.end();
    if (!attempt || attempt.phase === 'gone') return;
    simulation.tell(() => `${worker.name} dies`);
    simulation.count('dead Workers');
    if (attempt.phase === 'running' && simulation.chance(0.7)) {
      attempt.charged = simulation.random.between(attempt.charged, Math.max(attempt.charged, attempt.granted));
    }
    attempt.phase = 'gone';
    attempt.member.touched = true;
  }

  #freeze(isolate: Isolate): void {
    const { simulation } = this.#witness;
    // Nor does it serve anyone new.
    if (this.#shared === isolate) this.#shared = null;
    simulation.count('frozen isolates');
    const forMs = simulation.random.between(1_000, 300_000);
    for (const worker of isolate.requests) {
      if (!worker.alive) continue;
      simulation.tell(() => `${worker.name} stands still`);
      worker.freeze(forMs);
    }
  }

  #draw(leftNow: number): Plan {
    const { simulation, profile } = this.#witness;
    const { random } = simulation;
    const dice = random.fraction();
    // A part of the budget; or exactly what is left of it, or a nanodollar more or less.
    let amount = Math.round((BUDGET / 3) * profile.smallest ** -random.fraction());
    const exactly = leftNow > 1 && leftNow < BUDGET && simulation.chance(leftNow < BUDGET / 10 ? 0.4 : 0.05);
    if (exactly) amount = leftNow + (simulation.chance(0.5) ? 0 : random.between(-1, 1));
    const plan: Plan = {
      ask: {
        amount: nanos(amount),
        otherwise: this.#drawFallback(amount),
        least: simulation.chance(0.3) ? nanos(random.between(1, amount)) : undefined,
      },
      watched: simulation.chance(0.5),
      cost: exactly ? amount : Math.round(amount * random.fraction() ** 2),
      lastsMs: Math.round(10 ** (1.5 + 4 * random.fraction() * random.fraction())),
      end: 'completed',
      overcharge: !profile.honest && simulation.chance(0.1) ? random.between(1, amount) : 0,
      own: profile.metering !== 'off' && simulation.chance(0.25),
    };
    const free = dice < 0.04 || (leftNow <= 0 && simulation.chance(0.5));
    if (free) plan.ask = { amount: dice < 0.01 ? null : ZERO, otherwise: null };
    if (free) return { ...plan, cost: 0, overcharge: 0 };
    if (dice < 0.1) return { ...plan, end: 'nothing_sent' };
    if (dice < 0.14) return { ...plan, end: 'free', cost: 0 };
    if (dice < 0.2) return { ...plan, end: 'unknown', overcharge: 0 };
    if (plan.watched && dice < 0.5) plan.cost = amount * random.between(1, 6);
    if (dice < 0.35) plan.end = 'client_gone';
    return plan;
  }

  #drawFallback(amount: number): Fallback | null {
    const { random } = this.#witness.simulation;
    const dice = random.fraction();
    if (dice > 0.3) return null;
    return { kind: dice < 0.15 ? 'exactly' : 'at_least', amount: nanos(random.between(1, amount)) };
  }
}
