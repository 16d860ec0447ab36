/** What a body is refused with where a field may be of several kinds: the field, and what it may be. */
import { expect, it } from 'vitest';
import { ChatBody } from '../src/gateway/chat-completions/request.ts';
import { parseBody } from '../src/gateway/request-body.ts';
import { EmbeddingBody } from '../src/gateway/surfaces/embeddings.ts';
import { OcrBody } from '../src/gateway/surfaces/ocr.ts';
import { SpeechBody } from '../src/gateway/surfaces/speech.ts';

const chat = (content: unknown) => ({ model: 'demo/words', messages: [{ role: 'user', content }] });
const embed = (input?: unknown) => ({ model: 'demo/embed', input });
const ocr = (document: unknown, more = {}) => ({ model: 'demo/ocr', document, ...more });

it.each([
  [ChatBody, chat(5), 'messages.0.content', 'Invalid input: expected string or array'],
  [ChatBody, chat(['a']), 'messages.0.content.0', 'Invalid input: expected object, received string'],
  [EmbeddingBody, embed(), 'input', 'Invalid input: expected string or array'],
  [EmbeddingBody, embed(''), 'input', 'Too small: expected string to have >=1 characters'],
  [EmbeddingBody, embed([true]), 'input.0', 'Invalid input: expected number or string or array'],
  [EmbeddingBody, embed([1, 'a']), 'input.1', 'Invalid input: expected number, received string'],
  [SpeechBody, { model: 'demo/speech', input: 'a', voice: 5 }, 'voice', 'Invalid input: expected string or object'],
  [
    OcrBody,
    ocr({ type: 'x' }),
    'document.type',
    "Invalid discriminator value. Expected 'document_url' | 'image_url' | 'file'",
  ],
  [OcrBody, ocr({ type: 'image_url' }), 'document.image_url', 'Invalid input: expected string or object'],
] as const)('%#: the message names the field and what is allowed', (schema, body, field, problem) => {
  const read = parseBody(schema, body);
  expect(read).toEqual({ refusal: { kind: 'bad_request', field, message: `${field} is not valid: ${problem}.` } });
});
