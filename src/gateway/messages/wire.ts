/** What Anthropic's Messages look like from the outside: errors, the end of a stream, pings, the cost on the usage. */
import type { Usage } from '../../money/cost.ts';
import { formatUsd, type Nanos } from '../../money/nanos.ts';
import type { Json, Passage, ReadAnswer } from '../protocol.ts';
import type { Described } from '../refusals.ts';
import { fieldsOf } from '../reported.ts';
import type { Frame } from '../sse.ts';

/** By status, as https://platform.claude.com/docs/en/api/errors has them; a client tells errors apart by these. */
const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
};

function typeOf(status: number): string {
  return TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}

/** `code` and `param` are not Anthropic's: they tell which refusal it is, as in every other protocol here. */
export function errorBody({ status, message, code, param, metadata }: Described): Json {
  return {
    type: 'error',
    error: { type: typeOf(status), message, code, param },
    metadata,
    request_id: metadata.requestId ?? null,
  };
}

/** One event, named as its data is. */
export function eventText(json: Json): string {
  return `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;
}

const STOP = eventText({ type: 'message_stop' });

/**
 * The comment with ONE newline, as in every protocol, for proxies on the way; a real event behind it, for clients whose
 * patience only an event renews.
 */
export const PING = `: ping\n${eventText({ type: 'ping' })}`;

export function failureEvents(described: Described): string {
  return eventText(errorBody(described)) + STOP;
}

/** A usage with what it cost, in decimal USD, where that is known. */
export function withCost(usage: unknown, cost: Nanos | null): Json {
  return { ...fieldsOf(usage), ...(cost !== null && { cost: formatUsd(cost) }) };
}

/** The end of an answer: the event that tells why it ended and what it used, and the one that nothing follows. */
export function endEvents(delta: Json, cost: Nanos | null): string {
  return eventText({ ...delta, type: 'message_delta', usage: withCost(delta.usage, cost) }) + STOP;
}

/** Passes a stream on as it comes. The last event that tells its usage is kept back until the cost is settled. */
export class MessagesPassage implements Passage {
  #kept: { raw: string; json: Json } | null = null;

  event({ raw }: Frame, read: ReadAnswer | null): string {
    if (!read || read.json.type === 'ping') return raw;
    const before = this.#kept?.raw ?? '';
    // The end comes with what it cost.
    if (read.last) return '';
    // There may be several, and then only the last is the end.
    this.#kept = read.json.type === 'message_delta' ? { raw, json: read.json } : null;
    return this.#kept ? before : before + raw;
  }

  end(_usage: Usage, cost: Nanos): string {
    return this.#kept ? endEvents(this.#kept.json, cost) : STOP;
  }

  failure(described: Described): string {
    return failureEvents(described);
  }

  ping(): string {
    return PING;
  }
}
