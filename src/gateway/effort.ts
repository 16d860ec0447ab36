/** How much a model is to think: some protocols take a word for it, others a number of tokens. */
import type { Effort, Reasoning } from './neutral.ts';

/** From how many tokens on a limit is called which effort: as OpenAI's models use them, by and large. */
const EFFORTS: readonly (readonly [tokensMin: number, effort: Effort])[] = [
  [24_000, 'high'],
  [8_000, 'medium'],
  [1, 'low'],
  [0, 'none'],
];

/** The wish as a word; null where nothing is wished. A word that was said counts, not the number beside it. */
export function effortOf({ effort, tokensMax }: Reasoning): Effort | null {
  if (effort !== null || tokensMax === null) return effort;
  return EFFORTS.find(([min]) => tokensMax >= min)?.[1] ?? null;
}
