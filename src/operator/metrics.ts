/**
 * What /metrics tells: usage from running totals, which are counters as they stand, and the health of the books, of shipping
 * and of policy pushes. Never from events.
 *
 * Bounded in what it reads (LIMITS.metrics...) and in its labels: an organization and a provider together are one series, of
 * which the oldest are told one by one and all others together, so that a series once told goes on being told. Latencies are
 * by provider only, and those that organizations brought themselves are one.
 */
import { LIMITS } from '../limits.ts';
import { formatUsd } from '../money/nanos.ts';
import { usageDatabases } from '../usage/databases.ts';
import { addCounts, BIN_EDGES_MS, type Counts, MEASURES, type Measure, noCounts } from '../usage/measures.ts';
import type { Family, Sample } from './prometheus.ts';

const NAMES = Object.keys(MEASURES) as Measure[];

type Sums = Record<Measure, bigint>;

type SeriesRow = Record<Measure, string> & {
  organization: string;
  provider: string;
  latencies: string;
  firstTokens: string;
};

/** The newest running totals of each organization's providers. The order is that in which they were first used. */
const READ_SERIES = `
  SELECT
    series.organization_id AS organization,
    series.value AS provider,
    ${NAMES.map((name) => `CAST(totals.${MEASURES[name]} AS TEXT) AS ${name}`).join(',\n    ')},
    totals.latencies,
    totals.first_tokens AS firstTokens
  FROM (
    SELECT id, organization_id, value
    FROM usage_series INDEXED BY usage_series_of_providers
    WHERE kind = 'provider'
    ORDER BY id
    LIMIT ${LIMITS.metricsSeriesReadMax}
  ) AS series
  CROSS JOIN usage_totals AS totals
    ON totals.series_id = series.id
    AND totals.bucket_at = (SELECT max(bucket_at) FROM usage_totals WHERE series_id = series.id)`;

interface HealthRow {
  rolledUpTo: number;
  waiting: number;
  differing: number;
  daysDiffering: number;
  unproven: number;
  oldestProof: number | null;
  unshipped: number;
  overrun: string;
  unresolved: string;
}

const MEMBERS = `LIMIT ${LIMITS.metricsMembersReadMax}`;

/** Of one usage database. What an object has not shipped is as of its last proof. */
const READ_HEALTH = `
  SELECT
    watermark.rolled_up_to AS rolledUpTo,
    max(0, coalesce((SELECT max(seq) FROM usage_events), 0) - watermark.seq) AS waiting,
    (SELECT count(*) FROM (SELECT 1 FROM member_books WHERE differs = 1 ${MEMBERS})) AS differing,
    (SELECT count(*) FROM (SELECT 1 FROM day_differences ${MEMBERS})) AS daysDiffering,
    books.unproven,
    books.oldest AS oldestProof,
    books.unshipped,
    ledgers.overrun,
    ledgers.unresolved
  FROM rollup_watermark AS watermark
  CROSS JOIN (
    SELECT
      coalesce(sum(unproven_since IS NOT NULL), 0) AS unproven,
      min(coalesce(proven_at, looked_at)) AS oldest,
      coalesce(sum(proof ->> 'unshipped'), 0) AS unshipped
    FROM (SELECT unproven_since, proven_at, looked_at, proof FROM member_books ${MEMBERS})
  ) AS books
  CROSS JOIN (
    SELECT
      CAST(coalesce(sum(overrun), 0) AS TEXT) AS overrun,
      CAST(coalesce(sum(unresolved), 0) AS TEXT) AS unresolved
    FROM (SELECT overrun, unresolved FROM member_ledgers ${MEMBERS})
  ) AS ledgers`;

const READ_PUSHES = `
  SELECT count(*) AS pending, min(requested_at) AS oldest
  FROM (SELECT requested_at FROM policy_pushes ${MEMBERS})`;

/** The name of all series that are not told one by one, and of providers that organizations brought. */
const OTHER = 'other';
const CUSTOM = 'custom';

