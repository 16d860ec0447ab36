/** What clients and providers of Chat Completions really send, written by hand after their documentation. */
import type { Json } from '../../../src/gateway/protocol.ts';

/** A chunk of a stream with one choice. */
export function chunk(delta: Json, choice: Json = {}): Json {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'upstream-model',
    choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  };
}

export const ended = (reason: string, choice: Json = {}): Json => chunk({}, { finish_reason: reason, ...choice });

/** A piece of a tool call: the first names it, later ones go on. */
export function call(index: number, piece: { id?: string; name?: string; json?: string }): Json {
  const { id, name, json } = piece;
  return {
    index,
    ...(id !== undefined && { id, type: 'function' }),
    function: { ...(name !== undefined && { name }), ...(json !== undefined && { arguments: json }) },
  };
}

export const calls = (...pieces: Json[]): Json => chunk({ tool_calls: pieces });

/** DeepSeek: text of the reasoning beside an empty content, and its own words for the cache. */
export const DEEPSEEK = [
  chunk({ role: 'assistant', content: null, reasoning_content: '' }),
  chunk({ content: null, reasoning_content: 'Two and ' }),
  chunk({ content: null, reasoning_content: 'two.' }),
  chunk({ content: 'Four', reasoning_content: null }),
  {
    ...ended('stop', { delta: { content: '', reasoning_content: null } }),
    usage: {
      prompt_tokens: 9,
      completion_tokens: 7,
      total_tokens: 16,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 5 },
      prompt_cache_hit_tokens: 4,
      prompt_cache_miss_tokens: 5,
    },
  },
];

/** OpenRouter before Anthropic: each piece twice, the signature with the last, the format with all. */
export const OPENROUTER = [
  ['Let me ', undefined],
  ['see.', undefined],
  ['', 'c2lnbmVk'],
].map(([text, signature]) =>
  chunk({
    role: 'assistant',
    content: '',
    reasoning: text === '' ? null : text,
    reasoning_details: [
      {
        type: 'reasoning.text',
        format: 'anthropic-claude-v1',
        index: 0,
        ...(signature === undefined ? { text } : { signature }),
      },
    ],
  }),
);

/** Mistral's Magistral: the content in parts, the thinking one of them. */
export const MISTRAL = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Two and two.' }] }] }),
  chunk({ content: [{ type: 'text', text: 'Fo' }] }),
  chunk({ content: 'ur' }),
  ended('stop'),
];
