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
import type { Posted, PostedEntry } from '../src/budgets/wallet-tables.ts';
import { LIMITS } from '../src/limits.ts';
import type { Nanos } from '../src/money/nanos.ts';
import { forEachObject, memberBudget } from '../src/objects.ts';
import { storeOf } from './object-store.ts';

const NOBODY: Asked = new Map();

export class OrgWallet extends DurableObject<Env> {
  readonly #wallet: Wallet;
  /** Ends with the last turn that was begun. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Turns that have not ended. */
  #turns = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#wallet = new Wallet(storeOf(ctx.storage), Date.now);
  }

  /**
   * Takes a member's totals and answers its ask. Asks that come while others are recalled from wait for their turn: else
   * they would take what was given back for the one before, and in the end each would have too little.
   */
  async sync(message: SyncMessage): Promise<Lease> {
    const whom = (asked: Asked) => this.#wallet.recallsFor(message, asked);
    const act = () => this.#wallet.sync(message);
    const atOnce = message.want === 0 || (whom(NOBODY).length === 0 && this.#turns === 0);
    return atOnce ? act() : this.#afterRecall(whom, act);
  }

  /** Posts money in or out. A refund of what is lent takes back what can be had. */
  async post(entry: Entry): Promise<Posting> {
    const posting = this.#wallet.post(entry);
    const whom = (asked: Asked) => this.#wallet.recallsForDebt(asked);
    return whom(NOBODY).length === 0 ? posting : this.#afterRecall(whom, () => posting);
  }

  /** What its entries come to, as it is: nobody is asked. */
  async posted(): Promise<Posted> {
    return this.#wallet.posted();
  }

  async entriesAfter(n: number): Promise<PostedEntry[]> {
    return this.#wallet.entriesAfter(n);
  }

  /** The wallet with what members have spent by now, as far as their objects tell in time. */
  async status(): Promise<WalletStatus> {
    const giveUpAtMs = Date.now() + LIMITS.recallMs;
    await forEachObject(this.#wallet.questions(), (question) => this.#ask(question, giveUpAtMs));
    return this.#wallet.status();
  }

  /**
   * When those before are done, asks members to give back, round by round, until `whom` names nobody more or the time is
   * over; then acts.
   */
  async #afterRecall<T>(whom: (asked: Asked) => Recall[], act: () => T): Promise<T> {
    const giveUpAtMs = Date.now() + LIMITS.recallMs;
    const turn = this.#turn.then(async () => {
      const asked = new Map<string, Nanos>();
      for (;;) {
        const round = whom(asked).slice(0, LIMITS.objectCallsAtOnce);
        if (round.length === 0 || Date.now() >= giveUpAtMs) return act();
        for (const { memberId, returnTo } of round) asked.set(memberId, returnTo);
        await Promise.all(round.map((recall) => this.#ask(recall, giveUpAtMs)));
      }
    });
    this.#turns += 1;
    const ended = () => {
      this.#turns -= 1;
    };
    // Those behind us go on whatever became of us.
    this.#turn = turn.then(ended, ended);
    return turn;
  }

  /** A member that does not answer keeps its lease: what it has not said to be given back may be spent. */
  async #ask(recall: Recall, giveUpAtMs: number): Promise<void> {
    const { memberId } = recall;
    const leftMs = giveUpAtMs - Date.now();
    if (leftMs <= 0) return;
    try {
      this.#wallet.sync(await memberBudget(this.env, memberId, (object) => object.returnLease(recall), leftMs));
    } catch (error) {
      console.warn(JSON.stringify({ event: 'recall_failed', memberId, error: String(error) }));
    }
  }
}
