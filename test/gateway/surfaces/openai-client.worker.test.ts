/** OpenAI's own client, as it is, at every surface that it has: forms as it makes them, sound as it takes it, errors as it throws them. */
import { exports } from 'cloudflare:workers';
import OpenAI, { toFile } from 'openai';
import { expect, it } from 'vitest';
import { keyOf, ORIGIN } from '../../support/gateway.ts';
import { seedOrganization } from '../../support/seed.ts';

async function client() {
  const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
  const fetch: typeof globalThis.fetch = (url, init) => exports.default.fetch(new Request(url as string, init));
  return { apiKey, openai: new OpenAI({ apiKey, baseURL: `${ORIGIN}/v1`, fetch, maxRetries: 0 }) };
}

it('embeds, in numbers', async () => {
  const { openai } = await client();
  // The client asks for base64 where nothing is said, and takes numbers where they come.
  const { data, usage } = await openai.embeddings.create({
    model: 'demo/embed',
    input: ['one two', 'three'],
    encoding_format: 'float',
  });
  expect(data.map(({ embedding }) => embedding.length)).toEqual([8, 8]);
  expect(usage.prompt_tokens).toBe(3);
});

it('moderates', async () => {
  const { openai } = await client();
  const { results } = await openai.moderations.create({ model: 'demo/moderate', input: ['fine', 'forbidden'] });
  expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
});

it('makes images, and makes them of others', async () => {
  const { openai, apiKey } = await client();
  const made = await openai.images.generate({ model: 'demo/image', prompt: 'a harbour', n: 2 });
  expect(made.data).toHaveLength(2);
  const png = await toFile(new Uint8Array([1, 2, 3]), 'a.png', { type: 'image/png' });
  const edited = await openai.images.edit({ model: 'demo/image', image: [png, png], prompt: 'bluer', size: '256x256' });
  expect(edited.data?.[0]?.b64_json).toMatch(/^iVBOR/);
  // Two at $0.04 and one at $0.01.
  expect((await keyOf(apiKey)).usage).toBe('0.09');
});

it('speaks and writes down', async () => {
  const { openai, apiKey } = await client();
  const sound = await openai.audio.speech.create({ model: 'demo/speech', input: 'one two three', voice: 'alloy' });
  expect(sound.headers.get('content-type')).toBe('audio/wav');
  const bytes = new Uint8Array(await sound.arrayBuffer());
  expect(new TextDecoder().decode(bytes.slice(0, 4))).toBe('RIFF');
  const file = await toFile(bytes.slice(0, 1_500), 'a.wav');
  const written = await openai.audio.transcriptions.create({ model: 'demo/transcribe', file });
  expect(written.text).toBe('word1 word2');
  // 13 characters at $15 per million and 2 seconds at $0.0001.
  expect((await keyOf(apiKey)).usage).toBe('0.000395');
});

it('throws what is refused', async () => {
  const { openai } = await client();
  await expect(openai.images.generate({ model: 'demo/image', prompt: 'p', n: 9 })).rejects.toMatchObject({
    status: 400,
    param: 'n',
  });
  await expect(openai.embeddings.create({ model: 'demo/speech', input: 'a' })).rejects.toMatchObject({
    status: 400,
    param: 'model',
  });
});
