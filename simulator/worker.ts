/**
 * A Worker that serves one request, and the provider behind it: the real admission and hold of src/gateway, driven as its
 * relays drive them.
 *
 * An honest provider never charges more than its hold covers: a watched answer is cut at the cover, of an unwatched one the
 * hold is the worst case. A dishonest one may charge more, and says so at its end.
 */
import type { Ask } from '../src/budgets/protocol.ts';
import type { AttemptAbout, Outcome } from '../src/budgets/usage-event.ts';
import { NO_TOKENS } from '../src/budgets/usage-event.ts';
import { Deadlines } from '../src/deadlines.ts';
import { admit } from '../src/gateway/admission.ts';
import type { Hold } from '../src/gateway/hold.ts';
import { type Nanos, nanos, ZERO } from '../src/money/nanos.ts';
import type { PresentedKey } from '../src/teams/keys.ts';
import type { Isolate } from './isolate.ts';
import type { Simulation } from './simulation.ts';
import type { Attempt } from './truth.ts';
import type { Witness } from './witness.ts';

/** What a request is going to be. */
export interface Plan {
  /** What is to be set aside first: the worst case, or the first slice of a watched answer; or else. */
  ask: Ask;
  /** Its answer can be watched, so that its hold grows with it. */
  watched: boolean;
  /** What the whole answer costs, should nothing cut it. */
  cost: number;
  /** How long the provider makes it. */
  lastsMs: number;
  /** nothing_sent: the request never went out. free: refused by the provider. unknown: nobody saw what was made. */
  end: 'completed' | 'nothing_sent' | 'free' | 'unknown' | 'client_gone';
  /** What the provider charges beyond the hold. */
  overcharge: number;
  /** Made with a provider key of the organization's own. */
  own: boolean;
}

const ABOUT: AttemptAbout = {
  requestId: 'req',
  endpoint: 'chat/completions',
  mapping: 'sim/model',
  canonicalModel: 'model',
  provider: 'sim',
  app: 'simulator',
  streamed: true,
  priceVersion: '0',
};

const CTX = { waitUntil: () => {} } as unknown as ExecutionContext;

const PIECES = 6;
/** After a hang-up the answer is waited for at most so long. */
const DRAIN_MS_MAX = 15_000;

/** Members here are under no rules, so nothing is asked of the request itself. */
const NO_REQUEST = new Request('http://purser.test');

/** Runs in the Worker's process from the request to the end of its settlement. */
export async function serve(
  env: Env,
  isolate: Isolate,
  caller: PresentedKey,
  plan: Plan,
  simulation: Simulation,
  witness: Witness,
  made: () => Attempt,
): Promise<void> {
  const context = { env, ctx: CTX, deadlines: new Deadlines(), request: NO_REQUEST };
  const about = plan.own ? { ...ABOUT, providerKeyId: 'pvk_simulated' } : ABOUT;
  const admission = await admit(context, caller, about, plan.ask, undefined, isolate.carrier);
  const attempt = made();
  if ('refusal' in admission) {
    attempt.phase = 'gone';
    return;
  }
  await new Service(admission.admitted.hold, attempt, plan, simulation, witness).run();
  if (!isolate.carried.has(attempt.id)) attempt.phase = 'gone';
}

class Service {
  readonly #hold: Hold;
  readonly #attempt: Attempt;
  readonly #plan: Plan;
  readonly #simulation: Simulation;
  readonly #witness: Witness;
  #slice: number;
  #lost: () => void = () => {};
  #isLost = false;
  #growing: Promise<void> | null = null;
  #refused = false;

  constructor(hold: Hold, attempt: Attempt, plan: Plan, simulation: Simulation, witness: Witness) {
    this.#hold = hold;
    this.#attempt = attempt;
    this.#plan = plan;
    this.#simulation = simulation;
    this.#witness = witness;
    this.#slice = hold.amount;
  }

