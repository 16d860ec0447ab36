/** PUT .../members/{memberId}/budget: what is taken, and what the next request feels of it. Bad ones: bad-budgets.worker.test.ts. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { settledBudget } from '../../src/objects.ts';
import { NO_BUDGET } from '../../src/teams/budget-body.ts';
import { chat, type ErrorBody, json, keyOf, ORIGIN } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { budgetPath, call, callIn, type Json, memberOf, policyState, refusal, setBudget } from './management.ts';

const COUNTS = {
  maxApiKeys: LIMITS.apiKeysPerMemberMax,
  requestsPerMinute: LIMITS.requestsPerMinuteMax,
  tokensPerMinute: LIMITS.tokensPerMinuteMax,
  concurrency: LIMITS.concurrencyMax,
};

const hours = (limit: string | null, value: unknown = 1, unit: unknown = 'hour'): Json => ({
  periodUsageLimit: limit,
  periodUsageDurationValue: value,
  periodUsageDurationUnit: unit,
});

const FIRST_WEEK = { ...hours('5', 1, 'week'), periodAlignment: 'first-use' };

const mapValues = <T>(of: object, value: T) => Object.fromEntries(Object.keys(of).map((name) => [name, value]));
const NONE = mapValues(COUNTS, 0);
const ANY_NUMBER = mapValues(COUNTS, 'unlimited');

/** Two words in at $1 and `outputTokens` out at $2 per million: held and charged alike. */
const spend = (apiKey: string, outputTokens: number) =>
  chat(apiKey, { demo: { outputTokens }, max_tokens: outputTokens });

async function refusedChat(apiKey: string) {
  const response = await spend(apiKey, 1);
  const { error } = await json<ErrorBody>(response);
  return [response.status, error.code, error.message];
}

const TOTAL_SPENT = [403, 'member_budget_exhausted', 'Member has reached their total spend budget.'];
const PERIOD_SPENT = [403, 'member_period_budget_exhausted', 'Member has reached their period spend budget.'];

describe('a body that is refused', () => {
  let seeded: Seeded;
  let before: unknown[];
  /** What the API shows, what D1 has, and what the object enforces. */
  const state = async (): Promise<unknown[]> => [
    await memberOf(seeded),
    await policyState(seeded.memberId),
    await settledBudget(env, seeded.memberId, (object) => object.status(seeded)),
  ];

  beforeAll(async () => {
    seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    before = await state();
  });

  it.each<[string, BodyInit | null, Record<string, string>, number]>([
    ['no body at all', null, {}, 400],
    ['no body, said to be JSON', null, { 'content-type': 'application/json' }, 400],
    ['a body of no type', new TextEncoder().encode('{"usageLimit":"5"}'), {}, 415],
    ...[
      '',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json5',
    ].map((type): [string, string, Record<string, string>, number] => [
      `a body of type "${type}"`,
      '{"usageLimit":"5"}',
      { 'content-type': type },
      415,
    ]),
    ['compressed bytes', new Uint8Array([0x1f, 0x8b, 8, 0]), { 'content-type': 'application/json' }, 400],
  ])('%s is never taken for an empty budget', async (_, body, headers, status) => {
    const asked = new Request(ORIGIN + budgetPath(seeded), {
      method: 'PUT',
      headers: { authorization: `Bearer ${seeded.masterKey}`, ...headers },
      body,
    });
    const param = status === 415 ? 'Content-Type' : null;
    expect(await refusal(await callIn(env, asked))).toMatchObject({ status, code: 'invalid_request_error', param });
    expect(await state()).toEqual(before);
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/merge-patch+json'])(
    'is none of type %s',
    async (type) => {
      const asked = new Request(ORIGIN + budgetPath(seeded), {
        method: 'PUT',
        headers: { authorization: `Bearer ${seeded.masterKey}`, 'content-type': type },
        body: '{"usageLimit":-1}',
      });
      expect(await refusal(await callIn(env, asked))).toMatchObject({ status: 400, param: 'usageLimit' });
    },
  );

  it('for its size is not read to the end, declared or not', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(16 * 1024).fill(0x20));
      },
    });
    for (const body of [`{"usageLimit":"5"}${' '.repeat(LIMITS.apiBodyBytesMax)}`, endless]) {
      const refused = await refusal(await call('PUT', budgetPath(seeded), seeded.masterKey, body));
      expect(refused).toMatchObject({ status: 413, code: 'request_too_large' });
    }
    expect(sent).toBeLessThan(64);
    expect(await state()).toEqual(before);
  });
});

