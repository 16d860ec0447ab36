/** What of a conversation its bytes bound, in every protocol: text that is known as such, and images. All else only the context does. */
import { describe, expect, it } from 'vitest';
import type { Asked, Json } from '../../src/gateway/protocol.ts';
import { responses } from '../../src/gateway/responses/protocol.ts';
import { askedChat, askedGemini, askedMessages } from '../support/asked.ts';

const chat = (part: Json) => askedChat({ messages: [{ role: 'user', content: [part] }] });
const messages = (block: Json) => askedMessages({ messages: [{ role: 'user', content: [block] }] });
const gemini = (part: Json) => askedGemini({ contents: [{ parts: [part] }] });

function item(json: Json): Asked {
  const read = responses.ask({ model: 'any', input: [json] }, null);
  if ('refusal' in read) throw new Error(JSON.stringify(read.refusal));
  return read.understood;
}

const response = (part: Json) => item({ role: 'user', content: [part] });
const base64 = (media_type: string) => ({ type: 'base64', media_type, data: 'AAAA' });
const LINK = 'https://a.example/b';

describe('what only the context bounds', () => {
  it.each<[string, Asked]>([
    ['a document by its link', chat({ type: 'document_url', document_url: LINK })],
    ['a film by its link', chat({ type: 'video_url', video_url: { url: LINK } })],
    ['a recording by its link', chat({ type: 'input_audio', input_audio: LINK })],
    ['a part of a new type', chat({ type: 'hologram', text: LINK })],
    ['a new part of a thought', chat({ type: 'thinking', thinking: [{ type: 'novel' }] })],
    [
      'a document in the place of an image',
      chat({ type: 'image_url', image_url: { url: 'data:application/pdf;base64,AA==' } }),
    ],
    ['a new part of an item', response({ type: 'input_video', video_url: LINK })],
    [
      'a document as an image of an item',
      response({ type: 'input_image', image_url: 'data:application/pdf;base64,AA==' }),
    ],
    ['a part without a type', response({ text: 'x' })],
    ['a new block', messages({ type: 'video', source: { type: 'url', url: LINK } })],
    ['a document from a new source', messages({ type: 'document', source: { type: 'novel', url: LINK } })],
    ['a document as an image of a block', messages({ type: 'image', source: base64('application/pdf') })],
    ['a new part of a content', gemini({ driveData: { uri: LINK } })],
    ['an image with a novelty beside it', gemini({ inlineData: { mimeType: 'image/png', data: 'AA==' }, frames: 100 })],
  ])('%s', (_, { media }) => {
    expect(media).toEqual([expect.objectContaining({ kind: 'file' })]);
  });
});

describe('what its bytes bound', () => {
  it.each<[string, Asked]>([
    ['text', chat({ type: 'text', text: LINK })],
    ['a thought', chat({ type: 'thinking', thinking: [{ type: 'text', text: 'x' }] })],
    ['a refusal', response({ type: 'refusal', refusal: 'x' })],
    [
      'what a shell wrote',
      item({
        type: 'shell_call_output',
        call_id: 'c',
        output: [{ stdout: 'x', outcome: { type: 'exit', exit_code: 0 } }],
      }),
    ],
    ['a summary', item({ type: 'reasoning', encrypted_content: 'x', summary: [{ type: 'summary_text', text: 'x' }] })],
    [
      'the result of a tool',
      messages({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'x' }] }),
    ],
    [
      'a document that is text',
      messages({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } }),
    ],
    ['a call of a function', gemini({ functionCall: { name: 'f' }, thoughtSignature: 'x' })],
  ])('%s', (_, { media }) => {
    expect(media).toEqual([]);
  });

  it('an image, which has a bound of its own', () => {
    const asked = [
      chat({ type: 'image_url', image_url: { url: LINK } }),
      response({ type: 'input_image', image_url: LINK }),
      messages({ type: 'image', source: { type: 'url', url: LINK } }),
    ];
    for (const { media } of asked) expect(media).toEqual([{ kind: 'image', embeddedBytes: 0 }]);
  });
});
