/**
 * How a member's object asks the organization's wallet: one call at a time, for all requests that wait for credit at once,
 * and ahead of need in the background. Knows no platform: who carries a message is given in.
 *
 * Whenever the wallet speaks, in its answer or by a recall, those who wait run their whole check again at once, before
 * anything else may take the credit: so what a request asked for cannot be recalled before it has set it aside.
 */
import { LIMITS } from '../limits.ts';
import { addNanos, type Nanos, ZERO } from '../money/nanos.ts';
import { type Lease, type Recall, type SyncMessage, unspent } from './lease.ts';
import type { Ledger } from './ledger.ts';
import { isWalletPaid } from './ledger-state.ts';
import type { CreditCheck, Short } from './protocol.ts';
import type { Clock } from './store.ts';
import type { AttemptAbout } from './usage-event.ts';

/** A request that lacks credit. */
interface Waiter {
  lacks: Nanos;
  asks: number;
  /** Runs the check again. True: it is over, and who waits has been told. */
  tryAgain: (wallet: CreditCheck) => boolean;
  fail: (error: unknown) => void;
}

export class CreditLine {
  readonly #ledger: Ledger;
  readonly #call: (message: SyncMessage) => Promise<Lease>;
  readonly #clock: Clock;
  #waiting: Waiter[] = [];
  #calling = false;
  #notAheadBeforeMs = 0;

  constructor(ledger: Ledger, call: (message: SyncMessage) => Promise<Lease>, clock: Clock) {
    this.#ledger = ledger;
    this.#call = call;
    this.#clock = clock;
  }

  /**
   * For a request that `lacks` credit: asks the wallet and lets `check` run again, until it is granted or refused. Rejects
   * where the wallet does not answer and the lease still does not do.
   */
  wait<T extends object>(lacks: Nanos, check: (wallet: CreditCheck) => T | Short): Promise<T> {
    return new Promise((resolve, reject) => {
      const tryAgain = (wallet: CreditCheck) => {
        try {
          const outcome = check(wallet);
          if ('lacks' in outcome) return false;
          resolve(outcome);
        } catch (error) {
          reject(error);
        }
        return true;
      };
      this.#waiting.push({ lacks, asks: 0, tryAgain, fail: reject });
      void this.#askForAll();
    });
  }

  /** After a grant of `amount`: asks for more in the background where the next requests would have to wait for it. */
  lookAhead(amount: Nanos, about: AttemptAbout): void {
    if (!isWalletPaid(about) || this.#calling || this.#clock() < this.#notAheadBeforeMs) return;
    const message = this.#ledger.credit.askAhead(amount);
    if (message) void this.#askAhead(message);
  }

  /** Tells the wallet what it would not learn by itself, if there is such a thing. Throws where it does not answer. */
  async tell(): Promise<void> {
    if (this.#ledger.credit.owesNews()) this.#hear(await this.#call(this.#ledger.credit.tell()));
  }

  /** The wallet asks back what is not held. Durable when this returns; the answer tells how much it was. */
  returnLease(recall: Recall): SyncMessage {
    // Heard first: a grant may have been lost on its way here, or still be.
    this.#hear(recall);
    return this.#ledger.credit.giveBack(recall.returnTo);
  }

  async #askForAll(): Promise<void> {
    if (this.#calling) return;
    this.#calling = true;
    while (this.#waiting.length > 0) {
      const asking = new Set(this.#waiting);
      try {
        const lacks = this.#waiting.reduce((sum, waiter) => addNanos(sum, waiter.lacks), ZERO);
        const gaveAll = await this.#ask(this.#ledger.credit.askFor(lacks));
        for (const waiter of asking) waiter.asks += 1;
        // Where the wallet gave all and it still does not do, other requests of this member took it.
        const over = (waiter: Waiter) => !gaveAll || waiter.asks >= LIMITS.walletAsksMax;
        this.#letTry('asked', (waiter) => asking.has(waiter) && over(waiter));
      } catch (error) {
        // Something may have come free meanwhile.
        this.#letTry('unasked', () => true);
        for (const waiter of this.#waiting) if (asking.has(waiter)) waiter.fail(error);
        this.#waiting = this.#waiting.filter((waiter) => !asking.has(waiter));
      }
    }
    this.#calling = false;
  }

  async #askAhead(message: SyncMessage): Promise<void> {
    this.#calling = true;
    const gaveAll = await this.#ask(message).catch(() => false);
    // Else each request would ask, for nothing.
    if (!gaveAll) this.#notAheadBeforeMs = this.#clock() + LIMITS.walletRetryMs;
    this.#calling = false;
    await this.#askForAll();
  }

  /** Answers with whether the wallet gave all that was wanted; else it has no more. */
  async #ask(message: SyncMessage): Promise<boolean> {
    const said = await this.#call(message);
    this.#hear(said);
    return unspent(said) >= message.want;
  }

  #hear(said: Lease): void {
    this.#ledger.credit.hear(said);
    this.#letTry('unasked', () => true);
  }

  /** Lets those who wait check again, who came first first. Who is not through goes on waiting. */
  #letTry(wallet: CreditCheck, which: (waiter: Waiter) => boolean): void {
    this.#waiting = this.#waiting.filter((waiter) => !which(waiter) || !waiter.tryAgain(wallet));
  }
}
