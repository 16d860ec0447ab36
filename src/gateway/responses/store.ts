/**
 * Stored responses: what was said in a conversation up to an answer, and that answer. They are ours, not the provider's, whose
 * account all organizations share. Each is sealed under the API key that asked for it and lies in an object named by that
 * key and the response's id (durable-objects/stored-response.ts): nobody without the key can read it, or find it.
 */

import { LIMITS } from '../../limits.ts';
import { storedResponse, tellOrInsist } from '../../objects.ts';
import { parseExactly } from '../exact-json.ts';
import type { Refusal } from '../refusals.ts';
import { Seal } from '../replay/seal.ts';
import { isResponseId } from './ids.ts';
import type { Conversation } from './turn.ts';

const decoder = new TextDecoder();

export class ResponseStore {
  readonly #env: Env;
  readonly #apiKey: string;
  #seal: Promise<Seal> | undefined;

  constructor(env: Env, apiKey: string) {
    this.#env = env;
    this.#apiKey = apiKey;
  }

  /** Returns when it is kept, or after LIMITS.recordBeforeAnswerMs, and goes on trying behind. */
  async keep(ctx: ExecutionContext, id: string, bytes: Uint8Array): Promise<void> {
    const { seal, name } = await this.#named(id);
    const kept = { sealed: await seal.closeBytes(bytes), untilMs: Date.now() + LIMITS.responseKeepMs };
    const tell = () => storedResponse(this.#env, name, (object) => object.keep(kept), LIMITS.recordBeforeAnswerMs);
    await tellOrInsist(ctx, tell, { event: 'response_store_failed', id });
  }

  /** `bytes` is how large it is as JSON. */
  async read(id: string): Promise<{ conversation: Conversation; bytes: number } | { refusal: Refusal }> {
    const found = await this.#ask(id, (object) => object.read());
    if (found === UNREACHED) return { refusal: { kind: 'responses_unavailable' } };
    if (!found) return { refusal: { kind: 'response_not_found', id: shown(id) } };
    const bytes = await (await this.#sealed()).openBytes(found);
    return { conversation: parseExactly(decoder.decode(bytes)) as Conversation, bytes: bytes.byteLength };
  }

  async erase(id: string): Promise<{ refusal: Refusal } | null> {
    const existed = await this.#ask(id, (object) => object.erase());
    if (existed === UNREACHED) return { refusal: { kind: 'responses_unavailable' } };
    return existed ? null : { refusal: { kind: 'response_not_found', id: shown(id) } };
  }

  /** What the object of this id says; null where it can have none. */
  async #ask<T>(
    id: string,
    call: (object: Parameters<Parameters<typeof storedResponse>[2]>[0]) => Promise<T>,
  ): Promise<T | null | typeof UNREACHED> {
    if (!isResponseId(id)) return null;
    try {
      const { name } = await this.#named(id);
      return await storedResponse(this.#env, name, call);
    } catch (error) {
      console.warn(JSON.stringify({ event: 'response_read_failed', error: String(error) }));
      return UNREACHED;
    }
  }

  async #named(id: string): Promise<{ seal: Seal; name: string }> {
    const seal = await this.#sealed();
    return { seal, name: await seal.nameOf(id) };
  }

  #sealed(): Promise<Seal> {
    this.#seal ??= Seal.of(this.#apiKey, 'responses');
    return this.#seal;
  }
}

const UNREACHED = Symbol('the object did not answer');

/** Whatever was asked for, as a message quotes it. */
function shown(id: string): string {
  return id.slice(0, LIMITS.idLengthMax);
}
