/**
 * What one conversation protocol can say and another can't: refused, in the words of whoever asked.
 *
 * A writer (`Translator.writeRequest`) that finds something in a neutral request which its protocol has no counterpart for
 * answers `lacks(its own id, word)`. It knows neither the client's protocol nor how that spells the word; `inWordsOf`, called
 * where the two are joined (exchange.ts), says it as the client does, so that the field named is one that was sent.
 */
import type { ProtocolId } from './protocol.ts';
import type { Refusal } from './refusals.ts';

const PROTOCOLS: Record<ProtocolId, string> = {
  chat: "OpenAI's Chat Completions",
  messages: "Anthropic's Messages",
  responses: "OpenAI's Responses",
  gemini: "Google's Gemini API",
};

/** Each word of the neutral form that some protocol lacks, and what the others call it. */
const WORDS = {
  temperature: spelled('temperature', 'temperature', 'temperature', 'generationConfig.temperature'),
  topP: spelled('top_p', 'top_p', 'top_p', 'generationConfig.topP'),
  topK: spelled('top_k', 'top_k', 'top_k', 'generationConfig.topK'),
  stop: spelled('stop', 'stop_sequences', 'stop', 'generationConfig.stopSequences'),
  seed: spelled('seed', 'seed', 'seed', 'generationConfig.seed'),
  presencePenalty: spelled(
    'presence_penalty',
    'presence_penalty',
    'presence_penalty',
    'generationConfig.presencePenalty',
  ),
  frequencyPenalty: spelled(
    'frequency_penalty',
    'frequency_penalty',
    'frequency_penalty',
    'generationConfig.frequencyPenalty',
  ),
  choices: spelled('n', 'n', 'n', 'generationConfig.candidateCount'),
  format: spelled('response_format', 'output_config.format', 'text.format', 'generationConfig.responseMimeType'),
  reasoning: spelled('reasoning_effort', 'thinking', 'reasoning', 'generationConfig.thinkingConfig'),
  verbosity: spelled('verbosity', 'verbosity', 'text.verbosity', 'verbosity'),
  endUser: spelled('user', 'metadata.user_id', 'user', 'labels'),
  tools: spelled('tools', 'tools', 'tools', 'tools'),
  toolChoice: spelled('tool_choice', 'tool_choice', 'tool_choice', 'toolConfig'),
  parallelToolCalls: spelled(
    'parallel_tool_calls',
    'tool_choice.disable_parallel_tool_use',
    'parallel_tool_calls',
    'toolConfig',
  ),
  strict: spelled('strict', 'strict', 'strict', 'strict'),
  system: spelled('system', 'system', 'instructions', 'systemInstruction'),
  /** The conversation itself. */
  messages: spelled('messages', 'messages', 'input', 'contents'),
  /** What a tool is called with. */
  toolInput: spelled('tool_calls.function.arguments', 'tool_use.input', 'function_call.arguments', 'functionCall.args'),
  image: spelled('image_url', 'image', 'input_image', 'inlineData'),
  /** How closely it is looked at. */
  imageDetail: spelled('image_url.detail', 'detail', 'input_image.detail', 'mediaResolution'),
  /** An image by its URL, where the protocol takes the bytes alone. */
  imageUrl: spelled('image_url', 'image', 'input_image', 'fileData'),
  document: spelled('file', 'document', 'input_file', 'inlineData'),
  documentUrl: spelled('file', 'document', 'input_file', 'fileData'),
  audio: spelled('input_audio', 'audio', 'input_audio', 'inlineData'),
  audioUrl: spelled('input_audio', 'audio', 'input_audio', 'fileData'),
  /** What a model thought in an earlier turn. */
  reasoningPart: spelled('reasoning_content', 'thinking', 'reasoning', 'thought'),
  refusal: spelled('refusal', 'refusal', 'refusal', 'refusal'),
  /** Something in the result of a tool that is no text. */
  toolResult: spelled('tool', 'tool_result', 'function_call_output', 'functionResponse'),
  toolError: spelled('tool', 'is_error', 'function_call_output', 'functionResponse'),
} as const satisfies Record<string, Record<ProtocolId, string>>;

export type Word = keyof typeof WORDS;

function spelled(chat: string, messages: string, responses: string, gemini: string): Record<ProtocolId, string> {
  return { chat, messages, responses, gemini };
}

/** `protocol` has no counterpart for `word`. */
export function lacks(protocol: ProtocolId, word: Word): { refusal: Refusal } {
  return { refusal: { kind: 'bad_request', field: word, message: messageOf(word, PROTOCOLS[protocol]) } };
}

/** A writer's refusal as the client's protocol spells it; every other refusal as it is. */
export function inWordsOf(client: ProtocolId, refusal: Refusal): Refusal {
  if (refusal.kind !== 'bad_request' || refusal.field === null || !Object.hasOwn(WORDS, refusal.field)) return refusal;
  const word = refusal.field as Word;
  const field = WORDS[word][client];
  return { ...refusal, field, message: refusal.message.replace(word, field) };
}

function messageOf(field: string, protocol: string): string {
  return `${field}: ${protocol}, which the provider of this model speaks, has no counterpart for this.`;
}
