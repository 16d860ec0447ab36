/** What Gemini's protocol looks like from the outside: errors, the end of a stream, comments, the cost on the usage. */
import type { Usage } from '../../money/cost.ts';
import { formatUsd, type Nanos } from '../../money/nanos.ts';
import type { Json, Passage, ReadAnswer } from '../protocol.ts';
import type { Described } from '../refusals.ts';
import { isObject } from '../reported.ts';
import type { Frame } from '../sse.ts';
import { writeUsage } from './answer.ts';

/** Google's names (google.rpc.Code) for the statuses that we answer with. */
const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  410: 'FAILED_PRECONDITION',
  413: 'INVALID_ARGUMENT',
  422: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Our code and metadata stand in details, as Google's own reasons do (google.rpc.ErrorInfo). */
export function refusalBody({ status, message, code, param, metadata, retryAfter }: Described): Json {
  const details: Json[] = [
    { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: 'purser', metadata },
  ];
  if (param !== null) {
    const fieldViolations = [{ field: param, description: message }];
    details.push({ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations });
  }
  if (retryAfter !== null && /^\d+$/.test(retryAfter)) {
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfter}s` });
  }
  return { error: { code: status, message, status: STATUS_NAMES[status] ?? 'UNKNOWN', details } };
}

/** With the usage, where the provider said none, and what it cost in decimal USD. */
export function withUsage(answer: Json, usage: Usage, cost: Nanos | null): Json {
  const told = isObject(answer.usageMetadata) ? answer.usageMetadata : writeUsage(usage);
  return { ...answer, usageMetadata: cost === null ? told : { ...told, cost: formatUsd(cost) } };
}

export function eventOf(json: Json): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}

export function failureEvent(described: Described): string {
  return eventOf(refusalBody(described));
}

/** With a blank line: without one Google's client takes the comment and the event after it for one, and drops both. */
export const PING = ': ping\n\n';

/**
 * A stream of a provider that speaks the same. Nothing marks its last chunk, and every chunk tells the usage so far: so from
 * the first that ends a candidate one is kept back, until another comes or its cost is settled.
 */
export class GeminiPassage implements Passage {
  #kept: { raw: string; json: Json } | null = null;

  event({ raw }: Frame, read: ReadAnswer | null): string {
    // What has no data and is no comment is no event of this protocol, and nobody has counted it.
    if (!read) return raw.startsWith(':') ? raw : '';
    const before = this.#kept;
    if (!before && read.ended === 0) return raw;
    this.#kept = { raw, json: read.json };
    return before?.raw ?? '';
  }

  end(usage: Usage, cost: Nanos): string {
    return this.#kept ? eventOf(withUsage(this.#kept.json, usage, cost)) : '';
  }

  failure(described: Described): string {
    // What was kept is counted and paid for.
    return (this.#kept?.raw ?? '') + failureEvent(described);
  }

  ping(): string {
    return PING;
  }
}
