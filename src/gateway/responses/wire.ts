/**
 * What the Responses protocol looks like from the outside: its events, its errors, and how a stream of a provider that
 * speaks it passes. Bytes stay as they are, save the response's id, model and usage where an event tells the whole response,
 * and the ids of items that are stored.
 */
import type { Usage } from '../../money/cost.ts';
import { formatUsd, type Nanos } from '../../money/nanos.ts';
import { errorBody, PING } from '../chat-completions/wire.ts';
import type { Json, Names, Passage, ReadAnswer } from '../protocol.ts';
import type { Described } from '../refusals.ts';
import { isObject } from '../reported.ts';
import type { Frame } from '../sse.ts';
import { isLifecycle, writeUsage } from './answer.ts';
import { itemIdOf, withItemId, withOutputIds } from './ids.ts';
import { begun, finished, ours, shownTo, type Turn, withoutSeal } from './turn.ts';

export function eventText(event: Json): string {
  return `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** A whole answer with its usage, the provider's own where it told one, and what it cost. */
export function withUsage(answer: Json, usage: Usage, cost: Nanos | null): Json {
  const told = isObject(answer.usage) ? answer.usage : writeUsage(usage);
  return { ...answer, usage: cost === null ? told : { ...told, cost: formatUsd(cost) } };
}

/** The last events of a stream that failed: a client that has heard nothing yet hears first what has failed. */
export function failureEvents(
  response: Json,
  next: { sequence: number; begun: boolean },
  described: Described,
): string {
  const { error } = errorBody(described);
  const failed = { ...response, status: 'failed', error, usage: null };
  const created = next.begun
    ? ''
    : eventText({
        type: 'response.created',
        sequence_number: next.sequence++,
        response: { ...response, status: 'in_progress' },
      });
  return created + eventText({ type: 'response.failed', sequence_number: next.sequence, response: failed });
}

/** Forwards a stream of a provider that speaks the same. */
export class ResponsesPassage implements Passage {
  readonly #turn: Turn;
  readonly #names: Names;
  /** The last event, which tells the whole answer, until its cost is known. */
  #kept: Json | null = null;
  /** The response as the client last heard of it. */
  #heard: Json | null = null;
  #sequence = -1;

  constructor(turn: Turn, names: Names) {
    this.#turn = turn;
    this.#names = names;
  }

  event({ raw }: Frame, read: ReadAnswer | null): string {
    if (!read) return raw;
    const { json, last } = read;
    if (typeof json.sequence_number === 'number') this.#sequence = json.sequence_number;
    if (isLifecycle(json.type)) {
      const response = { ...(json.response as Json), ...ours(this.#turn, this.#names) };
      if (last) {
        this.#kept = { ...json, response };
        return '';
      }
      this.#heard = shownTo(this.#turn, withOutputIds(this.#turn, response));
      return eventText({ ...json, response: this.#heard });
    }
    return this.#toldOf(json) ?? raw;
  }

  /** An event about an item, where its client is to see it otherwise than it came; null where it is not. */
  #toldOf(json: Json): string | null {
    const { stores, wantsSealed } = this.#turn;
    const { item, item_id: id } = json;
    const hides = !wantsSealed && isObject(item) && item.encrypted_content != null;
    const names = stores && (isObject(item) || typeof id === 'string');
    if (!hides && !names) return null;
    const shown = hides ? withoutSeal(item) : item;
    const named = isObject(shown) ? { item: withItemId(this.#turn, shown) } : {};
    return eventText({ ...json, ...(typeof id === 'string' && { item_id: itemIdOf(this.#turn, id) }), ...named });
  }

  end(usage: Usage, cost: Nanos): string {
    if (!this.#kept) throw new Error('a Responses stream ended without its last event');
    const response = withUsage(this.#kept.response as Json, usage, cost);
    return eventText({ ...this.#kept, response: finished(this.#turn, response) });
  }

  failure(described: Described): string {
    const response = this.#heard ?? begun(this.#turn, this.#names);
    return failureEvents(response, { sequence: this.#sequence + 1, begun: this.#heard !== null }, described);
  }

  ping(): string {
    return PING;
  }
}
