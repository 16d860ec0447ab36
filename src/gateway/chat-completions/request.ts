/**
 * POST /v1/chat/completions: what Purser must understand of a request to bound its cost. Everything else passes to the
 * provider as it came, unknown fields included.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { DemoField } from '../demo-field.ts';
import { nameWithin } from '../kept-at-provider.ts';
import { imageAt, UNKNOWN_MEDIUM } from '../media.ts';
import { belongsElsewhere } from '../other-protocol.ts';
import type { Asked, Json, Media, Understood } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { parseBody, refuseField } from '../request-body.ts';
import { isPricedTier } from '../service-tier.ts';
import { malformed } from './malformed.ts';
import { unboundedField } from './unbounded.ts';

const tokens = z.int().positive();

const Part = z.looseObject({ type: z.string() });

const Message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(Part)]).nullish(),
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
    demo: DemoField.optional(),
  })
  .openapi('ChatCompletionBody', {
    example: { model: 'gpt-5.5', messages: [{ role: 'user', content: 'Hello' }], max_completion_tokens: 100 } as never,
  });

type ChatRequest = z.infer<typeof ChatBody>;

type ChatMessage = ChatRequest['messages'][number];

export function askChat(json: Json): Understood<Asked> {
  const elsewhere = belongsElsewhere(json, 'chat');
  if (elsewhere !== null) return refuseField(null, elsewhere);
  const parsed = parseBody(ChatBody, json);
  if ('refusal' in parsed) return parsed;
  const request = parsed.understood;
  const wrong = malformed(request);
  if (wrong) return wrong;
  if (request.max_tokens != null && request.max_completion_tokens != null) {
    return refuseField('max_tokens', 'Give max_completion_tokens or max_tokens, not both.');
  }
  if (request.stream_options != null && request.stream !== true) {
    return refuseField('stream_options', 'stream_options is only allowed when stream is true.');
  }
  const { messages, tools } = request;
  const unpriced = unpricedField(request);
  return {
    understood: {
      json,
      model: request.model,
      streamed: request.stream === true,
      wantsUsage: request.stream_options?.include_usage === true,
      choices: request.n ?? 1,
      cap: capOf(request),
      capMin: capMinOf(request),
      items: messages.length,
      media: messages.flatMap(mediaOf),
      messageTexts: () => messages.map(textOf),
      // OpenRouter's `middle-out`.
      mayShrink: Array.isArray(request.transforms) && request.transforms.length > 0,
      toolsText: () => (tools ? JSON.stringify(tools) : ''),
      lastUserText: () => textOf(messages.findLast(({ role }) => role === 'user')),
      reasoning: reasoningOf(request),
      hidesOutput: hidesOutput(request),
      unpriced: unpriced?.field ?? null,
      ...(unpriced?.because !== undefined && { unpricedBecause: unpriced.because }),
      kept: keptField(request),
      demo: request.demo ?? null,
    },
  };
}

function capOf({ max_completion_tokens, max_tokens }: ChatRequest): Asked['cap'] {
  if (max_completion_tokens != null) return { tokens: max_completion_tokens, field: 'max_completion_tokens' };
  return max_tokens == null ? null : { tokens: max_tokens, field: 'max_tokens' };
}

/** Reasoning is part of the output, and OpenRouter refuses a cap that leaves nothing beside what it is given to reason. */
function capMinOf({ reasoning }: ChatRequest): number {
  const { max_tokens: thought } = fieldsOf(reasoning);
  return typeof thought === 'number' && Number.isSafeInteger(thought) && thought > 0 ? thought + 1 : 0;
}

/** Tools that the caller runs. What else may stand in their place (Groq's, OpenRouter's) the provider runs, for a fee of its own. */
const CALLERS_TOOLS: ReadonlySet<unknown> = new Set([undefined, null, 'function', 'custom']);

function unpricedField(request: ChatRequest): ReturnType<typeof unboundedField> {
  const unbounded = unboundedField(request);
  if (unbounded) return unbounded;
  const tool = request.tools?.findIndex(({ type }) => !CALLERS_TOOLS.has(type)) ?? -1;
  if (tool >= 0) return { field: `tools.${tool}` };
  return isPricedTier(request.service_tier) ? null : { field: 'service_tier' };
}

/** A file, or sound that an earlier answer was made of; or that this one is to be kept. */
function keptField({ messages, store }: ChatRequest): string | null {
  if (store != null && store !== false) return 'store';
  for (const [position, { content, audio }] of messages.entries()) {
    if (fieldsOf(audio).id != null) return `messages.${position}.audio.id`;
    const part = Array.isArray(content) ? content.findIndex((said) => nameWithin(said) !== null) : -1;
    if (part >= 0) return `messages.${position}.content.${part}`;
  }
  return null;
}

/** By OpenAI's word alone, it is off: what OpenRouter's `reasoning` adds to it may be more. */
function reasoningOf({ reasoning_effort, reasoning }: ChatRequest): Asked['reasoning'] {
  if (reasoning != null) return 'on';
  if (reasoning_effort == null) return null;
  return reasoning_effort === 'none' ? 'off' : 'on';
}

/** What the model rejects of a prediction is billed; and of what is not text, its bytes do not tell what it is billed at. */
function hidesOutput({ modalities, prediction }: ChatRequest): boolean {
  return prediction != null || (modalities ?? []).some((modality) => modality !== 'text');
}

/** Parts that a model reads as text, by whichever provider's name. */
const TEXT_PARTS: ReadonlySet<string> = new Set([
  'text',
  'refusal',
  'thinking',
  'reference',
  'input_text',
  'output_text',
]);

/** `images`: those that OpenRouter's models made, given back. */
function mediaOf({ content, images }: ChatMessage): Media[] {
  return [content, images].flatMap((parts) => (Array.isArray(parts) ? parts.flatMap(mediumOf) : []));
}

function mediumOf(part: unknown): Media[] {
  const { type, image_url, input_audio, thinking } = fieldsOf(part);
  if (type === 'image_url') return [imageAt(isObject(image_url) ? image_url.url : image_url)];
  if (type === 'input_audio') return [recordingIn(input_audio)];
  if (typeof type !== 'string' || !TEXT_PARTS.has(type)) return [UNKNOWN_MEDIUM];
  return Array.isArray(thinking) ? thinking.flatMap(mediumOf) : [];
}

function recordingIn(audio: unknown): Media {
  const { data } = fieldsOf(audio);
  return typeof data === 'string' ? { kind: 'audio', embeddedBytes: data.length } : UNKNOWN_MEDIUM;
}

/** All text of a message that a model reads, parts joined. */
function textOf(message: ChatMessage | undefined): string {
  const content = message?.content;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (typeof part.text === 'string' ? part.text : '')).join(' ');
}
