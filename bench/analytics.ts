/**
 * `npm run bench -- analytics`: every page of analytics over HTTP on a year of a large organization (analytics-year.ts), for
 * a month and for the year, in four time zones; how long it takes, and how many rows D1 reads. Where one is asked about a
 * project, a key or a member it is the one that was used most. Each answer's rows must sum to its totals.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ROOT, type Server } from '../scripts/server.ts';
import { newId } from '../src/ids.ts';
import { SeededRandom } from '../src/local/demo-random.ts';
import { type BigTeam, insertBigTeam } from '../test/support/big-team.ts';
import { writeYear, type YearWritten } from './analytics-year.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import type { Counts } from './counting-worker.ts';
import { openGround } from './ground.ts';
import { describeMachine, machineText } from './machine.ts';
import { table } from './table.ts';

const FOLDER = 'bench-analytics';
const MEMBERS = 100;
const KEYS_PER_MEMBER = 5;
const PROJECTS = 50;
const ZONES = ['Europe/Stockholm', 'Asia/Kathmandu', 'America/St_Johns', 'UTC'];
/** How often each page is asked for in each zone; the first time of each is not counted. */
const TIMES = 12;
const MONTH_DAYS = 31;
const YEAR_DAYS = 365;
const DAY_MS = 86_400_000;

/** What is promised at p95, and what is aimed at. */
const P95_MS_MAX = 300;
const P95_MS_AIM = 150;

interface Page {
  name: string;
  path: string;
  query: Record<string, string>;
}

interface Measured {
  name: string;
  days: number;
  p50: number;
  p95: number;
  rowsRead: number;
  bytes: number;
}

