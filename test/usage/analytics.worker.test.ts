/** Analytics by HTTP against a recount of the same events in plain JavaScript, with Intl for the calendar. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { LIMITS } from '../../src/limits.ts';
import { formatUsd } from '../../src/money/nanos.ts';
import { activity } from '../../src/usage/analytics.ts';
import { binOf, noCounts, percentileOf } from '../../src/usage/measures.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { countD1 } from '../support/d1-counts.ts';
import { get, json } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { mixed, type Owned, QUARTER_MS, rows, usageEvent } from './events.ts';

const HOUR_MS = 4 * QUARTER_MS;
const DAY_MS = 24 * HOUR_MS;

type Sums = Record<string, string | number | null>;

interface Totals {
  breakdown: Sums[];
  [measure: string]: string | number | null | Sums[];
}

interface Answer {
  activity: (Sums & { date: string; breakdown: Sums[] })[];
  totals: Totals;
  groupBy: string;
  timezone: string;
  rolledUpTo: string;
  error?: { param: string; code: string; message: string; metadata: object };
}

async function ask(masterKey: string, parameters: Record<string, string>): Promise<Answer & { status: number }> {
  const response = await get(`/analytics/activity?${new URLSearchParams(parameters)}`, masterKey);
  return { ...(await json<Answer>(response)), status: response.status };
}

/** What a list of events must be shown as. */
function recount(events: readonly Owned[]): Sums {
  const sum = (of: (event: Owned) => number) => events.reduce((total, event) => total + of(event), 0);
  const usd = (of: (event: Owned) => number) => formatUsd(BigInt(sum(of)));
  const counted = (...outcomes: string[]) => sum((event) => (outcomes.includes(event.outcome) ? event.requests : 0));
  const [requestCount, errorCount] = [sum(({ requests }) => requests), counted('upstream_error', 'expired')];
  const [clientErrorCount, refusedCount] = [counted('client_error'), counted('refused')];
  const answered = requestCount - clientErrorCount - refusedCount;
  return {
    cost: usd(({ costNanos }) => costNanos),
    inputCost: usd(({ inputCostNanos }) => inputCostNanos),
    outputCost: usd(({ outputCostNanos }) => outputCostNanos),
    requestCount,
    errorCount,
    clientErrorCount,
    refusedCount,
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    cachedTokens: sum(({ cachedTokens }) => cachedTokens),
    reasoningTokens: sum(({ reasoningTokens }) => reasoningTokens),
    totalTokens: sum(({ inputTokens, outputTokens }) => inputTokens + outputTokens),
    errorRate: answered > 0 ? errorCount / answered : null,
    ...percentiles(events, 'latencyMs'),
    ...percentiles(events, 'firstTokenMs'),
  };
}

function percentiles(events: readonly Owned[], of: 'latencyMs' | 'firstTokenMs'): Sums {
  const counts = noCounts();
  for (const { [of]: ms } of events) if (ms !== null) counts[binOf(ms)] = (counts[binOf(ms)] ?? 0) + 1;
  return { [`${of}P50`]: percentileOf(counts, 0.5), [`${of}P95`]: percentileOf(counts, 0.95) };
}

function nanosOf(usd: unknown): bigint {
  const [whole = '', fraction = ''] = String(usd).split('.');
  const nanos = BigInt(whole.replace('-', '') + fraction.padEnd(9, '0'));
  return whole.startsWith('-') ? -nanos : nanos;
}

/** Without its breakdown. */
function whole({ breakdown: _, ...sums }: Totals): object {
  return sums;
}

const GROUPS: Record<string, (event: Owned) => string> = {
  model: ({ canonicalModel }) => canonicalModel,
  mapping: ({ mapping }) => mapping,
  project: ({ projectId }) => projectId,
  apiKey: ({ keyId }) => keyId,
  member: ({ memberId }) => memberId,
  provider: ({ provider }) => provider,
  app: ({ app }) => app,
};

