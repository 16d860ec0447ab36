/** `tool_choice.disable_parallel_tool_use`, at providers of other protocols: said in their words, or refused by its own name. */
import { describe, expect, it } from 'vitest';
import { chat } from '../../../src/gateway/chat-completions/protocol.ts';
import { exchange } from '../../../src/gateway/exchange.ts';
import { gemini } from '../../../src/gateway/gemini/protocol.ts';
import { messages } from '../../../src/gateway/messages/protocol.ts';
import type { Protocol } from '../../../src/gateway/protocol.ts';
import { responses } from '../../../src/gateway/responses/protocol.ts';
import { sentTo } from '../translation/sent.ts';

const FIELD = 'tool_choice.disable_parallel_tool_use';

function writtenFor(provider: Protocol, alone: unknown) {
  const json = {
    model: 'm',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'look' }],
    tools: [{ name: 'look', input_schema: { type: 'object', properties: { at: { type: 'string' } } } }],
    tool_choice: { type: 'auto', disable_parallel_tool_use: alone },
  };
  const asked = messages.ask(json, null);
  if ('refusal' in asked) throw new Error('the test is set up wrong');
  return exchange(messages, provider, asked.understood).body(sentTo('openai'));
}

describe('disable_parallel_tool_use', () => {
  it.each([chat, responses])('is parallel_tool_calls in $id', (provider) => {
    expect(writtenFor(provider, true)).toMatchObject({ understood: { parallel_tool_calls: false } });
    expect(writtenFor(provider, false)).toMatchObject({ understood: { parallel_tool_calls: true } });
  });

  it('is refused by its name where the provider has nothing like it, unless it asks for what is done anyway', () => {
    expect(writtenFor(gemini, true)).toMatchObject({
      refusal: { field: FIELD, message: expect.stringContaining(FIELD) },
    });
    expect(writtenFor(gemini, false)).toHaveProperty('understood');
  });

  it.each([chat, responses, gemini])(
    'is refused by its name where it is no boolean, before it could be lost: $id',
    (provider) => {
      expect(writtenFor(provider, 'yes')).toMatchObject({ refusal: { field: FIELD } });
    },
  );
});
