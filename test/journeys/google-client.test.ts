/** The official Google client, unmodified but for base URL and key, against a fake of Google's and the demo provider. */
import { ApiError, FunctionCallingConfigMode, GoogleGenAI, type Model } from '@google/genai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeGoogle, type FakeGoogleAsk } from '../support/fake-google.ts';
import { type FetchServer, serveFetch } from '../support/fetch-server.ts';
import { api, startEmpty, until } from '../support/purser.ts';

describe('the official Google client', () => {
  const fake = new FakeGoogle();
  let upstream: FetchServer;
  let purser: Awaited<ReturnType<typeof startEmpty>>;

  beforeAll(async () => {
    upstream = await serveFetch((request) => fake.answer(request));
    purser = await startEmpty({ GOOGLE_API_KEY: fake.apiKey, GOOGLE_BASE_URL: upstream.url });
  });

  afterAll(async () => {
    await purser?.stop();
    await upstream?.stop();
  });

  async function client(budget = '1') {
    const seeded = await purser.seed({ budget: { usageLimit: budget } });
    const ai = new GoogleGenAI({ apiKey: seeded.apiKey, httpOptions: { baseUrl: purser.server.url } });
    return { ai, seeded, ...api(purser.server, seeded) };
  }

  /** What steers the fake passes as every field does that nobody knows. */
  const steered = (ask: FakeGoogleAsk) => ({ httpOptions: { extraBody: { fake: ask } } });

  const MODEL = 'gemini-3.1-flash-lite';

  it.each([MODEL, `google/${MODEL}`])('talks to %s, whole and streamed, and the ledger agrees', async (model) => {
    const { ai, status, rollUp, activity, health } = await client();
    const config = steered({ words: 3, cached: 4, thoughts: 20 });
    const whole = await ai.models.generateContent({ model, contents: 'tell me', config });
    expect(whole.text).toBe(' word word word');
    expect(whole.usageMetadata).toMatchObject({
      promptTokenCount: 10,
      cachedContentTokenCount: 4,
      thoughtsTokenCount: 20,
    });

    let streamed = '';
    let usage: unknown;
    for await (const chunk of await ai.models.generateContentStream({ model, contents: 'tell me', config })) {
      streamed += chunk.text ?? '';
      usage = chunk.usageMetadata;
    }
    expect(streamed).toBe(' word word word');
    expect(usage).toMatchObject({ candidatesTokenCount: 3, thoughtsTokenCount: 20 });

    // Twice 6 x $0.25 + 4 x $0.025 + 23 x $1.50, per million.
    const { usage: spent, held } = await status();
    expect([spent, held]).toEqual(['0.0000722', '0']);
    await rollUp();
    expect((await activity()).totals).toMatchObject({ cost: spent, requestCount: 2 });
    expect(await health()).toMatchObject({ ok: true, difference: '0' });
  });

  it('calls a function and answers with its result, signature and all', async () => {
    const { ai } = await client();
    const tools = [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: { type: 'object' } }] }];
    const mode = FunctionCallingConfigMode.ANY;
    const chat = ai.chats.create({ model: MODEL, config: { tools, toolConfig: { functionCallingConfig: { mode } } } });
    const called = await chat.sendMessage({
      message: 'Weather in Oslo?',
      config: { tools, toolConfig: { functionCallingConfig: { mode } }, ...steered({ calls: true }) },
    });
    expect(called.functionCalls).toEqual([{ name: 'weather', args: { city: 'Oslo' } }]);
    const response = { name: 'weather', response: { output: 'rain' } };
    const answered = await chat.sendMessage({
      message: { functionResponse: response },
      config: { tools, ...steered({ words: 1 }) },
    });
    expect(answered.text).toBe(' word');
    expect(fake.calls.at(-1)?.body).toMatchObject({
      contents: [
        { role: 'user' },
        { role: 'model', parts: [{ functionCall: { name: 'weather' }, thoughtSignature: 'c2ln' }] },
        { role: 'user', parts: [{ functionResponse: response }] },
      ],
    });
  });

  it('passes schemas, images and settings on as they are', async () => {
    const { ai } = await client();
    const responseJsonSchema = { type: 'object', properties: { masts: { type: 'integer' } } };
    await ai.models.generateContent({
      model: MODEL,
      contents: [
        { role: 'user', parts: [{ text: 'a ship' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
      ],
      config: {
        systemInstruction: 'be brief',
        responseMimeType: 'application/json',
        responseJsonSchema,
        maxOutputTokens: 50,
        thinkingConfig: { includeThoughts: true },
        safetySettings: [],
      },
    });
    expect(fake.calls.at(-1)?.body).toMatchObject({
      systemInstruction: { parts: [{ text: 'be brief' }] },
      generationConfig: { responseJsonSchema, maxOutputTokens: 50, thinkingConfig: { includeThoughts: true } },
      contents: [{ parts: [{ text: 'a ship' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] }],
    });
  });

  it('lists the models page by page, and shows one', async () => {
    const { ai } = await client();
    const all: Model[] = [];
    for await (const model of await ai.models.list({ config: { pageSize: 7 } })) all.push(model);
    const pager = await ai.models.list();
    expect(pager.page.map(({ name }) => name)).toEqual(all.slice(0, pager.pageLength).map(({ name }) => name));
    const shown = await ai.models.get({ model: `google/${MODEL}` });
    expect(shown).toMatchObject({ name: `models/google/${MODEL}`, displayName: MODEL, outputTokenLimit: 65_536 });
    expect(shown.supportedActions).toContain('generateContent');
    expect(all).toContainEqual(shown);
    expect((await ai.models.get({ model: MODEL })).name).toBe(shown.name);
    // As it is named there it can be called.
    const name = all.find((model) => model.name === shown.name)?.name ?? '';
    const config = steered({ words: 1 });
    expect((await ai.models.generateContent({ model: name, contents: 'a', config })).text).toBe(' word');
    await expect(ai.models.get({ model: 'gemini-0' })).rejects.toMatchObject({ name: 'ApiError', status: 404 });
  });

  it('counts tokens, free of charge', async () => {
    const { ai, status } = await client();
    expect((await ai.models.countTokens({ model: MODEL, contents: 'tell me' })).totalTokens).toBe(123);
    expect((await status()).usage).toBe('0');
  });

  it('gets embeddings, from Google and from the demo provider', async () => {
    const { ai, status } = await client();
    const asked = { contents: ['one', 'two'], config: { taskType: 'RETRIEVAL_QUERY' } };
    const { embeddings } = await ai.models.embedContent({ model: 'gemini-embedding-001', ...asked });
    expect(embeddings?.map(({ values }) => values)).toEqual([
      [0, 0.5],
      [1, 0.5],
    ]);
    // Two tokens at $0.15 per million.
    expect((await status()).usage).toBe('0.0000003');
    const demo = await ai.models.embedContent({ model: 'demo/embed', contents: 'one two' });
    expect(demo.embeddings?.[0]?.values).toHaveLength(8);
  });

  it('gets an error that it knows: of the budget, of Google, of the request', async () => {
    const poor = await client('0');
    const refused = await poor.ai.models
      .generateContent({ model: MODEL, contents: 'a' })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({ status: 403, message: expect.stringContaining('member_budget_exhausted') });

    const { ai } = await client();
    const failing = (ask: FakeGoogleAsk) =>
      ai.models.generateContent({ model: MODEL, contents: 'a', config: steered(ask) }).catch((error: unknown) => error);
    expect(await failing({ status: 400 })).toMatchObject({ status: 400 });
    expect(await failing({ status: 429 })).toMatchObject({ status: 429 });
    expect(await failing({ html: true })).toMatchObject({ status: 502 });
    const searched = ai.models.generateContent({
      model: MODEL,
      contents: 'a',
      config: { tools: [{ googleSearch: {} }] },
    });
    await expect(searched).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('tools.googleSearch'),
    });
  });

  it.each<[string, FakeGoogleAsk]>([
    ['breaks off', { dieAfterWords: 2 }],
    ['fails', { failAfterWords: 2 }],
    ['turns to garbage', { garbageAfterWords: 2 }],
  ])('gets an error in a stream that %s', async (_, ask) => {
    const { ai, status } = await client();
    const stream = await ai.models.generateContentStream({
      model: MODEL,
      contents: 'a',
      config: steered({ words: 9, ...ask }),
    });
    let text = '';
    const read = async () => {
      for await (const chunk of stream) text += chunk.text ?? '';
    };
    await expect(read()).rejects.toMatchObject({ name: 'ApiError', status: 502 });
    expect(text).toBe(' word word');
    // 10 x $0.25 + 2 x $1.50, per million.
    expect((await status()).usage).toBe('0.0000055');
  });

  it('may leave in the middle, and is charged what was made', async () => {
    const { ai, status } = await client();
    const leaving = new AbortController();
    const config = {
      ...steered({ call: 'left', words: 200, paceMs: 5 }),
      abortSignal: leaving.signal,
      maxOutputTokens: 60_000,
    };
    const stream = await ai.models.generateContentStream({ model: MODEL, contents: 'a', config });
    await expect(async () => {
      for await (const _ of stream) leaving.abort();
    }).rejects.toThrow();
    await until(async () => (await status()).held === '0', 'the settlement', 40_000);
    // A model that hides its thoughts is waited for, as only its own count tells what they cost.
    expect(Number((await status()).usage)).toBeCloseTo((10 * 0.25 + (fake.made.get('left') ?? 0) * 1.5) / 1e6, 9);
  });

  it('loses no event to the signs of life before a late answer', async () => {
    const { ai } = await client();
    const config = steered({ words: 2, silentMs: 17_000 });
    let text = '';
    for await (const chunk of await ai.models.generateContentStream({ model: MODEL, contents: 'a', config }))
      text += chunk.text ?? '';
    expect(text).toBe(' word word');
  });

  it('talks to the demo provider', async () => {
    const { ai } = await client();
    const config = { httpOptions: { extraBody: { demo: { outputTokens: 2 } } } };
    expect((await ai.models.generateContent({ model: 'demo/words', contents: 'a', config })).text).toBe('word1 word2');
  });
});
