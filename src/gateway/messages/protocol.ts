/** Anthropic's Messages, as its clients and providers speak it. */
import type { Asked, Json, Protocol, Sent } from '../protocol.ts';
import { fieldsOf } from '../reported.ts';
import { MessagesReader, readMessage } from './answer.ts';
import { withoutForeignThoughts } from './foreign-thoughts.ts';
import { GatheredMessage } from './gather.ts';
import { withUses } from './provider-tools.ts';
import { askMessages } from './request.ts';
import { messagesTranslator } from './translator.ts';
import { writeUsage } from './usage.ts';
import { errorBody, MessagesPassage, withCost } from './wire.ts';

export const messages: Protocol = {
  id: 'messages',
  endpoint: 'messages',
  ask: askMessages,
  refusalBody: errorBody,
  passage: () => new MessagesPassage(),
  withUsage: (answer, usage, cost) => ({
    ...answer,
    usage: withCost({ ...fieldsOf(answer.usage), ...writeUsage(usage) }, cost),
  }),
  body: messagesBody,
  reader: () => new MessagesReader(),
  readWhole: readMessage,
  gather: () => new GatheredMessage(),
  translator: messagesTranslator,
};

/** The provider's own name of the model, whether it streams, and where they are given, no more tokens and uses of tools than that. */
function messagesBody({ json }: Asked, { mapping, streams, cap, toolUses }: Sent): Json {
  const sent: Json = { ...json, model: mapping.upstreamModel, messages: withoutForeignThoughts(json.messages) };
  if (streams || json.stream != null) sent.stream = streams;
  if (toolUses !== undefined) sent.tools = withUses(json.tools, toolUses);
  if (cap === null) return sent;
  sent.max_tokens = cap;
  const { budget_tokens: budget, ...thinking } = fieldsOf(json.thinking);
  // What is thought counts towards the cap, and a budget must leave something of it. `Asked.capMin` keeps it large enough.
  if (typeof budget === 'number' && budget >= cap) sent.thinking = { ...thinking, budget_tokens: cap - 1 };
  return sent;
}
