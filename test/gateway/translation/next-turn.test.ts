/**
 * What a provider seals of its thinking comes back to it with the next turn, through the client of any protocol that sends an
 * answer back as it came; and what a client brings from one provider never reaches another as its own.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exchange } from '../../../src/gateway/exchange.ts';
import type { NeutralAnswer, Part, SealKind } from '../../../src/gateway/neutral.ts';
import type { Json, Protocol, ProtocolId } from '../../../src/gateway/protocol.ts';
import { neutralAnswer } from './generate.ts';
import { askedOf, CLIENTS, PROVIDERS } from './protocols.ts';

const NAMES = { requestId: 'req_1', model: 'some-model' };
const SEALS: readonly SealKind[] = ['messages', 'messages_redacted', 'responses', 'gemini'];

/** Whose seals the provider reads. OpenRouter hands them on to whoever made them. */
const READS: Record<string, readonly SealKind[]> = {
  OpenRouter: SEALS,
  'OpenAI by chat': [],
  Anthropic: ['messages', 'messages_redacted'],
  'OpenAI by Responses': ['responses'],
  Google: ['gemini'],
};

/** The next request of a client that was answered so. */
const NEXT: Record<ProtocolId, (answer: Json) => Json> = {
  chat: ({ choices }) => {
    const [{ message }] = choices as [{ message: Json }];
    return { model: 'm', messages: [{ role: 'user', content: 'x' }, message] };
  },
  messages: ({ content }) => ({
    model: 'm',
    max_tokens: 1_000,
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content },
    ],
  }),
  responses: ({ output }) => ({
    model: 'm',
    input: [{ role: 'user', content: 'x' }, ...(output as Json[])],
    include: ['reasoning.encrypted_content'],
  }),
  gemini: ({ candidates }) => {
    const [{ content }] = candidates as [{ content: Json }];
    return { contents: [{ role: 'user', parts: [{ text: 'x' }] }, content] };
  },
};

/** Of an answer in which something was both thought and called. */
const answers = neutralAnswer({ lacks: ['manyChoices', 'assistantImage', 'sealedCall', 'refusal'], seals: SEALS });

function next(protocol: Protocol, answer: NeutralAnswer): Json {
  return NEXT[protocol.id](protocol.translator.writeAnswer(answer, NAMES, null));
}

function sealsOf(parts: readonly Part[]): { sealed: string; sealedBy: SealKind }[] {
  return parts.flatMap((part) => {
    if (part.type !== 'reasoning' || part.sealed === null || part.sealedBy === null) return [];
    return [{ sealed: part.sealed, sealedBy: part.sealedBy }];
  });
}

describe.each(CLIENTS.map(({ protocol }) => ({ client: protocol.id, protocol })))(
  'a client of $client',
  ({ protocol }) => {
    const others = PROVIDERS.filter((provider) => provider.protocol !== protocol);

    it.each(others)(
      'hands $name what that has sealed, and nothing that others have',
      ({ name, protocol: to, sent }) => {
        fc.assert(
          fc.property(answers, (answer) => {
            const seals = sealsOf(answer.choices[0]?.parts ?? []);
            const body = exchange(protocol, to, askedOf(protocol, next(protocol, answer))).body(sent);
            if ('refusal' in body) throw new Error(JSON.stringify(body.refusal));
            const read = to.translator.readRequest(askedOf(to, body.understood));
            if ('refusal' in read) throw new Error(JSON.stringify(read.refusal));
            const received = sealsOf(read.understood.messages.flatMap(({ parts }) => parts));
            expect(received).toEqual(seals.filter(({ sealedBy }) => READS[name]?.includes(sealedBy)));
          }),
          { numRuns: 80 },
        );
      },
    );

    it.each(others.filter(({ name }) => name === 'Google'))(
      'hands $name its signature of a tool call',
      ({ protocol: to, sent }) => {
        const call: Part = { type: 'tool_call', id: 'call_1', name: 'f', json: '{}', sealed: 'c2VhbGVk', cache: null };
        const answer = {
          id: 'a',
          choices: [{ parts: [call], reason: 'tool_calls' as const, sequence: null }],
          usage: null,
        };
        const body = exchange(protocol, to, askedOf(protocol, next(protocol, answer))).body(sent);
        expect(body).toMatchObject({ understood: { contents: [{}, { parts: [{ thoughtSignature: 'c2VhbGVk' }] }] } });
      },
    );
  },
);
