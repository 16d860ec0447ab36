/** Every kind of refusal as a client of Messages gets it. */
import { expect, it } from 'vitest';
import { messages } from '../../../src/gateway/messages/protocol.ts';
import { describe, type Refusal } from '../../../src/gateway/refusals.ts';
import { nanos } from '../../../src/money/nanos.ts';

const VIEW = {
  scope: 'member_total',
  limit: nanos(1_000_000_000),
  spent: nanos(990_000_000),
  held: nanos(0),
  remaining: nanos(10_000_000),
  resetsAtMs: null,
} as const;

const NEEDED = nanos(20_000_000);

type Kind = Refusal['kind'];
type Of<K extends Kind> = Refusal & { kind: K };

/** The compiler finds a kind that is missing. */
const ALL: { [K in Kind]: [Of<K>, number, string] } = {
  no_key: [{ kind: 'no_key', reason: 'missing' }, 401, 'authentication_error'],
  invalid_key: [{ kind: 'invalid_key', reason: 'expired' }, 401, 'authentication_error'],
  project_not_granted: [{ kind: 'project_not_granted' }, 403, 'permission_error'],
  rule_denied: [{ kind: 'rule_denied', of: 'member', rule: 'models.deny' }, 403, 'permission_error'],
  routing_denied: [{ kind: 'routing_denied', rule: 'deny' }, 403, 'permission_error'],
  routing_stale: [{ kind: 'routing_stale', routing: null }, 503, 'overloaded_error'],
  provider_key_unreadable: [{ kind: 'provider_key_unreadable', provider: 'openai' }, 503, 'overloaded_error'],
  project_archived: [{ kind: 'project_archived' }, 410, 'invalid_request_error'],
  no_such_route: [{ kind: 'no_such_route', method: 'GET', path: '/v1/x' }, 404, 'not_found_error'],
  bad_request: [{ kind: 'bad_request', field: 'max_tokens', message: 'No.' }, 400, 'invalid_request_error'],
  request_too_large: [{ kind: 'request_too_large', bytesMax: 1 }, 413, 'request_too_large'],
  model_not_found: [{ kind: 'model_not_found', model: 'x' }, 404, 'not_found_error'],
  price_unknown: [{ kind: 'price_unknown' }, 400, 'invalid_request_error'],
  exhausted: [{ kind: 'exhausted', view: VIEW, alsoExhausted: [] }, 403, 'permission_error'],
  request_exceeds_budget: [{ kind: 'request_exceeds_budget', view: VIEW, needed: NEEDED }, 403, 'permission_error'],
  budget_in_flight: [{ kind: 'budget_in_flight', view: VIEW, needed: NEEDED }, 429, 'rate_limit_error'],
  rate_limited: [
    { kind: 'rate_limited', of: 'member', throttle: 'requests_per_minute', limit: 1, retryAfterMs: 1 },
    429,
    'rate_limit_error',
  ],
  insufficient_credits: [{ kind: 'insufficient_credits', remaining: nanos(0) }, 402, 'billing_error'],
  credits_in_flight: [{ kind: 'credits_in_flight', remaining: nanos(0) }, 429, 'rate_limit_error'],
  too_late: [{ kind: 'too_late' }, 503, 'overloaded_error'],
  video_not_found: [{ kind: 'video_not_found', videoId: 'video_1' }, 404, 'not_found_error'],
  response_not_found: [{ kind: 'response_not_found', id: 'resp_1' }, 404, 'not_found_error'],
  responses_unavailable: [{ kind: 'responses_unavailable' }, 503, 'overloaded_error'],
  budget_unavailable: [{ kind: 'budget_unavailable' }, 503, 'overloaded_error'],
  idempotency_in_flight: [{ kind: 'idempotency_in_flight' }, 409, 'invalid_request_error'],
  idempotency_not_replayable: [{ kind: 'idempotency_not_replayable' }, 409, 'invalid_request_error'],
  idempotency_key_reused: [{ kind: 'idempotency_key_reused' }, 422, 'invalid_request_error'],
  upstream_refused: [
    { kind: 'upstream_refused', status: 429, message: 'Slow down.', code: null, field: null, retryAfter: '7' },
    429,
    'rate_limit_error',
  ],
  upstream_error: [{ kind: 'upstream_error', message: 'Down.' }, 502, 'api_error'],
  upstream_timeout: [{ kind: 'upstream_timeout', message: 'Silence.' }, 504, 'api_error'],
  internal_error: [{ kind: 'internal_error' }, 500, 'api_error'],
};

it.each(Object.entries(ALL))('%s', (_, [refusal, status, type]) => {
  const described = describe(refusal, 'req_1');
  expect(described.status).toBe(status);
  const { message, code, param, metadata } = described;
  expect(messages.refusalBody(described)).toEqual({
    type: 'error',
    error: { type, message, code, param },
    metadata,
    request_id: 'req_1',
  });
});
