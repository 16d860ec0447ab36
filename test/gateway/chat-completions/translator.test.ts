/** Chat Completions against itself: what is written is read again, by one piece or by many. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatheredChat } from '../../../src/gateway/chat-completions/gather.ts';
import { chat } from '../../../src/gateway/chat-completions/protocol.ts';
import { chatTranslator } from '../../../src/gateway/chat-completions/translator.ts';
import { gatherEvents, type NeutralEvent, type NeutralRequest } from '../../../src/gateway/neutral.ts';
import type { Json } from '../../../src/gateway/protocol.ts';
import { nanos } from '../../../src/money/nanos.ts';
import { askedChat } from '../../support/asked.ts';
import { dice, eventsOf, framesOf, joined, neutralAnswer, neutralRequest } from '../translation/generate.ts';
import { sentTo } from '../translation/sent.ts';

const SEALS = ['messages', 'messages_redacted', 'responses', 'gemini'] as const;
const NAMES = { requestId: 'req_1', model: 'gpt-5.5' };
const COST = nanos(1_500);

/** What OpenRouter, whose dialect is the richest, has no way to say. */
const LACKS = ['audioUrl', 'toolResultName', 'cacheWrite1h'] as const;

function readAgain(json: Json): NeutralRequest {
  const read = chatTranslator.readRequest(askedChat(json));
  if ('refusal' in read) throw new Error(JSON.stringify(read.refusal));
  return read.understood;
}

describe('a request', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(neutralRequest({ lacks: [...LACKS, 'reasoningTokens'], seals: SEALS }), (request) => {
        const written = chatTranslator.writeRequest(request, sentTo('openrouter'));
        if ('refusal' in written) throw new Error(JSON.stringify(written.refusal));
        expect(joined(readAgain(written.understood))).toEqual(request);
      }),
    );
  });

  it('is understood by the route that bounds it', () => {
    fc.assert(
      fc.property(neutralRequest({ lacks: LACKS }), (request) => {
        const written = chatTranslator.writeRequest(request, sentTo('openrouter', { cap: 77 }));
        if ('refusal' in written) throw new Error(JSON.stringify(written.refusal));
        expect(askedChat(written.understood)).toMatchObject({ cap: { tokens: 77 }, choices: request.choices ?? 1 });
      }),
    );
  });
});

describe('an answer', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(neutralAnswer({ lacks: LACKS, seals: SEALS }), (answer) => {
        const json = JSON.parse(JSON.stringify(chatTranslator.writeAnswer(answer, NAMES, COST))) as Json;
        expect(json).toMatchObject({ model: 'gpt-5.5', usage: { cost: '0.0000015' } });
        expect(chatTranslator.readAnswer(json)).toEqual(answer);
      }),
    );
  });

  it('is the same streamed as whole, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        neutralAnswer({ lacks: LACKS, seals: SEALS }),
        dice,
        fc.array(fc.nat(5_000), { maxLength: 10 }),
        (answer, roll, cuts) => {
          const stream = written(eventsOf(answer, roll));
          const frames = framesOf(stream, cuts);
          expect(frames.at(-1)?.data).toBe('[DONE]');
          const reader = chatTranslator.eventReader();
          const protocol = chat.reader();
          const gathered = new GatheredChat();
          const events: NeutralEvent[] = [];
          for (const frame of frames) {
            const read = protocol.read(frame);
            if (!read) throw new Error(`not understood: ${frame.raw}`);
            events.push(...reader.read(read.json, frame));
            gathered.add(read);
          }
          expect(gatherEvents(events)).toEqual(answer);
          // A client that joins the chunks itself, as the gateway does, has the whole answer too.
          expect(chatTranslator.readAnswer(gathered.whole())).toEqual(answer);
        },
      ),
    );
  });

  function written(events: NeutralEvent[]): string {
    const writer = chatTranslator.eventWriter(
      askedChat({ stream: true, stream_options: { include_usage: true } }),
      NAMES,
    );
    const text = events.map((event) => writer.event(event)).join('');
    const usage = events.findLast((event) => event.type === 'usage');
    if (!usage) throw new Error('no usage');
    return text + writer.end(usage.usage, COST);
  }
});
