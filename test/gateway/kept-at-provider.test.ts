/** What a request names in the provider's account: refused by name with the deployment's credential, the organization's own passes. */
import { describe, expect, it } from 'vitest';
import { gemini } from '../../src/gateway/gemini/protocol.ts';
import { sharedAccount } from '../../src/gateway/kept-at-provider.ts';
import type { Json } from '../../src/gateway/protocol.ts';
import { ocr } from '../../src/gateway/surfaces/ocr.ts';
import { askVideo } from '../../src/gateway/videos/request.ts';
import { askedChat } from '../support/asked.ts';

const user = (part: Json) => askedChat({ messages: [{ role: 'user', content: [part] }] });

function understood<T>(read: { understood: T } | { refusal: unknown }): T {
  if ('refusal' in read) throw new Error(JSON.stringify(read.refusal));
  return read.understood;
}

const KEPT: readonly [string, { kept?: string | null }, field: string][] = [
  ['a file of chat', user({ type: 'file', file: { file_id: 'file-1' } }), 'messages.0.content.0'],
  ['a file beside its type', user({ type: 'file', file_id: 'file-1' }), 'messages.0.content.0'],
  ['an image by its id', user({ type: 'image_url', image_url: { file_id: 'file-1' } }), 'messages.0.content.0'],
  [
    'sound of an earlier answer',
    askedChat({
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', audio: { id: 'audio_1' } },
      ],
    }),
    'messages.1.audio.id',
  ],
  ['an answer that is to be kept', askedChat({ store: true }), 'store'],
  ['a document', understood(ocr.read({ model: 'm', document: { type: 'file', file_id: 'f' } })), 'document.file_id'],
  [
    'the picture of a video',
    understood(askVideo({ model: 'm', prompt: 'p', input_reference: { file_id: 'f' } })),
    'input_reference.file_id',
  ],
];

describe.each(KEPT)('%s', (_, asked, field) => {
  it('is refused by its field in the account that everybody shares, and nowhere else', () => {
    expect(sharedAccount(asked, { of: 'deployment' })).toMatchObject({ kind: 'bad_request', field });
    expect(sharedAccount(asked, { of: 'organization' })).toBeNull();
  });
});

it.each<[string, { kept?: string | null }]>([
  ['an answer that is not to be kept', askedChat({ store: false })],
  ['a file in the body', user({ type: 'file', file: { file_data: 'data:application/pdf;base64,AA==' } })],
  [
    'a link',
    understood(ocr.read({ model: 'm', document: { type: 'document_url', document_url: 'https://a.example' } })),
  ],
  ['text about one', user({ type: 'text', text: '{"file_id":"x"}' })],
])('%s passes', (_, asked) => {
  expect(sharedAccount(asked, { of: 'deployment' })).toBeNull();
});

describe('a file of Gemini', () => {
  const read = (fileUri: string) =>
    gemini.ask({ contents: [{ parts: [{ fileData: { fileUri } }] }] }, { model: 'm', streamed: false });

  it.each([
    'https://generativelanguage.googleapis.com/v1beta/files/abc',
    'https://generativelanguage.googleapis.com:443/v1beta/files/abc',
    'https://generativelanguage.googleapis.com:8443/files/abc',
    'https://x@generativelanguage.googleapis.com/v1beta/files/abc',
    'https:\\\\generativelanguage.googleapis.com\\files\\abc',
    'https:/generativelanguage.googleapis.com/files/abc',
    'HTTPS://GenerativeLanguage.GoogleAPIs.com./files/abc',
    'https://generativelanguage.google%61pis.com/files/abc',
    '//generativelanguage.googleapis.com/files/abc',
    'gs://bucket/a.pdf',
    'files/abc',
    '/v1beta/files/abc',
    'v1beta/files/abc',
    'https://[',
  ])('%s is refused, however it is written', (uri) => {
    expect(read(uri)).toMatchObject({ refusal: { field: 'fileData.fileUri' } });
  });

  it.each(['https://a.example/googleapis.com/', 'https://www.youtube.com/watch?v=1', 'http://notgoogleapis.com/a.pdf'])(
    '%s is a link like any other',
    (uri) => {
      expect(read(uri)).toHaveProperty('understood');
    },
  );
});
