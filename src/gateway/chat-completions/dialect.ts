/**
 * What providers that speak Chat Completions understand beyond OpenAI's own protocol. OpenAI refuses fields that it does not
 * know; the others either have their own, or take what has become usual.
 */
import type { Mapping } from '../../models/catalogue.ts';

export interface Dialect {
  /** How an assistant's message says what it thought: a field, Mistral's parts of the content, or not at all: then it is left out. */
  reasoning: 'reasoning_content' | 'reasoning' | 'thinking_parts' | null;
  /** Takes sealed reasoning back (reasoning.ts), whoever sealed it. */
  sealedReasoning: boolean;
  /** Takes Gemini's signature back with a tool call, as Google's own endpoint of this protocol does. */
  sealedCalls: boolean;
  /** Takes `cache_control` on parts and tools. Elsewhere a mark is left out: providers without it cache as they see fit. */
  cacheMarks: boolean;
  topK: boolean;
  /** Takes images and files in the result of a tool. */
  toolResultMedia: boolean;
  /** Takes `reasoning: {effort, max_tokens, exclude}`; others take `reasoning_effort` alone. */
  reasoningObject: boolean;
  /** Takes a web address where a file's bytes would be. */
  fileUrls: boolean;
}

const OPENAI: Dialect = {
  reasoning: null,
  sealedReasoning: false,
  sealedCalls: false,
  cacheMarks: false,
  topK: false,
  toolResultMedia: false,
  reasoningObject: false,
  fileUrls: false,
};

/** DeepSeek, vLLM, SGLang, LiteLLM and whatever else an organization calls its own. */
const COMPATIBLE: Dialect = {
  ...OPENAI,
  reasoning: 'reasoning_content',
  sealedCalls: true,
  topK: true,
  toolResultMedia: true,
};

/** openrouter.ai/docs: reasoning tokens, prompt caching, PDF inputs. */
const OPENROUTER: Dialect = {
  reasoning: 'reasoning',
  sealedReasoning: true,
  sealedCalls: true,
  cacheMarks: true,
  topK: true,
  toolResultMedia: true,
  reasoningObject: true,
  fileUrls: true,
};

const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ['openai', OPENAI],
  ['azure', OPENAI],
  ['groq', { ...OPENAI, reasoning: 'reasoning' }],
  ['cerebras', { ...OPENAI, reasoning: 'reasoning' }],
  ['mistral', { ...OPENAI, reasoning: 'thinking_parts' }],
  ['openrouter', OPENROUTER],
]);

export function dialectOf({ provider }: Mapping): Dialect {
  return DIALECTS.get(provider) ?? COMPATIBLE;
}
