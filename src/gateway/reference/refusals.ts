/** What model calls are refused with, as the reference shows it: an example of each code, by the protocol that sends it. */
import { type RouteConfig, z } from '@hono/zod-openapi';
import { nanos } from '../../money/nanos.ts';
import { like } from '../../reference/fields.ts';
import { ErrorBody, RETRY_AFTER } from '../../reference/route.ts';
import { chat } from '../chat-completions/protocol.ts';
import { gemini } from '../gemini/protocol.ts';
import { messages } from '../messages/protocol.ts';
import { describe, type Refusal } from '../refusals.ts';

const VIEW = {
  scope: 'member_period',
  limit: nanos(42_500_000_000),
  spent: nanos(42_490_000_000),
  held: nanos(5_000_000),
  remaining: nanos(5_000_000),
  resetsAtMs: Date.UTC(2026, 11, 1),
} as const;

const NEEDED = { needed: nanos(24_000_000) };

/** One of each that a key itself may meet. */
export const KEY_REFUSALS: readonly Refusal[] = [
  { kind: 'no_key', reason: 'missing' },
  { kind: 'rule_denied', of: 'member', rule: 'ips.allow' },
  { kind: 'project_archived' },
  { kind: 'internal_error' },
  { kind: 'budget_unavailable' },
];

/** One of each that a model call may meet besides. */
export const CALL_REFUSALS: readonly Refusal[] = [
  ...KEY_REFUSALS,
  {
    kind: 'bad_request',
    field: 'messages',
    message: 'messages is not valid: Invalid input: expected array, received undefined.',
  },
  { kind: 'price_unknown' },
  { kind: 'insufficient_credits', remaining: nanos(0) },
  { kind: 'exhausted', view: VIEW, alsoExhausted: [] },
  { kind: 'request_exceeds_budget', view: VIEW, ...NEEDED },
  { kind: 'model_not_found', model: 'gpt-0' },
  { kind: 'idempotency_in_flight' },
  { kind: 'idempotency_not_replayable' },
  { kind: 'request_too_large', bytesMax: 16_777_216 },
  { kind: 'idempotency_key_reused' },
  { kind: 'rate_limited', of: 'api_key', throttle: 'requests_per_minute', limit: 60, retryAfterMs: 20_000 },
  { kind: 'budget_in_flight', view: VIEW, ...NEEDED },
  { kind: 'upstream_error', message: 'The provider cannot be reached.' },
  { kind: 'upstream_timeout', message: 'The provider sent nothing for too long.' },
];

export const COUNT_REFUSALS: readonly Refusal[] = [
  ...KEY_REFUSALS,
  {
    kind: 'bad_request',
    field: 'messages',
    message: 'messages is not valid: Invalid input: expected array, received undefined.',
  },
  { kind: 'model_not_found', model: 'claude-0' },
  { kind: 'request_too_large', bytesMax: 16_777_216 },
  { kind: 'upstream_error', message: 'The provider could not be asked for its count.' },
];

export const VIDEO_REFUSALS: readonly Refusal[] = [
  ...KEY_REFUSALS,
  { kind: 'video_not_found', videoId: 'video_0123456789abcdef' },
];

export const CONTENT_REFUSALS: readonly Refusal[] = [
  ...VIDEO_REFUSALS,
  { kind: 'bad_request', field: 'video_id', message: 'The video is not there to be had: it is in_progress.' },
  { kind: 'upstream_error', message: 'The provider could not be reached.' },
];

export const MODEL_REFUSALS: readonly Refusal[] = [...KEY_REFUSALS, { kind: 'model_not_found', model: 'gpt-0' }];

/** A stored response that cannot be had. */
export const STORED_REFUSALS: readonly Refusal[] = [
  ...KEY_REFUSALS,
  { kind: 'response_not_found', id: 'resp_0' },
  { kind: 'bad_request', field: 'stream', message: 'A stored response is given whole: leave stream out.' },
  { kind: 'responses_unavailable' },
];

/** Anthropic's envelope. `code` and `param` are ours. */
const AnthropicError = z
  .object({
    type: z.literal('error'),
    error: z.object({
      type: like('invalid_request_error'),
      message: z.string(),
      code: z.string(),
      param: z.string().nullable().openapi({ description: 'The field that is wrong' }),
    }),
    metadata: z.record(z.string(), z.unknown()).openapi({ description: 'What else a program may want to know' }),
    request_id: z.string().nullable(),
  })
  .openapi('AnthropicError');

/** Google's envelope. What is ours stands in the details. */
const GoogleError = z
  .object({
    error: z.object({
      code: z.int(),
      status: like('INVALID_ARGUMENT'),
      message: z.string(),
      details: z
        .array(z.record(z.string(), z.unknown()))
        .openapi({ description: 'The first tells our code as `reason`, and what else a program may want to know' }),
    }),
  })
  .openapi('GoogleError');

const OPENAI = { schema: ErrorBody, write: chat.refusalBody };
export const ANTHROPIC = { schema: AnthropicError, write: messages.refusalBody };
export const GOOGLE = { schema: GoogleError, write: gemini.refusalBody };

/** Of each status all refusals, each an example by its code. */
export function refusals(
  of: readonly Refusal[],
  { schema, write }: typeof OPENAI | typeof ANTHROPIC | typeof GOOGLE = OPENAI,
): RouteConfig['responses'] {
  const described = of.map((refusal) => describe(refusal, 'req_0123456789abcdef'));
  const byStatus = Map.groupBy(described, ({ status }) => status);
  return Object.fromEntries(
    [...byStatus].map(([status, each]) => {
      const examples = Object.fromEntries(each.map((refusal) => [refusal.code, { value: write(refusal) }]));
      const description = Object.keys(examples).join(', ');
      const headers = each.some(({ retryAfter }) => retryAfter !== null) ? { headers: RETRY_AFTER } : {};
      return [status, { description, ...headers, content: { 'application/json': { schema, examples } } }];
    }),
  );
}
