import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AwsEventStream, type AwsMessage } from '../../../src/gateway/providers/aws-event-stream.ts';
import { LIMITS } from '../../../src/limits.ts';
import { awsMessage, framed, header, sized } from '../../support/aws-messages.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const message = fc.record({
  headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }), text, { maxKeys: 4, noNullPrototype: true }),
  payload: fc.uint8Array({ maxLength: 60 }),
});

function told({ headers, payload }: AwsMessage) {
  return { headers: Object.fromEntries(headers), payload: [...payload] };
}

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.slice(edges[index], edge));
}

describe('an event stream', () => {
  it('has every message, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(2_000), { maxLength: 20 }), (messages, cuts) => {
        const bytes = Buffer.concat(messages.map(({ headers, payload }) => awsMessage(headers, payload)));
        const stream = new AwsEventStream();
        const read = cut(bytes, cuts).flatMap((piece) => stream.push(piece));
        stream.end();
        expect(read.map(told)).toEqual(messages.map(({ headers, payload }) => ({ headers, payload: [...payload] })));
      }),
    );
  });

  it('with any bit turned over is refused, and none of what it turned passes', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(7), ({ headers, payload }, byte, bit) => {
        const bytes = awsMessage(headers, payload);
        const at = byte % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        const stream = new AwsEventStream();
        expect(() => stream.push(bytes)).toThrow(/corrupt/);
      }),
    );
  });

  it('that ends within a message is refused', () => {
    fc.assert(
      fc.property(message, fc.nat(), ({ headers, payload }, at) => {
        const bytes = awsMessage(headers, payload);
        const stream = new AwsEventStream();
        expect(stream.push(bytes.slice(0, 1 + (at % (bytes.length - 1))))).toEqual([]);
        expect(() => stream.end()).toThrow(/cut within/);
      }),
    );
  });

  it('skips headers that are no texts, of every type', () => {
    const of = (type: number, size: number) => header(`h${type}`, type, Buffer.alloc(size, 1));
    const head = Buffer.concat([
      ...[0, 1].map((type) => of(type, 0)),
      of(2, 1),
      of(3, 2),
      of(4, 4),
      of(5, 8),
      header('h6', 6, sized(Buffer.from('bytes'))),
      header('h7', 7, sized(Buffer.from('text'))),
      of(8, 8),
      of(9, 16),
    ]);
    const [read] = new AwsEventStream().push(framed(head, Buffer.from('x')));
    expect(read && told(read)).toEqual({ headers: { h7: 'text' }, payload: [120] });
  });

  it.each<[string, Buffer]>([
    ['of an unknown type', header('h', 10, Buffer.alloc(4))],
    ['longer than it may be', header('h', 7, Buffer.from([0, 9, 120]))],
    ['whose name has no end', Buffer.from([9, 120])],
  ])('with a header %s is refused', (_, head) => {
    expect(() => new AwsEventStream().push(framed(head, Buffer.from('payload')))).toThrow();
  });

  it('with a message larger than allowed is refused before it has come', () => {
    const large = framed(Buffer.alloc(0), Buffer.alloc(LIMITS.awsMessageBytesMax));
    expect(() => new AwsEventStream().push(large.slice(0, 12))).toThrow(/too large/);
  });
});
