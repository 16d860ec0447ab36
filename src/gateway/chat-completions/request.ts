/**
 * POST /v1/chat/completions: what Purser must understand of a request to bound its cost. Everything else passes to the
 * provider as it came, unknown fields included.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import type { Refusal } from '../refusals.ts';
import type { JsonBody } from '../request-body.ts';

const tokens = z.int().positive();

const Part = z.looseObject({ type: z.string() });

const Message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(Part)]).nullish(),
});

/** How the demo provider is steered; refused for any other. */
const Demo = z.strictObject({
  outputTokens: z.int().min(0).max(1_000_000).optional(),
  cachedTokens: z.int().min(0).optional(),
  reasoningTokens: z.int().min(0).max(1_000_000).optional(),
  delayMs: z.int().min(0).max(600_000).optional(),
  tokensPerSecond: z.number().positive().max(100_000).optional(),
  failAfterTokens: z.int().min(0).optional(),
  failStatus: z.int().min(400).max(599).optional(),
  silentMs: z.int().min(0).max(600_000).optional(),
  overrunTokens: z.int().min(0).max(1_000_000).optional(),
});

export const ChatBody = z
  .looseObject({
    model: z.string().min(1).max(LIMITS.modelLengthMax),
    messages: z.array(Message).min(1),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    max_tokens: tokens.nullish(),
    max_completion_tokens: tokens.nullish(),
    n: z.int().positive().max(LIMITS.choicesMax).nullish(),
    tools: z.array(z.looseObject({})).nullish(),
    modalities: z.array(z.string()).nullish(),
    demo: Demo.optional(),
  })
  .openapi('ChatCompletionBody', {
    example: { model: 'gpt-5.5', messages: [{ role: 'user', content: 'Hello' }], max_completion_tokens: 100 } as never,
  });

export type ChatRequest = z.infer<typeof ChatBody>;

export type ChatMessage = ChatRequest['messages'][number];

export function parseChatRequest(body: JsonBody): { request: ChatRequest } | { refusal: Refusal } {
  const parsed = ChatBody.safeParse(body.json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue?.path;
    const field = unknown?.map(String).join('.') ?? null;
    return refuse(field, `${field || 'The body'} is not valid: ${issue?.message ?? 'malformed'}.`);
  }
  const request = parsed.data;
  if (request.max_tokens != null && request.max_completion_tokens != null) {
    return refuse('max_tokens', 'Give max_completion_tokens or max_tokens, not both.');
  }
  if (request.stream_options != null && request.stream !== true) {
    return refuse('stream_options', 'stream_options is only allowed when stream is true.');
  }
  return { request };
}

/** A refusal that names a field of the request; also for what only the model's row can tell. */
export function refuse(field: string | null, message: string): { refusal: Refusal } {
  return { refusal: { kind: 'bad_request', field, message } };
}

/** All text of a message that a model reads, parts joined. */
export function messageText(message: ChatMessage): string {
  const { content } = message;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (typeof part.text === 'string' ? part.text : '')).join(' ');
}
