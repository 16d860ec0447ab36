/** A budget tried out over what was spent, compared with a budget that was really set and with analytics. */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { UsageEvent } from '../../src/budgets/usage-event.ts';
import { DAY_MS, HOUR_MS, LIMITS, MINUTE_MS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';
import type { ApiError } from '../../src/teams/api-error.ts';
import { pruneProven } from '../../src/usage/books-cron.ts';
import { simulateBudget } from '../../src/usage/budget-simulation.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { chat, type ErrorBody, get, json } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { refusal, setBudget } from '../teams/management.ts';
import { addMember, rollUpNow, run } from './books-world.ts';
import { forgetUsage, mixed, usageEvent } from './events.ts';

type Parameters = Record<string, string | number>;

interface Sums {
  requests: number;
  cost: string;
  refusedRequests: number;
  refusedCost: string;
}

interface Simulated extends Sums {
  admittedRequests: number;
  admittedCost: string;
  firstRefusalAt: string | null;
  refusals: { at: string; scope: string; limit: string; spent: string; cost: string; resetsAt: string | null }[];
  days: (Sums & { date: string })[];
  budget: Record<string, unknown>;
  timezone: string;
}

const ask = ({ organizationId, memberId, masterKey }: Seeded, parameters: Parameters) => {
  const query = new URLSearchParams({ memberId, ...parameters } as Record<string, string>);
  return get(`/orgs/${organizationId}/budget-simulation?${query}`, masterKey);
};

async function simulate(seeded: Seeded, parameters: Parameters): Promise<Simulated> {
  const response = await ask(seeded, parameters);
  const body = await json<Simulated>(response);
  expect([response.status, body]).toEqual([200, expect.objectContaining({ days: expect.any(Array) })]);
  return body;
}

const isoDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const ago = (days: number) => isoDay(Date.now() - days * DAY_MS);
const usdOf = (text: string) => Math.round(Number(text) * 1e9);

const ship = ({ memberId, organizationId }: Seeded, events: readonly UsageEvent[]) =>
  shipEvents(env.DB, { memberId, organizationId }, events);

/** East and west of the day in UTC. */
const ZONES = ['UTC', 'Pacific/Auckland', 'America/Los_Angeles'];

const DAILY = { periodUsageDurationValue: 1, periodUsageDurationUnit: 'day' } as const;

/** In nanodollars: what demo/words charges for two words in and so many out. */
const costOf = (outputTokens: number) => 2_000 + 2_000 * outputTokens;

/** The database, with a word after each answer of it. */
function watched(answered: (result: D1Result) => Promise<void>): D1Database {
  const session = {
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await env.DB.batch(statements);
      for (const result of results) await answered(result);
      return results;
    },
    prepare: (sql: string) => {
      const statement = env.DB.prepare(sql);
      const bind = statement.bind.bind(statement);
      return Object.assign(statement, {
        bind: (...values: unknown[]) => {
          const bound = bind(...values);
          const all = bound.all.bind(bound);
          return Object.assign(bound, {
            all: async () => {
              const result = await all();
              await answered(result);
              return result;
            },
          });
        },
      });
    },
  };
  return { withSession: () => session } as unknown as D1Database;
}

beforeEach(forgetUsage);

