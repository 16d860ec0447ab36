/**
 * What is between processes: calls to objects and statements for D1 may be lost, delayed, overtaken and repeated, and so
 * may answers. Who asked then hears of a failure, or nothing until it stops waiting.
 */
import type { D1 } from './d1.ts';
import type { Host } from './platform.ts';
import type { Profile } from './profile.ts';
import type { Process, Simulation } from './simulation.ts';
import type { Witness } from './witness.ts';

/** A call on its way; each delivery of a repeated one has its own. */
export interface Call {
  readonly from: Process;
  readonly to: Host;
  readonly method: string;
  readonly argument: unknown;
  readonly sentAtMs: number;
  receivedAtMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export type Answer = { value: unknown } | { error: unknown };

/** What the platform says of a call or statement that failed on the way. */
class Lost extends Error {
  readonly retryable: boolean;

  constructor(why: string, retryable: boolean) {
    super(`simulated: ${why}`);
    this.retryable = retryable;
  }
}

export class Network {
  readonly simulation: Simulation;
  readonly profile: Profile;
  readonly #witness: Witness;
  readonly #d1: D1;

  constructor(simulation: Simulation, profile: Profile, witness: Witness, d1: D1) {
    this.simulation = simulation;
    this.profile = profile;
    this.#witness = witness;
    this.#d1 = d1;
  }

  call(from: Process, to: Host, method: string, argument: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const sentAtMs = this.simulation.nowMs;
      const call: Call = {
        from,
        to,
        method,
        argument: structuredClone(argument),
        sentAtMs,
        receivedAtMs: 0,
        resolve,
        reject,
      };
      this.#witness.sent(call);
      from.emit(() => {
        if (this.#isLost()) {
          this.simulation.count('calls lost');
          this.fail(call, 'the call was lost');
          return;
        }
        this.simulation.after(this.#delayMs(), () => to.receive(call));
        if (this.#isRepeated()) {
          this.simulation.count('calls repeated');
          this.simulation.after(this.#longDelayMs(), () => to.receive({ ...call }));
        }
      });
    });
  }

  /** Carries an object's answer back. */
  answer(call: Call, answer: Answer): void {
    if (this.#isLost()) {
      this.simulation.count('answers lost');
      this.fail(call, 'the answer was lost');
      return;
    }
    const carried: Answer = 'value' in answer ? { value: structuredClone(answer.value) } : answer;
    const arrive = () => {
      this.#witness.answerArrived(call, carried);
      if ('value' in carried) call.resolve(carried.value);
      else call.reject(carried.error);
    };
    this.simulation.after(this.#delayMs(), () => call.from.run(arrive));
  }

  /** Tells the caller that nothing will come, or lets it wait. */
  fail(call: Pick<Call, 'from' | 'reject'>, why: string): void {
    const { simulation } = this;
    if (simulation.chance(0.3)) return;
    const error = new Lost(why, simulation.chance(0.6));
    simulation.after(this.#delayMs(), () => call.from.run(() => call.reject(error)));
  }

  /** Runs statements in D1 as one transaction. */
  query<T>(from: Process, work: (d1: D1) => T): Promise<T> {
    const { simulation } = this;
    return new Promise<T>((resolve, reject) => {
      const failed = (why: string) => {
        simulation.after(this.#delayMs(), () => from.run(() => reject(new Lost(why, false))));
      };
      from.emit(() => {
        if (this.#d1.down || this.#isLost()) {
          simulation.count('statements lost');
          return failed('D1 cannot be reached');
        }
        simulation.after(this.#delayMs(), () => {
          const answer = work(this.#d1);
          this.#witness.d1Changed(this.#d1);
          if (this.#isLost()) {
            simulation.count('answers of D1 lost');
            return failed('the answer of D1 was lost');
          }
          simulation.after(this.#delayMs(), () => from.run(() => resolve(answer)));
        });
        if (this.#isRepeated()) {
          simulation.count('statements repeated');
          simulation.after(this.#longDelayMs(), () => {
            work(this.#d1);
            this.#witness.d1Changed(this.#d1);
          });
        }
      });
    });
  }

  #isLost(): boolean {
    return this.simulation.chance(this.profile.lossRate);
  }

  #isRepeated(): boolean {
    return this.simulation.chance(this.profile.repeatRate);
  }

  /** Mostly a few milliseconds; some take longer than anybody waits. */
  #delayMs(): number {
    const { simulation, profile } = this;
    const { random } = simulation;
    if (!simulation.chance(profile.delayRate)) return random.between(1, 10);
    simulation.count('delays');
    return simulation.chance(0.3) ? this.#longDelayMs() : random.between(10, 4_000);
  }

  #longDelayMs(): number {
    return this.simulation.random.mostlySmall(10, 200_000);
  }
}