/** An answer as it must be, its breakdowns in the order of their keys. */
function expected(events: readonly Owned[], dates: readonly string[], dateOf: (ms: number) => string, groupBy: string) {
  const keyOf = GROUPS[groupBy];
  if (!keyOf) throw new Error(`no group ${groupBy}`);
  const byDate = Map.groupBy(events, ({ settledAtMs }) => dateOf(settledAtMs));
  return dates.map((date) => {
    const ofDate = byDate.get(date) ?? [];
    const groups = [...Map.groupBy(ofDate, keyOf)].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { date, ...recount(ofDate), breakdown: groups.map(([key, some]) => ({ key, ...recount(some) })) };
  });
}

function withoutLabels({ activity: shown }: Answer) {
  return shown.map((row) => ({ ...row, breakdown: inOrder(row.breakdown) }));
}

function inOrder(breakdown: readonly Sums[]): Sums[] {
  return breakdown.map(({ label: _, ...group }) => group).toSorted((a, b) => (String(a.key) < String(b.key) ? -1 : 1));
}

function localDate(zone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
  return (ms) => format.format(ms);
}

function datesFrom(from: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => new Date(Date.parse(from) + i * DAY_MS).toISOString().slice(0, 10));
}

/** Some have none. */
function latencies(i: number): Partial<Owned> {
  return i % 9 === 0 ? {} : { latencyMs: (i * 7_919) % 60_000, firstTokenMs: i % 2 ? (i * 577) % 5_000 : null };
}

/** Each with a range in which its clock changes, if it ever does. */
const ZONES = [
  { zone: 'UTC', from: '2026-03-27', days: 5 },
  { zone: 'Europe/Stockholm', from: '2026-03-27', days: 5 },
  { zone: 'Australia/Lord_Howe', from: '2026-04-02', days: 6 },
  { zone: 'Pacific/Chatham', from: '2026-04-02', days: 6 },
  { zone: 'Asia/Kathmandu', from: '2026-03-27', days: 8 },
];