export async function analytics({ say, signal, seed }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  const broken: string[] = [];
  const ground = await openGround({
    folder: FOLDER,
    upstream: './fake-upstream.ts',
    entry: 'bench/counting-worker.ts',
    crons: false,
    say,
  });
  try {
    const team = await insertBigTeam(ground.server.db, ground.server.keySecret, {
      members: MEMBERS + 1,
      keysPerMember: KEYS_PER_MEMBER,
    });
    const { projects, keys } = await spread(ground.server, team, seed);
    say(`Writing a year of ${team.organizationId}, seed ${seed} ...`);
    const untilMs = Date.now();
    let written: YearWritten | undefined;
    await ground.restart(() => {
      const startedAt = performance.now();
      written = writeYear(databaseFile(), { organizationId: team.organizationId, projects, keys }, seed, untilMs);
      say(
        `${written.rows} rows of ${written.series} series in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
      );
    });
    if (!written) throw new Error('no year was written');
    const measured: Measured[] = [];
    for (const page of pages(written)) {
      for (const days of [MONTH_DAYS, YEAR_DAYS]) {
        say(`Asking: ${page.name}, ${days} days ...`);
        const one = await measure(ground.server, team, page, { days, untilMs, signal, broken });
        measured.push(one);
        if (one.p95 > P95_MS_MAX)
          broken.push(`${one.name}, ${days} days: ${one.p95.toFixed(0)} ms at p95, not ${P95_MS_MAX}`);
      }
    }
    const text = report(measured);
    const { requests, series, rows } = written;
    const meaning = `${requests} requests of a year in ${rows} rows of ${series} series, in ${ZONES.join(', ')}; one request at a time over HTTP, ${TIMES}
times each, seed ${seed}. Promised: at most ${P95_MS_MAX} ms at p95 (aim: ${P95_MS_AIM}), rows that sum to the totals.`;
    const verdict = broken.length === 0 ? 'PASS' : 'FAIL';
    return {
      text: [machineText(machine), text, meaning, ...broken, verdict].join('\n\n'),
      json: { bench: 'analytics', machine, seed, written, pages: measured, broken },
      broken,
    };
  } finally {
    await ground.stop();
  }
}

/** Fifty projects instead of one, with the keys spread over them: a few have many. */
async function spread({ db }: Server, { organizationId }: BigTeam, seed: string) {
  const random = new SeededRandom(`projects ${seed}`);
  const projects = Array.from({ length: PROJECTS }, () => newId('prj'));
  const { results } = await db
    .prepare('SELECT id, member_id AS memberId FROM api_keys WHERE organization_id = ?1 ORDER BY created_at')
    .bind(organizationId)
    .all<{ id: string; memberId: string }>();
  const keys = results.map((key, k) => ({
    ...key,
    projectId: projects[k < PROJECTS ? k : random.mostlySmall(0, PROJECTS - 1)] ?? '',
  }));
  await db.batch([
    db
      .prepare(
        `INSERT INTO projects (id, organization_id, name, created_at)
         SELECT value, ?2, 'Project ' || key, 0 FROM json_each(?1)`,
      )
      .bind(JSON.stringify(projects), organizationId),
    db
      .prepare(
        `UPDATE api_keys SET project_id = given.value ->> 'projectId'
         FROM json_each(?1) AS given WHERE api_keys.id = given.value ->> 'id'`,
      )
      .bind(JSON.stringify(keys)),
  ]);
  return { projects, keys };
}

/** The file of D1, which has a name that only workerd knows. */
function databaseFile(): string {
  const folder = join(ROOT, '.purser', FOLDER, 'v3', 'd1');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sqlite'));
  const found = files.find((name) => {
    const db = new DatabaseSync(join(folder, name), { readOnly: true });
    const has = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'usage_totals'").get() !== undefined;
    db.close();
    return has;
  });
  if (!found) throw new Error(`no database of usage in ${folder}`);
  return join(folder, found);
}

function pages({ dearest: { project, key, member } }: YearWritten): Page[] {
  const by = (groupBy: string) => ({ name: `activity by ${groupBy}`, path: 'activity', query: { groupBy } });
  return [
    ...['model', 'project', 'apiKey', 'member', 'mapping', 'provider', 'app'].map(by),
    { name: 'a project by model', path: 'activity', query: { groupBy: 'model', projectId: project } },
    { name: 'a project by key', path: 'activity', query: { groupBy: 'apiKey', projectId: project } },
    { name: 'the table of members', path: 'members', query: {} },
    { name: 'a member', path: `members/${member}`, query: {} },
    { name: 'a key', path: `keys/${key}`, query: {} },
  ];
}

interface Asking {
  days: number;
  untilMs: number;
  signal: AbortSignal;
  broken: string[];
}

async function measure(server: Server, team: BigTeam, page: Page, asking: Asking): Promise<Measured> {
  const tookMs: number[] = [];
  const to = new Date(asking.untilMs - 2 * DAY_MS);
  const from = new Date(to.getTime() - (asking.days - 1) * DAY_MS);
  const range = { from: from.toISOString().slice(0, 10), to: to.toISOString().slice(0, 10) };
  let rowsRead = 0;
  let bytes = 0;
  for (const timezone of ZONES) {
    const query = new URLSearchParams({ organizationId: team.organizationId, ...range, timezone, ...page.query });
    for (let i = -1; i < TIMES; i++) {
      asking.signal.throwIfAborted();
      if (i === 0) await countsOf(server);
      const startedAt = performance.now();
      const response = await fetch(`${server.url}/analytics/${page.path}?${query}`, {
        headers: { authorization: `Bearer ${team.masterKey}` },
      });
      const text = await response.text();
      if (i >= 0) tookMs.push(performance.now() - startedAt);
      if (response.status !== 200) throw new Error(`${page.name} answers ${response.status}: ${text.slice(0, 500)}`);
      if (i < 0) check(JSON.parse(text), `${page.name}, ${asking.days} days, ${timezone}`, asking);
      bytes = text.length;
    }
    rowsRead += (await countsOf(server)).d1.rowsRead / TIMES / ZONES.length;
  }
  tookMs.sort((a, b) => a - b);
  const at = (share: number) => tookMs[Math.ceil(share * tookMs.length) - 1] ?? 0;
  return { name: page.name, days: asking.days, p50: at(0.5), p95: at(0.95), rowsRead: Math.round(rowsRead), bytes };
}

interface Row {
  requestCount: number;
  breakdown?: Row[];
}

/** Rows sum to the totals, and something was used. */
function check(answer: { activity?: Row[]; members?: Row[]; totals?: Row; summary?: Row }, at: string, asking: Asking) {
  const rows = answer.activity ?? answer.members ?? [];
  const sum = (some: readonly Row[]) => some.reduce((total, { requestCount }) => total + requestCount, 0);
  const whole = (answer.totals ?? answer.summary)?.requestCount ?? 0;
  const isWhole = whole > 0 && sum(rows) === whole && (!answer.activity || rows.length === asking.days);
  const areParts = rows.every(({ breakdown, requestCount }) => !breakdown || sum(breakdown) === requestCount);
  if (!isWhole || !areParts) asking.broken.push(`${at}: rows do not sum to ${whole}`);
}

function report(measured: readonly Measured[]): string {
  const names = [...new Set(measured.map(({ name }) => name))];
  const ms = (one: Measured | undefined) => [
    `${one?.p50.toFixed(0)} ms`,
    `${one?.p95.toFixed(0)} ms`,
    String(one?.rowsRead),
  ];
  return table([
    ['', 'month p50', 'p95', 'rows read', 'year p50', 'p95', 'rows read', 'year / month', 'KB'],
    ...names.map((name) => {
      const [month, year] = [MONTH_DAYS, YEAR_DAYS].map((days) =>
        measured.find((one) => one.name === name && one.days === days),
      );
      const times = (year?.p50 ?? 0) / (month?.p50 ?? 1);
      return [`  ${name}`, ...ms(month), ...ms(year), `x ${times.toFixed(1)}`, ((year?.bytes ?? 0) / 1000).toFixed(0)];
    }),
  ]);
}

async function countsOf({ url }: Server): Promise<Counts> {
  return (await (await fetch(`${url}/bench/counts`)).json()) as Counts;
}
