/**
 * A year of a large organization, written straight into running totals: 3.3 million requests a month of 50 projects, 500
 * keys, 100 members and 60 models, the few used much more than the many, more by day than by night.
 *
 * Each request is drawn, and counts in its nine series. Rows are written in the order of time, as rollups write them, so that
 * they lie in the file as they would. The last month has every quarter of an hour; before it a series has a row a day, and four
 * requests are drawn as one, or the file would be written for an hour: a query seeks the row before an instant, and finds it
 * through as many levels of the tree. Facts are left out, which no query of analytics reads.
 */
import { DatabaseSync } from 'node:sqlite';
import { SeededRandom } from '../src/local/demo-random.ts';
import {
  binOf,
  COMBINED,
  encodeCounts,
  noCounts,
  SERIES,
  type SeriesKind,
  seriesValue,
} from '../src/usage/measures.ts';
import { SUM_COLUMNS } from '../src/usage/sums.ts';

const REQUESTS_A_MONTH = 3_300_000;
const SIZES = { mappings: 80, models: 60, providers: 8, apps: 20, mappingsOfKey: 6 };

const QUARTER_MS = 900_000;
const DAY_MS = 96 * QUARTER_MS;
const DAYS = 366;
const FINE_DAYS = 33;
const COARSE_MS = DAY_MS;
/** Requests that are drawn as one where rows are coarse. */
const DRAWN_AS_ONE = 4;

export interface YearOf {
  organizationId: string;
  projects: readonly string[];
  /** Each with its member and its project. */
  keys: readonly { id: string; memberId: string; projectId: string }[];
}

export interface YearWritten {
  requests: number;
  series: number;
  rows: number;
  /** Of the dearest: what is slowest to read. */
  dearest: { project: string; key: string; member: string };
}

type Dimensions = Record<(typeof COMBINED)[number], string>;

interface Series {
  id: number;
  sums: number[];
  latencies: number[];
  firstTokens: number[];
  touched: boolean;
}

interface Combination {
  dimensions: Dimensions;
  weight: number;
  series: Series[];
  /** Milliseconds of a typical answer. */
  typicalMs: number;
  price: number;
}

/** Writes into the file of a D1 database that nobody has open. `untilMs`: when the year ends. */
export function writeYear(file: string, year: YearOf, seed: string, untilMs: number): YearWritten {
  const random = new SeededRandom(`analytics ${seed}`);
  const combinations = combinationsOf(year, random);
  const db = new DatabaseSync(file);
  // Nothing of this file is kept, should it break in the middle.
  db.exec('PRAGMA journal_mode = DELETE');
  db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN');
  const series = insertSeries(db, year.organizationId, combinations);
  const insert = db.prepare(
    `INSERT INTO usage_totals (series_id, bucket_at, ${SUM_COLUMNS.join(', ')}, latencies, first_tokens)
     VALUES (?, ?, ${SUM_COLUMNS.map(() => '?').join(', ')}, ?, ?)`,
  );
  const draw = drawer(combinations, random);
  const until = untilMs - (untilMs % COARSE_MS);
  let requests = 0;
  let rows = 0;
  for (let at = until - DAYS * DAY_MS; at < until; ) {
    const [stepMs, times] = at < until - FINE_DAYS * DAY_MS ? [COARSE_MS, DRAWN_AS_ONE] : [QUARTER_MS, 1];
    const load = loadAt(at, stepMs) * (0.9 + random.fraction() / 5);
    const count = Math.round(((REQUESTS_A_MONTH / 30.44 / DAY_MS) * stepMs * load) / times);
    const touched: Series[] = [];
    for (let i = 0; i < count; i++) request(draw(), random, touched, times);
    for (const { id, sums, latencies, firstTokens } of touched) {
      insert.run(id, at, ...sums, encodeCounts(latencies), encodeCounts(firstTokens));
    }
    for (const one of touched) one.touched = false;
    requests += count * times;
    rows += touched.length;
    at += stepMs;
  }
  db.prepare('UPDATE rollup_watermark SET rolled_up_to = ?').run(untilMs);
  db.exec('COMMIT; PRAGMA journal_mode = WAL');
  db.close();
  return { requests, series: series.size, rows, dearest: dearestOf(combinations) };
}

/** A key uses some mappings, the first of them most, by one or two apps. */
function combinationsOf({ keys }: YearOf, random: SeededRandom): Combination[] {
  return keys.flatMap(({ id, memberId, projectId }, k) => {
    const mappings = new Set<number>();
    while (mappings.size < SIZES.mappingsOfKey) mappings.add(random.mostlySmall(0, SIZES.mappings - 1));
    const apps = Array.from({ length: random.between(1, 2) }, () => random.mostlySmall(0, SIZES.apps - 1));
    return [...mappings].flatMap((mapping, m) =>
      [...new Set(apps)].map((app, a): Combination => {
        const provider = `provider-${mapping % SIZES.providers}`;
        const model = `model-${mapping % SIZES.models}`;
        return {
          dimensions: {
            project_id: projectId,
            key_id: id,
            member_id: memberId,
            mapping: `${provider}/${model}-${mapping}`,
            canonical_model: model,
            provider,
            app: `app-${app}`,
          },
          weight: 1 / (k + 5) / (m + 1) / (a + 1),
          series: [],
          typicalMs: 300 * (1 + (mapping % 13)),
          price: 500 + 211 * (mapping % 29),
        };
      }),
    );
  });
}

