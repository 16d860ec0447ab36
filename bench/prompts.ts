/**
 * Long prompts of the same size: one as people write, and three that break what counts by words, by characters or by
 * tables. A tokenizer took seconds for some of these.
 */
import { SeededRandom } from '../src/local/demo-random.ts';

const PROMPT_BYTES = 100 * 1024;
const WORDS =
  'the gateway checks every budget before it calls a provider and settles what the answer really cost when it ends ';

const random = new SeededRandom('prompts');

export const PROMPTS = {
  /** English words. */
  plain: WORDS.repeat(Math.ceil(PROMPT_BYTES / WORDS.length)).slice(0, PROMPT_BYTES),
  /** Letters and digits without a single space. */
  unbroken: random.text(PROMPT_BYTES),
  base64: Buffer.from(Array.from({ length: (PROMPT_BYTES / 4) * 3 }, () => random.between(0, 255))).toString('base64'),
  /** Chinese characters, three bytes each. */
  cjk: Array.from({ length: PROMPT_BYTES / 3 }, () => String.fromCharCode(random.between(0x4e00, 0x9fa5))).join(''),
};

export type PromptName = keyof typeof PROMPTS;
