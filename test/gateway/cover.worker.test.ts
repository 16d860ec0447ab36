/** What a member with little left gets, to the word: the demo provider's tokens are words, $1 a million in and $2 out. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { formatUsd, nanos } from '../../src/money/nanos.ts';
import { pushPolicy } from '../../src/teams/policy.ts';
import { type ChatBody, chat, type ErrorBody, eventsIn, json, keyOf, until, wordsIn } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

/** Two words in, and so many out. */
const costing = (words: number) => (2 + 2 * words) / 1e6;
const usd = (amount: number) => formatUsd(nanos(Math.round(amount * 1e9)));
const limitFor = (words: number) => ({ budget: { usageLimit: usd(costing(words)) } });

/** As coding agents ask: far more than they use, and than most budgets hold. */
const LONG = { max_tokens: 64_000 };
const ENDLESS = { ...LONG, demo: { outputTokens: 5_000 } };

interface Answer {
  choices: { message: { content: string }; finish_reason: string }[];
  usage: { prompt_tokens: number; completion_tokens: number };
}

const words = ({ choices }: Answer) => choices.flatMap(({ message }) => message.content.split(' ')).length;

async function expectSpent(apiKey: string, amount: number): Promise<void> {
  expect(await keyOf(apiKey)).toMatchObject({ usage: usd(amount), member: { status: { held: '0' } } });
}

/** An answer without the fields that say nothing: a stream has none of them. */
async function said(response: Response): Promise<Record<string, unknown>> {
  return JSON.parse(await response.text(), (_, value) => (value === null ? undefined : value)) as Record<
    string,
    unknown
  >;
}

describe('a whole answer whose worst case the budget does not hold', () => {
  it('is the same as ever, at the same cost', async () => {
    const rich = await seedOrganization();
    const poor = await seedOrganization({ budget: { usageLimit: '0.02' } });
    for (const asked of [LONG, { ...LONG, n: 2 }]) {
      const [whole, gathered] = [await chat(rich.apiKey, asked), await chat(poor.apiKey, asked)];
      expect(gathered.status).toBe(200);
      expect(gathered.headers.get('content-type')).toBe('application/json');
      expect(gathered.headers.get('x-purser-cost')).toBe(whole.headers.get('x-purser-cost'));
      expect(gathered.headers.get('x-purser-cut')).toBeNull();
      expect({ ...(await said(gathered)), created: 0 }).toEqual({ ...(await said(whole)), created: 0 });
    }
    await expectSpent(poor.apiKey, costing(100) + costing(200));
  });

  it('holds a slice and no more, so that a second fits beside it', async () => {
    // 128 words of the first are never reached, so it never asks for a second slice: two first slices fit, not three.
    const { apiKey } = await seedOrganization({ budget: { usageLimit: usd(2 * costing(256) + 1e-6) } });
    const asked = { ...LONG, demo: { delayMs: 1_000 } };
    const statuses = await Promise.all([1, 2, 3].map(async () => (await chat(apiKey, asked)).status));
    expect(statuses.sort()).toEqual([200, 200, 429]);
    await expectSpent(apiKey, 2 * costing(100));
  });

  it('grows as far as the budget goes, and is cut there with what was paid for', async () => {
    // 999 words of output fit; the last 64 stay aside until the provider has noticed the cancel.
    const { apiKey } = await seedOrganization(limitFor(999));
    const response = await chat(apiKey, ENDLESS);
    const answer = await json<Answer>(response);
    expect([response.status, response.headers.get('x-purser-cut')]).toEqual([200, 'member_total']);
    expect(words(answer)).toBe(936);
    expect(answer).toMatchObject({
      object: 'chat.completion',
      choices: [{ finish_reason: 'length' }],
      usage: { prompt_tokens: 2, completion_tokens: 936, total_tokens: 938 },
    });
    expect(response.headers.get('x-purser-cost')).toBe(usd(costing(936)));
    await expectSpent(apiKey, costing(936));
  });

  it('is cut at the tightest of several limits, by name', async () => {
    const { apiKey } = await seedOrganization({
      budget: {
        usageLimit: '0.004',
        periodUsageLimit: '0.003',
        periodUsageDurationValue: 1,
        periodUsageDurationUnit: 'day',
      },
      keyLimits: { usageLimit: usd(costing(999)) },
    });
    const response = await chat(apiKey, ENDLESS);
    expect(response.headers.get('x-purser-cut')).toBe('api_key_total');
    expect(words(await json<Answer>(response))).toBe(936);
  });

  it('ends with the refusal once its key is disabled, and says what it cost', async () => {
    const { apiKey, keyId, memberId } = await seedOrganization({ budget: { usageLimit: '1' } });
    // The worst case of four times as many tokens as there are passes a dollar.
    const answered = chat(apiKey, { max_tokens: 131_072, n: 4, demo: { tokensPerSecond: 3_000 } });
    await held(apiKey);
    await change(memberId, "UPDATE api_keys SET status = 'disabled' WHERE id = ?", keyId);
    const response = await answered;
    // Four times a hundred words: the second slice is refused.
    expect((await json<ErrorBody>(response)).error.code).toBe('invalid_api_key');
    expect(response.status).toBe(401);
    expect(Number(response.headers.get('x-purser-cost'))).toBeGreaterThan(costing(50));
  });

  it('costs nothing where its provider refuses or fails, however often a client tries again', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0.02' } });
    for (const failStatus of [400, 429, 500, 503]) {
      for (let tries = 0; tries < 3; tries++) await (await chat(apiKey, { ...LONG, demo: { failStatus } })).text();
    }
    const response = await chat(apiKey, { ...LONG, demo: { failAfterTokens: 7 } });
    expect((await json<ErrorBody>(response)).error.code).toBe('upstream_error');
    await expectSpent(apiKey, costing(7));
  });
});

