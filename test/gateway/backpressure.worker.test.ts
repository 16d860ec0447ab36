/** A client that reads slowly, or nothing: the provider is not read ahead of it. */
import { describe, expect, it } from 'vitest';
import { chat } from '../../src/gateway/chat-completions/protocol.ts';
import { gemini } from '../../src/gateway/gemini/protocol.ts';
import { messages } from '../../src/gateway/messages/protocol.ts';
import { until } from '../support/gateway.ts';
import { relayed, type Send } from '../support/relayed.ts';

const EVENTS = 60;
const EVENT_BYTES = 10_000;

/** What is on its way through the relay: an event that is being written, and one that is read meanwhile. */
const AHEAD_MAX = 3 * EVENT_BYTES;

/** Sixty events of a word and much padding, each made when it is asked for. */
function upstream() {
  const told = { writtenBytes: 0, givenUp: false };
  const event = (finish_reason: string | null) => {
    const said = { choices: [{ index: 0, delta: { content: ' a' }, finish_reason }], obfuscation: '' };
    const padded = { ...said, obfuscation: 'x'.repeat(EVENT_BYTES - JSON.stringify(said).length - 8) };
    return new TextEncoder().encode(`data: ${JSON.stringify(padded)}\n\n`);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const left = EVENTS - told.writtenBytes / EVENT_BYTES;
        if (left === 0) return controller.close();
        controller.enqueue(event(left === 1 ? 'stop' : null));
        told.writtenBytes += EVENT_BYTES;
      },
    },
    { highWaterMark: 0 },
  );
  const send: Send = async (signal) => {
    signal.addEventListener('abort', () => {
      told.givenUp = true;
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  return { told, send };
}

describe.each([
  ['the same protocol', chat, {}],
  ['Messages', messages, { max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] }],
  ['Gemini', gemini, { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }],
])('a stream for a client of %s', (_, protocol, said) => {
  async function opened() {
    const { told, send } = upstream();
    const options = protocol === chat ? {} : { protocol, served: chat, said };
    const { answered } = await relayed('stream', send, undefined, options);
    if (!(answered instanceof Response) || !answered.body) throw new Error('refused');
    return { told, reader: answered.body.getReader() };
  }

  it('is not read while the client takes nothing', async () => {
    const { told } = await opened();
    // By then the relay has waited for the client as long as it does.
    await until(async () => told.givenUp || null, 'the relay to give up on its client');
    expect(told.writtenBytes).toBeGreaterThan(0);
    expect(told.writtenBytes).toBeLessThanOrEqual(AHEAD_MAX);
  });

  it('is read as the client takes it, to its end', async () => {
    const { told, reader } = await opened();
    const decoder = new TextDecoder();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
      const words = text.match(/" a"/g)?.length ?? 0;
      expect(told.writtenBytes - words * EVENT_BYTES).toBeLessThanOrEqual(AHEAD_MAX);
    }
    expect(text.match(/" a"/g)).toHaveLength(EVENTS);
  });
});
