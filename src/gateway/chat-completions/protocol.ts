/** OpenAI's Chat Completions, as clients and many providers speak it. */
import { formatUsd } from '../../money/nanos.ts';
import type { Asked, Json, Protocol, Sent } from '../protocol.ts';
import { readChatAnswer, readChatEvent, writeUsage } from './answer.ts';
import { GatheredChat } from './gather.ts';
import { askChat } from './request.ts';
import { chatTranslator } from './translator.ts';
import { ChatPassage, errorBody } from './wire.ts';

export const chat: Protocol = {
  id: 'chat',
  endpoint: 'chat/completions',
  ask: askChat,
  refusalBody: errorBody,
  passage: (asked) => new ChatPassage(asked),
  withUsage: (answer, usage, cost) => ({
    ...answer,
    usage: { ...writeUsage(usage), ...(cost !== null && { cost: formatUsd(cost) }) },
  }),
  body: chatBody,
  reader: () => ({ read: readChatEvent }),
  readWhole: readChatAnswer,
  gather: () => new GatheredChat(),
  translator: chatTranslator,
};

/** The provider's own name of the model, a stream that ends with its usage, and where `cap` is given that many tokens for each choice at most. */
function chatBody({ json }: Asked, { mapping, streams, cap }: Sent): Json {
  const sent: Json = { ...json, model: mapping.upstreamModel };
  if (streams) {
    sent.stream = true;
    sent.stream_options = { ...(json.stream_options as object | undefined), include_usage: true };
  }
  if (cap === null) return sent;
  // Models that reason refuse max_tokens; elsewhere both mean the same, and what the client knows to work stays.
  const field =
    mapping.abilities.reasoning || json.max_completion_tokens != null ? 'max_completion_tokens' : 'max_tokens';
  delete sent.max_tokens;
  delete sent.max_completion_tokens;
  sent[field] = cap;
  return sent;
}
