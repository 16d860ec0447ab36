/** Bills against the truth: an upstream of our own that counts what it made, with clients that leave and connections that die. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeAsk, type FakeOpenAi, startFakeOpenAi } from '../support/fake-openai.ts';
import { api, startEmpty, until } from '../support/purser.ts';

const INPUT_USD_PER_TOKEN = 0.15 / 1e6;
const OUTPUT_USD_PER_TOKEN = 0.6 / 1e6;

describe('an openai upstream', () => {
  let upstream: FakeOpenAi;
  let purser: Awaited<ReturnType<typeof startEmpty>>;

  beforeAll(async () => {
    upstream = await startFakeOpenAi();
    purser = await startEmpty({ OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: upstream.baseUrl });
  });

  afterAll(async () => {
    await purser?.stop();
    await upstream?.stop();
  });

  const SAID = {
    'chat/completions': { messages: [{ role: 'user', content: 'go' }] },
    responses: { input: 'go' },
  };
  type Endpoint = keyof typeof SAID;

  const ask = (
    apiKey: string,
    fake: FakeAsk,
    signal: AbortSignal | null = null,
    stream = true,
    endpoint: Endpoint = 'chat/completions',
  ) =>
    fetch(`${purser.server.url}/v1/${endpoint}`, {
      method: 'POST',
      signal,
      headers: { authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model: 'gpt-4o-mini', ...SAID[endpoint], stream, fake }),
    });

  const FAILURES: Record<Endpoint, RegExp> = {
    'chat/completions': /"code":"upstream_error".*\n\ndata: \[DONE\]\n\n$/s,
    responses: /event: response.failed\ndata: \{.*"code":"upstream_error".*\}\n\n$/s,
  };

  /** Reads words off a stream until it ends or `leaveAfter` were read. */
  async function readWords(
    response: Response,
    leaveAfter = Number.POSITIVE_INFINITY,
  ): Promise<{ words: number; text: string }> {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (reader) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
      if (text.split('" word"').length - 1 >= leaveAfter) break;
    }
    return { words: text.split('" word"').length - 1, text };
  }

  it.each<[Endpoint, string]>([
    ['chat/completions', 'hangs up'],
    ['chat/completions', 'loses its upstream'],
    ['responses', 'hangs up'],
    ['responses', 'loses its upstream'],
  ])(
    'a client of %s that %s is charged at least what it received and at most what was made, in each of 100 tries',
    async (endpoint, how) => {
      const seeded = await purser.seed({ budget: { usageLimit: '10' } });
      const { status } = api(purser.server, seeded);
      let before = Number((await status()).usage);
      for (let i = 0; i < 100; i++) {
        const call = `${endpoint} ${how} ${i}`;
        const words = 1 + ((i * 13) % 60);
        const leaving = new AbortController();
        const fake: FakeAsk =
          how === 'hangs up' ? { call, words: 500, paceMs: 1 } : { call, words: 500, dieAfterWords: words };
        const response = await ask(seeded.apiKey, fake, leaving.signal, true, endpoint);
        const received = await readWords(response, how === 'hangs up' ? words : undefined);
        leaving.abort();
        if (how !== 'hangs up') expect(received.text).toMatch(FAILURES[endpoint]);
        await until(async () => (await status()).held === '0', 'the settlement');
        const now = Number((await status()).usage);
        const inputTokens = 5;
        const charged = Math.round((now - before - inputTokens * INPUT_USD_PER_TOKEN) / OUTPUT_USD_PER_TOKEN);
        expect(charged).toBeGreaterThanOrEqual(received.words);
        expect(charged).toBeLessThanOrEqual(upstream.made.get(call) ?? 0);
        before = now;
      }
    },
  );

  it.each<[Endpoint, boolean, string]>([
    ['chat/completions', true, 'member_budget_exhausted'],
    ['chat/completions', false, '"finish_reason":"length"'],
    ['responses', true, 'member_budget_exhausted'],
    ['responses', false, '"reason":"max_output_tokens"'],
  ])(
    'of %s that would go on past the limit is cut in time, its answer charged as it was received (streamed: %s)',
    async (endpoint, stream, told) => {
      const limit = 0.0005;
      const seeded = await purser.seed({ budget: { usageLimit: String(limit) } });
      const fake = { call: `endless ${endpoint} ${stream}`, words: 5_000, paceMs: 1 };
      const response = await ask(seeded.apiKey, fake, null, stream, endpoint);
      const text = await response.text();
      expect(text).toContain(told);
      const received = text.split(' word').length - 1;
      expect(received).toBeGreaterThan(50);
      const { usage, held } = await api(purser.server, seeded).status();
      expect(held).toBe('0');
      const charged = Math.round((Number(usage) - 5 * INPUT_USD_PER_TOKEN) / OUTPUT_USD_PER_TOKEN);
      const made = upstream.made.get(fake.call) ?? 0;
      expect(charged).toBe(received);
      expect(made).toBeGreaterThanOrEqual(received);
      // What it made until it noticed, all of it, is within the limit by its own count.
      expect(10 * INPUT_USD_PER_TOKEN + made * OUTPUT_USD_PER_TOKEN).toBeLessThanOrEqual(limit);
    },
  );

  it('that counts is believed to the nanodollar', async () => {
    const seeded = await purser.seed({ budget: { usageLimit: '1' } });
    const { words } = await readWords(await ask(seeded.apiKey, { call: 'counted', words: 30 }));
    expect(words).toBe(30);
    // 10 tokens in at $0.15 and 30 out at $0.60 per million.
    expect((await api(purser.server, seeded).status()).usage).toBe('0.0000195');
  });
});
