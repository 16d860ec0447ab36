/**
 * One call to a provider, as all relays make it: what ends it from our side, and how long anything is waited for.
 *
 * It ends with the hold (lost or refused), with a silence of the provider or one that never ends, and with the client: at once, or after a drain
 * where the relay says that this is worth it, because a provider bills what it makes although nobody waits for it.
 */
import type { Deadline } from '../deadlines.ts';
import type { Refusal } from './refusals.ts';
import type { RelayParts } from './relay.ts';
import { fellSilent, tookTooLong } from './relay.ts';
import { type Stop, Stopped } from './stopped.ts';
import { upstreamRefusal } from './upstream-refusal.ts';

export class UpstreamCall {
  readonly #parts: RelayParts;
  readonly #drains: () => boolean;
  readonly #abort = new AbortController();
  readonly #total: Deadline;
  #idle: Deadline | undefined;
  #drain: Deadline | undefined;
  /** Ends the wait that goes on. */
  #stopWaiting: (reason: Stopped) => void = () => undefined;

  /** `drains` is asked when the client has left. Once made, `end` must be called whatever happens. */
  constructor(parts: RelayParts, drains: () => boolean) {
    this.#parts = parts;
    this.#drains = drains;
    const { deadlines, times } = parts;
    parts.attempt.keepAlive((refusal) => this.stop({ kind: 'cut', refusal }));
    this.#total = deadlines.set(times.upstreamTotalMsMax, () => this.stop(tookTooLong(times)));
    parts.clientGone.addEventListener('abort', this.hungUp);
    if (parts.clientGone.aborted) this.hungUp();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Sends it. The first answer of any status resolves it. */
  send(): Promise<Response> {
    return this.inTime(this.#parts.send(this.signal));
  }

  /** What its answer refuses, or null where it takes the request. */
  refusalIn(response: Response): Promise<Refusal | null> {
    const { attempt, credential, requestId } = this.#parts;
    const keyOf = credential?.of ?? 'deployment';
    return upstreamRefusal(response, { provider: attempt.mapping.provider, keyOf, requestId });
  }

  stop(reason: Stop): void {
    if (this.signal.aborted) return;
    const stopped = new Stopped(reason);
    this.#abort.abort(stopped);
    // Whether what is waited for heeds the signal is its own affair.
    this.#stopWaiting(stopped);
  }

  /** The client has left. May be called again. */
  readonly hungUp = (): void => {
    this.#parts.attempt.hungUp();
    const leave = () => this.stop({ kind: 'client_gone' });
    if (this.#drain) return;
    if (this.#drains()) this.#drain = this.#parts.deadlines.set(this.#parts.times.drainMs, leave);
    else leave();
  };

  /** Waits for the provider, but not for ever, and not past a stop. */
  async inTime<T>(wait: Promise<T>): Promise<T> {
    const { deadlines, times } = this.#parts;
    this.#idle = deadlines.set(times.upstreamIdleMsMax, () => this.stop(fellSilent(times)));
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#stopWaiting = reject;
        wait.then(resolve, reject);
        if (this.signal.aborted) reject(this.signal.reason);
      });
    } finally {
      deadlines.cancel(this.#idle);
    }
  }

  /** The provider gave a sign of life in the middle of a wait. */
  heard(): void {
    if (this.#idle) this.#parts.deadlines.postpone(this.#idle, this.#parts.times.upstreamIdleMsMax);
  }

  /** Stops all its clocks. */
  end(): void {
    this.#parts.deadlines.cancel(this.#total);
    this.#parts.deadlines.cancel(this.#drain);
    this.#parts.clientGone.removeEventListener('abort', this.hungUp);
  }
}
