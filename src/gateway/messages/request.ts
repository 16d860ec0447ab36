/**
 * POST /v1/messages: what Purser must understand of a request to bound its cost. Everything else passes to the provider as it
 * came, unknown fields included.
 *
 * Refused are what the provider bills apart, or reads beyond the body (`unpriced`: its input could not be bounded), and what
 * it keeps in its own files, because all members share the one account there.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { isBase64 } from '../base64.ts';
import { DemoField } from '../demo-field.ts';
import { UNKNOWN_MEDIUM } from '../media.ts';
import { belongsElsewhere } from '../other-protocol.ts';
import type { Asked, Json, Media, Understood } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { parseBody, refuseField } from '../request-body.ts';
import { isPricedTier } from '../service-tier.ts';
import { badCap, isBounded, providerToolsOf, unboundedBecause } from './provider-tools.ts';

const Block = z.looseObject({ type: z.string() });

const Content = z.union([z.string(), z.array(Block)]);

const Tool = z.looseObject({ type: z.string().nullish(), name: z.string().min(1).optional() });

/** Counting takes the same, save the cap. */
export const CountBody = z
  .looseObject({
    model: z.string().min(1).max(LIMITS.modelLengthMax),
    messages: z.array(z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content: Content })).min(1),
    system: Content.nullish(),
    tools: z.array(Tool).nullish(),
    thinking: z.looseObject({ type: z.string(), budget_tokens: z.int().nullish() }).nullish(),
  })
  .openapi('CountTokensBody', {
    example: { model: 'claude-sonnet-5', messages: [{ role: 'user', content: 'Hello' }] } as never,
  });

