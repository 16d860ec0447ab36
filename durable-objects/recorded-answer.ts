/**
 * The object of one (API key, Idempotency-Key): hosts the recorder (src/gateway/replay/recorder.ts) on the object's
 * storage. An object of its own, so that a member's object carries no answers and a request without the header pays for
 * nothing. Its one alarm deletes everything, after which the object is no more and costs nothing.
 *
 * Called by the Worker through src/objects.ts. Every method takes one object, ignores fields it does not know, and may be
 * repeated.
 */
import { DurableObject } from 'cloudflare:workers';
import { type Begun, type Claim, type Kept, Recorder, type RecorderStore } from '../src/gateway/replay/recorder.ts';

/** The only key in the object's storage. */
const KEPT = 'kept';

export class RecordedAnswer extends DurableObject<Env> {
  readonly #recorder: Recorder;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#recorder = new Recorder(storeOf(ctx.storage), Date.now);
  }

  async begin(call: Claim & { fingerprint: string }): Promise<Begun> {
    return this.#recorder.begin(call);
  }

  async renew(call: Claim): Promise<boolean> {
    return this.#recorder.renew(call);
  }

  async record(call: Claim & { sealed: Uint8Array | null }): Promise<void> {
    this.#recorder.record(call);
  }

  async forget(call: Claim): Promise<void> {
    this.#recorder.forget(call);
  }

  /** The time is over for which the answer was to be kept. */
  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}

// Nothing is awaited: the storage takes these at once, and the output gate keeps the answer until they are durable.
function storeOf(storage: DurableObjectStorage): RecorderStore {
  return {
    read: () => storage.kv.get<Kept>(KEPT) ?? null,
    write: (kept) => {
      storage.kv.put(KEPT, kept);
      void storage.setAlarm(kept.keptUntilMs);
    },
    clear: () => void storage.deleteAll(),
  };
}
