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
import {
  type CostParts,
  cachedTokensOf,
  costParts,
  inputTokensOf,
  NO_USAGE,
  outputTokensOf,
  type Usage,
} from '../money/cost.ts';
import { addNanos, type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { isPriced, type Side, sideOf, UNITS } from '../money/price.ts';
import { type Cover, tailOf, tokensCovered } from './cover.ts';
import type { Hold } from './hold.ts';
import type { OutputCount } from './providers/provider.ts';
import { amountFor, atDearerTier, type Quote } from './quote.ts';
import { freeOf, type Refusal } from './refusals.ts';
import type { AnswerRecord } from './replay/recording.ts';
import { isDearerTier } from './service-tier.ts';

/** A growth that is refused names one limit; there are so many that could each be the tighter one. */
const GROW_TRIES_MAX = 5;

export interface AttemptParts {
  mapping: Mapping;
  /** How many answers were asked for. */
  choices: number;
  /** Counts the output while it passes. */
  output: OutputCount;
  /** About what the provider will count, text that it makes apart: asked for only where it does not say. */
  estimate: () => Usage;
  /** Null where no price is known and nothing is limited. */
  quoted: Quote | null;
  cover: Cover;
  hold: Hold;
  startedAtMs: number;
  /** Told what is charged, and what a stream writes. */
  recording: AnswerRecord | null;
}

export class Attempt {
  readonly mapping: Mapping;
  readonly recording: AnswerRecord | null;
  readonly #choices: number;
  readonly #estimate: () => Usage;
  /** As admitted, and as it is served: at another tier, where the provider says so. */
  readonly #asked: Quote | null;
  #quoted: Quote | null;
  readonly #cover: Cover;
  readonly #hold: Hold;
  readonly #startedAtMs: number;
  readonly #output: OutputCount;
  #tier: string | null = null;
  #reported: Usage | null = null;
  #estimated: Usage | null = null;
  #complete = false;
  #final = false;
  #begun = false;
  #hungUpAtMs: number | null = null;
  #firstTokenMs: number | null = null;
  #choicesEnded = 0;
  #coveredTokens: number;
  #sliceTokens: number;
  #growing: Promise<void> | null = null;
  #refused: Refusal | null = null;

  constructor(parts: AttemptParts) {
    this.mapping = parts.mapping;
    this.recording = parts.recording;
    this.#choices = parts.choices;
    this.#estimate = parts.estimate;
    this.#asked = parts.quoted;
    this.#quoted = parts.quoted;
    this.#cover = parts.cover;
    this.#hold = parts.hold;
    this.#startedAtMs = parts.startedAtMs;
    this.#output = parts.output;
    this.#coveredTokens = parts.cover.tokens;
    this.#sliceTokens = Math.min(LIMITS.sliceTokensMin, parts.cover.tokens);
  }

  /** The provider's count so far. Some report it with every chunk, and only the last one tells what was cached. */
  report(usage: Usage): void {
    const told = usage.webSearch > 0 ? this.#priced(usage) : usage;
    this.#reported = this.#reported ? sidesOfMost(this.#reported, told) : told;
  }

  /**
   * The provider says at which tier it serves. What is dearer than was asked for is charged as that, and what can be watched is
   * from now on also held for as that; what came before may be an overrun.
   */
  servedAt(tier: string): void {
    if (!this.#asked || tier === this.#tier) return;
    this.#tier = tier;
    this.#quoted = isDearerTier(tier) ? atDearerTier(this.#asked) : this.#asked;
    if (!this.#cover.watched) return;
    this.#coveredTokens = Math.min(this.#coveredTokens, tokensCovered(this.#quoted, this.#hold.amount));
  }

  /** The provider has said all: its count, where it gave one, is final and replaces every estimate. */
  complete(): void {
    this.#complete = true;
    this.#final = this.#reported !== null && this.#isCount(this.#reported);
  }

  /** Whether its count, where it gave one, is final. */
  get isComplete(): boolean {
    return this.#complete;
  }

  /** The provider has taken the request, and streams. */
  began(): void {
    this.#begun = true;
  }

  get hasBegun(): boolean {
    return this.#begun;
  }

  /** The client has left: from now on the platform gives half a minute for everything. */
  hungUp(): void {
    this.#hungUpAtMs ??= Date.now();
  }

  /** So many choices have said that they are at their end. */
  ended(choices: number): void {
    this.#choicesEnded += choices;
  }

  /**
   * Whether a client's hang-up leaves something to wait for: output that nobody sees, which only the provider's count at
   * its end tells, or a provider that is as good as done: it has ended every choice and only its count is missing, or may
   * make no more than it would make anyway before it noticed a cancel.
   */
  get isWorthWaitingFor(): boolean {
    if (this.#quoted && !this.#cover.watched) return true;
    if (this.#choicesEnded >= this.#choices) return true;
    return this.#cover.tokensMax - this.#output.tokensEstimate <= LIMITS.tailTokens;
  }

  /** Whether all that the provider bills is seen as it is made. */
  get isWatched(): boolean {
    return this.#cover.watched;
  }

  /** Whether any output came, or any usage was reported: a provider that counts also bills. */
  get sawAnything(): boolean {
    return this.#output.tokensEstimate > 0 || Object.values(this.#reported ?? NO_USAGE).some((count) => count > 0);
  }

  /** Counts text of the answer without asking whether the hold covers it: for an answer that came whole. */
  count(text: string): void {
    if (text !== '') this.#firstTokenMs ??= Date.now() - this.#startedAtMs;
    this.#output.add(text);
  }

  /**
   * Counts one delta of a stream, asks for the next slice in time, and answers with the refusal that cuts the stream,
   * or null. Waits only when the text has caught up with what is covered.
   */
  async pass(text: string): Promise<Refusal | null> {
    this.count(text);
    if (this.#isCovered()) {
      // Once refused, the next slice is asked for again only when it is needed, not with every delta.
      if (this.#wantsMore() && !this.#refused) void this.#grow('in time');
      return null;
    }
    // What is on its way was asked for before this text came: it may do, or not be enough.
    await this.#growing;
    if (!this.#isCovered()) await this.#grow('at last');
    return this.#isCovered() ? null : (this.#refused ?? { kind: 'budget_unavailable' });
  }

  /** Whether the hold covers all that came, with nothing kept for what is to come. */
  get coversWhatCame(): boolean {
    return this.#tokensUsedMax() <= this.#coveredTokens;
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
    const parts = costParts(this.usage(), this.#quoted.price);
    if (this.#final || parts.total <= this.#hold.amount) return parts;
    // An estimate ends at the hold; what the provider has counted is none.
    const counted = costParts(this.#reported ?? NO_USAGE, this.#quoted.price);
    if (counted.total >= this.#hold.amount) return counted;
    const total = this.#hold.amount;
    const input = nanos(Math.min(parts.input, total));
    return { total, input, output: nanos(total - input) };
  }

  /**
   * Books the cost: `free` where the provider refused or failed before it made anything, `unknown` where it may have
   * made anything up to the hold that nobody has seen; that is booked as unresolved. The settlement is on its way when this
   * returns, and confirmed when `settled` resolves: an answer does not wait for it. Answers with what is charged.
   */
  settle(outcome: Outcome, made: 'seen' | 'free' | 'unknown' = 'seen'): Nanos {
    const free = made === 'free';
    const usage = free ? NO_USAGE : this.usage();
    const cost = free ? { total: ZERO, input: ZERO, output: ZERO } : this.cost();
    const unresolved = made === 'unknown' ? nanos(Math.max(0, this.#hold.amount - cost.total)) : ZERO;
    this.recording?.spent(cost.total);
    const request = {
      outcome,
      unresolved,
      cost: cost.total,
      inputCost: cost.input,
      outputCost: cost.output,
      inputTokens: inputTokensOf(usage),
      cachedTokens: cachedTokensOf(usage),
      outputTokens: outputTokensOf(usage),
      reasoningTokens: usage.reasoning,
      estimated: !free && !this.#final,
      latencyMs: Date.now() - this.#startedAtMs,
      firstTokenMs: this.#firstTokenMs,
    };
    void this.#hold.settle(request, this.#hungUpAtMs ?? Date.now());
    return cost.total;
  }

  /** Resolves when the settlement is over, confirmed or given up. For the end of the request's background work. */
  async settled(): Promise<void> {
    await this.#hold.resolved;
  }

  /** The provider's count once that is final; until then what it has reported or, where more was seen, an estimate. */
  usage(): Usage {
    if (this.#final && this.#reported) return this.#reported;
    const reported = this.#reported ?? NO_USAGE;
    const estimate = inputTokensOf(reported) > 0 ? reported : this.#inputEstimate();
    const output = Math.max(estimate.output, this.#output.tokensEstimate - reported.reasoning);
    return mostOf(reported, { ...estimate, output });
  }

  /** Of what was sent, which does not change: a long prompt is read once. */
  #inputEstimate(): Usage {
    this.#estimated ??= this.#estimate();
    return this.#estimated;
  }

  /** A count of no output for an answer that has some is none, nor is output that was made of no input where some was sent. */
  #isCount(reported: Usage): boolean {
    if (outputTokensOf(reported) === 0) return this.#output.tokensEstimate === 0;
    return inputTokensOf(reported) > 0 || inputTokensOf(this.#inputEstimate()) === 0;
  }

  /** Without searches that have no price: none was offered then, so that this is the provider's own affair. */
  #priced(usage: Usage): Usage {
    return this.#quoted && !isPriced(this.#quoted.price, 'webSearch') ? { ...usage, webSearch: 0 } : usage;
  }

  /** What the text may be at most: by its bytes, and never more than the provider was allowed to make. */
  #tokensUsedMax(): number {
    return Math.min(this.#output.tokensMax, this.#cover.tokensMax);
  }

  /** Where all is covered the provider's own cap ends it, and nothing need be kept for a cancel. */
  #isCovered(): boolean {
    if (this.#coveredTokens >= this.#cover.tokensMax) return true;
    return this.#tokensUsedMax() + tailOf(this.#coveredTokens) <= this.#coveredTokens;
  }

  /** Half of the last slice is used up. */
  #wantsMore(): boolean {
    if (this.#coveredTokens >= this.#cover.tokensMax) return false;
    return this.#tokensUsedMax() >= this.#coveredTokens - this.#sliceTokens / 2;
  }

  /**
   * Asks for the next slice. Where that does not fit and the text has caught up, for what is left instead: until then that
   * is better left free for others.
   */
  #grow(when: 'in time' | 'at last'): Promise<void> {
    this.#growing ??= this.#growNow(when).finally(() => {
      this.#growing = null;
    });
    return this.#growing;
  }

  async #growNow(when: 'in time' | 'at last'): Promise<void> {
    const quoted = this.#quoted;
    if (!quoted) return;
    const slice = Math.min(this.#sliceTokens * 2, LIMITS.sliceTokensMax);
    const enough = Math.max(this.#coveredTokens + slice, this.#tokensUsedMax() + LIMITS.tailTokens);
    const full = Math.min(enough, this.#cover.tokensMax);
    let wanted = full;
    for (let tries = 0; tries < GROW_TRIES_MAX; tries++) {
      const { grown, refusal } = await this.#hold.grow(amountFor(quoted, wanted), this.#chargeAtExpiry());
      if (grown) {
        this.#coveredTokens = wanted;
        if (wanted < full) return;
        this.#sliceTokens = slice;
        this.#refused = null;
        return;
      }
      this.#refused = refusal;
      const free = refusal && freeOf(refusal);
      if (when === 'in time' || free === null) return;
      const left = tokensCovered(quoted, addNanos(this.#hold.amount, free));
      if (left >= wanted || left < this.#coveredTokens + LIMITS.outputTokensMin) return;
      wanted = left;
    }
  }

  /** What was made so far, and a slice on top for what this Worker might not live to see; all where nothing can be seen. */
  #chargeAtExpiry(): Nanos {
    if (!this.#quoted) return ZERO;
    if (!this.#cover.watched) return this.#hold.amount;
    return nanos(Math.min(this.#hold.amount, amountFor(this.#quoted, this.#tokensUsedMax() + this.#sliceTokens)));
  }
}

/** Each side as it was counted in one go: the later, unless it counts less. Units of two counts would make more than either. */
function sidesOfMost(before: Usage, later: Usage): Usage {
  const sum = (usage: Usage, side: Side) =>
    UNITS.reduce((all, unit) => all + (sideOf(unit) === side ? usage[unit] : 0), 0);
  const of = { input: later, output: later };
  for (const side of ['input', 'output'] as const) if (sum(later, side) < sum(before, side)) of[side] = before;
  return Object.fromEntries(UNITS.map((unit) => [unit, of[sideOf(unit)][unit]])) as Usage;
}

/** The larger count of each unit. */
function mostOf(a: Usage, b: Usage): Usage {
  return Object.fromEntries(UNITS.map((unit) => [unit, Math.max(a[unit], b[unit])])) as Usage;
}
