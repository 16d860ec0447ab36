/**
 * The Worker's side of one claim on an Idempotency-Key (recorder.ts): renewed while the request runs, ended once.
 *
 * Whoever books a cost says so (`spent`), a stream adds what it writes and is `complete` before its last bytes go out, so
 * that whoever has read an answer to its end can have it again. `end` decides whatever is undecided: what cost nothing is
 * forgotten, what cost something but did not come whole is not replayable. Nothing here can stall an answer: writing to a
 * recording is keeping a text in memory, and its object is waited for as long as a settlement is.
 *
 * An object that cannot be reached is tried again behind the answer. Where it stays away the claim lapses, and then a
 * repeat runs and is charged again; that is the one way to pay twice.
 */
import { LIMITS } from '../../limits.ts';
import type { Nanos } from '../../money/nanos.ts';
import { recordedAnswer, tellOrInsist } from '../../objects.ts';
import type { Refusal } from '../refusals.ts';
import type { Begun } from './recorder.ts';
import type { RecordableAnswer, Seal } from './seal.ts';

export interface RecordingParts {
  env: Env;
  ctx: ExecutionContext;
  seal: Seal;
  /** Of the object that records. */
  name: string;
  claimId: string;
}

/** What an attempt and its relay tell of an answer: what is charged, what a stream writes, and how it ends. */
export type AnswerRecord = Pick<Recording, 'spent' | 'add' | 'complete' | 'end'>;

type RecorderObject = Parameters<Parameters<typeof recordedAnswer>[2]>[0];

/** Asks to be the one who runs this request. Fails closed: who cannot tell whether it ran before must not run it. */
export async function beginRecording(
  parts: RecordingParts,
  fingerprint: string,
): Promise<{ recording: Recording } | { answer: RecordableAnswer } | { refusal: Refusal }> {
  const { env, ctx, seal, name, claimId } = parts;
  let begun: Begun;
  try {
    begun = await recordedAnswer(env, name, (object) => object.begin({ claimId, fingerprint }));
  } catch (error) {
    console.warn(JSON.stringify({ event: 'replay_begin_failed', error: String(error) }));
    // The claim may have been given and only its answer been lost. Best effort: else it lapses.
    ctx.waitUntil(recordedAnswer(env, name, (object) => object.forget({ claimId })).catch(() => undefined));
    return { refusal: { kind: 'budget_unavailable' } };
  }
  switch (begun.outcome) {
    case 'first':
      return { recording: new Recording(parts) };
    case 'replay':
      return { answer: await seal.open(begun.sealed) };
    case 'in_flight':
      return { refusal: { kind: 'idempotency_in_flight' } };
    case 'not_replayable':
      return { refusal: { kind: 'idempotency_not_replayable' } };
    case 'other_body':
      return { refusal: { kind: 'idempotency_key_reused' } };
  }
}

export class Recording {
  readonly #parts: RecordingParts;
  readonly #renewals: ReturnType<typeof setInterval>;
  #charged = false;
  #text = '';
  #streams = false;
  #ended: Promise<void> | undefined;

  constructor(parts: RecordingParts, renewMs: number = LIMITS.holdRenewMs) {
    this.#parts = parts;
    this.#renewals = setInterval(() => this.#renew(), renewMs);
  }

  /** Whether the answer is a stream, which goes on behind its Response and ends the recording itself. */
  get streams(): boolean {
    return this.#streams;
  }

  /** An attempt of this request was charged. */
  spent(cost: Nanos): void {
    this.#charged ||= cost > 0;
  }

  /** Text of a stream that goes to the client. */
  add(text: string): void {
    this.#streams = true;
    // A character is at least a byte: past this the answer is too large whatever the rest is.
    if (this.#text.length <= LIMITS.replayBytesMax) this.#text += text;
  }

  /** The stream has come to its end with `last`, which does not go out before this resolves. */
  complete(last: string, headers: Headers): Promise<void> {
    this.#streams = true;
    return this.whole({ status: 200, headers, body: new TextEncoder().encode(this.#text + last) });
  }

  /** Ends with this answer. */
  whole(answer: RecordableAnswer): Promise<void> {
    if (!this.#charged || answer.body.byteLength > LIMITS.replayBytesMax) return this.end();
    return this.#endBy(async ({ seal, claimId }) => {
      const sealed = await seal.close(answer);
      await this.#tell((object) => object.record({ claimId, sealed }));
    });
  }

  /** Ends without an answer to give again, unless it has ended. */
  end(): Promise<void> {
    return this.#endBy(({ claimId }) =>
      this.#tell((object) => (this.#charged ? object.record({ claimId, sealed: null }) : object.forget({ claimId }))),
    );
  }

  /** Leaves the claim to lapse: after a bug nobody knows what was sent and what it will cost. */
  abandon(): void {
    clearInterval(this.#renewals);
  }

  /** The first end decides; later ones wait for it. */
  #endBy(how: (parts: RecordingParts) => Promise<void>): Promise<void> {
    clearInterval(this.#renewals);
    this.#ended ??= how(this.#parts);
    return this.#ended;
  }

  /** Tells the object how it ended; waits for it as an answer waits for its settlement, then goes on behind. */
  async #tell(call: (object: RecorderObject) => Promise<void>): Promise<void> {
    const { env, ctx, name, claimId } = this.#parts;
    const tell = () => recordedAnswer(env, name, call, LIMITS.recordBeforeAnswerMs);
    await tellOrInsist(ctx, tell, { event: 'replay_record_failed', claimId });
  }

  async #renew(): Promise<void> {
    const { env, name, claimId } = this.#parts;
    try {
      const renewed = await recordedAnswer(env, name, (object) => object.renew({ claimId }));
      // Lapsed and taken by a repeat: that one records now.
      if (!renewed) this.abandon();
    } catch (error) {
      console.warn(JSON.stringify({ event: 'replay_renewal_failed', claimId, error: String(error) }));
    }
  }
}
