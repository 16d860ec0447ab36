/** An end of an upstream call that is not the provider's own: it travels through the abort of the call to whoever relays it. */
import type { Refusal } from './refusals.ts';

/** Why the upstream call was ended by us. `reported`: the provider itself said that it failed. */
export type Stop =
  | { kind: 'client_gone' }
  | { kind: 'cut'; refusal: Refusal }
  | { kind: 'failed'; refusal: Refusal; reported?: true };

/** Carries a Stop through an AbortSignal. */
export class Stopped extends Error {
  readonly stop: Stop;

  constructor(stop: Stop) {
    super(stop.kind);
    this.stop = stop;
  }
}
