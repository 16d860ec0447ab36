/** Searches that a provider runs, asked for by the official clients, unmodified but for base URL and key. */
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/gateway/protocol.ts';
import {
  anthropicStream,
  anthropicWhole,
  geminiStream,
  geminiWhole,
  openAiStream,
  openAiWhole,
} from '../gateway/provider-tool-answers.ts';
import { type FetchServer, serveFetch } from '../support/fetch-server.ts';
import { api, startEmpty } from '../support/purser.ts';

describe('a search that the official client asks for', () => {
  const sent: Json[] = [];
  let upstream: FetchServer;
  let purser: Awaited<ReturnType<typeof startEmpty>>;

  /** All three providers, by the path that each is called at. */
  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const body = (await request.json()) as Json;
    sent.push(body);
    const [whole, stream] = pathname.endsWith('/messages')
      ? [anthropicWhole(2), anthropicStream(2)]
      : pathname.endsWith('/responses')
        ? [openAiWhole(3), openAiStream(3)]
        : [geminiWhole(true), geminiStream(true)];
    const streams = body.stream === true || pathname.endsWith(':streamGenerateContent');
    return streams ? new Response(stream, { headers: { 'content-type': 'text/event-stream' } }) : Response.json(whole);
  }

  beforeAll(async () => {
    upstream = await serveFetch(answer);
    purser = await startEmpty({
      OPENAI_API_KEY: 'sk-upstream',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      ANTHROPIC_API_KEY: 'sk-ant-upstream',
      ANTHROPIC_BASE_URL: upstream.url,
      GOOGLE_API_KEY: 'AIza-upstream',
      GOOGLE_BASE_URL: upstream.url,
    });
  });

  afterAll(async () => {
    await purser?.stop();
    await upstream?.stop();
  });

  async function member(usageLimit = '50') {
    const seeded = await purser.seed({ budget: { usageLimit } });
    sent.length = 0;
    return { apiKey: seeded.apiKey, ...api(purser.server, seeded) };
  }

  it("is answered in OpenAI's, whole and streamed, and costs twice what is reckoned by hand", async () => {
    const { apiKey, status } = await member();
    const client = new OpenAI({ baseURL: `${purser.server.url}/v1`, apiKey, maxRetries: 0 });
    const asked = { model: 'gpt-5.5', input: 'What does a purser do?', tools: [{ type: 'web_search' as const }] };
    const whole = await client.responses.create(asked);
    expect(whole.output_text).toBe('A purser keeps the accounts.');
    expect(whole.output.filter(({ type }) => type === 'web_search_call')).toHaveLength(4);
    const final = await client.responses.stream(asked).finalResponse();
    expect(final.output_text).toBe(whole.output_text);
    expect(sent).toMatchObject([{ max_tool_calls: 3 }, { max_tool_calls: 3 }]);
    expect(await status()).toMatchObject({ usage: '0.185', held: '0' });
    // The next turn brings the searches along.
    const next = await client.responses.create({ ...asked, input: 'And today?', previous_response_id: whole.id });
    expect(next.output_text).toBe(whole.output_text);
    expect(sent.at(-1)?.input).toMatchObject([{}, ...Array(4).fill({ type: 'web_search_call' }), {}, {}]);
  });

  it("is answered in Anthropic's, whole and streamed, and costs twice what is reckoned by hand", async () => {
    const { apiKey, status } = await member();
    const client = new Anthropic({ baseURL: purser.server.url, apiKey, maxRetries: 0 });
    const tool = { type: 'web_search_20250305' as const, name: 'web_search' as const, max_uses: 2 };
    const asked: Anthropic.MessageCreateParamsNonStreaming = {
      model: 'claude-haiku-4-5',
      max_tokens: 1_000,
      messages: [{ role: 'user', content: 'What does a purser do?' }],
      tools: [tool],
    };
    const whole = await client.messages.create(asked);
    expect(whole.usage.server_tool_use?.web_search_requests).toBe(2);
    const final = await client.messages.stream(asked).finalMessage();
    expect(final.content.map(({ type }) => type)).toEqual(['server_tool_use', 'web_search_tool_result', 'text']);
    expect(final.usage.server_tool_use?.web_search_requests).toBe(2);
    expect(sent).toMatchObject([{ tools: [tool] }, { tools: [tool] }]);
    expect(await status()).toMatchObject({ usage: '0.061388', held: '0' });
  });

  it("is answered in Google's, whole and streamed, and costs twice what is reckoned by hand", async () => {
    const { apiKey, status } = await member();
    const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: purser.server.url } });
    const asked = {
      model: 'gemini-2.5-flash',
      contents: 'What does a purser do?',
      config: { tools: [{ googleSearch: {} }], maxOutputTokens: 500 },
    };
    const whole = await client.models.generateContent(asked);
    expect(whole.candidates?.[0]?.groundingMetadata?.webSearchQueries).toContain('purser duties');
    let text = '';
    for await (const chunk of await client.models.generateContentStream(asked)) text += chunk.text ?? '';
    expect(text).toBe('A purser keeps the accounts.');
    expect(await status()).toMatchObject({ usage: '0.07131', held: '0' });
  });

  it('is refused, with nothing sent, where the budget has no room for one', async () => {
    const { apiKey } = await member('0.2');
    const client = new OpenAI({ baseURL: `${purser.server.url}/v1`, apiKey, maxRetries: 0 });
    const asked = { model: 'gpt-5.5', input: 'Hello', tools: [{ type: 'web_search' as const }] };
    await expect(client.responses.create(asked)).rejects.toMatchObject({
      status: 403,
      code: 'request_exceeds_budget',
      message: expect.stringContaining('Leave out the tools that the provider runs'),
    });
    expect(sent).toEqual([]);
  });
});
