/** A silent upstream, in every protocol: what keeps the client's connection alive, and what ends its patience. */
import { describe, expect, it } from 'vitest';
import { gatherEvents } from '../../src/gateway/neutral.ts';
import { Frames } from '../../src/gateway/sse.ts';
import { keyOf } from '../support/gateway.ts';
import { eventStream, relayed, TIMES, textOf } from '../support/relayed.ts';
import { answerOf, WIRES } from '../support/wires.ts';

describe.each(WIRES)('$protocol.id', (wire) => {
  const { protocol, said, ping } = wire;

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
      return eventStream(answerOf(wire), TIMES.pingMs * 3);
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
    expect((await textOf(stream.answered)).replaceAll(ping, '')).toMatch(wire.failed('upstream_timeout'));
    expect(await keyOf(stream.apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
  });
});
