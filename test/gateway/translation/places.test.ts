/** What must stand where it stood, and what stands for nothing, in each protocol that a provider speaks. */
import { expect, it } from 'vitest';
import type { NeutralRequest, Part } from '../../../src/gateway/neutral.ts';
import type { Json } from '../../../src/gateway/protocol.ts';
import { askedOf, CLIENTS, PROVIDERS } from './protocols.ts';

const text = (said: string): Part => ({ type: 'text', text: said, cache: null });
const call = (id: string): Part => ({ type: 'tool_call', id, name: 'look', json: '{}', sealed: null, cache: null });
const result = (id: string, content: Part[]): Part => ({
  type: 'tool_result',
  id,
  name: null,
  content,
  isError: false,
  cache: null,
});

/** A request of Messages, as the neutral form has it. */
function read(json: Json): NeutralRequest {
  const client = CLIENTS.find(({ protocol }) => protocol.id === 'messages');
  if (!client) throw new Error('nobody reads Messages');
  const understood = client.protocol.translator.readRequest(
    askedOf(client.protocol, { model: 'any', max_tokens: 10, ...json }),
  );
  if ('refusal' in understood) throw new Error(JSON.stringify(understood.refusal));
  return understood.understood;
}

function written(name: string, but: Partial<NeutralRequest>): Json {
  const provider = PROVIDERS.find((one) => one.name === name);
  if (!provider) throw new Error(`no ${name}`);
  const request = { ...read({ messages: [{ role: 'user', content: 'Hi' }] }), ...but };
  const body = provider.protocol.translator.writeRequest(request, provider.sent);
  if ('refusal' in body) throw new Error(JSON.stringify(body.refusal));
  return body.understood;
}

const EMPTY_RESULT = [
  { role: 'assistant' as const, parts: [call('c')] },
  { role: 'user' as const, parts: [result('c', [])] },
];

it.each<[string, (body: Json) => unknown, unknown]>([
  ['OpenAI by chat', ({ messages }) => (messages as Json[])[1], { role: 'tool', tool_call_id: 'c', content: '' }],
  [
    'OpenAI by Responses',
    ({ input }) => (input as Json[])[1],
    { type: 'function_call_output', call_id: 'c', output: '' },
  ],
])('an empty result is an empty text to %s', (name, of, expected) => {
  expect(of(written(name, { messages: EMPTY_RESULT }))).toEqual(expected);
});

const INTERLEAVED = [
  { role: 'assistant' as const, parts: [text('one'), call('a'), text('two'), call('b')] },
  { role: 'user' as const, parts: [result('a', [text('1')]), result('b', [text('2')])] },
];

it('text between calls stays there where the protocol has a place for it; in chat calls come after all text', () => {
  const { input } = written('OpenAI by Responses', { messages: INTERLEAVED });
  expect((input as Json[]).slice(0, 4).map(({ type }) => type)).toEqual([
    'message',
    'function_call',
    'message',
    'function_call',
  ]);
  const { contents } = written('Google', { messages: INTERLEAVED });
  const [{ parts }] = contents as [{ parts: Json[] }];
  expect(parts.map((part) => ('text' in part ? 'text' : 'call'))).toEqual(['text', 'call', 'text', 'call']);
  const { messages } = written('OpenAI by chat', { messages: INTERLEAVED });
  expect((messages as Json[])[0]).toMatchObject({ content: [{ text: 'one' }, { text: 'two' }], tool_calls: [{}, {}] });
});

it('instructions in the middle stay there where the protocol has a place for them, and come last at the head elsewhere', () => {
  const { system, messages } = read({
    system: 'Be kind.',
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Go on' },
    ],
  });
  const asked = { system, messages };
  expect(written('OpenAI by chat', asked).messages).toEqual([
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Hi' },
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Go on' },
  ]);
  const responses = written('OpenAI by Responses', asked);
  expect(responses.instructions).toBe('Be kind.');
  expect((responses.input as Json[]).map(({ role }) => role)).toEqual(['user', 'developer', 'user']);
  const head = [{ text: 'Be kind.' }, { text: 'Be brief.' }];
  expect(written('Google', asked)).toMatchObject({ systemInstruction: { parts: head }, contents: [{ role: 'user' }] });
  expect(written('Anthropic', asked)).toMatchObject({ system: head, messages: [{ role: 'user', content: [{}, {}] }] });
});
