/**
 * The object of one organization's audit anchor: hosts src/audit/anchor.ts on the object's storage and reads the log
 * from D1 for it. An object of its own, because it must outlive everything that D1 says. It decides nothing itself.
 *
 * Called by the Worker through src/objects.ts. Every method takes one object, ignores fields it does not know, and may be
 * repeated.
 */
import { DurableObject } from 'cloudflare:workers';
import { Anchor, type Anchored, type AnchorStore, type Kept, type Moved } from '../src/audit/anchor.ts';
import { PAST_THE_LAST, readEntries } from '../src/audit/entries.ts';

/** Every call names the organization: an object does not know its own name. */
interface AnchorCall {
  organizationId: string;
}

/** The only key in the object's storage. */
const KEPT = 'kept';

export class AuditAnchor extends DurableObject<Env> {
  readonly #anchor: Anchor;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#anchor = new Anchor(storeOf(ctx.storage), Date.now);
  }

  async view(_call: AnchorCall): Promise<Anchored> {
    return this.#anchor.view();
  }

  async advance(call: AnchorCall): Promise<Moved> {
    return told(call, await this.#anchor.advance(this.#entriesOf(call)));
  }

  async prune(call: AnchorCall & { beforeMs: number }): Promise<Moved> {
    return told(call, await this.#anchor.prune(this.#entriesOf(call), call.beforeMs));
  }

  /** For the operator alone: see Anchor.restart. */
  async restart(call: AnchorCall): Promise<boolean> {
    return this.#anchor.restart(this.#entriesOf(call));
  }

  #entriesOf({ organizationId }: AnchorCall) {
    return (after: number, limit: number) =>
      readEntries(this.env.DB, organizationId, { after, before: PAST_THE_LAST, order: 'oldest first', limit });
  }
}

/** Logged here, where it is known to be news: the caller may be gone before it hears of it. */
function told({ organizationId }: AnchorCall, moved: Moved): Moved {
  if (moved.alarm) console.error(JSON.stringify({ event: 'audit_log_broken', organizationId, ...moved.flaw }));
  return moved;
}

function storeOf(storage: DurableObjectStorage): AnchorStore {
  return {
    read: () => storage.kv.get<Kept>(KEPT) ?? null,
    write: (kept) => storage.kv.put(KEPT, kept),
  };
}