describe('a budget that is tried out', () => {
  const BUDGETS: { what: string; budget: Record<string, string | number> }[] = [
    { what: 'a total', budget: { usageLimit: '0.00009' } },
    { what: 'a one-time total', budget: { usageLimit: '0.00005', usageLimitBasis: 'cycle' } },
    { what: 'a rolling period', budget: { periodUsageLimit: '0.0001', ...DAILY } },
    { what: 'a calendar period', budget: { periodUsageLimit: '0.00007', ...DAILY, periodAlignment: 'calendar' } },
    {
      what: 'a period from its first use',
      budget: { periodUsageLimit: '0.00007', ...DAILY, periodAlignment: 'first-use' },
    },
    { what: 'both', budget: { usageLimit: '0.0001', periodUsageLimit: '0.00006', ...DAILY } },
    { what: 'nothing at all', budget: { usageLimit: '0' } },
    { what: 'no limit', budget: {} },
  ];

  it.each(BUDGETS)('of $what refuses what it refuses when it is really set', async ({ budget }) => {
    const [real, free] = [await seedOrganization(), await seedOrganization()];
    await setBudget(real, budget);
    const tokens = [9, 4, 14, 2, 3, 0, 7, 1, 11, 1, 2, 0];
    const refusedAt: number[] = [];
    for (const [i, outputTokens] of tokens.entries()) {
      // max_tokens: what is held is what it costs, so nothing is refused for what is only held.
      const body = { max_tokens: outputTokens || 1, demo: { outputTokens } };
      const [ofReal, ofFree] = [await chat(real.apiKey, body), await chat(free.apiKey, body)];
      await Promise.all([ofReal.text(), ofFree.text()]);
      expect(ofFree.status).toBe(200);
      if (ofReal.status !== 200) refusedAt.push(i);
    }
    for (const seeded of [real, free]) await rollUpNow(seeded);

    const simulated = await simulate(free, { from: ago(1), to: ago(0), ...budget });
    expect(simulated.refusals).toHaveLength(simulated.refusedRequests);
    expect(simulated.refusals.map(({ cost }) => usdOf(cost))).toEqual(
      refusedAt.map((i) => costOf(tokens[i] ?? Number.NaN)),
    );
    expect(simulated).toMatchObject({ requests: tokens.length, refusedRequests: refusedAt.length });
    const [ledger] = (
      await env.DB.prepare('SELECT cost FROM member_ledgers WHERE member_id = ?1')
        .bind(real.memberId)
        .all<{ cost: number }>()
    ).results;
    expect(usdOf(simulated.admittedCost)).toBe(ledger?.cost ?? 0);
    expect(simulated.firstRefusalAt).toBe(simulated.refusals[0]?.at ?? null);
  });

  it('sums each local day as analytics does, in any zone', async () => {
    const seeded = await seedOrganization();
    const beginMs = Date.now() - 6 * DAY_MS;
    const events = Array.from({ length: 150 }, (_, i) =>
      usageEvent(i + 1, { ...mixed(i), settledAtMs: beginMs + i * 55 * MINUTE_MS }),
    );
    await ship(seeded, events);
    await rollUp(env.DB, Date.now());
    for (const timezone of ['UTC', 'Asia/Kathmandu', 'America/New_York']) {
      const range = { from: ago(5), to: ago(0), timezone };
      const simulated = await simulate(seeded, { ...range, usageLimit: '0.000001' });
      const analytics = await json<{
        activity: { date: string; cost: string; requestCount: number; refusedCount: number }[];
        totals: { cost: string };
      }>(
        await get(
          `/analytics/activity?${new URLSearchParams({ organizationId: seeded.organizationId, ...range })}`,
          seeded.masterKey,
        ),
      );
      expect(simulated.days.map(({ date, cost, requests }) => ({ date, cost, requests }))).toEqual(
        analytics.activity.map(({ date, cost, requestCount, refusedCount }) => ({
          date,
          cost,
          requests: requestCount - refusedCount,
        })),
      );
      expect(simulated.cost).toBe(analytics.totals.cost);
      expect(usdOf(simulated.cost)).toBe(usdOf(simulated.admittedCost) + usdOf(simulated.refusedCost));
      for (const field of ['requests', 'refusedRequests'] as const) {
        expect(simulated.days.reduce((sum, day) => sum + day[field], 0)).toBe(simulated[field]);
      }
      expect(simulated.days.reduce((sum, day) => sum + usdOf(day.refusedCost), 0)).toBe(usdOf(simulated.refusedCost));
      expect(simulated.refusedRequests).toBeGreaterThan(0);
      expect(simulated.timezone).toBe(timezone);
    }
  });

  it('counts what was spent before its first day, rolled up or not, of this member only', async () => {
    const seeded = await seedOrganization();
    const other = { ...seeded, memberId: await addMember(seeded.organizationId) };
    const todayMs = Date.parse(ago(0));
    const past = [
      // Past the finest part of what is known, and past the retention.
      [90 * DAY_MS, 50],
      [40 * DAY_MS, 30],
      [2 * DAY_MS, 20],
      [HOUR_MS, 10],
      // Today.
      [-1, 5],
      [-2, 6],
    ] as const;
    const events = past.map(([agoMs, costNanos], i) => usageEvent(i + 1, { settledAtMs: todayMs - agoMs, costNanos }));
    for (const member of [seeded, other]) await ship(member, events);

    const admits = async (budget: Parameters) => {
      const { refusals } = await simulate(seeded, { from: ago(0), ...budget });
      return [5, 6].map((cost) => !refusals.some((refused) => usdOf(refused.cost) === cost));
    };
    const nano = (amount: number) => `0.${String(amount).padStart(9, '0')}`;
    const period = (amount: number, value: number, unit: string) => ({
      periodUsageLimit: nano(amount),
      periodUsageDurationValue: value,
      periodUsageDurationUnit: unit,
    });
    for (const rowsMax of [0, 2, 1_000]) {
      if (rowsMax > 0) await rollUp(env.DB, Date.now(), rowsMax, 1);
      // In all 110 were spent before today, of which 10 within a day, 30 within a week, 60 within 60 days.
      expect(await admits({ usageLimit: nano(121) })).toEqual([true, true]);
      expect(await admits({ usageLimit: nano(120) })).toEqual([true, false]);
      expect(await admits({ usageLimit: nano(114) })).toEqual([false, false]);
      expect(await admits({ usageLimit: nano(10), usageLimitBasis: 'cycle' })).toEqual([true, false]);
      expect(await admits(period(21, 1, 'day'))).toEqual([true, true]);
      expect(await admits(period(20, 1, 'day'))).toEqual([true, false]);
      expect(await admits(period(40, 1, 'week'))).toEqual([true, false]);
      expect(await admits(period(71, 60, 'day'))).toEqual([true, true]);
      expect(await admits(period(70, 60, 'day'))).toEqual([true, false]);
      expect(await admits(period(120, 12, 'month'))).toEqual([true, false]);
    }
  });

  it('is the same however it is read, also where events arrive meanwhile', async () => {
    const seeded = await seedOrganization();
    const other = { ...seeded, memberId: await addMember(seeded.organizationId) };
    const beginMs = Date.parse(ago(2));
    // Several at one instant, over the ends of pages.
    const events = Array.from({ length: 60 }, (_, i) =>
      usageEvent(i + 1, { ...mixed(i), settledAtMs: beginMs + Math.floor(i / 7) * HOUR_MS }),
    );
    for (const member of [other, seeded, other]) await ship(member, events);
    const simulation = {
      ...seeded,
      limits: { total: nanos(500), period: null },
      basis: 'lifetime' as const,
      days: [{ label: ago(2), startMs: beginMs, endMs: beginMs + DAY_MS }],
    };
    const whole = await simulateBudget(env.DB, simulation);
    expect(whole.refusedRequests).toBeGreaterThan(5);
    for (const pageRows of [1, 3, 7, 60]) expect(await simulateBudget(env.DB, simulation, pageRows)).toEqual(whole);
    let arrived = 60;
    const meanwhile = watched(async () => {
      if (arrived === 63) return;
      arrived += 1;
      await ship(seeded, [usageEvent(arrived, { settledAtMs: beginMs + 20 * HOUR_MS })]);
    });
    expect(await simulateBudget(meanwhile, simulation, 10)).toEqual(whole);
    expect(arrived).toBe(63);
  });

  it('refuses to replay more than it can, and reads each event once', async () => {
    const seeded = await seedOrganization();
    const beginMs = Date.parse(ago(1));
    await ship(
      seeded,
      Array.from({ length: 400 }, (_, i) => usageEvent(i + 1, { settledAtMs: beginMs + i * 1_000 })),
    );
    const simulation = {
      ...seeded,
      limits: { total: nanos(700), period: null },
      basis: 'lifetime' as const,
      days: [{ label: ago(1), startMs: beginMs, endMs: beginMs + DAY_MS }],
    };
    const refused = await simulateBudget(env.DB, simulation, 100, 399).catch((error: ApiError) => error);
    expect(refused).toMatchObject({
      status: 400,
      param: 'from',
      message: 'At most 399 requests can be replayed, and these days have 400: choose fewer days.',
    });

    let read = 0;
    const counting = watched(async (result) => {
      read += result.meta.rows_read;
    });
    await simulateBudget(counting, simulation, 20);
    // Counted, summed and replayed once each; not from the first event again for each of its 20 pages.
    expect(read).toBeLessThan(3_000);
  });

  it('tells the first refusals one by one and counts the rest', async () => {
    const seeded = await seedOrganization();
    const beginMs = Date.parse(ago(1));
    const requests = LIMITS.simulationRefusalsMax + 20;
    await ship(
      seeded,
      Array.from({ length: requests }, (_, i) => usageEvent(i + 1, { settledAtMs: beginMs + i * 1_000 })),
    );
    const simulated = await simulate(seeded, { from: ago(1), usageLimit: '0' });
    expect(simulated).toMatchObject({ requests, refusedRequests: requests, admittedCost: '0', admittedRequests: 0 });
    expect(simulated.refusals).toHaveLength(LIMITS.simulationRefusalsMax);
    expect(simulated.refusals[0]).toEqual({
      at: new Date(beginMs).toISOString(),
      scope: 'member_total',
      limit: '0',
      spent: '0',
      cost: '0.000000002',
      resetsAt: null,
    });
  });

  it('tells what was tried, with what the member would inherit', async () => {
    const seeded = await seedOrganization();
    await run(
      'UPDATE organizations SET default_developer_budget = ?2 WHERE id = ?1',
      seeded.organizationId,
      JSON.stringify({ usageLimit: '7' }),
    );
    const { budget } = await simulate(seeded, { periodUsageLimit: '3', ...DAILY, periodAlignment: 'calendar' });
    expect(budget).toEqual({
      usageLimit: '7',
      usageLimitBasis: 'lifetime',
      periodUsageLimit: '3',
      periodUsageDurationValue: 1,
      periodUsageDurationUnit: 'day',
      periodAlignment: 'calendar',
    });
    expect((await simulate(seeded, { usageLimit: 'unlimited' })).budget).toMatchObject({ usageLimit: null });
  });
});