/** `builtIn`: the providers of this build. Throws where D1 does not answer. */
export async function readMetrics(env: Env, builtIn: ReadonlySet<string>, nowMs: number): Promise<Family[]> {
  const databases = usageDatabases(env);
  const read = await Promise.all(
    databases.map(async (db) => {
      const [series, health] = (await db.batch([db.prepare(READ_SERIES), db.prepare(READ_HEALTH)])) as [
        D1Result<SeriesRow>,
        D1Result<HealthRow>,
      ];
      const [row] = health.results;
      if (!row) throw new Error('a usage database without a watermark');
      return { series: series.results, health: row };
    }),
  );
  const pushes = await env.DB.prepare(READ_PUSHES).first<{ pending: number; oldest: number | null }>();
  const usage = usageFamilies(
    read.map(({ series }) => series),
    builtIn,
  );
  return [
    ...usage,
    ...healthFamilies(
      read.map(({ health }) => health),
      pushes,
      nowMs,
    ),
  ];
}

interface Series {
  organization: string;
  provider: string;
  sums: Sums;
}

function usageFamilies(databases: readonly SeriesRow[][], builtIn: ReadonlySet<string>): Family[] {
  const shown = new Map<string, Series>();
  const latencies = new Map<string, Counts>();
  const firstTokens = new Map<string, Counts>();
  for (const { row, byItself } of withoutCopies(databases)) {
    const names = byItself
      ? { organization: row.organization, provider: row.provider }
      : { organization: OTHER, provider: OTHER };
    const id = JSON.stringify(names);
    const series = shown.get(id) ?? { ...names, sums: noSums() };
    for (const name of NAMES) series.sums[name] += BigInt(row[name]);
    shown.set(id, series);
    const provider = builtIn.has(row.provider) ? row.provider : CUSTOM;
    addCounts(countsOf(latencies, provider), row.latencies);
    addCounts(countsOf(firstTokens, provider), row.firstTokens);
  }
  const all = [...shown.values()];
  const samples = (value: (sums: Sums) => string | number, labels: Record<string, string> = {}): Sample[] =>
    all.map(({ organization, provider, sums }) => ({
      labels: { organization, provider, ...labels },
      value: value(sums),
    }));
  const counted = (measure: Measure, labels?: Record<string, string>) => samples((sums) => `${sums[measure]}`, labels);
  const paid = (measure: Measure, side: string) => samples((sums) => formatUsd(sums[measure]), { side });
  return [
    {
      name: 'purser_requests_total',
      help: 'Attempts at requests, refused ones included.',
      type: 'counter',
      samples: counted('requestCount'),
    },
    {
      name: 'purser_request_errors_total',
      help: 'Of these, those that failed at the provider (upstream), were wrong (client) or were refused.',
      type: 'counter',
      samples: [
        ...counted('errorCount', { class: 'upstream' }),
        ...counted('clientErrorCount', { class: 'client' }),
        ...counted('refusedCount', { class: 'refused' }),
      ],
    },
    {
      name: 'purser_tokens_total',
      help: 'Tokens. Cached ones are among the input, reasoning ones among the output.',
      type: 'counter',
      samples: [
        ...counted('inputTokens', { kind: 'input' }),
        ...counted('cachedTokens', { kind: 'cached' }),
        ...counted('outputTokens', { kind: 'output' }),
        ...counted('reasoningTokens', { kind: 'reasoning' }),
      ],
    },
    {
      name: 'purser_cost_usd',
      help: 'Cost since ever. A gauge, as a correction may lower it: take delta(), not rate().',
      type: 'gauge',
      samples: [...paid('inputCost', 'input'), ...paid('outputCost', 'output')],
    },
    histogram('purser_request_duration_seconds', 'From sending a request to the end of its answer.', latencies),
    histogram('purser_first_token_seconds', 'From sending a request to the first text of its answer.', firstTokens),
    {
      name: 'purser_metrics_series_omitted',
      help: 'Databases with more series than are read: what is beyond is in no counter here.',
      type: 'gauge',
      samples: [{ labels: {}, value: databases.filter(({ length }) => length >= LIMITS.metricsSeriesReadMax).length }],
    },
  ];
}

/** While an organization is moved its series are in two databases: the one that goes on is ahead. */
function withoutCopies(databases: readonly SeriesRow[][]): { row: SeriesRow; byItself: boolean }[] {
  // So many of each: what is new in one database never takes the place of what is told of another.
  const each = Math.floor(LIMITS.metricsSeriesShownMax / databases.length);
  const found = new Map<string, { row: SeriesRow; byItself: boolean }>();
  for (const rows of databases) {
    for (const [place, row] of rows.entries()) {
      const id = JSON.stringify([row.organization, row.provider]);
      const copy = found.get(id);
      const isBehind = copy !== undefined && BigInt(copy.row.requestCount) >= BigInt(row.requestCount);
      const byItself = place < each || (copy?.byItself ?? false);
      found.set(id, { row: isBehind ? copy.row : row, byItself });
    }
  }
  return [...found.values()];
}

