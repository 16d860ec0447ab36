import { expect, it } from 'vitest';
import { belongsElsewhere } from '../../src/gateway/other-protocol.ts';

const turn = (content: unknown, role = 'user') => ({ messages: [{ role, content }] });

/** What belongs to one protocol and to no other. */
const OWN = {
  chat: [
    turn('x', 'developer'),
    turn([{ type: 'image_url', image_url: { url: 'x' } }]),
    { ...turn('x'), tools: [{ type: 'function', function: { name: 'a' } }] },
    { ...turn('x'), max_completion_tokens: 1 },
    { ...turn('x'), response_format: { type: 'json_object' } },
  ],
  messages: [
    turn([{ type: 'tool_result', tool_use_id: 't' }]),
    turn([{ type: 'image', source: {} }]),
    { ...turn('x'), tools: [{ name: 'a', input_schema: {} }] },
    { ...turn('x'), system: 'be brief' },
    { ...turn('x'), stop_sequences: ['x'] },
  ],
  responses: [{ input: 'x' }, { input: [{ role: 'user', content: 'x' }], instructions: 'be brief' }],
  gemini: [{ contents: [{ parts: [{ text: 'x' }] }] }],
} as const;

const WAY = {
  chat: 'chat/completions',
  messages: '/v1/messages',
  responses: '/v1/responses',
  gemini: 'generateContent',
};

const PROTOCOLS = ['chat', 'messages', 'responses', 'gemini'] as const;

it.each(PROTOCOLS)('what belongs to %s is taken there, and anywhere else told where it belongs', (owner) => {
  for (const body of OWN[owner]) {
    expect(belongsElsewhere(body, owner)).toBeNull();
    for (const other of PROTOCOLS) {
      if (other !== owner) expect(belongsElsewhere(body, other)).toContain(WAY[owner]);
    }
  }
});

it.each<[string, object]>([
  ['what both have', turn('x')],
  ['fields that nobody knows', { ...turn('x'), novelty: 1, input_novelty: 'x' }],
  ['marks of both', { ...turn('x', 'tool'), system: 'x' }],
  ['nothing', {}],
  ['garbage', { messages: 'x', tools: 1 }],
])('%s may belong to either that has messages', (_, body) => {
  expect(belongsElsewhere({ ...body }, 'chat')).toBeNull();
  expect(belongsElsewhere({ ...body }, 'messages')).toBeNull();
});
