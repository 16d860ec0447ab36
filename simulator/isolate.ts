/**
 * An isolate of the Worker: requests that share a clock, what is kept between them, and their end.
 */
import { SettlementCarrier } from '../src/settlement-carrier.ts';
import type { Process } from './simulation.ts';
import type { Attempt } from './truth.ts';
import type { Witness } from './witness.ts';

export class Isolate {
  readonly carrier: SettlementCarrier;
  readonly clockOffsetMs: number;
  readonly requests = new Set<Process>();
  /** Attempts whose own request is over, while their settlement is still carried. */
  readonly carried = new Map<string, Attempt>();

  constructor(witness: Witness, clockOffsetMs: number) {
    this.clockOffsetMs = clockOffsetMs;
    this.carrier = new TellingCarrier(witness, this.carried);
  }
}

/** Tells of what becomes of the settlements it takes over. */
class TellingCarrier extends SettlementCarrier {
  readonly #witness: Witness;
  readonly #carried: Map<string, Attempt>;

  constructor(witness: Witness, carried: Map<string, Attempt>) {
    super(({ ticket: { attemptId } }, written) => {
      const attempt = carried.get(attemptId);
      if (!attempt) return;
      carried.delete(attemptId);
      if (written) witness.confirmed(attempt);
      attempt.phase = 'gone';
    });
    this.#witness = witness;
    this.#carried = carried;
  }

  override take(...given: Parameters<SettlementCarrier['take']>): Promise<void> | null {
    const [call] = given;
    const taken = super.take(...given);
    const attempt = this.#witness.attemptCalled(call.ticket.attemptId);
    if (taken && attempt) {
      this.#witness.simulation.count('settlements carried');
      this.#carried.set(attempt.id, attempt);
    }
    return taken;
  }
}
