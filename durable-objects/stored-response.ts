/**
 * The object of one stored response: a conversation as src/gateway/responses/store.ts sealed it, which nobody can read here,
 * in slices of LIMITS.responseSliceBytes. An object of its own, so that it ends by itself: its one alarm deletes everything,
 * after which it is no more and costs nothing.
 *
 * Called by the Worker through src/objects.ts. Every method takes one object, ignores fields it does not know, and may be
 * repeated.
 */
import { DurableObject } from 'cloudflare:workers';
import { LIMITS } from '../src/limits.ts';

/** How many slices there are; they are under their numbers. Written with them in one step. */
const SLICES = 'slices';

export class StoredResponse extends DurableObject<Env> {
  async keep({ sealed, untilMs }: { sealed: Uint8Array; untilMs: number }): Promise<void> {
    const { kv } = this.ctx.storage;
    const slices = Math.ceil(sealed.byteLength / LIMITS.responseSliceBytes);
    for (let slice = 0; slice < slices; slice++) {
      const from = slice * LIMITS.responseSliceBytes;
      kv.put(String(slice), sealed.slice(from, from + LIMITS.responseSliceBytes));
    }
    kv.put(SLICES, slices);
    void this.ctx.storage.setAlarm(untilMs);
  }

  /** Null where there is none, or it was erased. */
  async read(): Promise<Uint8Array | null> {
    const { kv } = this.ctx.storage;
    const count = kv.get<number>(SLICES);
    if (count === undefined) return null;
    const slices = Array.from({ length: count }, (_, slice) => kv.get<Uint8Array>(String(slice)) ?? new Uint8Array());
    const whole = new Uint8Array(slices.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let offset = 0;
    for (const slice of slices) {
      whole.set(slice, offset);
      offset += slice.byteLength;
    }
    return whole;
  }

  /** Whether there was one. */
  async erase(): Promise<boolean> {
    const existed = this.ctx.storage.kv.get<number>(SLICES) !== undefined;
    await this.ctx.storage.deleteAll();
    return existed;
  }

  /** The time is over for which it was to be kept. */
  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}
