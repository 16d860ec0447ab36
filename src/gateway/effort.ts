/**
 * How much a model is to think: some protocols take a word for it, others a number of tokens. The equivalents are those that
 * Google publishes for its own endpoint of OpenAI's protocol (ai.google.dev/gemini-api/docs/openai, "Thinking").
 */
import type { Effort, Reasoning } from './neutral.ts';

const LOW_TOKENS = 1_024;
const MEDIUM_TOKENS = 8_192;

/** The wish as a word; null where nothing is wished. A word that was said counts, not the number beside it. */
export function effortOf({ effort, tokensMax }: Reasoning): Effort | null {
  if (effort !== null || tokensMax === null) return effort;
  if (tokensMax === 0) return 'none';
  if (tokensMax <= LOW_TOKENS) return 'low';
  return tokensMax <= MEDIUM_TOKENS ? 'medium' : 'high';
}
