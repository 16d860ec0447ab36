/**
 * The object of one organization's money: hosts the wallet (src/budgets/wallet.ts) on the object's SQLite and carries its
 * recalls to members' objects. Named by the organization's id; called by members' objects and the management routes
 * through src/objects.ts. It decides nothing itself.
 *
 * Who waits for whom: a member's object for `sync`; that, where others hold what it wants, for their `returnLease`; and
 * that for nobody. So no circle can close, also when two members' syncs recall from each other: an object goes on
 * answering while it waits. Every wait ends by LIMITS.recallMs, and after it the wallet decides anew on what it then has.
 */
import { DurableObject } from 'cloudflare:workers';
import type { Lease, Recall, SyncMessage } from '../src/budgets/lease.ts';
import { type Asked, type Entry, type Posting, Wallet, type WalletStatus } from '../src/budgets/wallet.ts';
import { LIMITS } from '../src/limits.ts';
import type { Nanos } from '../src/money/nanos.ts';
import { memberBudget } from '../src/objects.ts';
import { storeOf } from './object-store.ts';

export class OrgWallet extends DurableObject<Env> {
  readonly #wallet: Wallet;
  /** Ends with the last recall that was begun. */
  #recalling: Promise<unknown> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#wallet = new Wallet(storeOf(ctx.storage), Date.now);
  }

  async sync(message: SyncMessage): Promise<Lease> {
    return this.#afterRecall(
      (asked) => this.#wallet.recallsFor(message, asked),
      () => this.#wallet.sync(message),
    );
  }

  /** Posts money in or out. A refund of what is lent takes back what can be had. */
  async post(entry: Entry): Promise<Posting> {
    const posting = this.#wallet.post(entry);
    return this.#afterRecall(
      (asked) => this.#wallet.recallsForDebt(asked),
      () => posting,
    );
  }

  async status(): Promise<WalletStatus> {
    return this.#wallet.status();
  }

  /**
   * Asks members to give back, round by round, until `whom` names nobody more or the time is over; then acts. One recall and
   * its act at a time: two at once would each take what the other was just given, and leave both with too little.
   */
  async #afterRecall<T>(whom: (asked: Asked) => Recall[], act: () => T): Promise<T> {
    if (whom(new Map()).length === 0) return act();
    const giveUpAtMs = Date.now() + LIMITS.recallMs;
    const turn = this.#recalling.then(async () => {
      const asked = new Map<string, Nanos>();
      for (;;) {
        const leftMs = giveUpAtMs - Date.now();
        const round = whom(asked).slice(0, LIMITS.objectCallsAtOnce);
        if (round.length === 0 || leftMs <= 0) return act();
        for (const { memberId, returnTo } of round) asked.set(memberId, returnTo);
        await Promise.all(round.map((recall) => this.#askBack(recall, leftMs)));
      }
    });
    // Those behind us go on whatever became of us.
    this.#recalling = turn.catch(() => undefined);
    return turn;
  }

  /** A member that does not answer keeps its lease: what it has not said to be given back may be spent. */
  async #askBack(recall: Recall, timeoutMs: number): Promise<void> {
    const { memberId } = recall;
    const restMs = Math.min(this.#wallet.restMs(memberId), timeoutMs);
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    try {
      const leftMs = timeoutMs - restMs;
      this.#wallet.sync(await memberBudget(this.env, memberId, (object) => object.returnLease(recall), leftMs));
    } catch (error) {
      console.warn(JSON.stringify({ event: 'recall_failed', memberId, error: String(error) }));
    }
  }
}
