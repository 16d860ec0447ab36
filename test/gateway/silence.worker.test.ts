/** A silent upstream, in every protocol: what keeps the client's connection alive, and what ends its patience. */
import { describe, expect, it } from 'vitest';
import { chat } from '../../src/gateway/chat-completions/protocol.ts';
import { gemini } from '../../src/gateway/gemini/protocol.ts';
import { messages } from '../../src/gateway/messages/protocol.ts';
import { gatherEvents } from '../../src/gateway/neutral.ts';
import type { Json, Protocol } from '../../src/gateway/protocol.ts';
import { responses } from '../../src/gateway/responses/protocol.ts';
import { Frames } from '../../src/gateway/sse.ts';
import { NO_USAGE } from '../../src/money/cost.ts';
import { HELLO, keyOf } from '../support/gateway.ts';
import { eventStream, relayed, TIMES, textOf } from '../support/relayed.ts';

interface Wire {
  protocol: Protocol;
  /** One user's two words, and a cap of 100 tokens. */
  said: Json;
  /** What is written into a silence. */
  ping: string;
  /** How a stream ends that has failed. */
  failure: RegExp;
}

const MESSAGES = { messages: HELLO, max_tokens: 100 };

const WIRES: Wire[] = [
  {
    protocol: chat,
    said: MESSAGES,
    ping: ': ping\n',
    failure: /^data: {"error":{.*"code":"upstream_timeout".*}}\n\ndata: \[DONE\]\n\n$/s,
  },
  {
    protocol: messages,
    said: MESSAGES,
    ping: ': ping\nevent: ping\ndata: {"type":"ping"}\n\n',
    failure:
      /event: error\ndata: {"type":"error".*"upstream_timeout".*}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n$/s,
  },
  {
    protocol: responses,
    said: { input: 'one two', max_output_tokens: 100 },
    ping: ': ping\n',
    failure: /^event: response.created\n.*event: response.failed\ndata: {.*"upstream_timeout".*}\n\n$/s,
  },
  {
    protocol: gemini,
    said: { contents: [{ role: 'user', parts: [{ text: 'one two' }] }], generationConfig: { maxOutputTokens: 100 } },
    ping: ': ping\n\n',
    failure: /^data: {"error":{.*upstream_timeout.*}}\n\n$/s,
  },
];

describe.each(WIRES)('$protocol.id', ({ protocol, said, ping, failure }) => {
  /** The events of an answer of two words, as the protocol has them. */
  function answer(): string[] {
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

  /** What a client of the protocol understands of a stream. */
  function saidIn(text: string): string {
    const reader = protocol.reader();
    const events = protocol.translator.eventReader();
    const answer = gatherEvents(
      new Frames().push(new TextEncoder().encode(text)).flatMap((frame) => {
        const read = frame.data === null ? null : reader.read(frame);
        return read ? events.read(read.json, frame) : [];
      }),
    );
    return (answer.choices[0]?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');
  }

  const never = () => new Promise<never>(() => undefined);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('is answered in time, with signs of life before and between its events', async () => {
    const late = async () => {
      await pause(TIMES.firstByteMsMax * 5);
      return eventStream(answer(), TIMES.pingMs * 3);
    };
    const { answered, apiKey } = await relayed('stream', late, undefined, { protocol, said });
    const text = await textOf(answered);
    expect(text.startsWith(ping)).toBe(true);
    expect(text.split(ping).length).toBeGreaterThan(3);
    expect(saidIn(text)).toBe('one two');
    expect((await keyOf(apiKey)).usage).toBe('0.000006');
  });

  it('that never answers is refused before a byte was sent, and told as the protocol has it after', async () => {
    const whole = await relayed('whole', never, undefined, { protocol, said });
    expect(whole.answered).toMatchObject({ kind: 'upstream_timeout' });
    const stream = await relayed('stream', never, undefined, { protocol, said });
    expect((await textOf(stream.answered)).replaceAll(ping, '')).toMatch(failure);
    expect(await keyOf(stream.apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
  });
});
