/** All conversation protocols that this gateway speaks, with clients and with providers. */
import { chat } from './chat-completions/protocol.ts';
import { gemini } from './gemini/protocol.ts';
import { messages } from './messages/protocol.ts';
import type { Protocol, ProtocolId } from './protocol.ts';
import { responses } from './responses/protocol.ts';

export const PROTOCOLS: ReadonlyMap<ProtocolId, Protocol> = new Map(
  [chat, messages, responses, gemini].map((protocol) => [protocol.id, protocol]),
);
