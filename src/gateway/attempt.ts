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
import { UNITS } from '../money/price.ts';
import type { ChatRequest } from './chat-completions/request.ts';
import type { Hold } from './hold.ts';
import type { OutputCount, Provider } from './providers/provider.ts';
import { amountFor, type Quote } from './quote.ts';
import type { Refusal } from './refusals.ts';
import type { Recording } from './replay/recording.ts';

export interface AttemptParts {
  request: ChatRequest;
  mapping: Mapping;
  provider: Provider;
  /** Null where no price is known and nothing is limited. */
  quoted: Quote | null;
  hold: Hold;
  startedAtMs: number;
  /** Told what is charged, and what a stream writes. */
  recording: Recording | null;
}

export class Attempt {
  readonly mapping: Mapping;
  readonly recording: Recording | null;
  readonly #request: ChatRequest;
  readonly #provider: Provider;
  readonly #quoted: Quote | null;
  readonly #hold: Hold;
  readonly #startedAtMs: number;
  readonly #output: OutputCount;
  #reported: Usage | null = null;
  #final = false;
  #hungUpAtMs: number | null = null;
  #firstTokenMs: number | null = null;
  #coveredTokens: number;
  #sliceTokens: number;
  #growing: Promise<void> | null = null;
  #refused: Refusal | null = null;

  constructor(parts: AttemptParts) {
    this.mapping = parts.mapping;
    this.recording = parts.recording;
    this.#request = parts.request;
    this.#provider = parts.provider;
    this.#quoted = parts.quoted;
    this.#hold = parts.hold;
    this.#startedAtMs = parts.startedAtMs;
    this.#output = parts.provider.countOutput();
    this.#coveredTokens = parts.quoted?.firstTokens ?? Number.POSITIVE_INFINITY;
    this.#sliceTokens = LIMITS.sliceTokensMin;
  }

  /** The provider's count so far. Some report it with every chunk, so only the most of each unit counts. */
  report(usage: Usage): void {
    const before = this.#reported ?? NO_USAGE;
    this.#reported = mostOf(before, usage);
  }

  /** The provider has said all: its count, where it gave one, is final and replaces every estimate. */
  complete(): void {
    // A count of no output for an answer that has some is no count.
    const { output, reasoning } = this.#reported ?? NO_USAGE;
    this.#final = this.#reported !== null && (output + reasoning > 0 || this.#output.tokensEstimate === 0);
  }

  /** The client has left: from now on the platform gives half a minute for everything. */
  hungUp(): void {
    this.#hungUpAtMs ??= Date.now();
  }

  /** Whether any output came. */
  get sawOutput(): boolean {
    return this.#output.tokensEstimate > 0;
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
    if (this.#final || parts.total <= this.#hold.amount) return parts;
    const total = this.#hold.amount;
    const input = nanos(Math.min(parts.input, total));
    return { total, input, output: nanos(total - input) };
  }

  /**
   * Books the cost: `free` where the provider refused or failed before it made anything, `unknown` where it may have
   * made anything up to the hold that nobody has seen; that is booked as unresolved. Resolves once the object has
   * confirmed, or after LIMITS.settleBeforeAnswerMs with the settlement still being tried.
   */
  async settle(outcome: Outcome, made: 'seen' | 'free' | 'unknown' = 'seen'): Promise<void> {
    const free = made === 'free';
    const usage = free ? NO_USAGE : this.#usage();
    const cost = free ? { total: ZERO, input: ZERO, output: ZERO } : this.cost();
    const unresolved = made === 'unknown' ? nanos(Math.max(0, this.#hold.amount - cost.total)) : ZERO;
    this.recording?.spent(cost.total);
    const request = {
      outcome,
      unresolved,
      cost: cost.total,
      inputCost: cost.input,
      outputCost: cost.output,
      inputTokens: usage.input + usage.cachedInput + usage.cacheWrite5m + usage.cacheWrite1h,
      cachedTokens: usage.cachedInput,
      outputTokens: usage.output + usage.reasoning,
      reasoningTokens: usage.reasoning,
      estimated: !free && !this.#final,
      latencyMs: Date.now() - this.#startedAtMs,
      firstTokenMs: this.#firstTokenMs,
    };
    const settled = this.#hold.settle(request, this.#hungUpAtMs ?? Date.now());
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
    if (this.#final && this.#reported) return this.#reported;
    const reported = this.#reported ?? NO_USAGE;
    const { input, cachedInput } = reported;
    const knowsInput = input + cachedInput > 0;
    return mostOf(reported, {
      ...NO_USAGE,
      input: knowsInput ? input : this.#provider.inputTokensEstimate(this.#request),
      output: Math.max(0, this.#output.tokensEstimate - reported.reasoning),
    });
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

  /** What was made so far, and a slice on top for what this Worker might not live to see; all where nothing can be seen. */
  #chargeAtExpiry(): Nanos {
    if (!this.#quoted) return ZERO;
    if (!this.#quoted.watched) return this.#hold.amount;
    return nanos(Math.min(this.#hold.amount, amountFor(this.#quoted, this.#tokensUsedMax() + this.#sliceTokens)));
  }
}

/** The larger count of each unit. */
function mostOf(a: Usage, b: Usage): Usage {
  return Object.fromEntries(UNITS.map((unit) => [unit, Math.max(a[unit], b[unit])])) as Usage;
}
