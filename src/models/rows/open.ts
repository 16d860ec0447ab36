/** Models that are served by many, and the providers that serve them in OpenAI's protocol; Amazon's own on Bedrock. */
import { PLAIN, REASONING, type Row, row, sizes, surface, TEXT, TEXT_REASONING } from '../row.ts';

const OSS = sizes(131_072, 65_536);
const MISTRAL = sizes(262_144, 32_768);

export const OPEN: readonly Row[] = [
  row('cerebras', 'gemma-4-31b', sizes(131_072, 40_000), { abilities: REASONING }),
  row('cerebras', 'gpt-oss-120b', sizes(131_072, 40_000), { abilities: TEXT_REASONING }),
  row('cerebras', 'zai-glm-4.7', sizes(131_072, 40_000), { abilities: TEXT_REASONING, canonicalModel: 'glm-4.7' }),

  row('groq', 'openai/gpt-oss-120b', OSS, { abilities: TEXT_REASONING, canonicalModel: 'gpt-oss-120b' }),
  row('groq', 'openai/gpt-oss-20b', OSS, { abilities: TEXT_REASONING, canonicalModel: 'gpt-oss-20b' }),
  row('groq', 'llama-3.3-70b-versatile', sizes(131_072, 32_768), { abilities: TEXT, canonicalModel: 'llama-3.3-70b' }),
  row('groq', 'qwen/qwen3-32b', sizes(131_072, 40_960), { abilities: TEXT_REASONING, canonicalModel: 'qwen3-32b' }),
  surface('groq', 'whisper-large-v3', ['audio/transcriptions'], 16_000),
  surface('groq', 'whisper-large-v3-turbo', ['audio/transcriptions'], 16_000),

  row('mistral', 'mistral-large-2512', MISTRAL, { abilities: PLAIN }),
  row('mistral', 'mistral-medium-3-5', MISTRAL, { abilities: REASONING }),
  row('mistral', 'mistral-small-2603', MISTRAL, { abilities: REASONING }),
  row('mistral', 'devstral-2512', MISTRAL, { abilities: TEXT }),
  row('mistral', 'codestral-2508', sizes(256_000, 32_768), { abilities: TEXT }),
  row('mistral', 'ministral-8b-2512', MISTRAL, { abilities: PLAIN }),
  surface('mistral', 'mistral-embed', ['embeddings'], 8_192),
  surface('mistral', 'mistral-ocr-latest', ['ocr'], 16_384),
  surface('mistral', 'mistral-ocr-4-1', ['ocr'], 16_384),
  surface('mistral', 'voxtral-mini-2602', ['audio/transcriptions'], 16_384),

  row('openrouter', 'google/gemma-4-31b-it', sizes(262_144, 32_768), {
    abilities: REASONING,
    canonicalModel: 'gemma-4-31b',
  }),
  row('openrouter', 'moonshotai/kimi-k3', sizes(1_048_576, 131_072), {
    abilities: REASONING,
    canonicalModel: 'kimi-k3',
  }),
  row('openrouter', 'z-ai/glm-5.3', sizes(1_048_576, 131_072), {
    abilities: TEXT_REASONING,
    canonicalModel: 'glm-5.3',
  }),
  row('openrouter', 'z-ai/glm-4.7', sizes(202_752, 131_072), { abilities: TEXT_REASONING, canonicalModel: 'glm-4.7' }),
  row('openrouter', 'deepseek/deepseek-v4-pro', sizes(1_048_576, 131_072), {
    abilities: TEXT_REASONING,
    canonicalModel: 'deepseek-v4-pro',
  }),
  row('openrouter', 'meta-llama/llama-3.3-70b-instruct', sizes(131_072, 16_384), {
    abilities: TEXT,
    canonicalModel: 'llama-3.3-70b',
  }),
  row('openrouter', 'qwen/qwen3-max', sizes(262_144, 65_536), { abilities: TEXT, canonicalModel: 'qwen3-max' }),

  surface('openrouter', 'cohere/rerank-v3.5', ['rerank'], 4_096, { canonicalModel: 'rerank-v3.5' }),
  surface('openrouter', 'cohere/rerank-4-pro', ['rerank'], 32_768, { canonicalModel: 'rerank-4-pro' }),

  // Amazon's own models speak a protocol of theirs alone, which is none of ours.
  row('bedrock', 'openai.gpt-oss-120b-1:0', sizes(128_000, 65_536), {
    abilities: TEXT_REASONING,
    canonicalModel: 'gpt-oss-120b',
  }),
];