function noSums(): Sums {
  return Object.fromEntries(NAMES.map((name) => [name, 0n])) as Sums;
}

function countsOf(by: Map<string, Counts>, name: string): Counts {
  const counts = by.get(name) ?? noCounts();
  by.set(name, counts);
  return counts;
}

/** Each fourth edge: a factor of two or so, as fine as anybody alerts on. A bin ends below its edge, and latencies are whole milliseconds. */
const BUCKETS = BIN_EDGES_MS.flatMap((edge, bin) => (bin % 4 === 3 ? [{ bin, le: String((edge - 1) / 1000) }] : []));

/** Without `_sum`: only counts are kept, and quantiles need no more. */
function histogram(name: string, help: string, by: ReadonlyMap<string, Counts>): Family {
  const samples = [...by].flatMap(([provider, counts]): Sample[] => {
    const upTo = (bin: number) => counts.slice(0, bin + 1).reduce((sum, count) => sum + count, 0);
    const all = upTo(counts.length);
    return [
      ...BUCKETS.map(({ bin, le }) => ({ suffix: '_bucket', labels: { provider, le }, value: upTo(bin) })),
      { suffix: '_bucket', labels: { provider, le: '+Inf' }, value: all },
      { suffix: '_count', labels: { provider }, value: all },
    ];
  });
  return { name, help, type: 'histogram', samples };
}

function healthFamilies(
  databases: readonly HealthRow[],
  pushes: { pending: number; oldest: number | null } | null,
  nowMs: number,
): Family[] {
  const sum = (of: (row: HealthRow) => number) => databases.reduce((all, row) => all + of(row), 0);
  const usd = (of: (row: HealthRow) => string) => formatUsd(databases.reduce((all, row) => all + BigInt(of(row)), 0n));
  const seconds = (ms: number) => Math.max(0, nowMs - ms) / 1000;
  const gauge = (name: string, help: string, value: number | string): Family => ({
    name,
    help,
    type: 'gauge',
    samples: [{ labels: {}, value }],
  });
  // Nothing is missing where nothing ever arrived.
  const rolledUp = databases.flatMap((row) => (row.rolledUpTo > 0 || row.waiting > 0 ? row.rolledUpTo : []));
  const proofs = databases.flatMap(({ oldestProof }) => oldestProof ?? []);
  return [
    gauge(
      'purser_rollups_age_seconds',
      'Since when usage that has arrived may be missing in the rollups.',
      rolledUp.length > 0 ? seconds(Math.min(...rolledUp)) : 0,
    ),
    gauge(
      'purser_events_waiting',
      'Usage events that are not rolled up yet, at most.',
      sum(({ waiting }) => waiting),
    ),
    gauge(
      'purser_events_unshipped',
      "Usage events that were still in members' objects when their books were last looked at.",
      sum(({ unshipped }) => unshipped),
    ),
    gauge(
      'purser_books_members_differing',
      'Members whose books differ.',
      sum(({ differing }) => differing),
    ),
    gauge(
      'purser_books_days_differing',
      "Members' days whose sums differ.",
      sum((row) => row.daysDiffering),
    ),
    gauge(
      'purser_books_members_unproven',
      'Members whose object did not answer when their books were last looked at.',
      sum(({ unproven }) => unproven),
    ),
    gauge(
      'purser_books_proof_age_seconds',
      "The age of the oldest proof of any member's books; 0 before the first.",
      proofs.length > 0 ? seconds(Math.min(...proofs)) : 0,
    ),
    gauge(
      'purser_overrun_usd',
      'What providers charged beyond holds, since ever.',
      usd(({ overrun }) => overrun),
    ),
    gauge(
      'purser_unresolved_usd',
      'What attempts may have cost beyond their charge, where nobody can know any more.',
      usd(({ unresolved }) => unresolved),
    ),
    gauge('purser_policy_pushes_pending', "Changes that a member's object has yet to confirm.", pushes?.pending ?? 0),
    gauge(
      'purser_policy_push_age_seconds',
      'The age of the oldest of them.',
      pushes?.oldest == null ? 0 : seconds(pushes.oldest),
    ),
  ];
}
