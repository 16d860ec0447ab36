/**
 * One line of JSON for each request of the gateway, whatever its end: for whoever runs Purser, in the Worker's log
 * (docs/logs.md tells each field). Written once the handler has answered and every attempt is resolved: so a stream's line
 * comes at its end, and no answer waits for one.
 *
 * It holds what Purser knows by itself: ids, names of the catalogue, counts, amounts. Of what a caller sends only the request
 * id and the app are in it, as they are in usage events; no path, key, prompt, answer, address or mail.
 */
import type { SettleRequest, Ticket } from '../budgets/protocol.ts';
import type { AttemptAbout, Outcome } from '../budgets/usage-event.ts';
import { formatUsd } from '../money/nanos.ts';
import type { PresentedKey } from '../teams/keys.ts';
import type { Refusal } from './refusals.ts';

/** How an attempt was resolved: settled with these, released (nothing was sent), or handed over (a job goes on). */
export type Resolved = Omit<SettleRequest, 'ticket' | 'about'> | 'released' | 'handed_over';

/** `answered`: no model was called for it, or none had to be. `replayed`: an earlier answer again. */
export type LoggedOutcome =
  | Exclude<Outcome, 'expired' | 'correction'>
  | 'answered'
  | 'replayed'
  | 'handed_over'
  | 'unavailable'
  | 'internal_error';

// Noted where they are made and read where the line is written: so no handler has to carry them along.
const callers = new WeakMap<Request, string>();
const refusals = new WeakMap<Response, { kind: Refusal['kind']; code: string }>();

/** Of a request whose key is one of ours. */
export function noteCaller(request: Request, { ownerId }: PresentedKey): void {
  callers.set(request, ownerId);
}

/** Of an answer that is a refusal. */
export function noteRefusal(response: Response, kind: Refusal['kind'], code: string): void {
  refusals.set(response, { kind, code });
}

/** What is told of all attempts together. */
const SUMMED = ['inputTokens', 'cachedTokens', 'outputTokens', 'reasoningTokens', 'cost', 'unresolved'] as const;

const NOTHING = Object.fromEntries(SUMMED.map((name) => [name, 0])) as Record<(typeof SUMMED)[number], number>;

export class RequestLog {
  readonly #request: Request;
  readonly #requestId: string;
  readonly #endpoint: string | null;
  readonly #startedAtMs = Date.now();
  /** The handler, and each attempt that is not resolved: the line is written when none is left. */
  #open = 1;
  #attempts = 0;
  #about: AttemptAbout | null = null;
  #ticket: Ticket | null = null;
  #last: Resolved = 'released';
  #response: Response | null = null;
  #firstTokenMs: number | null = null;
  readonly #sums = { ...NOTHING };

  /** `endpoint`: what the route is for, until an attempt tells it. */
  constructor(request: Request, requestId: string, endpoint: string | null) {
    this.#request = request;
    this.#requestId = requestId;
    this.#endpoint = endpoint;
  }

  /** An attempt was admitted. Its hold tells what is answered, once, when it is resolved. */
  began(about: AttemptAbout, ticket: Ticket): (resolved: Resolved) => void {
    const beganAfterMs = Date.now() - this.#startedAtMs;
    this.#open += 1;
    this.#about = about;
    this.#ticket = ticket;
    return (resolved) => {
      this.#last = resolved;
      if (resolved !== 'released') this.#attempts += 1;
      if (typeof resolved !== 'string') {
        for (const name of SUMMED) this.#sums[name] += resolved[name];
        this.#firstTokenMs = resolved.firstTokenMs === null ? null : beganAfterMs + resolved.firstTokenMs;
      }
      this.#close();
    };
  }

  /** The handler has answered; a stream may go on. */
  answered(response: Response): void {
    this.#response = response;
    this.#close();
  }

  #close(): void {
    this.#open -= 1;
    if (this.#open === 0 && this.#response) console.log(JSON.stringify(this.#line(this.#response)));
  }

  #line(response: Response) {
    const refusal = refusals.get(response) ?? null;
    const { cost, unresolved, ...tokens } = this.#sums;
    return {
      event: 'request',
      requestId: this.#requestId,
      memberId: callers.get(this.#request) ?? null,
      keyId: this.#ticket?.keyId ?? null,
      projectId: this.#ticket?.projectId ?? null,
      method: this.#request.method,
      endpoint: this.#about?.endpoint ?? this.#endpoint,
      model: this.#about?.canonicalModel ?? null,
      mapping: this.#about?.mapping ?? null,
      provider: this.#about?.provider ?? null,
      app: this.#about?.app ?? null,
      streamed: this.#about?.streamed ?? false,
      attempts: this.#attempts,
      status: response.status,
      outcome: this.#outcome(refusal?.kind ?? null, response),
      code: refusal?.code ?? null,
      ...tokens,
      cost: formatUsd(BigInt(cost)),
      unresolved: formatUsd(BigInt(unresolved)),
      latencyMs: Date.now() - this.#startedAtMs,
      firstTokenMs: this.#firstTokenMs,
    };
  }

  #outcome(refused: Refusal['kind'] | null, response: Response): LoggedOutcome {
    const last = this.#last;
    const attempted = typeof last === 'string' ? null : (last.outcome as Exclude<Outcome, 'expired' | 'correction'>);
    if (refused === null) {
      if (attempted) return attempted;
      if (last === 'handed_over') return last;
      return response.headers.has('x-purser-replayed') ? 'replayed' : 'answered';
    }
    const of = OUTCOME_OF_REFUSAL[refused];
    // Who left before anything was sent is answered with what nobody reads.
    if (of === 'upstream_error') return attempted ?? (this.#request.signal.aborted ? 'client_gone' : of);
    // A limit may cut an attempt, or refuse the next one.
    return of === 'refused' && attempted === 'cut' ? attempted : of;
  }
}

/** What a refusal is counted as. */
const OUTCOME_OF_REFUSAL: Record<Refusal['kind'], LoggedOutcome> = {
  no_key: 'refused',
  invalid_key: 'refused',
  project_not_granted: 'refused',
  rule_denied: 'refused',
  routing_denied: 'refused',
  project_archived: 'refused',
  price_unknown: 'refused',
  exhausted: 'refused',
  request_exceeds_budget: 'refused',
  budget_in_flight: 'refused',
  rate_limited: 'refused',
  insufficient_credits: 'refused',
  credits_in_flight: 'refused',
  no_such_route: 'client_error',
  bad_request: 'client_error',
  request_too_large: 'client_error',
  model_not_found: 'client_error',
  video_not_found: 'client_error',
  response_not_found: 'client_error',
  idempotency_in_flight: 'client_error',
  idempotency_not_replayable: 'client_error',
  idempotency_key_reused: 'client_error',
  too_late: 'unavailable',
  budget_unavailable: 'unavailable',
  responses_unavailable: 'unavailable',
  routing_stale: 'unavailable',
  provider_key_unreadable: 'unavailable',
  upstream_refused: 'upstream_error',
  upstream_error: 'upstream_error',
  upstream_timeout: 'upstream_error',
  internal_error: 'internal_error',
};
