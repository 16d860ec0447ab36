/**
 * One attempt under one hold: what it has seen so far, what that is worth, and its settlement.
 *
 * The relay feeds it the provider's answer; whatever happens then (end, error, hang-up, cut), `settle` turns what is
 * known into one cost: the provider's own count where it reported one, else the input as counted and the output
 * estimated from the text, never above the hold.
 */
import type { Outcome } from '../budgets/usage-event.ts';
import { LIMITS } from '../limits.ts';
import type { Mapping } from '../models/catalogue.ts';
import { type CostParts, costParts, NO_USAGE, type Usage } from '../money/cost.ts';
import { type Nanos, nanos, ZERO } from '../money/nanos.ts';
import type { ChatRequest } from './chat-completions/request.ts';
import type { Hold } from './hold.ts';
import type { OutputCount, Provider } from './providers/provider.ts';
import { amountFor, type Quote } from './quote.ts';
import type { Refusal } from './refusals.ts';

export interface AttemptParts {
  request: ChatRequest;
  mapping: Mapping;
  provider: Provider;
  /** Null where no price is known and nothing is limited. */
  quoted: Quote | null;
  hold: Hold;
  startedAtMs: number;
}

export class Attempt {
  readonly mapping: Mapping;
  readonly #request: ChatRequest;
  readonly #provider: Provider;
  readonly #quoted: Quote | null;
  readonly #hold: Hold;
  readonly #startedAtMs: number;
  readonly #output: OutputCount;
  #reported: Usage | null = null;
  #firstTokenMs: number | null = null;
  #coveredTokens: number;
  #sliceTokens: number;
  #growing: Promise<void> | null = null;
  #refused: Refusal | null = null;

  constructor(parts: AttemptParts) {
    this.mapping = parts.mapping;
    this.#request = parts.request;
    this.#provider = parts.provider;
    this.#quoted = parts.quoted;
    this.#hold = parts.hold;
    this.#startedAtMs = parts.startedAtMs;
    this.#output = parts.provider.countOutput();
    this.#coveredTokens = parts.quoted?.firstTokens ?? Number.POSITIVE_INFINITY;
    this.#sliceTokens = LIMITS.sliceTokensMin;
  }

  /** The provider's own count. It replaces every estimate. */
  report(usage: Usage): void {
    this.#reported = usage;
  }

  /** Counts text of the answer without asking whether the hold covers it: for an answer that came whole. */
  count(text: string): void {
    if (text !== '') this.#firstTokenMs ??= Date.now() - this.#startedAtMs;
    this.#output.add(text);
  }

  /**
   * Counts one delta of a stream, asks for the next slice in time, and answers with the refusal that cuts the stream,
   * or null. Waits only when the text has caught up with a slice that is still being asked for.
   */
  async pass(text: string): Promise<Refusal | null> {
    this.count(text);
    if (this.#isCovered()) {
      // Once refused, the next slice is asked for again only when it is needed, not with every delta.
      if (this.#wantsMore() && !this.#refused) this.#growing ??= this.#grow();
      return null;
    }
    // The first wait may be for a slice asked for before this text came; the second asks for all that it needs.
    for (let tries = 0; tries < 2 && !this.#isCovered(); tries++) {
      this.#growing ??= this.#grow();
      await this.#growing;
    }
    return this.#isCovered() ? null : (this.#refused ?? { kind: 'budget_unavailable' });
  }

  keepAlive(onLost: (refusal: Refusal) => void): void {
    this.#hold.keepAlive(() => this.#chargeAtExpiry(), onLost);
  }

  /** Frees the hold where nothing was sent. */
  async release(): Promise<void> {
    await this.#hold.release();
  }

  /** The cost as known now. */
  cost(): CostParts {
    if (!this.#quoted) return { total: ZERO, input: ZERO, output: ZERO };
    const parts = costParts(this.#usage(), this.#quoted.price);
    if (this.#reported || parts.total <= this.#hold.amount) return parts;
    const total = this.#hold.amount;
    const input = nanos(Math.min(parts.input, total));
    return { total, input, output: nanos(total - input) };
  }

  /**
   * Books the cost; `free` where the provider refused or failed before it made anything. Resolves once the object has
   * confirmed, or after LIMITS.settleBeforeAnswerMs with the settlement still being tried.
   */
  async settle(outcome: Outcome, free = false): Promise<void> {
    const usage = free ? NO_USAGE : this.#usage();
    const cost = free ? { total: ZERO, input: ZERO, output: ZERO } : this.cost();
    const settled = this.#hold.settle({
      outcome,
      cost: cost.total,
      inputCost: cost.input,
      outputCost: cost.output,
      inputTokens: usage.input + usage.cachedInput + usage.cacheWrite5m + usage.cacheWrite1h,
      cachedTokens: usage.cachedInput,
      outputTokens: usage.output + usage.reasoning,
      reasoningTokens: usage.reasoning,
      estimated: !free && this.#reported === null,
      latencyMs: Date.now() - this.#startedAtMs,
      firstTokenMs: this.#firstTokenMs,
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LIMITS.settleBeforeAnswerMs);
    });
    await Promise.race([settled, patience]);
    clearTimeout(timer);
  }

  /** Resolves when the settlement is over, confirmed or given up. For the end of the request's background work. */
  async settled(): Promise<void> {
    await this.#hold.resolved;
  }

  #usage(): Usage {
    if (this.#reported) return this.#reported;
    return {
      ...NO_USAGE,
      input: this.#provider.inputTokensEstimate(this.#request),
      output: this.#output.tokensEstimate,
    };
  }

  /** What the text may be at most: by its bytes, and never more than the provider was allowed to make. */
  #tokensUsedMax(): number {
    return Math.min(this.#output.tokensMax, this.#quoted?.outputTokensMax ?? 0);
  }

  #isCovered(): boolean {
    const max = this.#quoted?.outputTokensMax ?? 0;
    if (this.#coveredTokens >= max) return true;
    return this.#tokensUsedMax() + LIMITS.tailTokens <= this.#coveredTokens;
  }

  /** Half of the last slice is used up. */
  #wantsMore(): boolean {
    const max = this.#quoted?.outputTokensMax ?? 0;
    return this.#coveredTokens < max && this.#tokensUsedMax() >= this.#coveredTokens - this.#sliceTokens / 2;
  }

  async #grow(): Promise<void> {
    const quoted = this.#quoted;
    if (!quoted) return;
    const slice = Math.min(this.#sliceTokens * 2, LIMITS.sliceTokensMax);
    const wanted = Math.max(this.#coveredTokens + slice, this.#tokensUsedMax() + LIMITS.tailTokens);
    const covered = Math.min(wanted, quoted.outputTokensMax);
    const { grown, refusal } = await this.#hold.grow(amountFor(quoted, covered), this.#chargeAtExpiry());
    if (grown) {
      this.#sliceTokens = slice;
      this.#coveredTokens = covered;
    }
    this.#refused = refusal;
    this.#growing = null;
  }

  /** What was made so far, and a slice on top for what this Worker might not live to see. */
  #chargeAtExpiry(): Nanos {
    if (!this.#quoted) return ZERO;
    return nanos(Math.min(this.#hold.amount, amountFor(this.#quoted, this.#tokensUsedMax() + this.#sliceTokens)));
  }
}
