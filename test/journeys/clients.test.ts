/** The official OpenAI client, unmodified but for base URL and key, against the demo provider and against aimock. */
import { LengthFinishReasonError } from 'openai/error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOnMockedOpenAi } from '../support/mocked-openai.ts';
import { api, micros, until } from '../support/purser.ts';

const MESSAGES = [{ role: 'user' as const, content: 'tell me all' }];

describe('the official openai client', () => {
  let purser: Awaited<ReturnType<typeof startOnMockedOpenAi>>;
  beforeAll(async () => {
    purser = await startOnMockedOpenAi();
  });
  afterAll(() => purser?.stop());

  it.each([
    ['demo/words', 'word1 word2 word3', '0.000018'],
    // Each time 3 x $0.15 + 7 x $0.60, per million.
    ['openai/gpt-4o-mini', 'All is well in the galley.', '0.0000093'],
    ['gpt-4o-mini', 'All is well in the galley.', '0.0000093'],
  ])('talks to %s, whole and streamed', async (model, text, cost) => {
    const seeded = await purser.seed({ budget: { usageLimit: '1' } });
    const client = purser.clientFor(seeded.apiKey);
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
    expect(spent).toBe(cost);
    await rollUp();
    expect((await activity()).totals).toMatchObject({ cost: spent, requestCount: 2 });
    expect(await health()).toMatchObject({ ok: true, difference: '0' });
  });

  describe('with less left than the worst case of what it asks', () => {
    // 16,384 tokens of gpt-4o-mini cost $0.0098304 at worst.
    const LITTLE = { budget: { usageLimit: '0.003' } };
    const ask = (content: string) => ({ model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content }] });
    const schema = {
      type: 'object',
      properties: { ship: { type: 'string' }, masts: { type: 'integer' } },
      required: ['ship', 'masts'],
      additionalProperties: false,
    };
    const asJson = {
      response_format: { type: 'json_schema' as const, json_schema: { name: 'ship', strict: true, schema } },
    };
    const lookUp = { type: 'function' as const, function: { name: 'look', parameters: { type: 'object' } } };
    const lastBody = () => purser.mock.getLastRequest()?.body as Record<string, unknown>;

    it('gets text, parsed JSON and tool calls as ever, gathered from a stream', async () => {
      const seeded = await purser.seed(LITTLE);
      const client = purser.clientFor(seeded.apiKey);
      const { data: text, response } = await client.chat.completions.create(ask('tell me all')).withResponse();
      expect(text).toMatchObject({
        object: 'chat.completion',
        choices: [{ message: { role: 'assistant', content: 'All is well in the galley.' }, finish_reason: 'stop' }],
      });
      expect(response.headers.get('x-purser-cost')).toBe('0.00000465');
      expect(lastBody()).toMatchObject({ stream: true, stream_options: { include_usage: true } });

      const parsed = await client.chat.completions.parse({ ...ask('as JSON'), ...asJson });
      expect(parsed.choices[0]?.message.parsed).toEqual({ ship: 'Purser', masts: 3 });

      const called = await client.chat.completions.create({ ...ask('look it up'), tools: [lookUp] });
      expect(called.choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { tool_calls: [{ type: 'function', function: { name: 'look', arguments: '{"at":"the chart"}' } }] },
      });
      expect(lastBody().stream).toBe(true);
      expect((await api(purser.server, seeded).status()).held).toBe('0');
    });

    it('is told of a cut as of any answer that ran out of tokens', async () => {
      const seeded = await purser.seed(LITTLE);
      const client = purser.clientFor(seeded.apiKey);
      const { data: cut, response } = await client.chat.completions.create(ask('at length')).withResponse();
      expect(cut.choices[0]?.finish_reason).toBe('length');
      expect(cut.choices[0]?.message.content).toMatch(/^(knot )+/);
      expect(response.headers.get('x-purser-cut')).toBe('member_total');
      const halved = client.chat.completions.parse({ ...ask('at length'), ...asJson });
      await expect(halved).rejects.toBeInstanceOf(LengthFinishReasonError);
      const { usage, held } = await api(purser.server, seeded).status();
      expect(held).toBe('0');
      expect(Number(usage)).toBeLessThanOrEqual(0.003);
    });

    it('asks a reasoning model for no more than is left', async () => {
      const seeded = await purser.seed(LITTLE);
      const asked = { ...ask('tell me all'), model: 'gpt-5-mini', max_tokens: 100_000 };
      const { response } = await purser.clientFor(seeded.apiKey).chat.completions.create(asked).withResponse();
      const cap = Number(response.headers.get('x-purser-max-output'));
      // At $2 a million.
      expect(cap).toBeGreaterThan(1_000);
      expect(cap).toBeLessThanOrEqual(1_500);
      expect(lastBody()).toMatchObject({ max_completion_tokens: cap });
      expect(lastBody()).not.toHaveProperty('max_tokens');
    });

    it('tries again and again where the provider fails, and leaves nothing behind', async () => {
      const seeded = await purser.seed(LITTLE);
      const client = purser.clientFor(seeded.apiKey, 2);
      const failing = { model: 'demo/words', messages: MESSAGES, max_tokens: 64_000, demo: { failStatus: 500 } };
      await expect(client.chat.completions.create(failing)).rejects.toMatchObject({ status: 502 });
      const { status, rollUp, activity, health } = api(purser.server, seeded);
      expect(await status()).toMatchObject({ usage: '0', held: '0' });
      await rollUp();
      // The client's three tries, each of two attempts at the only provider there is.
      expect((await activity()).totals.requestCount).toBe(6);
      expect(await health()).toMatchObject({ ok: true, difference: '0' });
    });
  });

  it('lists models and understands refusals', async () => {
    const { apiKey } = await purser.seed({ budget: { usageLimit: '0' } });
    const client = purser.clientFor(apiKey);
    const models = await client.models.list();
    expect(models.data.map((model) => model.id)).toEqual(expect.arrayContaining(['demo/echo', 'openai/gpt-4o-mini']));
    expect((await client.models.retrieve('demo/echo')).owned_by).toBe('demo');
    const refused = client.chat.completions.create({ model: 'demo/words', messages: MESSAGES });
    await expect(refused).rejects.toMatchObject({ status: 403, code: 'member_budget_exhausted' });
    await expect(purser.clientFor('psr_nonsense').models.list()).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
  });

  it('hangs up in the middle of a stream a hundred times, and is charged what it received or a little more', async () => {
    const seeded = await purser.seed();
    const client = purser.clientFor(seeded.apiKey);
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
