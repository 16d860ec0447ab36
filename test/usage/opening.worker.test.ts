/** An object without memory goes on from what D1 knows of its member, wherever the rollup watermark stands. */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Opening } from '../../src/budgets/policy.ts';
import type { UsageEvent } from '../../src/budgets/usage-event.ts';
import { DAY_MS, HOUR_MS } from '../../src/limits.ts';
import { formatUsd, nanos } from '../../src/money/nanos.ts';
import { settledBudget } from '../../src/objects.ts';
import type { StoredBudget, StoredKeyLimits } from '../../src/teams/budget-body.ts';
import { readOpening } from '../../src/usage/opening.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { chat, type ErrorBody, get, json, keyOf } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { forgetUsage, QUARTER_MS, usageEvent } from './events.ts';

const USD = 1_000_000_000;

/** Usage of so many nanodollars so long ago. */
type Past = [agoMs: number, costNanos: number, over?: Partial<UsageEvent>];

const eventsOf = (past: readonly Past[], ids: Partial<UsageEvent>) =>
  past.map(([agoMs, costNanos, over], i) =>
    usageEvent(i + 1, { ...ids, settledAtMs: Date.now() - agoMs, costNanos, ...over }),
  );

const shipPast = ({ memberId, organizationId, keyId, projectId }: Omit<Seeded, 'apiKey' | 'masterKey'>, past: Past[]) =>
  shipEvents(env.DB, { memberId, organizationId }, eventsOf(past, { keyId, projectId }));

const period = (limit: string, value: number, unit: 'hour' | 'day' | 'week' | 'month') => ({
  periodUsageLimit: limit,
  periodUsageDurationValue: value,
  periodUsageDurationUnit: unit,
  periodAlignment: 'rolling' as const,
});

async function openingOf({ memberId }: Seeded): Promise<Opening> {
  const opening = await readOpening(env, memberId, Date.now());
  if (!opening) throw new Error(`no member ${memberId}`);
  return opening;
}

beforeEach(forgetUsage);

describe('an opening', () => {
  it('is the same whether its events are rolled up, in part, or not at all', async () => {
    const team = await seedOrganization();
    const past = Array.from(
      { length: 12 },
      (_, i): Past => [i * HOUR_MS, 100 + i, i % 3 === 0 ? { keyId: 'key_b' } : {}],
    );
    await shipPast(team, past);
    const sum = (of: readonly Past[]) => of.reduce((total, [, cost]) => total + cost, 0);
    const ofB = past.filter((_, i) => i % 3 === 0);
    for (const rowsMax of [0, 5, 100]) {
      if (rowsMax > 0) await rollUp(env.DB, Date.now(), rowsMax, 1);
      const { sequence, lifetime, recent } = await openingOf(team);
      expect(sequence).toBe(12);
      expect(lifetime[0]).toEqual({ scope: 'member', spent: sum(past) });
      expect(new Map(lifetime.map(({ scope, spent }) => [scope, spent]))).toEqual(
        new Map([
          ['member', sum(past)],
          [team.keyId, sum(past) - sum(ofB)],
          ['key_b', sum(ofB)],
        ]),
      );
      for (const [scope, spent] of [
        ['member', sum(past)],
        ['key_b', sum(ofB)],
      ] as const) {
        const buckets = recent.filter((bucket) => bucket.scope === scope);
        expect(buckets.reduce((total, bucket) => total + bucket.spent, 0)).toBe(spent);
        for (const { startMs, endMs } of buckets)
          expect([startMs % QUARTER_MS, endMs - startMs]).toEqual([0, QUARTER_MS]);
      }
    }
  });

  it("counts nothing of others, be it under the same key's id or in the same project", async () => {
    const team = await seedOrganization();
    const stranger = await seedOrganization();
    const colleague = { ...team, memberId: `${team.memberId}_colleague` };
    await shipPast(team, [
      [HOUR_MS, 5],
      [2 * HOUR_MS, 6],
    ]);
    await shipPast(colleague, [[HOUR_MS, 700]]);
    await shipPast({ ...stranger, keyId: team.keyId }, [[HOUR_MS, 9000]]);
    for (const rolledUp of [false, true]) {
      if (rolledUp) await rollUp(env.DB, Date.now());
      await shipPast(colleague, [
        [HOUR_MS, 700],
        [0, 800],
      ]);
      const { sequence, lifetime, recent } = await openingOf(team);
      expect({ sequence, lifetime }).toEqual({
        sequence: 2,
        lifetime: [
          { scope: 'member', spent: 11 },
          { scope: team.keyId, spent: 11 },
        ],
      });
      expect(recent.filter(({ scope }) => scope === 'member').reduce((sum, { spent }) => sum + spent, 0)).toBe(11);
    }
  });

  it('of a member without a past is empty, and of no member at all nothing', async () => {
    const team = await seedOrganization();
    const opening = await openingOf(team);
    expect(opening).toMatchObject({ sequence: 0, lifetime: [], recent: [] });
    expect(await readOpening(env, 'mem_none', Date.now())).toBeNull();
  });
});