export const MessagesBody = CountBody.extend({
  /** 0 fills the provider's cache and makes nothing. */
  max_tokens: z.int().nonnegative(),
  stream: z.boolean().nullish(),
  demo: DemoField.optional(),
}).openapi('MessagesBody', {
  example: { model: 'claude-sonnet-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] } as never,
});

type MessagesRequest = z.infer<typeof MessagesBody>;

/** Anthropic refuses a smaller `budget_tokens`, and one that is not below `max_tokens`. */
export const THINKING_TOKENS_MIN = 1_024;

export function askMessages(json: Json): Understood<Asked> {
  const elsewhere = belongsElsewhere(json, 'messages');
  if (elsewhere !== null) return refuseField(null, elsewhere);
  const parsed = parseBody(MessagesBody, json);
  if ('refusal' in parsed) return parsed;
  const request = parsed.understood;
  const refused = refusedBlock(json) ?? refusedTool(request);
  if (refused) return refuseField(refused.field, refused.message);
  const { max_tokens, messages, system, tools, thinking, demo } = request;
  const providerTools = tools ? providerToolsOf(json, tools) : null;
  const unpriced = unpricedField(request);
  return {
    understood: {
      json,
      model: request.model,
      streamed: request.stream === true,
      wantsUsage: true,
      choices: 1,
      cap: { tokens: max_tokens, field: 'max_tokens' },
      ...(thinking?.type === 'enabled' && { capMin: THINKING_TOKENS_MIN + 1 }),
      items: messages.length + (tools?.length ?? 0),
      media: [...blocksOf(json)].flatMap(({ block }) => mediaOf(block)),
      messageTexts: () => [system, ...messages.map(({ content }) => content)].map(textIn),
      mayShrink: request.context_management != null || messages.some(hasThoughts),
      toolsText: () => (tools ? JSON.stringify(tools) : ''),
      lastUserText: () => textOfUser(messages.findLast(({ role }) => role === 'user')?.content),
      reasoning: thinking == null ? null : thinking.type === 'disabled' ? 'off' : 'on',
      hidesOutput: false,
      unpriced: unpriced?.field ?? null,
      ...(unpriced?.because !== undefined && { unpricedBecause: unpriced.because }),
      ...(providerTools && { providerTools }),
      demo: demo ?? null,
    },
  };
}

/** Of which the model reads those of its last turn, and not every model the others. */
function hasThoughts({ content }: MessagesRequest['messages'][number]): boolean {
  return Array.isArray(content) && content.some(({ type }) => type === 'thinking');
}

/** What of a request is not read as text. */
const NOT_TEXT: ReadonlySet<string> = new Set([
  'type',
  'cache_control',
  'signature',
  'id',
  'tool_use_id',
  'media_type',
]);

/** All text that a model reads in a value, however deep; of sources, only that of plain documents. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null) return;
  const isSealed = 'data' in value && !('type' in value && value.type === 'text');
  for (const [name, part] of Object.entries(value)) {
    if (!NOT_TEXT.has(name) && !(isSealed && name === 'data')) yield* textsIn(part);
  }
}

function textIn(value: unknown): string {
  return [...textsIn(value)].join(' ');
}

function textOfUser(content: MessagesRequest['messages'][number]['content'] | undefined): string {
  if (!Array.isArray(content)) return content ?? '';
  return content.map(({ text }) => (typeof text === 'string' ? text : '')).join(' ');
}

/** Every block, also those in results of tools and in documents, with its place. */
function* blocksOf({ system, messages }: Json): Generator<{ block: Json; path: string }> {
  yield* blocksIn(system, 'system');
  if (!Array.isArray(messages)) return;
  for (const [i, message] of messages.entries()) yield* blocksIn(fieldsOf(message).content, `messages.${i}.content`);
}

function* blocksIn(content: unknown, path: string): Generator<{ block: Json; path: string }> {
  // What a page that was fetched holds is one block, and no list.
  if (isObject(content)) yield* blocksIn([content], path);
  if (!Array.isArray(content)) return;
  for (const [i, value] of content.entries()) {
    const block = fieldsOf(value);
    yield { block, path: `${path}.${i}` };
    yield* blocksIn(block.content, `${path}.${i}.content`);
    yield* blocksIn(fieldsOf(block.source).content, `${path}.${i}.source.content`);
  }
}

/** Blocks that a model reads as text, or that only hold such and media, which are asked about by themselves. */
const TEXT_BLOCKS: ReadonlySet<unknown> = new Set([
  'text',
  'thinking',
  'redacted_thinking',
  'connector_text',
  'search_result',
  'tool_use',
  'tool_result',
  'tool_reference',
  'tool_addition',
  'tool_removal',
  'compaction',
  'server_tool_use',
  'mcp_tool_use',
  'mcp_tool_result',
  'web_search_result',
  'web_search_tool_result',
  'web_search_tool_result_error',
  'web_fetch_result',
  'web_fetch_tool_result',
  'web_fetch_tool_result_error',
  'tool_search_tool_result',
  'tool_search_tool_result_error',
  'tool_search_tool_search_result',
]);

function mediaOf({ type, source }: Json): Media[] {
  const { type: kind, data, media_type } = fieldsOf(source);
  const embeddedBytes = kind === 'base64' && typeof data === 'string' ? data.length : 0;
  const isImage = type === 'image' && !(kind === 'base64' && !/^image\//i.test(String(media_type)));
  if (isImage) return [{ kind: 'image', embeddedBytes }];
  // Other documents are text, and count as such.
  if (TEXT_BLOCKS.has(type) || (type === 'document' && (kind === 'text' || kind === 'content'))) return [];
  return [{ ...UNKNOWN_MEDIUM, embeddedBytes }];
}

interface Refused {
  field: string;
  message: string;
}

const SHARED =
  "is kept in the provider's account, which everybody here shares. Send the content itself, or a link to it.";

const IN_TOOLS = 'a tool that the provider runs, which only tools can bound: declare it there, and name it here.';

/** Whether a block brings a tool into the conversation that the client does not run itself (beta `inline-tools`). */
function definesProviderTool(block: Json): boolean {
  if (block.type !== 'tool_addition' && block.type !== 'compaction') return false;
  const changes = block.type === 'compaction' ? block.tool_changes : [block];
  return (
    Array.isArray(changes) &&
    changes.some((change) => {
      const { definition } = fieldsOf(fieldsOf(change).tool);
      return definition != null && !isClientTool(fieldsOf(definition).type);
    })
  );
}

function refusedBlock(json: Json): Refused | null {
  for (const { block, path } of blocksOf(json)) {
    if (block.type === 'container_upload') return { field: path, message: `${path} ${SHARED}` };
    if (definesProviderTool(block)) return { field: path, message: `${path} defines ${IN_TOOLS}` };
    const { type, data } = fieldsOf(block.source);
    const field = `${path}.source`;
    if (type === 'file') return { field, message: `${field} ${SHARED}` };
    if (type !== 'base64') continue;
    if (typeof data !== 'string' || !isBase64(data)) {
      return { field: `${field}.data`, message: `${field}.data is not valid base64.` };
    }
  }
  return null;
}

/** Toolsets bring the names of their tools with them. */
const NAMELESS = /toolset/;

function refusedTool({ tools }: MessagesRequest): Refused | null {
  const field = badCap(tools ?? []);
  if (field !== null) {
    return { field, message: `${field} must be a whole number from 1 to ${LIMITS.toolUsesMax}.` };
  }
  const nameless = tools?.findIndex(({ name, type }) => name === undefined && !NAMELESS.test(type ?? '')) ?? -1;
  if (nameless < 0) return null;
  return { field: `tools.${nameless}.name`, message: `tools.${nameless}.name is missing: every tool needs a name.` };
}

/** Tools of Anthropic's own making that the client runs: nothing is billed for them but tokens. */
const CLIENT_TOOL = /^(bash|text_editor|computer|memory|browser_toolset|computer_toolset)_\d{8}$/;

/**
 * Each makes the provider call tools, other models or itself, read what is not in the body, or charge another rate: `fallbacks`
 * may be served by a dearer model, a `container` may hold what another member has put there, a `thread` continues what is not
 * in the body.
 */
const UNPRICED_FIELDS = [
  'mcp_servers',
  'container',
  'fallbacks',
  'fallback_credit_token',
  'billing_policy',
  'compaction',
  'thread',
] as const;

function unpricedField(request: MessagesRequest): { field: string; because?: string | undefined } | null {
  const tool = request.tools?.find((offered) => !isClientTool(offered.type) && !isBounded(offered));
  if (tool) return { field: `tools.${tool.type}`, because: unboundedBecause(tool) };
  const field = UNPRICED_FIELDS.find((name) => request[name] != null);
  if (field) return { field };
  if (!isPricedTier(request.service_tier)) return { field: 'service_tier' };
  if (request.speed != null && request.speed !== 'standard') return { field: 'speed' };
  // 1.1 times the price, where it is not the default (https://platform.claude.com/docs/en/about-claude/pricing).
  if (request.inference_geo != null && request.inference_geo !== 'global') return { field: 'inference_geo' };
  return editsByModel(request.context_management) ? { field: 'context_management' } : null;
}

/** A tool of the caller's own has no type, or `custom`. */
function isClientTool(type: unknown): boolean {
  return type == null || type === 'custom' || (typeof type === 'string' && CLIENT_TOOL.test(type));
}

/** Clearing costs nothing; other edits (compaction) are further calls of the model. */
function editsByModel(management: unknown): boolean {
  if (management == null) return false;
  const { edits = [] } = fieldsOf(management);
  const clears = (edit: unknown) => isObject(edit) && typeof edit.type === 'string' && edit.type.startsWith('clear_');
  return !Array.isArray(edits) || !edits.every(clears);
}
