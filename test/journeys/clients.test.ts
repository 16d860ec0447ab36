/** The official OpenAI client, unmodified but for base URL and key, against the demo provider and against aimock. */
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api, micros, startEmpty, until } from '../support/purser.ts';

const MESSAGES = [{ role: 'user' as const, content: 'tell me all' }];

describe('the official openai client', () => {
  const mock = new LLMock({ port: 0 });
  let purser: Awaited<ReturnType<typeof startEmpty>>;

  beforeAll(async () => {
    mock.onMessage('tell me all', { content: 'All is well in the galley.' });
    const url = await mock.start();
    purser = await startEmpty({ OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: `${url}/v1` });
  });

  afterAll(async () => {
    await purser?.stop();
    await mock.stop();
  });

  const clientFor = (apiKey: string) => new OpenAI({ baseURL: `${purser.server.url}/v1`, apiKey, maxRetries: 0 });

  it.each([
    ['demo/words', 'word1 word2 word3'],
    ['openai/gpt-4o-mini', 'All is well in the galley.'],
    ['gpt-4o-mini', 'All is well in the galley.'],
  ])('talks to %s, whole and streamed', async (model, text) => {
    const seeded = await purser.seed({ budget: { usageLimit: '1' } });
    const client = clientFor(seeded.apiKey);
    const asked = {
      model,
      messages: MESSAGES,
      max_tokens: 100,
      ...(model.startsWith('demo/') ? { demo: { outputTokens: 3 } } : {}),
    };

    const whole = await client.chat.completions.create(asked);
    expect(whole.choices[0]?.message.content).toBe(text);

    const stream = await client.chat.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    });
    let streamed = '';
    let usage: unknown;
    for await (const chunk of stream) {
      streamed += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(streamed).toBe(text);
    if (model.startsWith('demo/')) expect(usage).toMatchObject({ completion_tokens: 3, cost: '0.000009' });

    const { status, health, rollUp, activity } = api(purser.server, seeded);
    const { usage: spent, held } = await status();
    expect(held).toBe('0');
    expect(Number(spent)).toBeGreaterThan(0);
    await rollUp();
    expect((await activity()).totals).toMatchObject({ cost: spent, requestCount: 2 });
    expect(await health()).toMatchObject({ ok: true, difference: '0' });
  });

  it('lists models and understands refusals', async () => {
    const { apiKey } = await purser.seed({ budget: { usageLimit: '0' } });
    const client = clientFor(apiKey);
    const models = await client.models.list();
    expect(models.data.map((model) => model.id)).toEqual(expect.arrayContaining(['demo/echo', 'openai/gpt-4o-mini']));
    expect((await client.models.retrieve('demo/echo')).owned_by).toBe('demo');
    const refused = client.chat.completions.create({ model: 'demo/words', messages: MESSAGES });
    await expect(refused).rejects.toMatchObject({ status: 403, code: 'member_budget_exhausted' });
    await expect(clientFor('psr_nonsense').models.list()).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
  });

  it('hangs up in the middle of a stream a hundred times, and is charged what it received or a little more', async () => {
    const seeded = await purser.seed();
    const client = clientFor(seeded.apiKey);
    const { status } = api(purser.server, seeded);
    let before = micros((await status()).usage);
    for (let i = 0; i < 100; i++) {
      const leaveAfter = 1 + ((i * 7) % 40);
      const stream = await client.chat.completions.create({
        model: 'demo/words',
        messages: [{ role: 'user', content: 'hi' }],
        stream: true,
        ...{ demo: { outputTokens: 400, tokensPerSecond: 4_000 } },
      });
      let received = 0;
      for await (const chunk of stream) {
        received += chunk.choices[0]?.delta.content ? 1 : 0;
        if (received >= leaveAfter) break;
      }
      await until(async () => (await status()).held === '0', 'the settlement of a hang-up');
      const now = micros((await status()).usage);
      const charged = (now - before - 1) / 2;
      expect(charged).toBeGreaterThanOrEqual(received);
      expect(charged).toBeLessThanOrEqual(400);
      before = now;
    }
  });
});
