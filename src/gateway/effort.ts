/** How much a model is to think: some protocols take a word for it, others a number of tokens. */
import type { Effort, Reasoning } from './neutral.ts';

/** From how many tokens on a limit is called which effort: as OpenAI's models use them, by and large. */
const EFFORTS: readonly (readonly [tokensMin: number, effort: Effort])[] = [
  [24_000, 'high'],
  [8_000, 'medium'],
  [1, 'low'],
  [0, 'none'],
];

/** Of a word, the number of tokens at which it begins; where that is less than anything, `least`. */
export function budgetOf(effort: Effort, least: number): number {
  const from = EFFORTS.find(([, name]) => name === effort)?.[0];
  // What is beyond `high` has no number, and `minimal` none of its own.
  if (from === undefined) return effort === 'minimal' ? least : BEYOND_HIGH;
  return Math.max(from, least);
}

const BEYOND_HIGH = 48_000;

/** The wish as a word; null where nothing is wished. A word that was said counts, not the number beside it. */
export function effortOf({ effort, tokensMax }: Reasoning): Effort | null {
  if (effort !== null || tokensMax === null) return effort;
  return EFFORTS.find(([min]) => tokensMax >= min)?.[1] ?? null;
}
