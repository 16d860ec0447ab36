/**
 * What the fake upstream answers, always the same, and what that costs: so every answer can be compared with what it
 * must be, and the books with a product of two numbers.
 */

/** The model the bench calls: plain (no hidden reasoning), served by openai, whose base URL we point at the fake. */
export const MODEL = 'openai/gpt-4o-mini';

/** The text in the pieces a stream sends: one a token, as OpenAI does. */
const PIECES = ['Every', ' answer', ' of', ' this', ' upstream', ' is', ' the', ' same'];
export const TEXT = PIECES.join('');

export const USAGE = {
  prompt_tokens: 12,
  completion_tokens: PIECES.length,
  total_tokens: 12 + PIECES.length,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
};

/**
 * 12 tokens in at $0.15 a million and 8 out at $0.60: 12 x 150 + 8 x 600 nanodollars. Written out, so that Purser's
 * arithmetic is not its own judge.
 */
export const COST = { nanos: 6_600, usd: '0.0000066' };

/** The demo provider's price is $1 a million tokens in and $2 out, one token a word: 3 x 1000 + 8 x 2000 nanodollars. */
export const DEMO = { prompt: 'three short words', outputTokens: 8, nanos: 19_000, usd: '0.000019' };

export const HEAD = { id: 'chatcmpl-bench', created: 1_750_000_000, model: 'gpt-4o-mini' };

const WHOLE = {
  ...HEAD,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: TEXT, refusal: null }, finish_reason: 'stop' }],
};

/** The body of a whole answer. */
export const ANSWER = JSON.stringify({ ...WHOLE, usage: USAGE });

/** A request with this as its `user` is answered without usage: the gateway must count the prompt itself. */
export const NO_USAGE = 'no-usage';
export const ANSWER_NO_USAGE = JSON.stringify(WHOLE);

/** The events of a stream that was asked for its usage. */
export const EVENTS: readonly string[] = [
  chunk({ role: 'assistant', content: '' }, null),
  ...PIECES.map((content) => chunk({ content }, null)),
  chunk({}, 'stop'),
  event({ ...HEAD, object: 'chat.completion.chunk', choices: [], usage: USAGE }),
  'data: [DONE]\n\n',
];

export function chunk(delta: object, finishReason: string | null): string {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  return event({ ...HEAD, object: 'chat.completion.chunk', choices });
}

export function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
