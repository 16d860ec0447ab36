import { chat } from '../../src/gateway/chat-completions/protocol.ts';
import type { Asked, Json } from '../../src/gateway/protocol.ts';

/** A chat completion request, understood. */
export function askedChat(body: Json): Asked {
  const read = chat.ask({ model: 'any', messages: [{ role: 'user', content: 'one two' }], ...body }, null);
  if ('refusal' in read) throw new Error('the test is set up wrong');
  return read.understood;
}
