/** What the paced upstream says, so that whoever reads a stream knows what it must be. */
import { chunk, event, HEAD } from './answers.ts';

/** Five tokens a second: five hundred streams then make 2,500 events a second, which two cores can also generate and read. */
export const PACE_MS = 200;

/** The prompt, as this upstream counts it. */
const PROMPT_TOKENS = 10;

export const wordOf = (i: number) => ` w${i}`;

export function textOf(tokens: number): string {
  return Array.from({ length: tokens }, (_, i) => wordOf(i)).join('');
}

export function chunkEvent(i: number): string {
  return chunk({ content: wordOf(i) }, null);
}

export function endEvents(tokens: number): string {
  const usage = { prompt_tokens: PROMPT_TOKENS, completion_tokens: tokens, total_tokens: PROMPT_TOKENS + tokens };
  const last = event({ ...HEAD, object: 'chat.completion.chunk', choices: [], usage });
  return `${chunk({}, 'stop')}${last}data: [DONE]\n\n`;
}

/** Of gpt-4o-mini: $0.15 and $0.60 a million. Written out, so that Purser's arithmetic is not its own judge. */
export function costNanosOf(tokens: number): number {
  return PROMPT_TOKENS * 150 + tokens * 600;
}