describe('an object that starts on history', () => {
  it('continues lifetime, period and sequence, and the books agree', async () => {
    const team = await seedOrganization({ budget: { usageLimit: '10', ...period('5', 1, 'day') } });
    await shipPast(team, [
      [40 * DAY_MS, 3 * USD],
      [2 * DAY_MS, USD],
      [5 * HOUR_MS, 2 * USD],
    ]);
    await rollUp(env.DB, Date.now(), 2, 1);
    expect((await keyOf(team.apiKey)).member.status).toMatchObject({
      usage: '6',
      lifetimeUsage: '6',
      remaining: '4',
      currentPeriodUsage: '2',
      currentPeriodRemaining: '3',
    });

    expect((await chat(team.apiKey, { demo: { outputTokens: 4 } })).status).toBe(200);
    const { memberId, organizationId, masterKey } = team;
    const spent = 6 * USD + 10_000;
    const books = await settledBudget(env, memberId, (object) => object.books({ memberId, k: 4 }));
    expect(books).toMatchObject({ sequence: 4, shipped: 3, unshipped: 0, settledUpTo: spent });
    await settledBudget(env, memberId, (object) => object.ship({ memberId }));
    expect(await env.DB.prepare('SELECT shipped, cost FROM member_ledgers').first()).toEqual({
      shipped: 4,
      cost: spent,
    });
    expect((await keyOf(team.apiKey)).usage).toBe(formatUsd(nanos(spent)));
    expect(await json(await get(`/orgs/${organizationId}/health`, masterKey))).toMatchObject({ ok: true });
  });

  it.each<{
    what: string;
    budget?: Partial<StoredBudget>;
    keyLimits?: Partial<StoredKeyLimits>;
    past: Past;
    refused: string | null;
  }>([
    { what: 'a total', budget: { usageLimit: '1' }, past: [300 * DAY_MS, USD], refused: 'member_budget_exhausted' },
    {
      what: 'an hour',
      budget: period('1', 1, 'hour'),
      past: [30 * 60_000, USD],
      refused: 'member_period_budget_exhausted',
    },
    { what: 'an hour that has passed', budget: period('1', 1, 'hour'), past: [2 * HOUR_MS, USD], refused: null },
    {
      what: 'a month',
      budget: period('1', 1, 'month'),
      past: [29 * DAY_MS, USD],
      refused: 'member_period_budget_exhausted',
    },
    { what: 'a month that has passed', budget: period('1', 1, 'month'), past: [31 * DAY_MS, USD], refused: null },
    {
      what: 'a quarter of a year',
      budget: period('1', 3, 'month'),
      past: [80 * DAY_MS, USD],
      refused: 'member_period_budget_exhausted',
    },
    {
      what: 'a year',
      budget: period('1', 365, 'day'),
      past: [364.9 * DAY_MS, USD],
      refused: 'member_period_budget_exhausted',
    },
    { what: 'a year that has passed', budget: period('1', 365, 'day'), past: [366 * DAY_MS, USD], refused: null },
    {
      what: "a key's total",
      keyLimits: { usageLimit: '1' },
      past: [300 * DAY_MS, USD],
      refused: 'api_key_budget_exhausted',
    },
    {
      what: "a key's week",
      keyLimits: period('1', 1, 'week'),
      past: [6 * DAY_MS, USD],
      refused: 'api_key_budget_exhausted',
    },
    {
      what: "another key's total",
      keyLimits: { usageLimit: '1' },
      past: [HOUR_MS, USD, { keyId: 'key_b' }],
      refused: null,
    },
  ])('knows what was spent of $what', async ({ budget = {}, keyLimits = {}, past, refused }) => {
    for (const rolledUp of [true, false]) {
      const team = await seedOrganization({ budget, keyLimits });
      await shipPast(team, [past]);
      if (rolledUp) await rollUp(env.DB, Date.now());
      const response = await chat(team.apiKey, { demo: { outputTokens: 1 } });
      const code = response.status === 200 ? null : (await json<ErrorBody>(response)).error.code;
      expect(code, rolledUp ? 'from rollups' : 'from events').toBe(refused);
    }
  });
});