describe('the last of a budget', () => {
  // Of 100 covered words a quarter is kept for the time after the cancel; the word that reaches into it is paid for and passes.
  it.each([
    [100, 76],
    [16, 13],
  ])('of %i words is given to a whole answer and to a stream, cut after %i', async (fit, said) => {
    const whole = await seedOrganization(limitFor(fit));
    const answer = await json<Answer>(await chat(whole.apiKey, ENDLESS));
    expect([words(answer), answer.choices[0]?.finish_reason]).toEqual([said, 'length']);
    await expectSpent(whole.apiKey, costing(said));

    const stream = await seedOrganization(limitFor(fit));
    const text = await (await chat(stream.apiKey, { ...ENDLESS, stream: true })).text();
    expect(wordsIn(text)).toHaveLength(said);
    expect(eventsIn(text).slice(-2)).toMatchObject([{ error: { code: 'member_budget_exhausted' } }, '[DONE]']);
    await expectSpent(stream.apiKey, costing(said));

    for (const { memberId } of [whole, stream]) {
      await env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId)).ship({ memberId });
      const { results } = await env.DB.prepare('SELECT outcome FROM usage_events WHERE member_id = ?')
        .bind(memberId)
        .all();
      // One request, and no refusal on the way to it.
      expect(results).toEqual([{ outcome: 'cut' }]);
    }
  });

  it.each([ENDLESS, { ...ENDLESS, stream: true }, { ...LONG, model: 'demo/thinker' }])(
    'of fewer than 16 words refuses %j, as often as it is tried, and holds nothing',
    async (asked) => {
      const { apiKey } = await seedOrganization(limitFor(15));
      for (let tries = 0; tries < 3; tries++) {
        const response = await chat(apiKey, asked);
        expect(response.status).toBe(403);
        expect((await json<ErrorBody>(response)).error.code).toBe('request_exceeds_budget');
      }
      await expectSpent(apiKey, 0);
    },
  );

  it('is not given out while only the holds of others are in the way', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: usd(costing(256) + costing(100)) } });
    const first = chat(apiKey, { ...LONG, stream: true, demo: { delayMs: 1_000 } });
    await held(apiKey);
    for (const stream of [true, false]) {
      const second = await chat(apiKey, { ...LONG, stream });
      expect([second.status, (await json<ErrorBody>(second)).error.code]).toEqual([429, 'budget_in_flight']);
    }
    await (await first).text();
    await expectSpent(apiKey, costing(100));
  });

  it('goes to a stream that runs, to the last slice that fits', async () => {
    const { apiKey } = await seedOrganization(limitFor(999));
    const text = await (await chat(apiKey, { ...ENDLESS, stream: true })).text();
    expect(wordsIn(text)).toHaveLength(936);
    expect(eventsIn(text).slice(-2)).toMatchObject([{ error: { code: 'member_budget_exhausted' } }, '[DONE]']);
    await expectSpent(apiKey, costing(936));
  });
});

