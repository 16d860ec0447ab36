/** A provider that quotes the key that it was called with, inside an answer of a good status: nobody reads it, nor does the log. */
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest';
import { chat } from '../../src/gateway/chat-completions/protocol.ts';
import { gemini } from '../../src/gateway/gemini/protocol.ts';
import { messages } from '../../src/gateway/messages/protocol.ts';
import type { Protocol } from '../../src/gateway/protocol.ts';
import { PROTOCOLS } from '../../src/gateway/protocols.ts';
import { responses } from '../../src/gateway/responses/protocol.ts';
import { HELLO } from '../support/gateway.ts';
import { eventStream, type Kind, relayed } from '../support/relayed.ts';

const KEY = 'sk-DEPLOYMENT-0123456789';
const credential = { key: KEY, baseUrl: null, settings: {}, of: 'deployment' } as const;
const SAID = `Incorrect API key provided: ${KEY}.`;

/** How each provider's protocol says it in the middle of a stream. */
const EVENTS: [Protocol, string, object][] = [
  [chat, '', { error: { message: SAID } }],
  [chat, '', { error: SAID }],
  [chat, '', { error: { detail: SAID } }],
  [chat, 'event: error\n', { message: SAID, code: 'x' }],
  [messages, 'event: error\n', { type: 'error', error: { type: 'authentication_error', message: SAID } }],
  [responses, 'event: error\n', { type: 'error', message: SAID, code: SAID }],
  [
    responses,
    '',
    { type: 'response.failed', response: { status: 'failed', error: { code: 'x', message: SAID }, output: [] } },
  ],
  [gemini, '', { error: { code: 400, message: SAID } }],
];

const CONVERSATIONS = {
  chat: { messages: HELLO, max_tokens: 100 },
  messages: { messages: HELLO, max_tokens: 100 },
  responses: { input: 'hello', max_output_tokens: 100 },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'hello' }] }], generationConfig: { maxOutputTokens: 100 } },
};

let logged: MockInstance[];
beforeEach(() => {
  logged = (['warn', 'error', 'log'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation(() => undefined),
  );
});
afterEach(() => {
  for (const spy of logged) spy.mockRestore();
});

it.each(EVENTS)(
  '%# an error of it is told without the key, on every wire, whole, streamed or gathered',
  async (served, name, said) => {
    for (const protocol of PROTOCOLS.values()) {
      // What only the name of its event tells to be an error has no form in one piece.
      const kinds: Kind[] =
        'message' in said && served === chat ? ['stream', 'gathered'] : ['stream', 'gathered', 'whole'];
      for (const kind of kinds) {
        const json = JSON.stringify(said).replaceAll('DEPLOY', '\\u0044EPLOY');
        const send = async () => (kind === 'whole' ? new Response(json) : eventStream([`${name}data: ${json}\n\n`]));
        const about = { protocol, served, credential, said: CONVERSATIONS[protocol.id] };
        const { answered } = await relayed(kind, send, undefined, about);
        const told = answered instanceof Response ? await answered.text() : JSON.stringify(answered);
        expect(told).not.toMatch(/DEPLOYMENT|0044EPLOY/);
        expect(told).toMatch(/\(hidden\)|reported an error|no answer/);
      }
    }
    expect(JSON.stringify(logged.map(({ mock }) => mock.calls))).not.toContain('DEPLOYMENT');
  },
);
