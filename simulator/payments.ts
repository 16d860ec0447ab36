/**
 * Who pays into the organization's wallet and takes out of it: often so that its credit is about what attempts ask for. An
 * entry whose answer was lost is posted again, under the same id.
 */

import { postEntry } from '../src/billing/wallet.ts';
import type { Entry } from '../src/budgets/wallet.ts';
import { nanos } from '../src/money/nanos.ts';
import { BUDGET, ORGANIZATION } from './owner.ts';
import type { Process } from './simulation.ts';
import type { Witness } from './witness.ts';

export class Payments {
  readonly #witness: Witness;
  readonly #unconfirmed = new Map<string, Entry>();
  #made = 0;

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  /** Makes a payment for this owner. */
  async pay(owner: Process, env: Env): Promise<void> {
    const { simulation, credit } = this.#witness;
    const { random } = simulation;
    const { left } = credit;
    // Much of it goes again, so that an episode goes on near the end of its credit.
    const kind = left > random.between(BUDGET / 4, BUDGET) ? 'refund' : 'top_up';
    const most = kind === 'top_up' ? BUDGET / 2 : left * (simulation.chance(0.2) ? 1.3 : 0.9);
    this.#made += 1;
    const amount = nanos(random.between(1, Math.round(Math.max(1, most))));
    const entry = { id: `pay_${this.#made}`, kind, amount, atMs: simulation.nowMs } as const;
    simulation.count(kind === 'top_up' ? 'top-ups' : 'refunds');
    this.#unconfirmed.set(entry.id, entry);
    credit.makes(entry);
    await owner.run(() => this.#post(env, entry));
  }

  /** Posts again what nobody has confirmed. To be called in a process. */
  postAgain(env: Env): void {
    for (const entry of this.#unconfirmed.values()) this.#post(env, entry);
  }

  #post(env: Env, entry: Entry): void {
    postEntry(env, ORGANIZATION, entry).then(
      () => this.#unconfirmed.delete(entry.id),
      // It was simulated.
      () => {},
    );
  }
}
