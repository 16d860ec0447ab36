/** The deployment's accounts at its providers are everybody's: no route lets a caller name what is kept there. */
import { exports } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { type ErrorBody, HELLO, json, keyOf, ORIGIN } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

const FILE = { type: 'file', file_id: 'file-1' };

it.each<[path: string, body: object, param: string]>([
  ['chat/completions', { model: 'demo/words', messages: [{ role: 'user', content: [FILE] }] }, 'messages.0.content.0'],
  ['chat/completions', { model: 'demo/words', messages: HELLO, store: true }, 'store'],
  ['ocr', { model: 'demo/ocr', document: FILE }, 'document.file_id'],
  ['videos', { model: 'demo/video', prompt: 'x', input_reference: { file_id: 'f' } }, 'input_reference.file_id'],
])('/v1/%s refuses it by its field, with nothing held', async (path, body, param) => {
  const { apiKey } = await seedOrganization({ budget: { usageLimit: '1000' } });
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const response = await exports.default.fetch(`${ORIGIN}/v1/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const { error } = await json<ErrorBody>(response);
  expect([response.status, error.param]).toEqual([400, param]);
  expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
});
