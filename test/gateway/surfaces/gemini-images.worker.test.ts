/** Gemini's models behind /v1/images: OpenAI's own client asks, Google's conversation answers, and every token is paid for. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import OpenAI, { toFile } from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../src/app.ts';
import type { Json } from '../../../src/gateway/protocol.ts';
import { google } from '../../../src/gateway/providers/google.ts';
import { vertex } from '../../../src/gateway/providers/vertex.ts';
import { CATALOGUE_MAPPINGS } from '../../../src/models/catalogue.ts';
import { keyOf, ORIGIN, until } from '../../support/gateway.ts';
import { seedOrganization } from '../../support/seed.ts';

vi.spyOn(console, 'warn').mockImplementation(() => undefined);

const MODEL = 'gemini-3.1-flash-lite-image';
const PNG = 'iVBORw0KGgo=';

const IMAGE = { inlineData: { mimeType: 'image/png', data: PNG } };
const DRAWN = {
  candidates: [
    {
      content: { role: 'model', parts: [{ ...IMAGE, thought: true }, { text: 'Here:' }, IMAGE] },
      finishReason: 'STOP',
    },
  ],
  usageMetadata: {
    promptTokenCount: 268,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 10 },
      { modality: 'IMAGE', tokenCount: 258 },
    ],
    candidatesTokenCount: 1_120,
    candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_120 }],
    thoughtsTokenCount: 20,
  },
};
/** 268 tokens in at $0.25, 20 thought at $1.50 and 1,120 of the image at $30 per million. */
const COST = '0.033697';

async function start(answer: Json = DRAWN, usageLimit = '1') {
  const { apiKey } = await seedOrganization({ budget: { usageLimit } });
  const sent: { url: string; body: Json }[] = [];
  const EGRESS = {
    fetch: async (url: string, init: RequestInit) => {
      sent.push({ url, body: JSON.parse(String(init.body)) });
      return Response.json(answer);
    },
  };
  const secrets = { GOOGLE_API_KEY: 'AIza', VERTEX_PROJECT: 'p', VERTEX_ACCESS_TOKEN: 'ya29.x' };
  const app = createApp({ mappings: CATALOGUE_MAPPINGS, providers: [google, vertex], routers: [] });
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const ctx = createExecutionContext();
    const bindings = { ...env, ...secrets, EGRESS } as unknown as Env;
    const answered = await app.fetch(new Request(url as string, init), bindings, ctx);
    await waitOnExecutionContext(ctx);
    return answered;
  };
  const openai = new OpenAI({ apiKey, baseURL: `${ORIGIN}/v1`, fetch, maxRetries: 0 });
  const spent = async (usd: string) =>
    until(async () => ((await keyOf(apiKey)).usage === usd ? usd : null), `${usd} to be spent`);
  return { openai, sent, spent };
}

const png = () => toFile(new Uint8Array([1, 2, 3]), 'a.png', { type: 'image/png' });

describe('an image by Gemini', () => {
  it.each([
    ['google', 'https://generativelanguage.googleapis.com/v1beta/models/'],
    ['vertex', 'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/'],
  ])('is made at %s', async (provider, base) => {
    const { openai, sent, spent } = await start();
    const asked = { model: `${provider}/${MODEL}`, prompt: 'a harbour', size: '1536x1024' as const };
    const made = await openai.images.generate(asked);
    expect(made.data).toEqual([{ b64_json: PNG }]);
    expect(made).toMatchObject({
      output_format: 'png',
      usage: {
        input_tokens: 268,
        input_tokens_details: { text_tokens: 10, image_tokens: 258 },
        output_tokens: 1_140,
        total_tokens: 1_408,
      },
    });
    expect(sent).toEqual([
      {
        url: `${base}${MODEL}:generateContent`,
        body: {
          contents: [{ role: 'user', parts: [{ text: 'a harbour' }] }],
          generationConfig: {
            responseModalities: ['IMAGE'],
            imageConfig: { aspectRatio: '3:2' },
            maxOutputTokens: expect.any(Number),
          },
        },
      },
    ]);
    await spent(COST);
  });

  it.each(['google', 'vertex'])('is made of others at %s', async (provider) => {
    const { openai, sent, spent } = await start();
    const image = [await png(), await png()];
    const made = await openai.images.edit({ model: `${provider}/${MODEL}`, image, prompt: 'bluer', n: 1 });
    expect(made.data).toEqual([{ b64_json: PNG }]);
    const given = { inlineData: { mimeType: 'image/png', data: 'AQID' } };
    expect(sent[0]?.body.contents).toEqual([{ role: 'user', parts: [{ text: 'bluer' }, given, given] }]);
    await spent(COST);
  });

  it.each<[string, Json]>([
    ['n', { n: 2 }],
    ['size', { size: '1000x999' }],
    ['quality', { quality: 'high' }],
    ['response_format', { response_format: 'url' }],
    ['stream', { stream: true }],
    ['style', { style: 'vivid' }],
  ])('is not asked for with what Gemini has no word for: %s', async (param, more) => {
    // What has nothing left to hold hears of it all the same: it is asked before anything is held.
    for (const [provider, usageLimit] of [
      ['google', '1'],
      ['vertex', '1'],
      ['google', '0'],
    ] as const) {
      const { openai, sent, spent } = await start(DRAWN, usageLimit);
      const asking = openai.images.generate({ model: `${provider}/${MODEL}`, prompt: 'a harbour', ...more });
      await expect(asking).rejects.toMatchObject({ status: 400, param, code: 'invalid_request_error' });
      expect(sent).toEqual([]);
      await spent('0');
    }
  });

  it('nor is a mask, lost silently', async () => {
    const { openai, sent } = await start(DRAWN, '0');
    const asking = openai.images.edit({ model: MODEL, image: await png(), mask: await png(), prompt: 'bluer' });
    await expect(asking).rejects.toMatchObject({ status: 400, param: 'mask' });
    expect(sent).toEqual([]);
  });

  it('that was not made is told with its reason, and what was read for it is paid for', async () => {
    const candidates = [{ content: { parts: [{ text: 'I cannot.' }] }, finishReason: 'IMAGE_SAFETY' }];
    const { openai, spent } = await start({
      candidates,
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 2 },
    });
    const made = await openai.images.generate({ model: MODEL, prompt: 'a harbour', size: 'auto' });
    expect(made).toMatchObject({ data: [], finish_reason: 'IMAGE_SAFETY', text: 'I cannot.' });
    // 10 in at $0.25 and 2 out at $1.50 per million.
    await spent('0.0000055');
  });

  it('is bounded before it is made, by its size', async () => {
    const { openai, sent } = await start(DRAWN, '0.1');
    // Some 4,200 tokens at $30 per million and 2,048 at $1.50 at most; twice the side, four times as many.
    await expect(openai.images.generate({ model: MODEL, prompt: 'a', size: '1024x1024' })).rejects.toMatchObject({
      status: 403,
      code: 'request_exceeds_budget',
    });
    expect(sent).toEqual([]);
    const { openai: rich } = await start(DRAWN, '0.14');
    expect((await rich.images.generate({ model: MODEL, prompt: 'a', size: '1024x1024' })).data).toHaveLength(1);
  });

  it('is made by no model of words', async () => {
    const { openai } = await start();
    const asking = openai.images.generate({ model: 'gemini-3.1-flash-lite', prompt: 'a harbour' });
    await expect(asking).rejects.toMatchObject({ status: 400, param: 'model' });
  });
});
