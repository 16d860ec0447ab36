import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { pushPolicy } from '../../src/teams/policy.ts';
import { chat, type ErrorBody, eventsIn, get, HELLO, json, keyOf, until, wordsIn } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

describe('a chat completion', () => {
  it('is served, priced by hand, and told in the headers', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const response = await chat(apiKey, { demo: { outputTokens: 3 } }, { 'x-request-id': 'mine-1' });
    expect(response.status).toBe(200);
    // 2 words in at $1, 3 words out at $2 per million.
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-request-id': 'mine-1',
      'x-purser-cost': '0.000008',
      'x-purser-model': 'demo-words',
      'x-purser-provider': 'demo',
      'x-purser-budget-limit': '1',
      'x-purser-budget-remaining': '0.999992',
      'x-purser-budget-scope': 'member_total',
    });
    expect(await json(response)).toMatchObject({
      choices: [{ message: { content: 'word1 word2 word3' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 },
    });
    expect((await keyOf(apiKey)).usage).toBe('0.000008');
  });

  it('charges cached input and reasoning by their own prices', async () => {
    const { apiKey } = await seedOrganization();
    const response = await chat(apiKey, {
      model: 'demo/thinker',
      messages: [{ role: 'user', content: 'a b c d e f g h i j' }],
      demo: { cachedTokens: 4, reasoningTokens: 7, outputTokens: 5 },
    });
    // 6 x $1 + 4 x $0.10 + 12 x $2, per million.
    expect(response.headers.get('x-purser-cost')).toBe('0.0000304');
  });

  it('reads text parts, several choices, and echoes the last user text', async () => {
    const { apiKey } = await seedOrganization();
    const content = [
      { type: 'text', text: 'say' },
      { type: 'text', text: 'this' },
    ];
    const response = await chat(apiKey, { model: 'demo/echo', messages: [...HELLO, { role: 'user', content }], n: 2 });
    expect(await json(response)).toMatchObject({
      choices: [{ message: { content: 'say this' } }, { message: { content: 'say this' } }],
      usage: { prompt_tokens: 4, completion_tokens: 4 },
    });
  });

  it('is cut short by max_tokens as providers do', async () => {
    const { apiKey } = await seedOrganization();
    const response = await chat(apiKey, { max_tokens: 2 });
    expect(await json(response)).toMatchObject({
      choices: [{ message: { content: 'word1 word2' }, finish_reason: 'length' }],
    });
  });

  it('names the app it was called by', async () => {
    const { apiKey, memberId, organizationId, masterKey } = await seedOrganization();
    await chat(apiKey, {}, { 'x-title': ' My Tool ' });
    await chat(apiKey, {}, { 'user-agent': 'OpenAI/JS 6.0' });
    await chat(apiKey, {}, { 'http-referer': 'https://example.com/page' });
    await get(`/orgs/${organizationId}/health`, masterKey);
    await env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId)).ship({ memberId });
    const { results } = await env.DB.prepare('SELECT app FROM usage_events WHERE member_id = ? ORDER BY seq')
      .bind(memberId)
      .all();
    expect(results.map((row) => row.app)).toEqual(['my tool', 'openai', 'example.com']);
  });
});

describe('a stream', () => {
  it('passes the words, settles, and tells its cost on the usage that was asked for', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const asked = { stream: true, stream_options: { include_usage: true }, demo: { outputTokens: 3 } };
    const response = await chat(apiKey, asked);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const text = await response.text();
    expect(wordsIn(text)).toEqual(['word1', 'word2', 'word3']);
    expect(eventsIn(text).slice(-2)).toMatchObject([
      { choices: [], usage: { prompt_tokens: 2, completion_tokens: 3, cost: '0.000008' } },
      '[DONE]',
    ]);
    // Settled before its end was sent: whoever has read it all finds it in the books.
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0.000008', member: { status: { held: '0' } } });
  });

  it('keeps the usage to itself where it was not asked for, and charges by it all the same', async () => {
    const { apiKey } = await seedOrganization();
    const text = await (await chat(apiKey, { stream: true, demo: { outputTokens: 3 } })).text();
    expect(text).not.toContain('usage');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect((await keyOf(apiKey)).usage).toBe('0.000008');
  });

  it('holds slice by slice what a long answer needs, far below its worst case', async () => {
    // 2,000 words cost $0.004; the worst case of max_tokens would be $0.2.
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0.02' } });
    const text = await (
      await chat(apiKey, { stream: true, max_tokens: 100_000, demo: { outputTokens: 2_000 } })
    ).text();
    expect(wordsIn(text)).toHaveLength(2_000);
    expect((await keyOf(apiKey)).usage).toBe('0.004002');
  });

  it('is cut where the next slice does not fit, with the refusal as its last event, within the limit', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0.002' } });
    const text = await (
      await chat(apiKey, { stream: true, max_tokens: 100_000, demo: { outputTokens: 5_000 } })
    ).text();
    const words = wordsIn(text).length;
    expect(words).toBeGreaterThan(100);
    expect(words).toBeLessThan(1_000);
    expect(eventsIn(text).slice(-2)).toMatchObject([{ error: { code: 'member_budget_exhausted' } }, '[DONE]']);
    const { usage, member } = await keyOf(apiKey);
    expect(Number(usage)).toBeLessThanOrEqual(0.002);
    expect(Math.round(Number(usage) * 1e6)).toBeGreaterThanOrEqual(2 + words * 2);
    expect(member.status.held).toBe('0');
  });

  it('ends at its next slice once its key is disabled', async () => {
    const { apiKey, keyId, memberId } = await seedOrganization();
    const response = await chat(apiKey, { stream: true, demo: { outputTokens: 50_000, tokensPerSecond: 5_000 } });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    await reader?.read();
    await env.DB.batch([
      env.DB.prepare("UPDATE api_keys SET status = 'disabled' WHERE id = ?").bind(keyId),
      env.DB.prepare('UPDATE members SET policy_version = policy_version + 1 WHERE id = ?').bind(memberId),
    ]);
    expect(await pushPolicy(env, memberId)).toBe(true);
    let text = '';
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    expect(eventsIn(text).slice(-2)).toMatchObject([{ error: { code: 'invalid_api_key' } }, '[DONE]']);
    expect(wordsIn(text).length).toBeLessThan(20_000);
  });
});

