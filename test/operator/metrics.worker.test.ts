/** /metrics, read by a strict parser of the text format and compared with a recount of the same events; who may, and what it reads. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { Outcome, UsageEvent } from '../../src/budgets/usage-event.ts';
import { LIMITS, MINUTE_MS } from '../../src/limits.ts';
import { DEMO_MAPPINGS, demoProvider } from '../../src/local/demo-provider.ts';
import { formatUsd, nanos } from '../../src/money/nanos.ts';
import { usageDatabases } from '../../src/usage/databases.ts';
import { BIN_EDGES_MS } from '../../src/usage/measures.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { countD1 } from '../support/d1-counts.ts';
import { type ErrorBody, json, ORIGIN } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { forgetUsage, mixed, NOON, usageEvent } from '../usage/events.ts';

const TOKEN = 'a-token-for-scrapes-in-tests-only-and-long';
const ON = { ...env, METRICS_TOKEN: TOKEN } as Env;

const build = () => createApp({ mappings: DEMO_MAPPINGS, providers: [demoProvider], routers: [] });

function scrape(app = build(), environment = ON, token: string | null = TOKEN): Promise<Response> {
  const headers: HeadersInit = token === null ? {} : { authorization: `Bearer ${token}` };
  return Promise.resolve(
    app.fetch(new Request(`${ORIGIN}/metrics`, { headers }), environment, createExecutionContext()),
  );
}

interface Read {
  type: string;
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number; text: string }[];
}

/** Text format 0.0.4 as strict as promtool is about it: HELP, TYPE, then all samples of one family, no two of the same labels. */
function parse(text: string): Map<string, Read> {
  expect(text.endsWith('\n')).toBe(true);
  const families = new Map<string, Read>();
  const seen = new Set<string>();
  let family: (Read & { name: string }) | null = null;
  let help: { name: string; text: string } | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const helped = /^# HELP ([a-z_:][a-z0-9_:]*) (.+)$/.exec(line);
    if (helped) {
      help = { name: helped[1] ?? '', text: helped[2] ?? '' };
      continue;
    }
    const typed = /^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge|histogram)$/.exec(line);
    if (typed) {
      const [, name = '', type = ''] = typed;
      expect(help?.name).toBe(name);
      expect(families.has(name)).toBe(false);
      family = { name, type, help: help?.text ?? '', samples: [] };
      families.set(name, family);
      continue;
    }
    const sample = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?|\+Inf|NaN))$/.exec(line);
    if (!sample || !family) throw new Error(`no line of the text format: ${line}`);
    const [, name = '', inner = '', value = ''] = sample;
    const suffixes = family.type === 'histogram' ? ['_bucket', '_count', '_sum'] : [''];
    expect(suffixes.map((suffix) => `${family?.name}${suffix}`)).toContain(name);
    const labels: Record<string, string> = {};
    let rest = inner;
    while (rest !== '') {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/.exec(rest);
      if (!label) throw new Error(`no labels: ${inner}`);
      labels[label[1] ?? ''] = JSON.parse(`"${label[2]}"`) as string;
      rest = rest.slice(label[0].length);
    }
    const id = `${name} ${JSON.stringify(Object.entries(labels).toSorted())}`;
    expect(seen.has(id), id).toBe(false);
    seen.add(id);
    family.samples.push({ name, labels, value: Number(value), text: value });
  }
  for (const [name, { type, help: said, samples }] of families) {
    expect(samples.length, name).toBeGreaterThan(0);
    expect(said, name).toMatch(/^[A-Z].*\.$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name, name).toMatch(/^purser_/);
    if (type !== 'histogram') continue;
    const buckets = Map.groupBy(
      samples.filter((one) => one.name.endsWith('_bucket')),
      ({ labels }) => labels.provider,
    );
    for (const [provider, some] of buckets) {
      const edges = some.map(({ labels }) => Number(labels.le?.replace('+Inf', 'Infinity')));
      expect(edges).toEqual(edges.toSorted((a, b) => a - b));
      const counts = some.map(({ value }) => value);
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      const all = samples.find((one) => one.name.endsWith('_count') && one.labels.provider === provider);
      expect([edges.at(-1), counts.at(-1)]).toEqual([Number.POSITIVE_INFINITY, all?.value]);
    }
  }
  return families;
}