describe('a budget that is taken', () => {
  it.each([
    ['0', '0'],
    ['0.1', '0.10'],
    ['3.2', '3.20'],
    ['42.130', '42.13'],
    ['100.00', '100'],
    ['0.0002', '0.0002'],
    ['0.000000001', '0.000000001'],
    ['1000000.000000000', '1000000'],
    ['999999.999999999', '999999.999999999'],
  ])('shows %s as %s, in every place', async (given, shown) => {
    const seeded = await seedOrganization();
    const member = await setBudget(seeded, { usageLimit: given, ...hours(given) });
    const limits = { usageLimit: shown, periodUsageLimit: shown };
    expect(member).toMatchObject({
      budget: limits,
      effectiveBudget: limits,
      status: { remaining: shown, currentPeriodRemaining: shown },
    });
    expect(await memberOf(seeded)).toMatchObject({ budget: limits, effectiveBudget: limits });
    expect(await keyOf(seeded.apiKey)).toMatchObject({ member: { limits } });
  });

  it.each<[string, Json, Json, Json, string]>([
    ['nothing', {}, NO_BUDGET, { usageLimit: null, periodUsageLimit: null, maxApiKeys: null }, 'unlimited'],
    ['null', { usageLimit: null }, { usageLimit: null }, { usageLimit: null }, 'unlimited'],
    [
      'unlimited',
      { usageLimit: 'unlimited', periodUsageLimit: 'unlimited' },
      { usageLimit: 'unlimited', periodUsageLimit: 'unlimited' },
      { usageLimit: null, usageLimitBasis: null, periodUsageLimit: null },
      'unlimited',
    ],
    [
      'a total',
      { usageLimit: '5' },
      { usageLimitBasis: null },
      { usageLimit: '5', usageLimitBasis: 'lifetime' },
      'total',
    ],
    [
      'a one-time total',
      { usageLimit: '5', usageLimitBasis: 'cycle' },
      {},
      { usageLimit: '5', usageLimitBasis: 'cycle' },
      'one-time',
    ],
    [
      'a period',
      hours('5', 12, 'month'),
      hours('5', 12, 'month'),
      { ...hours('5', 12, 'month'), periodAlignment: 'rolling' },
      'periodic',
    ],
    ['a year of hours', hours('5', 8760), hours('5', 8760), hours('5', 8760), 'periodic'],
    ['a year of days', hours('5', 365, 'day'), {}, hours('5', 365, 'day'), 'periodic'],
    ['a year of weeks', hours('5', 52, 'week'), {}, hours('5', 52, 'week'), 'periodic'],
    ...[1, 2, 3, 4, 6, 8, 12, 24].map((value): [string, Json, Json, Json, string] => [
      `${value} hours of the day`,
      { ...hours('5', value), periodAlignment: 'calendar' },
      { periodAlignment: 'calendar' },
      { ...hours('5', value), periodAlignment: 'calendar' },
      'periodic',
    ]),
    ['a week from its first use', FIRST_WEEK, FIRST_WEEK, FIRST_WEEK, 'periodic'],
    ['the most of each count', COUNTS, COUNTS, COUNTS, 'unlimited'],
    ['none of each count', NONE, NONE, NONE, 'unlimited'],
    ['any number of each', ANY_NUMBER, ANY_NUMBER, mapValues(COUNTS, null), 'unlimited'],
  ])('%s is kept as given and shown as it applies', async (_, body, budget, effectiveBudget, budgetType) => {
    const member = await setBudget(await seedOrganization({ budget: { usageLimit: '1', maxApiKeys: 9 } }), body);
    expect(member).toMatchObject({
      budget: { ...budget, version: 2 },
      effectiveBudget,
      status: { budgetType, version: 2 },
    });
  });

  it('replaces the whole: what is left out is not kept', async () => {
    const seeded = await seedOrganization();
    await setBudget(seeded, { maxApiKeys: 3, usageLimit: '1', ...hours('1') });
    expect((await setBudget(seeded, { maxApiKeys: 4 })).budget).toEqual({ ...NO_BUDGET, maxApiKeys: 4, version: 3 });
  });

  it('of 0 blocks everything, and of unlimited nothing', async () => {
    const seeded = await seedOrganization();
    await setBudget(seeded, { usageLimit: '0' });
    expect(await refusedChat(seeded.apiKey)).toEqual(TOTAL_SPENT);
    await setBudget(seeded, hours('0'));
    expect(await refusedChat(seeded.apiKey)).toEqual(PERIOD_SPENT);
    await setBudget(seeded, { usageLimit: 'unlimited' });
    expect((await spend(seeded.apiKey, 1)).status).toBe(200);
  });

  it('counts in a period what was spent before there was one', async () => {
    const seeded = await seedOrganization();
    expect((await spend(seeded.apiKey, 4)).status).toBe(200);
    const member = await setBudget(seeded, hours('0.00001'));
    expect(member.status).toMatchObject({ currentPeriodUsage: '0.00001', currentPeriodRemaining: '0' });
    expect(await refusedChat(seeded.apiKey)).toEqual(PERIOD_SPENT);
  });

  it('below what is spent refuses the next request and forgets nothing', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    expect((await spend(seeded.apiKey, 4)).status).toBe(200);
    const lowered = await setBudget(seeded, { usageLimit: '0.000009' });
    expect(lowered.status).toMatchObject({ usage: '0.00001', lifetimeUsage: '0.00001', remaining: '0' });
    expect(await refusedChat(seeded.apiKey)).toEqual(TOTAL_SPENT);
    await setBudget(seeded, { usageLimit: '0.00002' });
    expect((await spend(seeded.apiKey, 4)).status).toBe(200);
    expect((await memberOf(seeded)).status).toMatchObject({ usage: '0.00002', remaining: '0' });
  });

  it('raises its version with every change, and only then', async () => {
    const seeded = await seedOrganization();
    expect((await memberOf(seeded)).budget.version).toBe(1);
    for (const version of [1, 2, 3]) {
      expect((await setBudget(seeded, { version })).budget.version).toBe(version + 1);
    }
    expect((await memberOf(seeded)).status?.version).toBe(4);
  });

  it('at one version is taken once, however many ask at once', async () => {
    const seeded = await seedOrganization();
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((limit) =>
        call('PUT', budgetPath(seeded), seeded.masterKey, { usageLimit: `${limit}`, version: 1 }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409]);
    const winner = `${answers.findIndex(({ status }) => status === 200) + 1}`;
    expect(await memberOf(seeded)).toMatchObject({
      budget: { usageLimit: winner, version: 2 },
      status: { remaining: winner },
    });
    expect(await policyState(seeded.memberId)).toEqual({ version: 2, waiting: 0 });
  });
});