describe('an upstream failure', () => {
  it.each([
    [400, 400, 'demo'],
    [404, 404, 'demo'],
    [422, 422, 'demo'],
    [429, 429, 'demo'],
    [401, 502, 'upstream_error'],
    [403, 502, 'upstream_error'],
    [500, 502, 'upstream_error'],
    [503, 502, 'upstream_error'],
    [504, 504, 'upstream_timeout'],
  ])('of status %i before the first byte is told as %i and costs nothing', async (failStatus, status, code) => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    for (const stream of [false, true]) {
      const response = await chat(apiKey, { stream, demo: { failStatus } });
      expect(response.status).toBe(status);
      expect((await json<ErrorBody>(response)).error.code).toBe(code);
      if (status === 429) expect(response.headers.get('retry-after')).toBe('1');
    }
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
  });

  it('in the middle of a stream ends it with an error event, and charges what was seen', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    for (const failAfterTokens of [1, 7, 50]) {
      const before = Number((await keyOf(apiKey)).usage);
      const text = await (await chat(apiKey, { stream: true, demo: { failAfterTokens } })).text();
      expect(wordsIn(text)).toHaveLength(failAfterTokens);
      expect(eventsIn(text).slice(-2)).toMatchObject([{ error: { code: 'upstream_error' } }, '[DONE]']);
      const charged = Number((await keyOf(apiKey)).usage) - before;
      expect(Math.round(charged * 1e6)).toBe(2 + 2 * failAfterTokens);
    }
  });

  it('that charges more than was held is booked as an overrun', async () => {
    const { apiKey, memberId } = await seedOrganization({ budget: { usageLimit: '1' } });
    await chat(apiKey, { demo: { outputTokens: 3, overrunTokens: 10 } });
    expect((await keyOf(apiKey)).usage).toBe('0.000028');
    await env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId)).ship({ memberId });
    const ledger = env.DB.prepare('SELECT cost, overrun FROM member_ledgers WHERE member_id = ?').bind(memberId);
    expect(await ledger.first()).toEqual({ cost: 28_000, overrun: 20_000 });
  });
});

describe('two hundred at once with room for exactly ten', () => {
  const COST = 102; // micro-dollars: 2 words in, 50 out.
  const asked = { demo: { outputTokens: 50, delayMs: 20 } };

  it('serves ten, refuses the rest for what is held and then for what is spent, and loses nothing', async () => {
    const { apiKey, memberId, masterKey, organizationId } = await seedOrganization({
      budget: { usageLimit: '0.00102' },
    });
    let served = 0;
    const codes = new Set<string>();
    const caller = async (i: number): Promise<void> => {
      for (;;) {
        const response = await chat(apiKey, { ...asked, stream: i % 2 === 0 });
        const text = await response.text();
        const status = await env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId)).status({ memberId });
        expect(status.usage + status.held).toBeLessThanOrEqual(10 * COST * 1_000);
        if (response.ok) {
          served += 1;
          return;
        }
        const { code, message } = (JSON.parse(text) as ErrorBody).error;
        codes.add(`${response.status} ${code}`);
        if (response.status === 429) {
          expect(response.headers.get('retry-after')).toBe('1');
          await new Promise((resolve) => setTimeout(resolve, 5 + (i % 10)));
          continue;
        }
        expect(message).toBe('Member has reached their total spend budget.');
        return;
      }
    };
    await Promise.all(Array.from({ length: 200 }, (_, i) => caller(i)));
    expect(served).toBe(10);
    expect([...codes].sort()).toEqual(['403 member_budget_exhausted', '429 budget_in_flight']);
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0.00102', member: { status: { held: '0', remaining: '0' } } });
    const health = await until(async () => {
      const answer = await json<{ ok: boolean }>(await get(`/orgs/${organizationId}/health`, masterKey));
      return answer.ok ? answer : null;
    }, 'books that agree');
    expect(health).toMatchObject({ difference: '0' });
  });
});
