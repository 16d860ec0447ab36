/**
 * Who may run a request that carries an Idempotency-Key, and what its repeats are told. Hosted by the object of one
 * (API key, Idempotency-Key), durable-objects/recorded-answer.ts.
 *
 * The first to ask holds a claim, which it renews while it runs. It ends the claim in one of three ways: its answer
 * recorded (repeats get it), marked as not replayable (repeats are refused), or forgotten (a repeat runs). A claim that is
 * not renewed lapses, because its Worker is dead: the next repeat runs. Whatever there is ends LIMITS.replayKeepMs
 * after the run began.
 *
 * Every method is one synchronous block: no await between looking and writing is what lets only one caller be first. Every
 * call may be repeated. What is kept here is sealed or hashed under the API key (seal.ts), so nothing of it can be read.
 */
import { LIMITS } from '../../limits.ts';

/** What the object keeps: one value. */
export interface Kept {
  /** Of the request that the first caller sent. */
  fingerprint: string;
  claimId: string;
  keptUntilMs: number;
  state:
    | { kind: 'running'; lapsesAtMs: number }
    | { kind: 'recorded'; sealed: Uint8Array }
    | { kind: 'not_replayable' };
}

/** Where it is kept; the object's storage, or a variable in a test. */
export interface RecorderStore {
  read(): Kept | null;
  write(kept: Kept): void;
  clear(): void;
}

export type Begun =
  | { outcome: 'first' | 'in_flight' | 'other_body' | 'not_replayable' }
  | { outcome: 'replay'; sealed: Uint8Array };

export interface Claim {
  /** Made by the caller, so that a begin that arrives twice is the same one. */
  claimId: string;
}

export class Recorder {
  readonly #store: RecorderStore;
  readonly #clock: () => number;

  constructor(store: RecorderStore, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  begin({ claimId, fingerprint }: Claim & { fingerprint: string }): Begun {
    const now = this.#clock();
    const kept = this.#store.read();
    if (!kept || now >= kept.keptUntilMs || hasLapsed(kept, now)) {
      const state = { kind: 'running', lapsesAtMs: lapsesAt(now) } as const;
      this.#store.write({ fingerprint, claimId, keptUntilMs: now + LIMITS.replayKeepMs, state });
      return { outcome: 'first' };
    }
    if (kept.fingerprint !== fingerprint) return { outcome: 'other_body' };
    switch (kept.state.kind) {
      case 'running':
        return { outcome: kept.claimId === claimId ? 'first' : 'in_flight' };
      case 'recorded':
        return { outcome: 'replay', sealed: kept.state.sealed };
      case 'not_replayable':
        return { outcome: 'not_replayable' };
    }
  }

  /** False where the claim is over or another's. One that lapsed while nobody asked is still its holder's. */
  renew({ claimId }: Claim): boolean {
    const kept = this.#claimed(claimId);
    if (!kept) return false;
    this.#store.write({ ...kept, state: { kind: 'running', lapsesAtMs: lapsesAt(this.#clock()) } });
    return true;
  }

  /** Ends the claim with its answer; null where it has none that could be given again. */
  record({ claimId, sealed }: Claim & { sealed: Uint8Array | null }): void {
    const kept = this.#claimed(claimId);
    if (kept) this.#store.write({ ...kept, state: sealed ? { kind: 'recorded', sealed } : { kind: 'not_replayable' } });
  }

  /** Ends the claim as if it had never been. */
  forget({ claimId }: Claim): void {
    if (this.#claimed(claimId)) this.#store.clear();
  }

  #claimed(claimId: string): Kept | null {
    const kept = this.#store.read();
    return kept?.claimId === claimId && kept.state.kind === 'running' ? kept : null;
  }
}

function hasLapsed({ state }: Kept, now: number): boolean {
  return state.kind === 'running' && now >= state.lapsesAtMs;
}

/** As long as a hold lives in its object: both belong to the same run. */
function lapsesAt(now: number): number {
  return now + LIMITS.holdTtlMs + LIMITS.holdGraceMs;
}