describe('a one-time budget', () => {
  const ONE_TIME = { usageLimit: '1', usageLimitBasis: 'cycle' };

  /** A member who has spent $0.00001. */
  async function spender(): Promise<Seeded> {
    const seeded = await seedOrganization();
    expect((await spend(seeded.apiKey, 4)).status).toBe(200);
    return seeded;
  }

  it.each<[string, Json]>([
    ['nothing', {}],
    ['unlimited', { usageLimit: 'unlimited' }],
    ['unlimited with a basis', { usageLimit: 'unlimited', usageLimitBasis: 'cycle' }],
    ['a lifetime total', { usageLimit: '1' }],
    ['a period', hours('1')],
  ])('starts at zero after %s', async (_, earlier) => {
    const seeded = await seedOrganization();
    await setBudget(seeded, earlier);
    expect((await spend(seeded.apiKey, 4)).status).toBe(200);
    const since = Date.now();
    const { status } = await setBudget(seeded, ONE_TIME);
    expect(status).toMatchObject({ budgetType: 'one-time', usage: '0', lifetimeUsage: '0.00001', remaining: '1' });
    expect(Date.parse(String(status?.cycleStartedAt))).toBeGreaterThanOrEqual(since);
  });

  it('starts at zero also where the member was never called here but has a past', async () => {
    const seeded = await seedOrganization();
    await env.DB.prepare(
      `INSERT INTO member_ledgers (member_id, organization_id, shipped, cost, requests, overrun, unresolved)
       VALUES (?, ?, 3, 5000000000, 3, 0, 0)`,
    )
      .bind(seeded.memberId, seeded.organizationId)
      .run();
    const { status } = await setBudget(seeded, ONE_TIME);
    expect(status).toMatchObject({
      usage: '0',
      lifetimeUsage: '5',
      remaining: '1',
      cycleStartedAt: expect.any(String),
    });
  });

  it('keeps what was spent when only its amount changes, and drops it when asked for a new cycle', async () => {
    const seeded = await spender();
    const first = await setBudget(seeded, ONE_TIME);
    await spend(seeded.apiKey, 4);
    const more = await setBudget(seeded, { ...ONE_TIME, usageLimit: '2' });
    expect(more.status).toMatchObject({
      usage: '0.00001',
      lifetimeUsage: '0.00002',
      remaining: '1.99999',
      cycleStartedAt: first.status?.cycleStartedAt,
    });
    const anew = await setBudget(seeded, { ...ONE_TIME, newCycle: true });
    expect(anew.status).toMatchObject({ usage: '0', lifetimeUsage: '0.00002', remaining: '1' });
    expect(anew.budget).not.toHaveProperty('newCycle');
  });

  it('ends when spent, and a new cycle serves again', async () => {
    const seeded = await spender();
    await setBudget(seeded, { ...ONE_TIME, usageLimit: '0.00001' });
    expect((await spend(seeded.apiKey, 4)).status).toBe(200);
    expect(await refusedChat(seeded.apiKey)).toEqual(TOTAL_SPENT);
    await setBudget(seeded, { ...ONE_TIME, usageLimit: '0.00001', newCycle: true });
    expect((await spend(seeded.apiKey, 4)).status).toBe(200);
  });

  it('that becomes unlimited drops quota and limit at once; as a lifetime total all counts again', async () => {
    const seeded = await spender();
    await setBudget(seeded, { ...ONE_TIME, usageLimit: '0' });
    expect((await setBudget(seeded, {})).status).toMatchObject({ budgetType: 'unlimited', remaining: null });
    expect((await spend(seeded.apiKey, 4)).status).toBe(200);
    expect((await setBudget(seeded, { usageLimit: '1' })).status).toMatchObject({
      budgetType: 'total',
      usage: '0.00002',
    });
  });
});
