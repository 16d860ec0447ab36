/**
 * POST /v1/responses: what Purser must understand of a request to bound its cost, and what it refuses because it would
 * reach into the provider's account, which all organizations of a deployment share. Everything else passes to the provider
 * as it came, unknown fields included.
 *
 * A conversation goes on by `previous_response_id` or by naming its items (route.ts puts either into `input` before this reads it),
 * or by sending them again. Nothing that only the provider keeps can be named: its stored responses and conversations, stored
 * prompts, files, containers.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { DemoField } from '../demo-field.ts';
import { imageAt, UNKNOWN_MEDIUM } from '../media.ts';
import { belongsElsewhere } from '../other-protocol.ts';
import type { Asked, Json, Media, Understood } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { parseBody, refuseField } from '../request-body.ts';
import { isPricedTier } from '../service-tier.ts';
import { foreignItem, unpricedTool } from './items.ts';
import { malformed } from './malformed.ts';
import { isProviderTool, providerToolsOf, unboundedBecause } from './provider-tools.ts';

const Item = z.looseObject({});

export const ResponsesBody = z
  .looseObject({
    model: z.string().min(1).max(LIMITS.modelLengthMax),
    input: z.union([z.string(), z.array(Item).min(1)]),
    instructions: z.string().nullish(),
    stream: z.boolean().nullish(),
    store: z.boolean().nullish(),
    previous_response_id: z.string().max(LIMITS.idLengthMax).nullish(),
    max_output_tokens: z.int().positive().nullish(),
    max_tool_calls: z.int().positive().max(LIMITS.toolUsesMax).nullish(),
    tools: z.array(z.looseObject({ type: z.string() })).nullish(),
    include: z.array(z.string()).nullish(),
    text: z.looseObject({}).nullish(),
    reasoning: z.looseObject({}).nullish(),
    demo: DemoField.optional(),
  })
  .openapi('ResponsesBody', {
    example: { model: 'gpt-5.5', input: 'Hello', max_output_tokens: 100 } as never,
  });

type ResponsesRequest = z.infer<typeof ResponsesBody>;

/** Of a request itself; each would name, or leave behind, something in the provider's account. */
const KEPT_AT_PROVIDER: readonly (readonly [field: string, instead: string])[] = [
  ['conversation', 'Conversations are not kept here: go on by previous_response_id, or send all items again.'],
  ['prompt', 'Stored prompts are not served here: send instructions and input.'],
];

export function askResponse(json: Json): Understood<Asked> {
  const elsewhere = belongsElsewhere(json, 'responses');
  if (elsewhere !== null) return refuseField('input', elsewhere);
  const parsed = parseBody(ResponsesBody, json);
  if ('refusal' in parsed) return parsed;
  const request = parsed.understood;
  for (const [field, instead] of KEPT_AT_PROVIDER) if (request[field] != null) return refuseField(field, instead);
  if (request.background === true) return refuseField('background', 'Answers in the background are not served here.');
  const cacheOptions = request.prompt_cache_options;
  if (isObject(cacheOptions) && cacheOptions.comparison_response_id != null) {
    return refuseField(
      'prompt_cache_options.comparison_response_id',
      'Stored responses of the provider cannot be named.',
    );
  }
  const items = typeof request.input === 'string' ? [] : request.input;
  for (const [position, item] of items.entries()) {
    const why = foreignItem(item);
    if (why !== null) return refuseField(`input.${position}`, why);
  }
  return malformed(items, request.tools) ?? { understood: asked(json, request, items) };
}

function asked(json: Json, request: ResponsesRequest, items: Json[]): Asked {
  const { model, max_output_tokens: cap, max_tool_calls: callsMax, tools } = request;
  const providerTools = tools ? providerToolsOf(tools, callsMax ?? null) : null;
  const unpriced = unpricedField(request, items);
  return {
    json,
    model,
    streamed: request.stream === true,
    wantsUsage: true,
    choices: 1,
    cap: cap == null ? null : { tokens: cap, field: 'max_output_tokens' },
    items: Math.max(1, items.length),
    media: items.flatMap(mediaOf),
    messageTexts: () => messageTexts(request, items),
    mayShrink: request.truncation === 'auto' || request.context_management != null,
    toolsText: () => (tools?.length ? JSON.stringify(tools) : ''),
    lastUserText: () => lastUserText(request),
    reasoning: reasoningOf(request),
    // What it makes of the context, when that grows too long, is sealed.
    hidesOutput: request.context_management != null,
    unpriced: unpriced?.field ?? null,
    ...(unpriced?.because !== undefined && { unpricedBecause: unpriced.because }),
    ...(providerTools && { providerTools }),
    demo: request.demo ?? null,
  };
}

function reasoningOf({ reasoning }: ResponsesRequest): Asked['reasoning'] {
  if (reasoning == null) return null;
  return fieldsOf(reasoning).effort === 'none' ? 'off' : 'on';
}

/** A dearer tier, or tools that the provider runs itself: none of them but where all of them are offered is bounded. */
function unpricedField(
  { service_tier, tools }: ResponsesRequest,
  items: Json[],
): { field: string; because?: string | undefined } | null {
  if (!isPricedTier(service_tier)) return { field: 'service_tier' };
  const found = (tools ?? []).findIndex((tool) => !isProviderTool(tool) && unpricedTool(tool));
  if (found >= 0) return { field: `tools.${found}`, because: unboundedBecause(tools?.[found]?.type) };
  const position = items.findIndex((item) => Array.isArray(item.tools) && item.tools.some(unpricedTool));
  return position < 0 ? null : { field: `input.${position}.tools` };
}

/** Parts that a model reads as text. */
const TEXT_PARTS: ReadonlySet<unknown> = new Set([
  'text',
  'input_text',
  'output_text',
  'refusal',
  'summary_text',
  'reasoning_text',
]);

function mediaOf({ type, content, output }: Json): Media[] {
  const parts = [content, output].flatMap((said) => (Array.isArray(said) ? said : []));
  // What a shell wrote has no type, and is text.
  return parts
    .map(fieldsOf)
    .flatMap((part) => (type === 'shell_call_output' && part.type == null ? [] : mediumOf(part)));
}

function mediumOf({ type, image_url, input_audio, file_data }: Json): Media[] {
  if (type === 'input_image') return [imageAt(image_url)];
  if (type === 'input_file') return [{ ...UNKNOWN_MEDIUM, embeddedBytes: lengthOf(file_data) }];
  if (type === 'input_audio') return [{ kind: 'audio', embeddedBytes: lengthOf(fieldsOf(input_audio).data) }];
  return TEXT_PARTS.has(type) ? [] : [UNKNOWN_MEDIUM];
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}

function messageTexts({ instructions, input }: ResponsesRequest, items: Json[]): string[] {
  const texts = typeof input === 'string' ? [input] : items.map(textOf);
  return instructions ? [instructions, ...texts] : texts;
}

/** All text of an item that a model reads. */
function textOf(item: Json): string {
  const { content, output, name, arguments: json, input } = item;
  return [content, output, name, json, input].map(said).filter(Boolean).join(' ');
}

function said(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value
    .filter(isObject)
    .map(({ text, refusal }) => (typeof text === 'string' ? text : typeof refusal === 'string' ? refusal : ''))
    .join(' ');
}

function lastUserText({ input }: ResponsesRequest): string {
  if (typeof input === 'string') return input;
  const last = input.findLast(({ role }) => role === 'user');
  return last ? said(last.content) : '';
}