function insertSeries(
  db: DatabaseSync,
  organizationId: string,
  combinations: readonly Combination[],
): Map<string, Series> {
  const series = new Map<string, Series>();
  const addSeries = db.prepare('INSERT INTO usage_series (id, organization_id, kind, value) VALUES (?, ?, ?, ?)');
  const addDimensions = db.prepare(
    `INSERT INTO usage_dimensions (organization_id, ${COMBINED.join(', ')}) VALUES (?, ${COMBINED.map(() => '?').join(', ')})`,
  );
  for (const combination of combinations) {
    const { dimensions } = combination;
    addDimensions.run(organizationId, ...COMBINED.map((column) => dimensions[column]));
    combination.series = (Object.keys(SERIES) as SeriesKind[]).map((kind) => {
      const value = seriesValue(kind, dimensions);
      const known = series.get(`${kind} ${value}`);
      if (known) return known;
      const made: Series = {
        id: series.size + 1,
        sums: SUM_COLUMNS.map(() => 0),
        latencies: noCounts(),
        firstTokens: noCounts(),
        touched: false,
      };
      addSeries.run(made.id, organizationId, kind, value);
      series.set(`${kind} ${value}`, made);
      return made;
    });
  }
  return series;
}

/** Draws by weight: a table of so many places, of which each combination has its share. */
function drawer(combinations: readonly Combination[], random: SeededRandom): () => Combination {
  const whole = combinations.reduce((sum, { weight }) => sum + weight, 0);
  const places = combinations.flatMap((combination) =>
    Array.from({ length: Math.max(1, Math.round((combination.weight / whole) * 200_000)) }, () => combination),
  );
  return () => places[Math.floor(random.fraction() * places.length)] as Combination;
}

/** More in the day than in the night, and little on weekends; 1 on average. A whole day has some of both. */
function loadAt(ms: number, stepMs: number): number {
  const at = new Date(ms);
  const isOffice = at.getUTCHours() >= 7 && at.getUTCHours() < 18;
  const isWeekend = at.getUTCDay() % 6 === 0;
  return (stepMs === DAY_MS ? 1 : isOffice ? 1.6 : 0.5) * (isWeekend ? 0.4 : 1.24);
}

const ORDER =
  'cost input_cost output_cost requests upstream_errors client_errors refused input_tokens output_tokens cached_tokens reasoning_tokens events';
if (SUM_COLUMNS.join(' ') !== ORDER) throw new Error(`the columns of sums are others: ${SUM_COLUMNS.join(' ')}`);

function request(
  { series, typicalMs, price }: Combination,
  random: SeededRandom,
  touched: Series[],
  times: number,
): void {
  const chance = random.fraction();
  const size = random.fraction();
  const isError = chance < 0.016;
  const isClientError = chance > 0.99;
  const isRefused = chance > 0.98 && !isClientError;
  const isPaid = !isClientError && !isRefused;
  const input = isPaid ? 200 + Math.floor(size * size * 9_000) : 0;
  const output = isPaid && !isError ? 40 + Math.floor(chance * 900) : 0;
  const inputCost = input * price;
  const outputCost = output * price * 4;
  const latency = binOf(typicalMs * (0.4 + 3 * size * chance));
  const firstToken = binOf(typicalMs * (0.1 + size / 3));
  // As ORDER has them.
  const values = [
    inputCost + outputCost,
    inputCost,
    outputCost,
    1,
    +isError,
    +isClientError,
    +isRefused,
    input,
    output,
    input >> 2,
    output >> 3,
    1,
  ];
  for (const one of series) {
    if (!one.touched) {
      one.touched = true;
      touched.push(one);
    }
    for (let i = 0; i < values.length; i++) one.sums[i] = (one.sums[i] ?? 0) + times * (values[i] ?? 0);
    if (!isPaid) continue;
    one.latencies[latency] = (one.latencies[latency] ?? 0) + times;
    one.firstTokens[firstToken] = (one.firstTokens[firstToken] ?? 0) + times;
  }
}

function dearestOf(combinations: readonly Combination[]): YearWritten['dearest'] {
  const most = (column: 'project_id' | 'key_id' | 'member_id') => {
    const weights = new Map<string, number>();
    for (const { dimensions, weight } of combinations) {
      weights.set(dimensions[column], (weights.get(dimensions[column]) ?? 0) + weight);
    }
    return [...weights].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? '';
  };
  return { project: most('project_id'), key: most('key_id'), member: most('member_id') };
}
