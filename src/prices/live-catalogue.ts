/**
 * The catalogue of a build under the operator's prices, without a read of D1 on a request's way: what this isolate knows is
 * given at once and, once it is older than a minute, read anew behind the answer. Only an isolate's first requests wait for the
 * first read, for a second at most. Where D1 does not answer the last known prices hold, else the built-in ones: a price
 * that is wrong for a while overspends no more than the difference, and a gateway that stood still would serve nobody.
 *
 * Each request reads for itself and none waits for another's read: promises belong to the request that made them.
 */
import { LIMITS } from '../limits.ts';
import { type Catalogue, createCatalogue, type Mapping } from '../models/catalogue.ts';
import { overridden } from '../models/overrides.ts';
import { readOverrides } from './overrides.ts';

export class LiveCatalogue {
  readonly #builtIn: readonly Mapping[];
  #catalogue: Catalogue;
  /** When it was last read, or tried; null: never in this isolate. */
  #triedAtMs: number | null = null;

  constructor(builtIn: readonly Mapping[]) {
    this.#builtIn = builtIn;
    this.#catalogue = createCatalogue(builtIn);
  }

  /** The catalogue to go by now. Never rejects. */
  async now({ DB }: Pick<Env, 'DB'>, ctx: Pick<ExecutionContext, 'waitUntil'>): Promise<Catalogue> {
    if (this.#triedAtMs === null) {
      await this.#read(DB);
      this.#triedAtMs ??= Date.now();
    } else if (Date.now() - this.#triedAtMs >= LIMITS.pricesFreshMs) {
      // Marked before it is read: a burst of requests asks once.
      this.#triedAtMs = Date.now();
      ctx.waitUntil(this.#read(DB));
    }
    return this.#catalogue;
  }

  /** Reads at once: who changes a price sees it changed. */
  async refresh({ DB }: Pick<Env, 'DB'>): Promise<Catalogue> {
    await this.#read(DB);
    return this.#catalogue;
  }

  async #read(db: D1Database): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('D1 did not answer in time')), LIMITS.pricesReadMs);
    });
    try {
      const overrides = await Promise.race([readOverrides(db), tooLong]);
      this.#catalogue = createCatalogue(overridden(this.#builtIn, overrides));
      this.#triedAtMs = Date.now();
    } catch (error) {
      console.warn(JSON.stringify({ event: 'prices_not_read', error: String(error) }));
    } finally {
      clearTimeout(timer);
    }
  }
}