describe('analytics of activity', () => {
  let team: Seeded;
  let stranger: Seeded;
  let events: Owned[];

  /** All kinds of event at odd instants, and one on each side of every local midnight; a quiet day in between. */
  beforeAll(async () => {
    [team, stranger] = await Promise.all([seedOrganization(), seedOrganization()]);
    const first = Date.parse('2026-03-25T00:00:00Z');
    const scattered = Array.from({ length: 400 }, (_, i) => first + ((i * 7_654_321) % (15 * DAY_MS)));
    const dateOf = ZONES.map(({ zone }) => localDate(zone));
    const midnights = Array.from({ length: 15 * 24 * 4 }, (_, i) => first + i * QUARTER_MS).filter((ms) =>
      dateOf.some((date) => date(ms) !== date(ms - 1)),
    );
    const quiet = ['2026-03-28', '2026-04-04'];
    const instants = [...scattered, ...midnights.flatMap((ms) => [ms - 1, ms])].filter(
      (ms) => !quiet.includes(new Date(ms).toISOString().slice(0, 10)),
    );
    const ids = { keyId: team.keyId, projectId: team.projectId, app: 'tool' };
    const all = instants.map((settledAtMs, i) =>
      usageEvent(i + 1, { ...ids, ...mixed(i), ...latencies(i), settledAtMs }),
    );
    const member = { memberId: team.memberId, organizationId: team.organizationId };
    await shipEvents(env.DB, member, all);
    // Another member of the same organization, and another organization: its usage shows nowhere here.
    const gone = { ...member, memberId: newId('mem') };
    const byGone = instants.slice(0, 60).map((settledAtMs, i) => usageEvent(i + 1, { ...ids, settledAtMs }));
    await shipEvents(env.DB, gone, byGone);
    await shipEvents(env.DB, stranger, byGone);
    await rollUp(env.DB, Date.parse('2026-05-01T00:00:00Z'));
    events = [...all.map((event) => ({ ...event, ...member })), ...byGone.map((event) => ({ ...event, ...gone }))];
  });

  describe.each(ZONES)('in $zone', ({ zone, from, days }) => {
    it.each(Object.keys(GROUPS))('by %s are the sums of the events of each local day', async (groupBy) => {
      const dates = datesFrom(from, days);
      const to = dates.at(-1) ?? from;
      const { organizationId } = team;
      const answer = await ask(team.masterKey, { organizationId, from, to, timezone: zone, groupBy });
      expect(answer).toMatchObject({ status: 200, groupBy, timezone: zone, rolledUpTo: '2026-05-01T00:00:00.000Z' });
      expect(withoutLabels(answer)).toEqual(expected(events, dates, localDate(zone), groupBy));
      const inRange = events.filter(({ settledAtMs }) => dates.includes(localDate(zone)(settledAtMs)));
      expect(inRange.length).toBeGreaterThan(50);
      expect(whole(answer.totals)).toEqual(recount(inRange));
      expect(inOrder(answer.totals.breakdown)).toEqual(
        inOrder(expected(inRange, ['all'], () => 'all', groupBy)[0]?.breakdown ?? []),
      );
    });

    it('by hour sum to the same days', async () => {
      const dates = datesFrom(from, days);
      const to = dates.at(-1) ?? from;
      const range = { organizationId: team.organizationId, from, to, timezone: zone };
      const [hourly, daily] = [
        await ask(team.masterKey, { ...range, granularity: 'hour' }),
        await ask(team.masterKey, range),
      ];
      expect(hourly.totals).toEqual(daily.totals);
      for (const { date, requestCount } of daily.activity) {
        const hours = hourly.activity.filter((hour) => hour.date.startsWith(date));
        expect(
          hours.reduce((sum, hour) => sum + Number(hour.requestCount), 0),
          date,
        ).toBe(requestCount);
      }
      // An hour is named by the instant it begins at, so its events lie between its name and the next.
      for (const [i, next] of hourly.activity.slice(1).entries()) {
        const { date, requestCount } = hourly.activity[i] ?? next;
        const [start, end] = [Date.parse(date), Date.parse(next.date)];
        const inHour = events.filter(({ settledAtMs }) => start <= settledAtMs && settledAtMs < end);
        expect(requestCount, date).toBe(recount(inHour).requestCount);
      }
    });
  });

  const inMarch = { from: '2026-03-27', to: '2026-03-31' };

  it('of a project or a key are those of its events only', async () => {
    const { organizationId, projectId, keyId, masterKey } = team;
    const dates = datesFrom(inMarch.from, 5);
    const ofRange = events.filter(({ settledAtMs }) => dates.includes(localDate('UTC')(settledAtMs)));
    const ofProject = ofRange.filter((event) => event.projectId === projectId);
    const ofKey = ofProject.filter((event) => event.keyId === keyId);
    expect(ofKey.length).toBeLessThan(ofProject.length);
    expect(ofProject.length).toBeLessThan(ofRange.length);
    const asked = { organizationId, ...inMarch };
    expect(whole((await ask(masterKey, { ...asked, projectId })).totals)).toEqual(recount(ofProject));
    const apiKeyId = keyId;
    expect(whole((await ask(masterKey, { ...asked, projectId, apiKeyId })).totals)).toEqual(recount(ofKey));
    const byKey = ofRange.filter((event) => event.keyId === keyId);
    expect(whole((await ask(masterKey, { ...asked, apiKeyId })).totals)).toEqual(recount(byKey));
  });

  it.each(Object.keys(GROUPS))(
    'of a project, a key or both by %s are the sums of the events of each',
    async (groupBy) => {
      const { organizationId, projectId, keyId, masterKey } = team;
      const dates = datesFrom(inMarch.from, 5);
      const dateOf = localDate('Asia/Kathmandu');
      const filters = [{ projectId }, { apiKeyId: keyId }, { projectId, apiKeyId: keyId }, { memberId: team.memberId }];
      for (const filter of filters) {
        const some = events.filter(
          (event) =>
            (!filter.projectId || event.projectId === filter.projectId) &&
            (!filter.apiKeyId || event.keyId === filter.apiKeyId) &&
            (!filter.memberId || event.memberId === filter.memberId),
        );
        const parameters = { organizationId, ...inMarch, timezone: 'Asia/Kathmandu', groupBy };
        const given = Object.fromEntries(Object.entries(filter).map(([name, id]) => [name, String(id)]));
        const answer = await ask(masterKey, { ...parameters, ...given });
        expect(withoutLabels(answer), JSON.stringify(filter)).toEqual(expected(some, dates, dateOf, groupBy));
      }
    },
  );

  it('tell what is beyond the limit as one row, so that rows sum to each day and to the totals', async () => {
    const { organizationId, masterKey } = team;
    for (const groupBy of ['model', 'app', 'mapping']) {
      const asked = { organizationId, ...inMarch, groupBy };
      const [all, one] = [await ask(masterKey, asked), await ask(masterKey, { ...asked, limit: '1' })];
      const [dearest, ...others] = all.totals.breakdown;
      expect(one.totals.breakdown[0]).toEqual(dearest);
      expect(one.totals.breakdown[1]).toMatchObject({ key: null, label: `Other (${others.length})` });
      expect(one.totals.breakdown).toHaveLength(2);
      expect(whole(one.totals)).toEqual(whole(all.totals));
      for (const { breakdown, cost, requestCount } of one.activity) {
        expect(breakdown.filter(({ key }) => key !== null && key !== dearest?.key)).toEqual([]);
        expect(breakdown.reduce((sum, row) => sum + Number(row.requestCount), 0)).toBe(requestCount);
        expect(breakdown.reduce((sum, row) => sum + nanosOf(row.cost), 0n)).toBe(nanosOf(cost));
      }
    }
  });

  it.each([
    ['project', 'Project', 'prj_b'],
    ['apiKey', 'Key', 'key_b'],
    ['member', 'Member', null],
    ['model', 'demo-words', 'demo-thinker'],
  ])('by %s are named, dearest first; what is gone goes by its id', async (groupBy, name, id) => {
    const { organizationId, masterKey } = team;
    const { activity: shown } = await ask(masterKey, { organizationId, ...inMarch, groupBy });
    for (const { breakdown } of shown) {
      const costs = breakdown.map(({ cost }) => Number(cost));
      expect(costs).toEqual(costs.toSorted((a, b) => b - a));
    }
    const labels = new Set(shown.flatMap(({ breakdown }) => breakdown.map(({ label }) => label)));
    const gone = id ?? events.find(({ memberId }) => memberId !== team.memberId)?.memberId;
    expect(labels).toEqual(new Set([name, gone]));
  });

  it('are those of the last seven days of the organization when no range is asked for', async () => {
    const { organizationId, masterKey } = team;
    await env.DB.prepare("UPDATE organizations SET time_zone = 'Pacific/Kiritimati' WHERE id = ?1")
      .bind(organizationId)
      .run();
    const dateOf = localDate('Pacific/Kiritimati');
    const [before, answer, after] = [Date.now(), await ask(masterKey, { organizationId }), Date.now()];
    expect(answer).toMatchObject({ status: 200, timezone: 'Pacific/Kiritimati', groupBy: 'model' });
    expect([dateOf(before), dateOf(after)]).toContain(answer.activity.at(-1)?.date);
    expect(answer.activity).toHaveLength(7);
    await env.DB.prepare("UPDATE organizations SET time_zone = 'UTC' WHERE id = ?1").bind(organizationId).run();
  });

  it('show every day of a range without usage', async () => {
    const { organizationId, masterKey } = team;
    const answer = await ask(masterKey, { organizationId, from: '2024-01-01', to: '2024-12-31' });
    expect(answer.activity.map(({ date }) => date)).toEqual(datesFrom('2024-01-01', 366));
    expect(answer.activity[59]).toEqual({ date: '2024-02-29', ...recount([]), breakdown: [] });
    expect(answer.totals).toEqual({ ...recount([]), breakdown: [] });
  });

  it('tell the repeated hour at the end of summer time in two rows', async () => {
    const autumn = await seedOrganization();
    // Both at 02:10 on the clocks of Stockholm.
    const instants = ['2026-10-25T00:10:00Z', '2026-10-25T01:10:00Z'].map((text) => Date.parse(text));
    await shipEvents(
      env.DB,
      autumn,
      instants.map((settledAtMs, i) => usageEvent(i + 1, { settledAtMs, costNanos: 10 + i })),
    );
    await rollUp(env.DB, 0);
    const { organizationId, masterKey } = autumn;
    const day = { from: '2026-10-25', to: '2026-10-25', timezone: 'Europe/Stockholm', granularity: 'hour' };
    const answer = await ask(masterKey, { organizationId, ...day });
    expect(answer.activity).toHaveLength(25);
    expect(answer.activity.slice(2, 4)).toMatchObject([
      { date: '2026-10-25T02:00:00+02:00', cost: '0.00000001', requestCount: 1 },
      { date: '2026-10-25T02:00:00+01:00', cost: '0.000000011', requestCount: 1 },
    ]);
  });

  it('are exact beyond 2^53 nanodollars', async () => {
    const seeded = await seedOrganization();
    // Odd, and three of them are more than a double holds.
    const costNanos = 2 ** 53 - 1;
    const events = Array.from({ length: 6 }, (_, i) =>
      usageEvent(i + 1, {
        settledAtMs: Date.parse(i < 3 ? '2026-01-01T12:00Z' : '2026-01-02T12:00Z'),
        canonicalModel: i % 3 === 0 ? 'a' : 'b',
        costNanos,
        inputCostNanos: costNanos - 1,
        outputCostNanos: 1,
      }),
    );
    await shipEvents(env.DB, seeded, events);
    await rollUp(env.DB, 0);
    const { organizationId, masterKey } = seeded;
    const asked = { organizationId, from: '2026-01-01', to: '2026-01-02' };
    const answer = await ask(masterKey, asked);
    expect(answer.totals).toMatchObject({ cost: '54043195.528445946', inputCost: '54043195.52844594' });
    for (const day of answer.activity) {
      expect(day).toMatchObject({ cost: '27021597.764222973', outputCost: '0.000000003' });
      expect(day.breakdown.map(({ cost }) => cost)).toEqual(['18014398.509481982', '9007199.254740991']);
    }
  });

  it.each<[field: string, parameters: Record<string, string>]>([
    ['timezone', { timezone: 'Mars/Olympus' }],
    ['timezone', { timezone: '+05:30' }],
    ['timezone', { timezone: '' }],
    ['from', { from: '2026-03-02', to: '2026-03-01' }],
    ['from', { from: '2026-02-30', to: '2026-03-01' }],
    ['from', { from: '2026-2-3', to: '2026-03-01' }],
    ['to', { from: '2026-02-03', to: 'tomorrow' }],
    ['to', { to: '' }],
    ['from', { from: '2025-01-01', to: '2026-01-02' }],
    ['from', { from: '2026-01-01', to: '2026-02-01', granularity: 'hour' }],
    ['groupBy', { groupBy: 'weather' }],
    ['groupBy', { groupBy: 'constructor' }],
    ['granularity', { granularity: 'minute' }],
    ['limit', { limit: '0' }],
    ['limit', { limit: '501' }],
    ['limit', { limit: 'all' }],
    ['format', { format: 'xml' }],
    ['fromm', { fromm: '2026-01-01' }],
  ])('name %s as the bad field: %o', async (param, parameters) => {
    const { organizationId, masterKey } = team;
    const answer = await ask(masterKey, { organizationId, ...parameters });
    expect(answer).toMatchObject({ status: 400, error: { param, code: 'invalid_request_error' } });
  });

  it('need an organization', async () => {
    expect(await ask(team.masterKey, {})).toMatchObject({ status: 400, error: { param: 'organizationId' } });
  });

  it.each([
    { from: '2025-01-01', to: '2026-01-01' },
    { from: '2026-01-01', to: '2026-01-31', granularity: 'hour' },
  ])('may be as long as %o', async (range) => {
    const { organizationId, masterKey } = team;
    const answer = await ask(masterKey, { organizationId, ...range });
    const most = range.granularity ? LIMITS.analyticsHourlyDaysMax * 24 : LIMITS.analyticsDaysMax;
    expect(answer.activity).toHaveLength(most);
  });

  it('are told to no one without a key of the organization', async () => {
    const { organizationId, apiKey } = team;
    for (const key of ['', 'psm_nonsense', apiKey]) {
      expect(await ask(key, { organizationId })).toMatchObject({ status: 401, error: { code: 'unauthorized' } });
    }
  });

  it.each<[string, () => Record<string, string>]>([
    ["another organization's id", () => ({ organizationId: stranger.organizationId })],
    ['an unknown organization', () => ({ organizationId: 'org_none' })],
    ["another organization's project", () => ({ projectId: stranger.projectId })],
    ["another organization's key", () => ({ apiKeyId: stranger.keyId })],
    ["its own project and another's key", () => ({ projectId: team.projectId, apiKeyId: stranger.keyId })],
    ['an unknown key', () => ({ apiKeyId: 'key_none' })],
  ])('answer 404 for %s', async (_, parameters) => {
    const answer = await ask(team.masterKey, { organizationId: team.organizationId, ...parameters() });
    expect(answer).toMatchObject({ status: 404, error: { code: 'not_found' } });
  });

  it('of the whole organization need the enterprise plan, of one project or key no plan', async () => {
    const { organizationId, projectId, keyId, masterKey } = await seedOrganization({ plan: 'free' });
    expect(await ask(masterKey, { organizationId })).toMatchObject({
      status: 403,
      error: {
        code: 'plan_required',
        message: 'Organization analytics require an enterprise plan',
        metadata: { plan: 'enterprise' },
      },
    });
    expect(await ask(masterKey, { organizationId, projectId })).toMatchObject({ status: 200 });
    expect(await ask(masterKey, { organizationId, apiKeyId: keyId })).toMatchObject({ status: 200 });
    expect(await ask(masterKey, { organizationId, projectId, groupBy: 'member' })).toMatchObject({
      status: 403,
      error: { code: 'plan_required', message: 'Member analytics require an enterprise plan' },
    });
    // What is not its own is not found, whatever the plan.
    expect(await ask(masterKey, { organizationId: stranger.organizationId })).toMatchObject({ status: 404 });
  });

  it('read a few rows for each series and day, however much was used', async () => {
    const seeded = await seedOrganization();
    const { organizationId } = seeded;
    const first = Date.parse('2025-01-01');
    const keys = 10;
    // A hundred days, every second hour of each of ten keys.
    const all = Array.from({ length: 100 * 12 * keys }, (_, i) =>
      usageEvent(i + 1, { keyId: `key_${i % keys}`, settledAtMs: first + Math.floor(i / keys) * 2 * HOUR_MS }),
    );
    for (let at = 0; at < all.length; at += 2_000) await shipEvents(env.DB, seeded, all.slice(at, at + 2_000));
    await rollUp(env.DB, 0);
    const [row] = await rows<{ n: number }>(
      'SELECT count(*) AS n FROM usage_rollups JOIN usage_dimensions ON id = dimension_id WHERE organization_id = ?1',
      organizationId,
    );
    expect(row?.n).toBe(all.length);
    let read = 0;
    const stop = countD1(env.DB, ({ rowsRead }) => {
      read += rowsRead;
    });
    for (const days of [1, 7, 28]) {
      const startMs = Date.parse('2025-03-01');
      const spans = datesFrom('2025-03-01', days).map((label, i) => ({
        label,
        startMs: startMs + i * DAY_MS,
        endMs: startMs + (i + 1) * DAY_MS,
      }));
      read = 0;
      const databases = { usage: env.DB, names: env.DB };
      const answer = await activity(databases, { organizationId, spans, groupBy: 'apiKey', limit: 25 });
      expect(answer.totals).toMatchObject({ requestCount: days * 12 * keys });
      // Two rows for each instant of each series, found and read, and the ranking.
      expect(read, `${days} days`).toBeLessThan(4 * (keys + 1) * (days + 1) + 150);
    }
    stop();
  });
});
