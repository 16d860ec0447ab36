import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gatherEvents } from '../../../src/gateway/neutral.ts';
import { dice, eventsOf, joined, neutralAnswer, neutralRequest } from './generate.ts';

const seals = ['messages', 'messages_redacted', 'responses', 'gemini'] as const;

it('an answer that is streamed in pieces is gathered as it was', () => {
  fc.assert(
    fc.property(neutralAnswer({ seals }), dice, (answer, roll) => {
      expect(gatherEvents(eventsOf(answer, roll))).toEqual(answer);
    }),
  );
});

it('a conversation alternates, and every tool call has its result in the next turn', () => {
  fc.assert(
    fc.property(neutralRequest({ seals }), (request) => {
      expect(joined(request)).toEqual(request);
      const parts = (role: string) =>
        request.messages.flatMap((message) => (message.role === role ? message.parts : []));
      const calls = parts('assistant').flatMap((part) => (part.type === 'tool_call' ? [part.id] : []));
      expect(parts('user').flatMap((part) => (part.type === 'tool_result' ? [part.id] : []))).toEqual(calls);
    }),
  );
});

it('what a protocol is said to lack is never generated', () => {
  const lacks = ['topK', 'audio', 'cache', 'toolError', 'reasoningPart', 'refusal', 'document', 'image'] as const;
  fc.assert(
    fc.property(neutralRequest({ lacks }), (request) => {
      expect(request.topK).toBeNull();
      const json = JSON.stringify(request);
      for (const type of ['audio', 'reasoning', 'refusal', 'document', 'image']) {
        expect(json).not.toContain(`"type":"${type}"`);
      }
      expect(json).not.toContain('"cache":{');
      expect(json).not.toContain('"isError":true');
    }),
  );
});
