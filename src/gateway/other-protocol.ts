/**
 * A body that was sent to the wrong endpoint: which one it belongs to, as far as it shows.
 *
 * Conversations are named `contents` by Gemini, `input` by Responses and `messages` by two protocols, which are told apart by
 * what only one of them has. Whatever has what its endpoint needs, and no mark of another, belongs where it was sent: fields
 * that nobody knows here are the provider's affair.
 */
import type { Json, ProtocolId } from './protocol.ts';
import { fieldsOf } from './reported.ts';

const ENDPOINTS: Record<ProtocolId, string> = {
  chat: "of OpenAI's Chat Completions: send it to POST /v1/chat/completions",
  messages: "of Anthropic's Messages: send it to POST /v1/messages",
  responses: "of OpenAI's Responses: send it to POST /v1/responses",
  gemini: 'of the Gemini API: send it to POST /v1beta/models/{model}:generateContent',
};

/** The field in which each protocol has the conversation. */
export const CONVERSATION: Record<ProtocolId, string> = {
  chat: 'messages',
  messages: 'messages',
  responses: 'input',
  gemini: 'contents',
};

/** Says where the body belongs, for a refusal; null where it may belong to `protocol`. */
export function belongsElsewhere(json: Json, protocol: ProtocolId): string | null {
  const other = CONVERSATION[protocol] in json ? otherOfMessages(json, protocol) : ownerOf(json);
  return other === protocol ? null : belongsTo(other);
}

/** The same for a body that a surface beside conversations cannot read, where it is one of a conversation. */
export function conversationIn(json: Json): string | null {
  return 'messages' in json || 'contents' in json ? belongsTo(ownerOf(json)) : null;
}

function belongsTo(owner: ProtocolId | null): string | null {
  return owner && `This body is one ${ENDPOINTS[owner]}.`;
}

function ownerOf(json: Json): ProtocolId | null {
  if ('contents' in json) return 'gemini';
  if ('messages' in json) return marksOf(json)[0] ?? 'chat';
  return 'input' in json ? 'responses' : null;
}

/** Which of the two that have `messages` it is, where it shows nothing of its own and something of the other. */
function otherOfMessages(json: Json, protocol: ProtocolId): ProtocolId | null {
  if (CONVERSATION[protocol] !== 'messages') return null;
  const marks = marksOf(json);
  return marks.includes(protocol) ? null : (marks[0] ?? null);
}

const CHAT_ROLES: ReadonlySet<unknown> = new Set(['developer', 'tool', 'function']);
const CHAT_PARTS: ReadonlySet<unknown> = new Set(['image_url', 'input_audio', 'file', 'refusal']);
/** Not `thinking`, which Mistral's chat has too. */
const MESSAGES_PARTS: ReadonlySet<unknown> = new Set([
  'tool_use',
  'tool_result',
  'redacted_thinking',
  'image',
  'document',
]);

/** The protocols of which the body has what no other has. */
function marksOf(json: Json): ProtocolId[] {
  const messages = listOf(json.messages);
  const parts = messages.flatMap(({ content }) => listOf(content));
  const tools = listOf(json.tools);
  const chat =
    messages.some(({ role, tool_calls }) => CHAT_ROLES.has(role) || tool_calls !== undefined) ||
    parts.some(({ type }) => CHAT_PARTS.has(type)) ||
    tools.some((tool) => 'function' in tool) ||
    'max_completion_tokens' in json ||
    'response_format' in json;
  const anthropic =
    parts.some(({ type }) => MESSAGES_PARTS.has(type)) ||
    tools.some((tool) => 'input_schema' in tool) ||
    'stop_sequences' in json ||
    'system' in json;
  return [...(chat ? (['chat'] as const) : []), ...(anthropic ? (['messages'] as const) : [])];
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}
