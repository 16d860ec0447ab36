/**
 * The object of one video: hosts its life (src/gateway/videos/life.ts) on the object's storage and wakes it by alarm. Named by its
 * member and its id, so that nobody else's key can find it. It decides nothing itself.
 *
 * Called by the Worker through src/objects.ts. Every method ignores fields it does not know, and may be repeated. An
 * object for which nothing was begun keeps nothing.
 */
import { DurableObject } from 'cloudflare:workers';
import type { Provider } from '../src/gateway/providers/provider.ts';
import { reachOf } from '../src/gateway/videos/credential.ts';
import { type Begun, type KeptVideo, VideoLife, type VideoPorts, type VideoStore } from '../src/gateway/videos/life.ts';
import { cancelVideo, pollVideo } from '../src/gateway/videos/upstream.ts';
import { memberBudget } from '../src/objects.ts';

/** The only key in the object's storage. */
const KEPT = 'kept';

/** The class as a build has it, which knows the providers that it serves. */
export function videoJobOf(providers: readonly Provider[]) {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));

  return class VideoJob extends DurableObject<Env> {
    readonly #life: VideoLife;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      const ports: VideoPorts = {
        now: Date.now,
        renew: (memberId, request) => memberBudget(env, memberId, (object) => object.extend({ memberId, ...request })),
        settle: (memberId, request) => memberBudget(env, memberId, (object) => object.settle({ memberId, ...request })),
        poll: async (kept) => pollVideo(env, await reachOf(env, byId, kept), kept.upstreamId),
        cancel: async (kept) => cancelVideo(env, await reachOf(env, byId, kept), kept.upstreamId),
      };
      this.#life = new VideoLife(storeOf(ctx.storage), ports);
    }

    async begin(begun: Begun): Promise<KeptVideo> {
      return this.#life.begin(begun);
    }

    async view(): Promise<KeptVideo | null> {
      return this.#life.view();
    }

    async forget(): Promise<boolean> {
      return this.#life.forget();
    }

    override async alarm(): Promise<void> {
      await this.#life.work();
    }
  };
}

export type VideoJob = InstanceType<ReturnType<typeof videoJobOf>>;

// Nothing is awaited: the storage takes these at once and together, and the output gate keeps the answer until they are durable.
function storeOf(storage: DurableObjectStorage): VideoStore {
  return {
    read: () => storage.kv.get<KeptVideo>(KEPT) ?? null,
    write: (kept, wakeAtMs) => {
      storage.kv.put(KEPT, kept);
      void storage.setAlarm(wakeAtMs);
    },
    clear: () => void storage.deleteAll(),
  };
}
