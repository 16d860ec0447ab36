/**
 * The gateway's routes in the reference. They are described here and served elsewhere (router.ts), because nothing that
 * describes or validates is to stand in a model call's way. What they refuse with is told by refusals.ts itself.
 */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { type ApiEnv, answers, body } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { nanos } from '../money/nanos.ts';
import { count, like, usd } from '../reference/fields.ts';
import { ErrorBody, RETRY_AFTER, securityOf } from '../reference/route.ts';
import { chat } from './chat-completions/protocol.ts';
import { ChatBody } from './chat-completions/request.ts';
import { GoogleModel, GoogleModelList } from './gemini/models-route.ts';
import { gemini } from './gemini/protocol.ts';
import { GenerateContentBody } from './gemini/request.ts';
import { OwnKey } from './key-route.ts';
import { AnthropicModel, AnthropicModelList } from './messages/models-route.ts';
import { messages } from './messages/protocol.ts';
import { CountBody, MessagesBody } from './messages/request.ts';
import { Model, ModelList } from './models-route.ts';
import { describe, type Refusal } from './refusals.ts';
import { ResponsesBody } from './responses/request.ts';
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

/** A stored response that cannot be had. */
const STORED_REFUSALS: readonly Refusal[] = [
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
const ANTHROPIC = { schema: AnthropicError, write: messages.refusalBody };
const GOOGLE = { schema: GoogleError, write: gemini.refusalBody };

/** Of each status all refusals, each an example by its code. */
function refusals(
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

const ResponseShown = z
  .looseObject({
    id: like('resp_0123456789abcdefghjkmnpqrstvwxyz'),
    object: z.literal('response'),
    created_at: count(1_795_253_400),
    model: like('gpt-5.5'),
    status: z.enum(['completed', 'incomplete', 'failed', 'in_progress']),
    store: z.boolean().openapi({ description: 'Whether it can be asked for, and gone on from', example: true }),
    previous_response_id: like('resp_0123456789abcdefghjkmnpqrstvwxyy').nullable(),
    output: z.array(z.looseObject({ type: like('message') })),
    usage: z.looseObject({ input_tokens: count(8), output_tokens: count(2), total_tokens: count(10) }).nullable(),
  })
  .openapi('Response');

const ResponseDeleted = z.object({
  id: like('resp_0123456789abcdefghjkmnpqrstvwxyz'),
  object: z.literal('response'),
  deleted: z.literal(true),
});

const ResponseItems = z.object({
  object: z.literal('list'),
  data: z.array(z.looseObject({ id: like('msg_0'), type: like('message') })),
  first_id: like('msg_0').nullable(),
  last_id: like('msg_0').nullable(),
  has_more: z.boolean(),
});

const responseId = z.object({ id: like('resp_0123456789abcdefghjkmnpqrstvwxyz') });
const GenerateContentAnswer = z
  .looseObject({
    candidates: z.array(
      z.looseObject({
        content: z.looseObject({
          role: like('model'),
          parts: z.array(z.looseObject({ text: like('Hello!').optional() })),
        }),
        finishReason: like('STOP').optional(),
        index: count(0),
      }),
    ),
    usageMetadata: z.looseObject({
      promptTokenCount: count(8),
      candidatesTokenCount: count(2),
      totalTokenCount: count(10),
    }),
    modelVersion: like('gemini-3.1-flash-lite').optional(),
    responseId: like('Vd2aaOzdHJ').optional(),
  })
  .openapi('GenerateContentAnswer');

const AnswerHeaders = z.object({
  'x-request-id': like('req_0123456789abcdef', 'The id of the request, as asked or made'),
  'x-purser-model': like('gpt-5.5', 'The model, whoever serves it'),
  'x-purser-provider': like('openai', 'Who served it'),
  deprecation: like('@1781136000', 'Since when its provider advises against the model (RFC 9745)').optional(),
  sunset: like('Fri, 11 Dec 2026 00:00:00 GMT', 'When its provider ends the model (RFC 8594)').optional(),
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

/** Google's clients call models under either version. */
function modelByPath(path: string): RouteConfig {
  return {
    ...common,
    method: 'post',
    path,
    summary: "Content in Google's protocol: generated, streamed or counted",
    description:
      'The model is followed by a colon and the method: `generateContent`, `streamGenerateContent` (as server-sent events only, so with `?alt=sse`; its cost rides on the last usage) `countTokens`, which is free of charge, or `embedContent` and `batchEmbedContents`, which take other bodies than this. Fields that are not described pass to Google as they are, in camel case or in snake case; for a model of another provider they are translated, or refused by name.',
    request: {
      params: z.object({ model: like('gemini-3.1-flash-lite:generateContent', 'Slashes as they are') }),
      query: z.object({ alt: like('sse', 'How a stream is to come').optional() }),
      headers: Repeated,
      body: body(GenerateContentBody),
    },
    responses: { ...answered(GenerateContentAnswer), ...refusals(CALL_REFUSALS, GOOGLE) },
  };
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
  modelByPath('/v1beta/models/{model}'),
  modelByPath('/v1/models/{model}'),
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
    method: 'post',
    path: '/v1/responses',
    summary: "OpenAI's Responses, whole or as a stream",
    description:
      'Kept for 30 days, sealed under the API key, unless `store` is false. Fields that are not described pass to the provider as they are, but nothing is stored there, and what only the provider would keep is refused by name.',
    request: { headers: Repeated, body: body(ResponsesBody) },
    responses: { ...answered(ResponseShown), ...refusals(CALL_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/responses/{id}',
    summary: 'A stored response; another key has none of this id',
    request: {
      params: responseId,
      query: z.object({ include: like('reasoning.encrypted_content', 'What else to show').optional() }),
    },
    responses: { 200: answers('The response', ResponseShown), ...refusals(STORED_REFUSALS) },
  },
  {
    ...common,
    method: 'delete',
    path: '/v1/responses/{id}',
    summary: 'Erases a stored response',
    request: { params: responseId },
    responses: { 200: answers('That it is gone', ResponseDeleted), ...refusals(STORED_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/responses/{id}/input_items',
    summary: 'What the model had before it answered, earlier turns included',
    request: {
      params: responseId,
      query: z.object({
        limit: count(20).optional(),
        order: z.enum(['asc', 'desc']).optional().openapi({ description: 'The newest first, unless asked otherwise' }),
        after: like('msg_0').optional(),
      }),
    },
    responses: { 200: answers('The items', ResponseItems), ...refusals(STORED_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/models',
    summary: 'The models that the key may use, with prices and abilities',
    description:
      'In the shape of Anthropic for its clients, who send `anthropic-version`; for those of Google, who send `x-goog-api-key`, as under `/v1beta`.',
    responses: {
      200: answers('The models', z.union([ModelList, AnthropicModelList])),
      ...refusals(KEY_REFUSALS),
    },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/models/{model}',
    summary: 'One model',
    request: { params: z.object({ model: like('openai/gpt-5.5', 'Slashes as they are') }) },
    responses: {
      200: answers('The model', z.union([Model, AnthropicModel])),
      ...refusals(MODEL_REFUSALS),
    },
  },
  {
    ...common,
    method: 'get',
    path: '/v1beta/models',
    summary: "The models that the key may use, in Google's shape",
    request: {
      query: z.object({
        pageSize: count(LIMITS.pageDefault).optional(),
        pageToken: like('google/gemini-3.1-flash-lite', '`nextPageToken` of the page before').optional(),
      }),
    },
    responses: {
      200: answers('A page of them', GoogleModelList),
      ...refusals(
        [...KEY_REFUSALS, { kind: 'bad_request', field: 'pageSize', message: 'pageSize must be a whole number.' }],
        GOOGLE,
      ),
    },
  },
  {
    ...common,
    method: 'get',
    path: '/v1beta/models/{model}',
    summary: "One model, in Google's shape",
    request: { params: z.object({ model: like('google/gemini-3.1-flash-lite', 'Slashes as they are') }) },
    responses: { 200: answers('The model', GoogleModel), ...refusals(MODEL_REFUSALS, GOOGLE) },
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
