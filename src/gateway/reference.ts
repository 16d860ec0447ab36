/**
 * The gateway's routes in the reference. They are described here and served elsewhere (router.ts), because nothing that
 * describes or validates is to stand in a model call's way. What they refuse with is told by refusals.ts itself.
 */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { type ApiEnv, answers, body } from '../api.ts';
import { nanos } from '../money/nanos.ts';
import { count, like, usd } from '../reference/fields.ts';
import { ErrorBody, RETRY_AFTER, securityOf } from '../reference/route.ts';
import { chat } from './chat-completions/protocol.ts';
import { ChatBody } from './chat-completions/request.ts';
import { OwnKey } from './key-route.ts';
import { AnthropicModel, AnthropicModelList } from './messages/models-route.ts';
import { messages } from './messages/protocol.ts';
import { CountBody, MessagesBody } from './messages/request.ts';
import { Model, ModelList } from './models-route.ts';
import { describe, type Refusal } from './refusals.ts';
import { SURFACES_TOLD, type SurfaceTold } from './surfaces/reference.ts';
import { VIDEOS_TOLD } from './videos/reference.ts';

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
const KEY_REFUSALS: readonly Refusal[] = [
  { kind: 'no_key', reason: 'missing' },
  { kind: 'rule_denied', of: 'member', rule: 'ips.allow' },
  { kind: 'project_archived' },
  { kind: 'internal_error' },
  { kind: 'budget_unavailable' },
];

/** One of each that a model call may meet besides. */
const CALL_REFUSALS: readonly Refusal[] = [
  ...KEY_REFUSALS,
  { kind: 'bad_request', field: 'messages', message: 'messages is not valid: Invalid input.' },
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

const COUNT_REFUSALS: readonly Refusal[] = [
  ...KEY_REFUSALS,
  { kind: 'bad_request', field: 'messages', message: 'messages is not valid: Invalid input.' },
  { kind: 'model_not_found', model: 'claude-0' },
  { kind: 'request_too_large', bytesMax: 16_777_216 },
  { kind: 'upstream_error', message: 'The provider could not be asked for its count.' },
];

const VIDEO_REFUSALS: readonly Refusal[] = [
  ...KEY_REFUSALS,
  { kind: 'video_not_found', videoId: 'video_0123456789abcdef' },
];

const CONTENT_REFUSALS: readonly Refusal[] = [
  ...VIDEO_REFUSALS,
  { kind: 'bad_request', field: 'video_id', message: 'The video is not there to be had: it is in_progress.' },
  { kind: 'upstream_error', message: 'The provider could not be reached.' },
];

const MODEL_REFUSALS: readonly Refusal[] = [...KEY_REFUSALS, { kind: 'model_not_found', model: 'gpt-0' }];

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

const OPENAI = { schema: ErrorBody, write: chat.refusalBody };
const ANTHROPIC = { schema: AnthropicError, write: messages.refusalBody };

/** Of each status all refusals, each an example by its code. */
function refusals(
  of: readonly Refusal[],
  { schema, write }: typeof OPENAI | typeof ANTHROPIC = OPENAI,
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

const ChatCompletion = z
  .looseObject({
    id: like('chatcmpl-0123456789'),
    object: z.literal('chat.completion'),
    created: count(1_795_253_400),
    model: like('gpt-5.5'),
    choices: z.array(
      z.looseObject({
        index: count(0),
        message: z.looseObject({ role: like('assistant'), content: like('Hello!').nullable() }),
        finish_reason: like('stop').nullable(),
      }),
    ),
    usage: z.looseObject({ prompt_tokens: count(8), completion_tokens: count(2), total_tokens: count(10) }),
  })
  .openapi('ChatCompletion');

const Message = z
  .looseObject({
    id: like('msg_0123456789'),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: like('claude-sonnet-5'),
    content: z.array(z.looseObject({ type: like('text'), text: like('Hello!').optional() })),
    stop_reason: like('end_turn').nullable(),
    stop_sequence: z.string().nullable().openapi({ example: null }),
    usage: z.looseObject({ input_tokens: count(8), output_tokens: count(2) }),
  })
  .openapi('Message');

const AnswerHeaders = z.object({
  'x-request-id': like('req_0123456789abcdef', 'The id of the request, as asked or made'),
  'x-purser-model': like('gpt-5.5', 'The model, whoever serves it'),
  'x-purser-provider': like('openai', 'Who served it'),
  'x-purser-budget-limit': usd('42.50', 'The tightest limit').optional(),
  'x-purser-budget-remaining': usd('30.16', 'What it has left after this hold').optional(),
  'x-purser-budget-reset': like('2026-12-01T00:00:00.000Z', 'When it resets').optional(),
  'x-purser-budget-scope': like('member_period', 'Which limit it is').optional(),
  'x-purser-cost': usd('0.00003', 'What the answer cost; of a stream that is in its last usage').optional(),
});

const common = { tags: ['Gateway'], security: securityOf(['apiKey']) };

const Repeated = z.object({
  'Idempotency-Key': z.string().optional().openapi({
    description: 'A repeat within 24 hours is answered from the record, and costs nothing',
    example: '3f1c9a52-7b1e-4c7e-9b1a-5a2f3c4d5e6f',
  }),
});

/** A whole answer, or a stream of one. */
function answered(schema: z.ZodType): RouteConfig['responses'] {
  const content = { 'application/json': { schema }, 'text/event-stream': { schema: z.string() } };
  return { 200: { description: 'The answer', headers: AnswerHeaders, content } };
}

/** By content type. */
function contentOf(schemas: Readonly<Record<string, z.ZodType>>): Record<string, { schema: z.ZodType }> {
  return Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }]));
}

