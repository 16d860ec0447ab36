import { chat } from '../../src/gateway/chat-completions/protocol.ts';
import { gemini } from '../../src/gateway/gemini/protocol.ts';
import { messages } from '../../src/gateway/messages/protocol.ts';
import type { Asked, Json } from '../../src/gateway/protocol.ts';
import { responses } from '../../src/gateway/responses/protocol.ts';

/** A chat completion request, understood. */
export function askedChat(body: Json): Asked {
  const read = chat.ask({ model: 'any', messages: [{ role: 'user', content: 'one two' }], ...body }, null);
  if ('refusal' in read) throw new Error('the test is set up wrong');
  return read.understood;
}

/** A Messages request, understood. */
export function askedMessages(body: Json): Asked {
  const read = messages.ask({ ...MESSAGES_BODY, ...body }, null);
  if ('refusal' in read) throw new Error(`the test is set up wrong: ${JSON.stringify(read.refusal)}`);
  return read.understood;
}

const MESSAGES_BODY = { model: 'any', max_tokens: 100, messages: [{ role: 'user', content: 'one two' }] };

/** A generateContent request, understood. */
export function askedGemini(body: Json, streamed = false): Asked {
  const read = gemini.ask({ contents: [{ parts: [{ text: 'one two' }] }], ...body }, { model: 'any', streamed });
  if ('refusal' in read) throw new Error(`the test is set up wrong: ${JSON.stringify(read.refusal)}`);
  return read.understood;
}

/** A Responses request, understood. */
export function askedResponses(body: Json): Asked {
  const read = responses.ask({ model: 'any', input: 'one two', ...body }, null);
  if ('refusal' in read) throw new Error('the test is set up wrong');
  return read.understood;
}