describe('bad input', () => {
  // Bad budgets: test/teams/bad-budgets.worker.test.ts.
  it.each<[what: string, parameters: Parameters, param: string]>([
    ['a bad date', { from: '2026-02-30' }, 'from'],
    ['a range upside down', { from: ago(1), to: ago(2) }, 'from'],
    ['an unknown zone', { timezone: 'Mars/Olympus' }, 'timezone'],
    ['a field that every object has', { constructor: '1' }, 'constructor'],
  ])('as %s is a 400 that names the field', async (_, parameters, param) => {
    const response = await ask(await seedOrganization(), parameters);
    expect(await refusal(response)).toMatchObject({ status: 400, param });
  });

  it('takes null, numbers and yes or no as the body does', async () => {
    const seeded = await seedOrganization();
    const everything = {
      maxApiKeys: 3,
      usageLimit: '5',
      usageLimitBasis: 'cycle',
      newCycle: 'true',
      periodUsageLimit: 'null',
      requestsPerMinute: 60,
      tokensPerMinute: 'unlimited',
      version: 1,
    };
    expect((await simulate(seeded, everything)).budget).toMatchObject({ usageLimit: '5', usageLimitBasis: 'cycle' });
  });

  it.each([70, 400, 10_000])(
    'beyond the retention (%i days) names the first day possible, which then is',
    async (days) => {
      const seeded = await seedOrganization();
      for (const timezone of ZONES) {
        const response = await ask(seeded, { from: ago(days), timezone, usageLimit: '1' });
        expect(response.status).toBe(400);
        const { error } = await json<ErrorBody>(response);
        expect(error).toMatchObject({
          param: 'from',
          metadata: { firstDayPossible: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
        });
        const from = String(error.metadata.firstDayPossible);
        expect(error.message).toBe(`Requests are kept for 60 days: from must be ${from} or later.`);
        const first = await simulate(seeded, { from, timezone, usageLimit: '1' });
        expect(first.days[0]?.date).toBe(from);
        const before = isoDay(Date.parse(from) - DAY_MS);
        expect((await ask(seeded, { from: before, timezone, usageLimit: '1' })).status).toBe(400);
      }
    },
  );

  it('of the first day possible is the same before and after what is past the retention was pruned', async () => {
    const seeded = await seedOrganization();
    const oldestMs = Date.now() - LIMITS.eventRetentionMs;
    // Each hour from three days before the retention to three after its begin; the last before it goes, the first stays.
    const events = Array.from({ length: 6 * 24 }, (_, i) =>
      usageEvent(i + 1, { costNanos: 5, settledAtMs: oldestMs + (i - 3 * 24) * HOUR_MS + 30 * MINUTE_MS }),
    );
    await ship(seeded, events);
    await rollUp(env.DB, Date.now());
    const simulated = () =>
      Promise.all(
        ZONES.map(async (timezone) => {
          const refused = await ask(seeded, { from: ago(70), timezone, usageLimit: '1' });
          const from = String((await json<ErrorBody>(refused)).error.metadata.firstDayPossible);
          const budget = { usageLimit: '0.0000006', periodUsageLimit: '0.0000001', ...DAILY };
          return simulate(seeded, { from, timezone, ...budget });
        }),
      );
    const before = await simulated();
    for (const { requests, refusedRequests } of before) {
      expect(requests).toBeGreaterThan(24);
      expect(refusedRequests).toBeGreaterThan(0);
      expect(refusedRequests).toBeLessThan(requests);
    }
    await run('UPDATE rollup_watermark SET proven_seq = seq');
    expect(await pruneProven(env.DB, Date.now())).toEqual({ pruned: 3 * 24 });
    expect(await simulated()).toEqual(before);
  });

  it('is refused before it is read to whoever may not set the budget', async () => {
    const [seeded, foreign] = [await seedOrganization(), await seedOrganization()];
    const path = `/orgs/${seeded.organizationId}/budget-simulation?usageLimit=abc`;
    expect((await get(path, 'nothing')).status).toBe(401);
    expect((await get(path, foreign.masterKey)).status).toBe(404);
    expect(await refusal(await ask({ ...seeded, memberId: foreign.memberId }, { usageLimit: '1' }))).toMatchObject({
      status: 404,
    });
    const owner = await seedOrganization({ role: 'owner' });
    expect(await refusal(await ask(owner, { usageLimit: '1' }))).toMatchObject({
      status: 403,
      message: 'Admins cannot modify owners.',
    });
    const { organizationId, masterKey } = seeded;
    expect(await refusal(await get(`/orgs/${organizationId}/budget-simulation`, masterKey))).toMatchObject({
      status: 400,
      param: 'memberId',
      message: 'memberId is required.',
    });
  });
});