/** A surface beside conversations. */
function surfaceRoute([id, { summary, body: taken, form, answer }]: [string, SurfaceTold]): RouteConfig {
  const type = form ? 'multipart/form-data' : 'application/json';
  return {
    ...common,
    method: 'post',
    path: `/v1/${id}`,
    summary,
    request: { headers: Repeated, body: { required: true, content: contentOf({ [type]: taken }) } },
    responses: {
      200: { description: 'The answer', headers: AnswerHeaders, content: contentOf(answer) },
      ...refusals(CALL_REFUSALS),
    },
  };
}

const ROUTES: readonly RouteConfig[] = [
  {
    ...common,
    method: 'post',
    path: '/v1/chat/completions',
    summary: "Chat in OpenAI's protocol, whole or as a stream",
    description:
      'Fields that are not described pass to the provider as they are. A stream (`stream: true`) answers `text/event-stream` and ends with `[DONE]`. A refusal of the provider passes with its own status.',
    request: { headers: Repeated, body: body(ChatBody) },
    responses: { ...answered(ChatCompletion), ...refusals(CALL_REFUSALS) },
  },
  {
    ...common,
    method: 'post',
    path: '/v1/messages',
    summary: "Messages in Anthropic's protocol, whole or as a stream",
    description:
      'Fields that are not described pass to Anthropic as they are; for a model of another provider they are translated, or refused by name. A stream (`stream: true`) answers `text/event-stream` and ends with `message_stop`; its cost rides on the usage of `message_delta`.',
    request: { headers: Repeated, body: body(MessagesBody) },
    responses: { ...answered(Message), ...refusals(CALL_REFUSALS, ANTHROPIC) },
  },
  {
    ...common,
    method: 'post',
    path: '/v1/messages/count_tokens',
    summary: 'How many tokens a message would have as input; free of charge',
    request: { body: body(CountBody) },
    responses: {
      200: {
        ...answers('The count', z.looseObject({ input_tokens: count(8) }).openapi('TokenCount')),
        headers: z.object({
          'x-purser-estimated': like('true', 'Where the provider of the model does not count').optional(),
        }),
      },
      ...refusals(COUNT_REFUSALS, ANTHROPIC),
    },
  },
  ...Object.entries(SURFACES_TOLD).map(surfaceRoute),
  {
    ...common,
    method: 'post',
    path: '/v1/videos',
    summary: VIDEOS_TOLD.create.summary,
    description: VIDEOS_TOLD.create.description,
    request: { headers: Repeated, body: { required: true, content: contentOf(VIDEOS_TOLD.create.bodies) } },
    responses: {
      200: { ...answers('The video, begun', VIDEOS_TOLD.create.answer), headers: AnswerHeaders },
      ...refusals(CALL_REFUSALS),
    },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/videos/{id}',
    summary: VIDEOS_TOLD.show.summary,
    description: VIDEOS_TOLD.show.description,
    request: VIDEOS_TOLD.show.request,
    responses: { 200: answers('The video', VIDEOS_TOLD.show.answer), ...refusals(VIDEO_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/videos/{id}/content',
    summary: VIDEOS_TOLD.content.summary,
    request: VIDEOS_TOLD.content.request,
    responses: {
      200: { description: 'All of it', content: contentOf(VIDEOS_TOLD.content.answer) },
      206: { description: 'The part that was asked for', content: contentOf(VIDEOS_TOLD.content.answer) },
      ...refusals(CONTENT_REFUSALS),
    },
  },
  {
    ...common,
    method: 'delete',
    path: '/v1/videos/{id}',
    summary: VIDEOS_TOLD.remove.summary,
    description: VIDEOS_TOLD.remove.description,
    request: VIDEOS_TOLD.remove.request,
    responses: { 200: answers('It is no more', VIDEOS_TOLD.remove.answer), ...refusals(VIDEO_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/models',
    summary: 'The models that the key may use, with prices and abilities',
    description: 'In the shape of Anthropic for its clients, who send `anthropic-version`.',
    responses: { 200: answers('The models', z.union([ModelList, AnthropicModelList])), ...refusals(KEY_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/models/{model}',
    summary: 'One model',
    request: { params: z.object({ model: like('openai/gpt-5.5', 'Slashes as they are') }) },
    responses: { 200: answers('The model', z.union([Model, AnthropicModel])), ...refusals(MODEL_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/key',
    summary: "The key's limits and usage, and its member's; readable when over budget",
    responses: { 200: answers('The key', OwnKey), ...refusals(KEY_REFUSALS) },
  },
];

export function describeGateway({ openAPIRegistry }: OpenAPIHono<ApiEnv>): void {
  for (const route of ROUTES) openAPIRegistry.registerPath(route);
}