  async run(): Promise<void> {
    const { end } = this.#plan;
    const attempt = this.#attempt;
    attempt.phase = 'running';
    this.#witness.begins(attempt);
    if (end === 'nothing_sent') {
      attempt.phase = 'ending';
      await this.#hold.release();
      return;
    }
    const lost = new Promise<void>((resolve) => {
      this.#lost = resolve;
    });
    this.#hold.keepAlive(
      () => this.#chargeAtExpiry(),
      () => {
        this.#isLost = true;
        this.#lost();
      },
    );
    const sinceMs = await this.#stream(lost);
    const settlement = this.#end();
    attempt.phase = 'ending';
    attempt.settledWith = settlement;
    await this.#hold.settle(
      {
        ...NO_TOKENS,
        outcome: this.#outcome(),
        cost: nanos(settlement.cost),
        inputCost: ZERO,
        outputCost: nanos(settlement.cost),
        unresolved: nanos(settlement.unresolved),
        estimated: false,
        latencyMs: null,
        firstTokenMs: null,
      },
      sinceMs,
    );
  }

  /** Until the provider has made all, or is cut. Answers with when the time to settle began. */
  async #stream(lost: Promise<void>): Promise<number> {
    const { lastsMs, cost, end, watched } = this.#plan;
    const pause = (ms: number) => Promise.race([new Promise<void>((resolve) => setTimeout(resolve, ms)), lost]);
    for (let piece = 1; piece <= PIECES; piece++) {
      await pause(lastsMs / PIECES);
      if (this.#isLost) return Date.now();
      this.#make(Math.round((cost * piece) / PIECES));
      if (!watched) continue;
      const half = this.#hold.amount - this.#slice / 2;
      if (this.#attempt.charged >= half && cost > this.#hold.amount && !this.#refused) this.#growing ??= this.#grow();
      // All that is covered was made: it goes on when more is covered, or never.
      if (this.#attempt.charged >= this.#hold.amount && cost > this.#hold.amount) {
        await Promise.race([this.#growing ?? Promise.resolve(), lost]);
        if (this.#refused || this.#isLost) return Date.now();
      }
    }
    if (end !== 'client_gone') return Date.now();
    const sinceMs = Date.now();
    await pause(this.#simulation.random.between(0, DRAIN_MS_MAX));
    return sinceMs;
  }

  #make(upTo: number): void {
    const attempt = this.#attempt;
    attempt.charged = Math.max(attempt.charged, Math.min(upTo, this.#hold.amount));
    this.#witness.charges(attempt);
  }

  async #grow(): Promise<void> {
    const slice = this.#slice * 2;
    const toAmount = nanos(Math.min(this.#plan.cost, this.#hold.amount + slice));
    const { grown, refusal } = await this.#hold.grow(toAmount, this.#chargeAtExpiry());
    this.#growing = null;
    if (grown) this.#slice = slice;
    else if (refusal) this.#refused = true;
  }

  #chargeAtExpiry(): Nanos {
    if (!this.#plan.watched) return this.#hold.amount;
    return nanos(Math.min(this.#hold.amount, this.#attempt.charged + this.#slice));
  }

  /** The last of what the provider charges, and what the Worker can tell of it. */
  #end(): { cost: number; unresolved: number } {
    const { end, overcharge, cost } = this.#plan;
    const attempt = this.#attempt;
    const seen = attempt.charged;
    if (end === 'free') {
      attempt.charged = 0;
      return { cost: 0, unresolved: 0 };
    }
    // Cut, the provider makes a little more before it notices.
    if (seen < cost) this.#make(seen + this.#simulation.random.between(0, this.#hold.amount - seen));
    if (end === 'unknown') return { cost: seen, unresolved: this.#hold.amount - seen };
    attempt.charged += overcharge;
    return { cost: attempt.charged, unresolved: 0 };
  }

  #outcome(): Outcome {
    const { end } = this.#plan;
    if (this.#isLost || this.#refused) return 'cut';
    if (end === 'completed' || end === 'client_gone') return end;
    return 'upstream_error';
  }
}
