/** One rule of what base64 is, in every protocol; a provider of another protocol gets it as all of them take it. */
import { expect, it } from 'vitest';
import { isBase64, standardBase64 } from '../../src/gateway/base64.ts';
import type { Json, ProtocolId } from '../../src/gateway/protocol.ts';
import { askedOf, CLIENTS } from './translation/protocols.ts';

const IMAGES: Record<ProtocolId, (data: string) => Json> = {
  chat: (data) => ({
    model: 'any',
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }] }],
  }),
  messages: (data) => ({
    model: 'any',
    max_tokens: 10,
    messages: [
      { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }] },
    ],
  }),
  responses: (data) => ({
    model: 'any',
    input: [{ role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${data}` }] }],
  }),
  gemini: (data) => ({ contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data } }] }] }),
};

it.each(CLIENTS)(
  '$protocol.id takes either alphabet, broken lines and no padding, and refuses the rest',
  ({ protocol }) => {
    const body = IMAGES[protocol.id];
    const read = protocol.translator.readRequest(askedOf(protocol, body('-_+/\r\nAA')));
    expect(read).toMatchObject({
      understood: { messages: [{ parts: [{ source: { kind: 'data', mediaType: 'image/png', data: '+/+/AA==' } }] }] },
    });
    for (const wrong of ['AAAAA', 'A*==', 'A=A=']) expect(() => askedOf(protocol, body(wrong)), wrong).toThrow();
  },
);

it('is left as it is where it is as everybody takes it', () => {
  expect(standardBase64('iVBORw0KGgo=')).toBe('iVBORw0KGgo=');
  expect(isBase64('iVBORw0KGgo=')).toBe(true);
});