async function read(app = build()): Promise<Map<string, Read>> {
  const response = await scrape(app);
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  return parse(await response.text());
}

/** The text of the one sample with these labels. */
function at(families: Map<string, Read>, name: string, labels: Record<string, string> = {}): string | undefined {
  const found = families
    .get(name)
    ?.samples.filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value));
  if (found && found.length > 1) throw new Error(`${found.length} samples of ${name}`);
  return found?.[0]?.text;
}

const ship = ({ memberId, organizationId }: Seeded, events: readonly UsageEvent[]) =>
  shipEvents(env.DB, { memberId, organizationId }, events);

let undo = () => {};
beforeEach(async () => {
  await forgetUsage();
  await env.DB.batch(['DELETE FROM usage_totals', 'DELETE FROM usage_series'].map((sql) => env.DB.prepare(sql)));
});
afterEach(() => undo());

describe('metrics', () => {
  it('are the sums of all usage, by organization and provider', async () => {
    const teams = [await seedOrganization(), await seedOrganization()];
    const all = await Promise.all(
      teams.map(async (team, t) => {
        const events = Array.from({ length: 80 + t }, (_, i) =>
          usageEvent(i + 1, {
            ...mixed(i),
            settledAtMs: NOON + i * 20 * MINUTE_MS,
            latencyMs: 10 + i * 37,
            firstTokenMs: i,
          }),
        );
        await ship(team, events);
        return { team, events };
      }),
    );
    await rollUp(env.DB, Date.now());
    const families = await read();
    for (const { team, events } of all) {
      for (const [provider, some] of Map.groupBy(events, (event) => event.provider)) {
        const labels = { organization: team.organizationId, provider };
        const sum = (of: (event: UsageEvent) => number) => some.reduce((total, event) => total + of(event), 0);
        const counted = (...outcomes: Outcome[]) =>
          sum((event) => (outcomes.includes(event.outcome) ? event.requests : 0));
        const told = (name: string, more: Record<string, string> = {}) => at(families, name, { ...labels, ...more });
        expect(told('purser_requests_total')).toBe(`${sum(({ requests }) => requests)}`);
        const errors = {
          upstream: counted('upstream_error', 'expired'),
          client: counted('client_error'),
          refused: counted('refused'),
        };
        for (const [kind, count] of Object.entries(errors)) {
          expect(told('purser_request_errors_total', { class: kind })).toBe(`${count}`);
        }
        expect(told('purser_tokens_total', { kind: 'input' })).toBe(`${sum((event) => event.inputTokens)}`);
        expect(told('purser_tokens_total', { kind: 'output' })).toBe(`${sum((event) => event.outputTokens)}`);
        expect(told('purser_tokens_total', { kind: 'cached' })).toBe(`${sum((event) => event.cachedTokens)}`);
        expect(told('purser_tokens_total', { kind: 'reasoning' })).toBe(`${sum((event) => event.reasoningTokens)}`);
        expect(told('purser_cost_usd', { side: 'input' })).toBe(
          formatUsd(BigInt(sum((event) => event.inputCostNanos))),
        );
        expect(told('purser_cost_usd', { side: 'output' })).toBe(
          formatUsd(BigInt(sum((event) => event.outputCostNanos))),
        );
      }
    }
    // Whose provider is no one's of this build is one of an organization's own.
    const timed = all.flatMap(({ events }) => events);
    const histogram = families.get('purser_request_duration_seconds')?.samples ?? [];
    expect(new Set(histogram.map(({ labels }) => labels.provider))).toEqual(new Set(['demo', 'custom']));
    const latencies = timed.filter(({ provider }) => provider === 'demo').map(({ latencyMs }) => latencyMs ?? 0);
    expect(histogram.find(({ name, labels }) => name.endsWith('_count') && labels.provider === 'demo')?.value).toBe(
      latencies.length,
    );
    const buckets = histogram.filter(({ name, labels }) => name.endsWith('_bucket') && labels.provider === 'demo');
    expect(buckets.length).toBeGreaterThan(10);
    for (const { labels, value } of buckets) {
      const le = Number(labels.le?.replace('+Inf', 'Infinity'));
      expect([le, value]).toEqual([le, latencies.filter((ms) => ms / 1000 <= le).length]);
      if (Number.isFinite(le)) expect(BIN_EDGES_MS).toContain(Math.round(le * 1000) + 1);
    }
  });

  it('stay exact above what a double holds, and write odd names so that they are read again', async () => {
    const team = await seedOrganization();
    const provider = 'a "quoted"\\ name';
    const most = nanos(Number.MAX_SAFE_INTEGER);
    const events = [1, 2, 3].map((n) =>
      usageEvent(n, { provider, costNanos: most, inputCostNanos: 0, outputCostNanos: most }),
    );
    await ship(team, events);
    await rollUp(env.DB, Date.now());
    const told = at(await read(), 'purser_cost_usd', { organization: team.organizationId, provider, side: 'output' });
    expect(told).toBe(formatUsd(3n * BigInt(Number.MAX_SAFE_INTEGER)));
  });

  it('tell how the books stand, and what waits', async () => {
    const team = await seedOrganization();
    await ship(team, [usageEvent(1, { overrunNanos: nanos(7), unresolvedNanos: nanos(11) }), usageEvent(2)]);
    const waiting = await read();
    expect(at(waiting, 'purser_events_waiting')).toBe('2');
    expect([at(waiting, 'purser_overrun_usd'), at(waiting, 'purser_unresolved_usd')]).toEqual([
      '0.000000007',
      '0.000000011',
    ]);
    await rollUp(env.DB, Date.now() - 90_000);
    const rolled = await read();
    expect(at(rolled, 'purser_events_waiting')).toBe('0');
    const age = Number(at(rolled, 'purser_rollups_age_seconds'));
    expect([age >= 90, age < 150]).toEqual([true, true]);
    expect(at(rolled, 'purser_books_members_differing')).toBe('0');
    const nowMs = Date.now();
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO member_books (member_id, organization_id, looked_at, proven_at, proven_seq, unproven_since, differs, proof)
         VALUES ('mem_differs', ?1, ?2, ?2, 0, NULL, 1, '{"unshipped":3}'), ('mem_silent', ?1, ?2, ?3, 0, ?2, 0, '{"unshipped":null}')`,
      ).bind(team.organizationId, nowMs, nowMs - 600_000),
      env.DB.prepare(
        `INSERT INTO day_differences (organization_id, day_at, member_id, rollups, days, events) VALUES (?1, 0, 'mem_differs', 1, 2, 3)`,
      ).bind(team.organizationId),
      env.DB.prepare('INSERT INTO policy_pushes (member_id, requested_at) VALUES (?1, ?2)').bind(
        team.memberId,
        nowMs - 30_000,
      ),
    ]);
    const told = await read();
    expect(at(told, 'purser_books_members_differing')).toBe('1');
    expect(at(told, 'purser_books_days_differing')).toBe('1');
    expect(at(told, 'purser_books_members_unproven')).toBe('1');
    expect(at(told, 'purser_events_unshipped')).toBe('3');
    expect(at(told, 'purser_policy_pushes_pending')).toBe('1');
    expect(Number(at(told, 'purser_policy_push_age_seconds'))).toBeGreaterThanOrEqual(30);
    expect(Number(at(told, 'purser_books_proof_age_seconds'))).toBeGreaterThanOrEqual(600);
    await env.DB.prepare('DELETE FROM policy_pushes').run();
  });

  it('count an organization once that is in two databases while it is moved', async () => {
    const team = await seedOrganization();
    const [main, other] = usageDatabases(env);
    if (!main || !other) throw new Error('tests have two usage databases');
    // The one to which it goes is ahead by then.
    for (const [db, many] of [
      [main, 5],
      [other, 7],
    ] as const) {
      await db.batch([
        db
          .prepare(`INSERT INTO usage_series (organization_id, kind, value) VALUES (?1, 'provider', 'demo')`)
          .bind(team.organizationId),
        db
          .prepare(
            `INSERT INTO usage_totals (series_id, bucket_at, requests, upstream_errors, client_errors, refused, input_tokens,
             cached_tokens, output_tokens, reasoning_tokens, cost, input_cost, output_cost)
           SELECT max(id), 0, ?1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM usage_series`,
          )
          .bind(many),
      ]);
    }
    const labels = { organization: team.organizationId, provider: 'demo' };
    expect(at(await read(), 'purser_requests_total', labels)).toBe('7');
    await other.batch(['DELETE FROM usage_totals', 'DELETE FROM usage_series'].map((sql) => other.prepare(sql)));
  });

  it('have so many series and no more: the oldest by themselves, all others together', async () => {
    // Each database has its part of them.
    const most = LIMITS.metricsSeriesShownMax / usageDatabases(env).length;
    const many = most + 30;
    await env.DB.batch([
      env.DB.prepare(
        `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${many})
         INSERT INTO usage_series (id, organization_id, kind, value) SELECT n, 'org_' || n, 'provider', 'demo' FROM numbers`,
      ),
      env.DB.prepare(
        `INSERT INTO usage_totals (series_id, bucket_at, requests, upstream_errors, client_errors, refused, input_tokens,
           cached_tokens, output_tokens, reasoning_tokens, cost, input_cost, output_cost)
         SELECT usage_series.id, quarter.value * 900000, 5 + quarter.value, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
         FROM usage_series, json_each('[1, 2, 3]') AS quarter`,
      ),
    ]);
    let rowsRead = 0;
    undo = countD1(env.DB, (counts) => {
      rowsRead += counts.rowsRead;
    });
    const { samples = [] } = (await read()).get('purser_requests_total') ?? {};
    undo();
    expect(samples.length).toBe(most + 1);
    expect(samples.filter(({ value }) => value === 8).length).toBe(most);
    expect(samples.at(-1)).toMatchObject({ labels: { organization: 'other', provider: 'other' }, value: 30 * 8 });
    expect(rowsRead).toBeLessThan(many * 6 + 100);
  });
});

describe('who scrapes', () => {
  it('is answered with the token only, and not at all where there is none', async () => {
    const app = build();
    for (const wrong of [null, 'short', `${TOKEN}x`, 'x'.repeat(TOKEN.length)]) {
      const response = await scrape(app, ON, wrong);
      expect([response.status, (await json<ErrorBody>(response)).error.code]).toEqual([401, 'unauthorized']);
    }
    for (const token of [undefined, '', 'short']) {
      const { METRICS_TOKEN: _, ...rest } = ON;
      const environment = { ...rest, ...(token !== undefined && { METRICS_TOKEN: token }) } as Env;
      expect((await scrape(app, environment, token ?? null)).status).toBe(404);
    }
  });

  it('in a loop hears the same for some seconds, and D1 is not asked', async () => {
    const app = build();
    const first = await (await scrape(app)).text();
    let statements = 0;
    undo = countD1(env.DB, (counts) => {
      statements += counts.statements;
    });
    for (let i = 0; i < 20; i++) expect(await (await scrape(app)).text()).toBe(first);
    expect(statements).toBe(0);
    // Another isolate reads for itself.
    await (await scrape()).text();
    expect(statements).toBe(2 * usageDatabases(env).length + 1);
  });
});
