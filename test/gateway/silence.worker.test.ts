/** A silent upstream, in every protocol: what keeps the client's connection alive, and what ends its patience. */
import { describe, expect, it } from 'vitest';
import { chat } from '../../src/gateway/chat-completions/protocol.ts';
import { messages } from '../../src/gateway/messages/protocol.ts';
import type { Protocol } from '../../src/gateway/protocol.ts';
import { NO_USAGE } from '../../src/money/cost.ts';
import { askedChat, askedMessages } from '../support/asked.ts';
import { keyOf } from '../support/gateway.ts';
import { eventStream, relayed, TIMES, textOf } from '../support/relayed.ts';

interface Wire {
  protocol: Protocol;
  asked: ReturnType<typeof askedChat>;
  /** What is written into a silence. */
  ping: string;
  /** How a stream ends that has failed. */
  failure: RegExp;
}

const WIRES: Wire[] = [
  {
    protocol: chat,
    asked: askedChat({ stream: true }),
    ping: ': ping\n',
    failure: /^data: {"error":{.*"code":"upstream_timeout".*}}\n\ndata: \[DONE\]\n\n$/s,
  },
  {
    protocol: messages,
    asked: askedMessages({ stream: true }),
    ping: ': ping\nevent: ping\ndata: {"type":"ping"}\n\n',
    failure:
      /event: error\ndata: {"type":"error".*"upstream_timeout".*}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n$/s,
  },
];

describe.each(WIRES)('$protocol.id', ({ protocol, asked, ping, failure }) => {
  /** The events of an answer of two words, as the protocol has them. */
  function answer(): string[] {
    const writer = protocol.translator.eventWriter({ ...asked, wantsUsage: true }, { requestId: 'r', model: 'm' });
    const usage = { ...NO_USAGE, input: 2, output: 2 };
    return [
      writer.event({ type: 'start', id: 'a' }) + writer.event({ type: 'text', choice: 0, text: 'one' }),
      writer.event({ type: 'text', choice: 0, text: ' two' }),
      writer.event({ type: 'end', choice: 0, reason: 'stop', sequence: null }),
      writer.event({ type: 'usage', usage }) + writer.end(usage, null),
    ];
  }

  const never = () => new Promise<never>(() => undefined);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('is answered in time, with signs of life before and between its events', async () => {
    const late = async () => {
      await pause(TIMES.firstByteMsMax * 5);
      return eventStream(answer(), TIMES.pingMs * 3);
    };
    const { answered, apiKey } = await relayed('stream', late, undefined, { protocol });
    const text = await textOf(answered);
    expect(text.startsWith(ping)).toBe(true);
    expect(text.split(ping).length).toBeGreaterThan(3);
    // Without them it is what the upstream has sent, save the end.
    const [first = '', second = ''] = answer();
    expect(text.replaceAll(ping, '')).toContain(first.trimStart());
    expect(text.replaceAll(ping, '')).toContain(second);
    expect((await keyOf(apiKey)).usage).toBe('0.000006');
  });

  it('that never answers is refused before a byte was sent, and told as the protocol has it after', async () => {
    const whole = await relayed('whole', never, undefined, { protocol });
    expect(whole.answered).toMatchObject({ kind: 'upstream_timeout' });
    const stream = await relayed('stream', never, undefined, { protocol });
    expect((await textOf(stream.answered)).replaceAll(ping, '')).toMatch(failure);
    expect(await keyOf(stream.apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
  });
});