describe('output that cannot be watched', () => {
  const THINKER = { ...LONG, model: 'demo/thinker', demo: { reasoningTokens: 60, outputTokens: 400 } };

  const PREDICTED = { ...LONG, prediction: { type: 'content', content: 'a' }, demo: { outputTokens: 400 } };

  it.each<[string, ChatBody, number, number, number, number]>([
    ['a reasoning model', THINKER, 100, 1, 100, 40],
    ['a reasoning model without max_tokens', { ...THINKER, max_tokens: null }, 100, 1, 100, 40],
    ['two choices of it', { ...THINKER, n: 2 }, 161, 2, 80, 20],
    ['a prediction', PREDICTED, 99, 1, 99, 99],
  ])('of %s gets as many tokens as are left, and says so', async (_, asked, fit, choices, cap, said) => {
    for (const stream of [false, true]) {
      const { apiKey } = await seedOrganization(limitFor(fit));
      const response = await chat(apiKey, { ...asked, stream });
      expect([response.status, response.headers.get('x-purser-max-output')]).toEqual([200, String(cap)]);
      if (stream) {
        const text = await response.text();
        expect(text.match(/"finish_reason":"length"/g)).toHaveLength(choices);
        expect(eventsIn(text).at(-1)).toBe('[DONE]');
      } else {
        const answer = await json<Answer>(response);
        expect(answer.choices.map((choice) => choice.finish_reason)).toEqual(Array(choices).fill('length'));
        expect(words(answer)).toBe(choices * said);
      }
      await expectSpent(apiKey, costing(cap * choices));
    }
  });

  it('is capped to no less than the reasoning that was asked for, which the provider would refuse; else it is refused here', async () => {
    const wish = { ...THINKER, reasoning: { max_tokens: 90 } };
    const fits = await seedOrganization(limitFor(91));
    const response = await chat(fits.apiKey, wish);
    expect([response.status, response.headers.get('x-purser-max-output')]).toEqual([200, '91']);
    await response.text();
    const short = await seedOrganization(limitFor(90));
    const refused = await chat(short.apiKey, wish);
    expect([refused.status, (await json<ErrorBody>(refused)).error.code]).toEqual([403, 'request_exceeds_budget']);
    expect(await keyOf(short.apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
  });

  it.each([9e15, 0, -1, 1.5, 'many', null, {}])(
    'is not kept from anybody by reasoning of %j tokens',
    async (max_tokens) => {
      const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
      expect((await chat(apiKey, { ...THINKER, reasoning: { max_tokens } })).status).toBe(200);
    },
  );

  it('is left as it was asked for where it fits', async () => {
    const { apiKey } = await seedOrganization(limitFor(460));
    const response = await chat(apiKey, THINKER);
    expect(response.headers.get('x-purser-max-output')).toBeNull();
    expect((await json<Answer>(response)).choices[0]?.finish_reason).toBe('stop');
    await expectSpent(apiKey, costing(460));
  });

  it('of a stream that breaks off is charged as far as it was seen, the rest of its hold unresolved', async () => {
    const { apiKey, memberId } = await seedOrganization({ budget: { usageLimit: '1' } });
    await (await chat(apiKey, { ...THINKER, stream: true, demo: { ...THINKER.demo, failAfterTokens: 7 } })).text();
    await expectSpent(apiKey, costing(7));
    await env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId)).ship({ memberId });
    const ledger = env.DB.prepare('SELECT unresolved FROM member_ledgers WHERE member_id = ?').bind(memberId);
    expect(await ledger.first()).toEqual({ unresolved: (460 - 7) * 2_000 });
  });

  it('that exceeds its lowered cap is charged as an overrun', async () => {
    const { apiKey, memberId } = await seedOrganization(limitFor(100));
    await chat(apiKey, { ...THINKER, demo: { ...THINKER.demo, overrunTokens: 10 } });
    await expectSpent(apiKey, costing(110));
    await env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId)).ship({ memberId });
    const ledger = env.DB.prepare('SELECT overrun FROM member_ledgers WHERE member_id = ?').bind(memberId);
    expect(await ledger.first()).toEqual({ overrun: 20_000 });
  });
});

describe('a stream in mid-flight', () => {
  it('ends with the limit that was lowered under it', async () => {
    const { apiKey, memberId } = await seedOrganization({ budget: { usageLimit: '1' } });
    const response = await chat(apiKey, { stream: true, demo: { outputTokens: 50_000, tokensPerSecond: 5_000 } });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    await reader?.read();
    const budget = JSON.stringify({ usageLimit: '0.0001' });
    await change(memberId, `UPDATE members SET budget = json_patch(budget, '${budget}') WHERE id = ?`, memberId);
    let text = '';
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    expect(eventsIn(text).slice(-2)).toMatchObject([{ error: { code: 'member_budget_exhausted' } }, '[DONE]']);
    expect(wordsIn(text).length).toBeLessThan(20_000);
    expect((await keyOf(apiKey)).member.status.held).toBe('0');
  });
});

/** Changes a member's policy in D1 and tells its object. */
async function change(memberId: string, sql: string, id: string): Promise<void> {
  await env.DB.batch([
    env.DB.prepare(sql).bind(id),
    env.DB.prepare('UPDATE members SET policy_version = policy_version + 1 WHERE id = ?').bind(memberId),
  ]);
  expect(await pushPolicy(env, memberId)).toBe(true);
}

async function held(apiKey: string): Promise<void> {
  await until(async () => ((await keyOf(apiKey)).member.status.held === '0' ? null : true), 'a hold');
}
