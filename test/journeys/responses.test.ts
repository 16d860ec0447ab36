/** The official OpenAI client's Responses, unmodified but for base URL and key, against aimock and the demo provider. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOnMockedOpenAi } from '../support/mocked-openai.ts';
import { api, until } from '../support/purser.ts';

describe("the official openai client's responses", () => {
  let purser: Awaited<ReturnType<typeof startOnMockedOpenAi>>;
  beforeAll(async () => {
    purser = await startOnMockedOpenAi();
  });
  afterAll(() => purser?.stop());

  it.each([
    ['demo/words', 'word1 word2 word3'],
    ['openai/gpt-4o-mini', 'All is well in the galley.'],
  ])('are made by %s, whole and streamed, kept, gone on from and deleted', async (model, text) => {
    const seeded = await purser.seed({ budget: { usageLimit: '1' } });
    const client = purser.clientFor(seeded.apiKey);
    const asked = {
      model,
      input: 'tell me all',
      max_output_tokens: 100,
      ...(model.startsWith('demo/') ? { demo: { outputTokens: 3 } } : {}),
    };
    const whole = await client.responses.create(asked);
    expect(whole).toMatchObject({ object: 'response', status: 'completed', output_text: text });
    const { output_text: _, ...told } = whole;
    expect(await client.responses.retrieve(whole.id)).toMatchObject(told);
    const items = await client.responses.inputItems.list(whole.id);
    expect(items.data).toMatchObject([{ type: 'message', role: 'user', content: [{ text: 'tell me all' }] }]);

    const next = { ...asked, previous_response_id: whole.id };
    let streamed = '';
    const stream = client.responses.stream(next).on('response.output_text.delta', ({ delta }) => {
      streamed += delta;
    });
    const final = await stream.finalResponse();
    expect([streamed, final.output_text, final.previous_response_id]).toEqual([text, text, whole.id]);
    expect(final.usage).toMatchObject({ cost: expect.stringMatching(/^0\.\d+$/) });
    expect((await client.responses.retrieve(final.id)).output_text).toBe(text);

    expect(await client.responses.delete(whole.id)).toMatchObject({ id: whole.id, deleted: true });
    await expect(client.responses.retrieve(whole.id)).rejects.toMatchObject({ status: 404, code: 'not_found' });

    const { status, health, rollUp, activity } = api(purser.server, seeded);
    const { usage: spent, held } = await status();
    expect(held).toBe('0');
    await rollUp();
    expect((await activity()).totals).toMatchObject({ cost: spent, requestCount: 2 });
    expect(await health()).toMatchObject({ ok: true, difference: '0' });
  });

  it('parse structured output and call tools, whole and streamed', async () => {
    const client = purser.clientFor((await purser.seed({ budget: { usageLimit: '1' } })).apiKey);
    const schema = {
      type: 'object',
      properties: { ship: { type: 'string' }, masts: { type: 'integer' } },
      required: ['ship', 'masts'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema' as const, name: 'ship', strict: true, schema };
    const parsed = await client.responses.parse({ model: 'gpt-4o-mini', input: 'as JSON', text: { format } });
    expect(parsed.output_parsed).toEqual({ ship: 'Purser', masts: 3 });

    const tools = [{ type: 'function' as const, name: 'look', parameters: { type: 'object' }, strict: false }];
    const asked = { model: 'gpt-4o-mini', input: 'look it up', tools };
    const called = await client.responses.create(asked);
    const call = { type: 'function_call', name: 'look', arguments: '{"at":"the chart"}' };
    expect(called.output).toMatchObject([call]);
    let json = '';
    const stream = client.responses.stream(asked).on('response.function_call_arguments.delta', ({ delta }) => {
      json += delta;
    });
    expect((await stream.finalResponse()).output).toMatchObject([call]);
    expect(json).toBe(call.arguments);
  });

  it('understand refusals, and failures in the middle of a stream', async () => {
    const spent = purser.clientFor((await purser.seed({ budget: { usageLimit: '0' } })).apiKey);
    const asked = { model: 'demo/words', input: 'tell me all' };
    const refused = { status: 403, code: 'member_budget_exhausted' };
    await expect(spent.responses.create(asked)).rejects.toMatchObject(refused);
    await expect(spent.responses.stream(asked).finalResponse()).rejects.toMatchObject(refused);
    const client = purser.clientFor((await purser.seed()).apiKey);
    await expect(client.responses.create({ ...asked, tools: [{ type: 'web_search' }] })).rejects.toMatchObject({
      status: 400,
      param: 'tools.0',
    });
    const failing = { ...asked, demo: { outputTokens: 9, failAfterTokens: 3 } };
    const failed = await client.responses.stream(failing).finalResponse();
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'upstream_error' } });
    await expect(client.responses.retrieve(failed.id)).rejects.toMatchObject({ status: 404 });
  });

  it('hang up in the middle of a stream, and are charged what they received or a little more', async () => {
    const seeded = await purser.seed();
    const client = purser.clientFor(seeded.apiKey);
    const { status } = api(purser.server, seeded);
    const stream = client.responses.stream({
      model: 'demo/words',
      input: 'hi',
      ...{ demo: { outputTokens: 400, tokensPerSecond: 1_000 } },
    });
    let received = 0;
    for await (const { type } of stream) {
      received += type === 'response.output_text.delta' ? 1 : 0;
      if (received >= 20) break;
    }
    await until(async () => (await status()).held === '0', 'the settlement of a hang-up');
    const charged = (Number((await status()).usage) * 1e6 - 1) / 2;
    expect(charged).toBeGreaterThanOrEqual(received);
    expect(charged).toBeLessThan(400);
  });
});
