/** POST /v1/messages/count_tokens: a request without its cap. */
import type { Counting, Json } from '../protocol.ts';
import { messages } from './protocol.ts';
import { askMessages } from './request.ts';

/** Said of the answer that is not asked for; Anthropic refuses what it does not know here. */
const OF_THE_ANSWER: ReadonlySet<string> = new Set(['max_tokens', 'stream', 'demo']);

export const messagesCounting: Counting = {
  endpoint: messages.endpoint,
  operation: 'messages/count_tokens',
  ask: (json) => askMessages({ max_tokens: 0, ...json }),
  body: (asked, mapping) => withoutAnswer(messages.body(asked, { mapping, streams: false, cap: null })),
  answer: (tokens) => ({ input_tokens: tokens }),
};

function withoutAnswer(body: Json): Json {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !OF_THE_ANSWER.has(name)));
}
