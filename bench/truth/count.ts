/** The upstream's own count: what it made for every call, whatever anyone else believes. */
import { type Ask, costOf, type ModelName, type TrueCall } from './calls.ts';

export class Count {
  #calls = new Map<string, TrueCall>();

  /** A call that is taken: its input is read, and owed, from now on. */
  take(ask: Ask, model: ModelName, cap: number | null, streamed: boolean): TrueCall {
    const call: TrueCall = {
      call: ask.call,
      model,
      cap,
      streamed,
      inputTokens: ask.inputTokens,
      outputTokens: 0,
      costNanos: costOf(model, ask.inputTokens, 0),
      billedNanos: null,
      arrivedAtMs: Date.now(),
      endedAtMs: null,
      cancelled: false,
    };
    if (this.#calls.has(ask.call)) throw new Error(`call ${ask.call} came twice`);
    this.#calls.set(ask.call, call);
    return call;
  }

  make(call: TrueCall, tokens: number): void {
    call.outputTokens += tokens;
    call.costNanos = costOf(call.model, call.inputTokens, call.outputTokens);
  }

  end(call: TrueCall, cancelled: boolean): void {
    call.endedAtMs = Date.now();
    call.cancelled = cancelled;
  }

  /** All calls since the last time it was asked. Those that still run stay. */
  takeAll(): TrueCall[] {
    const all = [...this.#calls.values()];
    this.#calls = new Map(all.filter((call) => call.endedAtMs === null).map((call) => [call.call, call]));
    return all;
  }
}
