/** The four conversation protocols as tests of the relay need them: one question, one answer of two words, and how errors look. */
import { expect } from 'vitest';
import { chat } from '../../src/gateway/chat-completions/protocol.ts';
import { gemini } from '../../src/gateway/gemini/protocol.ts';
import { messages } from '../../src/gateway/messages/protocol.ts';
import type { Json, Protocol } from '../../src/gateway/protocol.ts';
import { responses } from '../../src/gateway/responses/protocol.ts';
import { NO_USAGE } from '../../src/money/cost.ts';
import { HELLO } from './gateway.ts';

export interface Wire {
  protocol: Protocol;
  /** One user's two words, and a cap of 100 tokens. */
  said: Json;
  /** What is written into a silence. */
  ping: string;
  /** How a stream ends that has failed, without what came before; of one that had not begun that may be its beginning. */
  failed(code: string): RegExp;
  /** A refusal that comes as a status. */
  refused(status: number, code: string): Json;
}

const MESSAGES = { messages: HELLO, max_tokens: 100 };

export const WIRES: readonly Wire[] = [
  {
    protocol: chat,
    said: MESSAGES,
    ping: ': ping\n',
    failed: (code) => new RegExp(`data: {"error":{[^\\n]*"code":"${code}"[^\\n]*}}\\n\\ndata: \\[DONE\\]\\n\\n$`),
    refused: (_, code) => ({ error: { code } }),
  },
  {
    protocol: messages,
    said: MESSAGES,
    ping: ': ping\nevent: ping\ndata: {"type":"ping"}\n\n',
    failed: (code) =>
      new RegExp(
        `event: error\\ndata: {"type":"error"[^\\n]*"${code}"[^\\n]*}\\n\\nevent: message_stop\\ndata: {"type":"message_stop"}\\n\\n$`,
      ),
    refused: (_, code) => ({ type: 'error', error: { code } }),
  },
  {
    protocol: responses,
    said: { input: 'one two', max_output_tokens: 100 },
    ping: ': ping\n',
    failed: (code) =>
      new RegExp(`^event: response.created\\n[^]*event: response.failed\\ndata: {[^\\n]*"${code}"[^\\n]*}\\n\\n$`),
    refused: (_, code) => ({ error: { code } }),
  },
  {
    protocol: gemini,
    said: { contents: [{ role: 'user', parts: [{ text: 'one two' }] }], generationConfig: { maxOutputTokens: 100 } },
    ping: ': ping\n\n',
    failed: (code) => new RegExp(`data: {"error":{[^\\n]*"reason":"${code}"[^\\n]*}}\\n\\n$`),
    refused: (status, code) => ({
      error: { code: status, details: expect.arrayContaining([expect.objectContaining({ reason: code })]) },
    }),
  },
];

/** The events of an answer of two words, as a provider of the protocol has them: the first word is in the first. */
export function answerOf({ protocol, said }: Wire): [string, string, string, string] {
  const read = protocol.ask({ model: 'm', stream: true, ...said }, { model: 'm', streamed: true });
  if ('refusal' in read) throw new Error(`the test is set up wrong: ${JSON.stringify(read.refusal)}`);
  const { understood: asked } = read;
  const writer = protocol.translator.eventWriter({ ...asked, wantsUsage: true }, { requestId: 'r', model: 'm' });
  const usage = { ...NO_USAGE, input: 2, output: 2 };
  return [
    writer.event({ type: 'start', id: 'a' }) + writer.event({ type: 'text', choice: 0, text: 'one' }),
    writer.event({ type: 'text', choice: 0, text: ' two' }),
    writer.event({ type: 'end', choice: 0, reason: 'stop', sequence: null }),
    writer.event({ type: 'usage', usage }) + writer.end(usage, null),
  ];
}
