/**
 * Every client's protocol with every provider that speaks another: what the provider's protocol can say arrives, what it can't is
 * refused by a name that the client has sent, and a stream says what the whole answer says.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { request } from '../../../bench/talk.ts';
import { exchange } from '../../../src/gateway/exchange.ts';
import { gatherEvents, type NeutralAnswer, type NeutralRequest } from '../../../src/gateway/neutral.ts';
import type { Json, Passage, Protocol } from '../../../src/gateway/protocol.ts';
import { nanos } from '../../../src/money/nanos.ts';
import { answerEssenceOf, essenceOf } from './essence.ts';
import { dice, eventsOf, framesOf, neutralAnswer, neutralRequest } from './generate.ts';
import { affordable, askedOf, PAIRS, writtenBy } from './protocols.ts';

const NAMES = { requestId: 'req_1', model: 'some-model' };
const COST = nanos(1_500);
const RUNS = { numRuns: 60 };

describe.each(PAIRS)('$pair', ({ client, provider }) => {
  const from = client.protocol;
  const to = provider.protocol;

  /** What the provider would read of what the client wrote. */
  function translated(request: NeutralRequest) {
    const body = writtenBy(from, request);
    const done = exchange(from, to, askedOf(from, body)).body(provider.sent);
    if ('refusal' in done) return { body, refusal: done.refusal };
    const read = to.translator.readRequest(askedOf(to, done.understood));
    if ('refusal' in read) throw new Error(`the provider would refuse it: ${JSON.stringify(read.refusal)}`);
    return { body, read: read.understood };
  }

  it('has all of a request that both can say', () => {
    const lacks = [...client.unsaid, ...provider.refused, ...provider.leftOut];
    fc.assert(
      fc.property(neutralRequest({ lacks }).map(affordable), (request) => {
        const { read, refusal } = translated(request);
        expect(refusal).toBeUndefined();
        expect(read && essenceOf(read, lacks)).toEqual(essenceOf(request, lacks));
      }),
      RUNS,
    );
  });

  it('has all of a request, or refuses what the client calls by that name', () => {
    const lacks = [...client.unsaid, ...provider.leftOut];
    fc.assert(
      fc.property(neutralRequest({ lacks }).map(affordable), (request) => {
        const { body, read, refusal } = translated(request);
        if (read) expect(essenceOf(read, lacks)).toEqual(essenceOf(request, lacks));
        if (!refusal) return;
        const { kind } = refusal;
        if (kind !== 'bad_request') throw new Error(`refused as ${kind}`);
        const name = refusal.field?.split('.').at(-1);
        expect(refusal.message).toContain(refusal.field);
        expect(JSON.stringify(body)).toContain(`"${name}"`);
      }),
      RUNS,
    );
  });

  it('leaves out, and does not refuse, what changes nothing in the answer', () => {
    const lacks = [...client.unsaid, ...provider.refused];
    fc.assert(
      fc.property(neutralRequest({ lacks }).map(affordable), (request) => {
        expect(translated(request).refusal).toBeUndefined();
      }),
      RUNS,
    );
  });

  const answers = neutralAnswer({ lacks: [...client.untold, ...provider.untold] });

  it('has all of an answer that both can say', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const json = exchange(from, to, asked(from)).answer(provided(to, answer), NAMES, COST);
        expect(JSON.stringify(json)).toContain('"0.0000015"');
        expect(answerEssenceOf(from.translator.readAnswer(json))).toEqual(answerEssenceOf(answer));
      }),
      RUNS,
    );
  });

  it('has the same of a stream, wherever that is cut', () => {
    fc.assert(
      fc.property(answers, dice, fc.array(fc.nat(), { maxLength: 8 }), (answer, roll, cuts) => {
        const stream = streamed(to, answer, roll);
        const passage = exchange(from, to, asked(from, true)).passage(NAMES);
        const passed = pass(to, passage, stream, cuts);
        expect(answerEssenceOf(gathered(from, passed))).toEqual(answerEssenceOf(answer));
      }),
      RUNS,
    );
  });

  function asked(protocol: Protocol, stream = false) {
    const body = writtenBy(protocol, PLAIN);
    const options = protocol.id === 'chat' && stream ? { stream_options: { include_usage: true } } : {};
    return askedOf(
      protocol,
      { ...body, ...(stream && protocol.id !== 'gemini' && { stream: true }), ...options },
      stream,
    );
  }

  /** The provider's stream, event by event, as the relay passes it on. */
  function pass(protocol: Protocol, passage: Passage, stream: string, cuts: readonly number[] = []): string {
    const reader = protocol.reader();
    let usage = null;
    let text = '';
    for (const frame of framesOf(stream, cuts)) {
      const read = reader.read(frame);
      if (!read && frame.data !== null) throw new Error(`not understood: ${frame.raw}`);
      usage = read?.usage ?? usage;
      text += passage.event(frame, read);
    }
    if (!usage) throw new Error('no usage');
    return text + passage.end(usage, COST);
  }
});

const PLAIN: NeutralRequest = { ...request(0), system: [], tools: [], toolChoice: null };

/** The answer as a provider would give it. */
function provided(protocol: Protocol, answer: NeutralAnswer): Json {
  return JSON.parse(JSON.stringify(protocol.translator.writeAnswer(answer, NAMES, null)));
}

function streamed(protocol: Protocol, answer: NeutralAnswer, roll: () => number): string {
  if (!answer.usage) throw new Error('no usage');
  const asked = { ...askedOf(protocol, writtenBy(protocol, PLAIN)), wantsUsage: true };
  const writer = protocol.translator.eventWriter(asked, NAMES);
  const events = eventsOf(answer, roll).map((event) => writer.event(event));
  return events.join('') + writer.end(answer.usage, null);
}

/** What a client makes of a stream. */
function gathered(protocol: Protocol, stream: string): NeutralAnswer {
  const reader = protocol.reader();
  const translator = protocol.translator.eventReader();
  return gatherEvents(
    framesOf(stream).flatMap((frame) => {
      const read = reader.read(frame);
      return read ? translator.read(read.json, frame) : [];
    }),
  );
}
